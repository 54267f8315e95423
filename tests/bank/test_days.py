"""The bank's days: statements that add up, fees and interest, another bank's parameters, and the same again."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bankklient_lab.bank import Account, Incoming, parameter_sets
from bankklient_lab.calendars import is_working, working_after
from bankklient_lab.errors import BadArgument, UnknownName
from bankklient_lab.formats import format_named
from bankklient_lab.formats.base import Hints
from bankklient_lab.formats.batches import Message
from bankklient_lab.formats.order_answers import read_status
from bankklient_lab.formats.schema import Kind
from tests.bank.banks import (
    CLIENT,
    ELSEWHERE,
    EURO,
    MAIN,
    SECOND,
    World,
    a_world,
    abroad,
    iban,
    payment,
    revocation,
    rows,
)


def statements(world: World) -> list[Message]:
    """Fetch and confirm everything, and return the statements."""
    return [message for message in world.received(1) if message.name == "camt.053.001.08"]


@pytest.mark.spec("TRN-021", "TRN-141")
def test_a_closed_day_comes_as_statements_and_rejected_orders() -> None:
    world = a_world()
    world.send(1, payment(), payment(counter_account=iban(4711)))
    done, rejected = world.orders - 1, world.orders
    world.go("2026-03-03 20:29")
    assert world.received(1) == []
    world.go("2026-03-03 20:30")
    statement, answers = world.received(1)
    heads = {row["account"]: row for row in rows(statement, Kind.STATEMENT)}
    assert set(heads) == {MAIN, SECOND, EURO}
    assert (heads[MAIN]["opening"], heads[MAIN]["closing"], heads[MAIN]["number"]) == (0, 9_900, "1")
    (entry,) = [row for row in rows(statement, Kind.ENTRY) if row["amount"] == -100]
    assert entry["client_reference"] == str(done)
    assert (entry["counterparty_account"], entry["counterparty_name"]) == (ELSEWHERE, "Supplier")
    assert (entry["variable_symbol"], entry["booking_day"], entry["bank_reference"]) == ("123", date(2026, 3, 3), "4")
    assert [(one.order_id, one.reason) for one in read_status(answers).answers] == [(rejected, 205)]


def test_statements_follow_one_another_without_a_gap() -> None:
    world = a_world()
    for day in range(3, 10):
        world.go(f"2026-03-{day:02} 10:00")
        world.send(1, payment(maturity=date(2026, 3, day), amount=Decimal(day)))
        world.bank.expect([Incoming(world.clock() + timedelta(minutes=1), SECOND, Decimal("0.01"), None, "Šíma & Co")])
    world.go("2026-03-10 23:00")
    found = [row for message in statements(world) for row in rows(message, Kind.STATEMENT) if row["account"] == MAIN]
    assert [row["number"] for row in found] == ["1", "2", "3", "4", "5", "6"]  # none on Saturday and Sunday
    for before, after in pairwise(found):
        assert (after["opening"], after["first_day"]) == (before["closing"], before["last_day"] + timedelta(days=1))
    assert found[-1]["closing"] == world.bank.balances()[MAIN]
    assert world.bank.balances()[SECOND] == Decimal("0.07")
    assert world.whole()


def test_a_foreign_payment_stands_in_the_statement_with_its_rate_and_fee() -> None:
    world = a_world()
    world.send(11, abroad())
    world.go("2026-03-03 23:00")
    (message,) = statements(world)
    main = [row["statement_no"] for row in rows(message, Kind.STATEMENT) if row["account"] == MAIN]
    _, paid, fee = [row for row in rows(message, Kind.ENTRY) if row["statement_no"] == main[0]]
    assert (paid["original_amount"], paid["original_currency"]) == (100, "EUR")
    assert -paid["amount"] == (100 * Decimal(paid["exchange_rate"])).quantize(Decimal("0.01"))
    assert (fee["amount"], fee["transaction_code"]) == (-250, "ACMT/MDOP/FEES")


def test_a_month_ends_with_fees_and_interest() -> None:
    world = a_world()
    world.bank.open_account(Account(iban(43), "CZK", "Line", CLIENT, overdraft=Decimal(50_000)))
    world.send(1, payment(own_account=iban(43), amount=Decimal(36_500)))
    world.go("2026-03-31 20:29")
    assert world.bank.balances()[iban(43)] == -36_500
    world.go("2026-03-31 20:30")
    # 28 days: 12 per cent a year of 36,500 are 12 a day; 0.10 per cent of 10,000 are 0.0274 a day. The fee is 50.
    balances = world.bank.balances()
    assert balances[iban(43)] == -36_500 - 28 * 12 - 50
    assert balances[MAIN] == 10_000 + Decimal("0.77") - 50
    world.go("2026-04-30 21:00")
    assert world.bank.balances()[iban(43)] == balances[iban(43)] - 50 - Decimal("363.81")  # 36,886 for 30 days
    assert world.whole()


@pytest.mark.spec("CB-034")
def test_another_bank_is_another_set_of_parameters() -> None:
    assert parameter_sets() == ("cz", "eur")
    world = a_world(parameters="eur")
    own = iban(19, "0061", "SK")
    world.bank.open_account(Account(own, "EUR", "Eigen", CLIENT, opening=Decimal(500)))
    other = iban(2000, "1100", "SK")
    world.send(1, payment(own_account=own, counter_account=other, currency="EUR"), payment(own_account=own))
    assert [(one.status, one.reason) for one in world.answers()] == [("OK", None), ("ER", 207)]
    assert world.bank.balances()[own] == 400
    world.go("2026-04-03 10:00")  # TARGET is closed on Good Friday and Easter Monday
    world.send(1, payment(own_account=own, counter_account=other, currency="EUR", maturity=date(2026, 4, 3)))
    assert world.answers() == []
    world.go("2026-04-07 06:00")
    assert world.last() == ("OK", None)
    assert world.whole()
    with pytest.raises(UnknownName, match="there are cz, eur"):
        a_world(parameters="us")


def test_a_payment_of_another_arrives_when_the_bank_is_open() -> None:
    world = a_world()
    world.bank.expect([Incoming(world.clock.at("2026-03-07 12:00"), EURO, Decimal("5.55"), "DE89370400440532013000")])
    world.go("2026-03-09 05:59")
    assert world.bank.balances()[EURO] == 1_000
    world.go("2026-03-09 06:00")
    assert world.bank.balances()[EURO] == Decimal("1005.55")
    with pytest.raises(BadArgument, match="in the future"):
        world.bank.expect([Incoming(world.clock(), EURO, Decimal(1))])
    with pytest.raises(UnknownName, match="unknown account"):
        world.bank.expect([Incoming(world.clock() + timedelta(seconds=1), iban(4711), Decimal(1))])


def test_a_working_day_is_no_weekend_and_no_holiday() -> None:
    assert is_working(date(2026, 4, 2), ["CZ", "ECB"])
    assert not is_working(date(2026, 4, 3), ["ECB"])
    assert is_working(date(2026, 7, 6), ["ECB"])
    assert not is_working(date(2026, 7, 6), ["ECB", "CZ"])
    assert working_after(date(2026, 12, 23), ["CZ"]) == date(2026, 12, 28)


# The same again


def lived(seed: int) -> Iterator[object]:
    """Live some days, and yield everything a client gets and the whole ledger."""
    world = a_world(seed=seed)
    for day in range(3, 6):
        world.go(f"2026-03-{day:02} 09:00")
        maturity = date(2026, 3, day)
        world.send(1, *[payment(maturity=maturity, amount=Decimal(n * day)) for n in range(1, 20)])
        world.send(11, abroad(maturity=maturity, amount=Decimal(day)), abroad(maturity=maturity, exchange_rate="24"))
        world.bank.expect([Incoming(world.clock() + timedelta(hours=2), MAIN, Decimal(500), ELSEWHERE)])
    world.go("2026-03-09 12:00")
    assert world.whole()
    yield from world.batches()
    yield world.bank.balances()
    yield world.bank.ledger().to_pylist()


def test_the_same_seed_gives_the_same_payloads_ledger_and_statements() -> None:
    first, again, other = (list(lived(seed)) for seed in (1, 1, 2))
    assert first == again
    assert first != other


@settings(max_examples=8, deadline=None)
@given(st.data())
def test_the_ledger_holds_whatever_is_ordered(data: st.DataObject) -> None:
    world = a_world()
    accounts = [MAIN, SECOND, EURO, ELSEWHERE, iban(1000), iban(4711), "DE89370400440532013000"]
    day = date(2026, 3, 3)
    for _ in range(data.draw(st.integers(1, 4))):
        ordered = [
            data.draw(st.sampled_from([payment, abroad]))(
                own_account=data.draw(st.sampled_from([MAIN, SECOND, EURO])),
                counter_account=data.draw(st.sampled_from(accounts)),
                amount=data.draw(st.decimals(Decimal("0.01"), Decimal(8_000), places=2)),
                currency=data.draw(st.sampled_from(["CZK", "EUR"])),
                maturity=day + timedelta(days=data.draw(st.integers(-2, 6))),
            )
            for _ in range(data.draw(st.integers(1, 6)))
        ]
        for batch_type, kind in ((1, "payment"), (11, "foreign")):
            chosen = [order for order in ordered if order["kind"] == kind]
            if chosen:
                world.send(batch_type, *chosen)
        world.bank.take(world.sealed(revocation(world, world.orders - data.draw(st.integers(0, 2)))))
        world.clock.now += timedelta(hours=data.draw(st.integers(0, 60)))
    world.bank.advance(world.clock.now + timedelta(days=10))
    assert world.bank.check() == dict.fromkeys(world.bank.check(), 0)
    assert min(world.bank.balances().values()) >= 0


@pytest.mark.parametrize(("name", "currency"), [("camt.053", ""), ("mt940", ""), ("gpc", "CZK")])
def test_statements_are_given_as_files_too(name: str, currency: str) -> None:
    world = a_world()
    world.send(1, payment(message="Invoice 77"))
    world.go("2026-03-03 21:00")
    content = world.bank.statement_file(CLIENT, date(2026, 3, 3), name, currency)
    parts = list(format_named(name).read(io.BytesIO(content), Hints(currency=currency or None, bank="0600")))
    found = {
        kind: [row for part in parts if part.kind is kind for row in part.batch.to_pylist()]
        for kind in (Kind.STATEMENT, Kind.ENTRY)
    }
    main = next(row for row in found[Kind.STATEMENT] if MAIN.endswith(row["account"][-16:]))
    assert (main["opening"], main["closing"]) == (0, 9_900)
    amounts = [row["amount"] for row in found[Kind.ENTRY] if row["statement_no"] == main["statement_no"]]
    assert amounts == [10_000, -100]
    with pytest.raises(UnknownName, match="unknown day with statements '2026-03-02'"):
        world.bank.statement_file(CLIENT, date(2026, 3, 2), name, currency)
    with pytest.raises(UnknownName, match=r"there are camt\.053, mt940, gpc"):
        world.bank.statement_file(CLIENT, date(2026, 3, 3), "pdf")
    with pytest.raises(BadArgument, match="give the currency"):
        world.bank.statement_file(CLIENT, date(2026, 3, 3), "gpc")
    accounts = {row["account"] for row in found[Kind.STATEMENT]}
    assert len(accounts) == (2 if currency else 3)
