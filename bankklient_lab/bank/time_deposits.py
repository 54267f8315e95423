"""Time deposits: opened with an account of their own, renewed or ended when they mature, terminated early."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from bankklient_lab.bank.contracts import Account, close_account, open_account
from bankklient_lab.bank.funds import available
from bankklient_lab.bank.granting import Asked, NotGranted, require_account
from bankklient_lab.bank.ledger import FEES, INTEREST, book, columns_between
from bankklient_lab.bank.work import Work
from bankklient_lab.calendars import working_from
from bankklient_lab.codebooks.codes import Rejection as Why
from bankklient_lab.codebooks.deposits import (
    EARLY,
    RENEWED,
    TO_DEPOSIT,
    ends_on,
    interest,
    rate_of,
    variant_named,
)
from bankklient_lab.codebooks.services import ENDED, REVOKED, VALID, as_amount, as_day
from bankklient_lab.errors import UnknownName
from bankklient_lab.formats.gpc_accounts import of_digits
from bankklient_lab.formats.payments.accounts import Czech, iban
from bankklient_lab.formats.services import DONE, REJECTED, ServiceRecord, ServiceState

LETTERS = "TD"  # before the number of a deposit
_FIRST_ACCOUNT = 7_000_000_000  # the base of its account: each deposit has a hundred numbers from here on


class _Deposit(NamedTuple):
    """A deposit as it is kept."""

    number: int
    point: int
    request: int
    items: dict[str, str]
    state: str
    account: str
    rate: Decimal
    penalty: Decimal
    begun: date
    matures: date
    ends: bool
    principal_account: str | None
    interest_account: str | None

    @property
    def own_account(self) -> str:
        return self.items["own_account"]

    @property
    def currency(self) -> str:
        return variant_named(self.items["variant"]).currency


_COLUMNS = ("deposit_id, point, request, items, state, account, rate, penalty, begun, matures, ends, principal_account,"
            " interest_account")  # fmt: skip


def create(work: Work, asked: Asked) -> str:
    """Open a deposit now, or keep it until the end of its day ("" then)."""
    items, today = asked.items, work.hours.day(asked.received_at)
    first = as_day(items.get("valid_from"))
    _check(work, asked.point, items)
    closed = work.hours.time(asked.received_at) >= work.parameters.closing
    if first is not None and (first < today or (first == today and closed)):
        raise NotGranted(Why.LATE, f"it was to be valid from {first}, and came after the end of that day")
    ((number,),) = work.store.rows("SELECT coalesce(max(deposit_id), 0) + 1 FROM time_deposit")
    if first is None:
        _require_funds(work, items)
    work.store.do(
        "INSERT INTO time_deposit BY NAME SELECT $number AS deposit_id, $point AS point, $request AS request,"
        " $items AS items, 'waiting' AS state, false AS ends",
        {"number": number, "point": asked.point, "request": asked.number, "items": json.dumps(items)},
    )
    if first is not None:
        return ""
    _open(work, number, asked.point, items)
    return f"{LETTERS}{number}"


def revoke(work: Work, number: int, items: dict[str, str]) -> None:
    """Terminate a deposit at its next renewal, or now with a penalty."""
    (deposit,) = _deposits(work, "deposit_id = $number", number=number)
    accounts = {name: items[name] for name in ("principal_account", "interest_account") if name in items}
    for account in accounts.values():
        require_account(work, deposit.point, account, deposit.currency, credited=True)
    if items["method"] == EARLY:
        _end(work, deposit, work.day, early=True, **accounts)
        return
    if variant_named(deposit.items["variant"]).renewal != RENEWED:
        raise NotGranted(Why.OPERATION, "a one-time deposit is terminated early only")
    work.store.do(
        "UPDATE time_deposit SET ends = true, principal_account = $principal, interest_account = $interest"
        " WHERE deposit_id = $number",
        {"number": number, "principal": accounts["principal_account"], "interest": accounts.get("interest_account")},
    )


def records(work: Work, point: int) -> list[ServiceRecord]:
    """Return the deposits of a client that were opened."""
    return [
        ServiceRecord(
            f"{LETTERS}{one.number}", one.state, one.state == VALID and not one.ends,
            one.items | {
                "deposit_account": one.account, "rate": f"{one.rate:.2f}", "matures_on": f"{one.matures}",
                "amount": f"{_principal(work, one) if one.state == VALID else Decimal(one.items['amount']):.2f}",
            },
        )
        for one in _deposits(work, "point = $point AND account IS NOT NULL", point=point)
    ]  # fmt: skip


def open_waiting(work: Work) -> list[tuple[int, ServiceState]]:
    """Open the deposits that are to be valid from today, and return for which client what became of each."""
    rows = work.store.rows(
        "SELECT deposit_id, point, request, items FROM time_deposit WHERE state = 'waiting' ORDER BY deposit_id"
    )
    found = []
    for number, point, request, kept in rows:
        items = json.loads(kept)
        first = as_day(items.get("valid_from"))
        if first is not None and first > work.day:
            continue
        try:
            _check(work, point, items)
            _require_funds(work, items)
        except NotGranted as refusal:
            work.store.do("UPDATE time_deposit SET state = 'rejected' WHERE deposit_id = $id", {"id": number})
            found.append((point, ServiceState(request, REJECTED, "", refusal.code, refusal.text)))
        else:
            _open(work, number, point, items)
            found.append((point, ServiceState(request, DONE, f"{LETTERS}{number}")))
    return found


def mature(work: Work) -> list[int]:
    """Renew or end the deposits whose period is over, and return the clients with deposits that ended."""
    points = []
    for one in _deposits(work, f"state = '{VALID}' AND matures <= $day", day=work.day):
        renewed = variant_named(one.items["variant"]).renewal == RENEWED and not one.ends
        if renewed:
            _renew(work, one)
        else:
            given = {"principal_account": one.principal_account or one.own_account}
            if one.interest_account:
                given["interest_account"] = one.interest_account
            _end(work, one, one.matures, early=False, **given)
            points.append(one.point)
    return sorted(set(points))


def _check(work: Work, point: int, items: dict[str, str]) -> None:
    try:
        variant = variant_named(items["variant"])
    except UnknownName as error:
        raise NotGranted(Why.FORMAL, error.message) from None
    require_account(work, point, items["own_account"], variant.currency)
    if rate_of(variant, items["length"], _amount(items)) is None:
        raise NotGranted(Why.AMOUNT, f"{variant.name} has no rate for this amount and length")
    if variant.renewal != RENEWED and items["interest_to"] == TO_DEPOSIT:
        raise NotGranted(Why.FORMAL, "the interest of a one-time deposit goes to the current account")


def _require_funds(work: Work, items: dict[str, str]) -> None:
    if available(work)[items["own_account"]] < _amount(items):
        raise NotGranted(Why.FUNDS, "there are not enough funds on the own account")


def _open(work: Work, number: int, point: int, items: dict[str, str]) -> None:
    variant, amount = variant_named(items["variant"]), _amount(items)
    offer = rate_of(variant, items["length"], amount)
    assert offer is not None
    account = _free_account(work, number)
    name = f"Time deposit {LETTERS}{number}"
    open_account(work, Account(account, variant.currency, name, point, debit=False, credit=False, deposit=True))
    _move(work, "deposit", amount, variant.currency, name, debited=items["own_account"], credited=account)
    work.store.do(
        "UPDATE time_deposit SET state = $valid, account = $account, rate = $rate, penalty = $penalty, begun = $day,"
        " matures = $matures WHERE deposit_id = $number",
        {
            "valid": VALID, "account": account, "rate": offer.rate, "penalty": offer.penalty, "day": work.day,
            "matures": _matures(work, work.day, items["length"]), "number": number,
        },
    )  # fmt: skip


def _renew(work: Work, deposit: _Deposit) -> None:
    """Pay the interest, and begin the next period at the rate of today."""
    earned = _interest(work, deposit, deposit.matures)
    to = deposit.account if deposit.items["interest_to"] == TO_DEPOSIT else deposit.own_account
    text = f"Interest of {LETTERS}{deposit.number}"
    _move(
        work, "interest", earned, deposit.currency, text, debited=f"{INTEREST} {deposit.currency}", credited=to
    )  # fmt: skip
    offer = rate_of(variant_named(deposit.items["variant"]), deposit.items["length"], _principal(work, deposit))
    work.store.do(
        "UPDATE time_deposit SET rate = coalesce($rate, rate), begun = matures, matures = $matures"
        " WHERE deposit_id = $number",
        {
            "rate": offer.rate if offer else None, "number": deposit.number,
            "matures": _matures(work, deposit.matures, deposit.items["length"]),
        },
    )  # fmt: skip


def _end(
    work: Work, deposit: _Deposit, day: date, *, early: bool, principal_account: str, interest_account: str = ""
) -> None:
    """Pay a deposit back with its interest up to a day, less the penalty when it is early, and close its account."""
    name, currency, principal = f"{LETTERS}{deposit.number}", deposit.currency, _principal(work, deposit)
    earned = _interest(work, deposit, day)
    to = interest_account or deposit.account
    bank = f"{INTEREST} {currency}"
    _move(work, "interest", earned, currency, f"Interest of {name}", debited=bank, credited=to)
    if early and day > deposit.begun:  # at the moment of a renewal nothing is lost
        lost = min(interest(principal, deposit.penalty, day, deposit.matures, currency), principal)
        fees = f"{FEES} {currency}"
        _move(work, "penalty", lost, currency, f"Penalty of {name}", debited=deposit.account, credited=fees)
    left = _principal(work, deposit)
    said = f"Time deposit {name}"
    _move(work, "deposit", left, currency, said, debited=deposit.account, credited=principal_account)
    close_account(work, deposit.account)
    work.store.do(
        "UPDATE time_deposit SET state = $state WHERE deposit_id = $number",
        {"state": REVOKED if early or deposit.ends else ENDED, "number": deposit.number},
    )


def _interest(work: Work, deposit: _Deposit, until: date) -> Decimal:
    return interest(_principal(work, deposit), deposit.rate, deposit.begun, until, deposit.currency)


def _principal(work: Work, deposit: _Deposit) -> Decimal:
    row = work.store.row("SELECT amount FROM balance WHERE account = $account", {"account": deposit.account})
    assert row is not None
    amount: Decimal = row[0]
    return amount


def _move(work: Work, kind: str, amount: Decimal, currency: str, text: str, *, debited: str, credited: str) -> None:
    if amount:
        book(
            work,
            f"SELECT 1 AS sort, {columns_between(kind, '$debited', '$credited', text)}"  # noqa: S608 - ours
            " FROM (SELECT $amount::DECIMAL(18,3) AS amount, $currency AS currency)",
            amount=amount, currency=currency, debited=debited, credited=credited,
        )  # fmt: skip


def _matures(work: Work, begin: date, length: str) -> date:
    return working_from(ends_on(begin, length), work.calendars)


def _free_account(work: Work, number: int) -> str:
    """Return the number of a new account: the first of the deposit's own hundred that is right by modulo 11."""
    hundred = range(_FIRST_ACCOUNT + number * 100, _FIRST_ACCOUNT + (number + 1) * 100)
    base = next(one for one in hundred if of_digits(f"{one:016d}", internal=False).valid)
    return iban(Czech("", str(base), work.parameters.bank_code))


def _amount(items: dict[str, str]) -> Decimal:
    amount = as_amount(items["amount"])
    assert amount is not None
    return amount


def _deposits(work: Work, condition: str, **given: Any) -> list[_Deposit]:
    rows = work.store.rows(
        f"SELECT {_COLUMNS} FROM time_deposit WHERE {condition} ORDER BY deposit_id",  # noqa: S608 - ours
        given,
    )
    return [_Deposit._make((*row[:3], json.loads(row[3]), *row[4:])) for row in rows]
