"""Orders that are not finished: values kept for headers, patterns and regular payments, and the check of what is there.

The values are JSON, the text of each item that was filled in. The rules are those of orders; of an item that is empty
none is broken yet.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

from bankklient_lab.errors import BadArgument, Refused
from bankklient_lab.lab import Lab
from bankklient_lab.orders.checking import checked, error_items, rule_parameters
from bankklient_lab.orders.entering import entered_texts
from bankklient_lab.orders.kinds.kind import Kind, Ruled
from bankklient_lab.orders.numbers import bank_day
from bankklient_lab.orders.refusing import refuse
from bankklient_lab.rights.permissions import needed

# ruff: noqa: S608 - every text below is made of our own declarations

MATURITY = "maturity_date"
NAME_CHARS_MAX = 40
# Conditions of errors that say only that something is not there, of items that no kind has under this name.
_MISSING = frozenset({"missing", "not_entered"})


def permit(lab: Lab, kind: Kind) -> None:
    """Raise Refused unless the caller may create orders of a kind."""
    if not needed(kind.creates).holds(lab.rights.held(lab.caller)):
        raise Refused(f"you can't work with a {kind.label.lower()}: permission {needed(kind.creates)} is needed")


def clean_name(name: str, what: str) -> str:
    """Return a name without needless blanks; BadArgument when it is empty or too long."""
    shown = " ".join(name.split())
    if not 0 < len(shown) <= NAME_CHARS_MAX:
        raise BadArgument(f"a {what} needs a name of 1 to {NAME_CHARS_MAX} characters", parameter="name")
    return shown


def lasting(kind: Kind, values: Mapping[str, Any], what: str) -> dict[str, str | None]:
    """Return the texts of what was entered for later orders; BadArgument for a maturity, which each order gets anew."""
    texts = entered_texts(kind, values)
    if texts.pop(MATURITY, None) is not None:
        raise BadArgument(f"a {what} has no maturity; the orders made from it get one", parameter=MATURITY)
    return texts


def kept(texts: Mapping[str, str | None]) -> str:
    """Return the texts that there are as they are kept."""
    return json.dumps({name: text for name, text in texts.items() if text is not None}, ensure_ascii=False)


def values_of(items: str) -> dict[str, str]:
    """Return kept texts by item."""
    values: dict[str, str] = json.loads(items)
    return values


def entered(
    kind: Ruled, relation: str, *, number: str, origin: str = "creation", created_on: str = "$today", **instead: str
) -> str:
    """Return SQL for what is kept in `items` of a relation as orders to check; binds $today.

    `number` and `created_on` are SQL, `instead` that of items that are not taken from what is kept.
    """
    texts = {name: f"items ->> '$.{name}'" for name in kind.names} | instead
    items = ", ".join(f"({sql})::VARCHAR AS {name}" for name, sql in texts.items())
    head = f"{number} AS entered_no, '{origin}' AS origin, ({created_on})::DATE AS created_on"
    return f"SELECT {head}, {items} FROM {relation}"


@cache
def only_missing(kind: Kind) -> str:
    """Return SQL for the numbers of errors that an order can have only because an item is empty."""
    numbers: dict[str, list[int]] = {}
    for code in dict.fromkeys(rule.code for rule in kind.rules):
        item, condition, _ = error_items()[code]
        if item in kind.names:
            numbers.setdefault(item, []).append(code)
        elif condition in _MISSING:
            numbers.setdefault("", []).append(code)
    cases = [
        f"CASE WHEN {item} IS NULL THEN {codes} ELSE [] END" if item else str(codes) for item, codes in numbers.items()
    ]
    return f"flatten([{', '.join(cases)}])::VARCHAR[]"


def wrong(kind: Kind) -> str:
    """Return SQL for those of `errors` that are not only about something that is missing, separated by spaces."""
    return (
        f"array_to_string(list_filter(string_split(errors, ' '),"
        f" lambda e: e <> '' AND NOT list_contains({only_missing(kind)}, e)), ' ')"
    )


def state(kind: Kind) -> str:
    """Return SQL for what an order from these values would be: error, incomplete, or check (complete, to be saved)."""
    return f"CASE WHEN {wrong(kind)} <> '' THEN 'error' WHEN errors <> '' THEN 'incomplete' ELSE 'check' END"


def check_entered(lab: Lab, cursor: Any, kind: Kind, texts: Mapping[str, str | None], what: str) -> None:
    """Raise WrongOrder with the errors of what is filled in; what is missing is no error yet."""
    sql = checked(kind, entered(kind, "(SELECT $items::VARCHAR AS items)", number="1"))
    bound = rule_parameters(lab, bank_day(lab)) | {"items": kept(texts)}
    ((errors,),) = cursor.execute(f"SELECT {wrong(kind)} FROM ({sql})", bound).fetchall()
    refuse(lab, errors, what)
