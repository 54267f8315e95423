"""What a cash position adds up: totals by currency and by bank, exact."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from bankklient_lab.analysis.balances import UNKNOWN_BANK
from bankklient_lab.reports.model import CashPositionReport
from bankklient_lab.reports.texts import DASH, amount_text, day_text, period_text


class Group(NamedTuple):
    """Totals by one column, as texts; `names` are the titles of the columns, `rows` begin with their key."""

    title: str
    names: list[str]
    rows: list[list[str]]


def title(report: CashPositionReport) -> str:
    """Return the title of a cash position."""
    return f"Cash position {DASH} {day_text(report.on)}"


def chart_days(report: CashPositionReport) -> str:
    """Return the days that the chart tells of, both ends included; "" when there are none."""
    if not report.days.num_rows:
        return ""
    first, last = report.days["day"][0].as_py(), report.days["day"][-1].as_py()
    return period_text(first, last + timedelta(days=1))


def banks_named(balances: pa.Table) -> pa.Table:
    """Return balances with a name in place of each bank that is not known."""
    column = balances.column_names.index("bank")
    return balances.set_column(column, "bank", pc.fill_null(balances["bank"], UNKNOWN_BANK))


def total(balances: pa.Table) -> Decimal:
    """Return the exact sum of the converted balances."""
    return sum(balances["converted"].to_pylist(), Decimal(0))


def sums_by(balances: pa.Table, column: str, value: str = "converted") -> dict[str, Decimal]:
    """Return the exact sums of a column by the values of another, in their order."""
    sums: dict[str, Decimal] = {}
    for key, amount in zip(balances[column].to_pylist(), balances[value].to_pylist(), strict=True):
        sums[key] = sums.get(key, Decimal(0)) + amount
    return dict(sorted(sums.items()))


def groups(report: CashPositionReport, balances: pa.Table) -> list[Group]:
    """Return the totals by currency, in it and converted, and by bank, converted."""
    own = sums_by(balances, "currency", "balance")
    by_currency = [
        [key, amount_text(own[key], key), amount_text(amount, report.currency)]
        for key, amount in sums_by(balances, "currency").items()
    ]
    by_bank = [[key, amount_text(amount, report.currency)] for key, amount in sums_by(balances, "bank").items()]
    converted = f"In {report.currency}"
    return [
        Group("By currency", ["Currency", "Balance", converted], by_currency),
        Group("By bank", ["Bank", converted], by_bank),
    ]
