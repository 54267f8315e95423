"""What the bank gives as a file, its key or a configuration: a person compares the fingerprint given another way."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import bankklient_lab as bl
from bankklient_lab.errors import FormatError, LabError
from bankklient_lab.exchange.installing import inspect_configuration, take_configuration
from bankklient_lab.keys.banks import inspect_bank_key, register_bank_key

from . import formatting, ui
from .dropper import DiskDropper
from .formatting import escape
from .key_words import fingerprint_html, kind_name
from .state import State
from .styles import css
from .texts import text


class BankKeyDrawer:
    """The drawer; `registered` is called after a key of the bank was registered, or its configuration taken over."""

    def __init__(self, lab: bl.Lab, _state: State, registered: Callable[[], object]) -> None:
        self._lab, self._registered = lab, registered
        self._path: Path | None = None
        self._seen: dict[str, Any] = {}
        self._dropper: DiskDropper | None = None
        self._drop_place = ui.column(gap=0)
        self._problem = ui.notice("", severity="error", visible=False)
        self._facts = ui.html("", style=css("keys"))
        self.same = ui.checkbox(text("keys.same"))
        self.button = ui.button(text("keys.register"), self.register, primary=True, icon="verified_user", disabled=True)
        self._compare = ui.column(self._facts, self.same, ui.row(self.button), gap=10, visible=False)
        hint = ui.html(f"<p class='muted'>{escape(text('keys.bank_hint'))}</p>")
        self.view = ui.drawer(
            ui.heading(text("keys.bank_key")), hint, self._drop_place, self._problem, self._compare, width=520
        )
        self.same.param.watch(lambda event: self.button.param.update(disabled=not event.new), "value")

    def open(self) -> None:
        """Ask for the file."""
        self._start()
        self.view.open = True

    def _start(self) -> None:
        if self._dropper is not None:
            self._dropper.discard()
        self._dropper = DiskDropper(
            self.dropped, lambda _name: None, lambda _name, _share: None, sizing_mode="stretch_width", min_height=88,
            margin=0, stylesheets=[css("drop")],
        )  # fmt: skip
        self._drop_place.objects = [self._dropper]
        self._problem.visible = self._compare.visible = False

    def dropped(self, name: str, path: Path) -> None:
        """Show what is in the file, to be compared."""
        self.same.value = False
        self._path = path
        try:
            self._seen = _inspected(self._lab, path)
        except LabError as error:
            reason = error.reason if isinstance(error, FormatError) else error.message
            self._compare.visible = False
            self._problem.param.update(object=escape(f"{name}: {reason}"), visible=True)
            return
        seen = self._seen
        fingerprint = f"<h3>{escape(text('keys.fingerprint'))}</h3>{fingerprint_html(seen['fingerprint'])}"
        self._facts.object = formatting.facts(_lines(seen)) + fingerprint
        self.button.label = text("keys.install" if "purpose" in seen else "keys.register")
        known = seen.get("registered", False)
        self._problem.param.update(object=escape(text("keys.registered_already")), visible=known)
        self._compare.visible = not known

    def register(self) -> None:
        """Register the key, or take the configuration over, whose fingerprint was compared."""
        assert self._path is not None
        if "purpose" in self._seen:
            done = take_configuration(self._lab, self._path, self._seen["fingerprint"])
            told = text("keys.installed", accounts=done["accounts"], settings=done["settings"])
            if done["left_out"]:
                told += f" {text('keys.left_out', names=', '.join(done['left_out']))}"
        else:
            done = register_bank_key(self._lab, self._path, self._seen["fingerprint"])
            told = text("keys.bank_registered", day=formatting.day(done["expires_on"]))
        self.view.open = False
        self._start()
        ui.tell(told)
        self._registered()


def _inspected(lab: bl.Lab, path: Path) -> dict[str, Any]:
    """Return what a file says: a configuration, which has a purpose, or else a certificate."""
    try:
        return inspect_configuration(lab, path)
    except FormatError:
        return inspect_bank_key(lab, path)


def _lines(seen: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    if "purpose" not in seen:
        return (
            (text("keys.point"), str(seen["point"])),
            (text("keys.kind"), kind_name(seen["kind"])),
            (text("keys.valid_from"), formatting.day(seen["valid_from"])),
            (text("keys.expires_on"), formatting.day(seen["valid_until"])),
        )
    return (
        (text("keys.purpose"), text(f"keys.purpose_{seen['purpose']}")),
        (text("keys.bank"), f"{seen['bank']} ({seen['bank_point']})"),
        (text("keys.client"), f"{seen['client']} ({seen['client_point']})"),
        (text("keys.address"), seen["address"]),
        (text("keys.accounts"), formatting.count(seen["accounts"])),
        (text("keys.settings"), formatting.count(seen["settings"]) if seen["settings"] else ""),
    )
