"""One key beside the register: what it is, and what its owner does with it: hand it over, give it another password."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import bankklient_lab as bl
from bankklient_lab.balancing.announcing import announce_key
from bankklient_lab.errors import BadArgument
from bankklient_lab.keys.choosing import previous_key
from bankklient_lab.keys.delivering import create_pass, hand_over_key, record_key_delivery
from bankklient_lab.keys.register import OPERATIONAL, key_numbered, today
from bankklient_lab.keys.unlocking import PASSWORD_CHARS, change_key_password

from . import formatting, ui
from .form import PASSWORD, Field, Form
from .formatting import escape
from .key_words import day_text, fingerprint_html, key_title, password_label, state_of, state_text
from .menu import allowed
from .state import State
from .styles import css
from .texts import text

SENDS_KEYS = "keys.delivering:hand_over_key"


class KeyDrawer:
    """The drawer; `changed` is called after each change."""

    def __init__(self, lab: bl.Lab, state: State, changed: Callable[[], object]) -> None:
        self._lab, self._state, self._changed = lab, state, changed
        self._row: dict[str, Any] = {}
        self._facts = ui.html("", style=css("keys"))
        self._place = ui.column(gap=14)
        self.forms: dict[str, Form] = {}
        self.view = ui.drawer(self._facts, self._place, width=520)

    def open(self, row: dict[str, Any], point: str) -> None:
        """Show a key of the register; `point` says whose it is."""
        self._row = row
        self._facts.object = _facts(row, point, state_text(state_of(row, today(self._lab))))
        self._place.objects = []
        self.forms = {}
        if row["private"] and row["user"] in (None, self._lab.caller.name) and allowed(self._lab, SENDS_KEYS):
            self._offer()
        self.view.open = True

    def _offer(self) -> None:
        """Offer what can be done with it in its state."""
        row = self._row
        if row["valid"] and not row["delivered"]:
            if previous_key(self._lab, key_numbered(self._lab, row["key_id"])) is None:
                self._step("hand_over", [self._password()], self._hand_over)
                fingerprint = Field("fingerprint", text("keys.bank_fingerprint"), required=True, chars=100)
                self._step("record", [fingerprint], self._record)
            else:
                previous = Field("previous", text("keys.previous_password"), PASSWORD, required=True)
                self._step("announce", [previous, self._password()], self._announce)
        if row["valid"] and row["kind"] == OPERATIONAL:
            self._step("pass", [self._password()], self._pass)
        if row["card"]:
            return  # its PIN is changed with the tool of the card
        again = Field("again", text("login.again"), PASSWORD, required=True)
        old = Field("old", text("login.old"), PASSWORD, required=True)
        new = Field(
            "new", text("login.new"), PASSWORD, required=True, help=text("keys.help_password", n=PASSWORD_CHARS)
        )
        self._step("change", [old, new, again], self._change)

    def _password(self) -> Field:
        return Field("password", password_label(key_title(self._row), self._row["card"]), PASSWORD, required=True)

    def _step(self, name: str, fields: list[Field], save: Callable[[dict[str, Any]], object]) -> None:
        """Offer one thing to do: a button, which opens the form of what it needs."""
        form = self.forms[name] = Form(self._state, fields, save, button=text(f"keys.do_{name}"))
        form.view.visible = False
        hint = ui.html(f"<p class='muted'>{escape(text(f'keys.hint_{name}'))}</p>")
        opener = ui.button(text(f"keys.{name}"), partial(self._toggle, name), icon=_ICONS[name], variant="text")
        self._place.append(ui.column(ui.row(opener), hint, form.view, gap=6))

    def _toggle(self, name: str) -> None:
        form = self.forms[name]
        form.fill({})
        form.view.visible = not form.view.visible

    def _hand_over(self, values: dict[str, Any]) -> None:
        files = hand_over_key(self._lab, self._row["key_id"], values["password"])
        self._give(f"key_{self._row['key_order']}.zip", files, "hand_over")
        ui.tell(text("keys.handed_over"))

    def _pass(self, values: dict[str, Any]) -> None:
        self._give("pass.zip", create_pass(self._lab, values["password"]), "pass")

    def _give(self, name: str, files: Mapping[str, bytes], step: str) -> None:
        """Give files to the browser as one, and take the password out of its field."""
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            for path, content in files.items():
                archive.writestr(path, content)
        self._state.send_file(name, packed.getvalue())
        self._toggle(step)

    def _announce(self, values: dict[str, Any]) -> None:
        announce_key(self._lab, self._row["key_id"], values["password"], values["previous"])
        self._done("keys.announced")

    def _record(self, values: dict[str, Any]) -> None:
        record_key_delivery(self._lab, self._row["key_id"], values["fingerprint"])
        self._done("keys.recorded")

    def _change(self, values: dict[str, Any]) -> None:
        if values["new"] != values["again"]:
            raise BadArgument(text("users.different"), parameter="again")
        change_key_password(self._lab, self._row["key_id"], values["old"], values["new"])
        self._done("keys.changed")

    def _done(self, said: str) -> None:
        self.view.open = False
        self._place.objects = []
        ui.tell(text(said, key=key_title(self._row)))
        self._changed()


_ICONS = {"hand_over": "outbox", "announce": "outbox", "record": "verified", "pass": "badge", "change": "password"}


def _facts(row: Mapping[str, Any], point: str, state: str) -> str:
    yes, no = text("keys.yes"), text("keys.no")
    lines = (
        (text("column.state"), state),
        (text("keys.point"), point),
        (text("keys.user"), " ".join(filter(None, (row["user"], row["user_name"])))),
        (text("keys.created_at"), formatting.moment(row["created_at"])),
        (text("keys.expires_on"), day_text(row["expires_on"])),
        (text("keys.warn_on"), day_text(row["warn_on"])),
        (text("keys.delivered"), (yes if row["delivered"] else no) if row["private"] else ""),
        (text("keys.proven"), (yes if row["proven"] else no) if row["private"] else ""),
        (text("keys.on"), row["card"]),
        (text("keys.password_saved"), yes if row["password_saved"] else ""),
        (text("keys.failed_tries"), formatting.count(row["failed_tries"]) if row["failed_tries"] else ""),
    )
    title = key_title(row)
    return (
        f"{formatting.facts(lines, title[:1].upper() + title[1:])}"
        f"<h3>{escape(text('keys.fingerprint'))}</h3>{fingerprint_html(row['fingerprint'])}"
    )
