"""The line of a total over days, as points and marks between 0 and 1: drawn alike in PDF and HTML."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

import pyarrow as pa

from bankklient_lab.reports.texts import grouped

_STEPS = (Decimal(1), Decimal(2), Decimal("2.5"), Decimal(5), Decimal(10))
_MARKS = 4


@dataclass(frozen=True, slots=True)
class Chart:
    """Positions from the left and from below; `points` are in order, marks carry their text."""

    points: list[tuple[float, float]]
    amounts: list[tuple[float, str]]
    months: list[tuple[float, str]]
    zero: float


def line_chart(days: pa.Table) -> Chart | None:
    """Return the chart of (day, balance); None when there are fewer than two days."""
    if days.num_rows < 2:
        return None
    dates, balances = days["day"].to_pylist(), days["balance"].to_pylist()
    lowest, step, count = _scale(min(*balances, Decimal(0)), max(*balances, Decimal(0)))
    first, span = dates[0], (dates[-1] - dates[0]).days

    def height(value: Decimal) -> float:
        return round(float((value - lowest) / (step * count)), 5)

    marks = (lowest + step * number for number in range(count + 1))
    return Chart(
        points=[
            (round((day - first).days / span, 5), height(value)) for day, value in zip(dates, balances, strict=True)
        ],
        amounts=[(height(value), grouped(value, 0)) for value in marks],
        months=[((day - first).days / span, f"{day:%Y-%m}") for day in _months(first, dates[-1])],
        zero=height(Decimal(0)),
    )


def _scale(least: Decimal, most: Decimal) -> tuple[Decimal, Decimal, int]:
    """Return the lowest mark, the step between marks and the number of steps: round values that cover the range."""
    rough = (most - least) / _MARKS or Decimal(1)
    power = Decimal(10) ** rough.adjusted()
    step = next(power * factor for factor in _STEPS if power * factor >= rough)
    low, high = least // step, -(-most // step)
    if low * step > least:
        low -= 1
    if high * step < most:
        high += 1
    return low * step, step, max(int(high - low), 1)


def _months(first: date, last: date) -> Iterator[date]:
    """Yield the first days of months in [first, last]."""
    day = first.replace(day=1)
    while day <= last:
        if day >= first:
            yield day
        day = (day.replace(day=28) + timedelta(days=4)).replace(day=1)
