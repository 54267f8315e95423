"""Time deposits at the bank: opened, renewed, ended and terminated, with interest by a second formula."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Any

import pytest

from bankklient_lab.bank import Account, Incoming
from bankklient_lab.codebooks.codes import BatchType
from bankklient_lab.codebooks.services import NEW, REVOCATION
from bankklient_lab.errors import Refused, UnknownName
from bankklient_lab.formats.bank_files import read_file
from bankklient_lab.formats.client_accounts import read_accounts
from bankklient_lab.formats.services import ServiceRecord, ServiceState
from tests.bank.banks import CLIENT, EURO, MAIN, SECOND, World, a_world, abroad, iban, payment
from tests.bank.test_services import ask, batch, listed, request

DEPOSIT = "time_deposit"
RICH = iban(61)
EARLY, REGULAR = "early with penalty", "regular at next renewal"


@pytest.fixture
def world() -> Iterator[World]:
    """A bank with a client, on a Wednesday noon; 1,000,000 CZK."""
    found = a_world(start="2026-04-01 12:00")
    found.bank.open_account(Account(RICH, "CZK", "Rich", CLIENT, opening=Decimal(1_000_000)))
    yield found
    assert found.whole()


def deposit(**changes: Any) -> dict[str, str]:
    """Return the items of a deposit of 100,000 CZK for a month, renewed."""
    return {
        "variant": "revolving CZK", "own_account": RICH, "amount": "100000.00", "length": "1 month",
        "interest_to": "current account", "address": "as current account", "delivery": "electronically",
    } | changes  # fmt: skip


def one(world: World, items: dict[str, str], asks: str = NEW, record: str = "") -> ServiceState:
    """Ask for one thing, and return what became of it."""
    ((state,), _) = ask(world, DEPOSIT, request(DEPOSIT, items, asks, record))
    return state


def terminated(world: World, record: str, method: str, **changes: str) -> ServiceState:
    """Ask for the end of a deposit."""
    return one(world, {"method": method, "principal_account": RICH} | changes, REVOCATION, record)


def opened(world: World, **changes: Any) -> ServiceRecord:
    """Open a deposit and return its record."""
    state = one(world, deposit(**changes))
    assert (state.status, state.text) == ("OK", "")
    return listed(world, DEPOSIT)[state.record]


def movements(world: World, account: str) -> list[tuple[date, str, Decimal]]:
    """Return what was booked on an account, but for its opening, fees of a month, and interest of the account."""
    return [
        (row["day"], row["kind"], row["amount"])
        for row in world.bank.ledger().to_pylist()
        if row["account"] == account and row["kind"] in ("deposit", "interest", "penalty")
        and (row["message"] or "").startswith(("Time", "Interest of", "Penalty"))
    ]  # fmt: skip


def interest(amount: str, rate: str, begin: str, end: str) -> Decimal:
    """Return the interest by another way than the bank: exact fractions, rounded half up by whole cents."""
    days = date.fromisoformat(end).toordinal() - date.fromisoformat(begin).toordinal()
    cents = Fraction(amount) * Fraction(rate) / 100 * Fraction(days, 360) * 100
    return Decimal((2 * cents.numerator + cents.denominator) // (2 * cents.denominator)) / 100


@pytest.mark.spec("SRV-163", "SRV-164", "BAS-060", "TRN-030")
def test_a_deposit_opens_with_an_account_of_its_own(world: World) -> None:
    world.batches()
    world.bank.take(world.sealed(batch(world, DEPOSIT, request(DEPOSIT, deposit()))))
    kinds = [batch.identity.batch_type for batch in world.batches()]
    assert kinds == [BatchType.ACCOUNT_TYPES, BatchType.TIME_DEPOSITS]
    record = listed(world, DEPOSIT)["TD1"]
    assert (record.state, record.changeable, record.items["rate"], record.items["matures_on"]) == (
        "valid", True, "2.10", "2026-05-04",
    )  # fmt: skip
    balances = world.bank.balances()
    assert (balances[RICH], balances[record.items["deposit_account"]]) == (900_000, 100_000)


def test_its_account_is_in_the_list_of_accounts_and_takes_no_orders(world: World) -> None:
    record = opened(world)
    world.bank.send_accounts(CLIENT)
    (message,) = world.received(BatchType.ACCOUNT_TYPES)
    accounts = {one.account: one for one in read_accounts(read_file(message))}
    found = accounts[record.items["deposit_account"]]
    assert (found.currency, found.position, found.name) == ("CZK", "none", "Time deposit TD1")


@pytest.mark.spec("SRV-165", "SRV-163", "SRV-161")
@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"own_account": MAIN}, 202),
        ({"amount": "99999.99"}, 203),
        ({"own_account": EURO}, 207),
        ({"own_account": iban(999)}, 205),
        ({"variant": "one-time CZK", "interest_to": "time deposit"}, 201),
        ({"variant": "revolving CZK", "length": "24 months"}, 203),
        ({"valid_from": "2026-03-31"}, 209),
    ],
)
def test_what_can_not_be_opened_is_rejected(world: World, changes: dict[str, str], code: int) -> None:
    state = one(world, deposit(**changes))
    assert (state.status, state.code) == ("ER", code)
    assert state.text
    assert listed(world, DEPOSIT) == {}


@pytest.mark.parametrize(("amount", "rate"), [("100000.00", "2.10"), ("999999.99", "2.10"), ("1000000.00", "2.35")])
def test_the_rate_goes_by_the_amount(amount: str, rate: str) -> None:
    world = a_world(start="2026-04-01 12:00")
    world.bank.open_account(Account(RICH, "CZK", "Rich", CLIENT, opening=Decimal(1_000_000)))
    assert opened(world, amount=amount).items["rate"] == rate


@pytest.mark.spec("SRV-152")
def test_a_one_time_deposit_ends_with_its_interest_on_the_current_account(world: World) -> None:
    account = opened(world, variant="one-time CZK", amount="123456.78").items["deposit_account"]
    world.go("2026-05-04 12:00")  # 1 May is a holiday, then comes the weekend
    earned = interest("123456.78", "2.20", "2026-04-01", "2026-05-04")
    assert movements(world, account) == [
        (date(2026, 4, 1), "deposit", Decimal("123456.78")),
        (date(2026, 5, 4), "interest", earned),
        (date(2026, 5, 4), "deposit", -Decimal("123456.78") - earned),
    ]
    assert listed(world, DEPOSIT)["TD1"].state == "ended"
    assert world.bank.balances().get(account, Decimal(0)) == 0
    world.batches()
    for day, told in (("2026-05-04 21:00", True), ("2026-05-05 21:00", False)):  # it gets its last statement
        world.go(day)
        statements = b"".join(message.content for message in world.received(BatchType.DOMESTIC))
        assert (account.encode() in statements) is told


@pytest.mark.spec("SRV-151", "SRV-152")
@pytest.mark.parametrize("to", ["current account", "time deposit"])
def test_a_revolving_deposit_is_renewed_with_or_without_its_interest(world: World, to: str) -> None:
    account = opened(world, interest_to=to, length="14 days").items["deposit_account"]
    world.go("2026-05-05 12:00")
    begins = ["2026-04-01", "2026-04-15", "2026-04-29"]
    principal, expected = Decimal(100_000), []
    for begin, end in pairwise(begins):
        earned = interest(f"{principal}", "1.90", begin, end)
        expected.append((date.fromisoformat(end), "interest", earned))
        principal += earned if to == "time deposit" else 0
    holder = account if to == "time deposit" else RICH
    assert [one for one in movements(world, holder) if one[1] == "interest"] == expected
    record = listed(world, DEPOSIT)["TD1"]
    assert (record.state, record.items["matures_on"], record.items["amount"]) == (
        "valid", "2026-05-13", f"{principal:.2f}",
    )  # fmt: skip


@pytest.mark.spec("SRV-155", "SRV-156", "SRV-158")
@pytest.mark.parametrize("interest_account", ["", SECOND])
def test_it_is_terminated_at_its_next_renewal_without_a_penalty(world: World, interest_account: str) -> None:
    opened(world, length="7 days")
    changes = {"interest_account": interest_account} if interest_account else {}
    assert terminated(world, "TD1", REGULAR, **changes).status == "OK"
    record = listed(world, DEPOSIT)["TD1"]
    assert (record.state, record.changeable) == ("valid", False)
    assert terminated(world, "TD1", REGULAR).code == 208
    world.go("2026-04-08 12:00")
    earned = interest("100000", "1.80", "2026-04-01", "2026-04-08")
    balances = world.bank.balances()
    assert balances[RICH] == 1_000_000 + (0 if interest_account else earned)
    assert balances[SECOND] == (earned if interest_account else 0)
    assert listed(world, DEPOSIT)["TD1"].state == "revoked"


@pytest.mark.spec("SRV-156", "SRV-157")
@pytest.mark.parametrize("variant", ["revolving CZK", "one-time CZK"])
def test_early_it_costs_a_penalty_for_the_days_that_are_left(world: World, variant: str) -> None:
    rate = "2.40" if variant == "revolving CZK" else "2.50"
    record = opened(world, variant=variant, length="3 months", amount="200000.00")
    assert record.items["matures_on"] == "2026-07-01"
    world.go("2026-04-30 12:00")
    assert terminated(world, "TD1", EARLY).status == "OK"
    earned = interest("200000", rate, "2026-04-01", "2026-04-30")
    lost = interest("200000", "0.75", "2026-04-30", "2026-07-01")
    assert movements(world, record.items["deposit_account"])[1:] == [
        (date(2026, 4, 30), "interest", earned),
        (date(2026, 4, 30), "penalty", -lost),
        (date(2026, 4, 30), "deposit", -(200_000 + earned - lost)),
    ]
    assert listed(world, DEPOSIT)["TD1"].state == "revoked"


@pytest.mark.spec("SRV-156")
def test_on_the_day_of_its_renewal_it_ends_without_a_penalty(world: World) -> None:
    record = opened(world, length="7 days")
    world.go("2026-04-08 12:00")
    assert terminated(world, "TD1", EARLY).status == "OK"
    assert "penalty" not in [kind for _, kind, _ in movements(world, record.items["deposit_account"])]


@pytest.mark.spec("SRV-156")
def test_a_one_time_deposit_is_not_terminated_at_a_renewal(world: World) -> None:
    opened(world, variant="one-time CZK")
    assert terminated(world, "TD1", REGULAR).code == 208
    assert listed(world, DEPOSIT)["TD1"].changeable


@pytest.mark.spec("SRV-150")
def test_one_with_a_day_opens_at_its_end_and_is_answered_then(world: World) -> None:
    world.batches()
    world.bank.take(world.sealed(batch(world, DEPOSIT, request(DEPOSIT, deposit(valid_from="2026-04-02")))))
    assert listed(world, DEPOSIT) == {}
    world.go("2026-04-02 20:29")
    assert listed(world, DEPOSIT) == {}
    world.batches()
    world.go("2026-04-02 20:30")
    record = listed(world, DEPOSIT)["TD1"]
    assert (record.state, record.items["matures_on"]) == ("valid", "2026-05-04")
    (states, _list) = world.received(BatchType.TIME_DEPOSITS)
    assert b'status="OK"' in states.content


@pytest.mark.spec("SRV-150", "SRV-165")
def test_funds_that_are_gone_on_its_day_reject_it(world: World) -> None:
    asked = deposit(valid_from="2026-04-02", amount="1000000.00")
    world.bank.take(world.sealed(batch(world, DEPOSIT, request(DEPOSIT, asked))))
    opened(world)
    world.batches()
    world.go("2026-04-02 20:30")
    (states, _list) = world.received(BatchType.TIME_DEPOSITS)
    assert b'code="202"' in states.content
    assert list(listed(world, DEPOSIT)) == ["TD2"]


def test_a_deposit_bears_no_fee_and_no_interest_of_an_account(world: World) -> None:
    account = opened(world, length="3 months").items["deposit_account"]
    world.go("2026-05-02 12:00")
    booked = [row["kind"] for row in world.bank.ledger().to_pylist() if row["account"] == account]
    assert booked == ["deposit"]


def test_a_deposit_in_euro_is_of_an_account_in_euro(world: World) -> None:
    world.bank.open_account(Account(iban(62), "EUR", "Euros", CLIENT, opening=Decimal(9_000)))
    record = opened(world, variant="revolving EUR", own_account=iban(62), amount="5000.00")
    world.go("2026-05-04 12:00")
    earned = interest("5000", "1.10", "2026-04-01", "2026-05-04")
    assert movements(world, iban(62)) == [
        (date(2026, 4, 1), "deposit", Decimal(-5000)), (date(2026, 5, 4), "interest", earned),
    ]  # fmt: skip
    assert listed(world, DEPOSIT)["TD1"].items["matures_on"] == "2026-06-04"
    assert world.bank.balances()[record.items["deposit_account"]] == 5_000


def test_nobody_pays_into_a_deposit(world: World) -> None:
    account = opened(world).items["deposit_account"]
    world.send(1, payment(own_account=RICH, counter_account=account, maturity=date(2026, 4, 1)))
    assert world.last() == ("ER", 205)
    abroad_order = abroad(own_account=EURO, counter_account=account, counter_bank="", maturity=date(2026, 4, 1))
    world.send(11, abroad_order)
    assert world.last() == ("ER", 300)
    with pytest.raises(UnknownName):
        world.bank.expect([Incoming(world.clock.at("2026-04-02 10:00"), account, Decimal(1))])
    assert world.bank.balances()[account] == 100_000


@pytest.mark.parametrize("account", [RICH, SECOND])
def test_an_account_that_a_deposit_is_paid_back_to_stays_open(world: World, account: str) -> None:
    opened(world, length="7 days")
    terminated(world, "TD1", REGULAR, interest_account=SECOND)
    with pytest.raises(Refused, match="time deposit 1"):
        world.bank.close_account(account)
    world.go("2026-04-08 12:00")
    world.bank.close_account(account)


def test_what_comes_back_may_go_to_an_account_that_is_only_credited(world: World) -> None:
    world.bank.open_account(Account(iban(63), "CZK", "Incoming", CLIENT, debit=False))
    opened(world)
    assert one(world, deposit(own_account=iban(63))).code == 208
    assert terminated(world, "TD1", EARLY, principal_account=iban(63)).status == "OK"
    assert world.bank.balances()[iban(63)] == 100_000
    account = opened(world).items["deposit_account"]
    assert terminated(world, "TD2", EARLY, principal_account=account).code == 208
