"""What the bank does with orders: ways of processing, dates, funds, and each reason of rejection reached once."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest

from bankklient_lab.bank import Account, Incoming
from bankklient_lab.errors import BadArgument, Refused
from tests.bank.banks import (
    CLIENT,
    ELSEWHERE,
    EURO,
    MAIN,
    NEIGHBOUR,
    OTHER_CLIENT,
    SECOND,
    Row,
    World,
    a_world,
    abroad,
    collection,
    iban,
    payment,
    revocation,
)

TODAY = date(2026, 3, 3)
TOO_MUCH = Decimal(10_001)


@pytest.fixture
def world() -> World:
    return a_world()


def orders(count: int) -> list[Row]:
    return [payment(amount=Decimal(1)) for _ in range(count)]


# The three ways of processing


@pytest.mark.spec("FLW-102", "FLW-105")
@pytest.mark.spec("TRN-120", "TRN-122", "BAS-065", "BAS-078")
def test_up_to_the_limit_a_batch_is_processed_at_once(world: World) -> None:
    world.send(1, *orders(400))
    assert [answer.status for answer in world.answers()] == ["OK"] * 400
    assert world.bank.balances()[MAIN] == 9_600
    assert world.whole()


@pytest.mark.spec("FLW-103", "FLW-105")
@pytest.mark.spec("TRN-119", "BAS-079")
def test_a_larger_batch_is_taken_in_and_answered_after_twenty_minutes(world: World) -> None:
    assert world.send(1, *orders(401)).status == "received"
    world.go("2026-03-03 10:19")
    assert (world.answers(), world.bank.balances()[MAIN]) == ([], 10_000)
    world.go("2026-03-03 10:20")
    assert {answer.status for answer in world.answers()} == {"OK"}
    assert world.bank.balances()[MAIN] == 9_599


@pytest.mark.spec("FLW-103", "FLW-104")
@pytest.mark.spec("TRN-123", "BAS-072")
@pytest.mark.parametrize("came", ["2026-03-03 19:00", "2026-03-03 23:59", "2026-03-04 05:59"])
def test_what_comes_at_night_is_processed_when_the_bank_opens(world: World, came: str) -> None:
    world.go(came)
    assert world.send(1, payment(maturity=date(2026, 3, 4))).status == "received"
    world.go("2026-03-04 05:59:59")
    assert world.answers() == []
    world.go("2026-03-04 06:00")
    assert world.last() == ("OK", None)


@pytest.mark.spec("TRN-123")
def test_what_comes_on_a_holiday_is_processed_on_the_next_working_day(world: World) -> None:
    world.go("2026-04-03 10:00")  # Good Friday
    world.send(1, payment(maturity=date(2026, 4, 3)))
    world.go("2026-04-06 20:00")  # Easter Monday
    assert world.answers() == []
    world.go("2026-04-07 06:00")
    assert world.last() == ("OK", None)


# Days


@pytest.mark.spec("TRN-126", "BAS-070", "BAS-073")
@pytest.mark.parametrize(
    ("came", "posted"), [("17:59", "2026-03-03"), ("18:00", "2026-03-04"), ("18:59", "2026-03-04")]
)
def test_an_order_of_the_day_comes_until_six(world: World, came: str, posted: str) -> None:
    world.go(f"2026-03-03 {came}")
    world.send(1, payment())
    assert world.last()[0] == ("OK" if posted == "2026-03-03" else "RV")
    world.go(f"{posted} 06:00" if posted > "2026-03-03" else "2026-03-03 20:00")
    assert world.bank.balances()[MAIN] == 9_900


@pytest.mark.spec("TRN-127", "ORD-090")
@pytest.mark.parametrize(("came", "status"), [("13:59", "OK"), ("14:00", "RV")])
def test_a_priority_payment_of_the_day_comes_until_its_cut_off(world: World, came: str, status: str) -> None:
    world.go(f"2026-03-03 {came}")
    world.send(1, payment(), priority=True)
    assert world.last()[0] == status
    world.go("2026-03-04 06:00")
    assert world.bank.balances()[MAIN] == 9_800  # with its fee
    assert world.whole()


@pytest.mark.spec("TRN-125", "BAS-071")
def test_an_order_of_a_later_day_waits_for_it(world: World) -> None:
    world.send(1, payment(maturity=date(2026, 3, 7)))  # a Saturday
    assert world.last() == ("RV", None)
    world.go("2026-03-09 05:59")
    assert world.answers() == []
    world.go("2026-03-09 06:00")
    assert world.last() == ("OK", None)


# Funds of domestic orders


@pytest.mark.spec("TRN-134")
def test_a_payment_without_funds_is_tried_again_when_money_comes(world: World) -> None:
    world.send(1, payment(amount=TOO_MUCH))
    assert world.last() == ("IS", None)
    world.bank.expect([Incoming(world.clock.at("2026-03-04 09:00"), MAIN, Decimal(1), ELSEWHERE, "Customer", "77")])
    world.go("2026-03-04 08:59")
    assert world.answers() == []
    world.go("2026-03-04 09:00")
    assert world.last() == ("OK", None)
    assert world.bank.balances()[MAIN] == 0


@pytest.mark.spec("TRN-134", "TRN-135", "TRN-144", "BNK-067")
@pytest.mark.parametrize(("np_days", "removed"), [(1, "2026-03-03"), (2, "2026-03-04"), (0, "2026-03-05")])
def test_a_payment_without_funds_is_rejected_at_its_last_closing(np_days: int, removed: str) -> None:
    world = a_world(np_days=np_days)
    world.send(1, payment(amount=TOO_MUCH))
    assert world.last() == ("IS", None)
    world.go(f"{removed} 20:29")
    assert world.answers() == []
    world.go(f"{removed} 20:30")
    assert world.last() == ("ER", 202)
    assert world.whole()


@pytest.mark.spec("TRN-193")
def test_a_collection_without_funds_has_a_deadline_of_its_own() -> None:
    world = a_world(np_days=1)
    world.bank.permit_collection(NEIGHBOUR, MAIN)
    world.send(1, collection(counter_account=NEIGHBOUR, amount=Decimal(501)))
    assert world.last() == ("IS", None)
    world.go("2026-03-05 20:29")
    assert world.answers() == []
    world.go("2026-03-05 20:30")
    assert world.last() == ("ER", 202)


def test_an_order_that_does_not_fit_lets_smaller_ones_pass(world: World) -> None:
    world.send(1, payment(amount=Decimal(9_000)), payment(amount=Decimal(2_000)), payment(amount=Decimal(1_000)))
    assert [answer.status for answer in world.answers()] == ["OK", "IS", "OK"]
    assert world.bank.balances()[MAIN] == 0


def test_what_one_order_credits_the_next_may_use(world: World) -> None:
    world.send(1, payment(counter_account=SECOND), payment(own_account=SECOND, counter_account=NEIGHBOUR))
    assert [answer.status for answer in world.answers()] == ["OK", "OK"]
    balances = world.bank.balances()
    assert (balances[MAIN], balances[SECOND], balances[NEIGHBOUR]) == (9_900, 0, 600)


def test_an_overdraft_counts_as_funds(world: World) -> None:
    world.bank.open_account(Account(iban(43), "CZK", "Credit line", CLIENT, overdraft=Decimal(50)))
    world.send(
        1, payment(own_account=iban(43), amount=Decimal("50.01")), payment(own_account=iban(43), amount=Decimal(50))
    )
    assert [answer.status for answer in world.answers()] == ["IS", "OK"]
    assert world.bank.balances()[iban(43)] == -50


def test_a_collection_moves_money_to_its_creditor(world: World) -> None:
    world.bank.permit_collection(NEIGHBOUR, MAIN, limit=Decimal(100))
    world.bank.permit_collection(ELSEWHERE, MAIN)
    world.send(1, collection(counter_account=NEIGHBOUR), collection(counter_account=ELSEWHERE))
    assert [answer.status for answer in world.answers()] == ["OK", "OK"]
    balances = world.bank.balances()
    assert (balances[MAIN], balances[NEIGHBOUR]) == (10_200, 400)


# Rejections of domestic orders


def without_a_permission(_: World) -> Row:
    return collection(counter_account=NEIGHBOUR)


def with_an_expired_permission(world: World) -> Row:
    world.bank.permit_collection(NEIGHBOUR, MAIN, last_day=TODAY - timedelta(days=1))
    return collection(counter_account=NEIGHBOUR)


def over_the_permission(world: World) -> Row:
    world.bank.permit_collection(NEIGHBOUR, MAIN, limit=Decimal(99))
    return collection(counter_account=NEIGHBOUR)


def to_a_closed_account(world: World) -> Row:
    world.bank.close_account(NEIGHBOUR)
    return payment(counter_account=NEIGHBOUR)


def from_a_closed_account(world: World) -> Row:
    world.bank.close_account(SECOND)
    return payment(own_account=SECOND)


def from_another_clients_account(world: World) -> Row:
    world.bank.open_account(Account(iban(51), "CZK", "Theirs", OTHER_CLIENT, opening=Decimal(1_000)))
    return payment(own_account=iban(51))


def from_an_account_without_debits(world: World) -> Row:
    world.bank.open_account(Account(iban(51), "CZK", "Deposit", CLIENT, opening=Decimal(1_000), debit=False))
    return payment(own_account=iban(51))


def over_the_limit_of_an_order(world: World) -> Row:
    world.bank.open_account(
        Account(iban(51), "CZK", "Petty", CLIENT, opening=Decimal(1_000), order_max=Decimal("99.99"))
    )
    return payment(own_account=iban(51))


@pytest.mark.spec("ORD-405", "ORD-406", "ORD-408", "ORD-410", "ORD-411", "ORD-412", "ORD-413", "ORD-414", "ORD-134")
@pytest.mark.spec(
    "TRN-142", "TRN-143", "TRN-145", "TRN-147", "TRN-148", "TRN-149", "TRN-150", "TRN-151", "BNK-065", "BNK-066"
)  # fmt: skip
@pytest.mark.parametrize(
    ("order", "reason"),
    [
        (without_a_permission, 200),
        (with_an_expired_permission, 200),
        (lambda _: payment(amount=Decimal(0)), 201),
        (over_the_permission, 203),
        (lambda _: payment(counter_account=iban(4711)), 205),
        (to_a_closed_account, 205),
        (from_a_closed_account, 205),
        (lambda _: payment(own_account=iban(4711)), 205),
        (lambda _: payment(counter_account="SK3112000000198742637541"), 205),
        (lambda _: payment(counter_account=iban(2000, "9998")), 206),
        (lambda _: payment(currency="EUR"), 207),
        (lambda _: payment(own_account=EURO, currency="EUR"), 207),
        (from_another_clients_account, 208),
        (from_an_account_without_debits, 208),
        (over_the_limit_of_an_order, 208),
        (lambda _: payment(maturity=TODAY - timedelta(days=31)), 209),
    ],
)
def test_a_wrong_domestic_order_is_rejected_with_its_reason(world: World, order: object, reason: int) -> None:
    wrong = order(world)  # type: ignore[operator]
    before = world.bank.balances()
    world.send(1, wrong, payment(amount=Decimal(1)))
    assert {(answer.status, answer.reason) for answer in world.answers()} == {("ER", reason), ("OK", None)}
    assert world.bank.balances() == before | {MAIN: before[MAIN] - 1}
    assert world.whole()


@pytest.mark.spec("BNK-066")
@pytest.mark.parametrize("closed", [NEIGHBOUR, MAIN])
def test_an_account_that_is_closed_by_the_day_of_an_order_rejects_it(world: World, closed: str) -> None:
    world.send(1, payment(counter_account=NEIGHBOUR, maturity=date(2026, 3, 5)))
    assert world.last() == ("RV", None)
    world.bank.close_account(closed)
    world.go("2026-03-05 06:00")
    assert world.last() == ("ER", 205)
    assert world.bank.balances()[MAIN] == 10_000


def test_a_maturity_as_far_back_as_is_taken_is_done_today(world: World) -> None:
    world.send(1, payment(maturity=TODAY - timedelta(days=30)))
    assert world.last() == ("OK", None)


def limited(world: World, currency: str = "CZK") -> str:
    """Open an account from which 250 may be ordered for one day."""
    account = iban(51)
    world.bank.open_account(Account(account, currency, "Petty", CLIENT, opening=Decimal(10_000), day_max=Decimal(250)))
    return account


@pytest.mark.spec("BNK-065")
def test_an_account_has_a_limit_for_each_day_over_all_batches(world: World) -> None:
    account = limited(world)

    def pays(amount: int, **values: object) -> Row:
        return payment(own_account=account, amount=Decimal(amount), **values)

    world.send(1, pays(100), pays(200), pays(60), pays(250, maturity=date(2026, 3, 5)), payment(amount=Decimal(9_000)))
    told = {(answer.status, answer.reason, answer.text) for answer in world.answers() if answer.status == "ER"}
    assert told == {("ER", 208, "over the limit of the account for one day")}
    assert world.bank.balances()[account] == 10_000 - 160  # one that does not fit keeps no smaller one out
    world.send(1, pays(91))
    assert world.last() == ("ER", 208)
    world.send(1, pays(90))
    assert world.last() == ("OK", None)
    world.send(1, pays(1, maturity=date(2026, 3, 5)))
    assert world.last() == ("ER", 208)
    assert world.whole()


def test_the_limit_of_a_day_counts_foreign_payments_in_the_account_s_currency(world: World) -> None:
    account = limited(world)
    told = []
    for _ in range(2):
        world.send(11, abroad(own_account=account, amount=Decimal(9)))  # some 225 CZK
        told.append(world.last())
    assert told == [("PR", None), ("ER", 300)]


# Revocation


@pytest.mark.spec("TRN-137", "TRN-138", "TRN-146", "BAS-077")
def test_a_revocation_stops_what_is_not_posted(world: World) -> None:
    world.send(1, payment(maturity=date(2026, 3, 5)), payment(), payment(amount=TOO_MUCH), payment(currency="EUR"))
    waiting, posted, without_funds, wrong = range(world.orders - 3, world.orders + 1)
    world.send(11, abroad())
    held = world.orders
    world.answers()
    found = world.revoke(waiting, posted, without_funds, wrong, held, 4711)
    assert [(one.order_id, one.result) for one in found] == [
        (waiting, 4), (posted, 6), (without_funds, 4), (wrong, 5), (held, 4), (4711, 7),
    ]  # fmt: skip
    world.go("2026-03-06 21:00")
    assert world.bank.balances()[MAIN] == 9_900
    assert world.whole()


@pytest.mark.spec("ORD-409")
def test_a_revoked_order_comes_back_as_excluded(world: World) -> None:
    world.send(1, payment(maturity=date(2026, 3, 5)))
    order = world.orders
    world.clock.now += timedelta(minutes=1)
    world.answers()
    world.bank.take(world.sealed(revocation(world, order)))
    assert world.last(order) == ("ER", 204)


def test_a_client_revokes_only_its_own_orders(world: World) -> None:
    world.send(1, payment(maturity=date(2026, 3, 5)))
    assert [one.result for one in world.revoke(world.orders, point=OTHER_CLIENT)] == [7]
    world.go("2026-03-05 07:00")
    assert world.bank.balances()[MAIN] == 9_900


# Foreign payments


@pytest.mark.spec("TRN-118", "TRN-129", "BAS-066", "BAS-076")
def test_a_foreign_payment_holds_funds_until_it_is_booked(world: World) -> None:
    world.send(11, abroad(own_account=EURO))
    (answer,) = world.answers()
    assert (answer.status, answer.held_currency) == ("PR", "EUR")
    assert answer.held is not None
    assert Decimal(110) < answer.held < Decimal(111)  # with the fee of 250 CZK
    assert world.bank.balances()[EURO] == 1_000
    world.send(11, abroad(own_account=EURO, amount=Decimal(880)))
    assert world.last() == ("ER", 302)  # what is held is not available
    world.go("2026-03-03 16:30")
    assert world.last(answer.order_id) == ("OK", None)
    assert world.bank.balances()[EURO] == 1_000 - answer.held
    assert world.whole()


@pytest.mark.spec("TRN-128", "BAS-068", "ORD-436", "ORD-156")
@pytest.mark.parametrize(("came", "status"), [("14:59", "PR"), ("15:00", "RV")])
def test_a_foreign_payment_of_the_day_comes_until_its_cut_off(world: World, came: str, status: str) -> None:
    world.go(f"2026-03-03 {came}")
    world.send(11, abroad())
    assert world.last()[0] == status
    world.go("2026-03-04 07:00")
    assert world.last() == (("OK", None) if status == "PR" else ("PR", None))


@pytest.mark.spec("TRN-128", "ORD-156")
def test_holidays_of_the_currency_move_a_foreign_payment(world: World) -> None:
    world.go("2026-05-22 16:00")  # a Friday; Monday is Memorial Day
    world.send(11, abroad(currency="USD", maturity=date(2026, 5, 22), counter_account="0123456789"))
    world.send(11, abroad(maturity=date(2026, 5, 22)))
    dollars, euros = world.orders - 1, world.orders
    world.answers()
    world.go("2026-05-25 07:00")
    assert [answer.order_id for answer in world.answers()] == [euros]
    world.go("2026-05-26 07:00")
    assert dollars in [answer.order_id for answer in world.answers()]


@pytest.mark.spec("TRN-130", "TRN-131", "TRN-154", "BAS-069", "ORD-417", "BNK-069", "ORD-334", "BAS-242")
def test_a_later_foreign_payment_is_tested_once_at_the_start_of_its_day(world: World) -> None:
    world.send(11, abroad(maturity=date(2026, 3, 5)), abroad(own_account=EURO, maturity=date(2026, 3, 5)))
    assert {answer.status for answer in world.answers()} == {"RV"}
    world.send(1, payment(amount=Decimal(9_999)))
    world.bank.expect([Incoming(world.clock.at("2026-03-05 08:00"), MAIN, Decimal(100_000))])
    world.answers()
    world.go("2026-03-05 06:00")
    assert [(answer.status, answer.reason) for answer in world.answers()] == [("ER", 302), ("PR", None)]
    world.go("2026-03-06 07:00")
    assert world.bank.balances()[MAIN] == 100_001


@pytest.mark.spec("TRN-140", "BAS-253")
def test_a_transfer_between_own_accounts_in_two_currencies_is_credited_in_the_evening(world: World) -> None:
    world.send(11, abroad(counter_account=EURO, counter_name="Ourselves", amount=Decimal(10)))
    world.go("2026-03-03 19:29")
    assert world.bank.balances()[EURO] == 1_000
    world.go("2026-03-03 19:30")
    assert world.bank.balances()[EURO] == 1_010
    assert world.bank.balances()[MAIN] < 10_000 - 240 - 250
    assert world.whole()


@pytest.mark.spec("TRN-132", "TRN-133", "BAS-074", "BAS-075", "ORD-415", "BNK-071")
def test_a_payment_with_an_agreed_rate_waits_for_the_agreement(world: World) -> None:
    world.send(11, abroad(exchange_rate="24.1"), abroad(exchange_rate="24.1"))
    agreed, forgotten = world.orders - 1, world.orders
    assert {answer.status for answer in world.answers()} == {"PR"}
    world.bank.agree_rate(CLIENT, agreed, Decimal("24.1"))
    world.go("2026-03-03 23:00")
    assert world.bank.balances()[MAIN] == 10_000 - 2_410 - 250
    world.answers()
    world.go("2026-03-04 06:00")
    (answer,) = world.answers()
    assert (answer.order_id, answer.status, answer.reason) == (forgotten, "ER", 300)
    assert world.bank.balances()[MAIN] == 10_000 - 2_410 - 250
    assert world.whole()


def test_a_rate_is_agreed_for_a_payment_that_waits_for_one(world: World) -> None:
    world.send(11, abroad(), abroad(exchange_rate="24"))
    with pytest.raises(Refused, match=r"no payment \d+ waits for an agreed rate"):
        world.bank.agree_rate(CLIENT, world.orders - 1, Decimal(24))
    with pytest.raises(BadArgument, match="at most 8 decimals"):
        world.bank.agree_rate(CLIENT, world.orders, Decimal("24.123456789"))


@pytest.mark.spec("ORD-417", "ORD-418", "ORD-437", "BNK-069")
@pytest.mark.spec("TRN-152", "TRN-153", "TRN-154", "TRN-155", "TRN-131", "TRN-132", "ORD-332", "ORD-415", "ORD-416")
@pytest.mark.parametrize(
    ("changes", "came", "reason", "says"),
    [
        ({"counter_account": "IR580540105180021273113007"}, "10:00", 300, "no payments to this country"),
        ({"own_account": iban(4711)}, "10:00", 300, "the own account does not exist"),
        ({"exchange_rate": "24", "maturity": TODAY}, "15:00", 300, "before the cut-off"),
        ({"exchange_rate": "24", "maturity": date(2026, 3, 4)}, "10:00", 301, "770"),
        ({"currency": "XAU"}, "10:00", 301, "no rate"),
        ({"counter_name": None}, "10:00", 301, "no name"),
        ({"amount": Decimal(1_000)}, "10:00", 302, None),
        ({"amount": Decimal(1_000), "exchange_rate": "1"}, "10:00", 302, None),
        ({"counter_bank": "UNRECHDE"}, "10:00", 400, "can not be reached"),
    ],
)
def test_a_wrong_foreign_payment_is_rejected_with_its_reason(
    world: World, changes: Row, came: str, reason: int, says: str | None
) -> None:
    world.go(f"2026-03-03 {came}")
    world.send(11, abroad(**changes))
    (answer,) = world.answers()
    assert (answer.status, answer.reason, answer.held) == ("ER", reason, None)
    assert says is None or says in (answer.text or "")
    world.go("2026-03-05 10:00")
    assert world.answers() == []  # it is never tried again
    assert world.bank.balances()[MAIN] == 10_000
