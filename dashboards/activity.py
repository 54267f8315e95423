"""User activity: who is logged in, what each does, and a way to end a session."""

from __future__ import annotations

from typing import Any

import panel as pn
import pyarrow as pa

import bankklient_lab as bl
from bankklient_lab.access.activity import activity, disconnect

from . import formatting, ui
from .formatting import escape
from .listing import Listing, in_words
from .state import State
from .styles import css
from .table import Column
from .texts import text

SECONDS = (5, 15, 60)
_COLUMNS = ("user", "channel", "workstation", "logged_in", "doing", "idle_since", "state", "session_id")


class Activity:
    """The page."""

    def __init__(self, lab: bl.Lab, state: State) -> None:
        self._lab, self._state = lab, state
        self._raw: list[dict[str, Any]] = []
        self._facts = ui.html("", style=css("facts"))
        self._end = ui.button("", self.end, icon="power_settings_new", primary=True)
        self._session: int | None = None
        self.drawer = ui.drawer(self._facts, self._end)
        self.listing = Listing(
            state, "activity", _columns(), self._read, count="activity.count", label=text("page.activity"),
            on_open=self._open, placeholder=text("activity.none"),
        )  # fmt: skip
        options = {text("activity.every", n=number): number for number in SECONDS} | {text("activity.never"): 0}
        self._every = ui.select(text("activity.refresh"), options, SECONDS[0], width=170)
        again = ui.button(text("activity.now"), self.listing.refresh, icon="refresh")
        self.view = ui.column(
            ui.card(ui.row(self.listing.search, ui.html(""), self._every, again, gap=10), self.listing.view),
            self.drawer,
        )
        self._timer: Any = None
        if pn.state.curdoc is not None:
            self._timer = pn.state.add_periodic_callback(self._tick, period=SECONDS[0] * 1000)
            self._every.param.watch(lambda event: self._pace(event.new), "value")

    @property
    def _locked(self) -> bool:
        number = self._lab.caller.session_id
        return number is not None and self._lab.rights.locked(number)

    def _pace(self, seconds: int) -> None:
        self._timer.stop()
        if seconds:
            self._timer.period = seconds * 1000
            self._timer.start()

    def _tick(self) -> None:
        if self._state.page == "activity" and not self._locked:
            self.listing.refresh()

    def _read(self) -> pa.Table:
        self._raw = activity.rows(self._lab)
        return in_words(
            self._raw, _COLUMNS, channel=lambda row: text(f"activity.channel_{row['channel']}"),
            logged_in=lambda row: formatting.second(row["logged_in"]), doing=_doing,
            idle_since=lambda row: formatting.second(row["idle_since"]), state=_state,
            workstation=lambda row: row["workstation"] or text("activity.here"),
        )  # fmt: skip

    def _open(self, row: dict[str, Any]) -> None:
        found = next((one for one in self._raw if str(one["session_id"]) == row["session_id"]), None)
        if found is None or found["session_id"] is None:
            return
        lines = [(column.title, row[column.name]) for column in _columns()]
        warns = f"<p class='warn'>{escape(text('activity.undone'))}</p>" if found["action"] else ""
        is_own = found["session_id"] == self._lab.caller.session_id
        own = f"<p class='muted'>{escape(text('activity.own'))}</p>" if is_own else ""
        self._facts.object = f"{formatting.facts(lines, row['user'])}{warns}{own}"
        self._session = found["session_id"]
        self._end.visible = not is_own
        self._end.label = text("activity.end", user=row["user"])
        self.drawer.open = True

    def end(self) -> None:
        """End the session that is shown; the drawer has said what happens."""
        assert self._session is not None
        disconnect(self._lab, self._session)
        self.drawer.open = False
        self.listing.refresh()
        ui.tell(text("activity.ended"))


def _doing(row: dict[str, Any]) -> str:
    if not row["action"]:
        return text("activity.nothing")
    return f"{row['action']} ({row['class']}), {formatting.second(row['action_since'])}"


def _state(row: dict[str, Any]) -> str:
    state = "locked" if row["locked"] else "valid"
    words = text("activity.locked" if row["locked"] else "activity.open")
    return f"{formatting.MARKS[state]} {words}"


def page(lab: bl.Lab, state: State) -> ui.Viewable:
    """Build the page."""
    return Activity(lab, state).view


def _columns() -> tuple[Column, ...]:
    return (
        Column("user", text("column.user"), width=140),
        Column("state", text("column.state"), "state", width=100),
        Column("channel", text("activity.channel"), width=110, essential=False),
        Column("workstation", text("activity.workstation"), width=130, essential=False),
        Column("logged_in", text("activity.logged_in"), width=150, essential=False),
        Column("idle_since", text("activity.idle_since"), width=150, essential=False),
        Column("doing", text("activity.doing")),
    )
