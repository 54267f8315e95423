"""Counts and sums that a message states of itself and of its groups: one that does not hold refuses the file.

A sum counts amounts of all currencies, as the standard says.
"""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

import pyarrow as pa

from bankklient_lab.errors import FormatError
from bankklient_lab.formats.camt_values import exact_amount

COUNT_DIGITS = 15


class _Stated(NamedTuple):
    payments: int | None
    total: Decimal | None
    place: str

    def check(self, count: int, total: Decimal) -> None:
        if self.payments is not None and self.payments != count:
            raise FormatError(
                f"{self.payments} payments are stated, there are {count}", place=self.place, field="NbOfTxs"
            )
        if self.total is not None and self.total != total:
            raise FormatError(
                f"the sum {self.total} is stated, the payments make {total}", place=self.place, field="CtrlSum"
            )


class Totals:
    """The totals of one message; `groups` have begun so far."""

    def __init__(self) -> None:
        self.groups = 0
        self._file = _Stated(None, None, "GrpHdr")
        self._stated: dict[int, _Stated] = {}  # of groups not yet checked
        self._found: dict[int, tuple[int, Decimal]] = {}
        self._count = 0
        self._total = Decimal(0)

    def state_file(self, count: str | None, total: str | None) -> None:
        """Keep what the message states of itself."""
        self._file = _stated(count, total, "GrpHdr")

    def begin(self, count: str | None, total: str | None, place: str) -> tuple[int, int | None, Decimal | None]:
        """Begin a group: return its number and what is stated of it."""
        self.groups += 1
        stated = self._stated[self.groups] = _stated(count, total, place)
        return self.groups, stated.payments, stated.total

    def add(self, payments: pa.RecordBatch) -> None:
        """Count payments."""
        table = pa.table({name: payments.column(name) for name in ("group_no", "amount")})
        sums = table.group_by("group_no").aggregate([("amount", "count"), ("amount", "sum")])
        for row in sums.to_pylist():
            count, total = self._found.get(row["group_no"], (0, Decimal(0)))
            self._found[row["group_no"]] = count + row["amount_count"], total + row["amount_sum"]
            self._count += row["amount_count"]
            self._total += row["amount_sum"]

    def check(self, *, still_open: int | None) -> None:
        """Check the groups that have ended."""
        for number in [number for number in self._stated if number != still_open]:
            self._stated.pop(number).check(*self._found.pop(number))

    def check_file(self) -> None:
        """Check what the message states of itself."""
        self._file.check(self._count, self._total)


def _stated(count: str | None, total: str | None, place: str) -> _Stated:
    if count is not None and not (count.strip().isascii() and count.strip().isdigit() and len(count) <= COUNT_DIGITS):
        raise FormatError("this is no number of payments", place=place, field="NbOfTxs", text=count)
    value = None if total is None else exact_amount(total)
    if isinstance(value, str):
        raise FormatError("this is no sum", place=place, field="CtrlSum", text=total or "")
    return _Stated(None if count is None else int(count), value, place)
