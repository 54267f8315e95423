"""The register of accounting systems: programs that files of orders come from and that files are written for.

Each is a connection point with a number of its own. Files are taken only from the folder that the register names, by
their plain names; a system without a folder gets its files uploaded.
"""

from __future__ import annotations

import os
import stat
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any
from unicodedata import category

from bankklient_lab.actions import action, table_action
from bankklient_lab.errors import BadArgument, UnknownName
from bankklient_lab.formats.payments import format_named
from bankklient_lab.formats.payments.charsets import check_charset
from bankklient_lab.lab import Lab, Read
from bankklient_lab.orders.transmissions import names_received
from bankklient_lab.store.files import existing_folder

NUMBER_MAX = 20_000  # greater ones are connection points of clients
NAME_CHARACTERS_MAX = 40
FILE_NAME_CHARACTERS_MAX = 30
# How right domestic orders of a file begin, each with the action of the lifecycle that makes them so.
START_STATUSES = {"created": "receive_blank", "verified": "receive_verified", "confirmed": "receive_confirmed"}
TAKES = "36|181"  # orders, receivables
SEES = f"2|41|{TAKES}"
_UNSEEN = ("Cc", "Cf", "Zl", "Zp")  # control characters, and those that turn text around
_KEEP = "INSERT OR REPLACE INTO ops.accounting_system VALUES (?, ?, ?, ?, ?, ?, ?, ?)"


@dataclass(frozen=True, slots=True)
class AccountingSystem:
    """One entry of the register; `accounts` are numbers (IBAN) of the own accounts that are exported, none: all."""

    number: int
    name: str
    format: str = ""
    charset: str = "utf-8"
    start_status: str = "created"
    folder_in: str = ""
    folder_out: str = ""
    accounts: tuple[str, ...] = ()


@table_action(SEES)
def accounting_systems(lab: Lab) -> Read:
    """Return the register, by number.

    Columns: number, name, format (empty: any that is recognised), charset, start_status, folder_in, folder_out,
    accounts (numbers separated by spaces; empty: all).
    """
    return lab.read("FROM ops.accounting_system ORDER BY number")


@action("2", mode="exclusive")
def add_accounting_system(
    lab: Lab,
    system: int,
    name: str,
    *,
    format: str = "",  # noqa: A002 - the term of the field
    charset: str = "utf-8",
    start_status: str = "created",
    folder_in: str = "",
    folder_out: str = "",
    accounts: list[str] | None = None,
) -> None:
    """Add an accounting system with a number of its own from 1 to 20000.

    `format` is a name of formats.payments, empty for any that is recognised; `charset` counts where a file does not
    name its own. `start_status`: created, verified or confirmed, of domestic orders that are right. The folders are on
    the machine where the lab is. `accounts` are the own accounts that are exported, all when empty.
    """
    entry = AccountingSystem(
        system, name, format, charset, start_status, folder_in, folder_out, tuple(accounts or ())
    )  # fmt: skip
    if not 1 <= system <= NUMBER_MAX:
        raise BadArgument(f"the number of an accounting system is from 1 to {NUMBER_MAX}; {system} is not")
    with lab.database.tx("ops") as cursor:
        if cursor.execute("SELECT 1 FROM ops.accounting_system WHERE number = ?", [system]).fetchone():
            raise BadArgument(f"there is an accounting system {system} already; choose another number")
        kept = _checked(cursor, entry)
        cursor.execute(_KEEP, list(kept.values()))
        lab.log(cursor, "add_accounting_system", str(system), **kept)


@action("2", mode="exclusive")
def change_accounting_system(lab: Lab, system: int, changes: dict[str, Any]) -> None:
    """Change the fields named in `changes` (as in `add_accounting_system`) of an accounting system."""
    with lab.database.tx("ops") as cursor:
        before = system_numbered(cursor, system)
        unknown = set(changes) - (set(asdict(before)) - {"number"})
        if unknown:
            raise UnknownName("field of an accounting system", min(unknown), f"there are {', '.join(asdict(before))}")
        for field, value in changes.items():
            if not isinstance(value, list if field == "accounts" else str):
                raise BadArgument(f"{field} of an accounting system can't be a {type(value).__name__}")
        if "accounts" in changes:
            changes = changes | {"accounts": tuple(map(str, changes["accounts"]))}
        kept = _checked(cursor, AccountingSystem(**(asdict(before) | changes)))
        cursor.execute(_KEEP, list(kept.values()))
        lab.log(cursor, "change_accounting_system", str(system), **{name: kept[name] for name in changes})


@action("2", mode="exclusive")
def delete_accounting_system(lab: Lab, system: int) -> None:
    """Take an accounting system and its replacements of texts out of the register; what came from it stays."""
    with lab.database.tx("ops") as cursor:
        entry = system_numbered(cursor, system)
        cursor.execute("DELETE FROM ops.text_replacement WHERE accounting_system = ?", [system])
        cursor.execute("DELETE FROM ops.accounting_system WHERE number = ?", [system])
        lab.log(cursor, "delete_accounting_system", str(system), name=entry.name)


@action(TAKES, mode="standard")
def files_waiting(lab: Lab, system: int) -> list[dict[str, Any]]:
    """Return the files in the folder that an accounting system's files come from, by name.

    Of each name, bytes and received (whether a file of that name was received before). BadArgument when the folder
    can't be read or the system has none.
    """
    with lab.database.reading() as cursor:
        entry = system_numbered(cursor, system)
        known = names_received(cursor, system)
    folder = incoming_folder(entry)
    try:
        found = [(entry.name, entry.stat(follow_symlinks=False)) for entry in os.scandir(folder)]
    except OSError as error:
        raise BadArgument(f"the folder {folder} can't be read: {error.strerror}") from None
    return [
        {"name": name, "bytes": what.st_size, "received": name.lower() in known}
        for name, what in sorted(found)
        if stat.S_ISREG(what.st_mode) and not name.startswith(".")
    ]


def system_numbered(cursor: Any, system: int) -> AccountingSystem:
    """Return an entry of the register; UnknownName."""
    row = cursor.execute("SELECT * FROM ops.accounting_system WHERE number = ?", [system]).fetchone()
    if row is None:
        raise UnknownName("accounting system", system, "`bankklient accounting-systems` shows them")
    kept = dict(zip([field.name for field in fields(AccountingSystem)], row, strict=True))
    return AccountingSystem(**kept | {"accounts": tuple(kept["accounts"].split())})


def incoming_folder(system: AccountingSystem) -> Path:
    """Return the folder that a system's files come from; BadArgument when there is none."""
    if not system.folder_in:
        raise BadArgument(f"accounting system {system.number} has no folder for incoming files; upload the file")
    return Path(system.folder_in)


def check_file_name(name: str) -> None:
    """Raise BadArgument for what is not the plain name of a file: a folder, or what shows as something else."""
    hidden = any(category(letter) in _UNSEEN for letter in name)
    if not name.strip() or name[0] in ".~" or name != Path(name).name or "\\" in name or hidden:
        raise BadArgument(f"{name!a} is not the name of a file; give the name alone, without a folder")


def file_within(folder: Path, name: str) -> Path:
    """Return the path of a file directly inside a folder; BadArgument for any other name, and for links."""
    check_file_name(name)
    path = folder / name
    try:
        found = path.lstat()
    except (OSError, ValueError) as error:
        raise BadArgument(f"{path} can't be read: {getattr(error, 'strerror', None) or error}") from None
    if not stat.S_ISREG(found.st_mode):
        raise BadArgument(f"{path} is not an ordinary file; links and folders are not taken")
    return path


def _checked(cursor: Any, system: AccountingSystem) -> dict[str, Any]:
    """Return an entry as it is kept; BadArgument or UnknownName for what it can't be."""
    name = " ".join(system.name.split())
    if not 0 < len(name) <= NAME_CHARACTERS_MAX:
        raise BadArgument(f"an accounting system needs a name of 1 to {NAME_CHARACTERS_MAX} characters")
    taken = "SELECT number FROM ops.accounting_system WHERE lower(name) = lower(?) AND number <> ?"
    if row := cursor.execute(taken, [name, system.number]).fetchone():
        raise BadArgument(f"accounting system {row[0]} is called {name} already; choose another name")
    if system.format:
        format_named(system.format)
    check_charset(system.charset)
    if system.start_status not in START_STATUSES:
        raise BadArgument(f"the start status is one of {', '.join(START_STATUSES)}, not {system.start_status!r}")
    own = {number for (number,) in cursor.execute("SELECT number FROM ops.account").fetchall()}
    for account in system.accounts:
        if account not in own:
            raise UnknownName("own account", account, "give its number as `bankklient accounts` shows it")
    return asdict(system) | {
        "name": name,
        "folder_in": existing_folder(system.folder_in),
        "folder_out": existing_folder(system.folder_out),
        "accounts": " ".join(system.accounts),
    }
