"""Booked lines that may settle several sent orders: a person says which, or that it is none of them."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

import bankklient_lab as bl
from bankklient_lab.history.bookings import bookings_to_match, match_booking, unmatch_booking

from . import formatting, ui
from .listing import Listing, in_words
from .menu import allowed
from .order_columns import number_text
from .state import State
from .styles import css
from .table import Column
from .texts import text


class Bookings:
    """The card, there while a line waits, and the drawer of one line."""

    def __init__(self, lab: bl.Lab, state: State) -> None:
        self._lab, self._state = lab, state
        self._raw: dict[str, dict[str, Any]] = {}
        self._line = ""
        self._facts = ui.html("", style=css("facts"))
        self.order = ui.select(text("bookings.order"), {}, None, width=320)
        self.match = ui.button(text("bookings.match"), self._match, primary=True, icon="link")
        self.none = ui.button(text("bookings.none"), self._none, icon="link_off")
        may = allowed(lab, "history.bookings:match_booking")
        asked = ui.column(self.order, ui.row(self.match, self.none, gap=8), gap=10, visible=may)
        self.drawer = ui.drawer(self._facts, asked)
        self.card = ui.card(ui.heading(text("bookings.title"), note=text("bookings.hint")), visible=False)
        self.list = Listing(
            state, "transmissions", _columns(), self._read, count="bookings.count", label=text("bookings.title"),
            on_open=lambda row: self.open(row["line"]), rows_high=8,
        )  # fmt: skip
        self.card.append(self.list.view)
        self.view = ui.column(self.card, self.drawer, gap=0)

    def _read(self) -> pa.Table:
        rows = bookings_to_match.rows(self._lab)
        self._raw = {row["line"]: row for row in rows}
        self.card.visible = bool(rows)
        return in_words(
            rows, [column.name for column in _columns()],
            day=lambda row: formatting.day(row["day"]),
            amount=lambda row: formatting.money(row["amount"], row["currency"]),
            orders=lambda row: formatting.count(len(row["orders"].split())),
        )  # fmt: skip

    def open(self, line: str) -> None:
        """Show one line beside the list, with the orders that it may settle."""
        row, self._line = self._raw[line], line
        lines = (
            ("column.day", formatting.day(row["day"])),
            ("order_column.own_account", row["own_account"]),
            ("order_column.counter_name", row["counterparty_name"]),
            ("entry_field.variable_symbol", row["variable_symbol"]),
            ("order_column.bank_reference", row["bank_reference"]),
        )
        title = formatting.money(row["amount"], row["currency"])
        self._facts.object = formatting.facts(((text(name), told) for name, told in lines), title)
        self.order.options = {number_text(int(one)): int(one) for one in row["orders"].split()}
        self.order.value = next(iter(self.order.options.values()))
        self.drawer.open = True

    def _match(self) -> None:
        self._done(match_booking(self._lab, self.order.value, self._line), text("bookings.matched"))

    def _none(self) -> None:
        self._done(unmatch_booking(self._lab, self._line), text("bookings.set_aside"))

    def _done(self, findings: list[str], told: str) -> None:
        self.drawer.open = False
        ui.tell(" ".join([told, *findings]), kind="warning" if findings else "success")
        self._state.data_version += 1  # orders have another status on all pages


def _columns() -> tuple[Column, ...]:
    return (
        Column("line", text("bookings.line"), width=110, essential=False),
        Column("day", text("column.day"), width=100),
        Column("own_account", text("order_column.own_account"), essential=False),
        Column("amount", text("column.amount"), width=130),
        Column("counterparty_name", text("order_column.counter_name"), essential=False),
        Column("variable_symbol", text("entry_field.variable_symbol"), width=110, essential=False),
        Column("orders", text("bookings.candidates"), width=100),
    )
