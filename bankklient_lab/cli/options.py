"""Options that commands share, and what their texts mean."""

from __future__ import annotations

import re
import sys
from calendar import monthrange
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from datetime import date, timedelta
from getpass import getpass
from typing import TYPE_CHECKING, Annotated

import typer

from bankklient_lab.errors import BadArgument, LabError, NotLoggedIn, SecondFactorNeeded, WrongPassphrase
from bankklient_lab.rights.identity import Credentials
from bankklient_lab.store.passphrase import ENVIRONMENT_PASSPHRASE_FILE, read_passphrase

if TYPE_CHECKING:
    from bankklient_lab.lab import Lab

SHARE_AFTER_SECONDS = 1.0

LabOption = Annotated[
    str, typer.Option("--lab", envvar="BANKKLIENT_LAB", metavar="LAB", help="File of the lab.", show_default=False)
]
PassphraseOption = Annotated[
    str,
    typer.Option(
        "--passphrase-file",
        envvar=ENVIRONMENT_PASSPHRASE_FILE,
        metavar="FILE",
        help="File with the passphrase of an encrypted lab; only you may read it.",
        show_default=False,
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON: decimals as texts, days as ISO dates.")]
AccountOption = Annotated[str, typer.Option("--account", metavar="ACCOUNT", help="Account: its number or own name.")]
AccountsOption = Annotated[
    list[str], typer.Option("--account", metavar="ACCOUNT", help="Only this account: its number or own name.")
]
FromOption = Annotated[str, typer.Option("--from", metavar="DATE", help="First day, or a month such as 2026-10.")]
ToOption = Annotated[str, typer.Option("--to", metavar="DATE", help="Last day (it belongs in), or a month.")]
CurrencyOption = Annotated[
    str, typer.Option("--currency", metavar="CODE", help="Of an account number with several currencies.")
]
InCurrencyOption = Annotated[
    str, typer.Option("--in-currency", metavar="CODE", help="Convert to this currency by the rates of the day.")
]


@contextmanager
def opened(
    lab: str,
    passphrase_file: str,
    *,
    share_after: float = SHARE_AFTER_SECONDS,
    pandas: bool = False,
    serving: bool = False,
) -> Iterator[Lab]:
    """Open the lab for one command, here or through its owner, and close it; `pandas`: the command uses it.

    At a terminal what is missing is asked for: the passphrase, and the name, password and code of a lab with users.
    """
    from bankklient_lab.lab import lab_path
    from bankklient_lab.opening import connect, found_credentials

    path, passphrase, credentials = lab_path(lab or None), read_passphrase(passphrase_file), found_credentials()
    with nullcontext() if pandas else _without_pandas():
        while True:
            try:
                one = connect(
                    path, passphrase=passphrase, credentials=credentials, share_after=share_after, serving=serving
                )
                break
            except LabError as error:
                if not sys.stdin.isatty():
                    raise
                passphrase, credentials = _asked(error, passphrase, credentials)
        with one:
            for said in one.notices:
                sys.stderr.write(f"{said}\n")
            yield one


def _asked(error: LabError, passphrase: str | None, credentials: Credentials) -> tuple[str | None, Credentials]:
    """Ask for what an error says is missing; the error again when nothing is, or when it was given and is wrong."""
    if isinstance(error, WrongPassphrase) and passphrase is None:
        return getpass("Passphrase of the lab: "), credentials
    if isinstance(error, SecondFactorNeeded) and not credentials.code:
        return passphrase, replace(credentials, code=getpass("Code of your second factor: "))
    if type(error) is NotLoggedIn and not credentials.token and not credentials.password:
        user = credentials.user or input("User: ")
        return passphrase, Credentials(user, getpass(f"Password of {user}: "))
    raise error


class _NoPandas:
    """Says that pandas is not there: DuckDB imports it at the first bound value only to know its types, for 0.3 s."""

    @staticmethod
    def find_spec(name: str, _path: object = None, _target: object = None) -> None:
        if name == "pandas":
            raise ModuleNotFoundError(name)


@contextmanager
def _without_pandas() -> Iterator[None]:
    sys.meta_path.insert(0, _NoPandas)
    try:
        yield
    finally:
        sys.meta_path.remove(_NoPandas)


_MONTH = re.compile(r"(\d{4})-(\d{2})")


def first_day(text: str) -> date:
    """Return a day, or the first one of a month; BadArgument for another text."""
    return _first_and_last(text)[0]


def day(text: str) -> date:
    """Return a day written YYYY-MM-DD or "today"; BadArgument for another text."""
    first, last = _first_and_last(text)
    if first != last:
        raise BadArgument(f"{text!r} is a month; one day is needed, such as {last}")
    return first


def period(since: str, to: str) -> tuple[date, date]:
    """Return the half-open days of --from and --to (both belong in); without --to all of that month, or until today."""
    first, last = _first_and_last(since)
    if to:
        last = _first_and_last(to)[1]
    elif first == last:
        last = max(first, date.today())
    if last < first:
        raise BadArgument(f"--to {to} is before --from {since}")
    return first, last + timedelta(days=1)


def optional_period(since: str, to: str) -> tuple[date | None, date | None]:
    """Return the half-open days of --from and --to, None for an end that is not given."""
    if since and to:
        return period(since, to)
    return (
        _first_and_last(since)[0] if since else None,
        _first_and_last(to)[1] + timedelta(days=1) if to else None,
    )


def _first_and_last(text: str) -> tuple[date, date]:
    try:
        if text == "today":
            return date.today(), date.today()
        if month := _MONTH.fullmatch(text):
            year, number = int(month[1]), int(month[2])
            return date(year, number, 1), date(year, number, monthrange(year, number)[1])
        if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
            return date.fromisoformat(text), date.fromisoformat(text)
    except ValueError:
        pass
    raise BadArgument(f"{text!r} is not a day; write it like 2026-10-31, 2026-10 for a month, or today")
