"""GPC records, bank profiles and account numbers: what the reader and the writer share."""

from __future__ import annotations

import csv
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from bankklient_lab.formats.records import AMOUNT_2, DAY_DMY, DIGITS, TEXT, Field, Record

WIDTH = 128
EXTENDED_WIDTH = 403
MESSAGE_CHARS = 70  # of one 078 or 079 record

STATEMENT = Record(
    WIDTH,
    Field("type", 1, 3, TEXT),
    Field("account", 4, 19, DIGITS),
    Field("account_name", 20, 39, TEXT),
    Field("opening_day", 40, 45, DAY_DMY),
    Field("opening", 46, 59, AMOUNT_2),
    Field("opening_sign", 60, 60, TEXT),
    Field("closing", 61, 74, AMOUNT_2),
    Field("closing_sign", 75, 75, TEXT),
    Field("debit", 76, 89, AMOUNT_2),
    Field("debit_sign", 90, 90, TEXT),
    Field("credit", 91, 104, AMOUNT_2),
    Field("credit_sign", 105, 105, TEXT),
    Field("number", 106, 108, TEXT),
    Field("closing_day", 109, 114, DAY_DMY),
    Field("marker", 115, 128, TEXT),
)

_ENTRY_FIELDS = (
    Field("type", 1, 3, TEXT),
    Field("account", 4, 19, DIGITS),
    Field("counterparty_account", 20, 35, DIGITS),
    Field("bank_reference", 36, 48, DIGITS),
    Field("amount", 49, 60, AMOUNT_2),  # unsigned: the posting code says debit or credit
    Field("posting_code", 61, 61, TEXT),
    Field("variable_symbol", 62, 71, DIGITS),
    Field("counterparty_bank", 74, 77, DIGITS),
    Field("constant_symbol", 78, 81, DIGITS),
    Field("specific_symbol", 82, 91, DIGITS),
    Field("value_day", 92, 97, DAY_DMY),
    Field("text", 98, 117, TEXT),
    Field("currency", 119, 122, DIGITS),
    Field("booking_day", 123, 128, DAY_DMY),
)
ENTRY = Record(WIDTH, *_ENTRY_FIELDS)
EXTENDED_ENTRY = Record(  # Česká spořitelna; what lies beyond is in the raw text
    EXTENDED_WIDTH,
    *_ENTRY_FIELDS,
    Field("messages", 129, 268, TEXT),
    Field("reference", 335, 350, TEXT),
    Field("original_amount", 351, 365, AMOUNT_2),
    Field("original_currency", 366, 368, TEXT),
    Field("counterparty_name", 369, 403, TEXT),
)

MESSAGE = Record(3 + MESSAGE_CHARS, Field("type", 1, 3, TEXT), Field("text", 4, 3 + MESSAGE_CHARS, TEXT))

SHORTEST_ENTRY = ENTRY.by_name["posting_code"].last  # what follows may be blank and trimmed


class Profile(NamedTuple):
    """What differs between banks, a row of data/codebooks/gpc_profiles.csv."""

    bank: str
    bic: str
    name: str
    debit_reversal: str  # posting code
    credit_reversal: str
    account_order: str  # plain or internal: where modulo 11 does not tell
    marker: str  # in 115-128 of record 074: proves the bank without a hint


@cache
def profiles() -> tuple[Profile, ...]:
    """Return the known profiles."""
    text = files("bankklient_lab.data").joinpath("codebooks", "gpc_profiles.csv").read_text("utf-8")
    return tuple(Profile(**row) for row in csv.DictReader(text.splitlines()))


def profile_of(bank: str) -> Profile | None:
    """Return the profile of a bank by its national code or BIC, None when there is none."""
    wanted = bank.strip().upper().removesuffix("XXX")
    return next((profile for profile in profiles() if wanted in (profile.bank, profile.bic)), None)
