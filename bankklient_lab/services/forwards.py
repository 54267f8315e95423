"""Forward deals: what a request can say, what is agreed to before it is kept, and the contract with the bank."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from bankklient_lab.actions import action
from bankklient_lab.codebooks.services import AGREEMENT, KINDS, as_amount, as_day
from bankklient_lab.errors import Refused
from bankklient_lab.formats.forwards import ACTIVE, DEAL_MAX, OWN, recipient_problem, settles_on, sides, written_account
from bankklient_lab.formats.payments.accounts import as_written
from bankklient_lab.lab import Lab
from bankklient_lab.orders.checking import national_currency, rule_parameters
from bankklient_lab.orders.numbers import BANK_ZONE, bank_day
from bankklient_lab.orders.rates import worth
from bankklient_lab.services.status import OVER, REQUESTS_WITH_STATUS, status_in
from bankklient_lab.services.wrong import is_own, own_number, wrong

KIND = KINDS["forward_deal"]


class Contract(NamedTuple):
    """The contract on forward deals, as the bank told it at an instant: limits in the national currency (SRV-052)."""

    status: str
    number: str
    client_name: str
    limit: Decimal
    drawn: Decimal
    least_amount: Decimal
    least_days: int
    most_days: int
    curfew: time
    told_at: datetime

    @property
    def remaining(self) -> Decimal:
        """What is left of the limit."""
        return self.limit - self.drawn


@action(KIND.rights.sees, mode="standard")
def forward_contract(lab: Lab) -> dict[str, Any]:
    """Return the contract on forward deals with the limits and terms of the bank; {} while it has told of none.

    status (A: active), number, client_name, currency, limit, drawn, remaining, least_amount (DECIMAL, of the national
    currency), least_days, most_days (calendar days from today, both allowed), curfew (time of the bank until which
    requests are taken), told_at.
    """
    with lab.database.reading() as cursor:
        found = _contract(cursor)
    if found is None:
        return {}
    currency = national_currency(lab)
    return {
        **found._asdict(), "currency": currency, "remaining": found.remaining, "curfew": f"{found.curfew:%H:%M}"
    }  # fmt: skip


@action(KIND.rights.creates, mode="standard")
def forward_summary(lab: Lab, values: dict[str, Any], *, request_id: int = 0) -> dict[str, Any]:
    """Return what a request for a forward deal would agree to; nothing is kept. Errors as `create_service_request`.

    bought (amount), bought_currency, sold_currency, own_account, recipient_account, maturity, equivalent (of the amount
    in the national currency by today's rate), text (the sentence), warning (a sentence, "" for none: what goes over the
    limit is refused by the bank). Requests without an answer count, but for `request_id`, which is corrected.
    """
    from bankklient_lab.services.checking import checked_items

    with lab.database.reading() as cursor:
        items = checked_items(lab, cursor, KIND, {**values, AGREEMENT: "yes"})
        contract = _contract(cursor)
    assert contract is not None  # else it would have been refused
    pair, amount, maturity = sides(items), as_amount(items["amount"]), as_day(items["maturity"])
    assert amount is not None
    currency = national_currency(lab)
    equivalent = worth(lab, amount, pair.bought, currency, bank_day(lab))
    remaining = contract.remaining - _under_way(lab, currency, request_id)
    over = equivalent > remaining
    return {
        "bought": amount, "bought_currency": pair.bought, "sold_currency": pair.sold,
        "own_account": items["own_account"], "recipient_account": items["recipient_account"], "maturity": maturity,
        "equivalent": equivalent, "text": _sentence(items),
        "warning": f"{equivalent:,.2f} {currency} is above what remains of the limit, {max(remaining, Decimal(0)):,.2f}"
        f" {currency}: the bank will refuse it" if over else "",
    }  # fmt: skip


def check_forward(lab: Lab, cursor: Any, items: Mapping[str, str], *, new: bool) -> dict[str, str]:
    """Refuse a request that the bank would not take, at its item, and return what follows from it (SRV-028 to 042).

    Refused without an active contract, and after the daily hour of the bank.
    """
    del new  # a deal is never corrected
    contract = _contract(cursor)
    if contract is None or contract.status != ACTIVE:
        raise Refused(
            "the bank has told of no active contract on forward deals; ask it for its list, or for a contract"
        )
    now = lab.clock().astimezone(ZoneInfo(BANK_ZONE))
    if now.time() >= contract.curfew:
        raise Refused(f"the bank takes forward deals until {contract.curfew:%H:%M}; enter it tomorrow")
    given = rule_parameters(lab, now.date())
    home, pair = given["national_currency"], sides(items)
    _check_pair(cursor, items, now.date())
    if not is_own(cursor, items["own_account"], pair.sold, "debit", "both"):
        raise wrong("own_account", f"is an own account in {pair.sold} that can be debited: the deal sells {pair.sold}")
    amount = as_amount(items["amount"])
    assert amount is not None
    if worth(lab, amount, pair.bought, home, now.date()) < contract.least_amount:
        raise wrong("amount", f"is at least {contract.least_amount:,.2f} {home} or its equivalent")
    _check_maturity(items, contract, now.date(), home)
    if amount > DEAL_MAX:
        raise wrong("amount", f"is at most {DEAL_MAX}")
    written = {
        **items, "recipient_account": written_account(items["recipient_account"]),
        **{name: items[name].upper() for name in ("recipient_bic", "recipient_country") if name in items},
    }  # fmt: skip
    if items["recipient"] == OWN:
        own = own_number(cursor, items["recipient_account"], pair.bought)
        if not is_own(cursor, own, pair.bought, "debit", "credit", "both"):
            raise wrong("recipient_account", f"is an own account in {pair.bought}, which the deal buys")
        written["recipient_account"] = own
    name, why = recipient_problem(written, home, given["bank_code"] or items["own_account"][4:8])
    if why:
        raise wrong(name, why)
    _check_country(cursor, written, now.date())
    if items[AGREEMENT] != "yes":
        raise wrong(AGREEMENT, f"is needed: {_sentence(written)}")
    return written | {"currency": pair.bought}


def _contract(cursor: Any) -> Contract | None:
    row = cursor.execute("SELECT terms, told_at FROM ops.service_list WHERE kind = ?", [KIND.name]).fetchone()
    terms = json.loads(row[0]) if row else {}
    if not terms:
        return None
    return Contract(
        terms["contract_status"], terms["contract_number"], terms["client_name"], Decimal(terms["contract_limit"]),
        Decimal(terms["limit_drawn"]), Decimal(terms["least_amount"]), int(terms["least_days"]),
        int(terms["most_days"]), time.fromisoformat(terms["curfew"]), row[1],
    )  # fmt: skip


def _under_way(lab: Lab, currency: str, but: int) -> Decimal:
    """Return what requests without an answer of the bank would draw of the limit, in the national currency."""
    rows = lab.rows(
        "SELECT (items ->> '$.currency'), sum((items ->> '$.amount')::DECIMAL(18,3)) FROM"  # noqa: S608 - ours
        f" {REQUESTS_WITH_STATUS} WHERE kind = $kind AND request_id <> $but AND NOT {status_in(OVER)}"
        " GROUP BY ALL",
        {"kind": KIND.name, "but": but},
    )
    today = bank_day(lab)
    return sum((worth(lab, amount, of, currency, today) for of, amount in rows), Decimal(0))


def _check_pair(cursor: Any, items: Mapping[str, str], today: date) -> None:
    """Refuse a currency without the flag for forward deals in the codebook (SRV-028)."""
    for currency in items["pair"].split("/"):
        if not cursor.execute(
            "SELECT 1 FROM codebook('currencies', ?) WHERE code = ? AND attributes['forwards'] = 'yes'",
            [today, currency],
        ).fetchone():
            raise wrong("pair", f"has no forward deals: the codebook of currencies does not allow them for {currency}")


def _check_country(cursor: Any, items: Mapping[str, str], today: date) -> None:
    country = items.get("recipient_country")
    known = cursor.execute("SELECT 1 FROM codebook('countries', ?) WHERE code = ?", [today, country]).fetchone()
    if country and not known:
        raise wrong("recipient_country", f"is none of the codebook of countries: {country}")


def _check_maturity(items: Mapping[str, str], contract: Contract, today: date, home: str) -> None:
    maturity = as_day(items["maturity"])
    assert maturity is not None
    days = (maturity - today).days
    if not contract.least_days <= days <= contract.most_days:
        raise wrong("maturity", f"is {contract.least_days} to {contract.most_days} days ahead, not {days}")
    if not settles_on(maturity, sides(items), home):
        raise wrong("maturity", f"is a business day of {' and '.join(sorted({*sides(items), home}))}")


def _sentence(items: Mapping[str, str]) -> str:
    """Return what is agreed to, in words (SRV-040)."""
    pair, amount = sides(items), as_amount(items["amount"])
    return (
        f"{amount:,.2f} {pair.bought} are bought, paid in {pair.sold} from {as_written(items['own_account'])} on"
        f" {items['maturity']}, and credited to {as_written(items['recipient_account'])}"
    )
