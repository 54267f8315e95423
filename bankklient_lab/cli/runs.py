"""Commands that let a lab work by itself: demo."""

from __future__ import annotations

import secrets
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from bankklient_lab.cli import options
from bankklient_lab.cli.output import Progress, lines, print_json
from bankklient_lab.cli.serving import serve_lab, stopping
from bankklient_lab.errors import BadArgument

DEMO_LAB = "demo.duckdb"
DEMO_USER = "BKDEMOUSER"
ENTRIES_MAX = 50_000_000


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("demo")(demo)


def demo(
    lab: options.LabOption = "",
    entries: Annotated[int, typer.Option(min=100, max=ENTRIES_MAX, help="About so many entries.")] = 100_000,
    months: Annotated[int, typer.Option(min=1, max=120, help="Whole months of business before this one.")] = 24,
    today: Annotated[str, typer.Option(metavar="DATE", help="Day after the last entries.")] = "today",
    seed: Annotated[int, typer.Option(min=0, help="Another seed makes up another company.")] = 20_260_101,
    once: Annotated[bool, typer.Option("--once", help="Make the lab and stop; no pages.")] = False,
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port of the pages on this machine; 0 is a free one.")
    ] = 0,
    as_json: options.JsonOption = False,
) -> None:
    """Make a demo company with two years of bank files and some payment orders, and show the dashboards.

    The lab is demo.duckdb here unless --lab says otherwise, the bank files are in a folder beside it; a lab that is
    there already is shown as it is. Its user is BKDEMOUSER, with a password of its own that is printed once: it is
    asked for as soon as the lab has another user or is served to others.
    """
    from bankklient_lab.lab import lab_path

    path, day = lab_path(lab or DEMO_LAB), options.day(today)
    if not path.exists():
        summary = _make(path, day, entries, months, seed)
        print_json(summary) if as_json else lines(
            f"{name.replace('_', ' ')}: {value}" for name, value in summary.items()
        )
    if not once:
        with stopping() as stop, options.opened(str(path), "", share_after=0.0, pandas=True, serving=True) as one:
            serve_lab(one, port, stop)


def _make(path: Path, today: date, entries: int, months: int, seed: int) -> dict[str, object]:
    """Make the demo lab whole or not at all, the bank files in a folder beside it."""
    from bankklient_lab.access.users import set_password
    from bankklient_lab.demo import fill
    from bankklient_lab.demo.orders import fill_orders
    from bankklient_lab.lab import created

    part, files = path.with_name(path.name + ".part"), path.with_name(path.stem + "-files")
    part.unlink(missing_ok=True)  # of a demo that was cut off
    try:
        files.mkdir(exist_ok=True)
    except OSError as error:
        raise BadArgument(f"{files} can't be made ({error.strerror})") from None
    try:
        password = f"Demo-{secrets.token_urlsafe(9)}"
        with created(part, user=DEMO_USER) as one, Progress() as job:
            summary = fill(one, files, today=today, entries=entries, months=months, seed=seed, job=job)
            job.step("making payment orders")
            summary["orders"] = fill_orders(one, today=today, seed=seed)
            set_password(one, DEMO_USER, password)
        part.rename(path)
    finally:
        for left in path.parent.glob(f"{part.name}*"):
            left.unlink(missing_ok=True)
    return {"lab": str(path), "bank_files": str(files), **summary, "user": DEMO_USER, "password": password}
