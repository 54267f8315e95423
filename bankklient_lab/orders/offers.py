"""What forms of orders offer to choose from: own accounts that may stand on their side, and the codes of codebooks."""

from __future__ import annotations

from bankklient_lab.actions import action
from bankklient_lab.lab import Lab
from bankklient_lab.orders.creating import CREATES
from bankklient_lab.orders.kinds import kind_named
from bankklient_lab.orders.kinds.kind import Kind
from bankklient_lab.orders.numbers import bank_day

OWN_ACCOUNTS, COUNTERPARTIES = "own_accounts", "counterparties"
COUNTERPARTIES_MAX = 5_000
# Banks are named beside accounts, too.
_ALWAYS = ("banks",)
_DEBIT, _CREDIT = "debit", "credit"


@action(f"{CREATES}|96|101|36|61|66|108|125|126", mode="standard")
def order_offers(lab: Lab, kind: str) -> dict[str, list[list[str]]]:
    """Return by codebook the rows that a form of a kind offers: what is taken over, its name, a note.

    Own accounts are those that may stand on the kind's own side; those without a name of their own go by their
    currency. Codes are the ones in force on the bank's day.
    """
    one = kind_named(kind)
    books = sorted({item.codebook for item in one.items if item.codebook} | set(_ALWAYS))
    found: dict[str, list[list[str]]] = {book: [] for book in books}
    rows = lab.rows(
        "SELECT codebook, code, name FROM ops.codebook WHERE codebook IN (SELECT unnest($books))"
        " AND in_force(valid_from, valid_until, $today) ORDER BY codebook, code",
        {"books": books, "today": bank_day(lab)},
    )
    for book, code, name in rows:
        found[book].append([code, name, ""])
    found[OWN_ACCOUNTS] = _own_accounts(lab, one)
    found[COUNTERPARTIES] = _counterparties(lab, one)
    return found


def _own_accounts(lab: Lab, kind: Kind) -> list[list[str]]:
    side = _CREDIT if kind.own == _CREDIT else _DEBIT
    rows = lab.rows(
        "SELECT concat(nullif(prefix, '0') || '-', base, '/', bank_code) AS number,"
        " coalesce(nullif(name, ''), currency) AS name, currency FROM own_accounts()"
        " WHERE position IN ($side, 'both') ORDER BY account_id",
        {"side": side},
    )
    return [[number, name, currency if currency not in name else ""] for number, name, currency in rows]


def _counterparties(lab: Lab, kind: Kind) -> list[list[str]]:
    """Return the register as far as its accounts can stand in orders of a kind, by name."""
    domestic = "regexp_full_match(account, '([0-9]{1,6}-)?[0-9]{2,10}/[0-9]{4}')"
    fits = domestic if kind.family == "domestic" else f"NOT {domestic}"
    rows = lab.rows(
        f"SELECT account, name, coalesce(variable_symbol, '') FROM ops.counterparty WHERE {fits}"  # noqa: S608 - ours
        " ORDER BY name, account LIMIT $most",
        {"most": COUNTERPARTIES_MAX},
    )
    return [list(row) for row in rows]
