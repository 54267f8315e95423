"""Rows of a camt message on their way to Arrow: whole columns of amounts and days are converted at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from bankklient_lab.formats.base import Findings, Part, record_batch
from bankklient_lab.formats.camt_values import amounts, days, signed
from bankklient_lab.formats.schema import SCHEMAS, Kind

_DEBIT = "debit"


class Table:
    """Rows of entries or details whose amounts and days are still text.

    A row has the columns of its kind in their order, and whether `amount` is a debit; `chars` counts their kept XML.
    """

    def __init__(self, kind: Kind, findings: Findings) -> None:
        self.kind = kind
        self.rows: list[tuple[Any, ...]] = []
        self.chars = 0
        self._columns = (*SCHEMAS[kind].names, _DEBIT)
        self._findings = findings

    def drain(self) -> Iterator[Part]:
        """Yield what was collected, if anything, and forget it."""
        if not self.rows:
            return
        given_columns: dict[str, Any] = dict(zip(self._columns, zip(*self.rows, strict=True), strict=True))
        self.rows, self.chars = [], 0
        debit = given_columns.pop(_DEBIT)
        for name in ("amount", "original_amount", "charges"):
            given_columns[name] = amounts(given_columns[name], self._reporter(name, given_columns))
        given_columns["amount"] = signed(given_columns["amount"], debit)
        for name in ("booking_day", "value_day"):
            if name in given_columns:
                given_columns[name] = days(given_columns[name], self._reporter(name, given_columns))
        yield Part(self.kind, record_batch(self.kind, given_columns))

    def _reporter(self, name: str, columns: dict[str, Any]) -> Callable[[int, str, str], None]:
        def report(row: int, code: str, value: str) -> None:
            statement_no, entry_no = columns["statement_no"][row], columns["entry_no"][row]
            place = f"Ntry {entry_no} of statement {statement_no}"
            self._findings.add(code, statement_no=statement_no, entry_no=entry_no, place=place, field=name, value=value)

        return report
