"""Requests for services until they are sent: who may what, table T5 state by state, and the rules of their items."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from bankklient_lab.errors import BadArgument, NotAllowed, Refused, UnknownName
from bankklient_lab.formats.standing_orders import payments
from bankklient_lab.lab import Lab
from bankklient_lab.services.checking import earliest_valid_from
from bankklient_lab.services.listing import listed_at, service_records, service_requests
from bankklient_lab.services.requests import (
    confirm_service_requests,
    copy_service_request,
    correct_service_request,
    create_service_request,
    delete_service_requests,
    unconfirm_service_requests,
)
from tests.exchange.labs import Pair, by_folder
from tests.orders.labs import EURO, INCOMING, LANDLORD, MAIN, SAVINGS, STATE, hands
from tests.services.labs import (
    DEPOSIT,
    ORDER,
    PERMISSION,
    another,
    entered,
    in_state,
    monthly,
    permission,
    request,
    values,
)
from tests.services.states import try_each_action

KINDS = (ORDER, PERMISSION)


def create(lab: Lab, kind: str, **options: Any) -> dict[str, Any]:
    """Enter a request that is right."""
    return create_service_request(lab, kind, values(kind), **options)


# Who may what


@pytest.mark.spec("SRV-074", "SRV-118", "SRV-103", "SRV-104", "BAS-192", "ADM-132")
@pytest.mark.parametrize(
    ("permissions", "status"),
    [({194}, "CR"), ({194, 195}, "CR"), ({194, 196}, "CR"), ({194, 195, 196}, "CO")],
)
@pytest.mark.parametrize("kind", KINDS)
def test_own_requests_are_confirmed_at_once_by_whoever_may(
    pair: Pair, kind: str, permissions: set[int], status: str
) -> None:
    lab = hands(pair.lab, "AA", permissions | {193})
    assert create(lab, kind)["status"] == status
    (row,) = service_requests.rows(lab, kind)
    assert (row["status"], row["request"], row["created_by"]) == (status, "new", "AA")
    assert row["confirmed_by"] == ("AA" if status == "CO" else None)


_DOORS: dict[str, Callable[[Lab, str, int], object]] = {
    "requests": lambda lab, kind, _: service_requests.rows(lab, kind),
    "records": lambda lab, kind, _: service_records.rows(lab, kind),
    "of when": lambda lab, kind, _: listed_at(lab, kind),
    "create": lambda lab, kind, _: create_service_request(lab, kind, another(kind, STATE)),
    "copy": lambda lab, kind, number: copy_service_request(lab, number, another(kind, LANDLORD)),
    "correct": lambda lab, _, number: correct_service_request(lab, number, {"valid_from": "2026-11-27"}),
    "confirm": lambda lab, _, number: confirm_service_requests(lab, [number]),
    "unconfirm": lambda lab, _, number: unconfirm_service_requests(lab, [number]),
    "delete": lambda lab, _, number: delete_service_requests(lab, [number]),
}
_ASKED_FOR = {
    193: ["requests", "records", "of when"], 194: ["create", "copy"],
    195: ["correct", "confirm", "unconfirm", "delete"],
}  # fmt: skip
_ASKED_FOR_DEPOSITS = {
    186: ["requests", "records", "of when"], 187: ["create", "copy", "delete"], 188: ["confirm", "unconfirm"],
}  # fmt: skip


@pytest.mark.spec(
    "SRV-074", "SRV-116", "SRV-146", "SRV-160", "BAS-185", "BAS-186", "BAS-187", "BAS-189", "BAS-190", "BAS-191"
)
@pytest.mark.parametrize("kind", [ORDER, PERMISSION, DEPOSIT])
def test_each_right_is_asked_for(pair: Pair, kind: str) -> None:
    asked = _ASKED_FOR_DEPOSITS if kind == DEPOSIT else _ASKED_FOR
    for permission_number, names in asked.items():
        number = entered(hands(pair.lab, "CC"), kind, values(kind, own_account=SAVINGS))
        others = set(range(186, 190)) | set(range(193, 197)) | {2}
        for name in names:
            with pytest.raises(NotAllowed):
                _DOORS[name](hands(pair.lab, "BB", others - {permission_number}), kind, number)
        for name in names:
            _DOORS[name](hands(pair.lab, "BB", {permission_number, 2}), kind, number)
        if "delete" not in names:
            delete_service_requests(hands(pair.lab, "CC"), [number])


@pytest.mark.spec("SRV-117")
def test_who_entered_a_request_may_confirm_it(pair: Pair) -> None:
    lab = hands(pair.lab, "AA", {193, 194, 195})
    number = create(lab, ORDER)["request_id"]
    assert confirm_service_requests(lab, [number])["done"] == 1


# Table T5

_NEXT: dict[tuple[str, str], str] = {  # what is not here is refused and changes nothing
    ("CR", "correct"): "CO", ("CO", "correct"): "CO", ("CR", "delete"): "", ("CO", "delete"): "",
    ("CR", "confirm"): "CO", ("CO", "unconfirm"): "CR", ("OK", "clear"): "", ("ER", "clear"): "", ("DE", "clear"): "",
}  # fmt: skip


@pytest.mark.spec(
    "SRV-103", "SRV-106", "SRV-107", "SRV-108", "SRV-109", "SRV-111", "SRV-112", "SRV-113", "SRV-114", "SRV-115",
    "SRV-004", "SRV-095", "BAL-082", "BAL-083",
)  # fmt: skip
@pytest.mark.parametrize("state", ["CR", "CO", "NS", "SE", "OK", "ER", "DE"])
@pytest.mark.parametrize("kind", KINDS)
def test_each_action_in_each_state(pair: Pair, kind: str, state: str) -> None:
    lab = pair.lab
    number = in_state(pair, kind, state)
    before = request(lab, number)
    assert before["status"] == ("RV" if state == "SE" else state)
    assert (before["error_code"], before["error"] is not None) == ((205, True) if state == "ER" else (None, False))
    try_each_action(lab, number, state, _NEXT, {"valid_from": date(2026, 11, 26)})


@pytest.mark.spec("SRV-110")
@pytest.mark.parametrize("state", ["CR", "CO", "NS", "OK", "ER", "DE"])
def test_a_new_one_is_copied_in_every_state(pair: Pair, state: str) -> None:
    number = in_state(pair, ORDER, state)
    changes = {"own_account": MAIN, "amount": "7"}
    lab = hands(pair.lab, "AA")
    copied = request(lab, copy_service_request(lab, number, changes)["request_id"])
    assert (copied["status"], copied["amount"], copied["request"]) == ("CO", Decimal(7), "new")


@pytest.mark.spec("SRV-106")
@pytest.mark.parametrize(("permissions", "status"), [({195}, "CR"), ({195, 196}, "CO")])
@pytest.mark.parametrize("state", ["CR", "CO"])
def test_a_corrected_one_is_to_be_confirmed_again(pair: Pair, state: str, permissions: set[int], status: str) -> None:
    number = in_state(pair, ORDER, state)
    lab = hands(pair.lab, "AA", permissions)
    assert correct_service_request(lab, number, {"amount": "2"}) == {"request_id": number, "status": status}


_DECIDES: dict[str, Callable[[Lab, list[int], list[int]], object]] = {
    "confirm": lambda lab, numbers, seen: confirm_service_requests(lab, numbers, versions=seen),
    "unconfirm": lambda lab, numbers, seen: unconfirm_service_requests(lab, numbers, versions=seen),
    "delete": lambda lab, numbers, seen: delete_service_requests(lab, numbers, versions=seen),
    "correct": lambda lab, numbers, seen: correct_service_request(lab, numbers[1], {"amount": "1"}, version=seen[1]),
}


def test_several_are_decided_at_once_and_the_others_counted(pair: Pair) -> None:
    first, second = (entered(pair.lab, ORDER) for _ in range(2))
    confirm_service_requests(pair.lab, [first])
    told = confirm_service_requests(pair.lab, [first, second])
    assert (told["done"], told["skipped"]) == (1, 1)
    with pytest.raises(UnknownName):
        confirm_service_requests(pair.lab, [first, 99])


@pytest.mark.parametrize("name", ["confirm", "unconfirm", "delete", "correct"])
def test_what_somebody_changed_since_it_was_seen_is_left(pair: Pair, name: str) -> None:
    number = in_state(pair, ORDER, "CO" if name == "unconfirm" else "CR")
    other = entered(pair.lab, ORDER)
    seen, other_seen = request(pair.lab, number)["version"], request(pair.lab, other)["version"]
    correct_service_request(hands(pair.lab, "AA", {195}), number, {"amount": "999999"}, version=seen)
    mine = hands(pair.lab, "BB")
    before = request(mine, number)
    with pytest.raises(Refused, match="was changed meanwhile"):
        _DECIDES[name](mine, [other, number], [other_seen, seen])
    assert request(mine, number) == before
    assert request(mine, other)["version"] == other_seen
    with pytest.raises(BadArgument, match="2 requests were given with 1 versions"):
        confirm_service_requests(mine, [other, number], versions=[1])


def test_a_number_is_never_given_twice(pair: Pair) -> None:
    number = create(pair.lab, ORDER)["request_id"]
    delete_service_requests(pair.lab, [number])
    assert create(pair.lab, ORDER)["request_id"] == number + 1


@pytest.mark.spec("SRV-003", "SRV-006")
def test_the_sets_of_the_list(pair: Pair) -> None:
    made = {state: in_state(pair, ORDER, state) for state in ("OK", "DE", "NS", "CO", "CR")}
    sets = {
        "all": {"OK", "DE", "NS", "CO", "CR"}, "open": {"CO", "CR"}, "to_confirm": {"CR"},
        "history": {"OK", "DE", "NS"}, "unprocessed": {"NS"}, "processed": {"OK", "DE"},
    }  # fmt: skip
    for which, states in sets.items():
        found = {row["request_id"] for row in service_requests.rows(pair.lab, ORDER, which)}
        assert found == {made[state] for state in states}, which
    with pytest.raises(UnknownName):
        service_requests.rows(pair.lab, ORDER, "some")


# Items


@pytest.mark.spec(
    "SRV-120", "SRV-121", "SRV-122", "SRV-123", "SRV-124", "SRV-125", "SRV-126", "SRV-128", "SRV-142", "SRV-143"
)
@pytest.mark.parametrize(
    ("item", "value"),
    [
        ("own_account", ""), ("own_account", EURO), ("own_account", INCOMING), ("own_account", "1/0800"),
        ("counter_account", ""), ("counter_account", "19-2000145398/0800"), ("counter_account", "19-2000145399/9999"),
        ("counter_account", "CZ0008000000192000145399"),
        ("counter_account", "DE89370400440532013000"), ("counter_account", MAIN),
        ("amount", ""), ("amount", "0"), ("amount", "-1"), ("amount", "1.001"), ("amount", "x"), ("amount", 1.5),
        ("amount", "10000000000000"), ("variable_symbol", "12345678901"), ("variable_symbol", "1a"),
        ("specific_symbol", "x"), ("constant_symbol", "5"), ("abbreviation", "x" * 21), ("order_name", "x" * 41),
        ("valid_from", ""), ("valid_from", "2026-11-23"), ("valid_from", "2026-02-30"), ("valid_from", "soon"),
        ("period", ""), ("period", "week"), ("frequency", ""), ("frequency", "4"), ("frequency", "7"),
        ("last_payment", "2026-11-23"), ("last_amount", "5"),
    ],
)  # fmt: skip
def test_what_a_standing_order_can_not_say(pair: Pair, item: str, value: Any) -> None:
    with pytest.raises(BadArgument) as refused:
        create_service_request(pair.lab, ORDER, monthly(**{item: value}))
    assert refused.value.details["parameter"] == item
    assert service_requests.rows(pair.lab, ORDER) == []


@pytest.mark.spec("SRV-142")
@pytest.mark.parametrize(("frequency", "fits"), [("7", True), ("10", True), ("14", False), ("1", False)])
def test_days_are_7_or_10(pair: Pair, frequency: str, fits: bool) -> None:
    given = monthly(period="day", frequency=frequency)
    if fits:
        create_service_request(pair.lab, ORDER, given)
    else:
        with pytest.raises(BadArgument, match="frequency"):
            create_service_request(pair.lab, ORDER, given)


@pytest.mark.spec("SRV-119", "SRV-128", "SRV-122")
def test_everything_that_a_standing_order_can_say_is_kept(pair: Pair) -> None:
    create_service_request(pair.lab, ORDER, monthly(
        order_name="Rent", variable_symbol="12", specific_symbol="34", constant_symbol="308", abbreviation="RENT",
        last_payment=date(2027, 6, 30), last_amount=Decimal("250.50"),
    ))  # fmt: skip
    (row,) = service_requests.rows(pair.lab, ORDER)
    assert (row["order_name"], row["last_payment"], row["last_amount"], row["own_account"]) == (
        "Rent", date(2027, 6, 30), Decimal("250.50"), "CZ7706000006090150012947",
    )  # fmt: skip


@pytest.mark.spec("SRV-075", "SRV-076", "SRV-077", "SRV-078", "SRV-079", "SRV-080", "SRV-081")
@pytest.mark.parametrize(
    ("item", "value"),
    [
        ("own_account", ""), ("own_account", EURO), ("counter_account", "19-2000145398/0800"),
        ("counter_account", "19-2000145399/9999"), ("limit", ""), ("limit", "0"), ("limit", "-5"), ("limit", "1.234"),
        ("period", ""), ("period", "2 months"), ("description", "x" * 36),
        ("valid_from", ""), ("valid_from", "2026-11-22"), ("valid_until", "2026-11-22"),
    ],
)  # fmt: skip
def test_what_a_permission_can_not_say(pair: Pair, item: str, value: Any) -> None:
    with pytest.raises(BadArgument) as refused:
        create_service_request(pair.lab, PERMISSION, permission(**{item: value}))
    assert refused.value.details["parameter"] == item


@pytest.mark.parametrize("given", [{"nothing": "1"}, {"limit": "1"}])
def test_an_item_that_there_is_not_is_refused(pair: Pair, given: dict[str, str]) -> None:
    with pytest.raises(UnknownName):
        create_service_request(pair.lab, ORDER, monthly(**given))


@pytest.mark.spec("SRV-084", "SRV-101")
def test_a_second_permission_for_one_recipient_is_refused(pair: Pair) -> None:
    create(pair.lab, PERMISSION)
    with pytest.raises(Refused, match="request 1 is there"):
        create(pair.lab, PERMISSION)
    create_service_request(pair.lab, PERMISSION, permission(own_account="150000030/0600"))


def test_requests_wait_for_a_bank_with_a_service(pair: Pair, tmp_path: Any) -> None:
    by_folder(pair.lab, tmp_path)
    with pytest.raises(Refused, match="folder"):
        create(pair.lab, ORDER)


# Days


@pytest.mark.spec("SRV-129", "SRV-130", "SRV-137", "SRV-138", "SRV-139", "SRV-140", "SRV-141")
@pytest.mark.parametrize(
    ("now", "earliest"),
    [
        (datetime(2014, 1, 22, 11, 0, tzinfo=UTC), date(2014, 1, 23)),
        (datetime(2014, 1, 22, 19, 0, tzinfo=UTC), date(2014, 1, 24)),
        (datetime(2014, 1, 24, 11, 0, tzinfo=UTC), date(2014, 1, 27)),
        (datetime(2014, 1, 24, 19, 0, tzinfo=UTC), date(2014, 1, 28)),
        (datetime(2014, 1, 25, 11, 0, tzinfo=UTC), date(2014, 1, 28)),
        (datetime(2014, 1, 22, 18, 29, 59, tzinfo=UTC), date(2014, 1, 23)),
        (datetime(2014, 1, 22, 18, 30, tzinfo=UTC), date(2014, 1, 24)),
    ],
)
def test_the_earliest_day_of_a_standing_order(now: datetime, earliest: date) -> None:
    assert earliest_valid_from(now) == earliest


@pytest.mark.spec("SRV-127", "SRV-132", "SRV-136", "SRV-144", "SRV-341")
@pytest.mark.parametrize(
    ("items", "until", "expected"),
    [
        (
            {"period": "month", "frequency": "2", "valid_from": "2014-02-15", "last_payment": "2014-06-15",
             "last_amount": "300.00"},
            date(2015, 1, 1), [("2014-02-15", 100), ("2014-04-15", 100), ("2014-06-15", 300)],
        ),
        (
            {"period": "month", "frequency": "1", "valid_from": "2014-01-31"},
            date(2014, 4, 1), [("2014-01-31", 100), ("2014-02-28", 100), ("2014-03-31", 100)],
        ),
        (
            {"period": "day", "frequency": "10", "valid_from": "2014-02-20"},
            date(2014, 3, 13), [("2014-02-20", 100), ("2014-03-02", 100), ("2014-03-12", 100)],
        ),
        (
            {"period": "month", "frequency": "12", "valid_from": "2012-02-29"},
            date(2016, 3, 1),
            [("2012-02-29", 100), ("2013-02-28", 100), ("2014-02-28", 100), ("2015-02-28", 100), ("2016-02-29", 100)],
        ),
        (
            {"period": "month", "frequency": "1", "valid_from": "2014-01-31", "last_payment": "2014-02-10"},
            date(2014, 4, 1), [("2014-01-31", 100), ("2014-02-10", 100)],
        ),
    ],
)  # fmt: skip
def test_the_days_on_which_it_pays(items: dict[str, str], until: date, expected: list[tuple[str, int]]) -> None:
    found = list(payments({"amount": "100.00", **items}, date(2010, 1, 1), until))
    assert [(str(one.day), int(one.amount)) for one in found] == expected
    for since in (one.day for one in found):  # any beginning gives the rest
        assert list(payments({"amount": "100.00", **items}, since, until)) == [o for o in found if o.day >= since]
