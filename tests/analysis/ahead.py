"""Statements over months for forecasts, and what is usual in them by a calculation of its own."""

from __future__ import annotations

import csv
from calendar import monthrange
from collections import defaultdict
from collections.abc import Iterable
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import NamedTuple

import holidays

from bankklient_lab.formats import flat
from bankklient_lab.history.importing import import_file
from bankklient_lab.lab import Lab

_CZECH = holidays.country_holidays("CZ")


class Entry(NamedTuple):
    """An entry: its text decides on its category."""

    day: date
    amount: Decimal
    text: str
    counter: str = ""


def tell(
    lab: Lab, folder: Path, entries: Iterable[Entry], *, account: str, first: date, last: date,
    opening: str = "0.00", currency: str = "CZK",
) -> None:  # fmt: skip
    """Import a statement of [first, last] with the entries that lie in it."""
    held = [entry for entry in entries if first <= entry.day <= last]
    closing = Decimal(opening) + sum((entry.amount for entry in held), Decimal(0))
    said = {
        "s_statement_no": 1, "s_interim": "false", "s_account": account, "s_currency": currency, "s_first_day": first,
        "s_last_day": last, "s_opening": opening, "s_opening_day": first, "s_closing": closing, "s_closing_day": last,
    }  # fmt: skip
    path = folder / f"{account}-{first}.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, flat.SCHEMA.names, restval="", quoting=csv.QUOTE_ALL, lineterminator="\n")
        file.write(",".join(f'"{name}"' for name in flat.SCHEMA.names) + "\n")
        for number, entry in enumerate(held, 1):
            row = said | {
                "record": "entry", "entry_no": number, "booking_day": entry.day, "value_day": entry.day,
                "amount": entry.amount, "currency": currency, "status": "BOOK", "reversal": "false",
                "counterparty_account": entry.counter, "remittance": entry.text, "bank_reference": f"{first}{number}",
            }  # fmt: skip
            file.write(
                ",".join("" if row.get(name, "") == "" else f'"{row[name]}"' for name in writer.fieldnames) + "\n"
            )
    assert import_file(lab, path)["status"] == "imported"


def working_before(day: date) -> date:
    """Return the day, or the last one before it that is neither a weekend nor a Czech holiday."""
    while day.weekday() > 4 or day in _CZECH:
        day -= timedelta(days=1)
    return day


def usual(entries: list[Entry], begun: date, first_month: date, day: date) -> Decimal:
    """Return what one recurring flow, of which these are all entries, is expected to move on a working day.

    By a forecast that begins in the month `begun`; `first_month` is the first that statements tell of as a whole.
    """
    year_before = date(begun.year - 1, begun.month, 1)
    since = max(first_month, year_before)
    months = (begun.year - since.year) * 12 + begun.month - since.month
    learnt = [entry for entry in entries if since <= entry.day < begun]
    by_day: dict[int, Decimal] = defaultdict(Decimal)
    by_month: dict[int, Decimal] = defaultdict(Decimal)
    for entry in learnt:
        by_day[entry.day.day] += entry.amount
        by_month[entry.day.month] += entry.amount
    total = sum(by_day.values())
    found = Decimal(0)
    for ahead in range(10):  # days without banks that follow come earlier
        nominal = day + timedelta(days=ahead)
        if working_before(nominal) != day:
            continue
        last = monthrange(nominal.year, nominal.month)[1]
        of_day = sum(
            amount for at, amount in by_day.items() if at == nominal.day or nominal.day == last < at
        ) + Decimal(0)
        if months == 12:
            found += of_day / 24 + of_day * by_month[nominal.month] / total / 2
        else:
            found += of_day / months
    return found.quantize(Decimal("0.01"), ROUND_HALF_UP)
