"""Forward deals: what is bought and sold, on which days they settle, and to whom the bought currency goes.

A pair is first/second. Who buys, buys the first currency and pays with the second; who sells, sells the first. The own
account is in the currency that is sold, and the amount in the one that is bought (SRV-031). Rates of a deal are
amounts of the sold currency for one unit of the bought one, as SRV-050 has the pair of a deal: bought/sold.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from typing import NamedTuple

from bankklient_lab.calendars import is_working
from bankklient_lab.codebooks.money_markets import market
from bankklient_lab.formats.payments.accounts import czech, iban, is_iban, of_iban, typed
from bankklient_lab.money import decimals

BUY, SELL = "buy", "sell"
OWN, HERE, ELSEWHERE, ABROAD = (
    "own account", "account at this bank", "account at another Czech bank", "account abroad"
)  # fmt: skip
ACTIVE = "A"  # the status of a contract with which deals are made
DEAL_MAX = Decimal("99999999999.99")  # the largest amount of a deal, and the largest limit
STANDARD = "standard"  # the type of every deal (SRV-037)
RATE_STEP = Decimal("0.000001")
_PARTY = ("recipient_name", "recipient_address")
_BANK = ("recipient_bic", "recipient_country", "bank_contact")
# What is said of a recipient beside the account (SRV-036).
_SAID: dict[str, tuple[str, ...]] = {OWN: (), HERE: (), ELSEWHERE: _PARTY, ABROAD: (*_PARTY, *_BANK)}
RECIPIENT_ITEMS = (*_PARTY, *_BANK)
_BIC = re.compile(r"[A-Z]{4}[A-Z]{2}[A-Z0-9]{2}([A-Z0-9]{3})?", re.ASCII)
_HOME = "CZ"  # accounts there are not abroad
_NUMBER_ABROAD = re.compile(r"[A-Z0-9]{4,34}", re.ASCII)


class Sides(NamedTuple):
    """The currencies of a deal."""

    bought: str
    sold: str


def sides(items: Mapping[str, str]) -> Sides:
    """Return what a request buys and sells."""
    first, second = items["pair"].split("/")
    return Sides(first, second) if items["deal_type"] == BUY else Sides(second, first)


def settles_on(day: date, pair: Sides, national: str) -> bool:
    """Tell whether a day is a working one of both currencies and of the national one (SRV-032)."""
    return is_working(day, [market(currency).calendar for currency in {*pair, national}])


def forward_rate(spot: Decimal, pair: Sides, days: int) -> Decimal:
    """Return the rate for a day that is `days` after today: the spot rate and the interest of both currencies.

    Covered interest parity with simple interest, rounded to six decimals: spot * (1 + sold's) / (1 + bought's).
    """
    bought, sold = (1 + of.interest * days / (100 * of.days_of_year) for of in (market(pair.bought), market(pair.sold)))
    return (spot * sold / bought).quantize(RATE_STEP, ROUND_HALF_EVEN)


def paid(amount: Decimal, rate: Decimal, currency: str) -> Decimal:
    """Return the amount times the rate, half up to the minor unit of the currency that is sold (SRV-049)."""
    return (amount * rate).quantize(Decimal(1).scaleb(-decimals(currency)), ROUND_HALF_UP)


def deal_problem(items: Mapping[str, str]) -> tuple[str, str]:
    """Return the first item of a deal that does not follow from the others, and why; two empty texts for none."""
    pair = sides(items)
    amount, rate = Decimal(items["amount"]), Decimal(items["contract_rate"])
    wrong = (
        ("currency", items.get("currency") != pair.bought, f"is {pair.bought}, which is bought"),
        ("second_currency", items["second_currency"] != pair.sold, f"is {pair.sold}, which is sold"),
        ("stored_pair", items["stored_pair"] != stored_pair(pair), f"is {stored_pair(pair)}"),
        ("amount", amount > DEAL_MAX, f"is at most {DEAL_MAX}"),
        (
            "second_amount",
            f"{paid(amount, rate, pair.sold):.2f}" != items["second_amount"],
            "is the amount times the rate",
        ),
    )
    return next(((name, why) for name, is_wrong, why in wrong if is_wrong), ("", ""))


def terms_problem(terms: Mapping[str, str]) -> tuple[str, str]:
    """Return the first of a contract's terms that does not fit the others, and why; two empty texts for none."""
    wrong = int(terms["least_days"]) > int(terms["most_days"])
    return ("least_days", "is more than most_days") if wrong else ("", "")


def stored_pair(pair: Sides) -> str:
    """Return the pair as a deal has it: first the currency of its amount (SRV-050)."""
    return f"{pair.bought}/{pair.sold}"


def said_of(recipient: str) -> tuple[str, ...]:
    """Return the items that are said of a kind of recipient beside the account."""
    return _SAID[recipient]


def recipient_problem(items: Mapping[str, str], national: str, bank_code: str) -> tuple[str, str]:
    """Return the first item of the recipient that is wrong, and why; two empty texts when there is none.

    Own accounts are not looked at: whose they are is not known here.
    """
    kind, account = items["recipient"], items["recipient_account"]
    said, number, bic = _SAID[kind], of_iban(account), items.get("recipient_bic", "")
    wrong: list[tuple[str, bool, str]] = [
        (name, (name in items) != (name in said), "is missing" if name in said else f"is none of an {kind}")
        for name in RECIPIENT_ITEMS
    ]
    country = items.get("recipient_country")
    outside = kind in (ELSEWHERE, ABROAD)
    wrong += [
        ("recipient", outside and sides(items).bought == national, f"of {national} has an account at this bank"),
        ("recipient_account", kind == HERE and (number is None or number.bank != bank_code), f"is no {kind}"),
        ("recipient_account", kind == ELSEWHERE and (number is None or number.bank == bank_code), f"is no {kind}"),
        ("recipient_bic", kind == ABROAD and not _BIC.fullmatch(bic), "has 8 or 11 characters as GIBACZPX"),
        ("recipient_country", kind == ABROAD and bic[4:6] != country, "is not the one that the BIC says"),
        ("recipient_country", kind == ABROAD and country == _HOME, "is one abroad"),
        (
            "recipient_account",
            kind == ABROAD and not _is_abroad(account, country),
            "is no account of the country",
        ),
    ]
    return next(((name, why) for name, is_wrong, why in wrong if is_wrong), ("", ""))


def _is_abroad(account: str, country: str | None) -> bool:
    """Tell whether an account can be one in a country that is not the bank's."""
    from stdnum import iban as ibans

    if is_iban(account):
        return country == account[:2] and bool(ibans.is_valid(account))
    return czech(account) is None and _NUMBER_ABROAD.fullmatch(account) is not None


def written_account(text: str) -> str:
    """Return an account as it goes to the bank: a Czech one as its IBAN, others without spaces."""
    number = typed(text)
    return iban(number) if number else "".join(text.split()).upper()
