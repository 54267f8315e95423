"""The check of orders: all rules of a kind at once, the same text for one form and for a file of a million orders.

What is checked is a relation `entered` with the kind's items as texts, `origin` and `created_on`. The result adds the
values, and `errors`: of each item the number of the first rule that it breaks, ascending, separated by spaces.
"""

from __future__ import annotations

from datetime import date
from functools import cache
from typing import Any

from bankklient_lab.codebooks import rows
from bankklient_lab.lab import Lab
from bankklient_lab.orders.kinds.kind import Kind, Ruled
from bankklient_lab.rights.settings import read_settings

# ruff: noqa: S608 - every text below is made of our own declarations

# What rules look up in the codebooks as they are in force today: columns of the context `c`. One pass over all of them
# makes lists and maps, since a join for each would take memory and time for a single form too.
_LISTS = {  # codes of which a condition holds
    "banks": "codebook = 'banks'",
    "countries": "codebook = 'countries'",
    "sepa_countries": "codebook = 'countries' AND attributes['sepa'] = 'yes'",
    "eea_countries": "codebook = 'countries' AND attributes['eea'] = 'yes'",
    "eu_countries": "codebook = 'countries' AND attributes['eu'] = 'yes'",
    "abroad_currencies": "codebook = 'currencies' AND attributes['abroad'] = 'yes'",
    "eea_currencies": "codebook = 'currencies' AND attributes['eea'] = 'yes'",
    "special_constant_symbols": "codebook = 'special_constant_symbols'",
    "bank_operations": "codebook = 'bank_operations'",
    "charge_codes": "codebook = 'charges'",
    "payment_titles": "codebook = 'payment_titles'",
    "contractual_partners": "codebook = 'contractual_partners'",
}
_MAPS = {  # from code to an attribute
    "iban_lengths": ("countries", "iban_length", "INTEGER"),
    "currency_places": ("currencies", "decimals", "INTEGER"),
    "operation_instructions": ("bank_operations", "instructions", "VARCHAR"),
    "instruction_words": ("instructions", "description", "VARCHAR"),
    "instruction_excludes": ("instructions", "excludes", "VARCHAR"),
}
_RANGES = {  # account numbers of a bank, from the first to the last, both counted
    "blocked_bases": "codebook = 'blocked_accounts' AND attributes['part'] = 'base'",
    "blocked_prefixes": "codebook = 'blocked_accounts' AND attributes['part'] = 'prefix'",
    "budget_accounts": "codebook = 'budget_accounts'",
}
# What rules look up in the configuration.
PARAMETERS = ("national_currency", "bank_code", "check_variable_symbol", "foreign_maturity_days")
# Where the client and its bank have set nothing.
NATIONAL_CURRENCY = "CZK"

_VALUES = {
    "amount": "amount_value({})",
    "rate": "rate_value({})",
    "date": "date_value({})",
    "yes_no": "yes_no_value({})",
}


@cache
def error_items() -> dict[int, tuple[str, str, str]]:
    """Return of each error number the item, the condition and the text."""
    return {int(row["code"]): (row["item"], row["condition"], row["text"]) for row in rows("order_errors")}


def national_currency(lab: Lab) -> str:
    """Return the currency of the client's bank."""
    return str(read_settings(lab.database, "national_currency")["national_currency"] or NATIONAL_CURRENCY)


def rule_parameters(lab: Lab, today: date) -> dict[str, Any]:
    """Return what `checked` binds: the bank's day and the settings that rules refer to."""
    kept = read_settings(lab.database, *PARAMETERS)
    return {
        "today": today,
        "national_currency": kept["national_currency"] or NATIONAL_CURRENCY,
        "bank_code": kept["bank_code"] or None,
        "check_variable_symbol": kept["check_variable_symbol"],
        "foreign_days": kept["foreign_maturity_days"],
    }


@cache
def checked(kind: Ruled, entered: str) -> str:
    """Return SQL that checks the orders which the SELECT `entered` gives; bind `rule_parameters`."""
    values = ", ".join(
        f"{_VALUES[item.type].format(item.name)} AS {item.name}_value" for item in kind.items if item.valued
    )
    broken = _broken(kind)
    return f"""
        WITH {_context()},
        entered AS MATERIALIZED (SELECT *, {values} FROM ({entered})),
        joined AS ({kind.relation})
        SELECT {", ".join(_kept(kind))}, {_all(len(broken))} AS errors, warnings
        FROM (
            SELECT joined.*, {", ".join(f"{case} AS broken_{n}" for n, case in enumerate(broken))},
                {_warnings(kind)} AS warnings
            FROM joined CROSS JOIN context c)"""


def _kept(kind: Ruled) -> tuple[str, ...]:
    return ("entered_no", "origin", "created_on", *kind.columns())


def defaults(kind: Kind) -> str:
    """Return SQL for the values that a new order begins with, one row; bind `rule_parameters`."""
    items = ", ".join(f"({item.default})::VARCHAR AS {item.name}" for item in kind.items if item.default)
    return f"WITH {_context()} SELECT {items} FROM context c"


def _context() -> str:
    lists = [f"coalesce(list(code) FILTER ({which}), []) AS {name}" for name, which in _LISTS.items()]
    maps = [
        f"map_from_entries(list((code, attributes['{attribute}']::{kind})) FILTER (codebook = '{book}')) AS {name}"
        for name, (book, attribute, kind) in _MAPS.items()
    ]
    one = (
        "{'bank': attributes['bank'], 'first': attributes['first']::BIGINT, 'last': attributes['last']::BIGINT,"
        " 'specific_symbol': attributes['specific_symbol']}"
    )
    ranges = [f"list({one}) FILTER ({which}) AS {name}" for name, which in _RANGES.items()]

    def own(side: str) -> str:  # a new order begins with the only own account that may stand on its side (ORD-065)
        return f"list(DISTINCT {{'prefix': prefix, 'base': base}}) FILTER (position IN ('{side}', 'both'))"

    return f"""
        own AS MATERIALIZED (SELECT * FROM own_accounts()),
        own_sides AS MATERIALIZED (
            SELECT substr(number, 5) AS bban, any_value(position) AS position, list(currency) AS currencies
            FROM own GROUP BY number),
        own_bank_codes AS MATERIALIZED (
            SELECT CASE WHEN $bank_code::VARCHAR IS NOT NULL THEN [$bank_code::VARCHAR]
                ELSE coalesce(list(DISTINCT bank_code), []) END AS codes,
                {own("debit")} AS debit, {own("credit")} AS credit FROM own),
        context AS MATERIALIZED (
            SELECT $today::DATE AS today, $national_currency AS national_currency,
                $foreign_days::INTEGER AS foreign_days, $check_variable_symbol::BOOLEAN AS check_variable_symbol,
                (SELECT codes FROM own_bank_codes) AS own_banks,
                (SELECT codes[1] FROM own_bank_codes WHERE len(codes) = 1) AS default_bank,
                (SELECT debit[1] FROM own_bank_codes WHERE len(debit) = 1) AS default_debit,
                (SELECT credit[1] FROM own_bank_codes WHERE len(credit) = 1) AS default_credit,
                {", ".join(lists + maps + ranges)}
            FROM ops.codebook
            WHERE in_force(valid_from, valid_until, $today))"""


def _broken(kind: Ruled) -> list[str]:
    """Return SQL for the first broken rule of each item, null when there is none."""
    items: dict[str, list[str]] = {}
    for rule in kind.rules:
        item, _, _ = error_items()[rule.code]
        items.setdefault(item, []).append(f"WHEN {rule.broken} THEN {rule.code}")
    return [f"CASE {' '.join(branches)} END" for branches in items.values()]


def _all(count: int) -> str:
    """Return SQL for the numbers of all items as one text; most orders have none, and need no list."""
    codes = ", ".join(f"broken_{n}" for n in range(count))
    listed = f"array_to_string(list_sort(list_filter([{codes}], lambda e: e IS NOT NULL)), ' ')"
    return f"CASE WHEN coalesce({codes}) IS NULL THEN '' ELSE {listed} END"


def _warnings(kind: Ruled) -> str:
    cases = ", ".join(f"CASE WHEN {one.applies} THEN '{one.name}' END" for one in kind.warnings)
    return f"list_filter([{cases}]::VARCHAR[], lambda w: w IS NOT NULL)"
