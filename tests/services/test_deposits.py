"""Time deposits at the client: what can be asked for, table T6 state by state, and the whole life with the bank."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from bankklient_lab.balancing.summaries import balancing_types
from bankklient_lab.errors import BadArgument, Refused
from bankklient_lab.orders.accounts import own_accounts
from bankklient_lab.services.deposits import deposit_rates
from bankklient_lab.services.requests import (
    copy_service_request,
    create_service_request,
)
from tests.exchange.labs import Pair
from tests.orders.labs import EURO, INCOMING, MAIN, SUPPLIER, hands
from tests.services.labs import DEPOSIT, deposit, entered, in_state, record, request
from tests.services.states import try_each_action

EARLY, REGULAR = "early with penalty", "regular at next renewal"


def sent(pair: Pair) -> None:
    """Balance and transmit."""
    pair.balance()
    told = pair.transmit()
    assert told["complete"], told["message"]


def ended(pair: Pair, name: str, method: str = EARLY, **items: str) -> int:
    """Ask for the end of a deposit, confirm it, and return the request."""
    given = {"method": method, "principal_account": MAIN} | items
    return entered(pair.lab, DEPOSIT, given, confirmed=True, request="revocation", record=name)


@pytest.mark.spec("SRV-147", "SRV-148", "SRV-149", "SRV-151", "SRV-154", "SRV-166", "SRV-168")
@pytest.mark.parametrize(
    ("item", "changes"),
    [
        ("variant", {"variant": ""}), ("variant", {"variant": "savings"}), ("own_account", {"own_account": EURO}),
        ("own_account", {"own_account": SUPPLIER}), ("amount", {"amount": "0"}), ("amount", {"amount": "99999.99"}),
        ("amount", {"amount": "1.234"}), ("length", {"length": ""}), ("length", {"length": "24 months"}),
        ("length", {"variant": "one-time CZK", "length": "7 days"}),
        ("amount", {"variant": "one-time CZK long", "length": "24 months"}),
        ("interest_to", {"variant": "one-time CZK", "interest_to": "time deposit"}),
        ("interest_to", {"interest_to": ""}),
        ("valid_from", {"valid_from": "2026-11-22"}), ("address", {"address": "elsewhere"}),
        ("delivery", {"delivery": ""}), ("own_account", {"variant": "revolving EUR", "amount": "5000"}),
    ],
)  # fmt: skip
def test_what_can_not_be_asked_for(pair: Pair, item: str, changes: dict[str, str]) -> None:
    with pytest.raises(BadArgument) as refused:
        create_service_request(pair.lab, DEPOSIT, deposit(**changes))
    assert refused.value.details["parameter"] == item


@pytest.mark.spec("SRV-145", "SRV-147")
def test_each_variant_that_is_listed_can_be_asked_for(pair: Pair) -> None:
    rows = deposit_rates.rows(pair.lab)
    assert {(row["renewal"], row["currency"]) for row in rows} == {
        ("revolving", "CZK"), ("one-time", "CZK"), ("revolving", "EUR"), ("one-time", "EUR"),
    }  # fmt: skip
    for row in rows:
        own = EURO if row["currency"] == "EUR" else MAIN
        given = {"variant": row["variant"], "length": row["length"], "amount": row["amount_from"], "own_account": own}
        assert create_service_request(pair.lab, DEPOSIT, deposit(**given))["status"] == "CO"


_NEXT = {  # what is not here is refused and changes nothing
    ("CR", "delete"): "", ("CO", "delete"): "", ("CR", "confirm"): "CO", ("CO", "unconfirm"): "CR",
    ("OK", "clear"): "", ("ER", "clear"): "", ("DE", "clear"): "",
}  # fmt: skip


@pytest.mark.spec(
    "SRV-006", "SRV-169", "SRV-171", "SRV-172", "SRV-173", "SRV-174", "SRV-175", "SRV-176", "SRV-177", "SRV-161"
)
@pytest.mark.parametrize("state", ["CR", "CO", "NS", "SE", "OK", "ER", "DE"])
def test_each_action_in_each_state(pair: Pair, state: str) -> None:
    lab = pair.lab
    number = in_state(pair, DEPOSIT, state)
    before = request(lab, number)
    assert before["status"] == ("RV" if state == "SE" else state)
    copied = copy_service_request(lab, number, {"own_account": MAIN})["request_id"]
    assert request(lab, copied)["status"] == "CO"
    try_each_action(lab, number, state, _NEXT, {"amount": "200000"})


@pytest.mark.spec("SRV-169", "SRV-170", "BAS-059", "BAS-188", "ADM-131")
@pytest.mark.parametrize(("permissions", "status"), [({187}, "CR"), ({187, 188}, "CR"), ({187, 189}, "CO")])
def test_own_requests_are_confirmed_at_once_by_whoever_may(pair: Pair, permissions: set[int], status: str) -> None:
    assert create_service_request(hands(pair.lab, "AA", permissions), DEPOSIT, deposit())["status"] == status


@pytest.mark.spec("SRV-162", "SRV-163", "SRV-164", "BAL-019", "BAS-060", "BAS-018")
def test_a_deposit_comes_with_its_account(pair: Pair) -> None:
    number = entered(pair.lab, DEPOSIT, confirmed=True)
    types = {row["record_type"]: row["records"] for row in balancing_types.rows(pair.lab)}
    assert types["time_deposits"] == 1
    sent(pair)
    name = request(pair.lab, number)["record"]
    found = record(pair.lab, DEPOSIT, name)
    assert (name, found["state"], found["rate"], found["matures_on"], found["amount"]) == (
        "TD1", "valid", Decimal("2.10"), date(2026, 12, 23), Decimal(100_000),
    )  # fmt: skip
    account = next(row for row in own_accounts.rows(pair.lab) if row["account"] == found["deposit_account"])
    assert (account["currency"], account["position"]) == ("CZK", "none")
    with pytest.raises(BadArgument):
        create_service_request(pair.lab, DEPOSIT, deposit(own_account=found["deposit_account"]))


@pytest.mark.spec("SRV-155", "SRV-156", "SRV-157", "SRV-158", "SRV-167")
def test_a_deposit_is_terminated_early(pair: Pair) -> None:
    one_time = {"variant": "one-time CZK", "length": "3 months"}
    entered(pair.lab, DEPOSIT, deposit(**one_time), confirmed=True)
    sent(pair)
    with pytest.raises(BadArgument, match="never renewed"):
        ended(pair, "TD1", REGULAR)
    for wrong in ({"method": ""}, {"principal_account": ""}, {"principal_account": EURO}, {"interest_account": EURO}):
        with pytest.raises(BadArgument):
            ended(pair, "TD1", **wrong)
    pair.later(days=7)
    number = ended(pair, "TD1", interest_account=INCOMING)
    with pytest.raises(Refused, match="already changes TD1"):
        ended(pair, "TD1")
    sent(pair)
    assert request(pair.lab, number)["status"] == "OK"
    assert record(pair.lab, DEPOSIT, "TD1")["state"] == "revoked"
    with pytest.raises(Refused, match="is revoked"):
        ended(pair, "TD1")


@pytest.mark.spec("SRV-156", "SRV-159")
def test_a_deposit_is_terminated_at_its_renewal(pair: Pair) -> None:
    entered(pair.lab, DEPOSIT, deposit(length="7 days"), confirmed=True)
    sent(pair)
    ended(pair, "TD1", REGULAR)
    sent(pair)
    assert record(pair.lab, DEPOSIT, "TD1")["state"] == "valid"
    with pytest.raises(Refused, match="can't be changed"):
        ended(pair, "TD1")
    pair.later(days=8)
    pair.transmit()
    assert record(pair.lab, DEPOSIT, "TD1")["state"] == "revoked"


@pytest.mark.spec("SRV-165")
def test_without_funds_it_is_rejected(pair: Pair) -> None:
    number = entered(pair.lab, DEPOSIT, deposit(amount="1000000.01"), confirmed=True)
    sent(pair)
    found: dict[str, Any] = request(pair.lab, number)
    assert (found["status"], found["error_code"]) == ("ER", 202)
    assert "not enough funds" in found["answer"]


@pytest.mark.spec("SRV-150")
def test_one_with_a_day_is_answered_on_that_day(pair: Pair) -> None:
    number = entered(pair.lab, DEPOSIT, deposit(valid_from="2026-11-24"), confirmed=True)
    sent(pair)
    assert request(pair.lab, number)["status"] == "RV"
    pair.later(days=2)
    pair.transmit()
    assert request(pair.lab, number)["status"] == "OK"
    assert record(pair.lab, DEPOSIT, "TD1")["state"] == "valid"
