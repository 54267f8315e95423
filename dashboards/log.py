"""Application log: what was done, by whom; chosen, looked into, taken along and verified."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

import pyarrow as pa

import bankklient_lab as bl
from bankklient_lab.access.log import LIMIT_MAX, application_log, verify_log
from bankklient_lab.codebooks import rows as codebook
from bankklient_lab.jobs import Job
from bankklient_lab.rights.permissions import needed

from . import formatting, ui
from .formatting import escape
from .listing import Listing, in_words
from .state import State
from .styles import css
from .table import Column
from .texts import counted, text
from .work import Work

SUFFIXES = (".xlsx", ".csv")
WITHIN = ("day", "week", "month", "none")
_COLUMNS = ("saved", "user", "message", "subject", "module", "type", "order")


class Log:
    """The page."""

    def __init__(self, lab: bl.Lab, state: State) -> None:
        self._lab, self._state = lab, state
        self._raw: dict[str, dict[str, Any]] = {}
        messages = codebook("log_messages")
        modules = {text("log.any"): ""} | {name: name for name in sorted({row["module"] for row in messages})}
        kinds = {text("log.any"): ""} | {name: name for name in sorted({row["type"] for row in messages})}
        self._within = ui.choice({text(f"log.within_{name}"): name for name in WITHIN}, "week")
        self._user = ui.field(text("log.user"), width=140)
        self._module = ui.select(text("column.module"), modules, "", width=140)
        self._kind = ui.select(text("column.type"), kinds, "", width=150)
        self._facts = ui.html("", style=css("facts"))
        self.drawer = ui.drawer(self._facts)
        self.listing = Listing(
            state, "log", _columns(), self._read, count="log.count", label=text("page.log"), on_open=self._open,
            rows_high=20, placeholder=text("log.nothing"),
        )  # fmt: skip
        self._verdict = ui.notice("", visible=False)
        self._work: Work[bytes] = Work()
        self._check: Work[dict[str, Any]] = Work()
        may_verify = needed(verify_log.declared.needs).holds(lab.rights.held(lab.caller))
        verify = ui.button(text("log.verify"), self.verify, icon="verified_user", visible=may_verify)
        takes = [
            ui.button(suffix[1:].upper(), partial(self.take, suffix), icon="download", variant="text")
            for suffix in SUFFIXES
        ]
        self.view = ui.column(
            ui.card(
                ui.row(
                    self._within, self._user, self._module, self._kind, self.listing.search, ui.html(""), verify, gap=10
                ),
                self._check.view, self._verdict, self.listing.view, ui.row(self._work.view, ui.html(""), *takes, gap=4),
            ),
            self.drawer,
        )  # fmt: skip
        for widget in (self._within, self._user, self._module, self._kind):
            widget.param.watch(lambda _event: self.listing.refresh(), "value")

    def _chosen(self) -> dict[str, Any]:
        return {
            "within": self._within.value, "user": (self._user.value or "").strip(), "module": self._module.value,
            "kind": self._kind.value, "limit": LIMIT_MAX,
        }  # fmt: skip

    def _read(self) -> pa.Table:
        rows = application_log.rows(self._lab, **self._chosen())
        self._raw = {str(row["order"]): row for row in rows}
        return in_words(rows, _COLUMNS, saved=lambda row: formatting.second(row["saved"]))

    def _open(self, row: dict[str, Any]) -> None:
        entry = self._raw[row["order"]]
        lines = [
            (text("column.saved"), row["saved"]), (text("log.user"), entry["user"]),
            (text("column.subject"), entry["subject"]), (text("column.module"), entry["module"]),
            (text("column.type"), entry["type"]), (text("column.number"), entry["number"]),
            (text("log.session"), entry["session"]), (text("column.order"), entry["order"]),
            *json.loads(entry["details"] or "{}").items(),
        ]  # fmt: skip
        self._facts.object = formatting.facts(lines, entry["message"])
        self.drawer.open = True

    def verify(self) -> None:
        """Verify the chains and say what was found."""
        self._check.start(lambda _job: verify_log(self._lab), self._verified, text("log.verifying"))

    def _verified(self, found: dict[str, Any]) -> None:
        entries = counted("log.count", found["entries"], formatting.count(found["entries"]))
        if found["ok"]:
            said = text("log.whole", entries=entries)
        else:
            said = text("log.broken", findings="; ".join(found["findings"][:10]))
        self._verdict.param.update(object=escape(said), severity="success" if found["ok"] else "error", visible=True)

    def take(self, suffix: str) -> None:
        """Make a file of the chosen entries and give it to the browser."""
        chosen = self._chosen()

        def make(job: Job) -> bytes:
            from bankklient_lab.reports import render_table

            return render_table(application_log.arrow(self._lab, **chosen), suffix, text("page.log"), job)

        self._work.start(make, lambda content: self._state.send_file(f"log{suffix}", content), text("log.making"))


def page(lab: bl.Lab, state: State) -> ui.Viewable:
    """Build the page."""
    return Log(lab, state).view


def _columns() -> tuple[Column, ...]:
    return (
        Column("saved", text("column.saved"), width=150),
        Column("user", text("log.user"), width=120),
        Column("message", text("column.message")),
        Column("subject", text("column.subject"), width=200, essential=False),
        Column("module", text("column.module"), width=100, essential=False),
        Column("type", text("column.type"), width=110, essential=False),
    )
