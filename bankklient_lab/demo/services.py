"""Services that the demo company has asked its bank for, and what is collected from it (data/demo/services.csv)."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from bankklient_lab.calendars import working_from
from bankklient_lab.demo.company import rows
from bankklient_lab.demo.desks import APPROVER, CLERK
from bankklient_lab.formats.payments.accounts import national

if TYPE_CHECKING:
    from bankklient_lab.bank import Bank
    from bankklient_lab.lab import Lab


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked for; of a permission the partner collects on a working day of each month."""

    kind: str
    account: str
    partners: str
    items: dict[str, str]
    lowest: int
    highest: int
    day: int


def wanted_services() -> Iterator[Wanted]:
    """Yield what the company asks for."""
    for row in rows("services"):
        items = dict(one.split("=") for one in row["items"].split(";"))
        lowest, highest, day = (int(row[name] or 0) for name in ("from", "to", "day"))
        yield Wanted(row["kind"], row["account"], row["partners"], items, lowest, highest, day)


class Served:
    """The company's services."""

    def __init__(
        self, partners: Mapping[str, Any], accounts: Mapping[str, str], bank: Bank, dice: random.Random
    ) -> None:
        self._accounts, self._bank, self._dice = accounts, bank, dice
        self._wanted = [
            (
                one,
                _partner(partners[one.partners], bank.parameters.bank_code if one.day else "") if one.partners else {},
            )
            for one in wanted_services()
        ]

    def ask(self, hands: Mapping[str, Lab]) -> None:
        """Let the clerk ask for them and an approver confirm; they go out with the next balancing."""
        from bankklient_lab.services.checking import earliest_valid_from
        from bankklient_lab.services.requests import confirm_service_requests, create_service_request

        clerk = hands[CLERK]
        made = [
            create_service_request(clerk, one.kind, {
                "own_account": national(self._accounts[one.account]),
                **({"counter_account": national(str(partner["account"])),
                    "valid_from": earliest_valid_from(clerk.clock())} if partner else {}),
                **{name: self._value(text, clerk) for name, text in one.items.items()},
            })
            for one, partner in self._wanted
        ]  # fmt: skip
        confirm_service_requests(hands[APPROVER], [told["request_id"] for told in made if told["status"] == "CR"])

    def _value(self, text: str, clerk: Lab) -> str:
        """Return an item: an account by its name, a day so many days on (+340) on which deals settle."""
        from bankklient_lab.orders.numbers import bank_day

        if text in self._accounts:
            return national(self._accounts[text])
        if text.startswith("+"):
            return f"{working_from(bank_day(clerk) + timedelta(days=int(text)), ('CZ', 'ECB'))}"
        return text

    def collect(self, place: int) -> None:
        """Let partners collect what they are permitted to on a working day of the month."""
        for one, partner in self._wanted:
            if one.day == place:
                amount = Decimal(self._dice.randrange(one.lowest * 100, one.highest * 100)) / 100
                self._bank.collect(str(partner["account"]), self._accounts[one.account], amount, variable_symbol="415")


def _partner(group: list[Mapping[str, Any]], bank: str) -> Mapping[str, Any]:
    """Return the first of a group, or the first of them at a bank."""
    return next(one for one in group if bank in ("", one["bank"]))
