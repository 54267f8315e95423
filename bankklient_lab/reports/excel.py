"""Reports as Excel workbooks: one sheet an account, totals as formulas with their values, exact sums on "Control"."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pyarrow as pa
from xlsxwriter.utility import xl_range_abs, xl_rowcol_to_cell

from bankklient_lab.jobs import Job
from bankklient_lab.money import SCALE
from bankklient_lab.reports import positions, texts
from bankklient_lab.reports.model import NOT_THE_BANKS, CashPositionReport, StatementOptions, StatementReport
from bankklient_lab.reports.sheets import Book, Column, amount_format, write_table

STATEMENT_COLUMNS = (
    Column("position", "No.", 7),
    Column("day", "Day", 11),
    Column("value_day", "Value day", 11),
    Column("amount", "Amount", 17),
    Column("balance", "Balance", 17),
    Column("counterparty_name", "Counterparty", 30),
    Column("counterparty_account", "Counterparty's account", 28),
    Column("counterparty_bank", "Bank", 12),
    Column("variable_symbol", "VS", 12),
    Column("constant_symbol", "KS", 8),
    Column("specific_symbol", "SS", 12),
    Column("remittance", "Text", 50),
)
_ALL_TEXTS_COLUMNS = (
    Column("booking_day", "Booking day", 11),
    Column("additional_info", "Bank's text", 40),
    Column("transaction_code", "Transaction code", 18),
    Column("bank_reference", "Bank reference", 22),
    Column("client_reference", "Client reference", 22),
    Column("end_to_end_id", "End to end", 22),
    Column("statement_number", "Bank's statement", 12),
)
_POSITION_COLUMNS = (
    Column("label", "Account", 30),
    Column("account", "Number", 28),
    Column("bank", "Bank", 14),
    Column("currency", "Currency", 9),
    Column("balance", "Balance", 19, currency_in="currency"),
    Column("balance_day", "Known on", 11),
    Column("converted", "Converted", 19),
    Column("rate_day", "Rate of", 11),
)
_WIDTHS = {"remittance": 50, "additional_info": 40, "raw": 60, "counterparty_name": 30, "counterparty_account": 28}
_TOTALS_COLUMN = 6  # of the head, which stands over the columns of the table
_SUMS_COLUMN = 4  # of the head of a cash position
_TINT = "#F2F4F5"


def statement_workbook(reports: Sequence[StatementReport], options: StatementOptions, job: Job | None = None) -> bytes:
    """Return the statements as one workbook, a sheet each."""
    with Book(texts.document_title([report.head for report in reports]), reports[0].made_at) as book:
        for report in reports:
            _statement_sheet(book, report, options, job)
        return book.bytes()


def _statement_sheet(book: Book, report: StatementReport, options: StatementOptions, job: Job | None) -> None:
    head, entries = report.head, report.entries
    sheet = book.sheet(head.label)
    columns = (*STATEMENT_COLUMNS, *(_ALL_TEXTS_COLUMNS if options.all_texts else ()))
    facts = [*texts.head_facts(head), ("Note", NOT_THE_BANKS)]
    if warning := texts.head_warning(head):
        facts.append(("Warning", warning))
    top = max(len(facts), 6) + 2
    first, last = top + 1, max(top + entries.num_rows, top + 1)
    amounts = _cells_of(columns, "amount", first, last)
    opening, credits_cell, debits_cell = (xl_rowcol_to_cell(row, _TOTALS_COLUMN) for row in (1, 2, 3))
    moved = head.sum_credit - head.sum_debit
    totals: list[tuple[str, str, Decimal]] = [
        ("Opening balance", "", head.opening),
        ("Credits", f'=SUMIF({amounts},">0")', head.sum_credit),
        ("Debits", f'=SUMIF({amounts},"<0")', -head.sum_debit),
        ("Closing balance", f"={opening}+{credits_cell}+{debits_cell}", head.opening + moved),
        ("Sum of shown rows", f"=SUBTOTAL(109,{amounts})", moved),
    ]
    _head_rows(book, sheet, texts.statement_title(head), facts, totals, currency=head.currency)
    if options.shading and entries.num_rows:
        tint = {"type": "formula", "criteria": "=MOD(ROW(),2)=0", "format": book.format(bg_color=_TINT)}
        sheet.conditional_format(first, 0, last, len(columns) - 1, tint)
    write_table(book, sheet, entries, columns, top=top, currency=head.currency, job=job)
    book.control += [(sheet.get_name(), what, texts.exact_text(value, head.currency)) for what, _, value in totals[:4]]


def _head_rows(
    book: Book,
    sheet: Any,
    title: str,
    facts: Sequence[tuple[str, str]],
    totals: Sequence[tuple[str, str, Decimal]],
    *,
    currency: str,
) -> None:
    """Write title and facts at the left and totals beside them, row by row as constant memory needs."""
    amounts = pa.array([value for _, _, value in totals], pa.decimal128(38, SCALE))
    money = book.format(num_format=amount_format(currency, amounts), bold=True)
    plain, bold = book.format(num_format="@"), book.format(bold=True)
    sheet.write_string(0, 0, title, book.format(bold=True, font_size=14))
    for row in range(1, max(len(facts), len(totals)) + 1):
        if row <= len(facts):
            name, text = facts[row - 1]
            sheet.write_string(row, 0, name, bold)
            sheet.write_string(row, 2, text, plain)
        if row <= len(totals):
            name, formula, value = totals[row - 1]
            sheet.write_string(row, _TOTALS_COLUMN - 1, name, bold)
            if formula:
                sheet.write_formula(row, _TOTALS_COLUMN, formula, money, float(value))
            else:
                sheet.write_number(row, _TOTALS_COLUMN, float(value), money)


def cash_position_workbook(report: CashPositionReport) -> bytes:
    """Return balances with totals by currency and bank, and the daily total with a chart."""
    title = positions.title(report)
    with Book(title, report.made_at) as book:
        _balances_sheet(book, report, title)
        _days_sheet(book, report)
        return book.bytes()


def _balances_sheet(book: Book, report: CashPositionReport, title: str) -> None:
    sheet = book.sheet("Cash position")
    balances = positions.banks_named(report.balances)
    groups = {column: positions.sums_by(balances, column) for column in ("currency", "bank")}
    top = sum(map(len, groups.values())) + 2 * len(groups) + 3
    first, last = top + 1, max(top + balances.num_rows, top + 1)
    converted = _cells_of(_POSITION_COLUMNS, "converted", first, last)
    bold, plain = book.format(bold=True), book.format(num_format="@")
    header, right_header = book.format(bold=True, bottom=1), book.format(bold=True, bottom=1, align="right")
    number_format = amount_format(report.currency, balances["converted"])
    money, total = book.format(num_format=number_format), positions.total(balances)
    sheet.write_string(0, 0, title, book.format(bold=True, font_size=14))
    sheet.write_string(1, 0, f"Total in {report.currency} (shown rows)", bold)
    total_format = book.format(num_format=number_format, bold=True)
    sheet.write_formula(1, _SUMS_COLUMN, f"=SUBTOTAL(109,{converted})", total_format, float(total))
    book.control.append((sheet.get_name(), "Total", texts.exact_text(total, report.currency)))
    row = 3
    for column, sums in groups.items():
        keys = _cells_of(_POSITION_COLUMNS, column, first, last)
        sheet.write_string(row, 0, f"By {column}", header)
        for blank in range(1, _SUMS_COLUMN):
            sheet.write_blank(row, blank, None, header)
        sheet.write_string(row, _SUMS_COLUMN, f"In {report.currency}", right_header)
        for key, value in sums.items():
            row += 1
            # An equation takes the key as it is; SUMIF would read ">0" or "*" in it as a condition.
            formula = f"=SUMPRODUCT(({keys}={xl_rowcol_to_cell(row, 0)})*{converted})"
            sheet.write_string(row, 0, key, plain)
            sheet.write_formula(row, _SUMS_COLUMN, formula, money, float(value))
            book.control.append(
                (sheet.get_name(), f"{column.capitalize()} {key}", texts.exact_text(value, report.currency))
            )
        row += 2
    titled = [
        replace(column, title=f"In {report.currency}") if column.field == "converted" else column
        for column in _POSITION_COLUMNS
    ]
    write_table(book, sheet, balances, titled, top=top, currency=report.currency)


def _cells_of(columns: Sequence[Column], field: str, first: int, last: int) -> str:
    """Return the cells of a field in rows first to last, as a formula names them."""
    number = next(number for number, column in enumerate(columns) if column.field == field)
    return str(xl_range_abs(first, number, last, number))


def _days_sheet(book: Book, report: CashPositionReport) -> None:
    sheet = book.sheet("Daily total")
    columns = (Column("day", "Day", 12), Column("balance", f"Total {report.currency}", 20))
    write_table(book, sheet, report.days, columns, top=0, currency=report.currency)
    rows = report.days.num_rows
    if not rows:
        return
    chart = book.workbook.add_chart({"type": "line"})
    name = sheet.get_name()
    chart.add_series(
        {
            "name": f"Total {report.currency}",
            "categories": [name, 1, 0, rows, 0],
            "values": [name, 1, 1, rows, 1],
            "line": {"color": "#0072B2", "width": 1.5},
        }
    )
    chart.set_legend({"none": True})
    chart.set_x_axis({"date_axis": True, "num_format": "yyyy-mm", "major_unit": 1, "major_unit_type": "months"})
    chart.set_y_axis({"num_format": "#,##0", "name": report.currency})
    chart.set_size({"width": 900, "height": 400})
    sheet.insert_chart(1, 3, chart, {"description": f"Line chart of the daily total in {report.currency}"})


def table_workbook(table: pa.Table, title: str, job: Job | None = None) -> bytes:
    """Return any table as a workbook of one sheet."""
    columns = [Column(name, name.replace("_", " ").capitalize(), _WIDTHS.get(name, 16)) for name in table.column_names]
    with Book(title) as book:
        write_table(book, book.sheet(title), table, columns, top=0, job=job)
        return book.bytes()
