"""The side of created orders on which the client's accounts may stand."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Literal, get_args

from bankklient_lab.actions import action, table_action
from bankklient_lab.errors import BadArgument, UnknownName
from bankklient_lab.lab import Lab, Read
from bankklient_lab.orders.rechecking import recheck

Position = Literal["none", "debit", "credit", "both"]
NOWHERE: Position = "none"


@table_action("51|56|120|121|187|193|194|912|2")
def own_accounts(lab: Lab) -> Read:
    """Return the accounts that orders can name as the client's own.

    Columns: account (IBAN), prefix, base, bank, currency, name (may be null), position (none, debit, credit, both).
    """
    return lab.read(
        "SELECT number AS account, prefix, base, bank_code AS bank, currency, name, position FROM own_accounts()"
        " ORDER BY number, currency"
    )


def replace_accounts(cursor: Any, accounts: Sequence[tuple[str, str, str, str]]) -> dict[str, list[str]]:
    """Put the accounts that the bank names in the place of those that it named before.

    An account of its that is not among them stays with its history, and stands on no side of orders any more. Returns
    the new ones, those that stand elsewhere on orders than before, and those that are gone.
    """
    before = _at_these_banks(cursor, accounts)
    keep_accounts(cursor, accounts)
    given = {(number, currency): position for number, currency, _, position in accounts}
    gone = {key for key in before.keys() - given.keys() if before[key] != NOWHERE}
    for number, currency in gone:
        cursor.execute(
            "UPDATE ops.account SET position = $nowhere WHERE number = $number AND currency = $currency",
            {"nowhere": NOWHERE, "number": number, "currency": currency},
        )
    return {
        "new": sorted(number for number, _ in given.keys() - before.keys()),
        "changed": sorted(key[0] for key in given.keys() & before.keys() if given[key] != before[key]),
        "gone": sorted(number for number, _ in gone),
    }


def _at_these_banks(cursor: Any, accounts: Sequence[tuple[str, str, str, str]]) -> dict[tuple[str, str], str]:
    """Return where the accounts that are kept of the banks of these stand, by number and currency."""
    found = cursor.execute(
        "SELECT number, currency, position FROM own_accounts() WHERE bank_code IN"
        " (SELECT substr(number, 5, 4) FROM (SELECT unnest($numbers::VARCHAR[]) AS number))",
        {"numbers": [number for number, *_ in accounts]},
    ).fetchall()
    return {(number, currency): position for number, currency, position in found}


def keep_accounts(cursor: Any, accounts: Iterable[tuple[str, str, str, str]]) -> None:
    """Keep accounts that the bank names: IBAN, currency, name, and the side of orders on which each may stand."""
    for number, currency, name, position in accounts:
        if position not in get_args(Position):
            raise BadArgument(f"the bank gives account {number} an unknown position {position[:20]!r}")
        cursor.execute(
            "INSERT INTO ops.account BY NAME SELECT coalesce(max(account_id), 0) + 1 AS account_id, $number AS number,"
            " $currency AS currency, $name AS name, $position AS position FROM ops.account"
            " ON CONFLICT (number, currency) DO UPDATE SET position = excluded.position",
            {"number": number, "currency": currency, "name": name or None, "position": position},
        )


@action("2", mode="batch", record="order_id")
def set_account_position(lab: Lab, account: str, position: str) -> dict[str, int]:
    """Say on which side of orders an account may stand; orders that wait are checked again.

    `account` is an IBAN or prefix-base/bank. Returns what `recheck_orders` returns. UnknownName, BadArgument.
    """
    if position not in get_args(Position):
        raise BadArgument(f"position can't be {position!r}; it takes {', '.join(get_args(Position))}")
    with lab.database.tx("ops") as cursor:
        changed = cursor.execute(
            "UPDATE ops.account SET position = $position WHERE number = canonical_account($account, NULL)"
            " AND number IN (SELECT number FROM own_accounts()) RETURNING number",
            {"position": position, "account": account},
        ).fetchall()
        if not changed:
            raise UnknownName("account of yours at a Czech bank", account, "`bankklient accounts` shows them")
        lab.log(cursor, "set_account_position", changed[0][0], position=position)
        return recheck(lab, f"account {changed[0][0]}")
