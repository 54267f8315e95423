"""Lists of orders: who sees which, sets and their counts, conditions, sorting, pages, totals."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from datetime import date, timedelta
from decimal import Decimal
from itertools import product
from typing import Any

import pytest

import bankklient_lab as bl
from bankklient_lab.codebooks import rows as codebook
from bankklient_lab.errors import BadArgument, LabError, NotAllowed, Refused, UnknownName
from bankklient_lab.keys.points import change_connection_point
from bankklient_lab.lab import Lab
from bankklient_lab.orders.columns import COLUMNS
from bankklient_lab.orders.detail import order_detail
from bankklient_lab.orders.kinds import KINDS
from bankklient_lab.orders.lifecycle import SYSTEM, transitions
from bankklient_lab.orders.listing import NEXT_SETS, SETS, order_counts, order_ids, order_totals, orders, orders_waiting
from bankklient_lab.orders.steps import take_step
from bankklient_lab.orders.views import SEES
from bankklient_lab.rights.permissions import needed
from tests.clocks import Clock
from tests.orders.labs import (
    COLLECTION,
    DOMESTIC,
    EURO,
    FOREIGN,
    LANDLORD,
    MAIN,
    SAVINGS,
    SUPPLIER,
    created,
    hands,
)

MINE, OTHER = "AB", "CD"
STATES = {"domestic": ("", "V", "F", "I", "E", "discarded"), "foreign": ("", "V", "F1", "F2", "I", "E")}
CONFIRMED = {"F", "F1", "F2", "I"}
FIRST = 2026112200000100  # the ids of the copies come after it


def crowd(lab: Lab) -> list[dict[str, Any]]:
    """Fill a lab with an order of each kind, origin, state and person, and return them as they are."""
    tables = {DOMESTIC: "domestic", COLLECTION: "domestic", FOREIGN: "foreign"}
    prototypes = {kind: created(lab, kind) for kind in tables}
    told: list[dict[str, Any]] = [
        {"kind": kind, "origin": origin, "status": state, "created_by": who}
        for kind in tables
        for origin, state, who in product(("creation", "accounting_system"), STATES[tables[kind]], (MINE, OTHER))
        if state != "discarded" or origin != "creation"
    ]
    for number, row in enumerate(told, 1):
        row["order_id"] = FIRST + number
        row["verified_by"] = row["created_by"] if row["status"] in CONFIRMED | {"V"} else None
        row["confirmed_by"] = row["created_by"] if row["status"] in CONFIRMED else None
    names = ("order_id", "origin", "status", "created_by", "verified_by", "confirmed_by")
    with lab.database.tx("ops") as cursor:
        for kind, table in tables.items():
            rows = [row for row in told if row["kind"] == kind]
            new = ", ".join(f"n.{name} AS {name}" for name in names)
            cursor.execute(
                f"INSERT INTO ops.{table}_order SELECT o.* REPLACE ({new})"
                f" FROM ops.{table}_order o, (SELECT {', '.join(f'unnest(${name}) AS {name}' for name in names)}) n"
                " WHERE o.order_id = $prototype",
                {name: [row[name] for row in rows] for name in names} | {"prototype": prototypes[kind]},
            )
        for table in set(tables.values()):
            cursor.execute(f"UPDATE ops.{table}_order SET confirmed_again_by = NULL")
            cursor.execute(f"DELETE FROM ops.{table}_order WHERE order_id <= {FIRST}")
    return told


def seen(lab: Lab, **chosen: Any) -> set[int]:
    return {row["order_id"] for row in orders.rows(lab, **chosen)}


def foreign(order: dict[str, Any]) -> bool:
    return bool(order["kind"] == FOREIGN)


def typed(order: dict[str, Any]) -> bool:
    return not foreign(order) and bool(order["origin"] == "creation")


def kept(order: dict[str, Any]) -> bool:
    return bool(order["status"] != "discarded")


# By permissions, what their holder AB sees besides nothing: written from the specification, not from the tables.
SIGHT: dict[tuple[int, ...], Any] = {
    (156,): lambda o: not foreign(o),
    (141,): foreign,
    (151,): lambda o: typed(o) and MINE in (o["created_by"], o["verified_by"]),
    (140,): lambda o: foreign(o) and MINE in (o["created_by"], o["verified_by"]),
    (56,): typed,
    (51,): lambda o: typed(o) and o["created_by"] == MINE,
    (121,): foreign,
    (120,): lambda o: foreign(o) and o["created_by"] == MINE,
    (108,): lambda o: not foreign(o) and not typed(o) and (
        o["status"] in ("", "V") or MINE in (o["verified_by"], o["confirmed_by"])
    ),
    (106,): lambda o: not foreign(o) and not typed(o) and o["status"] in ("", "V", "F", "E"),
    (36,): lambda o: o["origin"] == "accounting_system" and o["created_by"] == MINE,
    (16,): lambda o: o["status"] == "I" or o["status"] == ("F2" if foreign(o) else "F"),
    (201,): lambda o: not kept(o),
    (11,): lambda o: False,
    (61,): lambda o: typed(o) and (
        (o["status"] == "" and o["created_by"] == MINE) or o["status"] == "V"
        or MINE in (o["verified_by"], o["confirmed_by"])
    ),
    (66,): lambda o: typed(o) and (
        (o["status"] == "" and o["created_by"] == OTHER) or o["status"] == "V"
        or MINE in (o["verified_by"], o["confirmed_by"])
    ),
    (70,): lambda o: typed(o) and (
        (o["status"] == "V" and o["created_by"] == OTHER) or o["status"] == "F"
        or MINE in (o["verified_by"], o["confirmed_by"])
    ),
    (151, 156): lambda o: not foreign(o),
    (141, 156): lambda o: True,
}  # fmt: skip


@pytest.mark.spec("TXN-109", "BAS-178", "BAS-179", "BAS-180", "ADM-127")
@pytest.mark.spec(
    "ORD-062", "ORD-136", "ORD-199", "ORD-202", "ORD-203", "ORD-214", "ORD-227", "IMP-137", "IMP-178", "TXN-005",
    "TXN-006", "TXN-007", "TXN-008", "TXN-010", "ORD-337", "ORD-343", "ORD-344",
)  # fmt: skip
def test_everybody_sees_what_their_permissions_show_and_nothing_else(company: Lab) -> None:
    told = crowd(company)
    for numbers, expected in SIGHT.items():
        lab = hands(company, MINE, numbers)
        wanted = {order["order_id"] for order in told if expected(order)}
        current = {order["order_id"] for order in told if expected(order) and kept(order)}
        assert seen(lab) == current, numbers
        assert seen(lab) | seen(lab, which="discarded") == wanted, numbers
        assert set(order_ids(lab)) == current, numbers
        sample = {(order["kind"], order["order_id"] in wanted): order["order_id"] for order in told}
        for (_, visible), order_id in sample.items():
            if visible:
                assert order_detail(lab, order_id)["order_id"] == order_id
            else:
                with pytest.raises(UnknownName):
                    order_detail(lab, order_id)


@pytest.mark.spec("ORD-224", "ORD-225", "ORD-226")
def test_the_orders_of_a_kind_are_shown_in_all_states(company: Lab) -> None:
    told = crowd(company)
    lab = hands(company, MINE, {141, 156})
    for kind in (DOMESTIC, COLLECTION, FOREIGN):
        states = {row["status"] for row in orders.rows(lab, where={"kind": kind})}
        assert states == {order["status"] for order in told if order["kind"] == kind and kept(order)}
        assert {order_detail(lab, order_id)["kind"] for order_id in order_ids(lab, where={"kind": kind})[:2]} == {kind}


@pytest.mark.spec("ORD-009", "TXN-003")
def test_each_set_shows_as_many_orders_as_it_counts(company: Lab) -> None:
    crowd(company)
    lab = hands(company, MINE, {56, 66, 70, 140})
    counts = {row["which"]: row["orders"] for row in order_counts.rows(lab)}
    assert list(counts) == list(SETS)
    assert counts == {which: len(seen(lab, which=which)) for which in SETS}
    for which in SETS:  # a condition leaves some of a set and never adds to it
        abroad = {row["order_id"] for row in orders.rows(lab, which=which) if row["kind"] == FOREIGN}
        assert seen(lab, which=which, where={"kind": FOREIGN}) == abroad
    assert all(counts[which] for which in ("all", "waiting", "errors", "to_verify", "confirmed", "included", "mine"))


def test_without_any_permission_for_orders_there_is_no_list(company: Lab) -> None:
    lab = hands(company, MINE, {231})
    for call in (orders.rows, order_counts.rows, order_totals.rows, orders_waiting.rows, order_ids):
        with pytest.raises(NotAllowed):
            call(lab)


def test_the_lists_need_any_permission_that_shows_an_order() -> None:
    shown = {number for row in codebook("order_views") for number in needed(row["needs"]).numbers}
    steps = {number for one in transitions() if one.needs != SYSTEM and "new" not in one.states
             for number in needed(one.needs).numbers}  # fmt: skip
    automatic = {76, 81, 115, 116, 132, 135, 136}  # which do nothing without the others
    elsewhere = {26, 211}  # sends whole batches; ends watching orders, in a list of its own
    assert needed(SEES).numbers == (shown | steps | {201}) - automatic - elsewhere


@pytest.mark.spec("ORD-009", "ORD-199", "ORD-215", "IMP-136", "TXN-129")
def test_what_waits_is_what_the_next_step_does(company: Lab) -> None:
    told = crowd(company)
    ids = [order["order_id"] for order in told]
    sets = [(61, 66, 70), (66, 71), (61,), (108, 110), (108, 111), (125, 126, 130), (126, 131), (130,), (131, 132)]
    for numbers in sets:
        lab = hands(company, MINE, {*numbers, 141, 156})
        steps = {row["order_id"]: row["next_step"] for row in orders.rows(lab) if row["next_step"]}
        assert steps == {order_id: step for step in ("confirm", "verify") for order_id in done_by(lab, step, ids)}
        assert (
            {row["order_id"] for row in orders_waiting.rows(lab)} == set(steps) == set(order_ids(lab, which="waiting"))
        )
        for which, step in NEXT_SETS.items():
            assert set(order_ids(lab, which=which)) == {one for one, next_step in steps.items() if next_step == step}


class Undo(Exception):
    """Takes a step back that was only tried."""


def done_by(lab: Lab, step: str, ids: list[int]) -> list[int]:
    """Return the orders on which the caller can do a step; they stay as they are."""
    done: list[int] = []
    with suppress(Undo), lab.database.tx("ops"):
        done += take_step(lab, step, ids).ids
        raise Undo
    return done


@pytest.mark.spec("ORD-195", "ORD-201")
def test_who_verifies_by_typing_does_not_see_what_is_typed(company: Lab) -> None:
    lab = hands(company, OTHER, {51})
    order_id = created(lab, counter_account=SUPPLIER, amount="1234.56")
    verifier = hands(company, MINE, {66})
    (row,) = orders.rows(verifier)
    assert (row["order_id"], row["amount"], row["maturity"]) == (order_id, None, date(2026, 11, 22))
    assert "2000145399" not in str(row)
    assert seen(verifier, where={"amount": "1234.56"}) == seen(verifier, where={"counter_account": SUPPLIER}) == set()
    detail = order_detail(verifier, order_id)
    assert detail["to_type"] == ["credit_account_prefix", "credit_account_base", "amount"]
    assert "1234" not in str(detail)
    assert "2000145399" not in str(detail)
    assert [row["amount"] for row in order_totals.rows(verifier)] == [0, 0, 0, 0]
    viewer = hands(company, MINE, {66, 156})
    assert orders.rows(viewer)[0]["amount"] == Decimal("1234.56")
    assert order_detail(viewer, order_id)["to_type"] == detail["to_type"]


@pytest.fixture
def four(company: Lab) -> Lab:
    """Give a lab with orders of 100, 250, 250 and 900; one of the 250 has the symbol 1770."""
    for amount, symbol in (("100", "1"), ("250", "1770"), ("250", "2"), ("900", "1779")):
        created(company, amount=amount, variable_symbol=symbol, abbreviation=f"Firm {amount}")
    return company


def amounts(lab: Lab, **chosen: Any) -> list[int]:
    return sorted(int(row["amount"]) for row in orders.rows(lab, **chosen))


@pytest.mark.parametrize("number", [-1, 2**63 - 1, 2**63, 10**30])
def test_pages_have_bounds(company: Lab, number: int) -> None:
    for page in ({"offset": number}, {"limit": number}):
        with pytest.raises(BadArgument):
            orders.rows(company, **page)
        with pytest.raises(BadArgument):
            orders_waiting.rows(company, **page)


def test_who_sees_sums_alone_singles_no_order_out(company: Lab) -> None:
    order = created(hands(company, "AA", {51}), amount="4711", counter_account=LANDLORD)
    created(hands(company, "AA", {51}), amount="1")
    viewer = hands(company, "BB", {11})
    kept = {"kind": DOMESTIC, "status": "created", "own_account": MAIN, "currency": "CZK", "maturity": "2026-11-22"}
    for where in ({}, kept, *({name: value} for name, value in kept.items())):
        found = [row for row in order_totals.rows(viewer, where=where) if row["level"] == "all"]
        assert [(row["orders"], row["amount"]) for row in found] == [(2, Decimal("4712.000"))]
    for where in ({"amount": "4711"}, {"counter_account": LANDLORD}, {"order_id": f"{order}"}, kept | {"errors": "2"}):
        with pytest.raises(Refused, match="sums of orders, not single ones"):
            order_totals.rows(viewer, where=where)
        assert not any(row["orders"] for row in order_counts.rows(viewer, where=where))
    # Who sees some orders one by one learns nothing of the others either.
    assert order_totals.rows(hands(company, "CC", {11, 51}), where={"amount": "4711"}) == []


@pytest.mark.spec("TXN-106", "TXN-107")
@pytest.mark.spec("ORD-039", "ORD-040", "ORD-041", "ORD-045", "ORD-046", "ORD-047", "ORD-422", "BAS-222", "BAS-223")
@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ({"amount": "100..250"}, [100, 250, 250]),
        ({"amount": "100,00..249,99"}, [100]),
        ({"amount": "< 250"}, [100]),
        ({"amount": "<= 250"}, [100, 250, 250]),
        ({"amount": ">= 250", "variable_symbol": "77"}, [250, 900]),
        ({"amount": "250", "variable_symbol": "77"}, [250]),
        ({"amount": "> 250"}, [900]),
        ({"amount": "25"}, []),
        ({"amount": "~ 25"}, [250, 250]),
        ({"amount": "= 900"}, [900]),
        ({"amount": "  "}, [100, 250, 250, 900]),
        ({"variable_symbol": "= 177"}, []),
        ({"counter_name": "FIRM 2"}, [250, 250]),
        ({"counter_name": "= firm 900"}, [900]),
        ({"counter_account": "000019-2000145399/0800"}, [100, 250, 250, 900]),
        ({"counter_account": "CZ65 0800 0000 1920 0014 5399"}, [100, 250, 250, 900]),
        ({"counter_account": "cz6508000000192000145399"}, [100, 250, 250, 900]),
        ({"counter_account": "CZ66 0800 0000 1920 0014 5399"}, []),
        ({"counter_account": "19-2000145399"}, [100, 250, 250, 900]),
        ({"counter_account": "2000145399"}, []),
        ({"counter_account": "~ 2000145399"}, [100, 250, 250, 900]),
        ({"own_account": MAIN, "status": "confirmed"}, [100, 250, 250, 900]),
        ({"status": "f"}, [100, 250, 250, 900]),
        ({"status": "created"}, []),
        ({"maturity": "22.11.2026"}, [100, 250, 250, 900]),
        ({"maturity": "2026-11-23..2026-12-31"}, []),
        ({"created_at": "2026-11-22"}, [100, 250, 250, 900]),
        ({"created_by": "te"}, [100, 250, 250, 900]),
        ({"order_id": "2026112200000004"}, [900]),
        ({"transmission_id": "0003"}, [250]),
        ({"express": "yes"}, []),
        ({"express": "no", "credit_abbreviation": "900"}, [900]),
        ({"kind": "domestic_collection"}, []),
        ({"payer_reference": "x"}, []),
    ],
    ids=str,
)
def test_conditions(four: Lab, where: dict[str, str], expected: list[int]) -> None:
    assert amounts(four, where=where) == expected
    assert len(order_ids(four, where=where)) == len(expected)
    counted = {row["which"]: row["orders"] for row in order_counts.rows(four, where=where)}
    assert counted["confirmed"] == len(expected)


@pytest.mark.spec("ORD-044")
@pytest.mark.parametrize(
    ("where", "said"),
    [
        ({"amount": "250..100"}, "amount: 250 is after 100"),
        ({"maturity": "2026-12-01..2026-11-01"}, "is after"),
        ({"counter_name": "z..a"}, "z is after a"),
        ({"amount": "much"}, "'much' is not an amount"),
        ({"amount": "<"}, "amount: after < a value is missing"),
        ({"maturity": "31.13.2026"}, "not a day"),
        ({"status": "lost"}, "'lost' is no status"),
        ({"express": "maybe"}, "yes or no"),
        ({"errors": "> 5"}, "takes one value"),
        ({"errors": "five"}, "not a whole number"),
        ({"counter_name": "x" * 201}, "more than 200 characters"),
    ],
    ids=str,
)
def test_a_condition_that_can_not_be_meant_is_refused(four: Lab, where: dict[str, str], said: str) -> None:
    with pytest.raises(BadArgument, match=re.escape(said)):
        orders.rows(four, where=where)


@pytest.mark.parametrize(
    "chosen", [{"where": {"password": "x"}}, {"which": "theirs"}, {"order_by": ["-o.digest"]}], ids=str
)
def test_a_name_that_there_is_not_is_told(four: Lab, chosen: dict[str, Any]) -> None:
    with pytest.raises(UnknownName):
        orders.rows(four, **chosen)


@pytest.mark.parametrize("hostile", ["' OR 1=1 --", '"', "$me", "'; DROP TABLE ops.domestic_order; --", "%", "_"])
def test_conditions_are_values_and_never_part_of_the_question(four: Lab, hostile: str) -> None:
    for name in ("counter_name", "client_message", "currency", "created_by", "own_account"):
        assert orders.rows(four, where={name: hostile}) == []


@pytest.mark.spec("ORD-035", "BAS-276", "BAS-299")
def test_wrong_orders_and_allowed_duplicates_are_found(company: Lab) -> None:
    first = created(company)
    allowed = created(company)
    kept_wrong = bl.create_order(
        company, DOMESTIC,
        {"own_account": MAIN, "counter_account": SUPPLIER, "amount": "1500", "variable_symbol": "2026001"},
        duplicate="error",
    )["order_id"]  # fmt: skip
    assert seen(company, where={"errors": "151"}) == seen(company, which="duplicates") == {kept_wrong}
    assert seen(company, where={"errors": "15"}) == set()
    assert seen(company, which="errors") == {kept_wrong}
    assert seen(company, which="allowed_duplicates") == {allowed}
    assert seen(company, where={"duplicate_reason": "TEST"}) == {allowed}
    assert seen(company) == {first, allowed, kept_wrong}


@pytest.mark.spec("ORD-010", "ORD-011")
def test_orders_are_sorted_by_several_columns_and_shown_by_pages(company: Lab) -> None:
    for own, amount in ((MAIN, "5"), (SAVINGS, "7"), (MAIN, "9"), (SAVINGS, "3"), (MAIN, "5")):
        created(company, own_account=own, amount=amount)

    def listed(**chosen: Any) -> list[tuple[str, int]]:
        return [(row["own_account"], int(row["amount"])) for row in orders.rows(company, **chosen)]

    by_both = listed(order_by=["own_account", "-amount"])
    assert by_both == [(SAVINGS, 7), (SAVINGS, 3), (MAIN, 9), (MAIN, 5), (MAIN, 5)]
    assert listed(order_by=["-own_account", "amount"])[:2] == [(MAIN, 5), (MAIN, 5)]
    pages = [listed(order_by=["own_account", "-amount"], limit=2, offset=at) for at in (0, 2, 4, 6)]
    assert [row for page in pages for row in page] == by_both
    newest = [row["order_id"] for row in orders.rows(company)]
    assert newest == sorted(newest, reverse=True)
    for bad in ({"limit": 0}, {"offset": -1}, {"limit": 2_000_000}):
        with pytest.raises(BadArgument):
            orders.rows(company, **bad)


@pytest.mark.spec("ORD-012", "ORD-048", "ORD-350", "ORD-351", "TXN-004", "TXN-136", "TXN-137", "TXN-138", "TXN-133")
def test_totals_add_up_by_status_account_and_currency(four: Lab) -> None:
    created(four, own_account=SAVINGS, amount="50")
    created(four, COLLECTION, amount="70")
    created(four, FOREIGN, amount="11")
    created(four, FOREIGN, amount="20", currency="USD", charges="OUR")
    (one, *more) = order_totals.rows(four, where={"amount": "100"})
    assert (one["level"], one["status"], one["own_account"], one["own_account_name"]) == ("account", "F", MAIN, "Main")
    assert [(row["orders"], row["amount"]) for row in (one, *more)] == [(1, 100)] * 4
    rows = order_totals.rows(four)
    told: list[dict[str, Any]] = [
        (row["level"], row["letter"], row["status"], row["own_account"], row["currency"], row["orders"], row["amount"])
        for row in rows
    ]
    assert told == [
        ("account", "C", "F", MAIN, "CZK", 1, 70),
        ("status", "C", "F", None, "CZK", 1, 70),
        ("kind", "C", None, None, "CZK", 1, 70),
        ("account", "P", "F", SAVINGS, "CZK", 1, 50),
        ("account", "P", "F", MAIN, "CZK", 4, 1500),
        ("status", "P", "F", None, "CZK", 5, 1550),
        ("kind", "P", None, None, "CZK", 5, 1550),
        ("account", "F", "F2", EURO, "EUR", 1, 11),
        ("account", "F", "F2", EURO, "USD", 1, 20),
        ("status", "F", "F2", None, "EUR", 1, 11),
        ("status", "F", "F2", None, "USD", 1, 20),
        ("kind", "F", None, None, "EUR", 1, 11),
        ("kind", "F", None, None, "USD", 1, 20),
        ("all", None, None, None, "CZK", 6, 1620),
        ("all", None, None, None, "EUR", 1, 11),
        ("all", None, None, None, "USD", 1, 20),
    ]
    assert all(row["without_amount"] == 0 for row in rows)


@pytest.mark.spec("TXN-141", "BAS-147", "BAS-148", "ADM-110", "ADM-111")
def test_balancers_count_what_they_do_not_see_one_by_one(company: Lab) -> None:
    told = crowd(company)
    for number in (11, 16):
        lab = hands(company, MINE, {number})
        totals = [row for row in order_totals.rows(lab) if row["level"] == "all"]
        assert sum(row["orders"] for row in totals) == len([one for one in told if kept(one)])
    viewer = hands(company, MINE, {151})
    assert sum(row["orders"] for row in order_totals.rows(viewer) if row["level"] == "all") == len(seen(viewer))


@pytest.mark.spec("BAS-093", "BAS-096", "BAS-097", "TXN-084", "BAS-090")
def test_the_transmission_identification_has_thirteen_characters(company: Lab, clock: Clock) -> None:
    for _ in range(3):
        created(company)
    clock.move(days=1)
    created(company)
    told = [(row["created_on"], row["transmission_id"]) for row in orders.rows(company, order_by=["order_id"])]
    today = date(2026, 11, 22)
    assert told[2] == (today, "2000100000003")
    assert told[3] == (today + timedelta(days=1), "2000100000001")
    change_connection_point(company, "own", number=20_777)
    assert orders.rows(company)[0]["transmission_id"] == "2077700000001"


@pytest.mark.spec("ORD-037", "ORD-042", "TXN-106")
def test_selections_are_saved_by_name_for_each_user_and_list(four: Lab) -> None:
    criteria = {"which": "confirmed", "where": {"amount": "250"}}
    bl.save_selection(four, "Two hundred", {"which": "all"}, of="orders")
    bl.save_selection(four, "Two hundred", criteria, of="orders")
    bl.save_selection(four, "Two hundred", {"text": "x"})
    (saved,) = bl.selections.rows(four, of="orders")
    assert saved["name"] == "Two hundred"
    assert amounts(four, **json.loads(saved["criteria"])) == [250, 250]
    bl.save_selection(four, "Other", {}, of="orders")
    bl.delete_selection(four, "Other", of="orders")
    assert [row["name"] for row in bl.selections.rows(four, of="orders")] == ["Two hundred"]
    other = hands(four, MINE)
    assert bl.selections.rows(other, of="orders") == []
    with pytest.raises(UnknownName):
        bl.delete_selection(other, "Two hundred", of="orders")
    with pytest.raises(UnknownName):
        bl.selections.rows(other, of="ops.user")


@pytest.mark.spec("ORD-004", "ORD-089", "ORD-226", "ORD-352", "TXN-111", "TXN-018")
def test_the_detail_tells_all_items_errors_and_what_can_be_done(company: Lab) -> None:
    order_id = created(company, client_message="Invoice 7\nThank you")
    with company.database.tx("ops") as cursor:
        cursor.execute(
            "UPDATE ops.domestic_order SET status = 'E', errors = '9 45 61', credit_bank = '9999' WHERE order_id = ?",
            [order_id],
        )
    told = order_detail(company, order_id)
    assert [one["code"] for one in told["errors"]] == [9, 45, 61]
    wrong = {item["name"]: item["errors"] for item in told["items"] if item["errors"]}
    assert wrong == {"debit_account_base": [9], "credit_bank": [45], "credit_account_base": [61]}
    values = {item["name"]: item["value"] for item in told["items"]}
    assert values["client_message_line_2"] == "Thank you"
    assert told["steps"] == ["correct", "delete"]
    assert told["sub_state"] == "error"
    assert set(COLUMNS) <= set(told)


@pytest.mark.spec("ORD-235")
@pytest.mark.parametrize(
    ("kind", "empty", "errors", "expected"),
    [
        (FOREIGN, [], "", "check"),
        (FOREIGN, ["recipient_account", "amount"], "711 759", "incomplete"),
        (FOREIGN, ["amount"], "713 759", "error"),
        (FOREIGN, [], "760", "error"),
        (DOMESTIC, ["amount"], "71", "incomplete"),
        (DOMESTIC, [], "151", "error"),
    ],
)
def test_a_wrong_order_says_what_it_lacks(
    company: Lab, kind: str, empty: list[str], errors: str, expected: str
) -> None:
    order_id = created(company, kind)
    blank = "".join(f", {item} = NULL" for item in empty)
    with company.database.tx("ops") as cursor:
        cursor.execute(
            f"UPDATE {KINDS[kind].table} SET status = 'E', errors = ?{blank} WHERE order_id = ?", [errors, order_id]
        )
    assert orders.rows(company)[0]["sub_state"] == expected
    assert seen(company, where={"sub_state": expected}) == {order_id}


def test_analysts_read_in_sql_what_the_list_shows(company: Lab) -> None:
    created(company, express_payment="yes", constant_symbol="0308", specific_symbol="5", counter_account=LANDLORD)
    created(company, COLLECTION, abbreviation="Tenant")
    created(company, FOREIGN)
    answer = bl.sql.arrow(company, "SELECT * FROM payment_order ORDER BY order_id")
    listed = orders.rows(company, order_by=["order_id"])
    assert answer.to_pylist() == [{name: row[name] for name in answer.column_names} for row in listed]
    assert answer.num_rows == 3
    with pytest.raises(NotAllowed):
        bl.sql.arrow(hands(company, MINE, {940, 156, 140}), "SELECT * FROM payment_order")


def test_what_a_list_offers_every_caller_is_a_sentence_or_a_table(company: Lab) -> None:
    crowd(company)
    for number in sorted(needed(SEES).numbers):
        lab = hands(company, MINE, {number})
        assert isinstance(orders.rows(lab, order_by=["status"]), list)
        try:
            order_totals.rows(lab, where={"client_message": "x"} if number != 11 else {"own_account": MAIN})
        except LabError as error:
            pytest.fail(error.message)
