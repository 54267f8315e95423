"""Excel workbooks by a column mapping, and hostile ones."""

from __future__ import annotations

import io
import re
import time
import zipfile
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal

import pytest
import xlsxwriter

from bankklient_lab.errors import FormatError, HintNeeded, LimitExceeded, NotRecognised
from tests.formats.reading import read, recognised

HEADER = ["Fecha", "Concepto", "Importe", "Moneda", "Cuenta", "Referencia"]
ACCOUNT = "ES9121000418450200051332"
SECONDS_MAX = 10
SHEET = "xl/worksheets/sheet1.xml"


def _workbook(rows: list[list[object]], first_row: int = 0, first_column: int = 0, sheets: int = 1) -> bytes:
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    for number in range(1, sheets):
        book.add_worksheet(f"Other {number}").write_row(0, 0, ["something", "else"])
    sheet = book.add_worksheet("Moves")
    day = book.add_format({"num_format": "dd/mm/yyyy"})
    for number, row in enumerate(rows, start=first_row):
        for column, cell in enumerate(row, start=first_column):
            if isinstance(cell, datetime):
                sheet.write_datetime(number, column, cell, day)
            else:
                sheet.write(number, column, cell)
    book.close()
    return out.getvalue()


ROWS: list[list[object]] = [
    list(HEADER),
    [datetime(2026, 4, 2), "Alquiler", -1234.56, "EUR", "ES91 2100 0418 4502 0005 1332", "ES-001"],
    [datetime(2026, 4, 5), "Nómina", 0.1 + 0.2, "EUR", ACCOUNT, "ES-002"],
    ["2026-04-09", "=Café", "-4,50", "EUR", ACCOUNT, 3],
]
DATA = _workbook(ROWS)


def test_typed_cells_are_exact() -> None:
    assert recognised(DATA).name == "xlsx"
    found = read("xlsx", DATA)
    assert [row["amount"] for row in found.entries] == [Decimal("-1234.56"), Decimal("0.3"), Decimal("-4.5")]
    assert [row["booking_day"] for row in found.entries] == [date(2026, 4, day) for day in (2, 5, 9)]
    assert [row["bank_reference"] for row in found.entries] == ["ES-001", "ES-002", "3"]
    assert [row["place"] for row in found.entries] == ["row 2", "row 3", "row 4"]
    assert [row["account"] for row in found.statements] == [ACCOUNT]
    assert found.findings == []


def test_the_table_may_stand_anywhere_and_on_any_sheet() -> None:
    found = read("xlsx", _workbook(ROWS, first_row=6, first_column=2, sheets=3))
    assert [row["place"] for row in found.entries] == ["row 8", "row 9", "row 10"]


def test_a_mapping_can_be_forced_and_the_account_asked_for() -> None:
    rows: list[list[object]] = [["Date", "Description", "Amount", "Currency"], ["2026-04-02", "x", 5, "EUR"]]
    data = _workbook(rows)
    with pytest.raises(HintNeeded, match="--account"):
        read("xlsx", data)
    assert read("xlsx", data, account="1", mapping="date_description_amount_currency").entries[0]["amount"] == 5
    with pytest.raises(FormatError, match="'rabobank' needs"):
        read("xlsx", data, account="1", mapping="rabobank")


def test_unknown_header_names_its_cells() -> None:
    with pytest.raises(NotRecognised, match="'Wann', 'Was'"):
        read("xlsx", _workbook([["Wann", "Was"], ["heute", 1]]))


def test_numbers_that_are_no_money_are_findings() -> None:
    found = read("xlsx", _workbook([list(HEADER), [datetime(2026, 4, 2), "x", 1.23456, "EUR", ACCOUNT, ""]]))
    assert found.entries[0]["amount"] is None
    assert found.findings == ["too_many_decimals"]


def _changed(change: Callable[[str, bytes], bytes], *more: tuple[str, bytes]) -> bytes:
    """Return DATA with its members changed and others added."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(DATA)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for info in old.infolist():
            new.writestr(info.filename, change(info.filename, old.read(info)))
        for name, data in more:
            new.writestr(name, data)
    return out.getvalue()


def _sheet(pattern: bytes, replacement: bytes) -> bytes:
    return _changed(lambda name, data: re.sub(pattern, replacement, data, count=1) if name == SHEET else data)


def _same(_name: str, data: bytes) -> bytes:
    return data


def _overlapping() -> bytes:
    """Return an archive whose directory lets two members share their bytes."""
    data = bytearray(DATA)
    start = data.find(b"PK\x01\x02")
    second = data.find(b"PK\x01\x02", start + 4)
    data[second + 42 : second + 46] = data[start + 42 : start + 46]
    return bytes(data)


def _lying() -> bytes:
    """Return an archive with a member that is larger than its directory says."""
    big = b" " * 30_000_000
    data = _changed(_same, ("xl/media/big.bin", big))
    return data.replace(len(big).to_bytes(4, "little"), (1000).to_bytes(4, "little"))


def _encrypted() -> bytes:
    data = bytearray(DATA)
    at = data.find(b"PK\x01\x02")
    data[at + 8] |= 1
    return bytes(data)


BOMBS: dict[str, Callable[[], bytes]] = {
    "zip bomb": lambda: _changed(_same, ("xl/media/big.bin", b"\0" * 300_000_000)),
    "sheet of blanks": lambda: _sheet(b"<sheetData>", b"<sheetData>" + b" " * 300_000_000),
    "overlapping members": _overlapping,
    "size that lies": _lying,
    "encrypted": _encrypted,
    "too many members": lambda: _changed(_same, *((f"xl/media/{number}", b"") for number in range(2_500))),
    "one far cell": lambda: _sheet(b'r="F4"', b'r="XFD1048576"'),
    "one far row": lambda: _sheet(b'<row r="4"', b"<row r='999999999'"),
    "document type": lambda: _sheet(b"<worksheet", b"<!DOCTYPE x [<!ENTITY a 'b'>]><worksheet"),
    "entity bomb": lambda: _sheet(
        b"<worksheet",
        b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]><worksheet',
    ),
    "nested archive": lambda: _changed(lambda name, data: DATA if name == SHEET else data),
    "no sheet": lambda: _changed(lambda name, data: b"" if name == SHEET else data),
    "damaged workbook": lambda: _changed(lambda name, data: data[:50] if name == "xl/workbook.xml" else data),
    "half": lambda: DATA[: len(DATA) // 2],
}


@pytest.mark.parametrize("name", BOMBS)
def test_hostile_workbook_is_refused_within_seconds(name: str) -> None:
    data = BOMBS[name]()
    started = time.monotonic()
    with pytest.raises(FormatError) as refused:
        read("xlsx", data, account="1")
    assert time.monotonic() - started < SECONDS_MAX
    assert refused.value.reason


def test_the_limits_are_named() -> None:
    with pytest.raises(LimitExceeded, match="row 1048576 and column 16384"):
        read("xlsx", BOMBS["one far cell"]())
    with pytest.raises(LimitExceeded, match="times its size"):
        read("xlsx", BOMBS["zip bomb"]())
