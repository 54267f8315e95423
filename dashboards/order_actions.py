"""Steps on many orders at once, on the marked rows or on all of the table; each tells what it did and what not.

A step is done on exactly the orders and versions that its question was about: one on all of the table reads them before
it asks, and is refused when somebody changed one until the answer came.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from typing import Any

import bankklient_lab as bl
from bankklient_lab.actions import Action
from bankklient_lab.balancing.revocations import mark_for_revocation, unmark_for_revocation
from bankklient_lab.exchange.rejections import delete_rejections
from bankklient_lab.exchange.watching import stop_watching
from bankklient_lab.orders.confirmation import (
    cancel_confirmation,
    confirm_and_sign,
    confirm_orders,
    discard_orders,
    exclude_orders,
    include_orders,
)
from bankklient_lab.orders.creating import delete_orders
from bankklient_lab.orders.verification import cancel_verification, verify_orders
from bankklient_lab.rights.permissions import needed

from . import formatting, ui
from .formatting import escape
from .order_words import step_label
from .own_key import key_since
from .texts import counted, text
from .work import Work

REJECTION = "delete_rejection"  # is done to rejected orders alone, and nothing else is
STEPS: dict[
    str, tuple[Action[..., dict[str, Any]], str]
] = {  # by the action of the lifecycle: what does it, and its icon
    "verify": (verify_orders, "fact_check"),
    "confirm": (confirm_orders, "task_alt"),
    "include": (include_orders, "playlist_add_check"),
    "exclude": (exclude_orders, "playlist_remove"),
    "cancel_verification": (cancel_verification, "undo"),
    "cancel_confirmation": (cancel_confirmation, "undo"),
    "discard": (discard_orders, "delete_sweep"),
    "delete": (delete_orders, "delete_outline"),
    REJECTION: (delete_rejections, "playlist_remove"),
}
FOR_GOOD = ("discard", "delete", REJECTION)
# What is done to one sent order that the bank has not settled.
ON_THE_WAY: dict[str, Action[..., dict[str, Any]]] = {
    "mark_for_revocation": mark_for_revocation,
    "unmark_for_revocation": unmark_for_revocation,
    "stop_watching": stop_watching,
}
REASONS_SHOWN = 5


@dataclass(frozen=True)
class Chosen:
    """The orders that a step is done on, with the versions that were seen."""

    count: int
    sums: Mapping[str, Decimal] = field(default_factory=dict)
    ids: Sequence[int] = ()  # empty: all of the table, which is still to be read
    versions: Sequence[int] = ()


def permitted(lab: bl.Lab) -> list[str]:
    """Return the steps that the caller may do at all."""
    held = lab.rights.held(lab.caller)
    return [name for name, (step, _) in STEPS.items() if needed(step.declared.needs).holds(held)]


class OrderActions:
    """The row of buttons with its question; `done` is called after each step."""

    def __init__(
        self,
        lab: bl.Lab,
        chosen: Callable[[], Chosen],
        whole: Callable[[], Callable[[], Chosen]],
        done: Callable[[], None],
    ) -> None:
        """`chosen` tells on what a step would be done; `whole` returns what reads all of the table, in a thread."""
        self._lab, self._chosen, self._whole, self._done = lab, chosen, whole, done
        self.work: Work[Any] = Work()
        self.buttons = {
            name: ui.button(step_label(name), partial(self.press, name), icon=STEPS[name][1], primary=not at)
            for at, name in enumerate(permitted(lab))
        }
        self._scope = ui.html("", sizing_mode=None, width_policy="min")
        self._question = ui.html("")
        self._yes = ui.button("", self._agreed, primary=True)
        self._back = ui.button(text("orders.back"), self._turn_back)
        self._key_password = ui.password(text("own_key.sign"), helper_text=text("own_key.help_sign"), width=360)
        self._pending: tuple[str, Chosen] | None = None
        self.dialog = ui.dialog(
            text("orders.sure"), self._question, self._key_password, ui.row(self._yes, self._back, gap=8)
        )
        self.view = ui.column(ui.row(*self.buttons.values(), self._scope, gap=8), self.work.view, gap=8)
        self.show()

    def offer(self, names: Sequence[str]) -> None:
        """Show the buttons of these steps only."""
        for name, button in self.buttons.items():
            button.visible = name in names

    def show(self) -> None:
        """Show on what a step would be done."""
        chosen = self._chosen()
        key = "orders.on_marked" if chosen.ids else "orders.on_all"
        self._scope.object = f"<span class='muted nowrap'>{escape(_numbered(key, chosen.count))}</span>"
        for button in self.buttons.values():
            button.disabled = not chosen.count

    def press(self, name: str) -> None:
        """Do a step, or ask first: before what can't be taken back or can be signed, and before all of the table."""
        chosen = self._chosen()
        if not chosen.ids:
            read = self._whole()
            self.work.start(lambda _job: read(), partial(self._ask, name), text("orders.looking"))
        elif name in FOR_GOOD or self._can_sign(name):
            self._ask(name, chosen)
        else:
            self._start(name, chosen)

    def _ask(self, name: str, chosen: Chosen) -> None:
        """Put the question, which is about these orders and no others."""
        if not chosen.count:  # others were faster
            self._done()
            return
        self._pending = name, chosen
        sums = ", ".join(formatting.money(value, code) for code, value in chosen.sums.items())
        told = " ".join((_numbered("orders.question", chosen.count), f"({sums})" if sums else ""))
        self._question.object = f"<p>{escape(told)}</p><p>{escape(text(f'orders.before_{name}'))}</p>"
        self._key_password.param.update(value="", visible=self._can_sign(name))
        self._yes.label = f"{step_label(name)}: {_numbered('orders.orders', chosen.count)}"
        self.dialog.open = True

    def _agreed(self) -> None:
        assert self._pending is not None
        self.dialog.open = False
        password, self._key_password.value = self._key_password.value, ""
        self._start(*self._pending, password=password)

    def _turn_back(self) -> None:
        self.dialog.open = False

    def _can_sign(self, name: str) -> bool:
        return name == "confirm" and key_since(self._lab) is not None

    def _start(self, name: str, chosen: Chosen, *, password: str = "") -> None:
        step, lab = STEPS[name][0], self._lab

        def work(_job: object) -> dict[str, Any]:
            ids, versions = list(chosen.ids), list(chosen.versions)
            return (
                confirm_and_sign(lab, ids, password, versions=versions) if password
                else step(lab, ids, versions=versions)
            )  # fmt: skip

        self.work.start(work, partial(self._tell, name), step_label(name), always=self._done)

    def _tell(self, name: str, outcome: dict[str, Any]) -> None:
        ui.tell(outcome_text(name, outcome), kind="warning" if outcome["skipped"] else "success")


def outcome_text(name: str, outcome: Mapping[str, Any]) -> str:
    """Return what a step did: how many orders it changed, how many it left and why."""
    told = f"{step_label(name)}: {_numbered('orders.orders', outcome['done'])}."
    if not outcome["skipped"]:
        return told
    reasons = list(outcome["reasons"].items())
    why = "; ".join(f"{formatting.count(count)}\u00d7 {reason}" for reason, count in reasons[:REASONS_SHOWN])
    return f"{told} {_numbered('orders.left', outcome['skipped'])} {why}."


def _numbered(key: str, number: int) -> str:
    return counted(key, number, formatting.count(number))
