"""The accounts of the lab and their own names."""

from __future__ import annotations

from bankklient_lab.actions import action, table_action
from bankklient_lab.analysis.parameters import one_account
from bankklient_lab.errors import BadArgument
from bankklient_lab.lab import Lab, Read

NAME_CHARS_MAX = 60


@table_action
def accounts(lab: Lab) -> Read:
    """Return the accounts by currency, then label.

    Columns: account_id, account (IBAN or number), currency, bank, name, label (unique, for people), first_day, last_day
    (covered by booked statements, inclusive), statements, entries (booked), closing (last known balance, DECIMAL),
    basis (of it, as in `balances`).
    """
    return lab.read("FROM account_overview()")


@action
def rename_account(lab: Lab, account: str, name: str, currency: str | None = None) -> None:
    """Give an account its own name (an empty one takes it away); UnknownName, BadArgument."""
    shown = " ".join(name.split())
    if len(shown) > NAME_CHARS_MAX:
        raise BadArgument(f"the name has {len(shown)} characters, more than {NAME_CHARS_MAX}")
    account_id = one_account(lab, account, currency)
    with lab.database.tx("ops") as cursor:
        cursor.execute("UPDATE ops.account SET name = ? WHERE account_id = ?", [shown or None, account_id])
        lab.log(cursor, "rename_account", account, name=shown)
