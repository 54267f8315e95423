"""What the bank says of the client later on: the list of its accounts, or its whole configuration."""

from __future__ import annotations

from typing import Any

from bankklient_lab.access.configuration import configure_from_bank, restore_settings
from bankklient_lab.access.contract import replace_authorized_persons
from bankklient_lab.errors import BadArgument, FormatError, Refused, UnknownName
from bankklient_lab.exchange.rechecking import rechecked
from bankklient_lab.formats.bank_files import BankFile, read_file
from bankklient_lab.formats.batches import Message
from bankklient_lab.formats.client_accounts import PARAMETERS, PERSONS, read_accounts, read_parameters, read_persons
from bankklient_lab.keys.points import BANK, HTTPS, point_of, set_point
from bankklient_lab.lab import Lab
from bankklient_lab.orders.accounts import replace_accounts
from bankklient_lab.rights.settings import read_setting

_CODE_IN_IBAN = slice(4, 8)  # of a Czech or Slovak account


def take_accounts(lab: Lab, cursor: Any, message: Message) -> list[str]:
    """Replace the client's accounts at the bank, check orders anew, and return what became of accounts and orders.

    FormatError leaves everything as it was.
    """
    return _accounts(lab, cursor, read_file(message))


def take_changed_configuration(lab: Lab, cursor: Any, message: Message) -> list[str]:
    """Take over one file of a client's banking configuration: accounts, the bank's parameters, authorized persons."""
    file = read_file(message)
    if file.name == PARAMETERS:
        return _parameters(lab, file)
    return _persons(lab, cursor, file) if file.name == PERSONS else _accounts(lab, cursor, file)


def _accounts(lab: Lab, cursor: Any, file: BankFile) -> list[str]:
    given = read_accounts(file)
    _check_bank(lab, file.name, [one.account for one in given])
    changed = replace_accounts(cursor, given)
    lab.log(cursor, "bank_sends_accounts", file.name, accounts=len(given), **changed)
    gone = [
        f"{account} is not on the bank's list any more; nothing can be ordered for it" for account in changed["gone"]
    ]
    return [*gone, *rechecked(lab, cursor, "accounts from the bank")]


def _check_bank(lab: Lab, place: str, accounts: list[str]) -> None:
    """Refuse a list that names accounts of several banks: those that it leaves out would be gone at all of them."""
    own = str(read_setting(lab.database, "bank_code"))
    codes = {one[_CODE_IN_IBAN] for one in accounts}
    if len(codes) > 1 or (own and codes != {own}):
        other = sorted(codes - {own} if own else codes)
        raise FormatError(f"the list names accounts of other banks: {', '.join(other)}", place=place)


def _persons(lab: Lab, cursor: Any, file: BankFile) -> list[str]:
    try:
        return replace_authorized_persons(lab, cursor, read_persons(file))
    except (BadArgument, UnknownName) as error:
        raise FormatError(error.message, place=file.name) from None


def _parameters(lab: Lab, file: BankFile) -> list[str]:
    """Take over the bank's parameters; orders are checked anew by what configures them."""
    told = read_parameters(file)
    try:
        configure_from_bank(lab, {name: told[name] for name in ("bank_code", "national_currency") if name in told})
        left_out = restore_settings(lab, {name: told[name] for name in ("client_name",) if name in told})
        before = point_of(lab, BANK)
        way: dict[str, Any] = {"name": told.get("bank_name", before.name)}
        if told.get("address") and before.channel == HTTPS:
            way["settings"] = before.settings | {"address": told["address"]}
        set_point(lab, before, before._replace(**way))
    except (BadArgument, Refused) as error:
        raise FormatError(error.message, place=file.name) from None
    return [f"{name} is not taken over: it does not fit here" for name in left_out]
