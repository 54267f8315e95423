"""One order beside its list: what it says, what is wrong and who did what; its steps, and its correction."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

import bankklient_lab as bl
from bankklient_lab.codebooks.codes import Revocation
from bankklient_lab.errors import SuspectedDuplicate
from bankklient_lab.exchange.foreign_listing import ALL, foreign_details
from bankklient_lab.exchange.payees import payee_checks, verify_payees
from bankklient_lab.jobs import Job
from bankklient_lab.orders.creating import CREATES, correct_order
from bankklient_lab.orders.detail import order_detail
from bankklient_lab.orders.kinds import domestic_collection, foreign_payment, kind_named
from bankklient_lab.orders.patterns import save_from_pattern
from bankklient_lab.orders.timeline import order_steps
from bankklient_lab.orders.verification import verify_by_typing
from bankklient_lab.rights.permissions import needed

from . import formatting, ui
from .bank_form import BankForm
from .formatting import escape
from .menu import allowed
from .order_actions import FOR_GOOD, ON_THE_WAY, REJECTION, STEPS, outcome_text
from .order_columns import number_text, status_text, telling
from .order_export import take_order
from .order_fields import fields_of, shown
from .order_form import OrderFields, OrderForm
from .order_words import kind_label, origin_label, reason_label, revocation_label, status_label, step_label
from .state import State
from .styles import css
from .texts import text
from .twins import Twins

CORRECT, SAVE_TAKEN, COPY, TAKE, BACK, SURE = "correct", "save_taken", "copy", "take", "back", "sure "
PAYEE = "verify_payee"
WIDTH = 620
DRAFT = "order "  # and the number: the name of a draft
# What one person mostly wants of an order comes first.
ORDER_OF_STEPS = ("verify", "confirm", CORRECT, "include", "exclude", "cancel_verification", "cancel_confirmation",
                  *FOR_GOOD)  # fmt: skip


class OrderDrawer:
    """The drawer; `changed` is called after each step."""

    def __init__(self, lab: bl.Lab, state: State, changed: Callable[[], object], *, verifying: bool = False) -> None:
        """Make it closed; `verifying`: what is typed again to verify an order is asked for here and not told."""
        self._lab, self._state, self._changed, self._verifying = lab, state, changed, verifying
        self.order: dict[str, Any] = {}
        self._details = allowed(lab, "exchange.foreign_listing:foreign_details")
        self._head = ui.html("", style=css("order"))
        self._body = ui.html("", style=css("order"))
        self._bar = OrderFields(margin=0, sizing_mode="stretch_width")  # type: ignore[no-untyped-call]
        self.twins = Twins()
        self.correction = OrderForm(
            lab, state, self._correct, on_twins=self.twins.show, on_back=(text("orders.back"), self._show)
        )
        self.typing = OrderForm(lab, state, self._verify_by_typing, checked=False)
        self.payee: BankForm[list[dict[str, Any]]] = BankForm(
            lab, state, self._payee_of_bank, self._answered, icon="how_to_reg", under_way=text("online.asking")
        )
        self.payee.button.label = step_label(PAYEE)
        self._asking = ui.column(*self.payee.parts, gap=8, visible=False)
        self.view = ui.drawer(
            self._head, self._bar, self._asking, self.typing.view, self.correction.view, self.twins.view, self._body,
            width=WIDTH,
        )  # fmt: skip
        self._bar.param.watch(lambda event: self._pressed(event.new["button"]), "pressed")

    def open(self, order_id: int) -> None:
        """Show an order."""
        with ui.told():
            self.order = order_detail(self._lab, order_id)
            self._show()
            self.view.open = True

    def correct(self) -> None:
        """Show the form that changes the order."""
        order = self.order
        texts = {item["name"]: item["value"] or "" for item in order["items"]}
        self._put(self.correction)
        self.correction.show(
            order["kind"], texts, name=f"{DRAFT}{order['order_id']}", order_id=order["order_id"],
            button=text("orders.save_correction"),
        )  # fmt: skip

    def _show(self) -> None:
        order = self.order
        items = order["to_type"]
        by_typing = bool(items) and self._verifying
        told = _without(order, items) if by_typing else order
        self._head.object = _head(told)
        self._body.object = (
            _facts(told)
            + _payee([] if by_typing else payee_checks.rows(self._lab, order["order_id"]))
            + _answer(told)
            + self._booked()
            + _items(told)
            + _timeline(order_steps.rows(self._lab, order["order_id"]))
        )
        self._put(self.typing if by_typing else None)
        if by_typing:
            self.typing.show(order["kind"], {}, only=items, button=text("orders.verify_typed"))
        # What would show or repeat what is to be typed waits in the page Orders.
        steps = [name for name in ORDER_OF_STEPS if name in order["steps"]]
        others = [*self._checking(), *self._on_the_way(), *self._rejected(), *self._copying()]
        names = [] if by_typing else [*self._saving(), *steps, *others]
        self._offer([{"name": name, "label": step_label(name)} for name in names])
        if not by_typing:
            self._bar.goal = {"name": "", "number": self._bar.goal.get("number", 0) + 1}

    def _booked(self) -> str:
        """Return what the bank told of a foreign payment when it had booked it, for those who may see it."""
        order = self.order
        if order["kind"] != foreign_payment.KIND.name or not order["sent_batch"] or not self._details:
            return ""
        rows = foreign_details.rows(self._lab, ALL, order_id=order["order_id"])
        lines = [
            line
            for one in rows
            if one["detail_id"]
            for line in (
                (text("foreign_column.booking_day"), formatting.day(one["booking_day"])),
                (text("foreign_fact.total_debited"), formatting.money(one["total"], one["account_currency"])),
                (text("foreign_fact.bank_reference"), one["bank_reference"]),
                (text("foreign_fact.batch"), one["batch"]),
            )
        ]
        return f"<h3>{escape(text('foreign.booked'))}</h3>{formatting.facts(lines)}" if lines else ""

    def _saving(self) -> list[str]:
        """Return the step that saves what came complete from a pattern or a file, as long as nothing was changed."""
        order = self.order
        waits = not order["saved"] and not order["errors"]
        return [SAVE_TAKEN] if waits and {CORRECT, "save"} & set(order["steps"]) else []

    def _checking(self) -> list[str]:
        """Return the question to the bank whose the account is, which comes before a payment is confirmed."""
        pays = self.order["kind"] != domestic_collection.KIND.name and self.order["counter_name"]
        return [PAYEE] if pays and "confirm" in self.order["steps"] else []

    def _on_the_way(self) -> list[str]:
        """Return what can be done to a sent order that the bank has not settled, as far as the caller may."""
        if not self.order["in_process"]:
            return []
        marked = self.order["revocation"] == Revocation.INCLUDED
        left_out = "mark_for_revocation" if marked else "unmark_for_revocation"
        held = self._lab.rights.held(self._lab.caller)
        return [
            name for name, step in ON_THE_WAY.items() if name != left_out and needed(step.declared.needs).holds(held)
        ]

    def _rejected(self) -> list[str]:
        """Return what takes a rejected order off its list, as long as it is there, for whom it may."""
        held = self._lab.rights.held(self._lab.caller)
        may = needed(STEPS[REJECTION][0].declared.needs).holds(held)
        return [REJECTION] if may and self.order["rejection_listed"] else []

    def _copying(self) -> list[str]:
        may = needed(CREATES).holds(self._lab.rights.held(self._lab.caller))
        known = all(item["value"] is not None for item in self.order["items"] if item["name"] == "amount")
        return [*([COPY] if may and known else []), *([] if self._verifying else [TAKE])]

    def _offer(self, buttons: list[dict[str, str]]) -> None:
        self._bar.buttons = buttons
        self._bar.visible = bool(buttons)

    def _put(self, form: OrderForm | None) -> None:
        """Show one of the forms, or the order as it is."""
        for one in (self.typing, self.correction):
            one.view.visible = one is form
        self._asking.visible = False
        self._bar.visible = form is not self.correction
        self._body.visible = form is not self.correction
        self.twins.show(None)

    def _pressed(self, button: str) -> None:
        with ui.told():
            if button == CORRECT:
                self.correct()
            elif button == SAVE_TAKEN:
                self._save_taken()
            elif button == COPY:
                self._copy()
            elif button == PAYEE:
                self._ask_for_payee()
            elif button == TAKE:
                take_order(self._lab, self._state, self.order["order_id"])
            elif button == "verify" and self.order["to_type"]:  # there they are asked for
                self.view.open = False
                self._state.page = "todo"
            elif button == BACK:
                self._bar.notes = []
                self._show()
            elif button in (*FOR_GOOD, "stop_watching"):
                self._bar.notes = [text(f"orders.before_{button}")]
                self._offer([{"name": SURE + button, "label": text(f"orders.sure_{button}")},
                             {"name": BACK, "label": text("orders.back")}])  # fmt: skip
            else:
                ui.attempt(lambda: self._step(button.removeprefix(SURE)))

    def _ask_for_payee(self) -> None:
        """Ask the bank at once, or ask for the password of the key first."""
        self.payee.problem.visible = False
        self.payee.refresh()
        self._asking.visible = True
        if self.payee.form.visible and not self.payee.password.visible:
            self.payee.start()

    def _payee_of_bank(self, password: str, job: Job) -> list[dict[str, Any]]:
        return verify_payees(self._lab, [self.order["order_id"]], password, job=job)

    def _answered(self, told: list[dict[str, Any]]) -> None:
        """Show the order with what the bank said, if it is still the one that is open."""
        if self.order["order_id"] in [one["order_id"] for one in told]:
            self._show()

    def _step(self, name: str) -> None:
        order = self.order
        self._bar.notes = []
        if name in ON_THE_WAY:
            outcome = ON_THE_WAY[name](self._lab, [order["order_id"]])
        else:
            outcome = STEPS[name][0](self._lab, [order["order_id"]], versions=[order["version"]])
        self._done(outcome_text(name, outcome), gone=name == "delete")

    def _save_taken(self) -> None:
        try:
            order = self.order
            if order["origin"] == "creation":
                made = save_from_pattern(self._lab, order["order_id"])
            else:  # a foreign payment of a file, which needs less to be saved than to be corrected (ADM-299)
                made = correct_order(self._lab, order["order_id"], {}, version=order["version"])
        except SuspectedDuplicate as error:  # the form asks for the reason
            self.correct()
            self.correction.refuse(error)
        else:
            self._done(text("orders.corrected", status=status_label(made["status"])))

    def _verify_by_typing(self, values: dict[str, str], _reason: str, _duplicate: str) -> None:
        outcome = verify_by_typing(self._lab, self.order["order_id"], values)
        self._done(outcome_text("verify", outcome))

    def _correct(self, values: dict[str, str], reason: str, duplicate: str) -> None:
        order = self.order
        made = correct_order(
            self._lab, order["order_id"], values, reason=reason, duplicate=duplicate, version=order["version"]
        )
        self.correction.forget()
        told = text("orders.corrected", status=status_label(made["status"]))
        self._done(" ".join([told, *made["warnings"]]), kind="warning" if made["warnings"] else "success")

    def _copy(self) -> None:
        """Begin a new order with what this one says."""
        order, kind = self.order, kind_named(self.order["kind"])
        known = {name for one in fields_of(kind) for name in one.items}
        texts = {item["name"]: item["value"] for item in order["items"] if item["name"] in known and item["value"]}
        texts.pop("maturity_date", None)
        self.view.open = False
        self._state.copied = {"kind": order["kind"], "texts": texts}
        self._state.page = "create"

    def _done(self, message: str, *, kind: str = "success", gone: bool = False) -> None:
        self._state.noted()
        ui.tell(message, kind=kind)
        if gone:
            self.view.open = False
        else:
            self.open(self.order["order_id"])
        self._changed()


def _without(order: Mapping[str, Any], items: Collection[str]) -> dict[str, Any]:
    """Return an order without what tells the items, which are to be typed."""
    hidden = telling(kind_named(order["kind"]), items)
    kept = [item | ({"value": None} if item["name"] in items else {}) for item in order["items"]]
    return {name: None if name in hidden else value for name, value in order.items()} | {"items": kept}


def _head(order: Mapping[str, Any]) -> str:
    amount = formatting.money(order["amount"], order["currency"] or "")
    to = order["counter_name"] or order["counter_account"] or ""
    status = status_text(order["status"])
    state = f"<b class='state' data-mark='{escape(status[:1])}'>{escape(status)}</b>"
    wrong = "".join(f"<li><b>{error['code']}</b> {escape(error['text'])}</li>" for error in order["errors"])
    errors = f"<ul class='errors'>{wrong}</ul>" if wrong else ""
    unsaved = f"<p class='warn'>{escape(text('orders.unsaved'))}</p>" if not order["saved"] else ""
    return (
        f"<p class='muted'>{escape(kind_label(order['kind']))} \u00b7 {escape(number_text(order['order_id']))}</p>"
        f"<h2>{escape(to)}</h2><div class='amount'>{escape(amount)}</div>{state}{errors}{unsaved}"
    )


def _facts(order: Mapping[str, Any]) -> str:
    people = [
        (text(f"order_column.{step}_by"), f"{order[f'{step}_by']}, {formatting.moment(order[f'{step}_at'])}")
        for step in ("created", "corrected", "verified", "confirmed", "confirmed_again")
        if order[f"{step}_by"]
    ]
    lines = [
        (text("order_column.own_account"), order["own_account"]),
        (text("order_column.counter_account"), formatting.iban(order["counter_account"])),
        (text("order_column.maturity"), formatting.day(order["maturity"])),
        (text("order_column.origin"), origin_label(order["origin"])),
        (text("order_column.duplicate_reason"), order["duplicate_reason"]),
        *people,
    ]
    return formatting.facts(lines)


def _payee(checks: list[dict[str, Any]]) -> str:
    """Return what the bank said of the payee; nothing when it was not asked since the order says what it says."""
    for one in checks:
        told = text(f"orders.payee_{one['answer']}", name=one["name"], bank_name=one["bank_name"] or "")
        asked = f"{formatting.moment(one['asked_at'])}, {one['asked_by']}"
        mark = "" if one["answer"] == "MTCH" else " class='warn'"
        return f"<h3>{escape(text('orders.payee'))}</h3><p{mark}>{escape(told)} <small>{escape(asked)}</small></p>"
    return ""


def _answer(order: Mapping[str, Any]) -> str:
    """Return what became of an order since a batch took it; nothing of one that none has taken."""
    if not order["sent_batch"]:
        return ""
    reason = f"{order['reason']} \u00b7 {reason_label(order['reason'])}" if order["reason"] else ""
    settled = formatting.money(order["settled"], order["currency"]) if order["settled"] else ""
    lines = [
        (text("order_column.sent_batch"), order["sent_batch"]),
        (text("order_column.reason"), reason),
        (text("order_column.reason_text"), order["reason_text"]),
        (text("order_column.bank_reference"), order["bank_reference"]),
        (text("order_column.held"), formatting.money(order["held"], "") if order["held"] else ""),
        (text("order_column.settled"), settled),
        (text("order_column.revocation"), revocation_label(order["revocation"]) if order["revocation"] else ""),
    ]
    return f"<h3>{escape(text('orders.answer'))}</h3>{formatting.facts(lines)}"


def _items(order: Mapping[str, Any]) -> str:
    """Return what the other fields hold; what is said above or empty is left out."""
    kind = kind_named(order["kind"])
    texts = shown(kind, {item["name"]: item["value"] for item in order["items"]})
    above = {"own_account", "counter_account", "recipient_account", "amount", "currency", "maturity_date"}
    lines = [(one.label, texts[one.name]) for one in fields_of(kind) if one.name not in above]
    hidden = [(item["label"], item["value"]) for item in order["items"] if item["part"] == "import"]
    told = formatting.facts([*lines, *hidden])
    return f"<h3>{escape(text('orders.items'))}</h3>{told}" if told else ""


def _timeline(steps: list[dict[str, Any]]) -> str:
    rows = "".join(
        f"<li><time>{escape(formatting.moment(one['done_at']))}</time><span><b>{escape(step_label(one['action']))}</b>"
        f" \u2192 {escape(status_label(one['status'] or ''))}"
        f"<small>{escape(_by_whom(one))}</small></span></li>"
        for one in reversed(steps)
    )
    return f"<h3>{escape(text('orders.timeline'))}</h3><ol>{rows}</ol>"


def _by_whom(step: Mapping[str, Any]) -> str:
    who = step["done_by"] or text("orders.system")
    signed = text("orders.signed") if step["signed"] else ""
    return " \u00b7 ".join(part for part in (who, step["channel"], step["note"] or "", signed) if part)
