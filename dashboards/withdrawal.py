"""Taking an import back: what would go, and why."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import bankklient_lab as bl
from bankklient_lab.errors import BadArgument

from . import formatting, ui
from .styles import css
from .texts import counted, text

REASON_CHARS = 200


class Withdrawal:
    """A drawer with one import; its button says what it does."""

    def __init__(self, lab: bl.Lab, done: Callable[[str], None]) -> None:
        self._lab, self._done = lab, done
        self._row: dict[str, Any] = {}
        self._facts = ui.html("", style=css("facts"))
        self._reason = ui.field(text("imports.reason"), width=380, max_length=REASON_CHARS)
        self._button = ui.button("", self.withdraw, icon="undo")
        self.view = ui.drawer(self._facts, self._reason, self._button)

    def open(self, row: dict[str, Any]) -> None:
        """Show an import."""
        self._row = row
        open_still = row["state"] == text("imports.state_imported")
        self._facts.object = _facts(row)
        self._reason.value = ""
        self._reason.visible = self._button.visible = open_still
        statements = counted("imports.statements", row["statements"])
        entries = counted("explorer.total", row["entries"], formatting.count(row["entries"]))
        self._button.label = text("imports.withdraw", statements=statements, entries=entries)
        self.view.open = True

    def withdraw(self) -> None:
        """Take the import back as a whole."""
        reason = self._reason.value.strip()
        if not reason:
            self._reason.error_state = True
            raise BadArgument(text("imports.reason_needed"))
        bl.withdraw_import(self._lab, self._row["import_id"], reason=reason)
        self._reason.error_state = False
        self.view.open = False
        self._done(self._row["file_name"])


def _facts(row: dict[str, Any]) -> str:
    lines = (
        ("format", row["version"] or row["format"]), ("imported_at", f"{row['imported_at']}, {row['imported_by']}"),
        ("statements", formatting.count(row["statements"])), ("entries", formatting.count(row["entries"])),
        ("from", formatting.day(row["first_day"])), ("to", formatting.day(row["last_day"])), ("state", row["state"]),
    )  # fmt: skip
    return formatting.facts(((text(f"column.{name}"), value) for name, value in lines), row["file_name"])
