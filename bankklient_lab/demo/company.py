"""Who the demo company is and deals with: data/demo/*.csv as typed records and Arrow tables."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import pyarrow as pa
from schwifty import IBAN

NAME = "Demo company"

_CZ_WEIGHTS = (6, 3, 7, 9, 10, 5, 8, 4, 2, 1)  # of an account number's digits, the sum is divisible by 11
_CZ_BANKS = ("0100", "0300", "0600", "0800", "2010", "5500")
_DE_BANKS = ("37040044", "10070000", "70020270")


@dataclass(frozen=True, slots=True)
class OwnAccount:
    """One account of the company; `opening` is its balance before the first day, for 350 entries a month."""

    account_no: int
    bank_code: str
    bic: str
    format: str
    currency: str
    iban: str
    number: str
    name: str
    role: str
    opening: int


@dataclass(frozen=True, slots=True)
class BankAccount:
    """One account of the company at the simulated bank; `opening` is its balance when it is opened.

    `documents` says how its documents come (bank.Account).
    """

    iban: str
    currency: str
    name: str
    opening: int
    documents: str


def rows(name: str) -> list[dict[str, str]]:
    """Return the rows of data/demo/<name>.csv."""
    text = (files("bankklient_lab.data") / f"demo/{name}.csv").read_text("utf-8")
    return list(csv.DictReader(text.splitlines()))


@cache
def own_accounts() -> tuple[OwnAccount, ...]:
    """Return the company's accounts in the order of their numbers."""
    return tuple(
        OwnAccount(**(row | {"account_no": int(row["account_no"]), "opening": int(row["opening"])}))  # type: ignore[arg-type]
        for row in rows("accounts")
    )


@cache
def bank_accounts() -> tuple[BankAccount, ...]:
    """Return the company's accounts at the simulated bank."""
    return tuple(
        BankAccount(row["iban"], row["currency"], row["name"], int(row["opening"]), row["documents"])
        for row in rows("bank_accounts")
    )


def accounts_table() -> pa.Table:
    """Return the accounts as a table with the columns of OwnAccount."""
    return pa.Table.from_pylist([{name: getattr(a, name) for name in OwnAccount.__slots__} for a in own_accounts()])


def flows_table() -> pa.Table:
    """Return the flows of money: which account they touch, how often, how much, on which days of a month."""
    numbers = ("share", "amount", "spread", "season")
    days = ("first_day", "last_day")
    return pa.Table.from_pylist(
        [
            {k: float(v) if k in numbers else int(v) if k in days else v for k, v in row.items()} | {"flow_no": no}
            for no, row in enumerate(rows("flows"), start=1)
        ]
    )


def partners_table() -> pa.Table:
    """Return whom the company deals with: partners (the group), partner_no, name, account, bank."""
    found = []
    for group_no, row in enumerate(rows("partners"), start=1):
        names = row["names"].split("|")
        names = [f"{names[0]} {no:04}" for no in range(1, 401)] if names == ["Employee"] else names
        for no, name in enumerate(names):
            account, bank = _account(row["partners"], group_no * 10_000 + no)
            found.append(
                {"partners": row["partners"], "partner_no": no, "name": name, "account": account, "bank": bank}
            )
    return pa.Table.from_pylist(found)


def _account(group: str, salt: int) -> tuple[str | None, str | None]:
    if group in ("card", "shops", "bank"):
        return None, None
    if group.endswith("_overseas"):
        return f"{salt * 7919:012}", None
    if group.endswith("_abroad"):
        bank = _DE_BANKS[salt % len(_DE_BANKS)]
        return str(IBAN.generate("DE", bank_code=bank, account_code=f"{salt * 104_729 % 10**10:010}")), bank
    number = salt * 1_000_003 % 10**9 + 1_000
    while sum(int(d) * w for d, w in zip(f"{number:010}", _CZ_WEIGHTS, strict=True)) % 11:
        number += 1
    bank = _CZ_BANKS[salt % len(_CZ_BANKS)]
    return str(IBAN.generate("CZ", bank_code=bank, account_code=f"{number:010}")), bank
