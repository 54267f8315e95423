"""What a request for a service says: entered values made into texts of its items, and its rules.

Accounts, symbols and amounts follow the rules of domestic payments (SRV-121 to SRV-123); what each kind has beside
them is here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from bankklient_lab.codebooks.services import CORRECTION, NEW, REVOCATION, Item, ServiceKind, as_day
from bankklient_lab.errors import BadArgument, UnknownName
from bankklient_lab.formats.payments.accounts import iban, national, typed
from bankklient_lab.formats.standing_orders import FREQUENCIES
from bankklient_lab.formats.standing_orders import earliest_valid_from as earliest
from bankklient_lab.lab import Lab
from bankklient_lab.money import parse_amount
from bankklient_lab.orders.checking import checked, defaults, rule_parameters
from bankklient_lab.orders.content import one_row
from bankklient_lab.orders.entering import entered_texts
from bankklient_lab.orders.kinds import domestic_payment
from bankklient_lab.orders.numbers import BANK_ZONE, bank_day
from bankklient_lab.orders.refusing import error_list
from bankklient_lab.orders.unfinished import MATURITY, entered, kept
from bankklient_lab.services.account_parameters import check_parameters
from bankklient_lab.services.deposits import check_deposit, check_termination
from bankklient_lab.services.forwards import check_forward
from bankklient_lab.services.receivable_rules import RECEIVABLE
from bankklient_lab.services.receivables import checked_receivable
from bankklient_lab.services.wrong import own_number, wrong

# ruff: noqa: S608 - every text below is made of our own declarations

CALENDAR = ("CZ",)
_PAYMENT = domestic_payment.KIND
# Items of a request by those of a domestic payment; the others have the same names.
_IN_PAYMENT = {"limit": "amount"}
_OF_ORDER = ("own_account", "counter_account", "variable_symbol", "specific_symbol", "constant_symbol", "abbreviation",
             "amount", "limit")  # fmt: skip


def earliest_valid_from(now: datetime) -> date:
    """Return the first day from which a standing order that is made and sent now (an instant) can be valid."""
    at = now.astimezone(ZoneInfo(BANK_ZONE))
    return earliest(at.date(), at.time(), CALENDAR)


def checked_items(
    lab: Lab, cursor: Any, kind: ServiceKind, values: Mapping[str, Any], *, corrects: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Return the texts that a request keeps; with `corrects`, what its record says, those that change.

    UnknownName for an item that there is not, BadArgument with the item as `parameter` for the first that is wrong;
    of a kind with numbered rules WrongOrder with all that are broken.
    """
    if kind.name in _NUMBERED:
        return _NUMBERED[kind.name](lab, cursor, values)
    texts = {name: _text(cursor, kind, name, value) for name, value in values.items()}
    asked = {item.name for item in kind.items_of(NEW)}
    before = {name: text for name, text in (corrects or {}).items() if name in asked}
    changeable = {item.name for item in kind.entered(CORRECTION)}
    for name in texts if corrects is not None else ():
        if name not in changeable:
            raise wrong(name, "can't be changed by a correction; revoke the record and ask for a new one")
    whole = {name: text for name, text in {**before, **texts}.items() if text and name in asked}
    _check_form(kind, whole, NEW)
    if corrects is not None and (missing := kind.missing({n: t for n, t in texts.items() if t}, CORRECTION)):
        raise wrong(missing, "is missing")
    follows = _RULES[kind.name](lab, cursor, whole | {n: t for n, t in texts.items() if t}, new=corrects is None)
    if corrects is None:
        return whole | (follows or {})
    changed = {name: text for name, text in texts.items() if text != before.get(name, "")}
    if not changed.keys() & asked:
        raise BadArgument("the correction changes nothing", parameter=next(iter(texts), ""))
    return changed


def checked_revocation(
    lab: Lab, cursor: Any, kind: ServiceKind, values: Mapping[str, Any], record: Mapping[str, str]
) -> dict[str, str]:
    """Return the texts that a revocation keeps; `record` is what the bank says of the record. Errors as above."""
    if values and not kind.items_of(REVOCATION):
        raise BadArgument("a revocation changes nothing else", parameter=next(iter(values)))
    texts = {name: text for name, value in values.items() if (text := _text(cursor, kind, name, value))}
    _check_form(kind, texts, REVOCATION)
    if kind.name in _ENDING:
        _ENDING[kind.name](lab, cursor, texts, record)
    return texts


def _check_form(kind: ServiceKind, texts: Mapping[str, str], request: str) -> None:
    name, why = kind.problem(texts, request)
    if why:
        raise wrong(name, why)


def _text(cursor: Any, kind: ServiceKind, name: str, value: Any) -> str:
    item = kind.by_name.get(name)
    enterable = list(dict.fromkeys(item for request in kind.requests for item in kind.entered(request)))
    if item not in enterable:
        known = ", ".join(item.name for item in enterable)
        raise UnknownName("item", str(name)[:40], f"a {kind.label.lower()} has {known}")
    if value is None or value == "":
        return ""
    if item.type == "own_account":
        return _own_account(cursor, item, value)
    return _TEXTS.get(item.type, _plain)(item, value)


def _plain(_item: Item, value: Any) -> str:
    return " ".join(str(value).split())


def _day(item: Item, value: Any) -> str:
    if isinstance(value, date):
        return f"{value:%Y-%m-%d}"
    text = str(value).strip()
    for form in ("%Y-%m-%d", "%d.%m.%Y"):
        try:
            return datetime.strptime(text.replace(" ", ""), form).date().isoformat()
        except ValueError:
            continue
    raise wrong(item.name, f"is a day as 2026-11-23, not {text[:30]!r}")


def _amount(item: Item, value: Any) -> str:
    try:
        number = parse_amount(str(value))
        fits = not isinstance(value, float) and number == round(number, 2)
    except BadArgument:
        fits = False
    if not fits:
        raise wrong(item.name, f"is an amount with at most two decimals, not {str(value)[:30]!r}")
    return f"{number:.2f}"


def _own_account(cursor: Any, item: Item, value: Any) -> str:
    """Return the number of an own account as its bank delivered it, that of any other as an IBAN."""
    return own_number(cursor, str(value)) or _account(item, value)


def _account(item: Item, value: Any) -> str:
    number = typed(str(value))
    if number is None:
        raise wrong(item.name, f"is a Czech account as 19-2000145399/0800 or its IBAN, not {str(value)[:40]!r}")
    return iban(number)


_TEXTS: dict[str, Callable[[Item, Any], str]] = {
    "day": _day, "amount": _amount, "account": _account,
}  # fmt: skip


def _check_payment(lab: Lab, cursor: Any, items: Mapping[str, str]) -> None:
    """Refuse what the rules of domestic payments refuse, at the item of the request."""
    values = {_IN_PAYMENT.get(name, name): items[name] for name in _OF_ORDER if name in items}
    values["own_account"] = national(items["own_account"])  # an IBAN as delivered may have wrong check digits
    bound = rule_parameters(lab, bank_day(lab))
    texts = one_row(cursor.execute(defaults(_PAYMENT), bound)) | entered_texts(_PAYMENT, values)
    sql = checked(_PAYMENT, entered(_PAYMENT, "(SELECT $items::VARCHAR AS items)", number="1", **{MATURITY: "$today"}))
    ((errors,),) = cursor.execute(f"SELECT errors FROM ({sql})", bound | {"items": kept(texts)}).fetchall()
    for error in error_list(lab, errors):
        raise wrong(_item_of(error["item"], items), f"breaks rule {error['code']}: {error['text']}")
    currency = bound["national_currency"]
    if not cursor.execute(
        "SELECT 1 FROM own_accounts() WHERE number = ? AND currency = ?", [items["own_account"], currency]
    ).fetchone():
        raise wrong("own_account", f"is an account in {currency}")


def _item_of(item: str, items: Mapping[str, str]) -> str:
    if item.startswith(("debit_", "own_")):
        return "own_account"
    name = item.removeprefix("credit_")
    if name in ("account_base", "account_prefix", "bank", "accounts"):
        return "counter_account"
    return "limit" if name == "amount" and "limit" in items else name


def _check_standing_order(lab: Lab, cursor: Any, items: Mapping[str, str], *, new: bool) -> None:
    _check_payment(lab, cursor, items)
    frequencies = FREQUENCIES[items["period"]]
    if int(items["frequency"]) not in frequencies:
        raise wrong("frequency", f"of the period {items['period']} is one of {', '.join(map(str, frequencies))}")
    first, last = as_day(items["valid_from"]), as_day(items.get("last_payment"))
    soonest = earliest_valid_from(lab.clock())
    assert first is not None
    if new and first < soonest:
        raise wrong("valid_from", f"is {soonest} at the earliest, for what is sent to the bank now")
    if last is not None and last < max(first, bank_day(lab)):
        raise wrong("last_payment", f"is neither before the order is valid ({first}) nor in the past")
    if last is None and "last_amount" in items:
        raise wrong("last_amount", "needs the day of the last payment")


def _check_permission(lab: Lab, cursor: Any, items: Mapping[str, str], *, new: bool) -> None:
    _check_payment(lab, cursor, items)
    first, last, today = as_day(items["valid_from"]), as_day(items.get("valid_until")), bank_day(lab)
    assert first is not None
    if new and first < today:
        raise wrong("valid_from", f"is {today} at the earliest")
    if last is not None and last < max(first, today):
        raise wrong("valid_until", f"is neither before the permission is valid ({first}) nor in the past")


# Each returns the items that follow from the others, or that it wrote in their form; None for nothing.
_RULES: dict[str, Callable[..., dict[str, str] | None]] = {
    "standing_order": _check_standing_order,
    "permitted_collection": _check_permission,
    "time_deposit": check_deposit,
    "account_parameters": check_parameters,
    "forward_deal": check_forward,
}
# Kinds whose rules have numbers; each looks at all items at once.
_NUMBERED: dict[str, Callable[[Lab, Any, Mapping[str, Any]], dict[str, str]]] = {RECEIVABLE.name: checked_receivable}
_ENDING: dict[str, Callable[..., None]] = {"time_deposit": check_termination}
