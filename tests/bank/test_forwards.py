"""Forward deals at the bank: made at once or by a dealer, settled, called off; rates by a second formula."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from decimal import Decimal
from fractions import Fraction

import pytest

from bankklient_lab.bank import Account, Incoming
from bankklient_lab.codebooks.codes import BatchType
from bankklient_lab.codebooks.services import NEW
from bankklient_lab.errors import BadArgument, Refused, UnknownName
from bankklient_lab.formats.letters import read_letter
from bankklient_lab.formats.services import ServiceRecord, ServiceState, read_records, read_states
from tests.bank.banks import CLIENT, EURO, FOREIGNER, World, a_world, iban
from tests.bank.test_services import ask, batch, listed, request, told

DEAL = "forward_deal"
RICH, OTHER_EURO = iban(61), iban(62)
MATURITY = "2026-07-01"  # 91 days on


@pytest.fixture
def world() -> Iterator[World]:
    """A bank on a Wednesday noon whose client has 30,000,000 CZK, 1,000 EUR, and 60,000,000 CZK for forward deals."""
    found = a_world(start="2026-04-01 12:00")
    found.bank.open_account(Account(RICH, "CZK", "Rich", CLIENT, opening=Decimal(30_000_000)))
    found.bank.open_account(Account(OTHER_EURO, "EUR", "Somebody else"))
    found.bank.allow_forwards(CLIENT, Decimal(60_000_000))
    found.batches()
    yield found
    assert found.whole()


def deal(**changes: str) -> dict[str, str]:
    """Return the items of a deal: 100,000 EUR are bought for CZK, in three months."""
    return {
        "pair": "EUR/CZK", "deal_type": "buy", "own_account": RICH, "amount": "100000.00", "currency": "EUR",
        "maturity": MATURITY, "recipient": "own account", "recipient_account": EURO, "agreement": "yes",
    } | changes  # fmt: skip


def one(world: World, items: dict[str, str]) -> ServiceState:
    """Ask for a deal, and return what became of it."""
    ((state,), _) = ask(world, DEAL, request(DEAL, items, NEW, ""))
    return state


def made(world: World, **changes: str) -> ServiceRecord:
    """Make a deal and return its record."""
    state = one(world, deal(**changes))
    assert (state.status, state.text) == ("OK", "")
    return listed(world, DEAL)[state.record]


def spot(world: World, currency: str) -> Fraction:
    """Return the rate of the day as the ledger's store has it."""
    with world.bank._now() as work:
        row = work.store.row(
            "SELECT rate FROM rate WHERE day = $day AND currency = $currency", {"day": work.day, "currency": currency}
        )
    assert row is not None
    return Fraction(row[0])


def by_hand(rate: Fraction, bought: str, sold: str, days: int) -> Decimal:
    """Return the forward rate by exact fractions: what borrowing one and lending the other would come to."""
    terms = {"EUR": ("2.00", 360), "CZK": ("3.50", 360), "GBP": ("3.95", 365), "USD": ("3.90", 360)}

    def grown(currency: str) -> Fraction:
        interest, year = terms[currency]
        return 1 + Fraction(interest) / 100 * Fraction(days, year)

    exact = rate * grown(sold) / grown(bought)
    return Decimal(round(exact * 1_000_000)) / 1_000_000


@pytest.mark.spec("SRV-045", "SRV-046", "SRV-049", "SRV-069", "TRN-188")
def test_a_deal_is_made_at_the_forward_rate_of_its_day(world: World) -> None:
    record = made(world)
    rate = by_hand(spot(world, "EUR"), "EUR", "CZK", 91)
    assert record.items["contract_rate"] == f"{rate:.6f}"
    assert Decimal(record.items["second_amount"]) == round(100_000 * rate, 2)
    assert {name: record.items[name] for name in ("second_currency", "dealt_on", "received_on")} == {
        "second_currency": "CZK", "dealt_on": "2026-04-01", "received_on": "2026-04-01",
    }  # fmt: skip
    assert (record.name, record.state, record.changeable) == ("FW1", "valid", False)


@pytest.mark.spec("SRV-050", "SRV-031")
def test_the_pair_of_a_deal_begins_with_the_currency_of_its_amount(world: World) -> None:
    world.bank.open_account(Account(iban(63), "GBP", "Pounds", CLIENT))
    record = made(
        world, pair="GBP/CZK", deal_type="sell", own_account=iban(63), amount="545895.00", currency="CZK",
        recipient_account=RICH,
    )  # fmt: skip
    rate = by_hand(1 / spot(world, "GBP"), "CZK", "GBP", 91)
    assert (record.items["stored_pair"], record.items["contract_rate"]) == ("CZK/GBP", f"{rate:.6f}")
    assert (Decimal(record.items["second_amount"]), record.items["second_currency"]) == (
        round(545_895 * rate, 2), "GBP",
    )  # fmt: skip


@pytest.mark.spec("SRV-071", "SRV-033")
def test_it_is_settled_on_its_day_at_the_rate_of_the_contract(world: World) -> None:
    record = made(world, information="Machine from Essen")
    paid = Decimal(record.items["second_amount"])
    world.go("2026-06-30 21:00")
    before = world.bank.balances()
    world.batches()
    world.go("2026-07-01 06:00")
    after = world.bank.balances()
    assert (after[RICH], after[EURO]) == (before[RICH] - paid, before[EURO] + 100_000)
    moved = [row for row in world.bank.ledger().to_pylist() if row["kind"] == "forward" and row["account"] == RICH]
    assert [(row["amount"], row["message"]) for row in moved] == [(-paid, "Forward deal FW1 Machine from Essen")]
    (listing,) = [read_records(message) for message in world.received(BatchType.FORWARD_DEALS)]
    assert [(one.name, one.state) for one in listing.records] == [("FW1", "ended")]
    assert listing.terms["limit_drawn"] == "0.00"


def test_the_bank_notices_a_deal_that_is_not_booked_once(world: World) -> None:
    made(world, maturity="2026-04-07")
    world.go("2026-04-07 06:00")
    assert listed(world, DEAL)["FW1"].state == "ended"
    assert world.whole()
    store = world.bank._store
    for broken in (
        "DELETE FROM booking WHERE kind = 'forward'",
        "INSERT INTO booking SELECT * REPLACE (transaction_id + 1000 AS transaction_id) FROM booking"
        " WHERE kind = 'forward'",
        "UPDATE booking SET amount = amount + 1 WHERE kind = 'forward'",
        "UPDATE forward_deal SET state = 'valid'",
    ):
        with suppress(_Undone), store.tx():
            store.do(broken)
            found = world.bank.check()["a forward deal is booked once, if it is settled, and never otherwise"]
            raise _Undone
        assert found > 0, broken


class _Undone(Exception):
    """What was broken is taken back."""


@pytest.mark.spec("SRV-036", "SRV-048", "SRV-034")
@pytest.mark.parametrize(
    "recipient",
    [
        {"recipient": "account at this bank", "recipient_account": OTHER_EURO},
        {
            "recipient": "account at another Czech bank", "recipient_account": "CZ6508000000192000145399",
            "recipient_name": "Novak", "recipient_address": "Dlouha 1, Praha",
        },
        {
            "recipient": "account abroad", "recipient_account": FOREIGNER, "recipient_name": "Muster GmbH",
            "recipient_address": "Domkloster 4, Koeln", "recipient_bic": "COBADEFF", "recipient_country": "DE",
            "bank_contact": "Commerzbank, Koeln",
        },
    ],
    ids=["here", "elsewhere", "abroad"],
)  # fmt: skip
def test_the_bought_currency_goes_to_each_kind_of_recipient(world: World, recipient: dict[str, str]) -> None:
    record = made(world, **recipient)
    assert recipient.items() <= record.items.items()
    world.go("2026-07-01 06:00")
    credited = {
        row["account"]: row["amount"]
        for row in world.bank.ledger().to_pylist()
        if (row["kind"], row["currency"]) == ("forward", "EUR") and row["amount"] > 0
    }
    here = recipient["recipient"] == "account at this bank"
    assert credited == {recipient["recipient_account"] if here else "CLEARING EUR": 100_000}


@pytest.mark.spec("SRV-072")
def test_without_funds_on_its_day_it_is_called_off_and_the_client_told(world: World) -> None:
    made(world, amount="1900000.00")
    world.go("2026-06-30 12:00")
    world.batches()
    world.go("2026-07-01 21:00")
    assert listed(world, DEAL)["FW1"].state == "revoked"
    (letter,) = [read_letter(message) for message in world.received(BatchType.INDIVIDUAL_MESSAGES)]
    assert letter.text == (
        "FW1 was to be settled on 2026-07-01 and was called off: there are not enough funds on the own account."
    )


@pytest.mark.spec("SRV-072")
def test_an_active_deal_is_called_off_and_draws_no_more(world: World) -> None:
    made(world)
    world.batches()
    world.bank.call_off_forward("FW1")
    (listing,) = [read_records(message) for message in world.received(BatchType.FORWARD_DEALS)]
    assert ([one.state for one in listing.records], listing.terms["limit_drawn"]) == (["revoked"], "0.00")
    with pytest.raises(UnknownName):
        world.bank.call_off_forward("FW1")


@pytest.mark.spec("SRV-069", "SRV-070")
def test_a_dealer_agrees_a_rate_or_gives_up(world: World) -> None:
    world.bank.allow_forwards(CLIENT, Decimal(60_000_000), by_dealer=True)
    world.batches()
    wishes = [request(DEAL, deal(), NEW, "") for _ in range(3)]
    first, second, third = (wish.number for wish in wishes)
    world.bank.take(world.sealed(batch(world, DEAL, *wishes)))
    assert listed(world, DEAL) == {}
    with pytest.raises(BadArgument):
        world.bank.agree_forward(CLIENT, first, Decimal("24.1234567"))
    world.bank.agree_forward(CLIENT, first, Decimal("24.5"))
    world.bank.cancel_forward(CLIENT, second)
    with pytest.raises(UnknownName):
        world.bank.cancel_forward(CLIENT, first)
    world.go("2026-04-01 21:00")
    states = [
        state
        for message in world.received(BatchType.FORWARD_DEALS) if message.name == "servicestate.1"
        for state in read_states(message)
    ]  # fmt: skip
    assert [(state.number, state.status, state.text) for state in states] == [
        (first, "OK", ""), (second, "DE", "the deal was not agreed"), (third, "DE", "no rate was agreed on its day"),
    ]  # fmt: skip
    assert [one.items["second_amount"] for one in listed(world, DEAL).values()] == ["2450000.00"]


@pytest.mark.spec("SRV-052", "SRV-055", "SRV-053")
def test_the_list_has_the_contract_and_what_is_left_of_its_limit(world: World) -> None:
    record = made(world)
    assert told(world, DEAL).terms == {
        "contract_status": "A", "contract_number": str(CLIENT), "client_name": "Client",
        "contract_limit": "60000000.00",
        "limit_drawn": f"{Decimal(round(Fraction(record.items['amount']) * spot(world, 'EUR') * 100)) / 100:.2f}",
        "least_amount": "500000.00", "least_days": "3", "most_days": "365", "curfew": "16:00",
    }  # fmt: skip


@pytest.mark.spec("SRV-028", "SRV-030", "SRV-032", "SRV-053", "SRV-036", "SRV-060", "SRV-062", "SRV-063")
@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"amount": "10000.00"}, 203),
        ({"amount": "9000000.00"}, 203),
        ({"amount": "9999999999999.99"}, 203),
        ({"agreement": "no"}, 201),
        ({"currency": "CZK"}, 201),
        ({"own_account": EURO}, 207),
        ({"own_account": iban(999)}, 205),
        ({"maturity": "2026-04-03"}, 209),
        ({"maturity": "2027-04-02"}, 209),
        ({"maturity": "2026-07-04"}, 209),
        ({"maturity": "2026-07-06"}, 209),
        ({"maturity": "2026-05-01"}, 209),
        ({"recipient_account": RICH}, 207),
        ({"recipient_account": OTHER_EURO}, 208),
        ({"recipient": "account at this bank", "recipient_account": iban(999)}, 205),
        ({"recipient": "account at another Czech bank", "recipient_account": OTHER_EURO}, 201),
        (
            {
                "recipient": "account abroad", "recipient_account": OTHER_EURO, "recipient_name": "N",
                "recipient_address": "A", "recipient_bic": "AGBACZPP", "recipient_country": "CZ", "bank_contact": "B",
            },
            201,
        ),
    ],
)  # fmt: skip
def test_what_can_not_be_dealt_is_rejected(world: World, changes: dict[str, str], code: int) -> None:
    state = one(world, deal(**changes))
    assert (state.status, state.code) == ("ER", code)
    assert state.text
    assert listed(world, DEAL) == {}


@pytest.mark.spec("SRV-042")
def test_after_the_daily_hour_it_is_rejected(world: World) -> None:
    world.go("2026-04-02 15:59")
    assert one(world, deal()).status == "OK"
    world.go("2026-04-02 16:00")
    state = one(world, deal())
    assert (state.code, state.text) == (209, "forward deals are taken until 16:00")


@pytest.mark.spec("SRV-039")
@pytest.mark.parametrize(
    ("maturity", "status"), [("2026-04-13", "ER"), ("2026-04-14", "OK"), ("2027-04-09", "OK"), ("2027-04-12", "ER")]
)
def test_days_count_from_the_day_on_which_a_request_came(world: World, maturity: str, status: str) -> None:
    world.go("2026-04-11 12:00")  # a Saturday: the bank processes it on Monday
    world.batches()
    assert (
        world.bank.take(world.sealed(batch(world, DEAL, request(DEAL, deal(maturity=maturity))))).status == "received"
    )
    assert world.received(BatchType.FORWARD_DEALS) == []
    world.go("2026-04-13 07:00")
    states, listing = world.received(BatchType.FORWARD_DEALS)
    assert [state.status for state in read_states(states)] == [status]
    days = [(record.items["received_on"], record.items["dealt_on"]) for record in read_records(listing).records]
    assert days == ([("2026-04-11", "2026-04-13")] if status == "OK" else [])


@pytest.mark.spec("SRV-054")
def test_without_a_contract_it_is_rejected() -> None:
    world = a_world(start="2026-04-01 12:00")
    assert one(world, deal()).code == 200
    for limit in ("0", "0.001", "NaN", "100000000000"):
        with pytest.raises(BadArgument):
            world.bank.allow_forwards(CLIENT, Decimal(limit))
    with pytest.raises(UnknownName):
        world.bank.allow_forwards(20_999, Decimal(1))


@pytest.mark.spec("SRV-069")
def test_a_dealer_agrees_only_within_the_limit(world: World) -> None:
    world.bank.allow_forwards(CLIENT, Decimal(60_000_000), by_dealer=True)
    wish = request(DEAL, deal(), NEW, "")
    world.bank.take(world.sealed(batch(world, DEAL, wish)))
    world.bank.allow_forwards(CLIENT, Decimal(1_000_000), by_dealer=True)
    with pytest.raises(Refused, match="limit"):
        world.bank.agree_forward(CLIENT, wish.number)


@pytest.mark.spec("SRV-071")
@pytest.mark.parametrize("sells_first", [True, False])
def test_what_one_deal_brings_pays_another_one_in_any_order(world: World, *, sells_first: bool) -> None:
    sells = {"deal_type": "sell", "own_account": EURO, "recipient_account": RICH, "amount": "2000000.00",
             "currency": "CZK"}  # fmt: skip
    for changes in (sells, {}) if sells_first else ({}, sells):
        made(world, **changes)
    world.go("2026-07-01 06:00")
    assert [one.state for one in listed(world, DEAL).values()] == ["ended", "ended"]


def test_it_is_settled_as_soon_as_money_comes(world: World) -> None:
    made(world, amount="1900000.00")
    world.go("2026-07-01 08:00")
    assert listed(world, DEAL)["FW1"].state == "valid"
    world.bank.expect([Incoming(world.clock.at("2026-07-01 11:00"), RICH, Decimal(40_000_000))])
    world.go("2026-07-01 11:30")
    assert listed(world, DEAL)["FW1"].state == "ended"


@pytest.mark.parametrize("account", [RICH, EURO])
def test_an_account_that_a_deal_needs_stays_open(world: World, account: str) -> None:
    made(world)
    with pytest.raises(Refused, match="forward deal 1"):
        world.bank.close_account(account)
