"""What the tests kill: a process with a lab and its bank, both in files, that transmits until it ends.

`python -m tests.exchange.killed FOLDER` says "ready" when both are open, and "done" after the transmission.
"""

from __future__ import annotations

import sys
from pathlib import Path

from bankklient_lab.bank import Bank
from bankklient_lab.lab import open_here
from bankklient_lab.sealing import private_keys
from bankklient_lab.sealing.certificates import read_certificate
from bankklient_lab.sealing.keys import SigningKey
from bankklient_lab.sealing.private_keys import opened_key, sealed_key
from tests.balancing.labs import KEY
from tests.clocks import NOON, Clock
from tests.exchange.labs import BANK_KEY, Pair

_PASSWORD = "12345678"


def keep_keys(folder: Path) -> None:
    """Keep the keys of this process, with which lab and bank were made, for others."""
    for name, key in (("client", KEY), ("bank", BANK_KEY)):
        (folder / f"{name}.der").write_bytes(key.certificate.der)
        (folder / f"{name}.key").write_bytes(sealed_key(key, _PASSWORD))


def pair_in(folder: Path) -> Pair:
    """Open the lab and the bank of a folder on a Monday at ten in the morning."""
    clock = Clock(NOON)
    clock.move(hours=21)
    client, bank = (_kept(folder, name) for name in ("client", "bank"))
    lab = open_here(folder / "killed.lab", clock=clock, user="tester")
    return Pair(lab, Bank.open(folder / "bank.db", clock, key=bank), clock, key=client)


def _kept(folder: Path, name: str) -> SigningKey:
    certificate = read_certificate((folder / f"{name}.der").read_bytes())
    return opened_key((folder / f"{name}.key").read_bytes(), _PASSWORD, certificate)


if __name__ == "__main__":
    private_keys.ROUNDS, private_keys.MEMORY_KIB, private_keys.LANES = 1, 8, 1
    pair = pair_in(Path(sys.argv[1]))
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    pair.transmit()
    sys.stdout.write("done\n")
    sys.stdout.flush()
    sys.stdin.read()
