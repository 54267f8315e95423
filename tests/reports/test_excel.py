"""Workbooks: numbers are numbers, days are days, totals are formulas, and no text becomes a formula."""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import openpyxl
import pyarrow as pa
import pytest
from openpyxl.worksheet.worksheet import Worksheet

from bankklient_lab.errors import BadArgument, Cancelled
from bankklient_lab.jobs import Job
from bankklient_lab.reports.excel import cash_position_workbook, statement_workbook, table_workbook
from bankklient_lab.reports.model import NOT_THE_BANKS, REPORT_LIMITS, StatementOptions
from tests.reports.samples import AMOUNT, MADE_AT, TEXTS, a_cash_position, a_statement, entries_of, statement_of

PLAIN = StatementOptions()
PAYLOADS = (
    "=1+1",
    "+1+1",
    "-1+1",
    "@SUM(A1)",
    "=cmd|' /C calc'!A0",
    '=HYPERLINK("https://example.com","x")',
    "{=1+1}",
    "\t=1+1",
    "https://example.com",
    "mailto:someone@example.com",
    "0012",
    "1e5",
    "2026-01-01",
    "<f>1+1</f>",
    "_x0041_",
    "a\x01b",
    "&amp; <b>",
)


def opened(content: bytes, *, values: bool = False) -> openpyxl.Workbook:
    return openpyxl.load_workbook(io.BytesIO(content), data_only=values)


def cell_beside(sheet: Worksheet, text: str, distance: int) -> object:
    for row in sheet.iter_rows():
        for cell in row:
            if cell.value == text:
                return sheet.cell(cell.row, cell.column + distance).value
    raise AssertionError(text)


def header_row(sheet: Worksheet, title: str) -> int:
    return next(cell.row for row in sheet.iter_rows() for cell in row if cell.value == title)


def formulas(content: bytes) -> list[str]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        sheets = [name for name in archive.namelist() if name.startswith("xl/worksheets/sheet")]
        return [found for name in sheets for found in re.findall(r"<f>(.*?)</f>", archive.read(name).decode())]


def test_cells_have_the_values_and_types_of_the_entries() -> None:
    report = a_statement(40)
    sheet = opened(statement_workbook([report], PLAIN)).worksheets[0]
    top = header_row(sheet, "No.")
    titles = [cell.value for cell in sheet[top]]
    rows = [dict(zip(titles, (cell.value for cell in row), strict=True)) for row in sheet.iter_rows(min_row=top + 1)]
    assert len(rows) == 40
    for row, entry in zip(rows, report.entries.to_pylist(), strict=True):
        assert isinstance(row["Amount"], int | float)
        assert Decimal(repr(row["Amount"])) == entry["amount"]
        assert Decimal(repr(row["Balance"])) == entry["balance"]
        assert row["Day"] == datetime.combine(entry["day"], datetime.min.time())
        assert row["VS"] == entry["variable_symbol"]
        assert row["Counterparty"] == entry["counterparty_name"]
        assert row["Text"] == entry["remittance"]
    amount = sheet.cell(top + 1, titles.index("Amount") + 1)
    assert amount.number_format == "#,##0.00"
    assert sheet.cell(top + 1, titles.index("Day") + 1).number_format == "yyyy-mm-dd"
    assert sheet.cell(top + 1, titles.index("Counterparty's account") + 1).number_format == "@"


def test_totals_are_formulas_over_the_amounts_with_their_values() -> None:
    report = a_statement(40)
    content = statement_workbook([report], PLAIN)
    sheet, valued = opened(content).worksheets[0], opened(content, values=True).worksheets[0]
    first = header_row(sheet, "No.") + 1
    amounts = f"$D${first}:$D${first + 39}"
    assert cell_beside(sheet, "Sum of shown rows", 1) == f"=SUBTOTAL(109,{amounts})"
    assert cell_beside(sheet, "Credits", 1) == f'=SUMIF({amounts},">0")'
    assert cell_beside(sheet, "Debits", 1) == f'=SUMIF({amounts},"<0")'
    assert cell_beside(sheet, "Closing balance", 1) == "=G2+G3+G4"
    head = report.head
    assert cell_beside(sheet, "Opening balance", 1) == head.opening
    for title, value in (
        ("Credits", head.sum_credit),
        ("Debits", -head.sum_debit),
        ("Closing balance", head.closing),
        ("Sum of shown rows", head.sum_credit - head.sum_debit),
    ):
        assert cell_beside(valued, title, 1) == float(value)


def test_header_is_frozen_filtered_and_printed_on_every_page() -> None:
    sheet = opened(statement_workbook([a_statement(40)], PLAIN)).worksheets[0]
    top = header_row(sheet, "No.")
    assert sheet.freeze_panes == f"A{top + 1}"
    assert sheet.auto_filter.ref == f"A{top}:L{top + 40}"
    assert sheet.print_title_rows == f"${top}:${top}"
    assert sheet.column_dimensions["L"].width > 40


@pytest.mark.spec("BNK-006")
def test_every_statement_says_that_it_does_not_replace_that_of_the_bank() -> None:
    for sheet in opened(statement_workbook([a_statement(1), a_statement(0)], PLAIN)).worksheets[:2]:
        assert cell_beside(sheet, "Note", 2) == NOT_THE_BANKS


@pytest.mark.spec("BNK-016")
def test_shading_is_an_option_that_is_off_by_default() -> None:
    shaded = opened(statement_workbook([a_statement(4)], StatementOptions(shading=True))).worksheets[0]
    plain = opened(statement_workbook([a_statement(4)], StatementOptions())).worksheets[0]
    rules = [rule for found in shaded.conditional_formatting for rule in found.rules]
    assert [rule.formula for rule in rules] == [["MOD(ROW(),2)=0"]]
    assert not list(plain.conditional_formatting)


def test_each_account_has_a_sheet_with_a_name_that_excel_takes() -> None:
    labels = ["A/B: [hlavní]?*\\", "a b   hlavní", "x" * 40, "x" * 40, "History", "control", "'quoted'", "", "=1+1"]
    workbook = opened(statement_workbook([a_statement(1, label=label) for label in labels], PLAIN))
    names = workbook.sheetnames
    assert len(names) == len(labels) + 1
    assert len({name.casefold() for name in names}) == len(names)
    assert names[-1] == "Control"
    for name in names:
        assert 0 < len(name) <= 31
        assert not re.search(r"[\[\]:*?/\\]|^'|'$", name)


@pytest.mark.parametrize("field", TEXTS)
def test_no_text_of_an_entry_becomes_a_formula_a_number_or_a_link(field: str) -> None:
    entries = entries_of({"amount": Decimal(1), field: text} for text in PAYLOADS)
    content = statement_workbook([statement_of(entries)], StatementOptions(all_texts=True))
    assert all(formula.startswith(("SUBTOTAL(", "SUMIF(", "G2+")) for formula in formulas(content))
    assert b"<hyperlink" not in zipfile.ZipFile(io.BytesIO(content)).read("xl/worksheets/sheet1.xml")
    sheet = opened(content).worksheets[0]
    texts = [cell.value for row in sheet.iter_rows() for cell in row if cell.data_type in ("s", "inlineStr")]
    readable = [text for text in PAYLOADS if "\x01" not in text and not text.startswith("_x")]
    assert set(readable) <= set(texts)


def test_no_text_of_the_head_becomes_a_formula() -> None:
    for text in PAYLOADS[:6]:
        report = a_statement(1, label=text, owner=text, bank=text, account=text, numbers=text)
        assert all(
            formula.startswith(("SUBTOTAL(", "SUMIF(", "G2+"))
            for formula in formulas(statement_workbook([report], PLAIN))
        )


def test_amounts_beyond_fifteen_digits_are_exact_on_the_control_sheet() -> None:
    large = Decimal("123456789012345.678")
    report = statement_of(entries_of([{"amount": Decimal("2.5")}, {"amount": large}, {"amount": Decimal(10) ** 14}]))
    workbook = opened(statement_workbook([report], PLAIN))
    sheet, control = workbook.worksheets[0], workbook["Control"]
    row = header_row(sheet, "No.") + 2
    lines = [[cell.value for cell in line] for line in control.iter_rows(min_row=3)]
    assert [sheet.title, f"D{row}", str(large)] in lines
    assert [sheet.title, "Credits", f"{report.head.sum_credit} CZK"] in lines
    assert [sheet.title, "Closing balance", f"{report.head.closing} CZK"] in lines
    assert not any(line[1] == f"D{row + 1}" for line in lines)  # 100,000,000,000,000 has few digits


@pytest.mark.parametrize("largest", ["9007199254740.991", "9007199254740.993", "999999999999999.999"])
def test_an_amount_is_the_number_nearest_to_it(largest: str) -> None:
    amounts = [Decimal(text) for text in (largest, "-0.001", "0.1", "-1234567.89", "4503599627370.497")]
    table = pa.table({"amount": pa.array([*amounts, None], AMOUNT)})
    written = [cell.value for cell in opened(table_workbook(table, "t")).worksheets[0]["A"][1:6]]
    assert written == [float(f"{float(amount):.16g}") for amount in amounts]


@pytest.mark.parametrize(
    ("currency", "amount", "number_format"),
    [
        ("CZK", "1234.50", "#,##0.00"),
        ("JPY", "1234", "#,##0"),
        ("KWD", "1234.500", "#,##0.000"),
        ("JPY", "1234.5", "#,##0.000"),  # a digit that the currency does not have is shown
        ("CZK", "0.005", "#,##0.000"),
    ],
)
def test_amounts_have_the_decimals_of_their_currency(currency: str, amount: str, number_format: str) -> None:
    entries = entries_of([{"amount": Decimal(amount)}], currency=currency)
    sheet = opened(statement_workbook([statement_of(entries, currency=currency)], PLAIN)).worksheets[0]
    row = header_row(sheet, "No.") + 1
    shown = [sheet.cell(row, 4), sheet.cell(row, 5), sheet["G3"], sheet["G5"]]  # amount, balance, credits, closing
    assert [cell.number_format for cell in shown] == [number_format] * 4


def test_a_cash_position_shows_each_balance_with_the_decimals_of_its_own_currency() -> None:
    base = a_cash_position()
    currencies = pa.array(["JPY", "CZK", "KWD", "KWD", "USD"])
    amounts = pa.array([Decimal(text) for text in ("1234567", "-50000", "80.5", "1200.125", "999.99")], AMOUNT)
    balances = base.balances.set_column(1, "currency", currencies).set_column(5, "balance", amounts)
    sheet = opened(cash_position_workbook(replace(base, balances=balances))).worksheets[0]
    row = header_row(sheet, "Account") + 1
    shown = [sheet.cell(row + number, 5).number_format for number in range(5)]
    assert shown == ["#,##0", "#,##0.00", "#,##0.000", "#,##0.000", "#,##0.00"]
    assert {sheet.cell(row + number, 7).number_format for number in range(5)} == {"#,##0.00"}
    assert [sheet.cell(row + number, 5).value for number in range(5)] == [1234567, -50000, 80.5, 1200.125, 999.99]


def test_texts_too_long_for_a_cell_are_named_on_the_control_sheet() -> None:
    report = statement_of(entries_of([{"amount": Decimal(1), "remittance": "x" * 40_000}]))
    workbook = opened(statement_workbook([report], PLAIN))
    sheet = workbook.worksheets[0]
    row = header_row(sheet, "No.") + 1
    assert len(sheet[f"L{row}"].value) == REPORT_LIMITS.cell_chars
    assert cell_beside(workbook["Control"], f"L{row}", 1) == "text of 40000 characters, cut"


def test_the_same_report_gives_the_same_bytes() -> None:
    assert statement_workbook([a_statement(5)], PLAIN) == statement_workbook([a_statement(5)], PLAIN)
    assert opened(statement_workbook([a_statement(5)], PLAIN)).properties.created == MADE_AT.replace(tzinfo=None)


def test_more_rows_or_sheets_than_excel_takes_are_refused() -> None:
    report = a_statement(1)
    many = report.entries.take(pa.array([0]).take([0] * 1_048_570))
    with pytest.raises(BadArgument, match=r"Excel takes 1,048,576; .* CSV"):
        statement_workbook([replace(report, entries=many)], PLAIN)
    with pytest.raises(BadArgument, match="at most 250 sheets"):
        statement_workbook([a_statement(0)] * 251, PLAIN)


def test_writing_reports_progress_and_can_be_cancelled_without_a_trace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    steps: list[float | None] = []

    def stop_at_second(doing: str, share: float | None) -> None:
        steps.append(share)
        if len(steps) == 2:
            job.cancel()

    job = Job(stop_at_second)
    with pytest.raises(Cancelled):
        statement_workbook([a_statement(25_000)], PLAIN, job)
    assert steps == [0.0, 0.4]
    assert not list(tmp_path.iterdir())


def test_cash_position_adds_up_by_formulas() -> None:
    report = a_cash_position()
    content = cash_position_workbook(report)
    workbook, valued = opened(content), opened(content, values=True)
    sheet = workbook["Cash position"]
    first = header_row(sheet, "Account") + 1
    assert cell_beside(sheet, "Total in CZK (shown rows)", 4) == f"=SUBTOTAL(109,$G${first}:$G${first + 4})"
    assert cell_beside(valued["Cash position"], "Total in CZK (shown rows)", 4) == 3203099.98
    assert cell_beside(valued["Cash position"], "EUR", 4) == 1997532.3
    assert cell_beside(valued["Cash position"], "unknown bank", 4) == 20999.79
    assert cell_beside(workbook["Control"], "Total", 1) == "3203099.98 CZK"
    days = workbook["Daily total"]
    assert (days["A2"].value, days["B2"].value) == (datetime(2025, 11, 1), 3203099)
    assert days.max_row == report.days.num_rows + 1
    assert "xl/charts/chart1.xml" in zipfile.ZipFile(io.BytesIO(content)).namelist()


def test_a_column_is_as_wide_as_its_largest_amount() -> None:
    def width(amount: str) -> float:
        content = table_workbook(pa.table({"amount": pa.array([Decimal(amount), None], AMOUNT)}), "t")
        return float(opened(content).worksheets[0].column_dimensions["A"].width)

    assert width("-999999999999999.999") > len("-999,999,999,999,999.999") > width("-1")


def test_names_of_banks_are_keys_and_no_conditions() -> None:
    report = a_cash_position()
    balances = report.balances.set_column(2, "bank", [[">0", "*", "=A1", "<>", "?"]])
    content = cash_position_workbook(replace(report, balances=balances))
    assert all(formula.startswith(("SUBTOTAL(", "SUMPRODUCT(($")) for formula in formulas(content))
    assert cell_beside(opened(content, values=True)["Cash position"], "*", 4) == -50000


def test_any_table_keeps_its_types() -> None:
    table = pa.table(
        {
            "day": pa.array([date(2026, 10, 1), None, date(1899, 1, 1)]),
            "amount": pa.array([Decimal("1.500"), None, Decimal("-0.001")], AMOUNT),
            "name": ["=1+1", None, "\u2212"],
            "count": pa.array([1, None, 3], pa.int64()),
            "good": [True, None, False],
            "made_at": pa.array([MADE_AT, None, MADE_AT], pa.timestamp("us", "UTC")),
        }
    )
    content = table_workbook(table, "Entries / October")
    workbook = opened(content)
    sheet = workbook.worksheets[0]
    assert sheet.title == "Entries   October"
    assert [cell.value for cell in sheet[1]] == ["Day", "Amount", "Name", "Count", "Good", "Made at"]
    made_at = MADE_AT.replace(tzinfo=None)
    assert [cell.value for cell in sheet[2]] == [datetime(2026, 10, 1), 1.5, "=1+1", 1, "true", made_at]
    assert [cell.value for cell in sheet[3]] == [None] * 6
    assert sheet["B4"].value == -0.001
    assert cell_beside(workbook["Control"], "A4", 1) == "1899-01-01"
    assert not formulas(content)
