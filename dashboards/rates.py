"""Exchange rates on a day: those of the central banks and those that the bank sends, side by side (BNK-152)."""

from __future__ import annotations

import pyarrow as pa

import bankklient_lab as bl
from bankklient_lab.analysis.rates import rates
from bankklient_lab.orders.numbers import bank_day

from . import formatting, ui
from .listing import Listing, in_words
from .state import State
from .table import Column
from .texts import text


class Rates:
    """The card; the day is the bank's present one at first."""

    def __init__(self, lab: bl.Lab, state: State) -> None:
        self._lab = lab
        self.day = ui.date(text("rates.day"), value=bank_day(lab))
        self.list = Listing(
            state, "codebooks", _columns(), self._read, count="rates.count", label=text("rates.title"),
            placeholder=text("rates.none"), rows_high=12,
        )  # fmt: skip
        self.day.param.watch(lambda _event: self.list.refresh(), "value")
        heading = ui.heading(text("rates.title"), note=text("rates.hint"))
        self.view = ui.card(ui.row(heading, self.day), self.list.view)

    def _read(self) -> pa.Table:
        found = rates.rows(self._lab, on=self.day.value or bank_day(self._lab))
        return in_words(
            found, [column.name for column in _columns()],
            per_unit=lambda row: f"{row['per_unit'].normalize():f}",
            day=lambda row: formatting.day(row["day"]),
        )  # fmt: skip


def _columns() -> tuple[Column, ...]:
    return (
        Column("currency", text("rates.currency"), width=84),
        Column("per_unit", text("rates.per_unit"), "number", width=120),
        Column("base", text("rates.base"), width=84, essential=False),
        Column("source", text("rates.source")),
        Column("day", text("rates.of"), width=120, essential=False),
    )
