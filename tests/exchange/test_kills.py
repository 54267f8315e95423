"""A process that ends at any instant of a transmission, with the client and the bank in it."""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bankklient_lab.lab import open_here
from tests.balancing.labs import a_signer, balanced
from tests.clocks import NOON, Clock
from tests.exchange.killed import keep_keys, pair_in
from tests.exchange.labs import a_bank, introduced
from tests.faults.running import ROOT
from tests.keys.conftest import quick_key_passwords
from tests.orders.labs import FOREIGN, broken_checks, created

__all__ = ["quick_key_passwords"]

KILLS = 6
LONGEST_SECONDS = 1.2  # about what the transmission takes


@pytest.fixture(scope="module")
def prepared(orders_file: Path, tmp_path_factory: pytest.TempPathFactory, quick_key_passwords: None) -> Path:
    """Return a folder with a lab, of which two batches wait, its bank, and the keys of both; it is only copied."""
    folder = tmp_path_factory.mktemp("prepared")
    clock = Clock(NOON)
    clock.move(hours=21)
    keep_keys(folder)
    with open_here(Path(shutil.copy(orders_file, folder / "killed.lab")), clock=clock, user="tester") as lab:
        introduced(lab)
        for amount in range(1, 6):
            created(lab, amount=str(amount))
        created(lab, FOREIGN)
        balanced(lab, a_signer())
    a_bank(clock, folder / "bank.db").close()
    return folder


@pytest.mark.spec("TRN-018", "TRN-019")
def test_a_kill_while_transmitting_loses_nothing_and_does_nothing_twice(prepared: Path, tmp_path: Path) -> None:
    chance = random.Random(20_261_122)
    for number in range(KILLS):
        folder = Path(shutil.copytree(prepared, tmp_path / str(number)))
        command = [sys.executable, "-m", "tests.exchange.killed", str(folder)]
        with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            try:
                process.wait(timeout=chance.uniform(0, LONGEST_SECONDS))
            except subprocess.TimeoutExpired:
                process.kill()
        pair = pair_in(folder)
        with pair.lab as lab:
            assert broken_checks(lab) == {}
            for _ in range(2):
                told = pair.transmit()
                assert told["complete"], told["message"]
            ends = dict(lab.rows("SELECT direction, list(DISTINCT status) FROM ops.batch GROUP BY ALL"))
            assert ends["send"] == [8]
            assert set(ends["receive"]) <= {11, 14}
            statuses = lab.rows(
                "SELECT DISTINCT status FROM ops.domestic_order UNION ALL SELECT status FROM ops.foreign_order"
            )
            assert statuses == [("OK",), ("PR",)]
            assert pair.bank.balances()["CZ7706000006090150012947"] == 1_000_000 - 15
            assert broken_checks(lab) == {}
            assert pair.bank.check() == dict.fromkeys(pair.bank.check(), 0)
        pair.bank.close()
