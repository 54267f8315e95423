"""On-line information: what the bank says of the running day, of how long ago it is, and a new question (BNK-048)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa

import bankklient_lab as bl
from bankklient_lab.analysis.current import SETS, current_balances, current_entries, current_orders, current_state
from bankklient_lab.exchange.current import update_current_state
from bankklient_lab.formats.schema import AMOUNT
from bankklient_lab.jobs import Job

from . import formatting, ui
from .bank_form import BankForm
from .formatting import escape
from .listing import Listing, in_words
from .menu import allowed
from .order_columns import number_text
from .order_drawer import OrderDrawer
from .state import State, follow
from .styles import css
from .table import Column
from .texts import counted, text

BALANCES, POSTED, HELD = "balances", "posted", "held"
MINUTE_SECONDS = 60
_MONEY = ("booked", "available", "held", "amount")
_SHOWN = {
    BALANCES: ("label", "booked", "held", "available", "currency", "listed"),
    POSTED: (
        "label",
        "booking_day",
        "amount",
        "currency",
        "counterparty_name",
        "counterparty_account",
        "variable_symbol",
    ),
    HELD: ("label", "amount", "currency", "order_id", "counterparty_name", "additional_info"),
}
_ORDER = (
    "order_id", "own_account", "counter_account", "amount", "currency", "rejected_on", "reason", "bank_reference",
)  # fmt: skip
_DAYS = ("booking_day", "rejected_on")
_WIDTHS = dict.fromkeys(_MONEY, 130) | dict.fromkeys(_DAYS, 100) | {
    "order_id": 130, "listed": 130, "variable_symbol": 120, "currency": 80,
}  # fmt: skip


class OnLine:
    """The page; its table is of what is chosen above it."""

    def __init__(self, lab: bl.Lab, state: State) -> None:
        self._lab, self._state = lab, state
        self._age = ui.html("", style=css("balancing"))
        self.form: BankForm[None] | None = None
        if allowed(lab, "exchange.current:update_current_state"):
            self.form = BankForm(
                lab, state, self._ask, lambda _nothing: self._asked(), icon="refresh", under_way=text("online.asking")
            )
            self.form.button.label = text("online.ask")
        self.order: OrderDrawer | None = None
        if allowed(lab, "orders.detail:order_detail"):
            self.order = OrderDrawer(lab, state, lambda: None)
        whats = [BALANCES, POSTED, HELD, *SETS]
        self.what = ui.choice(
            {text(f"online.{one.replace(' ', '_')}"): one for one in whats}, BALANCES, stylesheets=[css("tabs")]
        )
        self.lists = {what: self._list(what) for what in whats}
        self._tables = {
            what: ui.column(*([one.search] if what in SETS else []), one.view, visible=what == BALANCES)
            for what, one in self.lists.items()
        }
        self.view = ui.column(
            ui.card(
                ui.heading(text("online.title"), note=text("online.hint")), self._age,
                *(self.form.parts if self.form else ()), gap=10,
            ),
            ui.card(self.what, *self._tables.values(), gap=10),
            *([self.order.view] if self.order else []),
            stylesheets=[ui.WHOLE],
        )  # fmt: skip
        self.what.param.watch(self._chosen, "value")
        follow(state, "online", (), self.refresh)

    def refresh(self) -> None:
        """Say of when the state is."""
        self._age.object = f"<p class='signs'>{escape(self._told())}</p>"
        if self.form is not None:
            self.form.refresh()

    def _told(self) -> str:
        known = current_state(self._lab)
        if known is None:
            return text("online.none")
        minutes = max(0, int((self._lab.clock() - known["stated_at"]).total_seconds()) // MINUTE_SECONDS)
        age = counted("online.minutes", minutes, formatting.count(minutes))
        return text("online.state", at=formatting.moment(known["stated_at"]), age=age, who=known["asked_by"])

    def _ask(self, password: str, job: Job) -> None:
        update_current_state(self._lab, password, job=job)

    def _asked(self) -> None:
        ui.tell(text("online.updated"), kind="success")
        self._state.data_version += 1

    def _chosen(self, event: Any) -> None:
        for what, table in self._tables.items():
            table.visible = what == event.new

    def _list(self, what: str) -> Listing:
        columns = tuple(_column(name) for name in _SHOWN.get(what, _ORDER))
        return Listing(
            self._state, "online", columns, lambda: self._read(what, columns), count="online.count",
            label=text(f"online.{what.replace(' ', '_')}"), placeholder=text("online.nothing"),
            on_open=self._open if self.order and what in SETS else None,
        )  # fmt: skip

    def _open(self, row: dict[str, Any]) -> None:
        """Show the whole order of a row (BNK-063)."""
        assert self.order is not None
        self.order.open(row["number"])

    def _read(self, what: str, columns: Sequence[Column]) -> pa.Table:
        if what == BALANCES:
            rows = current_balances.rows(self._lab)
        elif what in (POSTED, HELD):
            rows = current_entries.rows(self._lab, held=what == HELD)
        else:
            rows = [row for row in current_orders.rows(self._lab) if row["in_set"] == what]
        words = [column.name for column in columns if column.kind == "text"]
        table = in_words(rows, words, **{name: _WORDS[name] for name in words if name in _WORDS})
        for column in columns:
            if column.kind != "text":
                values = [row[column.name] for row in rows]
                table = table.append_column(column.name, pa.array(values, _TYPES[column.kind]))
        if what in SETS:
            table = table.append_column("number", pa.array([row["order_id"] for row in rows], pa.int64()))
        return table


def page(lab: bl.Lab, state: State) -> ui.Viewable:
    """Build the page."""
    return OnLine(lab, state).view


def _column(name: str) -> Column:
    kind = "amount" if name in _MONEY else "day" if name in _DAYS else "text"
    essential = name in ("label", "order_id", "currency", "available", "amount")
    title = "column.currency" if name == "currency" else f"online_column.{name}"
    return Column(name, text(title), kind, _WIDTHS.get(name), essential=essential)


def _reason(row: dict[str, Any]) -> str:
    return " ".join(str(one) for one in (row["reason"], row["reason_name"], row["reason_text"]) if one)


def _listed(row: dict[str, Any]) -> str:
    """Return how many postings there are, and how many of them the bank gave where that is not all (BNK-051)."""
    posted, listed = formatting.count(row["posted"]), formatting.count(row["listed"])
    return posted if row["listed"] == row["posted"] else text("online.of", listed=listed, posted=posted)


_TYPES = {"amount": AMOUNT, "day": pa.date32()}
_WORDS = {
    "order_id": lambda row: number_text(row["order_id"]) if row["order_id"] else "", "reason": _reason,
    "listed": _listed,
}  # fmt: skip
