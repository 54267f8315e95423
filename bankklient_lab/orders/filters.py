"""Selections and filters of orders as data: one condition a column or item, written as people type it.

    250            the value itself; of names, texts and symbols, whatever contains it
    = 250  ~ 25    the value itself; whatever contains it
    < <= >= >      before a value
    100..250       from the one to the other, both counted

All conditions must hold; texts are compared without regard to upper and lower case. An empty condition is none.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal

from bankklient_lab.codebooks import names
from bankklient_lab.errors import BadArgument
from bankklient_lab.formats.payments.accounts import of_iban
from bankklient_lab.money import parse_amount
from bankklient_lab.orders.columns import Compared, compared

CONDITION_CHARACTERS_MAX = 200
_SIGN = re.compile(r"(?P<sign><=|>=|<|>|=|~)?\s*(?P<value>.*)", re.DOTALL)
_DAY = re.compile(r"(\d{1,2})\. ?(\d{1,2})\. ?(\d{4})")
_ACCOUNT = re.compile(r"(?:(\d+)[- ])?(\d+)(/\w+)?")

Value = str | int | bool | Decimal | date


def conditions(where: Mapping[str, str]) -> tuple[list[str], dict[str, Value]]:
    """Return the conditions as SQL over rows `l`, and the values that they bind.

    UnknownName for a column that there is not; BadArgument for a value that is none, or an interval that ends before it
    begins.
    """
    told: list[str] = []
    values: dict[str, Value] = {}
    for number, (name, text) in enumerate(where.items()):
        how = compared(name)
        if len(text) > CONDITION_CHARACTERS_MAX:
            raise BadArgument(f"the condition on {name} has more than {CONDITION_CHARACTERS_MAX} characters")
        if text.strip():
            for place, (sign, value) in enumerate(_parts(name, how, text.strip())):
                key = f"w{number}_{place}"
                told.append(_predicate(f"l.{name}", how, sign, value, f"${key}"))
                values[key] = value
    return told, values


def _parts(name: str, how: Compared, text: str) -> Iterator[tuple[str, Value]]:
    """Yield the signs and values of one condition."""
    first, dots, last = text.partition("..")
    if dots and first.strip() and last.strip() and how not in ("errors", "yes_no"):
        low, high = _value(name, how, first.strip()), _value(name, how, last.strip())
        if _before(high, low):
            raise BadArgument(f"{name}: {first.strip()} is after {last.strip()}; an interval begins with the lower end")
        yield ">=", low
        yield "<=", high
        return
    found = _SIGN.fullmatch(text)
    assert found is not None
    sign = found["sign"] or ("~" if how == "text" else "=")
    if not found["value"]:
        raise BadArgument(f"{name}: after {sign} a value is missing")
    if how in ("errors", "yes_no") and sign != "=":
        raise BadArgument(f"{name} takes one value without {sign}")
    yield sign, found["value"] if sign == "~" else _value(name, how, found["value"])


def _before(one: Value, other: Value) -> bool:
    if isinstance(one, str):
        return one.lower() < str(other).lower()
    return bool(one < other)  # type: ignore[operator]


def _value(name: str, how: Compared, text: str) -> Value:
    """Return what is looked for, as values of the column are."""
    return _READ.get(how, _text)(name, text)


def _text(_name: str, text: str) -> str:
    return text


def _amount(_name: str, text: str) -> Decimal:
    return parse_amount(text)


def _number(name: str, text: str) -> int:
    if not re.fullmatch(r"\d{1,18}", text):
        raise BadArgument(f"{name}: {text!r} is not a whole number")
    return int(text)


def _yes_no(name: str, text: str) -> bool:
    if text.lower() not in ("yes", "no"):
        raise BadArgument(f"{name} is yes or no, not {text!r}")
    return text.lower() == "yes"


def _day(name: str, text: str) -> date:
    try:
        if local := _DAY.fullmatch(text):
            return date(int(local[3]), int(local[2]), int(local[1]))
        return datetime.strptime(text, "%Y-%m-%d").date()
    except ValueError:
        raise BadArgument(f"{name}: {text!r} is not a day; write it like 2026-10-31") from None


def _account(_name: str, text: str) -> str:
    """Return an account as lists show it: a Czech one as its number, another in capitals without blanks."""
    if number := of_iban(text):
        return str(number)
    found = _ACCOUNT.fullmatch(text)
    if found is None:
        return re.sub(r"\s", "", text).upper()
    prefix, base, bank = found.groups()
    prefix = (prefix or "").lstrip("0")
    return f"{prefix}-{base.lstrip('0') or base}{bank or ''}".lstrip("-")


def _status(_name: str, text: str) -> str:
    """Return the code of a status, which may be named ("created" has no code)."""
    statuses = names("order_statuses")
    known = {code.lower(): code for code in statuses} | {name.lower(): code for code, name in statuses.items()}
    known["blank"] = ""
    if text.lower() not in known:
        raise BadArgument(f"{text!r} is no status; there are {', '.join(statuses.values())}")
    return known[text.lower()]


_READ: dict[Compared, Callable[[str, str], Value]] = {
    "amount": _amount,
    "number": _number,
    "errors": _number,
    "date": _day,
    "instant": _day,
    "yes_no": _yes_no,
    "account": _account,
    "status": _status,
}


def _predicate(column: str, how: Compared, sign: str, value: Value, place: str) -> str:
    if sign == "~":
        return f"contains(lower({column}::VARCHAR), lower({place}))"
    if how == "account" and sign == "=":
        number = f"lower(account_number({column}))"
        if re.fullmatch(r"[\d-]+", str(value)):  # without its bank
            number = f"split_part({number}, '/', 1)"
        return f"{number} = lower({place})"
    own = {
        "errors": f"list_contains(string_split({column}, ' '), {place}::VARCHAR)",
        "yes_no": f"coalesce({column}, false) = {place}",
        "instant": f"({column} AT TIME ZONE $zone)::DATE {sign} {place}",
        "status": f"{column} {sign} {place}",
    }
    if how in own:
        return own[how]
    return f"lower({column}) {sign} lower({place})" if isinstance(value, str) else f"{column} {sign} {place}"
