"""Schedules of regular payments: when they are due, how long they go on, and what is refused.

data/codebooks/regular_payment_periods.csv has a row for each periodicity with the ranges of MM and DD; the macro
due_dates (20_regular_payments.sql) is the only place that computes due dates.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from functools import cache
from typing import Any

from bankklient_lab.codebooks import rows
from bankklient_lab.errors import BadArgument

INSTALMENTS_MAX = 9_999
EARLIEST, LATEST = date(2000, 1, 1), date(2199, 12, 31)


@dataclass(frozen=True, slots=True)
class Schedule:
    """When a regular payment is due.

    `month` is MM, 0 where the periodicity has none; `day` is DD. Validity counts both days; it ends with `valid_until`
    or after so many `instalments`, or (both None) not at all. `last_amount` is that of the last instalment, as entered.
    """

    periodicity: str
    month: int
    day: int
    valid_from: date
    valid_until: date | None
    instalments: int | None
    last_amount: str | None

    def check(self) -> None:
        """Raise BadArgument for what no schedule can be."""
        row = periods().get(self.periodicity)
        if row is None:
            raise _bad("periodicity", repr(self.periodicity), f"it takes {', '.join(periods())}")
        for name, label in (("month", "MM"), ("day", "DD")):
            least, most, value = int(row[f"{name}_min"]), int(row[f"{name}_max"]), getattr(self, name)
            if not least <= value <= most:
                takes = f"{least} to {most}" if most > least else f"{least}, which stands for none"
                raise _bad(name, str(value), f"{label} of the periodicity {self.periodicity} takes {takes}")
        for name, value in (("valid_from", self.valid_from), ("valid_until", self.valid_until)):
            if value is not None and not EARLIEST <= value <= LATEST:
                raise _bad(name, str(value), f"it takes {EARLIEST} to {LATEST}")
        self._check_end()

    def _check_end(self) -> None:
        if self.valid_until is not None and self.instalments is not None:
            raise BadArgument(
                "a regular payment has an end date or a number of instalments, not both", parameter="instalments"
            )
        if self.valid_until is not None and self.valid_until < self.valid_from:
            raise _bad("valid_until", str(self.valid_until), f"the validity begins on {self.valid_from}")
        if self.instalments is not None and not 1 <= self.instalments <= INSTALMENTS_MAX:
            raise _bad("instalments", str(self.instalments), f"it takes 1 to {INSTALMENTS_MAX}")
        if self.last_amount is not None and self.instalments is None:
            raise BadArgument("an amount of the last instalment needs a number of instalments", parameter="last_amount")

    def columns(self) -> dict[str, Any]:
        """Return it by column of ops.regular_payment."""
        return asdict(self)


@cache
def periods() -> dict[str, Mapping[str, str]]:
    """Return the periodicities by name, in the order in which they are offered."""
    return {row["periodicity"]: row for row in rows("regular_payment_periods")}


def _bad(name: str, value: str, takes: str) -> BadArgument:
    return BadArgument(f"{name} can't be {value}; {takes}", parameter=name)
