"""Account numbers of 16 digits, plain or in the bank's internal order: modulo 11 tells which."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from bankklient_lab.formats.columns import null_where
from bankklient_lab.formats.fixed_width import digits_to_numbers
from bankklient_lab.formats.gpc_layout import Profile
from bankklient_lab.formats.spans import Bools

# Weights of modulo 11 from the left (decree 169/2011 of the Czech National Bank, annex).
_PREFIX_WEIGHTS = (10, 5, 8, 4, 2, 1)
_BASE_WEIGHTS = (6, 3, 7, 9, 10, 5, 8, 4, 2, 1)
# The internal order is C0 C8 C9 C6 C1 C2 C3 C4 C5 C7 P1..P6; here: where each digit of P1..P6 C0..C9 stands.
_INTERNAL_ORDER = (10, 11, 12, 13, 14, 15, 0, 4, 5, 6, 7, 8, 3, 9, 1, 2)

Digits = npt.NDArray[Any]  # characters, a row of 16 per account


class Account(NamedTuple):
    """One account number; `valid` tells whether modulo 11 holds."""

    text: str
    valid: bool


def in_internal_order(heads: list[str], profile: Profile | None) -> bool:
    """Tell whether the accounts of these records are in the internal order.

    The order in which more numbers are valid is taken, the profile's where both have as many, else the plain one.
    """
    numbers = [line[at : at + 16] for line in heads for at in ((3,) if line.startswith("074") else (3, 19))]
    numbers = [number for number in numbers if len(number) == 16 and number.isascii() and number.isdigit()]
    digits = np.frombuffer("".join(numbers).encode(), np.uint8).reshape(-1, 16)
    for_plain = int(_valid(digits).sum())
    for_internal = int(_valid(digits[:, _INTERNAL_ORDER]).sum())
    if for_plain == for_internal:
        return bool(profile and profile.account_order == "internal")
    return for_internal > for_plain


def of_digits(digits: str, *, internal: bool) -> Account:
    """Return the account of one record."""
    row = np.frombuffer(digits.encode(), np.uint8).reshape(1, 16)
    return Account(texts(row, internal=internal)[0].as_py() or "0", bool(_valid(_in_plain_order(row, internal))[0]))


def texts(digits: Digits, *, internal: bool) -> pa.Array:
    """Return numbers as prefix-base without leading zeros, null when all is zero or not a number."""
    plain = _in_plain_order(digits, internal)
    prefix, prefix_good = digits_to_numbers(plain[:, :6])
    base, base_good = digits_to_numbers(plain[:, 6:])
    found = pa.array(base).cast(pa.string())
    if prefix.any():
        both = pc.binary_join_element_wise(pa.array(prefix).cast(pa.string()), found, "-")
        found = pc.if_else(pa.array(prefix == 0), found, both)
    given = prefix_good & base_good & ((base != 0) | (prefix != 0))
    return null_where(~given, found)


def _in_plain_order(digits: Digits, internal: bool) -> Digits:
    return digits[:, _INTERNAL_ORDER] if internal else digits


def _valid(digits: Digits) -> Bools:
    """Tell for each row of 16 digits whether it is an account number.

    The weighted sums of prefix and base are divisible by 11, the base has two digits other than 0.
    """
    values = digits.astype(np.int64) - ord("0")
    prefix, base = values[:, :6] @ np.array(_PREFIX_WEIGHTS), values[:, 6:] @ np.array(_BASE_WEIGHTS)
    valid: Bools = (prefix % 11 == 0) & (base % 11 == 0) & ((values[:, 6:] != 0).sum(axis=1) >= 2)
    return valid
