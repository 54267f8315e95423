"""Balancing on one page: each type of record is looked at and agreed to, then all of it is signed at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import partial
from typing import Any, NamedTuple

import bankklient_lab as bl
from bankklient_lab.balancing.balance import balance, key_for_balancing
from bankklient_lab.balancing.record_types import WAYS
from bankklient_lab.balancing.summaries import balancing_duplicates, balancing_summary, balancing_types
from bankklient_lab.errors import LabError, Refused
from bankklient_lab.jobs import Job
from bankklient_lab.keys.expiring import key_warnings
from bankklient_lab.rights.permissions import needed

from . import formatting, ui
from .balancing_summary import Row, batches_html, duplicates_html, orders_text, placed, summary_html
from .batch_words import batch_type_label, record_label
from .formatting import escape
from .key_words import ask_for_password, wrong_length
from .menu import allowed
from .refresh import Refresh
from .state import State, follow
from .styles import css
from .texts import counted, text
from .work import Work


class Found(NamedTuple):
    """What was read: the types in their order, sums, allowed duplicates, the key or why there is none."""

    types: list[dict[str, Any]]
    sums: list[dict[str, Any]]
    twice: list[dict[str, Any]]
    key: dict[str, Any]
    no_key: str
    warnings: list[str]


class Step:
    """One type of record: what there is of it, and whether it goes into this balancing."""

    def __init__(
        self,
        row: Row,
        sums: Sequence[Row],
        twice: Sequence[Row],
        changed: Callable[[], None],
        prints: Callable[[str], None],
    ) -> None:
        self.name, self.digest = str(row["record_type"]), str(row["digest"])
        self.ready = placed(sums)
        label = record_label(self.name)
        count = int(row["records"])
        batches = counted("balancing.batches", row["batches"], formatting.count(row["batches"]))
        into = text("balancing.into", batches=batches, type=batch_type_label(row["batch_type"]))
        note = into if count else text("balancing.none_ready")
        self.take = ui.checkbox(text("balancing.take", orders=orders_text(*self.ready)), visible=count > 0)
        self.changed = ui.notice(text("balancing.changed"), severity="warning", visible=False)
        self.print = ui.button("PDF", lambda: prints(self.name), icon="download", variant="text")
        self.view = ui.card(
            ui.row(ui.heading(label, note=note), self.print, gap=10),
            ui.html(summary_html(sums, label) + duplicates_html(twice), style=css("balancing")),
            self.changed,
            self.take,
            gap=6,
        )
        self.take.param.watch(lambda _event: changed(), "value")


class BalancingWizard:
    """The steps in their fixed order, and the signature."""

    def __init__(self, lab: bl.Lab, state: State) -> None:
        self._lab, self._state = lab, state
        held = lab.rights.held(lab.caller)
        ways = [way for way, (permission, _) in WAYS.items() if needed(permission).holds(held)]
        self.which = ui.choice({text(f"balancing.which_{way}"): way for way in ways}, ways[0])
        self.which.visible = len(ways) > 1
        self.steps: dict[str, Step] = {}
        self._agreed: dict[str, str] = {}
        self._place = ui.column(gap=12)
        self._nothing = ui.html("", min_width=240)
        self._head = ui.row(
            self.which, self._nothing, ui.icon_button("refresh", text("orders.refresh"), self.refresh), gap=10
        )
        self._failed = ui.notice("", severity="error", visible=False)
        self.empty = ui.card(_empty(lab, state), visible=False)
        self.sign = _Sign(state, self.balance)
        self.work: Work[dict[str, Any] | LabError] = Work(stops=False)
        self.printing: Work[bytes] = Work()
        self._made = ui.html("", style=css("balancing"))
        onward = ui.button(
            text("balancing.send"), lambda: state.param.update(page="transmissions"), primary=True, icon="send",
            visible=allowed(lab, "exchange.transmitting:transmit"),
        )  # fmt: skip
        self.made = ui.card(self._made, ui.row(onward), visible=False)
        self.view = ui.column(
            self._failed, self.empty, self._head, self._place, self.printing.view, self.sign.view, self.work.view,
            self.made,
            stylesheets=[ui.WHOLE],
        )  # fmt: skip
        self._reading: Refresh[Found] = Refresh(state, self._prepare, self._show, self._fail)
        self.which.param.watch(lambda _event: self.refresh(), "value")
        follow(state, "balancing", (), self.refresh)

    def refresh(self) -> None:
        """Read anew what there is; what was agreed to stays agreed to as long as it is the same."""
        self._reading.start()

    def _prepare(self) -> Callable[[], Found]:
        lab, which = self._lab, str(self.which.value)

        def read() -> Found:
            types, sums = balancing_types.rows(lab, which), balancing_summary.rows(lab, which)
            twice = balancing_duplicates.rows(lab, which) if any(row["allowed_duplicates"] for row in types) else []
            try:
                key, why = key_for_balancing(lab), ""
            except Refused as error:
                key, why = {}, error.message
            return Found(types, sums, twice, key, why, key_warnings(lab))

        return read

    def _show(self, found: Found) -> None:
        self._failed.visible = False
        before, self._agreed = self._agreed, {}
        here = {row["record_type"] for row in found.sums}
        there = [row for row in found.types if row["record_type"] in here]
        self.steps = {row["record_type"]: self._step(row, found, before) for row in there}
        self._place.objects = [step.view for step in self.steps.values()]
        absent = [record_label(row["record_type"]) for row in found.types if row["record_type"] not in here]
        said = text("balancing.nothing_of", types=", ".join(absent)) if absent else ""
        self._nothing.object = f"<p class='muted' style='margin:0'>{escape(said)}</p>"
        self.empty.visible, self._head.visible = not here, bool(here)
        self.sign.open(found, any(step.take.visible for step in self.steps.values()))
        self._ticked()

    def _step(self, row: Row, found: Found, before: dict[str, str]) -> Step:
        name = row["record_type"]
        step = Step(
            row,
            [one for one in found.sums if one["record_type"] == name],
            [one for one in found.twice if one["record_type"] == name],
            self._ticked,
            self.print,
        )
        step.take.value = before.get(name) == step.digest and step.take.visible
        step.changed.visible = name in before and before[name] != step.digest
        return step

    def _ticked(self) -> None:
        """Take down what is agreed to, and say what would be done with it."""
        self._agreed = {name: step.digest for name, step in self.steps.items() if step.take.value}
        offered = {name: step for name, step in self.steps.items() if step.take.visible}
        taken = [step.ready for step in offered.values() if step.take.value]
        self.sign.show(taken, [record_label(name) for name, step in offered.items() if not step.take.value])

    def print(self, record_type: str) -> None:
        """Make a PDF of the summary of one type and give it to the browser (BAL-011)."""
        lab, which = self._lab, str(self.which.value)

        def make(_job: Job) -> bytes:
            from bankklient_lab.reports.balancing import render_balancing_summary

            return render_balancing_summary(lab, ".pdf", record_type=record_type, which=which)

        self.printing.start(
            make, lambda content: self._state.send_file(f"summary_{record_type}.pdf", content), text("export.reading")
        )

    def _fail(self, sentence: str) -> None:
        self._failed.param.update(object=escape(formatting.sentence(sentence)), visible=True)

    def balance(self, password: str) -> None:
        """Sign and make the batches of what is agreed to."""
        lab, which, chosen = self._lab, str(self.which.value), dict(self._agreed)

        def make(_job: Job) -> dict[str, Any] | LabError:
            try:
                return balance(lab, chosen, password, which=which)
            except LabError as error:
                return error

        self.work.start(make, self._ended, text("balancing.making"))

    def _ended(self, outcome: dict[str, Any] | LabError) -> None:
        self.sign.forget()
        if isinstance(outcome, LabError):
            self.sign.refuse(outcome.message)
            self.refresh()  # what it was about may have changed
            return
        self._agreed = {}
        made = outcome["batches"]
        batches = counted("balancing.batches", len(made), formatting.count(len(made)))
        title = text("balancing.done", orders=orders_text(outcome["orders"], {}), batches=batches)
        told = f"<h2><span class='good'>\u2713</span> {escape(title)}</h2>{batches_html(made)}"
        if backup := outcome["remote_backup"]:
            said = text("balancing.backup", order=backup["batch_order"], n=formatting.count(backup["records"]))
            told += f"<p class='muted'>{escape(said)}</p>"
        self._made.object = told
        self.made.visible = True
        ui.tell(title)
        self._state.data_version += 1  # orders have another status on all pages


class _Sign:
    """The last step: what is done, the password of the key, and the button that says it."""

    def __init__(self, state: State, balance: Callable[[str], None]) -> None:
        self._balance = balance
        self._told = ui.html("", style=css("balancing"))
        self._warned = ui.notice("", severity="warning", visible=False)
        self._no_key = ui.notice("", severity="warning", visible=False)
        self.to_keys = ui.button(
            text("balancing.to_keys"), lambda: state.param.update(page="keys"), icon="vpn_key", visible=False
        )
        self.password = ui.password("", width=330)
        self._card = ""
        self.button = ui.button("", self.press, primary=True, icon="lock")
        self._problem = ui.notice("", severity="error", visible=False)
        self._ready = False
        self._form = ui.row(self.password, self.button, gap=10)
        self.view = ui.card(
            ui.heading(text("balancing.sign"), note=text("balancing.sign_hint")),
            self._told, self._warned, self._no_key, self.to_keys, self._problem, self._form, gap=10,
        )  # fmt: skip
        self.password.param.watch(lambda _event: self.press(), "enter_pressed")

    def open(self, found: Found, ready: bool) -> None:
        """Show with which key it is signed, or why it can't be."""
        self.view.visible = ready
        said = " ".join(formatting.sentence(one) for one in found.warnings)
        self._warned.param.update(object=escape(said), visible=bool(said))
        self._no_key.param.update(object=escape(formatting.sentence(found.no_key)), visible=not found.key)
        self.to_keys.visible, self._form.visible = not found.key, bool(found.key)
        if found.key:
            self._card = found.key["card"]
            ask_for_password(self.password, found.key["title"], self._card)

    def show(self, taken: Sequence[tuple[int, dict[str, Decimal]]], left: Sequence[str]) -> None:
        """Say what the button does; `taken` has number and sums of each type that was agreed to."""
        count, sums = 0, dict[str, Decimal]()
        for number, amounts in taken:
            count += number
            for code, value in amounts.items():
                sums[code] = sums.get(code, Decimal(0)) + value
        self._ready = count > 0
        orders = orders_text(count, sums)
        told = text("balancing.about", orders=orders) if count else text("balancing.nothing_chosen")
        skipped = text("balancing.skipped", types=", ".join(left)) if left and count else ""
        said = f"<p class='muted'>{escape(skipped)}</p>" if skipped else ""
        self._told.object = f"<p class='signs'>{escape(told)}</p>{said}"
        self.button.param.update(
            label=text("balancing.do", orders=orders) if count else text("balancing.do_nothing"), disabled=not count
        )

    def press(self) -> None:
        """Balance, once there are something to balance and a password."""
        password = self.password.value_input or ""
        if not self._ready:
            return
        self._problem.visible = False
        if why := wrong_length(password, self._card):
            self.refuse(why)
            return
        self._balance(password)

    def forget(self) -> None:
        """Take the password out of its field, also where the browser has sent it once more after Enter."""
        self.password.param.update(value="", value_input="")

    def refuse(self, sentence: str) -> None:
        """Say why nothing was balanced."""
        self._problem.param.update(object=escape(formatting.sentence(sentence)), visible=True)


def _empty(lab: bl.Lab, state: State) -> ui.Viewable:
    """Say what leads here, with the way to it."""
    ways = [
        ui.button(text(f"page.{page}"), partial(state.param.update, page=page), icon=icon)
        for page, icon, action in (
            ("todo", "task_alt", "orders.confirmation:confirm_orders"),
            ("create", "add_card", "orders.creating:create_order"),
        )
        if allowed(lab, action)
    ]
    return ui.empty(text("balancing.empty_title"), text("balancing.empty"), *ways)
