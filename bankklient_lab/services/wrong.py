"""What rules of services share: how a wrong item is refused, and which accounts are own ones."""

from __future__ import annotations

from typing import Any

from bankklient_lab.errors import BadArgument
from bankklient_lab.formats.payments.accounts import Czech, typed


def wrong(item: str, why: str) -> BadArgument:
    """Return the refusal of an item, named in words and as `parameter`."""
    return BadArgument(f"{item.replace('_', ' ')} {why}", parameter=item)


def own_number(cursor: Any, text: str, currency: str = "") -> str:
    """Return the number of an own account (in a currency, "": any) as its bank delivered it; "" for none.

    The text is that number, the account as people write it, or its right IBAN: delivered ones may have other check
    digits, and any others are no way to write it.
    """
    row = cursor.execute(
        "SELECT number FROM own_accounts() WHERE $currency IN ('', currency) AND (number = $text"
        " OR (bank_code = $bank AND base = $base AND coalesce(nullif(prefix, '0'), '') = $prefix))",
        {"currency": currency, "text": "".join(text.split()).upper(), **(typed(text) or Czech("", "", ""))._asdict()},
    ).fetchone()
    return str(row[0]) if row else ""


def is_own(cursor: Any, account: str, currency: str, *positions: str) -> bool:
    """Tell whether an account is an own one in a currency, with one of some positions (debit, credit, both)."""
    found = cursor.execute(
        "SELECT 1 FROM own_accounts() WHERE number = ? AND currency = ? AND list_contains(?, position)",
        [account, currency, list(positions)],
    ).fetchone()
    return found is not None
