"""The commands for accounting systems, as somebody types them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bankklient_lab.cli import command_line
from bankklient_lab.lab import open_here
from tests.orders.labs import MAIN, SUPPLIER, equip


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return a lab that the commands may open, with own accounts."""
    with open_here(tmp_path / "company.lab", create=True, user="tester") as lab:
        equip(lab)
    return tmp_path / "company.lab"


def run(path: Path, *arguments: str, code: int = 0, typed: str = "") -> str:
    """Run a command and return what it prints."""
    done = CliRunner().invoke(command_line(), [*arguments, "--lab", str(path)], input=typed)
    assert done.exit_code == code, (done.output, done.exception)
    return done.output


@pytest.mark.spec("IMP-061")
def test_a_system_is_registered_and_its_file_received(path: Path, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    run(
        path,
        "accounting-systems",
        "add",
        "7",
        "Wages",
        "--start",
        "verified",
        "--in",
        str(folder),
        "--out",
        str(folder),
    )
    rows = json.loads(run(path, "accounting-systems", "list", "--json"))
    assert [(row["number"], row["start_status"]) for row in rows] == [(7, "verified")]
    lines = ["own_account;counter_account;amount;maturity_date", f"{MAIN};{SUPPLIER};0;2020-01-01"]
    (folder / "one.csv").write_text("\n".join(lines), "utf-8")
    assert "one.csv" in run(path, "accounting-systems", "waiting", "7")
    report = json.loads(run(path, "receive", "one.csv", "--system", "7", "--json"))
    assert (report["orders"], report["wrong"], report["moved"]) == (1, 1, 1)
    assert "refused" in run(path, "receive", "one.csv", "--system", "7", code=1)
    assert "one.csv" in run(path, "accounting-systems", "protocol")
    run(path, "accounting-systems", "template", "domestic_payment", "--output", str(tmp_path / "empty.xlsx"))
    assert (tmp_path / "empty.xlsx").stat().st_size > 0
    asked = run(path, "accounting-systems", "export", "7", "1", code=1, typed="n\n")
    assert "takes nothing over twice" in asked
