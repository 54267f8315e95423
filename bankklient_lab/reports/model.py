"""What a report shows, apart from how it looks: results of analysis as frozen values.

Amounts are signed, credit positive; ranges of days are half-open. `made_at` is passed in, so that the same
values give the same bytes.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date, datetime
from decimal import Decimal

import pyarrow as pa

from bankklient_lab.errors import BadArgument

NOT_THE_BANKS = "Made from the bank's data; it does not replace the bank's own statement."


@dataclass(frozen=True, slots=True)
class ReportLimits:
    """Limits of one report; each refusal names the one that it hit."""

    pdf_rows: int = 10_000  # about 530 pages, for which Typst takes 1 GB of memory
    html_rows: int = 50_000  # more than a browser lays out in a few seconds
    sheet_rows: int = 1_048_576  # of a sheet in Excel, with its header
    sheets: int = 250
    cell_chars: int = 32_767  # of a cell in Excel; a longer text is cut and listed on the control sheet


REPORT_LIMITS = ReportLimits()


@dataclass(frozen=True, slots=True)
class StatementOptions:
    """How a statement is printed.

    `all_texts`: all texts and references, not only those of the counterparty; `shading`: every second entry on
    a tinted background; `brief`: pages end earlier, for printers that lose the last lines of a page.
    """

    all_texts: bool = False
    shading: bool = False
    brief: bool = False


@dataclass(frozen=True, slots=True)
class StatementHead:
    """The head of a statement of [since, until): the row of analysis.statement_head."""

    account: str
    currency: str
    bank: str | None
    name: str | None
    label: str
    owner: str | None
    since: date
    until: date
    opening: Decimal
    sum_credit: Decimal
    sum_debit: Decimal  # unsigned
    closing: Decimal  # as the bank states it
    difference: Decimal  # closing less opening and entries
    entries: int
    numbers: str | None
    known_since: date | None  # the days that the bank's statements tell of, both inclusive
    known_until: date | None
    stated: bool  # whether the bank states balances


HEAD_COLUMNS = tuple(field.name for field in fields(StatementHead))


@dataclass(frozen=True, slots=True)
class StatementReport:
    """One account's statement; `entries` has the columns of analysis.statement."""

    head: StatementHead
    entries: pa.Table
    made_at: datetime


@dataclass(frozen=True, slots=True)
class CashPositionReport:
    """Balances at the end of the day `on`, with totals in `currency`.

    `balances` has the columns of analysis.balances with `converted` in `currency`; `days` the total of each of
    the last twelve months' days (day, balance), in order.
    """

    on: date
    currency: str
    balances: pa.Table
    days: pa.Table
    made_at: datetime


def statement_head(table: pa.Table) -> StatementHead:
    """Return the head out of the one row of analysis.statement_head."""
    (row,) = table.select(HEAD_COLUMNS).to_pylist()
    return StatementHead(**row)


def check_rows(rows: int, most: int, what: str) -> None:
    """Refuse a report with more rows than its form takes."""
    if rows > most:
        raise BadArgument(
            f"{what} would have {rows:,} rows and takes at most {most:,}; "
            "choose a shorter period or fewer accounts, or save it as CSV or Parquet"
        )
