"""What a bank says of a client in files of a batch: its accounts, its own parameters, the persons whom it authorizes.

All are CSV files (UTF-8) with a header line, see _HEADERS.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple, get_args

from bankklient_lab.errors import FormatError
from bankklient_lab.formats.bank_files import BankFile
from bankklient_lab.formats.small_tables import table_of
from bankklient_lab.sealing.configuration import ClientAccount, Position

ACCOUNTS, PARAMETERS, PERSONS = "accounts.csv", "configuration.csv", "persons.csv"
PARAMETER_NAMES = ("client_name", "bank_name", "bank_code", "national_currency", "address")
ROWS_MAX = 10_000
NAME_CHARS_MAX = 100
_ACCOUNT = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{4,30}", re.ASCII)
_CURRENCY = re.compile(r"[A-Z]{3}", re.ASCII)


class AuthorizedPerson(NamedTuple):
    """A person whom the contract authorizes: identification and reference with a mark, a role to begin with, if any."""

    user: str
    reference: str
    role: str = ""
    first_name: str = ""
    last_name: str = ""
    phone: str = ""


_HEADERS = {
    ACCOUNTS: ClientAccount._fields, PARAMETERS: ("parameter", "value"), PERSONS: AuthorizedPerson._fields,
}  # fmt: skip


def write_accounts(accounts: Iterable[ClientAccount]) -> BankFile:
    """Return the file with a client's accounts, all that it has at the bank."""
    return _written(ACCOUNTS, accounts)


def write_parameters(values: Mapping[str, str]) -> BankFile:
    """Return the file with parameters of the bank, of PARAMETER_NAMES."""
    return _written(PARAMETERS, values.items())


def read_accounts(file: BankFile) -> list[ClientAccount]:
    """Return the accounts of such a file, at least one; FormatError names the line, and nothing of it is taken."""
    found: dict[tuple[str, str], ClientAccount] = {}
    for line, row in _rows(file, ACCOUNTS):
        account = ClientAccount(**row)
        for field, fits, takes in (
            ("account", _ACCOUNT.fullmatch(account.account), "an IBAN without spaces"),
            ("currency", _CURRENCY.fullmatch(account.currency), "3 capital letters"),
            ("name", len(account.name) <= NAME_CHARS_MAX, f"at most {NAME_CHARS_MAX} characters"),
            ("position", account.position in get_args(Position), " or ".join(get_args(Position))),
            ("account", (account.account, account.currency) not in found, "each account once"),
        ):
            if not fits:
                raise FormatError(f"it takes {takes}", place=f"line {line}", field=field, text=row[field][:100])
        found[account.account, account.currency] = account
    if not found:
        raise FormatError("the list has no account", place=file.name)
    return list(found.values())


def read_parameters(file: BankFile) -> dict[str, str]:
    """Return the parameters of such a file by name; FormatError for an unknown one and one that is there twice."""
    found: dict[str, str] = {}
    for line, row in _rows(file, PARAMETERS):
        name = row["parameter"]
        if name not in PARAMETER_NAMES or name in found:
            told = f"it takes each of {', '.join(PARAMETER_NAMES)} once"
            raise FormatError(told, place=f"line {line}", field="parameter", text=name[:100])
        found[name] = row["value"]
    return found


def write_persons(persons: Iterable[AuthorizedPerson]) -> BankFile:
    """Return the file with the persons whom a contract authorizes, all of them."""
    return _written(PERSONS, persons)


def read_persons(file: BankFile) -> list[AuthorizedPerson]:
    """Return the persons of such a file; FormatError for one that is there twice."""
    found: dict[str, AuthorizedPerson] = {}
    for line, row in _rows(file, PERSONS):
        person = AuthorizedPerson(**row)
        if person.user in found:
            raise FormatError("it takes each person once", place=f"line {line}", field="user", text=person.user[:100])
        found[person.user] = person
    return list(found.values())


def _written(name: str, rows: Iterable[Sequence[str]]) -> BankFile:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows([_HEADERS[name], *rows])
    return BankFile(name, text.getvalue().encode())


def _rows(file: BankFile, name: str) -> list[tuple[int, dict[str, str]]]:
    if file.name != name:
        raise FormatError(f"the file here is {name}", field="name", text=file.name[:100])

    def check(header: Sequence[str]) -> None:
        if tuple(header) != _HEADERS[name]:
            raise FormatError(f"the header is not {','.join(_HEADERS[name])}", place="line 1")

    return table_of(file.content, check, rows_max=ROWS_MAX)
