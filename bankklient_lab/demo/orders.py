"""Payment orders of the demo company, in all states before balancing: made at its desks, through the public doors.

Every state comes about as in daily life, and what waits for a second pair of eyes does.
"""

from __future__ import annotations

import random
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from bankklient_lab.demo.company import own_accounts, partners_table, rows
from bankklient_lab.demo.desks import APPROVER, CHECKER, CLERK, SECOND, clocked, token_hands
from bankklient_lab.formats.payments.accounts import national

if TYPE_CHECKING:
    from bankklient_lab.lab import Lab

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
class Made:
    """An order that was made, and what was entered."""

    order_id: int
    kind: str
    values: Mapping[str, Any]


def fill_orders(lab: Lab, *, today: date, seed: int, hands: Mapping[str, Lab] | None = None) -> int:
    """Make the company's orders of the last business days before `today`, and return how many.

    `hands` are the lab in the hands of each desk (`staff`); without them the caller's own tokens do the work.
    """
    given = token_hands(lab) if hands is None else nullcontext(hands)
    with given as of_desks, lab.database.tx("ops"):  # all of them or none
        maker = _Maker(of_desks, today, random.Random(seed))  # noqa: S311 - no secret is made of it
        return maker.make(list(_planned()))


class _Maker:
    """Makes the orders day by day, with clocks that stand on these days."""

    def __init__(self, hands: Mapping[str, Lab], today: date, dice: random.Random) -> None:
        self._hands, self._today, self._dice = hands, today, dice
        self._accounts = {account.name: account for account in own_accounts()}
        self._partners = partners()

    def make(self, plans: Sequence[Planned]) -> int:
        """Make and forward the orders of all plans, and two that pay the same as another one."""
        days, count = _business_days(self._today), 0
        first: Made | None = None
        for place, plan in enumerate(plans):
            made = [self._create(plan, days[place % len(days)]) for _ in range(plan.orders)]
            first = first or made[0]
            if plan.reaches:
                self._forward(plan.reaches, made, days[-1])
            count += len(made)
        assert first is not None
        self._repeat(first, days[-1])
        return count + 2

    def _create(self, plan: Planned, day: date) -> Made:
        from bankklient_lab.orders.creating import create_order

        partner = self._dice.choice(self._partners[plan.partners])
        amount = f"{self._dice.randrange(plan.lowest * 100, plan.highest * 100) / 100:.2f}"
        symbol = str(self._dice.randrange(26_000_000, 26_999_999))
        maturity = day + timedelta(days=self._dice.randrange(_DAYS_BACK + 3, _DAYS_AHEAD))
        account = self._accounts[plan.account]
        own = f"{account.number}/{account.bank_code}"
        values = order_values(plan.kind, own, partner, text=plan.text.format(symbol=symbol), symbol=symbol)
        values |= {"amount": amount, "maturity_date": maturity}
        told = create_order(self._at(CLERK, day, 9), plan.kind, values, reason="another delivery")
        return Made(told["order_id"], plan.kind, values)

    def _forward(self, reaches: str, made: Sequence[Made], day: date) -> None:
        """Verify orders, confirm them, and include them, as far as they are to come."""
        from bankklient_lab.orders.confirmation import confirm_orders, include_orders
        from bankklient_lab.orders.detail import order_detail

        ids = [one.order_id for one in made]
        verify(self._at(CHECKER, day, 10), made)
        wanted = "F" if reaches == "I" else reaches
        for desk in _CONFIRMS.get(reaches, ()):
            lab = self._at(desk, day, 11)
            if order_detail(lab, ids[0])["status"] != wanted:
                confirm_orders(lab, ids)
        if reaches == "I":
            include_orders(self._at(APPROVER, day, 12), ids)

    def _repeat(self, one: Made, day: date) -> None:
        """Enter an order twice more: once kept as a suspected duplicate, once allowed."""
        from bankklient_lab.orders.creating import create_order

        clerk = self._at(CLERK, day, 14)
        create_order(clerk, one.kind, dict(one.values), duplicate="error")
        create_order(clerk, one.kind, dict(one.values), reason="two deliveries of the same goods")

    def _at(self, desk: str, day: date, hour: int) -> Lab:
        """Return the lab in the hands of a desk, with a clock that stands at an hour of a day."""
        return clocked(self._hands[desk], lambda: datetime.combine(day, time(hour), UTC))


def partners() -> dict[str, list[dict[str, Any]]]:
    """Return whom the company deals with, by group: rows of partners_table."""
    found: dict[str, list[dict[str, Any]]] = {}
    for row in partners_table().to_pylist():
        found.setdefault(row["partners"], []).append(row)
    return found


def verify(checker: Lab, made: Sequence[Made]) -> None:
    """Verify orders of one kind: foreign payments at sight, domestic ones by typing account and amount again."""
    from bankklient_lab.orders.verification import verify_by_typing, verify_orders

    if made[0].kind == "foreign_payment":
        verify_orders(checker, [one.order_id for one in made])
        return
    for one in made:
        verify_by_typing(checker, one.order_id, {name: one.values[name] for name in ("counter_account", "amount")})


def order_values(kind: str, own: str, partner: Mapping[str, Any], *, text: str, symbol: str) -> dict[str, Any]:
    """Return the values of an order from an own account to a partner, but for amount and day."""
    if kind == "foreign_payment":
        iban = str(partner["account"])
        return {
            "own_account": own, "recipient_account": iban, "recipient": _plain(str(partner["name"])), "currency": "EUR",
            "country": iban[:2], "bank_connection": f"Bank {partner['bank']}", "charges": "SHA",
            "bank_operation_code": "CRED", "recipient_info": text,
        }  # fmt: skip
    return {
        "own_account": own, "counter_account": national(str(partner["account"])),
        "abbreviation": str(partner["name"])[:20], "client_message": text, "variable_symbol": symbol,
    }  # fmt: skip


def _plain(name: str) -> str:
    """Return a name in the letters that payments abroad take."""
    apart = unicodedata.normalize("NFKD", name.replace("ł", "l"))
    return "".join(letter for letter in apart if letter.isascii())[:35]


def _business_days(today: date) -> list[date]:
    """Return the last business days before a day, the earliest first."""
    days = (today - timedelta(days=n) for n in range(1, 3 * _DAYS_BACK))
    return sorted(day for day in days if day.isoweekday() < 6)[-_DAYS_BACK:]


def _planned() -> Iterator[Planned]:
    for row in rows("orders"):
        yield Planned(
            row["account"], row["kind"], row["partners"], int(row["orders"]), int(row["from"]), int(row["to"]),
            row["reaches"], row["text"],
        )  # fmt: skip
