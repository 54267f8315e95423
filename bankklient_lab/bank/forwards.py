"""Forward deals: contracts with their limits, rates agreed at once or by a dealer, settlement at maturity."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any, NamedTuple

from bankklient_lab.bank.contracts import require_client
from bankklient_lab.bank.funds import available
from bankklient_lab.bank.granting import Asked, NotGranted, require_account
from bankklient_lab.bank.ledger import CLEARING, book
from bankklient_lab.bank.letters import Wanted, send_letter
from bankklient_lab.bank.work import Work
from bankklient_lab.codebooks.codes import Rejection as Why
from bankklient_lab.codebooks.services import AGREEMENT, ENDED, REVOKED, VALID
from bankklient_lab.errors import BadArgument, Refused, UnknownName
from bankklient_lab.formats.forwards import (
    ACTIVE,
    DEAL_MAX,
    HERE,
    OWN,
    RATE_STEP,
    STANDARD,
    Sides,
    forward_rate,
    paid,
    recipient_problem,
    settles_on,
    sides,
    stored_pair,
)
from bankklient_lab.formats.services import CANCELLED, DONE, ServiceRecord, ServiceState
from bankklient_lab.money import exact, to_minor_unit

LETTERS = "FW"  # before the number of a deal
_RATE_END = Decimal(1_000_000)
_OVER = "it goes over what remains of the limit of forward deals"


class _Deal(NamedTuple):
    """A deal, or a wish for one, as it is kept."""

    number: int
    point: int
    request: int
    items: dict[str, str]
    state: str
    received_on: date
    rate: Decimal | None
    second_amount: Decimal | None
    dealt_on: date | None

    @property
    def name(self) -> str:
        return f"{LETTERS}{self.number}"

    @property
    def amount(self) -> Decimal:
        return Decimal(self.items["amount"])


_COLUMNS = "deal_id, point, request, items, state, received_on, rate, second_amount, dealt_on"


def allow(work: Work, point: int, limit: Decimal, *, by_dealer: bool) -> None:
    """Make or change a client's contract; UnknownName, BadArgument for a limit that is not above 0."""
    require_client(work, point)
    if not (limit.is_finite() and 0 < limit <= DEAL_MAX and limit == round(limit, 2)):
        raise BadArgument(f"the limit of forward deals is above 0, at most {DEAL_MAX}, with two decimals, not {limit}")
    work.store.do(
        "INSERT OR REPLACE INTO forward_contract VALUES ($point, $limit, $by_dealer)",
        {"point": point, "limit": exact(limit), "by_dealer": by_dealer},
    )


def create(work: Work, asked: Asked) -> str:
    """Make a deal at the forward rate of now, or let it wait for the dealer ("" then)."""
    items, p = asked.items, work.parameters
    contract = _contract(work, asked.point)
    if contract is None:
        raise NotGranted(Why.NOT_PERMITTED, "there is no contract on forward deals")
    if work.hours.time(asked.received_at) >= p.forward_curfew:
        raise NotGranted(Why.LATE, f"forward deals are taken until {p.forward_curfew:%H:%M}")
    pair = _check(work, asked, items)
    amount = Decimal(items["amount"])
    equivalent = _equivalent(work, amount, pair.bought)
    if equivalent < p.forward_least:
        raise NotGranted(Why.AMOUNT, f"a forward deal is of at least {p.forward_least} {p.currency}")
    limit, by_dealer = contract
    if equivalent > limit - _drawn(work, asked.point):
        raise NotGranted(Why.AMOUNT, _OVER)
    ((number,),) = work.store.rows("SELECT coalesce(max(deal_id), 0) + 1 FROM forward_deal")
    work.store.do(
        "INSERT INTO forward_deal BY NAME SELECT $number AS deal_id, $point AS point, $request AS request,"
        " $items AS items, 'waiting' AS state, $equivalent AS equivalent, $day AS received_on",
        {
            "number": number, "point": asked.point, "request": asked.number, "equivalent": equivalent,
            "items": json.dumps(items, ensure_ascii=False), "day": work.hours.day(asked.received_at),
        },
    )  # fmt: skip
    if by_dealer:
        return ""
    (deal,) = _deals(work, "deal_id = $number", number=number)
    return _agree(work, deal, _rate_of_now(work, deal))


def records(work: Work, point: int) -> list[ServiceRecord]:
    """Return the deals of a client."""
    return [
        ServiceRecord(
            one.name, one.state, False,
            one.items | {
                "reference": str(one.request), "forward_type": STANDARD, "stored_pair": stored_pair(sides(one.items)),
                "second_amount": f"{one.second_amount:.2f}",
                "second_currency": sides(one.items).sold, "contract_rate": f"{one.rate:.6f}",
                "dealt_on": f"{one.dealt_on}", "received_on": f"{one.received_on}",
            },
        )
        for one in _deals(work, "point = $point AND rate IS NOT NULL", point=point)
    ]  # fmt: skip


def terms(work: Work, point: int) -> dict[str, str]:
    """Return a client's contract and the bank's terms; {} without one."""
    contract, p = _contract(work, point), work.parameters
    if contract is None:
        return {}
    row = work.store.row("SELECT name FROM client WHERE point = $point", {"point": point})
    assert row is not None
    return {
        "contract_status": ACTIVE, "contract_number": str(point), "client_name": row[0],
        "contract_limit": f"{contract[0]:.2f}", "limit_drawn": f"{_drawn(work, point):.2f}",
        "least_amount": f"{p.forward_least:.2f}", "least_days": str(p.forward_least_days),
        "most_days": str(p.forward_most_days), "curfew": f"{p.forward_curfew:%H:%M}",
    }  # fmt: skip


def agree(work: Work, point: int, request: int, rate: Decimal | None) -> ServiceState:
    """Agree the rate of a wish that waits, None: the forward rate of now; UnknownName, BadArgument, Refused."""
    deal, contract = _waiting(work, point, request), _contract(work, point)
    if contract is None or _drawn(work, point) > contract[0]:
        raise Refused(_OVER)
    if rate is not None and not (rate.is_finite() and 0 < rate < _RATE_END and rate == rate.quantize(RATE_STEP)):
        raise BadArgument(f"the rate of a forward deal is above 0 and has at most six decimals, not {rate}")
    return ServiceState(request, DONE, _agree(work, deal, rate or _rate_of_now(work, deal)))


def cancel(work: Work, point: int, request: int) -> ServiceState:
    """Give up a wish that waits for its rate; UnknownName."""
    return _cancel(work, _waiting(work, point, request), "the deal was not agreed")


def cancel_waiting(work: Work) -> list[tuple[int, ServiceState]]:
    """Give up the wishes for which no rate was agreed on their day, and return for which client what became of each."""
    return [
        (one.point, _cancel(work, one, "no rate was agreed on its day")) for one in _deals(work, "state = 'waiting'")
    ]


def call_off(work: Work, name: str) -> None:
    """Delete a deal that is active, as bank or client call it off; UnknownName."""
    number = int(name[2:]) if name.startswith(LETTERS) and name[2:].isdigit() else 0
    for deal in _deals(work, f"deal_id = $number AND state = '{VALID}'", number=number):
        _end(work, deal, REVOKED)
        return
    raise UnknownName("active forward deal", name[:20])


def settle(work: Work, *, at_last: bool) -> None:
    """Settle the deals that are due and have funds; `at_last` those without are called off, and their clients told.

    What one deal brings may be what another one needs, so this goes on until none settles any more.
    """
    due = _deals(work, f"state = '{VALID}' AND (items ->> '$.maturity') <= $day", day=f"{work.day}")
    left: list[tuple[_Deal, str]] = []
    while due:
        left = [(deal, why) for deal in due if (why := _settle(work, deal))]
        if len(left) == len(due):
            break
        due = [deal for deal, _ in left]
    for deal, why in left if at_last else ():
        _end(work, deal, REVOKED)
        said = f"{deal.name} was to be settled on {deal.items['maturity']} and was called off: {why}."
        send_letter(work, Wanted(f"Forward deal {deal.name} was called off", said, client=deal.point))


def _settle(work: Work, deal: _Deal) -> str:
    """Settle a deal, and return why that is not possible, "" when it is done."""
    pair = sides(deal.items)
    assert deal.second_amount is not None
    if available(work).get(deal.items["own_account"], Decimal(0)) < deal.second_amount:
        return "there are not enough funds on the own account"
    if why := _unable(work, deal, pair):
        return why
    _book(work, deal, pair)
    _end(work, deal, ENDED)
    return ""


def _check(work: Work, asked: Asked, items: dict[str, str]) -> Sides:
    p, pair = work.parameters, sides(items)
    if items[AGREEMENT] != "yes":
        raise NotGranted(Why.FORMAL, "nobody agreed to it")
    if Decimal(items["amount"]) > DEAL_MAX:
        raise NotGranted(Why.AMOUNT, f"a forward deal is of at most {DEAL_MAX}")
    known = {p.currency, *p.rates}
    if not known >= set(pair):
        raise NotGranted(Why.CURRENCY, f"the bank has no forward deals in {items['pair']}")
    if items.get("currency") != pair.bought:
        raise NotGranted(Why.FORMAL, f"the amount is in {pair.bought}, which is bought")
    maturity = date.fromisoformat(items["maturity"])
    ahead = (maturity - work.hours.day(asked.received_at)).days
    if maturity <= work.day or not p.forward_least_days <= ahead <= p.forward_most_days:
        raise NotGranted(Why.LATE, f"it settles {p.forward_least_days} to {p.forward_most_days} days after its request")
    if not settles_on(maturity, pair, p.currency):
        raise NotGranted(Why.LATE, f"{maturity} is no business day of its currencies")
    require_account(work, asked.point, items["own_account"], pair.sold)
    name, why = recipient_problem(items, p.currency, p.bank_code)
    if why:
        raise NotGranted(Why.FORMAL, f"{name.replace('_', ' ')} {why}")
    if items["recipient"] == OWN:
        require_account(work, asked.point, items["recipient_account"], pair.bought, credited=True)
    elif why := _unable_here(work, items, pair):
        raise NotGranted(Why.ACCOUNT, why)
    return pair


def _unable(work: Work, deal: _Deal, pair: Sides) -> str:
    """Return why a deal with funds can't be settled, "" when it can."""
    row = work.store.row(
        "SELECT 1 FROM account WHERE account = $account AND (closed IS NULL OR closed > $day)",
        {"account": deal.items["own_account"], "day": work.day},
    )
    return _unable_here(work, deal.items, pair) if row else "the own account is closed"


def _unable_here(work: Work, items: dict[str, str], pair: Sides) -> str:
    if items["recipient"] not in (OWN, HERE):
        return ""
    row = work.store.row(
        "SELECT 1 FROM account WHERE account = $account AND currency = $currency AND NOT own AND NOT deposit"
        " AND (closed IS NULL OR closed > $day)",
        {"account": items["recipient_account"], "currency": pair.bought, "day": work.day},
    )
    return "" if row else f"the recipient has no account in {pair.bought} here"


def _book(work: Work, deal: _Deal, pair: Sides) -> None:
    """Charge the own account and credit the recipient, through the clearing of the currency when it is not here."""
    items, home = deal.items, work.parameters.currency
    assert deal.rate is not None
    here = items["recipient"] in (OWN, HERE)
    national = deal.rate if pair.sold == home else 1 / deal.rate if pair.bought == home else None
    book(
        work,
        "SELECT 1 AS sort, 'forward' AS kind, NULL AS payment_id, $own AS debited, NULL AS debited_name,"
        " $recipient AS credited, $name AS credited_name, $amount::DECIMAL(18,3) AS amount, $bought AS currency,"
        " $rate::DECIMAL(18,8) AS rate, NULL AS variable_symbol, NULL AS constant_symbol, NULL AS specific_symbol,"
        " $message AS message, NULL AS end_to_end_id, $own AS debit_account, $paid::DECIMAL(18,3) AS debit_amount,"
        " $sold AS debit_currency, $to AS credit_account, $amount::DECIMAL(18,3) AS credit_amount,"
        " $bought AS credit_currency",
        own=items["own_account"], recipient=items["recipient_account"], name=items.get("recipient_name"),
        amount=deal.amount, bought=pair.bought, sold=pair.sold, paid=deal.second_amount,
        rate=None if national is None else round(national, 8),
        message=" ".join(filter(None, (f"Forward deal {deal.name}", items.get("information")))),
        to=items["recipient_account"] if here else f"{CLEARING} {pair.bought}",
    )  # fmt: skip


def _rate_of_now(work: Work, deal: _Deal) -> Decimal:
    rates: dict[str, Decimal] = dict(
        work.store.rows("SELECT currency, rate FROM rate WHERE day = $day", {"day": work.day})
    )
    pair = sides(deal.items)
    days = (date.fromisoformat(deal.items["maturity"]) - work.day).days
    return forward_rate(rates[pair.bought] / rates[pair.sold], pair, days)


def _agree(work: Work, deal: _Deal, rate: Decimal) -> str:
    work.store.do(
        f"UPDATE forward_deal SET state = '{VALID}', rate = $rate, second_amount = $paid, dealt_on = $day"  # noqa: S608
        " WHERE deal_id = $number",
        {
            "rate": rate, "paid": paid(deal.amount, rate, sides(deal.items).sold), "day": work.day,
            "number": deal.number,
        },
    )  # fmt: skip
    return deal.name


def _cancel(work: Work, deal: _Deal, why: str) -> ServiceState:
    _end(work, deal, "cancelled")
    return ServiceState(deal.request, CANCELLED, text=why)


def _end(work: Work, deal: _Deal, state: str) -> None:
    work.store.do(
        "UPDATE forward_deal SET state = $state WHERE deal_id = $number", {"state": state, "number": deal.number}
    )


def _waiting(work: Work, point: int, request: int) -> _Deal:
    for deal in _deals(
        work, "point = $point AND request = $request AND state = 'waiting'", point=point, request=request
    ):
        return deal
    raise UnknownName("forward deal that waits for its rate", f"request {request} of {point}")


def _contract(work: Work, point: int) -> tuple[Decimal, bool] | None:
    row = work.store.row("SELECT amount, by_dealer FROM forward_contract WHERE point = $point", {"point": point})
    return (row[0], row[1]) if row else None


def _drawn(work: Work, point: int) -> Decimal:
    """Return what open deals and wishes draw of the limit, in the national currency by the rates of their days."""
    row = work.store.row(
        "SELECT coalesce(sum(equivalent), 0) FROM forward_deal WHERE point = $point AND state IN ('waiting', 'valid')",
        {"point": point},
    )
    assert row is not None
    return Decimal(row[0])


def _equivalent(work: Work, amount: Decimal, currency: str) -> Decimal:
    row = work.store.row(
        "SELECT rate FROM rate WHERE day = $day AND currency = $currency", {"day": work.day, "currency": currency}
    )
    assert row is not None
    return to_minor_unit(Fraction(amount) * Fraction(row[0]), work.parameters.currency)


def _deals(work: Work, condition: str, **given: Any) -> list[_Deal]:
    rows = work.store.rows(
        f"SELECT {_COLUMNS} FROM forward_deal WHERE {condition} ORDER BY deal_id",  # noqa: S608 - ours
        given,
    )
    return [_Deal._make((*row[:3], json.loads(row[3]), *row[4:])) for row in rows]
