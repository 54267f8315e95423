"""Steps on many orders at once: all or nothing under SIGKILL, bounded log entries; duplicates among many."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bankklient_lab.lab import Lab, open_here
from bankklient_lab.orders.confirmation import confirm_orders, discard_orders
from tests.clocks import NOON
from tests.faults.running import ROOT
from tests.orders.labs import broken_checks, many

ORDERS = 20_000
KILLS = 6


@pytest.fixture(scope="module")
def full(orders_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the file of a lab with many verified orders; it is only copied."""
    path = Path(shutil.copy(orders_file, tmp_path_factory.mktemp("many")))
    with open_here(path, clock=lambda: NOON) as lab:
        assert many(lab, ORDERS).right == ORDERS
    return path


def test_a_kill_while_a_group_is_confirmed_leaves_all_or_nothing(full: Path, tmp_path: Path) -> None:
    chance = random.Random(20_261_122)
    seconds = 1.0  # how long it takes, as far as it is known
    for number in range(KILLS):
        path = Path(shutil.copy(full, tmp_path / f"{number}.lab"))
        command = [sys.executable, "-m", "tests.orders.killed", str(path)]
        with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            try:
                process.wait(timeout=chance.uniform(0, seconds))
            except subprocess.TimeoutExpired:
                process.kill()
            acknowledged = process.stdout.readline() == "done\n"
        with open_here(path, clock=lambda: NOON) as lab:
            ((confirmed,),) = lab.rows("SELECT count(*) FROM ops.domestic_order WHERE status = 'F'")
            ((steps,),) = lab.rows("SELECT count(*) FROM ops.order_step WHERE action = 'confirm'")
            ((logged,),) = lab.rows("SELECT count(*) FROM ops.log WHERE action = 'confirm_orders'")
            assert (confirmed, steps, logged) in {(0, 0, 0), (ORDERS, ORDERS, 1)}
            assert confirmed == ORDERS or not acknowledged
            assert broken_checks(lab) == {}


@pytest.mark.spec("ORD-067", "IMP-147", "IMP-145", "IMP-146", "ORD-212", "ORD-213")
def test_the_log_tells_of_every_order_that_a_group_changed(full: Path, tmp_path: Path) -> None:
    path = Path(shutil.copy(full, tmp_path))
    with open_here(path, clock=lambda: NOON) as lab:
        orders = [order_id for (order_id,) in lab.rows("SELECT order_id FROM ops.domestic_order ORDER BY 1")]
        confirm_orders(lab, orders)
        assert told(lab, "confirm_orders") == [(str(ORDERS), orders)]
        discard_orders(lab, orders[::2])
        entries = told(lab, "discard_orders")
        assert [count for count, _ in entries] == ["1000"] * 10  # none is longer than a page can show
        assert [order for _, some in entries for order in some] == orders[::2]
        assert broken_checks(lab) == {}


def told(lab: Lab, action: str) -> list[tuple[str, list[int]]]:
    """Return subject and orders of the log entries of an action."""
    found = lab.rows("SELECT subject, details FROM ops.log WHERE action = $a ORDER BY log_id", {"a": action})
    return [
        (subject, [one for span in json.loads(details)["orders"] for one in numbers(span)])
        for subject, details in found
    ]


def numbers(span: str) -> range:
    first, _, last = span.partition("-")
    return range(int(first), int(last or first) + 1)


@pytest.mark.spec("BAS-265", "BAS-268", "BAS-271", "BAS-272", "IMP-154")
def test_duplicates_among_many_are_those_that_a_plain_search_finds(company: Lab) -> None:
    stored = many(company, 3_000, different=1_000)
    assert (stored.right, stored.duplicates) == (1_000, 2_000)  # the first of each symbol is none
    with company.database.tx("ops") as cursor:
        cursor.execute(
            "UPDATE ops.domestic_order SET maturity_date_value = maturity_date_value + (hash(order_id) % 60)::INTEGER"
            " WHERE hash(order_id) % 2 = 0"
        )
    again = many(company, 2_000, different=500)
    found = company.rows(
        "SELECT n.order_id, n.status = 'E', bool_or(e.order_id IS NOT NULL) FROM ops.domestic_order n"
        " LEFT JOIN ops.domestic_order e ON e.order_id < n.order_id"
        " AND e.credit_variable_symbol = n.credit_variable_symbol AND e.maturity_date_value"
        " BETWEEN n.maturity_date_value - 20 AND n.maturity_date_value + 10"
        " WHERE n.order_id >= $first GROUP BY ALL",
        {"first": again.first},
    )
    assert len(found) == 2_000
    assert all(suspected == repeats for _, suspected, repeats in found)
    assert 0 < again.duplicates < 2_000
