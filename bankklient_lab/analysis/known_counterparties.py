"""Counterparties that the statements know, for the register of orders."""

from __future__ import annotations

from bankklient_lab.actions import action
from bankklient_lab.lab import Lab
from bankklient_lab.orders.counterparties import COLUMNS, NEEDS, learn


@action(f"({NEEDS})&161")
def learn_counterparties_from_statements(lab: Lab) -> dict[str, int]:
    """Add to the register whom money was paid to by statements and who is not in it yet.

    The last payment gives the name. Returns added, and left_out: those whose account no order would take, such as a
    number without its bank.
    """
    with lab.database.tx("ops") as cursor:
        return learn(lab, cursor, _PAID, "history")


_NOT_STATED = ", ".join(f"NULL AS {name}" for name in COLUMNS if name not in ("name", "account", "bic"))
_PAID = f"""
    SELECT max_by(counterparty_name, day) AS name, account, max(bank) FILTER (bank_is_bic) AS bic, {_NOT_STATED}
    FROM (
        SELECT day, counterparty_name, counterparty_bank AS bank,
            regexp_full_match(coalesce(counterparty_bank, ''), '[A-Z0-9]{{8}}([A-Z0-9]{{3}})?') AS bank_is_bic,
            CASE WHEN regexp_full_match(counterparty_bank, '\\d{{4}}')
                    AND regexp_full_match(counterparty_account, '[0-9-]+')
                THEN counterparty_account || '/' || counterparty_bank ELSE counterparty_account END AS account
        FROM booked_entry([]::VARCHAR[]) WHERE amount < 0 AND counterparty_account IS NOT NULL)
    GROUP BY account"""  # noqa: S608 - made of our own declarations
