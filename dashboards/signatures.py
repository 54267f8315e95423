"""Waiting for signatures: batches that go out once their orders are signed, signing one, and who may sign what."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

import bankklient_lab as bl
from bankklient_lab.balancing.balance import key_for_balancing
from bankklient_lab.balancing.signature_rights import SEES
from bankklient_lab.balancing.signatures import orders_to_sign, sign_batch, sums_to_sign, waiting_signatures
from bankklient_lab.errors import LabError
from bankklient_lab.rights.permissions import needed

from . import formatting, ui
from .balancing_summary import orders_text
from .batch_words import batch_type_label
from .form import PASSWORD, Field, Form
from .formatting import escape
from .key_words import password_hint, password_label
from .listing import Listing, in_words
from .menu import allowed
from .order_words import kind_label
from .signature_rights import SignatureRights
from .state import State
from .styles import css
from .table import Column
from .texts import counted, text

ORDERS_MAX = 500  # of a batch, shown on the page


class Signatures:
    """The page; its parts are there for those who may use them."""

    def __init__(self, lab: bl.Lab, state: State) -> None:
        self.waiting = Waiting(lab, state) if allowed(lab, "balancing.signatures:waiting_signatures") else None
        self.rights = SignatureRights(lab, state)
        parts = (self.waiting, self.rights)
        self.view = ui.column(*(part.view for part in parts if part is not None), stylesheets=[ui.WHOLE])


class Waiting:
    """The card with the batches, and the drawer in which one is looked at and signed."""

    def __init__(self, lab: bl.Lab, state: State) -> None:
        self._lab, self._state = lab, state
        self._raw: dict[str, dict[str, Any]] = {}
        self._chosen: dict[str, Any] = {}
        self._facts = ui.html("", style=css("facts"))
        self._place = ui.column(gap=14)
        self.form: Form | None = None
        self.orders = ui.html("", style=css("balancing"))
        self.drawer = ui.drawer(self._facts, self.orders, self._place, width=760)
        self.list = Listing(
            state, "signatures", _columns(), self._read, count="signatures.count", label=text("signatures.title"),
            on_open=lambda row: self.open(row["batch_id"]), placeholder=text("signatures.none"), rows_high=8,
        )  # fmt: skip
        self.view = ui.column(
            ui.card(ui.heading(text("signatures.title"), note=text("signatures.hint")), self.list.view),
            self.drawer, gap=0,
        )  # fmt: skip

    def _read(self) -> pa.Table:
        rows = waiting_signatures.rows(self._lab)
        self._raw = {str(row["batch_id"]): row for row in rows}
        return in_words(
            rows, ["batch_id", *(column.name for column in _columns())],
            batch_type=lambda row: batch_type_label(row["batch_type"]),
            orders=lambda row: formatting.count(row["orders"]),
            lacking=lambda row: formatting.count(row["lacking"]),
            yours=lambda row: text("signatures.yours" if row["counts_for"] else "signatures.others"),
            created_at=lambda row: formatting.moment(row["created_at"]),
        )  # fmt: skip

    def open(self, batch_id: str) -> None:
        """Show one batch with its orders, and the form that signs it where the user's signature would count."""
        batch = self._chosen = self._raw[batch_id]
        lines = (
            (text("unsent.type"), batch_type_label(batch["batch_type"])),
            (text("signatures.signed_by"), batch["signed_by"] or text("signatures.nobody")),
            (text("signatures.lacking"), formatting.count(batch["lacking"])),
            (text("unsent.created_at"), f"{formatting.second(batch['created_at'])} ({batch['created_by']})"),
            (text("signatures.sha256"), " ".join(batch["sha256"][at : at + 8] for at in range(0, 64, 8))),
        )
        self._facts.object = formatting.facts(lines, text("unsent.one", order=batch["batch_order"]))
        self.orders.object = self._orders(batch["batch_id"])
        self.form = None
        self._place.objects = [self._signing(batch)]
        self.drawer.open = True

    def _signing(self, batch: dict[str, Any]) -> Any:
        """Return the form that signs, or why the user can't."""
        if not batch["counts_for"]:
            return ui.notice(text("signatures.not_yours"), severity="info")
        try:
            key = key_for_balancing(self._lab)
        except LabError as error:
            return ui.notice(formatting.sentence(error.message), severity="warning")
        asked, hint = password_label(key["title"], key["card"]), password_hint(key["card"])
        field = Field("password", asked, PASSWORD, required=True, help=hint)
        number = batch["counts_for"]
        told = counted("signatures.sign", number, formatting.count(number))
        self.form = Form(self._state, [field], self._sign, button=told)
        return self.form.view

    def _sign(self, values: dict[str, Any]) -> None:
        assert self.form is not None
        self.form.fill({})  # takes the password out of its field
        done = sign_batch(self._lab, self._chosen["batch_id"], self._chosen["sha256"], values["password"])
        self.drawer.open = False
        free = "signatures.free" if not done["lacking"] else "signatures.lacks"
        ui.tell(text(free, order=done["batch_order"], n=formatting.count(done["lacking"])))
        self.list.refresh()

    def _orders(self, batch_id: int) -> str:
        """Return the orders with their sums; of many, the first ones."""
        rows = orders_to_sign.rows(self._lab, batch_id)
        sums = {row["currency"]: row["amount"] for row in sums_to_sign.rows(self._lab, batch_id)}
        lines = "".join(_line(row) for row in rows[:ORDERS_MAX])
        more = len(rows) - ORDERS_MAX
        left = text("signatures.more", n=formatting.count(more)) if more > 0 else ""
        return (
            f"<p class='signs'>{escape(orders_text(len(rows), sums))}</p>"
            f"<table aria-label='{escape(text('signatures.orders'))}'><tbody>{lines}</tbody></table>"
            f"<p class='muted'>{escape(left)}</p>"
        )


def _line(row: dict[str, Any]) -> str:
    state = "signed" if not row["lacking"] else "you_can" if row["counts"] else "lacks_another"
    kind = f"{kind_label(row['kind'])}, {text(f'signatures.{state}')}"
    accounts = f"{formatting.iban(row['own_account'])} \u00b7 {row['counter_account']}"
    return (
        f"<tr><td>{escape(kind)}<br>{escape(accounts)}</td>"
        f"<td class='n'>{escape(formatting.money(row['amount'], row['currency']))}</td></tr>"
    )


def page(lab: bl.Lab, state: State) -> ui.Viewable:
    """Build the page."""
    lab.rights.demand(lab.caller, needed(SEES), "signatures")
    return Signatures(lab, state).view


def _columns() -> tuple[Column, ...]:
    return (
        Column("batch_order", text("unsent.batch"), width=104),
        Column("batch_type", text("unsent.type"), essential=False),
        Column("orders", text("unsent.records"), width=90, essential=False),
        Column("lacking", text("signatures.lacking_short"), width=110, essential=False),
        Column("signed_by", text("signatures.signed_by"), essential=False),
        Column("yours", text("signatures.whose"), width=130),
        Column("created_at", text("unsent.created_at"), width=136, essential=False),
        Column("created_by", text("unsent.created_by"), width=90, essential=False),
    )
