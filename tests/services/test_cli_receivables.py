"""`bankklient receivables`: a template filled in, looked at, taken over, counted, listed and deleted, and debtors."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from bankklient_lab.cli import run as run_command
from tests.exchange.conftest import clock, company, orders_file, pair
from tests.orders.labs import MAIN
from tests.services.receivables import invoice
from tests.services.test_receivables import HEADER, csv_file, desk

__all__ = ["clock", "company", "desk", "orders_file", "pair"]

LATER = {"issue_date": "2026-11-20", "due_date": "2031-06-02"}  # commands live now


@pytest.fixture
def run(desk: Any, capsys: pytest.CaptureFixture[str]) -> Any:
    """Return what a command says: its exit, its text."""
    path = Path(desk.lab.path)
    desk.lab.close()

    def call(*words: object, group: str = "receivables") -> tuple[int, str]:
        code = run_command([group, *map(str, words), *(() if words[0] == "template" else ("--lab", str(path)))])
        said = capsys.readouterr()
        return code, said.out + said.err

    return call


@pytest.mark.spec("SRV-230", "SRV-233", "SRV-254", "SRV-257", "ADM-186")
def test_receivables_from_beginning_to_end(run: Any, tmp_path: Path) -> None:
    book = tmp_path / "bills.xlsx"
    assert run("template", book) == (0, f"{book} is written\n")
    filled = openpyxl.load_workbook(book)
    page = filled.active
    assert page is not None
    page["E4"] = MAIN
    rows = [invoice(**LATER), invoice(**LATER, variable_symbol="2", debtor_identification="25672721"), {"amount": "x"}]
    for number, row in enumerate(rows, start=7):
        for place, name in enumerate(HEADER, start=1):
            page.cell(number, place, row.get(name))
    filled.save(book)
    seen = json.loads(run("preview", book, "--json")[1])
    assert [(row["row_no"], row["verdict"]) for row in seen] == [(7, "right"), (8, "wrong"), (9, "formal error")]
    assert run("import", book) == (0, "file 1: 1 of 3 rows are taken over\n")
    assert run("import", book, "--also-wrong") == (
        0,
        "file 2: 2 of 3 rows are taken over, 1 of them with errors\n"
        "1 of them repeat one that is here; look at them before balancing\n",
    )
    assert "request 4 waits to be balanced" in run(
        "new", "receivable", *(f"{name}={text}" for name, text in invoice(**LATER, variable_symbol="4").items()),
        group="services",
    )[1]  # fmt: skip
    code, said = run("new", "receivable", "amount=0", group="services")
    assert (code, "549 Amount is zero" in said) == (1, True)
    rows = json.loads(run("summary", "--json")[1])
    assert [(row["status"], row["origin"], row["receivables"], row["amount"]) for row in rows] == [
        ("CO", "creation", 1, "121000.000"), ("CO", "spreadsheet", 2, "242000.000"),
        ("E", "spreadsheet", 1, "121000.000"),
    ]  # fmt: skip
    assert "2026001" in run("list", "--set", "open")[1]
    for name in ("list.pdf", "list.xlsx"):
        assert run("list", "-o", tmp_path / name)[0] == 0
        assert (tmp_path / name).stat().st_size > 1_000
    assert [row["file_no"] for row in json.loads(run("files", "--json")[1])] == [2, 1]
    assert run("delete-file", 2) == (0, "receivables deleted: 2\n")
    code, said = run("clear", 1)
    assert (code, "unknown batch of receivables" in said) == (1, True)


@pytest.mark.spec("IMP-053", "IMP-054")
def test_a_file_of_an_accounting_system(run: Any, tmp_path: Path) -> None:
    run("add", 7, "ERP", group="accounting-systems")
    assert run("template", tmp_path / "empty.csv")[0] == 0
    assert "the file has no receivable" in run("receive", tmp_path / "empty.csv", "--system", 7)[1]
    good, bad = csv_file(tmp_path / "good.csv", [invoice(**LATER)]), csv_file(tmp_path / "bad.csv", [{"amount": "x"}])
    assert run("receive", good, "--system", 7) == (0, "file 1: 1 receivables, 0 of them with errors\n")
    code, said = run("receive", bad, "--system", 7)
    assert (code, said.startswith("refused: "), "(line 2)" in said) == (1, True, True)


@pytest.mark.spec("ADM-185", "ADM-186")
def test_debtors(run: Any) -> None:
    values = [f"{name}={text}" for name, text in invoice().items() if name.startswith("debtor_")]
    assert run("debtor", *values) == (0, "debtor 1 is saved\n")
    assert run("debtor", "debtor_name=Other", "--change", 1) == (0, "debtor 1 is saved\n")
    assert "Other" in run("debtors")[1]
    code, said = run("debtor", "debtor_name=Third")
    assert (code, "527" in said, "531" in said) == (1, True, True)
    assert run("delete-debtors", 1) == (0, "debtors deleted: 1\n")
