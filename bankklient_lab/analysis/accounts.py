"""The accounts of the lab and their own names."""

from __future__ import annotations

from bankklient_lab.actions import action, table_action
from bankklient_lab.analysis.parameters import one_account
from bankklient_lab.errors import BadArgument, Refused
from bankklient_lab.lab import Lab, Read

NAME_CHARS_MAX = 60
BALANCES = 236  # the permission to see them


@table_action()
def accounts(lab: Lab) -> Read:
    """Return the accounts by currency, then label.

    Columns: account_id, account (IBAN or number), currency, bank, name, label (unique, for people), first_day, last_day
    (covered by booked statements, inclusive), statements, entries (booked), closing (last known balance, DECIMAL),
    basis (of it, as in `balances`). The last two are null for callers without permission 236.
    """
    return lab.read(
        "SELECT * REPLACE (CASE WHEN $balances THEN closing END AS closing,"
        " CASE WHEN $balances THEN basis END AS basis) FROM account_overview()",
        {"balances": BALANCES in lab.rights.held(lab.caller)},
    )


@action("247|920", record="account")
def rename_account(lab: Lab, account: str, name: str, currency: str | None = None) -> None:
    """Give an account its own name (an empty one takes it away); UnknownName, BadArgument."""
    shown = " ".join(name.split())
    if len(shown) > NAME_CHARS_MAX:
        raise BadArgument(f"the name has {len(shown)} characters, more than {NAME_CHARS_MAX}")
    account_id = one_account(lab, account, currency)
    with lab.database.tx("ops") as cursor:
        cursor.execute("UPDATE ops.account SET name = ? WHERE account_id = ?", [shown or None, account_id])
        lab.log(cursor, "rename_account", account, name=shown)


@action("920", record="account", steps=True)
def identify_account(lab: Lab, account: str, number: str, currency: str | None = None) -> str:
    """Say which bank a Czech account belongs to that came without one (GPC files have none); return its IBAN.

    `number` is the IBAN or "prefix-base/bank". UnknownName for the account; BadArgument for another number than its
    own; Refused when the account has its bank already or the lab knows the whole number as another account.
    """
    with lab.database.lane("history"), lab.database.tx("ops") as cursor:  # neither an import nor another answer between
        account_id = one_account(lab, account, currency)
        ((known, its_currency, iban, digits),) = lab.rows(
            "SELECT number, currency, canonical_account($number, NULL), czech_digits(number)"
            " FROM ops.account WHERE account_id = $id",
            {"number": number, "id": account_id},
        )
        if digits is None:
            raise Refused(f"{known} is a whole account number already")
        if not iban.startswith("CZ") or iban[8:] != digits:
            raise BadArgument(f"{number} is not {known} with the code of a Czech bank; write its IBAN or {known}/0800")
        if lab.rows(
            "SELECT 1 FROM ops.account WHERE (number, currency) = ($iban, $currency)",
            {"iban": iban, "currency": its_currency},
        ):
            raise Refused(
                f"the lab knows {iban} {its_currency} as another account; withdraw the imports of {known} and"
                " import them again with the bank"
            )
        cursor.execute(
            "UPDATE ops.account SET number = ?, bank = ? WHERE account_id = ?", [iban, iban[4:8], account_id]
        )
        lab.log(cursor, "identify_account", known, iban=iban)
    return str(iban)
