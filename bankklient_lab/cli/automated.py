"""Commands for automated transmission: at set times what waits at the bank is taken over, with nobody there."""

from __future__ import annotations

from typing import Any

import typer

from bankklient_lab.cli.shared import Answered, AtLab, add_group


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    about = "Automated transmission: receive at the times of the configuration (transmission_...), with nobody there."
    add_group(app, "automated", about, {"show": show, "start": start, "stop": stop, "run-due": run_due})


def show(how: Answered) -> None:
    """Show the times, the next one, and how the last one ended."""
    from bankklient_lab.runs.automated import automated_transmission

    with how.opened() as one:
        told = automated_transmission(one)
    how.tell(told, *_described(told))


def start(how: Answered) -> None:
    """Start it in your name; `serve` makes it then, or a timer that calls `automated run-due`."""
    from bankklient_lab.runs.automated import start_automated_transmission

    with how.opened() as one:
        told = start_automated_transmission(one)
    how.tell(told, *_described(told))


def stop(at: AtLab) -> None:
    """Stop it, while it waits."""
    from bankklient_lab.cli.output import lines
    from bankklient_lab.runs.automated import stop_automated_transmission

    with at.opened() as one:
        stop_automated_transmission(one)
    lines(["automated transmission is stopped"])


def run_due(how: Answered) -> None:
    """Receive if a time is due; call it every few minutes, or let `serve` do it. Each time is used once."""
    from bankklient_lab.runs.automated import DONE, transmit_when_due

    with how.opened() as one:
        told = transmit_when_due(one)
    how.tell(told, _ended(told) if told else "nothing is due")
    if told is not None and told["state"] != DONE:
        raise typer.Exit(1)


def _ended(told: dict[str, Any]) -> str:
    return f"try {told['attempt']}: {told['state']}" + (f" ({told['message']})" if told["message"] else "")


def _described(told: dict[str, Any]) -> list[str]:
    every = f"at {told['time']} {told['zone']} on {' '.join(told['days'])}" if told["days"] else "on no day"
    again = f"{told['repetitions']} repetitions after {told['interval_minutes']} minutes"
    backup = "; then a backup" if told["backup"] else ""
    by = f"started by {told['started_by']}" if told["started_by"] else "stopped"
    due = f"next {told['next_at']:%Y-%m-%d %H:%M} UTC" if told["next_at"] else "nothing is due"
    last = [f"last {told['last_at']:%Y-%m-%d %H:%M} UTC, {_ended(told)}"] if told["last_at"] else []
    return [f"{by}: {every}, {again}{backup}", due, *last]
