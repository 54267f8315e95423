"""The explorer: columns, filters under headings, chips; and that an export is exactly what is shown."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow.parquet as pq
import pytest

import bankklient_lab as bl
from bankklient_lab.dashboards.entry_columns import DEFAULT, amounts_of, arranged, filters_of
from bankklient_lab.dashboards.explorer import Explorer
from bankklient_lab.dashboards.export import SUFFIXES, ExportMenu
from bankklient_lab.dashboards.shell import new_state
from bankklient_lab.dashboards.state import State
from bankklient_lab.errors import BadArgument
from bankklient_lab.lab import Lab
from tests.statements import mt940

ENTRIES = tuple((f"2611{1 + at % 9:02}", f"{'C' if at % 3 else 'D'}{at},50", f"R{at:03}") for at in range(1, 61))


@pytest.fixture
def state(lab: Lab, tmp_path: Path) -> State:
    total = sum((at + 0.5) * (1 if at % 3 else -1) for at in range(1, 61))
    closing = f"{total:.2f}".replace(".", ",")
    bl.import_file(lab, mt940(tmp_path, opening="0,00", closing=closing, last="261109", entries=ENTRIES))
    return new_state(lab, "?page=explorer")


def read_back(suffix: str, content: bytes) -> list[list[str]]:
    """Return the rows of a file as texts, the heading first."""
    if suffix == ".csv":
        return [list(row) for row in csv.reader(io.StringIO(content.decode("utf-8-sig")))]
    if suffix == ".xlsx":
        (sheet,) = openpyxl.load_workbook(io.BytesIO(content)).worksheets
        head, *rows = sheet.iter_rows(values_only=True)
        return [
            [str(name).lower().replace(" ", "_") for name in head],
            *([_plain(cell) for cell in row] for row in rows),
        ]
    table = pq.read_table(io.BytesIO(content))
    return [table.column_names, *([_plain(cell) for cell in row.values()] for row in table.to_pylist())]


def _plain(value: Any) -> str:
    if value is None:
        return ""
    shown = str(value).removesuffix(" 00:00:00")
    return (
        f"{float(value):.3f}" if not isinstance(value, str) and shown.lstrip("-").replace(".", "").isdigit() else shown
    )


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.spec("ADM-232")
def test_an_export_is_exactly_what_is_shown(lab: Lab, state: State, suffix: str) -> None:
    page = Explorer(lab, state)
    state.param.update(side="credit", containing={"bank_reference": "r0", "day": "2026-11-0"}, amount_from="10")
    page._choice.value = ["bank_reference", "amount", "day", "currency"]
    page._table.keys.moved = ["amount", "day", "currency", "bank_reference"]
    page._table.widget.sorters = [{"field": "day", "dir": "desc"}, {"field": "amount", "dir": "asc"}]
    shown = page._table.load([], 1)[page._table.shown].to_numpy().tolist()
    assert page._table.total == len(shown) > 20
    taken: list[bytes] = []
    state.send_file = lambda _name, content: taken.append(content)
    menu = ExportMenu(lab, state, page._shown)
    menu.start(suffix)
    menu.work.wait()
    head, *rows = read_back(suffix, taken[0])
    assert head == page._table.shown == ["amount", "day", "currency", "bank_reference"]
    assert [[f"{float(row[0]):.2f}", *row[1:]] for row in rows] == shown


def test_a_small_screen_shows_fewer_columns_and_exports_all(lab: Lab, state: State) -> None:
    page = Explorer(lab, state)
    assert page._table.shown == DEFAULT
    state.narrow = True
    assert page._table.shown == ["day", "counterparty_name", "amount"]
    assert page._shown()[1] == DEFAULT
    state.columns = ["amount", "value_day"]
    assert page._table.shown == ["amount", "value_day"]
    assert "label" in page._table.widget.hidden_columns


def test_a_new_column_comes_after_its_neighbour_and_the_others_keep_their_places() -> None:
    assert arranged(["amount", "day"], ["day", "amount", "value_day"]) == ["amount", "day", "value_day"]
    assert arranged(DEFAULT, [*DEFAULT[1:], "bank_reference"]) == [*DEFAULT[1:], "bank_reference"]
    assert arranged(["amount"], ["day", "amount"]) == ["day", "amount"]


def test_filters_under_headings_combine_with_the_others_and_are_taken_back_one_by_one(lab: Lab, state: State) -> None:
    page = Explorer(lab, state)
    page._table.keys.typed = {"column": "bank_reference", "value": " r00 ", "number": 1}
    page._table.keys.typed = {"column": "amount", "value": "> 2.50", "number": 2}
    assert state.containing == {"bank_reference": "r00"}
    assert state.amount_from == "2.501"
    assert page._table.total == 4  # R004, R005, R007, R008
    assert page._table.keys.filters == {"bank_reference": "r00", "amount": "\u2265 2.501"}
    chips = page._chips.view.objects
    assert [chip.label for chip in chips] == ["Amount from: 2.501", "Bank reference: r00", "Clear all"]
    chips[0].clicks += 1
    assert page._table.total == 9
    page._table.keys.typed = {"column": "amount", "value": "a lot", "number": 3}
    assert state.amount_from == ""
    page._chips.clear()
    assert page._table.total == 60
    assert not page._chips.view.visible


@pytest.mark.spec("BNK-076")
def test_a_saved_selection_keeps_columns_and_filters(lab: Lab, state: State) -> None:
    page = Explorer(lab, state)
    state.param.update(columns=["amount", "day"], containing={"remittance": "R01"})
    page._selections._name.value = "mine"
    page._selections.save()
    state.param.update(columns=[], containing={})
    assert page._table.shown == DEFAULT
    page._selections.choose("mine")
    assert page._table.shown == ["amount", "day"]
    assert page._table.total == 10
    address = state.address()
    assert new_state(lab, address).columns == ["amount", "day"]
    assert new_state(lab, address).containing == {"remittance": "R01"}


def test_a_saved_selection_keeps_a_text_that_is_the_default_of_another_field(lab: Lab, state: State) -> None:
    page = Explorer(lab, state)
    state.param.update(text="any", side="debit")
    page._selections._name.value = "mine"
    page._selections.save()
    page._chips.clear()
    assert (state.text, state.side) == ("", "any")
    page._selections.choose("mine")
    assert (state.text, state.side) == ("any", "debit")


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("100", ("100", "100")),
        ("1 000..2 000,50", ("1000", "2000.5")),
        ("..-5", ("", "-5")),
        ("> 100", ("100.001", "")),
        (">= 100", ("100", "")),
        ("\u2264 \u22125", ("", "-5")),
        ("<-100 000", ("", "-100000.001")),
        (" ", ("", "")),
    ],
)
def test_amounts_under_a_heading(typed: str, meant: tuple[str, str]) -> None:
    assert amounts_of(typed) == meant
    assert amounts_of(filters_of({}, *meant).get("amount", "")) == meant


@pytest.mark.parametrize("typed", ["a lot", "<", "1..b", "--1"])
def test_what_is_no_amount_is_said(typed: str) -> None:
    with pytest.raises(BadArgument):
        amounts_of(typed)
