"""Whatever people with whatever permissions do in whatever order: nobody confirms alone what two have to see."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bankklient_lab.errors import LabError, Refused
from bankklient_lab.lab import Lab, open_here
from bankklient_lab.orders.confirmation import cancel_confirmation, confirm_orders, exclude_orders, include_orders
from bankklient_lab.orders.creating import correct_order
from bankklient_lab.orders.storing import Source
from bankklient_lab.orders.verification import cancel_verification, verify_orders
from bankklient_lab.rights.permissions import Held, settled
from tests.clocks import NOON
from tests.orders.labs import COLLECTION, DOMESTIC, FOREIGN, STATE, SUPPLIER, broken_checks, created, hands
from tests.orders.test_storing import store

# Without these nobody confirms the own order (docs/spec/decisions.md).
ALONE = frozenset({71, 81, 111, 116, 131, 132, 136})
WORKING = frozenset({16, 36, 51, 56, 61, 66, 70, 76, 101, 108, 110, 115, 120, 121, 125, 126, 130, 135}) | ALONE
PEOPLE = ("AA", "BB", "CC")


def receive(state: str) -> Callable[[Lab, int], None]:
    """Return what takes an order over from an accounting system in a state."""
    source = Source("accounting_system", "imported", {f"receive_{state}": "true"}, "receive_wrong", "receive")

    def take(lab: Lab, _order: int) -> None:
        store(lab, [{}], source)

    return take


def by_group(step: Any) -> Callable[[Lab, int], None]:
    return lambda lab, order_id: step(lab, [order_id])


STEPS: dict[str, Callable[[Lab, int], object]] = {
    "create payment": lambda lab, _: created(lab, DOMESTIC),
    "create collection": lambda lab, _: created(lab, COLLECTION),
    "create foreign": lambda lab, _: created(lab, FOREIGN),
    "receive": receive("blank"),
    "receive verified": receive("verified"),
    "correct": lambda lab, order_id: correct_order(lab, order_id, {"amount": "5"}, reason="right"),
    "correct again": lambda lab, order_id: correct_order(lab, order_id, {"amount": "6"}, reason="right"),
    "verify": by_group(verify_orders),
    "verify ": by_group(verify_orders),
    "confirm": by_group(confirm_orders),
    "confirm ": by_group(confirm_orders),
    "confirm  ": by_group(confirm_orders),
    "cancel verification": by_group(cancel_verification),
    "cancel confirmation": by_group(cancel_confirmation),
    "include": by_group(include_orders),
    "exclude": by_group(exclude_orders),
}
TURNS = st.lists(
    st.tuples(st.sampled_from(PEOPLE), st.sampled_from(sorted(STEPS)), st.integers(0, 2)), min_size=8, max_size=24
)


def held_by_each(numbers: Held) -> st.SearchStrategy[list[Held]]:
    """Give each person a set that one person can have."""
    one = st.frozensets(st.sampled_from(sorted(numbers)), min_size=len(numbers) // 2).map(settled)
    return st.lists(one, min_size=len(PEOPLE), max_size=len(PEOPLE))


@pytest.fixture(scope="module")
def office(orders_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """Give a lab in which orders are verified by sight."""
    path = Path(shutil.copy(orders_file, tmp_path_factory.mktemp("eyes")))
    with open_here(path, clock=lambda: NOON) as lab:
        with lab.database.tx("ops") as cursor:
            cursor.execute("INSERT INTO ops.setting VALUES ('verified_items', '')")
        yield lab


def work(lab: Lab, people: list[Held], turns: list[tuple[str, str, int]]) -> int:
    """Let the people do their turns, each on one of the newest orders, and return the last order of before."""
    ((before,),) = lab.rows(f"SELECT coalesce(max(order_id), 0) FROM ({ORDERS})")
    for reference, held in zip(PEOPLE, people, strict=True):
        hands(lab, reference, held)
    of = {reference: hands(lab, reference, held) for reference, held in zip(PEOPLE, people, strict=True)}
    for person, step, which in turns:
        newest = lab.rows(f"SELECT order_id FROM ({ORDERS}) WHERE order_id > $b ORDER BY 1 DESC", {"b": before})
        with suppress(LabError):
            STEPS[step](of[person], newest[which][0] if which < len(newest) else 0)
    return int(before)


COLUMNS = "order_id, status, created_by, corrected_by, verified_by, confirmed_by, confirmed_again_by"
ORDERS = f"SELECT {COLUMNS} FROM ops.domestic_order UNION ALL SELECT {COLUMNS} FROM ops.foreign_order"
CONFIRMED = f"SELECT {COLUMNS} FROM ({ORDERS}) WHERE order_id > $before AND status IN ('F', 'F1', 'F2', 'I')"
STEPS_TAKEN = "SELECT order_id, action, done_by FROM ops.order_step WHERE order_id > $before ORDER BY order_id, version"
GENTLY = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.mark.spec("ORD-215", "IMP-141", "IMP-142", "TXN-129", "ORD-214")
@given(held_by_each(WORKING - ALONE), TURNS)
@GENTLY
def test_without_some_permissions_nobody_confirms_the_own_order(
    office: Lab, people: list[Held], turns: list[tuple[str, str, int]]
) -> None:
    before = work(office, people, turns)
    for _, _, creator, corrector, verifier, *confirmers in office.rows(CONFIRMED, {"before": before}):
        assert not {creator, corrector, verifier} & (set(confirmers) - {None})
    wrote: dict[int, set[str]] = {}
    verifier: dict[int, str] = {}
    for order_id, action, by in office.rows(STEPS_TAKEN, {"before": before}):
        if action == "confirm":
            assert by not in wrote[order_id] | {verifier[order_id]}
        elif action == "verify":
            verifier[order_id] = by
        elif action == "correct" or order_id not in wrote:
            wrote.setdefault(order_id, set()).add(by)
            verifier[order_id] = by


@pytest.mark.spec("ORD-215")
@pytest.mark.parametrize(
    ("kind", "value", "message"),
    [
        (DOMESTIC, {"counter_account": STATE, "amount": "9000"}, "client_message"),
        (COLLECTION, {"counter_account": SUPPLIER, "amount": "9000"}, "client_message"),
        (FOREIGN, {"amount": "9000"}, "recipient_info"),
    ],
)
def test_who_wrote_what_stayed_does_not_confirm_it_after_another_correction(
    office: Lab, kind: str, value: dict[str, str], message: str
) -> None:
    writing = {51, 56, 61, 66, 70, 120, 121, 125, 126, 130}
    order = created(hands(office, "AA", writing), kind)
    correct_order(hands(office, "XX", writing), order, value, reason="right")
    correct_order(hands(office, "AA", writing), order, {message: "Thank you"}, reason="right")
    verify_orders(hands(office, "VV", writing), [order])
    for person in ("AA", "XX", "VV"):
        with pytest.raises(Refused, match="so another person confirms it"):
            confirm_orders(hands(office, person, writing), [order])
    assert confirm_orders(hands(office, "CC", writing), [order])["done"] == 1


@pytest.mark.spec("ORD-218", "ORD-220", "ORD-318")
@given(held_by_each(WORKING - {132}), TURNS)
@GENTLY
def test_without_132_nobody_gives_both_confirmations(
    office: Lab, people: list[Held], turns: list[tuple[str, str, int]]
) -> None:
    before = work(office, people, turns)
    for _, status, _, _, _, once, again in office.rows(CONFIRMED, {"before": before}):
        assert again is not None or status != "F2"
        assert once != again


@given(held_by_each(WORKING), TURNS)
@settings(GENTLY, max_examples=8)
def test_whatever_is_done_what_is_always_true_stays_true(
    office: Lab, people: list[Held], turns: list[tuple[str, str, int]]
) -> None:
    work(office, people, turns)
    assert broken_checks(office) == {}
