"""What rules of services share: how a wrong item is refused, and which accounts are own ones."""

from __future__ import annotations

from typing import Any

from bankklient_lab.errors import BadArgument


def wrong(item: str, why: str) -> BadArgument:
    """Return the refusal of an item, named in words and as `parameter`."""
    return BadArgument(f"{item.replace('_', ' ')} {why}", parameter=item)


def is_own(cursor: Any, account: str, currency: str, *positions: str) -> bool:
    """Tell whether an account is an own one in a currency, with one of some positions (debit, credit, both)."""
    found = cursor.execute(
        "SELECT 1 FROM own_accounts() WHERE number = ? AND currency = ? AND list_contains(?, position)",
        [account, currency, list(positions)],
    ).fetchone()
    return found is not None
