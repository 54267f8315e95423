"""Rules by which the bank rejects orders on arrival: number, condition and text, of which the first that holds counts.

A condition is SQL over the arriving order `a` and its own account `o`, as are those here that all kinds of orders have.
"""

from __future__ import annotations

from collections.abc import Iterable

Rule = tuple[int, str, str]
INCOMPLETE = ("a.counter_account IS NULL OR a.maturity IS NULL OR a.amount <= 0", "account, maturity or amount")
NO_ACCOUNT = ("o.account IS NULL OR o.closed <= $day", "the own account does not exist")
OVER_LIMIT = ("a.amount > o.order_max", "over the limit of one order")
NOT_IN_CONTRACT = "the contract does not allow it for this account"


def cases(rules: Iterable[Rule]) -> tuple[str, str]:
    """Return SQL for the number of the reason and for its text; both null for an order that no rule rejects."""
    given = list(rules)
    numbers = " ".join(f"WHEN {condition} THEN {number}" for number, condition, _ in given)
    texts = " ".join(f"WHEN {condition} THEN '{text}'" for _, condition, text in given)
    return f"CASE {numbers} END", f"nullif(CASE {texts} END, '')"
