"""System: backups with their state, system information for support, and what the database's definition went through."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa

import bankklient_lab as bl
from bankklient_lab.access.system_information import database_changes, packed, system_information
from bankklient_lab.history.backups import WHOLE, backup_offer, backups, exit_backup
from bankklient_lab.jobs import Job
from bankklient_lab.rights.permissions import needed

from . import formatting, ui
from .listing import Listing, in_words
from .state import State
from .table import Column
from .texts import text
from .work import Work


class System:
    """The page."""

    def __init__(self, lab: bl.Lab, state: State) -> None:
        self._lab, self._state = lab, state
        held = lab.rights.held(lab.caller)
        self.work: Work[Any] = Work()
        cards: list[ui.Viewable] = []
        if needed(exit_backup.declared.needs).holds(held):
            cards.append(self._backups())
        if needed(system_information.declared.needs).holds(held):
            cards.append(
                ui.card(
                    ui.heading(text("system.information"), note=text("system.information_hint")),
                    ui.row(ui.button(text("system.take"), self.take, icon="download"), gap=8),
                )
            )
        changes = self._list("changes", _change_columns(), self._read_changes)
        cards.append(ui.card(ui.heading(text("system.changes"), note=text("system.changes_hint")), changes.view))
        self.view = ui.column(self.work.view, *cards)

    def _list(self, name: str, columns: tuple[Column, ...], read: Callable[[], pa.Table]) -> Listing:
        return Listing(
            self._state, "system", columns, read, count=f"system.{name}_count", label=text(f"system.{name}"),
            rows_high=8, placeholder=text(f"system.no_{name}"),
        )  # fmt: skip

    def _backups(self) -> ui.Viewable:
        self.backups = self._list("backups", _backup_columns(), self._read_backups)
        return ui.card(
            ui.row(
                ui.heading(text("system.backups"), note=text("system.backups_hint")),
                ui.button(text("system.back_up"), self.back_up, primary=True, icon="backup"), gap=8,
            ),
            self.backups.view,
        )  # fmt: skip

    def _read_backups(self) -> pa.Table:
        rows = backups.rows(self._lab) if backup_offer(self._lab)["folder"] else []
        return in_words(
            rows, [column.name for column in _backup_columns()], state=_state_of_backup,
            path=lambda row: Path(row["path"]).name, made_at=lambda row: (row["made_at"] or "")[:16].replace("T", " "),
            bytes=lambda row: formatting.count(row["bytes"] // 1024),
            encrypted=lambda row: text("detail.yes") if row["encrypted"] else "",
        )  # fmt: skip

    def back_up(self) -> None:
        """Make a backup in the configured folder."""
        self.work.start(lambda _job: exit_backup(self._lab), self._backed_up, text("system.backing_up"))

    def _backed_up(self, made: dict[str, Any]) -> None:
        self.backups.refresh()
        ui.tell(text("system.backed_up", path=made["path"]))

    def take(self) -> None:
        """Gather system information and give it to the browser."""

        def gather(_job: Job) -> bytes:
            return packed(system_information(self._lab))

        def give(content: bytes) -> None:
            self._state.send_file("system_information.zip", content)

        self.work.start(gather, give, text("system.gathering"))

    def _read_changes(self) -> pa.Table:
        return in_words(
            database_changes.rows(self._lab), [column.name for column in _change_columns()],
            done_at=lambda row: row["done_at"][:19], key=lambda row: row["key"][:16],
        )  # fmt: skip


def _state_of_backup(row: dict[str, Any]) -> str:
    whole = row["state"] == WHOLE
    return f"{formatting.MARKS['valid' if whole else 'invalid']} {text('system.whole') if whole else row['state']}"


def page(lab: bl.Lab, state: State) -> ui.Viewable:
    """Build the page."""
    return System(lab, state).view


def _backup_columns() -> tuple[Column, ...]:
    return (
        Column("made_at", text("system.made_at"), width=140),
        Column("path", text("column.file"), width=280, essential=False),
        Column("state", text("column.state"), "state"),
        Column("bytes", text("system.kilobytes"), width=110, essential=False),
        Column("encrypted", text("system.encrypted"), width=110, essential=False),
        Column("duckdb", text("system.engine"), width=90, essential=False),
    )


def _change_columns() -> tuple[Column, ...]:
    return (
        Column("version", text("system.version"), width=80),
        Column("name", text("system.name")),
        Column("done_at", text("column.saved"), width=160),
        Column("key", text("system.key"), width=170, essential=False),
    )
