"""The side of created orders on which the client's accounts may stand."""

from __future__ import annotations

from typing import Literal, get_args

from bankklient_lab.actions import action, table_action
from bankklient_lab.errors import BadArgument, UnknownName
from bankklient_lab.lab import Lab, Read
from bankklient_lab.orders.rechecking import recheck

Position = Literal["none", "debit", "credit", "both"]


@table_action("51|56|120|121|2")
def own_accounts(lab: Lab) -> Read:
    """Return the accounts that orders can name as the client's own.

    Columns: account (IBAN), prefix, base, bank, currency, name (may be null), position (none, debit, credit, both).
    """
    return lab.read(
        "SELECT number AS account, prefix, base, bank_code AS bank, currency, name, position FROM own_accounts()"
        " ORDER BY number, currency"
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
