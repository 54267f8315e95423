"""What forms of orders offer to choose from: own accounts that may stand on their side, and the codes of codebooks."""

from __future__ import annotations

from bankklient_lab.actions import action
from bankklient_lab.lab import Lab
from bankklient_lab.orders.creating import CREATES
from bankklient_lab.orders.kinds import kind_named
from bankklient_lab.orders.kinds.kind import Kind
from bankklient_lab.orders.numbers import bank_day

OWN_ACCOUNTS = "own_accounts"
# Banks are named beside accounts, too.
_ALWAYS = ("banks",)
_DEBIT, _CREDIT = "debit", "credit"


@action(f"{CREATES}|101|36|61|66|108|125|126", mode="standard")
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
        " AND valid_from <= $today AND (valid_until IS NULL OR $today < valid_until) ORDER BY codebook, code",
        {"books": books, "today": bank_day(lab)},
    )
    for book, code, name in rows:
        found[book].append([code, name, ""])
    found[OWN_ACCOUNTS] = _own_accounts(lab, one)
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
