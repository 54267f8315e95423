"""Orders as CSV, Excel and our own fixed-width lines: layouts, formal errors, character sets, templates."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bankklient_lab.errors import BadArgument, FormatError, LimitExceeded, UnknownName
from bankklient_lab.formats.base import LIMITS
from bankklient_lab.formats.payments import base, fixed_layout, format_named, table_csv, table_xlsx
from bankklient_lab.formats.payments.charsets import CHARSETS
from bankklient_lab.formats.payments.schema import Kind
from tests.formats.paying import FOLDER, GERMAN, HEADER, OTHER, OWN, Row, a_payment, bare, parts_of, read, written

MANUAL = Path(__file__).parents[2] / "docs" / "reference" / "payment-files.md"
HEAD = "own_account;amount;client_message"
CZECH = "Příliš žluťoučký kůň ÚPĚL ďábelské ódy"


def items(data: bytes, name: str = "csv", **options: Any) -> list[Row]:
    return read(name, data, Kind.ITEMS, **options)


def refusal(data: bytes, name: str = "csv", **options: Any) -> FormatError:
    with pytest.raises(FormatError) as caught:
        parts_of(name, data, **options)
    return caught.value


def bytes_of(name: str, table: pa.Table, **header: Any) -> bytes:
    write = format_named(name).write
    assert write is not None
    return b"".join(write(table, replace(HEADER, **header)))


# CSV


def test_cells_are_texts_as_entered_and_empty_rows_are_no_orders() -> None:
    found = items((FOLDER / "csv" / "orders.csv").read_bytes())
    assert [row["payment_no"] for row in found] == [1, 2]
    assert (found[0]["amount"], found[0]["constant_symbol"]) == ("1500,50", "0308")
    assert found[0]["client_message"] == 'Faktura\nza leden; díl "1"'
    assert found[1]["client_message"] == "=1+1"
    assert "variable_symbol" not in found[1]


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_separators_and_line_ends(separator: str, end: str) -> None:
    lines = ["own_account;amount", "1/0800;2", "3/0800;4"]
    data = "".join(line.replace(";", separator) + end for line in lines).encode()
    assert [row["amount"] for row in items(data)] == ["2", "4"]
    assert items(b"\xef\xbb\xbf" + data) == items(data)


@pytest.mark.spec("IMP-013")
@pytest.mark.parametrize(
    ("data", "place", "reason"),
    [
        (f"{HEAD}\n1;2\n", "line 2", "2 cells, the header 3"),
        (f"{HEAD}\n1;2;3\n1;2;3;4\n", "line 3", "4 cells, the header 3"),
        (f'{HEAD}\n1;2;"3\n', "line 2", "does not end"),
        (f'{HEAD}\n1;2;3\n1;"2;3\n1;2;3\n', "line 3", "does not end"),
        (HEAD, "line 2", "no order"),
        (f"{HEAD}\n;;\n", "line 2", "no order"),
        ("own_account;amount;amount\n1;2;3\n", "line 1", "a name of its own"),
        ("own_account;;amount\n1;2;3\n", "line 1", "a name of its own"),
        ("own_account;message\n1;2\n", "line 1", "no column 'amount'"),
        ("\n", "line 1", "a header"),
        (f"{HEAD}\n1;2;\0\n", "line 2, byte 5", "zero byte"),
    ],
)
def test_a_formal_error_refuses_the_table(data: str, place: str, reason: str) -> None:
    found = refusal(data.encode())
    assert (found.place, reason in str(found)) == (place, True), str(found)


def test_a_quotation_mark_inside_a_cell_is_a_character() -> None:
    (row,) = items(f'{HEAD}\n1;2;5" pipe\n'.encode())
    assert row["client_message"] == '5" pipe'


def test_an_unknown_column_is_refused_when_the_columns_are_known() -> None:
    found = refusal(f"{HEAD}\n1;2;3\n".encode(), columns={"own_account", "amount"})
    assert (found.place, found.field, found.text) == ("line 1", "column 3", "client_message")


def test_a_line_and_a_header_beyond_the_limits_are_refused() -> None:
    with pytest.raises(LimitExceeded, match="line 2: the line is longer than"):
        parts_of("csv", f"{HEAD}\n".encode() + b"x" * (LIMITS.line_bytes + 3_000_000))
    names = ";".join(["amount", *(f"c{number}" for number in range(500))])
    with pytest.raises(LimitExceeded, match="more than 500 columns"):
        parts_of("csv", f"{names}\n1\n".encode())


@pytest.mark.spec("IMP-011")
@pytest.mark.parametrize("charset", [name for name in CHARSETS if name != "ascii"])
def test_every_czech_letter_is_read_in_every_character_set(charset: str) -> None:
    table = pa.table({"amount": ["1", "2"], "client_message": [CZECH, CZECH.upper()]})
    data = bytes_of("csv", table, charset=charset)
    assert [row["client_message"] for row in items(data, charset=charset)] == [CZECH, CZECH.upper()]
    assert (charset == "utf-8") == (CZECH.encode() in data)


@pytest.mark.spec("IMP-011")
@pytest.mark.parametrize(
    ("charset", "data"),
    [("ascii", b"\xe1"), ("utf-8", b"\xe1"), ("utf-8", b"\xc5"), ("windows-1250", b"\x81"), ("ascii", CZECH.encode())],
)
def test_a_character_that_the_set_does_not_have_is_a_formal_error(charset: str, data: bytes) -> None:
    found = refusal(f"{HEAD}\n1;2;x".encode() + data + b"\n", charset=charset)
    assert found.place.startswith("line 2, byte ")
    assert f"no character of the set {charset}" in found.reason


def test_kamenicky_is_the_table_of_its_authors() -> None:
    letters = bytes(range(0x80, 0xAD)).replace(b"\xac", b"")
    data = b"amount;m\n1;" + letters + b"\n"
    (row,) = items(data, charset="kamenicky")
    assert row["m"] == "ČüéďäĎŤčěĚĹÍľĺÄÁÉžŽôöÓůÚýÖÜŠĽÝŘťáíóúňŇŮÔšřŕŔ"


def test_an_unknown_character_set_is_refused() -> None:
    with pytest.raises(UnknownName, match="character set 'latin9'; known are ascii, kamenicky"):
        parts_of("csv", b"amount;m\n1;2\n", charset="latin9")
    with pytest.raises(BadArgument, match="'ř' is not in the character set ascii"):
        bytes_of(
            "csv", pa.table({"amount": ["1"], "m": ["kůř"]}).take([0]).set_column(1, "m", [["ř"]]), charset="ascii"
        )


@pytest.mark.parametrize("name", ["csv", "xlsx"])
def test_a_template_is_the_header_of_the_layout_and_holds_no_order(name: str) -> None:
    columns = ["own_account", "amount", "maturity_date"]
    template = {"csv": table_csv.template, "xlsx": table_xlsx.template}[name]
    data = template(columns)
    assert "no order" in refusal(data, name).reason
    sniffed = format_named(name).sniff(data[:65_536])
    assert sniffed == name.upper()


CELLS = st.none() | st.sampled_from(["=1+1", "'=1", "''", '"', ";", ",", "a\nb", "@x", "-5", "+1", "Žluť", "0308"])


@settings(max_examples=60, deadline=None)
@given(st.lists(st.fixed_dictionaries({"amount": st.just("1.50"), "a": CELLS, "b": CELLS}), min_size=1, max_size=6))
def test_a_written_table_is_read_back_equal(given_rows: list[Row]) -> None:
    table = pa.Table.from_pylist(given_rows, pa.schema([(name, pa.string()) for name in ("amount", "a", "b")]))
    for name in ("csv", "xlsx"):
        found = items(bytes_of(name, table), name)
        expected = [{key: value for key, value in row.items() if value is not None} for row in given_rows]
        assert [{key: value for key, value in row.items() if key != "payment_no"} for row in found] == expected


# Excel


def workbook(rows: list[list[object]]) -> bytes:
    import xlsxwriter

    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        for at, row in enumerate(rows):
            for column, value in enumerate(row):
                sheet.write(at, column, value, day if isinstance(value, date) else None)
    return out.getvalue()


def test_numbers_and_days_of_a_workbook_are_texts() -> None:
    data = workbook(
        [["own_account", "amount", "maturity_date"], ["1/0800", 1234.5, date(2026, 1, 20)], [], ["2/0800", 7, ""]]
    )
    assert items(data, "xlsx") == [
        {"payment_no": 1, "own_account": "1/0800", "amount": "1234.5", "maturity_date": "2026-01-20"},
        {"payment_no": 2, "own_account": "2/0800", "amount": "7"},
    ]


def test_formal_errors_of_a_workbook() -> None:
    assert refusal(workbook([["own_account", "amount"], ["1", 2, 3]]), "xlsx").place == "row 2"
    assert "no column 'amount'" in str(refusal(workbook([["own_account"], ["1"]]), "xlsx"))
    assert "no order" in str(refusal(workbook([["own_account", "amount"]]), "xlsx"))
    assert "no cells" in str(refusal(workbook([]), "xlsx"))
    assert refusal(workbook([["x", "amount"], [1, 2]]), "xlsx", columns={"amount"}).field == "column 1"
    refusal(b"PK\x03\x04[Content_Types].xml", "xlsx")


# Fixed width


def fixed(*orders: Row) -> bytes:
    return written("fixed", *orders)


def test_a_fixed_width_file_is_read_back_equal() -> None:
    payment = a_payment(
        1, variable_symbol="2026001", constant_symbol="308", specific_symbol="77", own_variable_symbol="5",
        own_specific_symbol="6", urgent=True, counter_name="Žák", message="a\n\nc", own_text="mzdy", counter_text="x",
        client_day=date(2026, 1, 15), client_reference="A-1",
    )  # fmt: skip
    collection = a_payment(2, kind="collection", amount=Decimal(0), urgent=False)
    found = read("fixed", fixed(payment, collection))
    assert [bare(row) for row in found] == [bare(payment), bare(collection)]
    (group,) = read("fixed", fixed(payment, collection), Kind.GROUP)
    assert (group["file_reference"], group["stated_count"], group["stated_sum"]) == ("MSG-1", 2, Decimal("100.5"))


@pytest.mark.spec("IMP-037")
def test_one_line_shorter_than_required_refuses_the_whole_file() -> None:
    lines = fixed(a_payment(1), a_payment(2)).split(b"\r\n")
    lines[2] = lines[2][:-1]
    found = refusal(b"\r\n".join(lines), "fixed")
    assert (found.place, found.reason) == ("line 3", "the line has 592 characters, 593 are expected")


def changed(line: int, first: int, text: str) -> bytes:
    """Return a file of two payments with other characters from a position of a line on."""
    lines = fixed(a_payment(1), a_payment(2)).decode().split("\r\n")
    one = lines[line - 1]
    lines[line - 1] = one[: first - 1] + text + one[first - 1 + len(text) :]
    return "\r\n".join(lines).encode()


def with_more(data: bytes) -> bytes:
    """Return a file with its second line once more before the last one."""
    lines = data.split(b"\r\n")
    return b"\r\n".join([*lines[:3], lines[1], *lines[3:]])


@pytest.mark.spec("IMP-012", "IMP-013")
@pytest.mark.parametrize(
    ("data", "place", "reason"),
    [
        (changed(2, 42, "00000000000x"), "line 2", "field amount"),
        (changed(2, 18, "08 0"), "line 2", "field own_bank"),
        (changed(2, 60, "20260230"), "line 2", "field maturity"),
        (changed(3, 68, "123456789A"), "line 3", "field variable_symbol"),
        (changed(4, 2, "00000003"), "line 4", "3 orders are stated, there are 2"),
        (changed(4, 10, "000000000000000001"), "line 4", "the sum 0.01 is stated, the orders make 201.00"),
        (changed(1, 8, "20261301"), "line 1", "field created"),
        (changed(2, 1, "X"), "line 2", "a line H, lines P and C, and a line T"),
        (with_more(changed(3, 1, "X")), "line 3", "only P and C are possible"),
        (changed(2, 1, "H"), "line 2", "a line H, lines P and C, and a line T"),
        (changed(4, 1, "H"), "line 4", "a line H, lines P and C, and a line T"),
        (b"\r\n".join(fixed(a_payment()).split(b"\r\n")[:2]), "line 2", "stops before its last line"),
        (fixed(a_payment()) + fixed(a_payment()).split(b"\r\n")[2], "line 4", "ends the file"),
        (b"\r\n".join(fixed(a_payment()).split(b"\r\n")[::2]), "line 2", "no order"),
        (b"\r\n".join(fixed(a_payment()).split(b"\r\n")[1:]), "line 1", "begins with a line H"),
    ],
)
def test_formal_errors_of_fixed_width_lines(data: bytes, place: str, reason: str) -> None:
    found = refusal(data, "fixed")
    assert (found.place, reason in str(found)) == (place, True), str(found)


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"kind": "foreign"}, "payments and collections only"),
        ({"counter_account": GERMAN}, "Czech accounts only"),
        ({"message": "\n".join("abcde")}, "at most 4 lines"),
        ({"message": "x" * 36 + "\ny"}, "at most 4 lines"),
        ({"counter_name": "x" * 21}, "longer than the 20 characters"),
        ({"variable_symbol": "12345678901"}, "at most 10 digits"),
        ({"amount": Decimal("0.005")}, "more than 2 decimals"),
        ({"end_to_end_id": "x"}, "has no place for it"),
    ],
)
def test_what_a_fixed_width_line_cannot_hold_is_refused(values: Row, reason: str) -> None:
    with pytest.raises(BadArgument, match=reason) as caught:
        fixed(a_payment(7, **values))
    assert "payment 7" in str(caught.value)


@pytest.mark.spec("IMP-012")
def test_the_manual_names_every_field_of_the_fixed_width_layout() -> None:
    text = MANUAL.read_text("utf-8")
    for record in (fixed_layout.HEADER, fixed_layout.ORDER, fixed_layout.TRAILER):
        for field in record.fields:
            assert re.search(rf"^\| {field.first}-{field.last} \| `{field.name}` \|", text, re.MULTILINE), field
    assert f"{fixed_layout.WIDTH} characters" in text


def test_one_line_is_cut_into_the_same_lines_again() -> None:
    text = base.one_line("a\n\nc")
    assert [text[at : at + 35].rstrip() for at in (0, 35, 70)] == ["a", "", "c"]


def test_accounts_of_a_fixed_width_line() -> None:
    (row,) = read("fixed", fixed(a_payment(own_account=OWN, counter_account=OTHER)))
    assert (row["own_account"], row["counter_account"]) == (OWN, OTHER)
