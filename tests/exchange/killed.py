"""What the tests kill: a client that transmits over HTTP, and its bank, each a process of its own with its file.

A process is forked from a server that has imported everything, and begins with its work within some milliseconds.
"""

from __future__ import annotations

import multiprocessing
import socket
import time
from datetime import datetime
from pathlib import Path
from typing import Literal

import httpx2  # noqa: F401 - here, so that it is imported before a process is forked
import uvicorn

from bankklient_lab.bank import Bank
from bankklient_lab.bank.service import application
from bankklient_lab.exchange.channels import Link
from bankklient_lab.exchange.https import Https
from bankklient_lab.exchange.transmitting import transmit_over
from bankklient_lab.jobs import Job
from bankklient_lab.keys.points import change_connection_point
from bankklient_lab.keys.register import bank_trust
from bankklient_lab.lab import Lab, open_here
from bankklient_lab.sealing.certificates import read_certificate
from bankklient_lab.sealing.keys import SigningKey
from bankklient_lab.sealing.private_keys import opened_key, sealed_key
from tests.clocks import Clock

Side = Literal["client", "bank"]
SIDES: tuple[Side, ...] = ("client", "bank")
_PASSWORD = "12345678"
_LONGEST_SECONDS = 300  # a client that finds no bank says so long before
_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload([__name__])


def keep_key(folder: Path, side: Side, key: SigningKey) -> None:
    """Keep the key of a side, with which its file was made, for its processes."""
    (folder / f"{side}.der").write_bytes(key.certificate.der)
    (folder / f"{side}.key").write_bytes(sealed_key(key, _PASSWORD))


def kept_key(folder: Path, side: Side) -> SigningKey:
    """Return the kept key of a side."""
    certificate = read_certificate((folder / f"{side}.der").read_bytes())
    return opened_key((folder / f"{side}.key").read_bytes(), _PASSWORD, certificate)


def opened_lab(folder: Path, at: Clock) -> Lab:
    """Open the client's lab of a folder."""
    return open_here(folder / "client.lab", clock=at, user="tester")


def opened_bank(folder: Path, at: Clock) -> Bank:
    """Open the bank of a folder."""
    return Bank.open(folder / "bank.db", at, key=kept_key(folder, "bank"))


def transmit_and_kill(folder: Path, now: dict[Side, datetime], side: Side, seconds: float) -> bool:
    """Let the lab of a folder transmit to the bank of the folder, and kill a side after so many seconds.

    `now`: what the clocks of both show. Returns whether the client still transmitted; afterwards nothing runs.
    """
    with socket.create_server(("127.0.0.1", 0)) as door:  # closed here, the port ends with the bank
        address = f"http://127.0.0.1:{door.getsockname()[1]}"
        bank = _FORKS.Process(target=_serve, args=(folder, now["bank"], door))
        bank.start()
    client = _FORKS.Process(target=_transmit, args=(folder, now["client"], address))
    client.start()
    time.sleep(seconds)  # the instant of the kill is what is tested
    amid = client.is_alive()
    {"client": client, "bank": bank}[side].kill()
    client.join(_LONGEST_SECONDS)
    bank.kill()
    bank.join()
    assert client.exitcode in (0, -9), client.exitcode
    return amid


def _serve(folder: Path, now: datetime, door: socket.socket) -> None:
    service = application(opened_bank(folder, Clock(now)))
    uvicorn.Server(uvicorn.Config(service, log_level="critical")).run([door])


def _transmit(folder: Path, now: datetime, address: str) -> None:
    key = kept_key(folder, "client")
    with opened_lab(folder, Clock(now)) as lab:
        change_connection_point(lab, "bank", channel="https", settings={"address": address})
        with Https(lab, key) as service:
            transmit_over(lab, Link(service, key, bank_trust(lab)), Job())
