"""The form of an order: creating, correcting and verifying by typing fill in the same fields, made from the kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import panel as pn
import param

import bankklient_lab as bl
from bankklient_lab.errors import BadArgument, LabError, ProofNeeded, SuspectedDuplicate, UnknownName, WrongOrder
from bankklient_lab.orders.counterparties import counterparty_register, counterparty_values
from bankklient_lab.orders.creating import CREATES, check_order
from bankklient_lab.orders.kinds import kind_named
from bankklient_lab.orders.kinds.kind import Kind
from bankklient_lab.orders.layouts import current_layout
from bankklient_lab.orders.offers import COUNTERPARTIES, order_offers
from bankklient_lab.orders.patterns import pattern_values
from bankklient_lab.rights.permissions import needed

from . import formatting, ui
from .order_fields import WHOLE_ORDER, OrderField, arranged, field_of, fields_of, fields_with, shown
from .refresh import Refresh
from .state import State
from .styles import css
from .texts import text

REASON, BEGINNING, PATTERNS = "duplicate_reason", "beginning", "patterns"
SAVE, BACK = "save", "back"


class OrderFields(pn.custom.JSComponent):
    """The fields in the browser, with their pick lists and the keyboard."""

    fields = param.List(default=[], doc="What order_fields.OrderField.described tells of each.")
    values = param.Dict(default={}, doc="What the fields begin with, taken when `filled` grows.")
    filled = param.Integer(default=0)
    lists = param.Dict(default={}, doc="Codebook -> rows of code, name, note.")
    problems = param.Dict(default={}, doc="Field (empty: the whole order) -> dicts of code and text.")
    meanings = param.Dict(default={}, doc="Field -> how its text is understood.")
    notes = param.List(default=[], item_type=str, doc="Warnings.")
    hidden = param.List(default=[], item_type=str, doc="Fields that are not shown now.")
    buttons = param.List(default=[], doc="Dicts of name and label; the first is the one that Ctrl+Enter presses.")
    words = param.Dict(default={}, doc="form, more, wrong")
    goal = param.Dict(default={}, doc="The field that gets the focus (empty: the first), and a running number.")
    typed = param.Dict(default={}, doc="All values after a change, and a running number.")
    filling = param.List(default=[], item_type=str, doc="Lists of which a row fills several fields.")
    taken = param.Dict(default={}, doc="List and value of such a row, all values, and a running number.")
    merged = param.Dict(default={}, doc="Values to put into fields beside what is there, and a running number.")
    pressed = param.Dict(default={}, doc="The button, all values, and a running number.")

    _stylesheets = [css("order_form")]  # noqa: RUF012 - the library's own way
    _esm = Path(__file__).with_name("order_form.js")


class OrderForm:
    """The form with its checks while one types; `save` gets the values by field, the reason and how a twin is kept."""

    def __init__(
        self,
        lab: bl.Lab,
        state: State,
        save: Callable[[dict[str, str], str, str], object],
        *,
        checked: bool = True,
        on_twins: Callable[[Mapping[str, Any] | None], object] | None = None,
        on_back: tuple[str, Callable[[], object]] | None = None,
    ) -> None:
        """`on_twins` is told of orders that pay the same (orders.suspecting.dialogue), None when there is none.

        `on_back` is the label of the button that drops what was typed, and what comes then.
        """
        self._lab, self._state, self._save = lab, state, save
        self._checked, self._on_twins, self._on_back = checked, on_twins, on_back
        self.kind: Kind | None = None
        self.order_id: int | None = None
        self._name = ""
        self._given: dict[str, str] = {}  # what the fields began with
        self._under: dict[str, str] = {}  # items that no field shows as long as it is empty, such as the own bank
        self._now: dict[str, str] = {}  # what they hold
        self._patterns: dict[str, int] = {}
        self._buttons: list[dict[str, str]] = []
        self._showing = 0  # grows with each order that is shown: what was found of an earlier one comes too late
        self.view = OrderFields(margin=0, sizing_mode="stretch_width")  # type: ignore[no-untyped-call]
        self._checking: Refresh[dict[str, Any]] = Refresh(
            state, self._prepare, self._show_check, lambda sentence: self._show_problem(sentence)
        )
        self.view.param.watch(lambda event: self._typed(event.new["values"]), "typed")
        self.view.param.watch(lambda event: self._taken(event.new), "taken")
        self.view.param.watch(lambda event: self._pressed(event.new["button"], event.new["values"]), "pressed")

    def show(
        self,
        kind: str,
        texts: Mapping[str, Any],
        *,
        name: str = "",
        order_id: int | None = None,
        only: Sequence[str] = (),
        without: Sequence[str] = (),
        locked: Sequence[str] = (),
        button: str = "",
        patterns: Sequence[tuple[int, str, str]] = (),
        focus: bool = True,
    ) -> None:
        """Show texts of a kind's items, or the draft of this name when there is one.

        `order_id` is the order that is corrected, None for a new one. `only` are the items to show (none: all but those
        `without`), `locked` those that can't be changed; `patterns` (id, name, note) can be taken over.
        """
        self.kind, self.order_id, self._name = kind_named(kind), order_id, name
        draft = self._state.restored.get(name) or self._state.drafts.get(name) or {}
        fields = tuple(one for one in fields_of(self.kind) if not set(one.items) & set(without))
        if only:
            fields = tuple(replace(one, part="main") for one in fields_with(self.kind, only))
        values = shown(self.kind, texts)
        self._given = {one.name: values[one.name] for one in fields}
        unseen = [item for one in fields if not values[one.name] for item in one.items]
        self._under = {item: texts[item] for item in unseen if texts.get(item)}
        self._now = self._given | draft
        back = [{"name": BACK, "label": self._on_back[0]}] if self._on_back is not None else []
        self._buttons = [{"name": SAVE, "label": button or text("order.save")}, *back]
        self._showing += 1
        if self._checked:
            fields = arranged(fields, current_layout(self._lab, kind)) if self._may_create() else fields
        described = [one.described(locked=bool(set(one.items) & set(locked))) for one in fields]
        if self._checked:
            described.append(_reason().described())
        if patterns:
            described.insert(0, _beginning().described())
        lists = self._offers(fields)
        self._patterns = {name: pattern_id for pattern_id, name, _ in patterns}
        lists[PATTERNS] = [[name, "", note] for _, name, note in patterns]
        self.view.param.update(
            lists=lists, filling=[PATTERNS, COUNTERPARTIES], values=self._now, buttons=self._buttons,
            hidden=[REASON, *self._empty(fields, lists)],
            problems={}, meanings={},
            notes=[], words={"form": self.kind.label, "more": text("order.more"), "wrong": text("order.wrong")},
        )  # fmt: skip
        if described != self.view.fields:
            self.view.fields = described
        self.view.filled += 1
        if focus:
            self.focus()
        if draft:
            self._typed(self._now)

    def focus(self, name: str = "") -> None:
        """Put the cursor into a field, the first one without a name."""
        self.view.goal = {"name": name, "number": self.view.goal.get("number", 0) + 1}

    def forget(self) -> None:
        """Drop the draft."""
        state = self._state
        state.drafts = {name: one for name, one in state.drafts.items() if name != self._name}
        state.restored = {name: one for name, one in state.restored.items() if name != self._name}

    def refuse(self, error: LabError) -> None:
        """Say why something is not saved: at the fields that the error names, else above the button."""
        assert self.kind is not None
        if isinstance(error, WrongOrder):
            errors: Any = error.details["errors"]
            self._show_errors(errors)
        elif isinstance(error, SuspectedDuplicate):
            self._show_twins(error.details, asked=True)
        elif isinstance(error, BadArgument) and error.details.get("item"):
            self._show_problem(error.message, field_of(self.kind, str(error.details["item"])))
        else:
            self._show_problem(error.message)

    def _offers(self, fields: Sequence[OrderField]) -> dict[str, Any]:
        assert self.kind is not None
        return order_offers(self._lab, self.kind.name) if any(one.codebook for one in fields) else {}

    def _empty(self, fields: Sequence[OrderField], lists: Mapping[str, Any]) -> list[str]:
        """Return the fields that take only what an empty codebook would offer (ORD-154); those filled in stay."""
        assert self.kind is not None
        taking = {item.name for item in self.kind.items if item.only_offered}
        return [
            one.name
            for one in fields
            if taking.issuperset(one.items) and not lists.get(one.codebook) and not self._given[one.name]
        ]

    def _taken(self, row: Mapping[str, Any]) -> None:
        """Fill the form with what a pattern or a counterparty says; of a counterparty only what is still empty."""
        assert self.kind is not None
        self._now = dict(row["values"])
        with ui.told():
            if row["list"] == PATTERNS:
                texts = pattern_values(self._lab, self._patterns[row["value"]])
                found = {name: value for name, value in shown(self.kind, texts).items() if value}
            else:
                texts = counterparty_values(self._lab, self._counterparty(row["value"]), self.kind.name)
                found = {
                    name: value for name, value in shown(self.kind, texts).items() if value and not self._now.get(name)
                }
            self._merge(found)

    def _merge(self, values: Mapping[str, str]) -> None:
        """Put values into fields beside what is there."""
        self.view.merged = {"values": dict(values), "number": self.view.merged.get("number", 0) + 1}

    def _counterparty(self, account: str) -> int:
        rows = counterparty_register.rows(self._lab, account)
        found = next((int(row["counterparty_id"]) for row in rows if row["account"] == account), None)
        if found is None:  # the list was read when the form was shown
            raise UnknownName("counterparty", account, "it was taken out of the register meanwhile; type the account")
        return found

    def _may_create(self) -> bool:
        return needed(CREATES).holds(self._lab.rights.held(self._lab.caller))

    def _typed(self, values: Mapping[str, str]) -> None:
        self._keep_draft(values)
        self._now = dict(values)
        if self._checked:
            self._checking.start()

    def _prepare(self) -> Callable[[], dict[str, Any]]:
        lab, values, order_id = self._lab, self._entered(self._now), self.order_id
        assert self.kind is not None
        kind, showing = self.kind.name, self._showing

        def read() -> dict[str, Any]:
            return check_order(lab, kind, values, order_id=order_id) | {"showing": showing}

        return read

    def _show_check(self, found: dict[str, Any]) -> None:
        if found["showing"] != self._showing:
            return
        self._show_errors(found["errors"], found)
        self._show_twins(found if found["twins"] else None)

    def _show_errors(self, errors: Sequence[Mapping[str, Any]], found: Mapping[str, Any] | None = None) -> None:
        assert self.kind is not None
        problems: dict[str, list[dict[str, Any]]] = {}
        here = {one["name"] for one in self.view.fields}
        for error in errors:
            name = field_of(self.kind, error["item"])
            problems.setdefault(name if name in here else WHOLE_ORDER, []).append(
                {"code": error["code"], "text": error["text"]}
            )
        told = {} if found is None else {
            "notes": list(found["warnings"]), "meanings": self._meanings(found.get("values", {})),
        }  # fmt: skip
        self.view.param.update(problems=problems, **told)

    def _show_problem(self, sentence: str, name: str = WHOLE_ORDER) -> None:
        told = sentence[:1].upper() + sentence[1:]
        self.view.problems = {name: [{"code": "", "text": told}]}

    def _show_twins(self, twins: Mapping[str, Any] | None, *, asked: bool = False) -> None:
        """Show the reason's field while there are orders that pay the same, and tell of them."""
        if self._on_twins is not None:
            self._on_twins(twins)
        self.view.hidden = [name for name in self.view.hidden if name != REASON] + ([] if twins else [REASON])
        save, *others = self._buttons
        if twins and twins["reason"] and not self._now.get(REASON):
            self._now[REASON] = twins["reason"]  # of an earlier time, to be used again
            self._merge({REASON: twins["reason"]})
        keep = [{"name": "error", "label": text("order.keep_as_error")}] if twins else []
        if len(self.view.buttons) != len(self._buttons) + len(keep):
            self.view.buttons = [save, *keep, *others]
        if asked:
            self.view.problems = {REASON: [{"code": 151, "text": text("order.reason_needed")}]}
            self.focus(REASON)

    def _meanings(self, values: Mapping[str, str]) -> dict[str, str]:
        """Return how what was typed is understood: names of codes, banks and accounts, amounts, days of the week."""
        found = {}
        for one in self.view.fields:
            typed, name = self._now.get(one["name"], ""), one["name"]
            if not typed:
                continue
            if name in values and one["kind"] == "amount":
                found[name] = formatting.amount(Decimal(values[name]), self._now.get("currency", ""))
            elif name in values:
                found[name] = text(f"weekday.{date.fromisoformat(values[name]).isoweekday()}")
            elif one["list"]:
                found[name] = self._named(one["list"], typed)
        return {name: told for name, told in found.items() if told}

    def _named(self, codebook: str, typed: str) -> str:
        rows = self.view.lists.get(codebook, [])
        whole = next((" \u00b7 ".join(part for part in row[1:] if part) for row in rows if row[0] == typed.upper()), "")
        bank = typed.rpartition("/")[2].strip() if "/" in typed else ""
        return whole or next((row[1] for row in self.view.lists.get("banks", []) if row[0] == bank), "")

    def _pressed(self, button: str, values: Mapping[str, str]) -> None:
        if button == BACK and self._on_back is not None:
            self.forget()
            ui.attempt(self._on_back[1])
            return
        self._now = dict(values)
        self._keep_draft(values)
        ui.attempt(lambda: self._try(button))

    def _try(self, button: str) -> None:
        values, reason = self._entered(self._now), self._now.get(REASON, "").strip()
        try:
            self._save(values, reason, "error" if button == "error" else "")
        except ProofNeeded:
            raise
        except LabError as error:
            self.refuse(error)
            if not isinstance(error, SuspectedDuplicate):
                self._go_to_first_problem()

    def _go_to_first_problem(self) -> None:
        first = next((one["name"] for one in self.view.fields if one["name"] in self.view.problems), None)
        if first is not None:
            self.focus(first)

    def _entered(self, values: Mapping[str, str]) -> dict[str, str]:
        """Return what is saved: all of a new order, only what was changed of one that is there."""
        own = {name: value for name, value in values.items() if name in self._given}
        if self.order_id is None:
            return self._under | own
        return {name: value for name, value in own.items() if value != self._given[name]}

    def _keep_draft(self, values: Mapping[str, str]) -> None:
        if not self._name:
            return
        changed = {name: one for name, one in values.items() if one != self._given.get(name, "") and name != BEGINNING}
        drafts = {name: one for name, one in self._state.drafts.items() if name != self._name}
        self._state.drafts = drafts | ({self._name: changed} if changed else {})


def _reason() -> OrderField:
    return OrderField(
        REASON, text("order.reason"), "text", (REASON,), text("order.help_reason"), 200, part="last", span=12
    )


def _beginning() -> OrderField:
    return OrderField(
        BEGINNING, text("order.beginning"), "text", (BEGINNING,), text("order.help_beginning"), codebook=PATTERNS,
        part="first", span=12,
    )  # fmt: skip
