"""Steps through the public functions, on orders in every state and of every relation to the caller at once."""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from bankklient_lab.actions import Action
from bankklient_lab.errors import LabError, NotAllowed, Refused
from bankklient_lab.lab import Lab, open_here
from bankklient_lab.orders.confirmation import (
    cancel_confirmation,
    confirm_orders,
    discard_orders,
    exclude_orders,
    include_orders,
)
from bankklient_lab.orders.creating import correct_order, delete_orders
from bankklient_lab.orders.lifecycle import AS_NEW, GONE
from bankklient_lab.orders.verification import cancel_verification, verify_orders
from bankklient_lab.rights.permissions import Held, everything
from tests.clocks import NOON
from tests.orders.labs import DOMESTIC, FOREIGN, created, hands
from tests.orders.test_lifecycle import STATES, TABLES, Person, foreign_typed_in, typed_in

ME, OTHER = "ME", "OT"
SEES_ALL = {141, 156}
GROUP: dict[str, Action[..., Any]] = {
    "verify": verify_orders, "cancel_verification": cancel_verification, "confirm": confirm_orders,
    "cancel_confirmation": cancel_confirmation, "include": include_orders, "exclude": exclude_orders,
    "discard": discard_orders, "delete": delete_orders,
}  # fmt: skip
KEPT_IN = {"domestic": "ops.domestic_order", "imported": "ops.domestic_order", "foreign": "ops.foreign_order"}


@dataclass(frozen=True)
class Standing:
    """An order of the test: the table it follows, its state, and how the caller stands to it."""

    order_id: int
    table: str
    state: str
    who: Person


def orders_of(table: str) -> Iterator[tuple[str, Person]]:
    """Yield states with every relation of the caller to the order."""
    flags = (False, True)
    confirmed = {"domestic": ("F",), "imported": ("F",), "foreign": ("F1", "F2")}[table]
    states = [state for state in STATES if state in {"", "V", *confirmed, "I", "E"}]
    for state in [*states, *(["discarded"] if table == "imported" else [])]:
        verified = flags if state not in {"", "E"} else (False,)
        once = flags if state in {"F", "F1", "F2", "I"} else (False,)
        for one in product(flags, (None, *flags), verified, once):
            yield state, Person(*one)


@pytest.fixture(scope="module")
def everywhere(orders_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Lab, list[Standing]]]:
    """Give a lab with an order for each of these; tests undo what they do to it."""
    path = Path(shutil.copy(orders_file, tmp_path_factory.mktemp("steps")))
    with open_here(path, clock=lambda: NOON) as lab:
        lab_of_tester = lab.acting(lab.caller)
        base = {"domestic": created(lab_of_tester, DOMESTIC), "foreign": created(lab_of_tester, FOREIGN)}
        base["imported"] = base["domestic"]
        orders = [
            Standing(base["foreign"] + 1000 + number, table, state, who)
            for number, (table, state, who) in enumerate((t, s, w) for t in TABLES for s, w in orders_of(t))
        ]
        with lab.database.tx("ops") as cursor:
            cursor.execute("UPDATE ops.order_number SET last = 100000")
            cursor.execute("INSERT INTO ops.setting VALUES ('verified_items', '')")  # by sight
            for table in TABLES:
                _insert(cursor, table, base[table], [one for one in orders if one.table == table])
        yield lab, orders


def _insert(cursor: Any, table: str, base: int, orders: list[Standing]) -> None:
    def user(flag: bool | None) -> str | None:
        return None if flag is None else ME if flag else OTHER

    cursor.execute(
        "CREATE OR REPLACE TEMP TABLE wanted (id BIGINT, state VARCHAR, created VARCHAR, corrected VARCHAR,"
        " verified VARCHAR, confirmed VARCHAR)"
    )
    cursor.executemany(
        "INSERT INTO wanted VALUES (?, ?, ?, ?, ?, ?)",
        [
            [
                one.order_id, one.state, user(one.who.created), user(one.who.corrected),
                user(one.who.verified) if one.state not in {"", "E"} else None,
                user(one.who.confirmed_once) if one.state in {"F", "F1", "F2", "I"} else None,
            ]
            for one in orders
        ],
    )  # fmt: skip
    cursor.execute(
        f"INSERT INTO {KEPT_IN[table]} SELECT o.* REPLACE (id AS order_id, $origin AS origin, state AS status,"
        " created AS created_by, corrected AS corrected_by, verified AS verified_by, confirmed AS confirmed_by,"
        " CASE WHEN state = 'E' THEN '83' ELSE '' END AS errors, 1 AS version)"
        f" FROM {KEPT_IN[table]} o, wanted WHERE order_id = $base",
        {"origin": "accounting_system" if table == "imported" else "creation", "base": base},
    )
    cursor.execute(
        "INSERT INTO ops.order_step SELECT id, 1, if(corrected IS NULL, 'create', 'correct'), NULL, state,"
        " coalesce(corrected, created), ?, 'api', 'digest', NULL, NULL"
        " FROM wanted",
        [NOON],
    )


class Undone(Exception):
    """Ends a transaction so that nothing of it stays."""


def rows_of(lab: Lab) -> dict[int, tuple[Any, ...]]:
    """Return every order as it is kept."""
    return {row[0]: row for table in set(KEPT_IN.values()) for row in lab.rows(f"SELECT * FROM {table}")}


def statuses(lab: Lab) -> dict[int, str]:
    return {order_id: row[3] for order_id, row in rows_of(lab).items()}


def some_sets() -> list[Held]:
    """Return sets of permissions: all, each alone, and some at random."""
    numbers = sorted({number for _, every in TABLES.values() for number in every})
    chance = random.Random(20_261_122)
    several = [frozenset(chance.sample(numbers, chance.randint(3, 20))) for _ in range(12)]
    return [everything(), *(frozenset({number}) for number in numbers), *several]


@pytest.mark.spec("BAL-032", "BAL-033", "BAL-038", "TXN-123", "TXN-127")
@pytest.mark.spec(
    "ORD-272", "ORD-432", "IMP-174", "ORD-212", "ORD-214", "ORD-215", "ORD-216", "ORD-217", "ORD-218", "ORD-202",
    "ORD-203", "ORD-204", "ORD-324", "IMP-137", "IMP-141", "IMP-145",
)  # fmt: skip
@pytest.mark.parametrize("action", GROUP)
def test_a_group_changes_what_the_tables_allow_and_nothing_else(
    everywhere: tuple[Lab, list[Standing]], action: str
) -> None:
    lab, orders = everywhere
    before = rows_of(lab)
    for held in some_sets():
        mine, expected = hands(lab, ME, held | SEES_ALL), {}
        for one in orders:
            after = TABLES[one.table][0](one.state, action, held, one.who)
            expected[one.order_id] = one.state if after is None else after
        with suppress(Undone), lab.database.tx("ops"):
            if not any(after != before[order_id][3] for order_id, after in expected.items()):
                with suppress(NotAllowed):  # perhaps not even the action is for this caller
                    assert GROUP[action](mine, [one.order_id for one in orders])["done"] == 0
                raise Undone
            outcome = GROUP[action](mine, [one.order_id for one in orders])
            found = statuses(lab)
            for one in orders:
                assert found.get(one.order_id, GONE) == expected[one.order_id], (one, sorted(held))
            same = [one for one in orders if found.get(one.order_id) == one.state]
            assert outcome["done"] == len(orders) - len(same)
            assert outcome["skipped"] == sum(outcome["reasons"].values()) == len(same)
            now = rows_of(lab)
            assert all(now[one.order_id] == before[one.order_id] for one in same)
            steps = lab.rows(
                "SELECT order_id, action, status_before, status, done_by FROM ops.order_step WHERE version = 2"
            )
            told = {order_id: row for order_id, *row in steps}
            assert set(told) == {one.order_id for one in orders} - {one.order_id for one in same}
            for order_id, row in told.items():
                after = expected[order_id]
                assert row == [action, before[order_id][3], None if after == GONE else after, ME]
            raise Undone
    assert rows_of(lab) == before


@pytest.mark.spec("ORD-069", "ORD-434", "ORD-435", "IMP-133", "ORD-136", "IMP-128")
def test_a_correction_gives_the_state_that_the_tables_say(everywhere: tuple[Lab, list[Standing]]) -> None:
    lab, orders = everywhere
    correctors = [
        frozenset({51}), frozenset({56, 66, 76}), frozenset({56, 61, 66, 71, 76, 81}), frozenset({101}),
        frozenset({101, 108, 115}), frozenset({101, 108, 110, 115, 116}), frozenset({120}), frozenset({121}),
        frozenset({121, 125, 130, 135, 136}), frozenset({121, 125, 130, 132, 135, 136}), frozenset({36}), everything(),
    ]  # fmt: skip
    chosen = [one for one in orders if not one.who.verified and not one.who.confirmed_once and one.state != "E"]
    before = rows_of(lab)
    for held in correctors:
        mine = hands(lab, ME, held | SEES_ALL)
        for one in chosen:
            if held.isdisjoint(TABLES[one.table][1]) or one.who.corrected is False:
                continue  # those who may nothing at all are tried elsewhere
            after = TABLES[one.table][0](one.state, "correct", held, one.who)
            if after == AS_NEW:
                after = foreign_typed_in(held) if one.table == "foreign" else typed_in(held)
            with suppress(Undone), lab.database.tx("ops"):
                values = {"amount": "77.10", "variable_symbol": "5"} if one.table != "foreign" else {"amount": "77.10"}
                if after is None:
                    with pytest.raises(LabError) as refused:
                        correct_order(mine, one.order_id, values)
                    assert refused.value.code in {"refused", "not_allowed"}
                    raise Undone
                correct_order(mine, one.order_id, values, reason="right")
                assert statuses(lab)[one.order_id] == after, (one, sorted(held))
                raise Undone
    assert rows_of(lab) == before


@pytest.mark.spec("BAL-037", "BAL-038")
@pytest.mark.spec("ORD-219", "ORD-319", "ORD-320", "ORD-323", "ORD-324", "TXN-065")
def test_one_order_alone_is_refused_with_the_reason_and_a_group_is_not(everywhere: tuple[Lab, list[Standing]]) -> None:
    lab, orders = everywhere
    mine = hands(lab, ME, {131, 16})
    (mine_once,) = [one.order_id for one in orders if one.state == "F1" and one.who == Person(False, None, False, True)]
    (other_once,) = [one.order_id for one in orders if one.state == "F1" and one.who == Person()]
    with pytest.raises(Refused, match="you gave the first confirmation, so another person gives the second"):
        confirm_orders(mine, [mine_once])
    with pytest.raises(Refused, match=r"can't include: it is confirmed once"):
        include_orders(mine, [mine_once])
    with suppress(Undone), lab.database.tx("ops"):
        assert include_orders(mine, [mine_once, other_once])["done"] == 0
        assert confirm_orders(mine, [mine_once, other_once])["done"] == 1
        found = statuses(lab)
        assert (found[mine_once], found[other_once]) == ("F1", "F2")
        raise Undone
