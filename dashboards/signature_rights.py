"""Who may sign what: the rights to sign batches, giving one and taking one away."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pyarrow as pa

import bankklient_lab as bl
from bankklient_lab.balancing.signature_rights import (
    KEY_KINDS,
    give_signature_right,
    signature_rights,
    take_signature_right,
)
from bankklient_lab.codebooks import names
from bankklient_lab.money import parse_amount

from . import formatting, ui
from .form import CHOICE, YES_NO, Field, Form
from .listing import Listing, in_words
from .menu import allowed
from .state import State
from .styles import css
from .sure import Sure
from .table import Column
from .texts import section, text


class SignatureRights:
    """The card with the rights, and for administrators the drawers that give and take one."""

    def __init__(self, lab: bl.Lab, state: State) -> None:
        self._lab = lab
        self._raw: dict[str, dict[str, Any]] = {}
        self._right_id = 0
        may = allowed(lab, "balancing.signature_rights:give_signature_right")
        self.list = Listing(
            state, "signatures", _columns(), self._read, count="signature_rights.count",
            label=text("signature_rights.title"), placeholder=text("signature_rights.none"), rows_high=8,
            on_open=self.open if may else None,
        )  # fmt: skip
        self.form = Form(state, _fields(), self._give, button=text("signature_rights.give"))
        self.giving = ui.drawer(ui.heading(text("signature_rights.new")), self.form.view, width=520)
        self._facts = ui.html("", style=css("facts"))
        self.sure = Sure(text("signature_rights.take"), text("signature_rights.take_really"), self._take)
        self.taking = ui.drawer(self._facts, self.sure.view)
        self.view = ui.column(
            ui.card(
                ui.heading(text("signature_rights.title"), note=text("signature_rights.hint")),
                ui.row(ui.button(text("signature_rights.new"), self._open_form, icon="draw"), visible=may),
                self.list.view,
            ),
            self.giving, self.taking, gap=0,
        )  # fmt: skip

    def open(self, row: dict[str, Any]) -> None:
        """Show one right, to be taken away."""
        one = self._raw[row["right_id"]]
        self._right_id = one["right_id"]
        lines = ((column.title, row[column.name]) for column in _columns())
        self._facts.object = formatting.facts(lines, one["user"])
        self.sure.reset()
        self.taking.open = True

    def _open_form(self) -> None:
        self.form.fill({"signature_class": "E", "key_kind": ""})
        self.giving.open = True

    def _give(self, values: dict[str, Any]) -> None:
        limits = {name: _amount(values[name]) for name in ("order_max", "day_max")}
        give_signature_right(
            self._lab, values["user"], values["signature_class"], values["currency"],
            account=values["account"], own_orders=values["own_orders"], key_kind=values["key_kind"], **limits,
        )  # fmt: skip
        self.giving.open = False
        ui.tell(text("signature_rights.given", user=values["user"]))
        self.list.refresh()

    def _take(self) -> None:
        take_signature_right(self._lab, self._right_id)
        self.taking.open = False
        ui.tell(text("signature_rights.taken"))
        self.list.refresh()

    def _read(self) -> pa.Table:
        rows = signature_rights.rows(self._lab)
        self._raw = {str(row["right_id"]): row for row in rows}
        return in_words(
            rows, ["right_id", *(column.name for column in _columns())],
            user=lambda row: " \u00b7 ".join(filter(None, (row["user"], row["user_name"]))),
            signature_class=lambda row: class_label(row["signature_class"]),
            account=lambda row: formatting.iban(row["account"]) or text("signature_rights.every"),
            order_max=lambda row: _limit(row["order_max"], row["currency"]),
            day_max=lambda row: _limit(row["day_max"], row["currency"]),
            own_orders=lambda row: text("keys.yes") if row["own_orders"] else "",
            key_kind=lambda row: key_kind_label(row["key_kind"]),
        )  # fmt: skip


def class_label(code: str) -> str:
    """Return a class of signature with its name, such as "A · first"."""
    return f"{code} \u00b7 {section('signature_class').get(code, names('signature_classes')[code])}"


def key_kind_label(kind: str) -> str:
    """Return a kind of key that a right asks for."""
    return text(f"signature_rights.key_{kind or 'any'}")


def _limit(amount: Decimal | None, currency: str) -> str:
    return text("signature_rights.any", currency=currency) if amount is None else formatting.money(amount, currency)


def _amount(typed: str) -> Decimal | None:
    return parse_amount(typed) if typed else None


def _fields() -> list[Field]:
    classes = {class_label(code): code for code in names("signature_classes")}
    kinds = {key_kind_label(kind): kind for kind in KEY_KINDS}
    return [
        Field("user", text("keys.user"), required=True),
        Field("signature_class", text("signature_rights.class"), CHOICE, options=classes),
        Field("currency", text("column.currency"), required=True, chars=3, help=text("signature_rights.help_currency")),
        Field("account", text("signatures.own_account"), help=text("signature_rights.help_account")),
        Field("order_max", text("signature_rights.order_max"), help=text("signature_rights.help_limit")),
        Field("day_max", text("signature_rights.day_max"), help=text("signature_rights.help_limit")),
        Field("key_kind", text("signature_rights.key_kind"), CHOICE, options=kinds),
        Field("own_orders", text("signature_rights.own_orders"), YES_NO, help=text("signature_rights.help_own_orders")),
    ]


def _columns() -> tuple[Column, ...]:
    return (
        Column("user", text("keys.user")),
        Column("signature_class", text("signature_rights.class"), width=130),
        Column("account", text("signatures.own_account"), essential=False),
        Column("order_max", text("signature_rights.order_max"), width=150, essential=False),
        Column("day_max", text("signature_rights.day_max"), width=150, essential=False),
        Column("own_orders", text("signature_rights.own_orders"), width=110, essential=False),
        Column("key_kind", text("signature_rights.key_kind"), width=130, essential=False),
    )
