"""The form of a new key, with what is allowed said before it is typed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import bankklient_lab as bl
from bankklient_lab.errors import BadArgument, LabError, Refused
from bankklient_lab.jobs import Job
from bankklient_lab.keys.cards import chip_cards, create_card_key
from bankklient_lab.keys.choosing import AUTHORIZED, key_to_replace, kind_of_caller
from bankklient_lab.keys.creating import DAYS_MAX, DAYS_MIN, EXPIRES_DAYS, WARN_DAYS, create_key
from bankklient_lab.keys.register import OPERATIONAL, PERSONAL, Key
from bankklient_lab.keys.unlocking import PASSWORD_CHARS

from . import formatting, ui
from .form import CHOICE, NUMBER, PASSWORD, YES_NO, Field, Form
from .formatting import escape
from .key_words import fingerprint_html, kind_name
from .state import State
from .styles import css
from .texts import text
from .work import Work

DAYS = ("expires_days", "warn_days")


class KeyMaker:
    """The drawer; `made` is called after a key was made, `go_on` with its number when the user goes on with it."""

    def __init__(self, lab: bl.Lab, state: State, made: Callable[[], object], go_on: Callable[[int], object]) -> None:
        self._lab, self._state, self._made, self._go_on = lab, state, made, go_on
        self._replaced: dict[str, Key | None] = {}
        self._place = ui.column(gap=14)
        self._fixed = ui.html("")
        self.work: Work[dict[str, Any] | LabError] = Work(stops=False)
        self.form: Form | None = None
        self.view = ui.drawer(ui.heading(text("keys.new")), self._place, width=520)

    def open(self) -> None:
        """Show the form, or why the user can't make a key now."""
        kinds = (PERSONAL, OPERATIONAL) if kind_of_caller(self._lab) == AUTHORIZED else (OPERATIONAL,)
        refused: list[str] = []
        self._replaced = {}
        for kind in kinds:
            try:
                self._replaced[kind] = key_to_replace(self._lab, kind)
            except Refused as error:
                refused.append(formatting.sentence(error.message))
        notices = [ui.notice(sentence, severity="info") for sentence in refused]
        self.form = self._new_form(list(self._replaced)) if self._replaced else None
        self._place.objects = [*notices, *([self.form.view, self.work.view] if self.form else [])]
        self.view.open = True

    def _new_form(self, kinds: list[str]) -> Form:

        def days(name: str) -> Field:
            limits = text("keys.help_days", least=DAYS_MIN, most=DAYS_MAX)
            return Field(
                name, text(f"keys.{name}"), NUMBER, required=True, least=DAYS_MIN, most=DAYS_MAX, help=limits
            )  # fmt: skip

        cards = self._cards()
        kept = {text("keys.in_lab"): ""} | {
            text("keys.on_card", label=one["label"], serial=one["serial"]): one["serial"] for one in cards
        }
        fields = [
            Field("kind", text("keys.kind"), CHOICE, options={kind_name(kind): kind for kind in kinds}),
            Field("card", text("keys.card"), CHOICE, options=kept, help=text("keys.help_card")),
            Field("password", text("keys.new_password"), PASSWORD, required=True,
                  help=text("keys.help_password", n=PASSWORD_CHARS)),
            Field("again", text("keys.again"), PASSWORD),
            days("expires_days"),
            days("warn_days"),
            Field("save_password", text("keys.save_password"), YES_NO, help=text("keys.help_save_password")),
        ]  # fmt: skip
        form = Form(self._state, fields, self._make, button=text("keys.make"))
        *widgets, problem, buttons = form.view.objects
        form.view.objects = [*widgets, self._fixed, problem, buttons]
        form.fill({"kind": kinds[0], "card": "", "expires_days": EXPIRES_DAYS, "warn_days": WARN_DAYS})
        form.widgets["card"].visible = bool(cards)
        for name in ("kind", "card"):
            form.widgets[name].param.watch(lambda _event: self._fit(form), "value")
        self._fit(form)
        return form

    def _fit(self, form: Form) -> None:
        """Show the fields that a key of the chosen kind has."""
        kind = form.widgets["kind"].value
        replaced = self._replaced[kind]
        first = kind == OPERATIONAL and replaced is None
        for name in DAYS:
            form.widgets[name].visible = not first
        card = form.widgets["card"].value
        form.widgets["again"].param.update(label=text("keys.again"), visible=not card)  # needed where it is shown
        form.widgets["password"].label = text("balancing.pin", card=card) if card else text("keys.new_password")
        saves = kind == OPERATIONAL and kind_of_caller(self._lab) == AUTHORIZED and not card
        form.widgets["save_password"].visible = saves
        told = (
            text("keys.first", days=EXPIRES_DAYS, warn=WARN_DAYS) if first
            else text("keys.replaces", order=replaced.key_order) if replaced
            else ""
        )  # fmt: skip
        self._fixed.object = f"<p class='muted' style='margin:0'>{escape(told)}</p>"

    def _cards(self) -> list[dict[str, Any]]:
        """Return the chip cards that are there; none where no card can be used."""
        try:
            return chip_cards(self._lab)
        except LabError:
            return []

    def _make(self, values: dict[str, Any]) -> None:
        card = values["card"]
        if not card and values["password"] != values["again"]:
            raise BadArgument(text("users.different"), parameter="again")
        if not card and len(values["password"]) != PASSWORD_CHARS:
            raise BadArgument(text("keys.help_password", n=PASSWORD_CHARS), parameter="password")
        lab, creates = self._lab, create_card_key if card else create_key
        lab.rights.demand_proof(lab.caller, creates.name)  # asked for here: the thread below asks nobody
        kind, password, saved = values["kind"], values["password"], bool(values["save_password"])
        expires, warns = (int(values[name]) for name in DAYS)

        def make(_job: Job) -> dict[str, Any] | LabError:
            try:
                if card:
                    return create_card_key(lab, kind, card, password, expires_days=expires, warn_days=warns)
                return create_key(lab, kind, password, save_password=saved, expires_days=expires, warn_days=warns)
            except LabError as error:
                return error

        self.work.start(make, self._ended, text("keys.making"))

    def _ended(self, outcome: dict[str, Any] | LabError) -> None:
        assert self.form is not None
        if isinstance(outcome, LabError):
            self.form.refuse(outcome)
            return
        self.form = None  # with the password in it
        told = text("keys.made", kind=kind_name(outcome["kind"]), order=outcome["key_order"],
                    day=formatting.day(outcome["expires_on"]))  # fmt: skip
        after = text("keys.then_announce" if outcome["replaces"] else "keys.then_hand_over")
        self._place.objects = [
            ui.notice(told, severity="success"),
            ui.html(
                f"<h3>{escape(text('keys.fingerprint'))}</h3>{fingerprint_html(outcome['fingerprint'])}"
                f"<p class='muted'>{escape(after)}</p>",
                style=css("keys"),
            ),
            ui.row(ui.button(text("keys.go_on"), lambda: self._leave(outcome["key_id"]), primary=True)),
        ]
        self._made()

    def _leave(self, key_id: int) -> None:
        self.view.open = False
        self._go_on(key_id)
