"""`bankklient transmit` and `bankklient protocol`, with a folder as the way to the bank."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bankklient_lab.cli import run
from bankklient_lab.keys.points import change_connection_point
from bankklient_lab.lab import open_here
from tests.balancing.labs import a_signer, balanced
from tests.clocks import NOON
from tests.exchange.labs import introduced
from tests.orders.labs import created

Command = Callable[..., tuple[int, str, str]]


@pytest.fixture
def command(
    orders_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Command:
    """Return what runs a command, over a lab with one batch that waits."""
    path = Path(shutil.copy(orders_file, tmp_path / "commands.lab"))
    for name in ("to", "from"):
        (tmp_path / name).mkdir()
    with open_here(path, clock=lambda: NOON) as lab:
        introduced(lab)
        created(lab)
        balanced(lab, a_signer())
        folders = {"send_to": str(tmp_path / "to"), "receive_from": str(tmp_path / "from")}
        change_connection_point(lab, "bank", channel="folder", settings=folders)
    monkeypatch.setenv("BANKKLIENT_LAB", str(path))

    def called(*arguments: object) -> tuple[int, str, str]:
        code = run([str(one) for one in arguments])
        told = capsys.readouterr()
        return code, told.out, told.err

    return called


def rows(command: Command, *arguments: object) -> list[dict[str, Any]]:
    code, out, _ = command("protocol", *arguments, "--json")
    assert code == 0
    found: list[dict[str, Any]] = json.loads(out)
    return found


@pytest.mark.spec("TRN-060")
def test_from_a_batch_that_waits_to_its_answer(command: Command, tmp_path: Path) -> None:
    assert [row["status_name"] for row in rows(command, "list")] == ["created"]
    assert command("transmit")[:2] == (0, "batch 1 20260001 to the bank: transferred\n")
    assert len(list((tmp_path / "to").iterdir())) == 1
    assert command("transmit")[:2] == (0, "there was nothing to send or to receive\n")
    assert command("protocol", "answer", 1, "received", "--note", "by phone")[1] == (
        "batch 1 20260001 to the bank: received (by phone)\n"
    )
    assert [row["status"] for row in rows(command, "changes", 1)] == [1, 2, 3, 6]
    assert rows(command, "list", "--direction", "receive") == []
    assert rows(command, "list", "--created-since", "2026-11-22", "--type", 1, "--status", 6, "--mode", "net")


def test_a_transmission_that_breaks_off_says_why(command: Command, tmp_path: Path) -> None:
    (tmp_path / "to").rmdir()
    code, out, errors = command("transmit")
    assert (code, "aborted" in out) == (1, True)
    assert "not all was exchanged" in errors
    assert "can't be written" in errors
    code, _, errors = command("protocol", "changes", 99)
    assert (code, "unknown batch '99'" in errors) == (1, True)


@pytest.mark.spec("BAL-078")
def test_a_batch_that_broke_off_is_discarded_when_its_files_are_not_there(command: Command, tmp_path: Path) -> None:
    (tmp_path / "to").rmdir()
    assert command("transmit")[0] == 1
    (tmp_path / "to").mkdir()
    code, _, errors = command("balance", "discard", 1, "--yes")
    assert (code, "--ask-bank" in errors) == (1, True)
    code, told, _ = command("balance", "discard", 1, "--yes", "--ask-bank")
    assert (code, told) == (0, "batch 1 20260001 is discarded, with 1 orders\n")
    assert [row["status"] for row in rows(command, "list")] == [21]


def test_a_batch_that_waits_for_signatures_is_told_with_that_reason(command: Command) -> None:
    with open_here(Path(os.environ["BANKKLIENT_LAB"])) as lab, lab.database.tx("ops") as cursor:
        cursor.execute("INSERT INTO ops.unsigned_batch VALUES (1)")
    assert command("transmit")[1] == "batch 1 20260001 to the bank: waits for signatures (`bankklient signatures`)\n"
    assert [row["unsigned"] for row in rows(command, "list")] == [True]
