"""A stretch of the demo company's life with the simulated bank: what data/demo/lived.csv plans, month after month.

Orders are made, checked, confirmed, balanced, signed and sent; the bank processes them day by day,
beside what others pay in, its fees and its interest; its answers and statements are received and taken over. The same
seed and days give the same payloads, ledger and statements; keys, and so signatures, are new each time.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bankklient_lab.bank import Account, Bank, Incoming
from bankklient_lab.bank.folder import found_bank
from bankklient_lab.calendars import working_after, working_from
from bankklient_lab.demo import mail
from bankklient_lab.demo.banking import Clock, Dealings, acquaint
from bankklient_lab.demo.company import bank_accounts, rows
from bankklient_lab.demo.desks import APPROVER, CHECKER, CLERK, SECOND, clocked, token_hands
from bankklient_lab.demo.orders import Made, order_values, partners, verify
from bankklient_lab.demo.services import Served
from bankklient_lab.formats.payments.accounts import national
from bankklient_lab.jobs import Job

if TYPE_CHECKING:
    from bankklient_lab.lab import Lab

INCOMING, FOREIGN = "incoming", "foreign_payment"
REVOKE = "revoke"
_COLLECTING = "Trade CZK"
_DEBTORS_HAVE = Decimal(900_000)  # customers with accounts at the bank, whom the company collects from
_FORWARDS_LIMIT = Decimal(2_000_000)
_OPENS, _CLOSED = 7, 21  # hours UTC: the bank is open, its accounting day is closed
_PAYMENTS_COME = 8, 15  # hours UTC


@dataclass(frozen=True, slots=True)
class Planned:
    """What happens in a month (0: in each): payments that come in, or orders made on its n-th working day.

    Orders mature `ahead` days later; `then` says whether they are revoked on the next day with orders.
    """

    what: str
    account: str
    partners: str
    orders: int
    lowest: int
    highest: int
    day: int
    ahead: int
    month: int
    then: str
    text: str


def live(
    lab: Lab,
    folder: Path,
    *,
    today: date,
    months: int,
    seed: int,
    key_password: str,
    bank_password: str,
    job: Job | None = None,
) -> dict[str, Any]:
    """Live the `months` before that of `today`, and this one up to the day before, with a bank founded in `folder`.

    Returns bank_orders (made), transmissions, bank_batches (exchanged in both directions).
    """
    begin = working_from(_months_before(today, months), ("CZ",))
    clock = Clock(_at(begin, _OPENS))
    bank = found_bank(folder, bank_password, clock, seed=seed)
    try:
        ours = clocked(lab, clock)
        accounts = [
            Account(one.iban, one.currency, one.name, opening=Decimal(one.opening), documents=one.documents)
            for one in bank_accounts()
        ]
        acquaint(ours, bank, key_password, accounts)
        with token_hands(lab) as hands:
            company = _Company(
                {desk: clocked(one, clock) for desk, one in hands.items()}, ours, bank, key_password, seed
            )
            return company.live(clock, begin, today, random.Random(f"{seed} lived"), job or Job())  # noqa: S311
    finally:
        bank.close()


class _Company:
    """The company at work with its bank, whose days a clock drives."""

    def __init__(self, hands: Mapping[str, Lab], lab: Lab, bank: Bank, password: str, seed: int) -> None:
        self._hands, self._lab, self._bank = hands, lab, bank
        self._dealings = Dealings(lab, bank, password)
        self._partners = partners()
        self._accounts = {account.name: account.iban for account in bank_accounts()}
        self._served = Served(self._partners, self._accounts, bank, random.Random(f"{seed} services"))  # noqa: S311
        self._to_revoke: list[int] = []
        self._told = {"bank_orders": 0, "transmissions": 0, "bank_batches": 0}

    def live(self, clock: Clock, begin: date, until: date, dice: random.Random, job: Job) -> dict[str, Any]:
        """Live from the first day on until a day (not included)."""
        plans = list(_plans())
        self._introduce({plan.partners for plan in plans})
        clock.now = _at(begin, _CLOSED)
        self._transmit()  # brings the first statement, and with it the accounts
        self._name_accounts()
        clock.now = _at(working_after(begin, ("CZ",)), _OPENS)
        self._transmit()  # brings the rates of the morning
        self._served.ask(self._hands)
        mail.write(self._lab, self._accounts)
        self._dealings.balance()
        self._transmit()
        for number, days in enumerate(_months(working_after(begin, ("CZ",)), until), start=1):
            job.step(f"living {days[0]:%Y-%m} with the bank")
            now = [plan for plan in plans if plan.month in (0, number)]
            clock.now = _at(days[0], _OPENS)
            self._bank.expect(
                [one for plan in now if plan.what == INCOMING for one in self._incoming(plan, days, dice)]
            )
            for place, day in enumerate(days, start=1):
                clock.now = max(clock.now, _at(day, _OPENS))
                self._served.collect(place)
                today = [plan for plan in now if plan.what != INCOMING and plan.day == place]
                if today:
                    clock.now = _at(day, _OPENS + 1)
                    self._work(today, day, dice)
        clock.now = _at(until - timedelta(days=1), _CLOSED)
        self._transmit()
        self._dealings.update_records("account_parameters")
        return self._told

    def _introduce(self, groups: set[str]) -> None:
        """Open the accounts of partners at the same bank, permit most collections, let the bank write."""
        from bankklient_lab.keys.points import OWN, point_of

        here = [
            Account(partner["account"], "CZK", partner["name"], opening=_DEBTORS_HAVE)
            for group in sorted(groups)
            for partner in self._partners[group]
            if partner["bank"] == self._bank.parameters.bank_code
        ]
        self._bank.open_account(*here)
        for customer in self._partners["customers"][1:]:
            self._bank.permit_collection(customer["account"], self._accounts[_COLLECTING])
        point = point_of(self._lab, OWN).point
        self._bank.allow_forwards(point, _FORWARDS_LIMIT)
        self._bank.agree_financing(point, self._accounts[_COLLECTING])
        mail.greet(self._bank)

    def _name_accounts(self) -> None:
        from bankklient_lab.analysis.accounts import rename_account

        for account in bank_accounts():
            rename_account(self._lab, account.iban, account.name, account.currency)

    def _incoming(self, plan: Planned, days: Sequence[date], dice: random.Random) -> Iterator[Incoming]:
        """Yield payments of others on days of a month, but for its first."""
        for _ in range(plan.orders if len(days) > 1 else 0):
            partner, (amount, symbol) = dice.choice(self._partners[plan.partners]), _drawn(plan, dice)
            at = _at(dice.choice(days[1:]), dice.randrange(*_PAYMENTS_COME)) + timedelta(minutes=dice.randrange(60))
            yield Incoming(
                at, self._accounts[plan.account], amount, partner["account"], partner["name"], symbol,
                plan.text.format(symbol=symbol),
            )  # fmt: skip

    def _work(self, plans: Sequence[Planned], day: date, dice: random.Random) -> None:
        """Make the orders of a day and send them, with the revocations that wait."""
        from bankklient_lab.balancing.revocations import mark_for_revocation

        revoked, self._to_revoke = self._to_revoke, []
        with self._lab.database.tx("ops"):
            for plan in plans:
                made = [self._create(plan, day, dice) for _ in range(plan.orders)]
                self._release(made)
                if plan.then == REVOKE:
                    self._to_revoke += [one.order_id for one in made]
        if revoked:
            mark_for_revocation(self._lab, revoked)
        self._dealings.balance()
        self._transmit()

    def _create(self, plan: Planned, day: date, dice: random.Random) -> Made:
        from bankklient_lab.orders.creating import create_order

        partner, (amount, symbol) = dice.choice(self._partners[plan.partners]), _drawn(plan, dice)
        own = national(self._accounts[plan.account])
        values = order_values(plan.what, own, partner, text=plan.text.format(symbol=symbol), symbol=symbol)
        values |= {"amount": str(amount), "maturity_date": day + timedelta(days=plan.ahead)}
        told = create_order(self._hands[CLERK], plan.what, values, reason="another delivery")
        self._told["bank_orders"] += 1
        return Made(told["order_id"], plan.what, values)

    def _release(self, made: Sequence[Made]) -> None:
        """Let the checker verify orders, and an approver confirm them: the one who gives both confirmations abroad."""
        from bankklient_lab.orders.confirmation import confirm_orders

        verify(self._hands[CHECKER], made)
        approver = self._hands[SECOND if made[0].kind == FOREIGN else APPROVER]
        confirm_orders(approver, [one.order_id for one in made])

    def _transmit(self) -> None:
        told = self._dealings.transmit()
        self._told["transmissions"] += 1
        self._told["bank_batches"] += len(told["batches"])


def _drawn(plan: Planned, dice: random.Random) -> tuple[Decimal, str]:
    """Return an amount and a variable symbol."""
    amount = Decimal(dice.randrange(plan.lowest * 100, plan.highest * 100)) / 100
    return amount.quantize(Decimal("0.01")), str(dice.randrange(25_000_000, 25_999_999))


def _plans() -> Iterator[Planned]:
    for row in rows("lived"):
        day, ahead, month = (int(row[name] or 0) for name in ("day", "ahead", "month"))
        yield Planned(
            row["what"], row["account"], row["partners"], int(row["orders"]), int(row["from"]), int(row["to"]),
            day, ahead, month, row["then"], row["text"],
        )  # fmt: skip


def _months_before(day: date, months: int) -> date:
    """Return the first day of the month that lies so many before a day's."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return date(year, month + 1, 1)


def _months(first: date, until: date) -> Iterator[list[date]]:
    """Yield the working days of each month from a working day on."""
    days = [first]
    while (following := working_after(days[-1], ("CZ",))) < until:
        if following.month != days[-1].month:
            yield days
            days = []
        days.append(following)
    yield days


def _at(day: date, hour: int) -> datetime:
    return datetime.combine(day, time(hour), UTC)
