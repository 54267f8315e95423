"""Amounts and days of OFX, with a finding for each that can't be read."""

from __future__ import annotations

import re
from datetime import date
from typing import NamedTuple

from bankklient_lab.formats.base import Findings
from bankklient_lab.formats.ofx_values import read_amount, read_day

_EXACT = re.compile(r"[+-]?\d{1,15}(?:\.\d{1,3})?")
_DAYS_REMEMBERED = 100_000


class Place(NamedTuple):
    """Where a value stands: for findings."""

    statement_no: int
    entry_no: int | None
    place: str


class Checked:
    """Reads values; each different day is read once."""

    def __init__(self, findings: Findings) -> None:
        self._findings = findings
        self._days: dict[str, tuple[date | None, str]] = {}

    def note(self, code: str, at: Place, field_name: str, value: str) -> None:
        """Record a finding."""
        self._findings.add(
            code,
            statement_no=at.statement_no,
            entry_no=at.entry_no,
            place=at.place,
            field=field_name,
            value=value,
        )

    def amount(self, text: str, at: Place, name: str) -> str | None:
        """Return an amount as a plain decimal text, None with a finding when it can't be read exactly."""
        if _EXACT.fullmatch(text):
            return text.removeprefix("+")
        amount = read_amount(text)
        if amount in {"bad_amount", "too_many_decimals"}:
            self.note(amount, at, name, text)
            return None
        return amount

    def day(self, text: str | None, at: Place, name: str) -> date | None:
        """Return a day, None with a finding when it can't be read and without one when it is missing."""
        if not text:
            return None
        digits = text[:9]
        known = self._days.get(digits)
        if known is None:
            if len(self._days) > _DAYS_REMEMBERED:
                self._days.clear()
            known = self._days[digits] = read_day(digits)
        day, code = known
        if code:
            self.note(code, at, name, text)
        return day
