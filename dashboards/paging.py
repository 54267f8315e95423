"""A page of entries, found quickly: sums of days tell on which days it lies, so that only these are sorted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

import bankklient_lab as bl

OF_DAYS = ("since", "until", "accounts", "category", "side")  # what the sums of days can answer


def only_of_days(criteria: Mapping[str, Any]) -> bool:
    """Tell whether the sums of days can answer the criteria."""
    return all(value in ("", None) for name, value in criteria.items() if name not in OF_DAYS)


def page_of_entries(
    lab: bl.Lab, criteria: Mapping[str, Any], order_by: Sequence[str], limit: int, offset: int
) -> pa.Table:
    """Return what `entries` would, without sorting the whole period when the order begins with the day."""
    where = dict(criteria)
    if order_by and order_by[0] in ("day", "-day") and only_of_days(criteria) and criteria["side"] == "any":
        days = _days(lab, criteria, down=order_by[0] == "-day")
        first, last, before = days_of_page(days, limit, offset)
        if first is not None:
            where |= {"since": min(first, last), "until": max(first, last) + timedelta(days=1)}
            offset -= before
    return bl.entries.arrow(lab, **where, order_by=order_by, limit=limit, offset=offset)


def _days(lab: bl.Lab, criteria: Mapping[str, Any], *, down: bool) -> list[tuple[date, int]]:
    by = "category" if criteria["category"] else "none"
    table = bl.cash_flow.arrow(
        lab, since=criteria["since"], until=criteria["until"], accounts=criteria["accounts"], period="day", by=by
    )
    if criteria["category"]:
        table = table.filter(pc.equal(table["key"], criteria["category"]))
    counts = table.group_by("period").aggregate([("entries", "sum")])
    pairs = zip(counts["period"].to_pylist(), counts["entries_sum"].to_pylist(), strict=True)
    return sorted(pairs, reverse=down)


def days_of_page(days: Sequence[tuple[date, int]], limit: int, offset: int) -> tuple[date | None, date, int]:
    """Return the first and the last day that rows offset..offset+limit lie on, and the number of rows before the first.

    `days` are the days in order with their numbers of rows; the first is None when there is no such row.
    """
    first, last, before, passed = None, date.min, 0, 0
    for day, number in days:
        if first is None and passed + number > offset:
            first, before = day, passed
        passed += number
        last = day
        if passed >= offset + limit:
            break
    return first, last, before
