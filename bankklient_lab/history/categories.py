"""Categories of entries: rules as data (data/codebooks/categories.csv), judged in SQL, the first that fits wins.

Before them all: what goes to or comes from an account of the lab is an own transfer. That is told last, when the
accounts of the file are known; the rules are judged as the entries come.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache

from bankklient_lab.codebooks import rows

OTHER = {"credit": "Other receipts", "debit": "Other payments"}
_SIDES = {"credit": "e.amount > 0", "debit": "e.amount < 0", "any": "true"}
_FIELDS = {"text": "e.words", "transaction_code": "e.transaction_code", "constant_symbol": "e.constant_symbol"}

# What the rules read: the entry's texts as one, in small letters. Worked out once, not for every rule.
WORDS = "lower(concat_ws(' ', e.transaction_code, e.counterparty_name, e.remittance, e.additional_info))"


# The category of an entry `e` whose rules were judged; the counterparty's account is in its canonical form.
CATEGORY = (
    "CASE WHEN e.counterparty_account IN (SELECT number FROM ops.account) THEN 'Own transfers' ELSE e.category END"
)


@cache
def rules_sql() -> str:
    """Return the SQL expression for the category of an entry `e` that has `words`, by the rules alone."""
    other = f"CASE WHEN e.amount > 0 THEN '{OTHER['credit']}' ELSE '{OTHER['debit']}' END"
    return f"coalesce({_first_of(rows('categories'))}, {other})"


def _first_of(rules: Sequence[Mapping[str, str]]) -> str:
    """Return SQL for the category of the first rule that fits, or null.

    A half of the rules is looked at only where one of its patterns is found: one search of a text for all of them costs
    as much as for one. The patterns are quoted literals of our own file.
    """
    if len(rules) == 1:
        category = rules[0]["category"].replace("'", "''")
        return f"CASE WHEN {_SIDES[rules[0]['side']]} AND {_found(rules)} THEN '{category}' END"
    half = len(rules) // 2
    both = f"coalesce({_first_of(rules[:half])}, {_first_of(rules[half:])})"
    return f"CASE WHEN {_found(rules)} THEN {both} END"


def _found(rules: Sequence[Mapping[str, str]]) -> str:
    searches = []
    for field, expression in _FIELDS.items():
        patterns = [rule["pattern"].replace("'", "''") for rule in rules if rule["field"] == field]
        if patterns:
            searches.append(f"regexp_matches({expression}, '{'|'.join(patterns)}')")
    return f"({' OR '.join(searches)})"
