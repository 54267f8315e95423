"""What analysis functions are asked with, checked once: accounts, days, currencies."""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import date, timedelta

from bankklient_lab.errors import BadArgument, UnknownName
from bankklient_lab.lab import Lab


def known_accounts(lab: Lab, accounts: Collection[str]) -> list[str]:
    """Return the names as a list; UnknownName for one that is no account's number, label or own name."""
    if isinstance(accounts, str):
        raise BadArgument(f"accounts must be a list of names, not the text {accounts!r}")
    names = list(accounts)
    if names:
        found = {name for row in lab.rows("SELECT account, label, name FROM labelled_account()") for name in row}
        for name in names:
            if name not in found:
                raise UnknownName("account", name, "`bankklient accounts` lists them")
    return names


def one_account(lab: Lab, account: str, currency: str | None) -> int:
    """Return the id of the account; UnknownName when there is none, BadArgument when not exactly one fits."""
    rows = lab.rows("SELECT account_id, currency FROM chosen_account($names)", {"names": [account]})
    if not rows:
        raise UnknownName("account", account, "`bankklient accounts` lists them")
    wanted = None if currency is None else currency_code(currency)
    fitting = [account_id for account_id, held in rows if wanted in (None, held)]
    if len(fitting) == 1:
        return int(fitting[0])
    instead = "say which currency" if fitting else f"not in {wanted}"
    raise BadArgument(f"account {account} is held in {', '.join(sorted(held for _, held in rows))}; {instead}")


def period(since: date, until: date) -> None:
    """Check a half-open range of days; BadArgument when it is empty or longer than 100 years."""
    if since >= until:
        raise BadArgument(f"the period from {since} to {until} (not included) holds no day")
    if until - since > timedelta(days=36_600):
        raise BadArgument(f"the period from {since} to {until} is longer than 100 years")


def currency_code(code: str) -> str:
    """Return an ISO 4217 code in capitals; BadArgument when it has another form."""
    upper = code.strip().upper()
    if not re.fullmatch(r"[A-Z]{3}", upper):
        raise BadArgument(f"{code!r} is not a currency code such as CZK")
    return upper
