"""Automated transmission: its times, the next one and how the last one ended; starting and stopping it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import bankklient_lab as bl
from bankklient_lab.rights.settings import parameter
from bankklient_lab.runs.automated import (
    automated_transmission,
    start_automated_transmission,
    stop_automated_transmission,
)

from . import formatting, ui
from .formatting import escape
from .state import State, follow
from .styles import css
from .sure import Sure
from .texts import text

MINUTE_SECONDS, HOUR_MINUTES = 60, 60


class Automated:
    """The card."""

    def __init__(self, lab: bl.Lab, state: State) -> None:
        self._lab, self._state = lab, state
        self.told = ui.html("", style=css("balancing"))
        self.start = Sure(text("automated.start"), text("automated.start_really"), self._start, icon="alarm_on")
        self.stop = Sure(text("automated.stop"), text("automated.stop_really"), self._stop, icon="alarm_off")
        self.view = ui.card(
            ui.heading(text("automated.title"), note=text("automated.hint")),
            self.told, self.start.view, self.stop.view, gap=10,
        )  # fmt: skip
        follow(state, "transmissions", (), self.refresh)

    def refresh(self) -> None:
        """Say how it is set up and how it stands."""
        known = automated_transmission(self._lab)
        lines = (_times(known), self._due(known), _last(known))
        self.told.object = "".join(f"<p class='signs'>{escape(line)}</p>" for line in lines if line)
        on = known["started_by"] is not None
        self.start.view.visible, self.stop.view.visible = not on and bool(known["days"]), on

    def _due(self, known: Mapping[str, Any]) -> str:
        if known["started_by"] is None:
            return text("automated.stopped")
        by = text("automated.by", who=known["started_by"], at=formatting.moment(known["started_at"]))
        if known["next_at"] is None:
            return by
        left = int((known["next_at"] - self._lab.clock()).total_seconds()) // MINUTE_SECONDS
        hours, minutes = divmod(max(left, 0), HOUR_MINUTES)
        at = formatting.moment(known["next_at"])
        due = text("automated.next", at=at, hours=hours, minutes=minutes) if left > 0 else text("automated.now")
        return f"{by} {due}"

    def _start(self) -> None:
        first = start_automated_transmission(self._lab)["next_at"]
        ui.tell(text("automated.started", at=formatting.moment(first)))
        self.refresh()

    def _stop(self) -> None:
        stop_automated_transmission(self._lab)
        ui.tell(text("automated.ended"))
        self.refresh()


def _times(known: Mapping[str, Any]) -> str:
    if not known["days"]:
        return text("automated.no_days")
    week = parameter("transmission_days").choices
    days = ", ".join(text(f"weekday.{week.index(day) + 1}") for day in known["days"])
    told = text(
        "automated.times",
        time=known["time"],
        zone=known["zone"],
        days=days,
        n=known["repetitions"],
        minutes=known["interval_minutes"],
    )
    return told + (text("automated.backup") if known["backup"] else "")


def _last(known: Mapping[str, Any]) -> str:
    if known["last_at"] is None:
        return ""
    state = text(f"automated.state_{known['state'].replace(' ', '_')}")
    told = text("automated.last", at=formatting.moment(known["last_at"]), n=known["attempt"], state=state)
    return f"{told} ({known['message']})" if known["message"] else told
