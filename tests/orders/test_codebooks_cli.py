"""The commands about codebooks."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bankklient_lab import cli
from bankklient_lab.errors import BadArgument
from bankklient_lab.lab import Lab, open_here
from bankklient_lab.reports.codebooks import render_codebook
from tests.orders.labs import DOMESTIC, created, equip


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the path of a closed lab with an order, which the commands take."""
    path = tmp_path / "company.lab"
    with open_here(path, create=True, user="tester") as lab:
        created(equip(lab), DOMESTIC)
    monkeypatch.setenv("BANKKLIENT_LAB", str(path))
    monkeypatch.chdir(tmp_path)
    return path


def test_the_way_of_a_codebook_out_and_in_again(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def said(line: str, code: int = 0) -> str:
        assert cli.run(line.split()) == code
        out = capsys.readouterr()
        return out.err if code else out.out

    assert {row["codebook"] for row in json.loads(said("codebooks list --json"))} >= {"banks", "bics", "countries"}
    assert [row["code"] for row in json.loads(said("codebooks search banks fio --first --json"))] == ["2010"]
    assert "no row like that" in said("codebooks search banks nothing")
    assert "Komer" in said("codebooks show banks")
    assert "is written" in said("codebooks show banks --output banks.csv")
    content = Path("banks.csv").read_text("utf-8-sig")
    Path("fewer.csv").write_text("".join(line for line in content.splitlines(keepends=True) if line[:4] != "0800"))
    assert "1 gone" in (told := said("codebooks update banks fewer.csv"))
    assert "became wrong: 1" in told
    assert json.loads(said("codebooks update banks banks.csv --json"))["right"] == 1
    assert "became wrong: 0" in said("codebooks recheck")
    assert "became wrong: 1" in said("codebooks position 609-150012947/0600 credit")
    Path("bad.csv").write_text("code,name\n")
    assert said("codebooks update banks bad.csv", 1).count("\n") == 1
    assert "there are banks" in said("codebooks show bank", 1)


@pytest.mark.spec("ADM-022", "ADM-023", "BAS-136")
@pytest.mark.parametrize("suffix", [".pdf", ".xlsx", ".csv", ".json", ".parquet"])
def test_a_codebook_is_printed(company: Lab, suffix: str) -> None:
    assert len(render_codebook(company, "bank_operations", suffix)) > 100


def test_other_files_are_refused(company: Lab) -> None:
    with pytest.raises(BadArgument):
        render_codebook(company, "banks", ".doc")
