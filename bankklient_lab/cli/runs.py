"""Commands that let a lab work by itself: demo."""

from __future__ import annotations

import secrets
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from bankklient_lab.cli import options
from bankklient_lab.cli.output import Progress, lines, print_json
from bankklient_lab.cli.serving import serve_lab, stopping
from bankklient_lab.errors import BadArgument, Refused

if TYPE_CHECKING:
    from bankklient_lab.jobs import Job
    from bankklient_lab.lab import Lab

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
    bank_months: Annotated[
        int, typer.Option(min=0, max=60, help="Whole months lived with the simulated bank; 0: that bank is left out.")
    ] = 3,
    once: Annotated[bool, typer.Option("--once", help="Make the lab and stop; no pages.")] = False,
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port of the pages on this machine; 0 is a free one.")
    ] = 0,
    as_json: options.JsonOption = False,
) -> None:
    """Make a demo company with two years of bank files and some payment orders, and show the dashboards.

    The lab is demo.duckdb here unless --lab says otherwise, the bank files are in a folder beside it; a lab that is
    there already is shown as it is. The last months are lived with a simulated bank, whose folder lies beside the lab,
    too: orders made, balanced, sent and processed, answers and statements received. Its user is BKDEMOUSER, with a
    password of its own that is printed once: it is asked for as soon as the lab has another user or is served to
    others.
    """
    from bankklient_lab.lab import lab_path

    path, day = lab_path(lab or DEMO_LAB), options.day(today)
    if not path.exists():
        summary = _make(path, _Company(day, entries, months, seed, bank_months))
        print_json(summary) if as_json else lines(
            f"{name.replace('_', ' ')}: {value}" for name, value in summary.items()
        )
    if not once:
        with stopping() as stop, options.opened(str(path), "", share_after=0.0, pandas=True, serving=True) as one:
            serve_lab(one, port, stop)


class _Company(NamedTuple):
    """What makes one demo company another one."""

    today: date
    entries: int
    months: int
    seed: int
    bank_months: int


def _make(path: Path, company: _Company) -> dict[str, object]:
    """Make the demo lab whole or not at all, the bank files and the simulated bank in folders beside it."""
    from bankklient_lab.access.configuration import configure
    from bankklient_lab.access.users import set_password
    from bankklient_lab.demo import fill
    from bankklient_lab.demo.company import NAME
    from bankklient_lab.demo.orders import fill_orders
    from bankklient_lab.exchange.journal import journal_path
    from bankklient_lab.lab import created

    part, files, bank = (
        path.with_name(name) for name in (f"{path.name}.part", f"{path.stem}-files", f"{path.stem}-bank")
    )
    living = part.with_name(f"{part.name}-bank")
    if company.bank_months and bank.exists():
        raise Refused(f"{bank} is there already, of another demo lab; move it away, or give the lab another name")
    _remove(part)  # of a demo that was cut off
    today, entries, months, seed, _ = company
    try:
        files.mkdir(exist_ok=True)
    except OSError as error:
        raise BadArgument(f"{files} can't be made ({error.strerror})") from None
    try:
        password = f"Demo-{secrets.token_urlsafe(9)}"
        with created(part, user=DEMO_USER) as one, Progress() as job:
            configure(one, {"client_name": NAME})
            lived = _lived(one, living, company, job) if company.bank_months else {}
            summary = fill(one, files, today=today, entries=entries, months=months, seed=seed, job=job)
            job.step("making payment orders")
            summary["orders"] = fill_orders(one, today=today, seed=seed)
            set_password(one, DEMO_USER, password)
        if lived:
            living.rename(bank)
            journal_path(part).rename(journal_path(path))
            lived = {"bank": str(bank), **lived}
        part.rename(path)
    finally:
        _remove(part)
    return {"lab": str(path), "bank_files": str(files), **summary, **lived, "user": DEMO_USER, "password": password}


def _lived(lab: Lab, folder: Path, company: _Company, job: Job) -> dict[str, object]:
    """Live the last months with a bank in a new folder, and return what is to be known of it."""
    from bankklient_lab.demo.lived import live

    bank, key = f"Bank-{secrets.token_urlsafe(9)}", secrets.token_hex(4)
    today, _, _, seed, months = company
    told = live(lab, folder, today=today, months=months, seed=seed, key_password=key, bank_password=bank, job=job)
    return {**told, "bank_password": bank, "key_password": key}


def _remove(part: Path) -> None:
    """Remove what there is of an unfinished lab and its bank."""
    from shutil import rmtree

    for left in part.parent.glob(f"{part.name}*"):
        rmtree(left) if left.is_dir() else left.unlink(missing_ok=True)
