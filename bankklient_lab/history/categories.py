"""Categories of entries: rules as data (data/codebooks/categories.csv), judged in SQL, the first that fits wins.

Before them all: what goes to or comes from an account of the lab is an own transfer.
"""

from __future__ import annotations

from functools import cache

from bankklient_lab.codebooks import rows

OTHER = {"credit": "Other receipts", "debit": "Other payments"}
_SIDES = {"credit": "e.amount > 0", "debit": "e.amount < 0", "any": "true"}
_FIELDS = {"text": "e.words", "transaction_code": "e.transaction_code", "constant_symbol": "e.constant_symbol"}

# What the rules read: the entry's texts as one, in small letters. Worked out once, not for every rule.
WORDS = "lower(concat_ws(' ', e.transaction_code, e.counterparty_name, e.remittance, e.additional_info))"


@cache
def category_sql() -> str:
    """Return the SQL expression for the category of an entry `e` that has `words`.

    The patterns are quoted literals of our own file; the counterparty's account is in its canonical form.
    """
    rules = rows("categories")
    branches = ["WHEN e.counterparty_account IN (SELECT number FROM ops.account) THEN 'Own transfers'"]
    for rule in rules:
        pattern, category = (rule[name].replace("'", "''") for name in ("pattern", "category"))
        branches.append(
            f"WHEN {_SIDES[rule['side']]} AND regexp_matches({_FIELDS[rule['field']]}, '{pattern}') THEN '{category}'"
        )
    return f"CASE {' '.join(branches)} WHEN e.amount > 0 THEN '{OTHER['credit']}' ELSE '{OTHER['debit']}' END"
