"""Payment orders of the demo company, in all states before balancing: made by its people, through the public doors.

A new demo lab has one user. Then this user's tokens are the hands of the people: each may do what its desk may, so that
every state comes about as in daily life, and what waits for a second pair of eyes does.
"""

from __future__ import annotations

import csv
import random
import secrets
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from bankklient_lab.demo.company import OwnAccount, own_accounts, partners_table

if TYPE_CHECKING:
    from bankklient_lab.lab import Lab

CLERK, CHECKER, APPROVER, SECOND = "clerk", "checker", "approver", "second approver"
# Permissions of each desk. With a user for each of them nobody both enters and releases an order.
DESKS: dict[str, tuple[int, ...]] = {
    CLERK: (51, 120, 140, 151),
    CHECKER: (66, 126, 141, 156),
    APPROVER: (16, 70, 130, 141, 156),
    SECOND: (70, 130, 141, 156),
}
_REFERENCES = {CLERK: "CL", CHECKER: "CH", APPROVER: "AP", SECOND: "SA"}
# The same desks as tokens of one user who may everything: the wider one of two permissions, since own orders are meant.
_SCOPES: dict[str, tuple[int, ...]] = {
    CLERK: (56, 121),
    CHECKER: (61, 66, 125, 126),
    APPROVER: (16, 71, 131),
    SECOND: (71, 131, 132),
}
# The steps to a state: who confirms until it is reached.
_CONFIRMS: dict[str, tuple[str, ...]] = {
    "F": (APPROVER,), "F1": (APPROVER,), "F2": (SECOND, APPROVER), "I": (APPROVER,),
}  # fmt: skip
_DAYS_BACK, _DAYS_AHEAD = 4, 25


@dataclass(frozen=True, slots=True)
class Planned:
    """Orders of one row of data/demo/orders.csv."""

    account: str
    kind: str
    partners: str
    orders: int
    lowest: int
    highest: int
    reaches: str
    text: str


@dataclass(frozen=True, slots=True)
class _Made:
    order_id: int
    kind: str
    values: Mapping[str, Any]


def staff(lab: Lab) -> dict[str, Lab]:
    """Give the lab a user for each of DESKS and return it in the hands of each, by desk.

    Their passwords are made at random and told to nobody: an administrator gives others. From then on everybody logs
    in, and the lab itself is in nobody's hands any more.
    """
    from bankklient_lab.access.logins import caller_of, login
    from bankklient_lab.access.roles import create_role
    from bankklient_lab.access.users import create_user, set_password

    def entered(user: str, password: str) -> Lab:
        caller = caller_of(lab, login(lab, user, password)["session"])
        assert caller is not None
        return lab.acting(caller)

    passwords = {desk: f"Desk-{secrets.token_urlsafe(12)}" for desk in (*DESKS, lab.user)}
    set_password(lab, lab.user, passwords[lab.user])
    for desk, numbers in DESKS.items():
        create_role(lab, desk.capitalize(), permissions=list(numbers))
    administrator = lab
    for desk in DESKS:
        create_user(administrator, desk, reference=_REFERENCES[desk], role=desk.capitalize(), password=passwords[desk])
        administrator = entered(lab.user, passwords[lab.user]) if administrator is lab else administrator
    return {desk: entered(desk, passwords[desk]) for desk in DESKS} | {"administrator": administrator}


def fill_orders(lab: Lab, *, today: date, seed: int, hands: Mapping[str, Lab] | None = None) -> int:
    """Make the company's orders of the last business days before `today`, and return how many.

    `hands` are the lab in the hands of each desk (`staff`); without them the caller's own tokens do the work.
    """
    from bankklient_lab.access.tokens import withdraw_token

    tokens: list[int] = []
    if hands is None:
        hands, tokens = _tokens(lab)
    maker = _Maker(hands, today, random.Random(seed))  # noqa: S311 - no secret is made of it
    with lab.database.tx("ops"):  # all of them or none
        made = maker.make(list(_planned()))
    for token_id in tokens:
        withdraw_token(lab, token_id)
    return made


class _Maker:
    """Makes the orders day by day, with clocks that stand on these days."""

    def __init__(self, hands: Mapping[str, Lab], today: date, dice: random.Random) -> None:
        self._hands, self._today, self._dice = hands, today, dice
        self._accounts = {account.name: account for account in own_accounts()}
        self._partners: dict[str, list[dict[str, Any]]] = {}
        for row in partners_table().to_pylist():
            self._partners.setdefault(row["partners"], []).append(row)

    def make(self, plans: Sequence[Planned]) -> int:
        """Make and forward the orders of all plans, and two that pay the same as another one."""
        days, count = _business_days(self._today), 0
        first: _Made | None = None
        for place, plan in enumerate(plans):
            made = [self._create(plan, days[place % len(days)]) for _ in range(plan.orders)]
            first = first or made[0]
            if plan.reaches:
                self._forward(plan.reaches, made, days[-1])
            count += len(made)
        assert first is not None
        self._repeat(first, days[-1])
        return count + 2

    def _create(self, plan: Planned, day: date) -> _Made:
        from bankklient_lab.orders.creating import create_order

        partner = self._dice.choice(self._partners[plan.partners])
        amount = f"{self._dice.randrange(plan.lowest * 100, plan.highest * 100) / 100:.2f}"
        symbol = str(self._dice.randrange(26_000_000, 26_999_999))
        maturity = day + timedelta(days=self._dice.randrange(_DAYS_BACK + 3, _DAYS_AHEAD))
        values = _values(plan, self._accounts[plan.account], partner)
        values |= {"amount": amount, "maturity_date": maturity}
        text = plan.text.format(symbol=symbol)
        values |= {"recipient_info": text} if plan.kind == "foreign_payment" else {"client_message": text}
        if plan.kind != "foreign_payment":
            values["variable_symbol"] = symbol
        told = create_order(self._at(CLERK, day, 9), plan.kind, values, reason="another delivery")
        return _Made(told["order_id"], plan.kind, values)

    def _forward(self, reaches: str, made: Sequence[_Made], day: date) -> None:
        """Verify orders, confirm them, and include them, as far as they are to come."""
        from bankklient_lab.orders.confirmation import confirm_orders, include_orders
        from bankklient_lab.orders.detail import order_detail
        from bankklient_lab.orders.verification import verify_by_typing, verify_orders

        ids = [one.order_id for one in made]
        checker = self._at(CHECKER, day, 10)
        if made[0].kind == "foreign_payment":
            verify_orders(checker, ids)
        else:
            for one in made:
                verify_by_typing(
                    checker, one.order_id, {name: one.values[name] for name in ("counter_account", "amount")}
                )
        wanted = "F" if reaches == "I" else reaches
        for desk in _CONFIRMS.get(reaches, ()):
            lab = self._at(desk, day, 11)
            if order_detail(lab, ids[0])["status"] != wanted:
                confirm_orders(lab, ids)
        if reaches == "I":
            include_orders(self._at(APPROVER, day, 12), ids)

    def _repeat(self, one: _Made, day: date) -> None:
        """Enter an order twice more: once kept as a suspected duplicate, once allowed."""
        from bankklient_lab.orders.creating import create_order

        clerk = self._at(CLERK, day, 14)
        create_order(clerk, one.kind, dict(one.values), duplicate="error")
        create_order(clerk, one.kind, dict(one.values), reason="two deliveries of the same goods")

    def _at(self, desk: str, day: date, hour: int) -> Lab:
        """Return the lab in the hands of a desk, with a clock that stands at an hour of a day."""
        lab = copy(self._hands[desk])
        lab.clock = lambda: datetime.combine(day, time(hour), UTC)
        return lab


def _values(plan: Planned, account: OwnAccount, partner: Mapping[str, Any]) -> dict[str, Any]:
    own = f"{account.number}/{account.bank_code}"
    if plan.kind == "foreign_payment":
        iban = str(partner["account"])
        return {
            "own_account": own, "recipient_account": iban, "recipient": _plain(str(partner["name"])), "currency": "EUR",
            "country": iban[:2], "bank_connection": f"Bank {partner['bank']}", "charges": "SHA",
            "bank_operation_code": "CRED",
        }  # fmt: skip
    return {
        "own_account": own, "counter_account": national(str(partner["account"])),
        "abbreviation": str(partner["name"])[:20],
    }  # fmt: skip


def _plain(name: str) -> str:
    """Return a name in the letters that payments abroad take."""
    apart = unicodedata.normalize("NFKD", name.replace("ł", "l"))
    return "".join(letter for letter in apart if letter.isascii())[:35]


def national(iban: str) -> str:
    """Return a Czech IBAN as people write the account: prefix-base/bank."""
    prefix, base = iban[8:14].lstrip("0"), iban[14:].lstrip("0")
    return f"{prefix}-{base}/{iban[4:8]}" if prefix else f"{base}/{iban[4:8]}"


def _business_days(today: date) -> list[date]:
    """Return the last business days before a day, the earliest first."""
    days = (today - timedelta(days=n) for n in range(1, 3 * _DAYS_BACK))
    return sorted(day for day in days if day.isoweekday() < 6)[-_DAYS_BACK:]


def _planned() -> Iterator[Planned]:
    text = (files("bankklient_lab.data") / "demo/orders.csv").read_text("utf-8")
    for row in csv.DictReader(text.splitlines()):
        yield Planned(
            row["account"], row["kind"], row["partners"], int(row["orders"]), int(row["from"]), int(row["to"]),
            row["reaches"], row["text"],
        )  # fmt: skip


def _tokens(lab: Lab) -> tuple[dict[str, Lab], list[int]]:
    """Return the lab in the hands of the caller's own tokens, one a desk, and the tokens' numbers."""
    from bankklient_lab.access.logins import caller_of
    from bankklient_lab.access.tokens import create_token

    hands, numbers = {}, []
    for desk, scope in _SCOPES.items():
        made = create_token(lab, f"demo: {desk}", scope=list(scope), days=1)
        caller = caller_of(lab, made["token"])
        assert caller is not None
        hands[desk] = lab.acting(replace(caller, name=desk))
        numbers.append(made["token_id"])
    return hands, numbers
