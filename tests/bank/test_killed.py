"""A bank that is killed while it works: what it has said it has, it has, and everything once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from bankklient_lab.bank import Bank
from bankklient_lab.sealing.certificates import read_certificate
from bankklient_lab.sealing.private_keys import opened_key, sealed_key
from tests.bank.banks import MAIN, a_world, key_of, payment

BATCHES = 12
ROOT = Path(__file__).parents[2]
# Takes the batches of a folder in, and says so after each; the key comes as the parent made it.
CHILD = """
import sys
from datetime import datetime
from pathlib import Path
from bankklient_lab.bank import Bank
from bankklient_lab.sealing.certificates import read_certificate
from bankklient_lab.sealing.private_keys import opened_key
folder, now = Path(sys.argv[1]), datetime.fromisoformat(sys.argv[2])
key = opened_key((folder / "key").read_bytes(), "password", read_certificate((folder / "certificate").read_bytes()))
bank = Bank.open(folder / "bank.db", lambda: now, key=key)
for container in sorted(folder.glob("batch*")):
    bank.take(container.read_bytes())
    print(container.name, flush=True)
"""


@pytest.mark.parametrize("answers", [0, 1, 5, BATCHES - 1])
def test_a_killed_bank_has_what_it_answered_and_everything_once(tmp_path: Path, answers: int) -> None:
    world = a_world(tmp_path / "bank.db")
    containers = [world.sealed(world.payload(1, payment(amount=n))) for n in range(1, BATCHES + 1)]
    for number, container in enumerate(containers):
        (tmp_path / f"batch{number:02}").write_bytes(container)
    key = key_of(600, "bank", "rsa")
    (tmp_path / "key").write_bytes(sealed_key(key, "password"))
    (tmp_path / "certificate").write_bytes(key.certificate.der)
    world.bank.close()

    command = [sys.executable, "-c", CHILD, str(tmp_path), world.clock().isoformat()]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as child:
        assert child.stdout is not None
        said = [child.stdout.readline().strip() for _ in range(answers)]
        os.kill(child.pid, signal.SIGKILL)
    assert said == [f"batch{number:02}" for number in range(answers)]

    restored = opened_key((tmp_path / "key").read_bytes(), "password", read_certificate(key.certificate.der))
    world.bank = Bank.open(tmp_path / "bank.db", world.clock, key=restored)
    assert world.whole()
    assert 10_000 - world.bank.balances()[MAIN] >= sum(range(1, answers + 1))
    for container in containers:
        assert world.bank.take(container).status == "received"
    assert 10_000 - world.bank.balances()[MAIN] == sum(range(1, BATCHES + 1))
    assert world.whole()
    world.bank.close()
