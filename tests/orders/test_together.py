"""Several people at work on the same orders at once: nothing is lost, nothing done twice, nothing changed unseen."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from bankklient_lab.access.configuration import configure
from bankklient_lab.errors import BadArgument, Blocked, LabError, Refused, UnknownName
from bankklient_lab.lab import Lab
from bankklient_lab.orders.confirmation import confirm_orders, include_orders
from bankklient_lab.orders.creating import correct_order, create_order, delete_orders
from bankklient_lab.orders.verification import verify_orders
from tests.orders.labs import DOMESTIC, broken_checks, created, domestic_values, hands, status


def at_once(*works: Callable[[], Any]) -> list[Any]:
    """Do things in threads that begin together, and return what each gave or the error it met."""
    start = threading.Barrier(len(works))

    def run(work: Callable[[], Any]) -> Any:
        start.wait(timeout=60)
        try:
            return work()
        except LabError as error:
            return error

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(run, works))


@pytest.mark.spec("BAS-093")
def test_twenty_threads_create_orders_with_numbers_of_their_own(company: Lab) -> None:
    clerks = [hands(company, f"C{n}", {51}) for n in range(4)]
    made = at_once(
        *[
            lambda n=n: create_order(clerks[n % 4], DOMESTIC, domestic_values(amount=f"{n + 1}"))["order_id"]
            for n in range(20)
        ]
    )
    assert sorted(made) == list(range(min(made), min(made) + 20))
    assert company.rows("SELECT last FROM ops.order_number") == [(20,)]
    assert broken_checks(company) == {}


@pytest.mark.spec("BAS-265", "BAS-271")
def test_of_equal_orders_made_at_once_only_one_is_no_duplicate(company: Lab) -> None:
    clerk = hands(company, "CL", {51})
    made = at_once(*[lambda: create_order(clerk, DOMESTIC, domestic_values())["status"] for _ in range(6)])
    assert Counter(one if isinstance(one, str) else one.code for one in made) == {"": 1, "suspected_duplicate": 5}


def test_of_two_corrections_of_what_both_have_seen_one_is_refused(company: Lab) -> None:
    order = created(hands(company, "CL", {51}))
    people = [hands(company, reference, {56}) for reference in ("AB", "CD")]
    done = at_once(
        *[lambda n=n: correct_order(people[n], order, {"amount": f"{n + 5}"}, version=1) for n in range(len(people))]
    )
    refused = [one for one in done if isinstance(one, Refused)]
    assert [one.message for one in refused] == [f"order {order} was changed meanwhile; look at it again"]
    assert company.rows("SELECT version FROM ops.domestic_order") == [(2,)]
    ((amount, by),) = company.rows("SELECT amount, corrected_by FROM ops.domestic_order")
    assert (amount, by) in {("5", "AB"), ("6", "CD")}
    assert broken_checks(company) == {}


def test_what_is_corrected_while_another_confirms_is_confirmed_as_it_is_or_not_at_all(company: Lab) -> None:
    clerk, confirmer = hands(company, "CL", {51, 61, 76}), hands(company, "CO", {71})
    for number in range(6):
        order = created(clerk, amount=f"{number + 1}")
        correction, confirmation = at_once(
            lambda order=order, n=number: correct_order(clerk, order, {"amount": f"{n + 50}"}),
            lambda order=order: confirm_orders(confirmer, [order], versions=[1]),
        )
        assert correction["status"] == "V"
        if isinstance(confirmation, Refused):
            assert "was changed meanwhile" in confirmation.message
        else:
            assert confirmation["done"] == 1  # it was confirmed first, and the correction took that back
        assert status(company, order) == "V"
    assert broken_checks(company) == {}


@pytest.mark.spec("BAL-035")
@pytest.mark.spec("IMP-139", "IMP-143")
def test_without_batch_mode_a_change_by_another_undoes_the_whole_group(company: Lab) -> None:
    clerk = hands(company, "CL", {51, 61, 76})
    orders = [created(clerk, amount=f"{n + 1}") for n in range(5)]
    seen = [1] * 5
    correct_order(clerk, orders[3], {"amount": "77"})
    confirmer = hands(company, "CO", {71})
    with pytest.raises(Refused, match=f"order {orders[3]} was changed meanwhile; nothing was done"):
        confirm_orders(confirmer, orders, versions=seen)
    assert {status(company, one) for one in orders} == {"V"}
    assert company.rows("SELECT count(*) FROM ops.order_step WHERE action = 'confirm'") == [(0,)]
    assert confirm_orders(confirmer, orders, versions=[1, 1, 1, 2, 1])["done"] == 5
    for step, versions in ((confirm_orders, [2]), (confirm_orders, []), (confirm_orders, [2**40] * 5)):
        with pytest.raises(BadArgument, match="give the one of each"):
            step(confirmer, orders, versions=versions)
    with pytest.raises(BadArgument, match="give the one of each"):
        verify_orders(hands(company, "VE", {66}), orders, versions=[1, 2])
    for number in (0, -1, 2**63 - 1):
        with pytest.raises(UnknownName, match="nothing was done"):
            confirm_orders(confirmer, [*orders, number])
        with pytest.raises(UnknownName):
            verify_orders(hands(company, "VE", {66}), [number])
        with pytest.raises(UnknownName):
            correct_order(clerk, number, {"amount": "1"})
    for number in (2**63, -(2**63) - 1, 10**5000, orders[0] + 0.5, float(orders[0]), True, f"{orders[0]}", None):
        with pytest.raises(BadArgument):
            confirm_orders(confirmer, [*orders, number])  # type: ignore[list-item]
        with pytest.raises(BadArgument):
            verify_orders(hands(company, "VE", {66}), [orders[0]], versions=[number])  # type: ignore[list-item]
    with pytest.raises(BadArgument, match="twice, with different versions"):
        confirm_orders(confirmer, orders[:1] * 2, versions=[2, 3])
    assert confirm_orders(confirmer, orders[:1] * 2)["skipped"] == 1  # it is confirmed already
    delete_orders(hands(company, "DE", {56}), orders[:1])
    with pytest.raises(UnknownName, match="nothing was done"):
        include_orders(hands(company, "IN", {16}), orders)
    assert status(company, orders[1]) == "F"


@pytest.mark.spec("BAL-035")
@pytest.mark.spec("IMP-139", "IMP-143", "ADM-151")
@pytest.mark.parametrize(
    ("setting", "work", "held"),
    [
        ("batch_verification", verify_orders, {66}),
        ("batch_confirmation", confirm_orders, {71}),
        ("batch_including", include_orders, {16}),
    ],
)
def test_in_batch_mode_a_group_waits_for_nobody_who_holds_an_order(
    company: Lab, setting: str, work: Any, held: set[int]
) -> None:
    clerk, other = hands(company, "CL", {51, 56}), hands(company, "OT", held | {156})
    orders = [created(clerk, amount=f"{n + 1}") for n in range(2)]
    company.locks._patience = 0.01
    # A form of the clerk holds the first order, as pages do while somebody corrects it.
    hold = clerk.locks.hold(clerk.caller, "correct_order", ("order_id", orders[0]))
    assert work(other, orders)["skipped"] == 2  # record by record, and none of these can be done
    configure(hands(company, "AD"), {setting: True})
    with pytest.raises(Blocked, match="user CL"):
        work(other, orders)
    clerk.locks.release(hold)
    assert work(other, orders)["skipped"] == 2


def test_a_group_confirmed_by_several_at_once_is_confirmed_once(company: Lab) -> None:
    clerk = hands(company, "CL", {51, 61, 76})
    orders = [created(clerk, amount=f"{n + 1}") for n in range(10)]
    people = [hands(company, f"P{n}", {71}) for n in range(4)]
    done = at_once(*[lambda one=one: confirm_orders(one, orders) for one in people])
    assert sorted(one["done"] for one in done) == [0, 0, 0, 10]
    assert company.rows("SELECT count(*) FROM ops.order_step WHERE action = 'confirm'") == [(10,)]
    assert broken_checks(company) == {}
