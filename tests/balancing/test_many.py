"""Balancing many orders: all or nothing under SIGKILL, and two people at once."""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from bankklient_lab.balancing.making import Signer, make_batches
from bankklient_lab.errors import LabError, Refused
from bankklient_lab.lab import Lab, open_here
from tests.balancing.labs import agreed
from tests.clocks import NOON
from tests.faults.running import ROOT
from tests.orders.labs import broken_checks, created, hands, many

ORDERS = 12_000
KILLS = 6


@pytest.fixture(scope="module")
def full(orders_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the file of a lab with many confirmed orders; it is only copied."""
    path = Path(shutil.copy(orders_file, tmp_path_factory.mktemp("many")))
    with open_here(path, clock=lambda: NOON) as lab:
        assert many(lab, ORDERS, "confirmed").right == ORDERS
    return path


@pytest.mark.spec("BAL-058")
def test_a_kill_while_balancing_leaves_all_batches_or_none(full: Path, tmp_path: Path) -> None:
    chance = random.Random(20_261_122)
    for number in range(KILLS):
        path = Path(shutil.copy(full, tmp_path / f"{number}.lab"))
        command = [sys.executable, "-m", "tests.balancing.killed", str(path)]
        with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            try:
                process.wait(timeout=chance.uniform(0, 2.5))
            except subprocess.TimeoutExpired:
                process.kill()
            acknowledged = process.stdout.readline() == "done\n"
        with open_here(path, clock=lambda: NOON) as lab:
            ((made,),) = lab.rows("SELECT count(*) FROM ops.batch")
            ((sent,),) = lab.rows("SELECT count(*) FROM ops.domestic_order WHERE status = 'NS'")
            ((logged,),) = lab.rows("SELECT count(*) FROM ops.log WHERE action = 'balance'")
            assert (made, sent, logged) in {(0, 0, 0), (2, ORDERS, 1)}
            assert sent == ORDERS or not acknowledged
            assert broken_checks(lab) == {}


def test_of_two_who_balance_the_same_one_is_refused(company: Lab, signer: Signer) -> None:
    for amount in range(1, 6):
        created(company, amount=str(amount))
    people = [hands(company, "AA"), hands(company, "BB")]
    seen = agreed(people[0])
    outcomes: list[object] = []
    begin = threading.Barrier(2)

    def balance(lab: Lab) -> None:
        begin.wait()
        try:
            outcomes.append(make_batches(lab, seen, signer, which="complete")["orders"])
        except LabError as error:
            outcomes.append(type(error))

    threads = [threading.Thread(target=balance, args=[lab]) for lab in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes, key=str) == [5, Refused]
    assert people[0].rows("SELECT count(*), count(DISTINCT batch_id) FROM ops.sent_order") == [(5, 1)]
    assert broken_checks(people[0]) == {}
