"""A client and a simulated bank that know each other's keys, driven by one clock."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from bankklient_lab.bank import Account, Bank
from bankklient_lab.bank.faults import Fault, FaultyBank
from bankklient_lab.exchange.channels import Link
from bankklient_lab.exchange.transmitting import transmit_over
from bankklient_lab.jobs import Job
from bankklient_lab.keys.points import change_connection_point
from bankklient_lab.keys.register import bank_trust, insert_key
from bankklient_lab.lab import Lab
from bankklient_lab.sealing.keys import SigningKey
from tests.balancing.labs import KEY, OWN_POINT, a_signer, balanced
from tests.bank.banks import key_of
from tests.clocks import Clock
from tests.exchange.inprocess import OverALine

BANK_POINT = 600
BANK_KEY = key_of(BANK_POINT, "operational", "rsa")
OPENING = {"CZ7706000006090150012947": ("CZK", 1_000_000), "CZ4906000000000150000030": ("CZK", 50_000),
           "CZ8406002020160000303634": ("EUR", 20_000), "CZ2306000001230000424524": ("CZK", 0)}  # fmt: skip


@dataclass
class Pair:
    """A client's lab and its bank; `fault` is what happens to the next requests, one each."""

    lab: Lab
    bank: Bank
    clock: Clock
    faults: list[Fault | None] = field(default_factory=list)
    key: SigningKey = KEY

    def __post_init__(self) -> None:
        self.line = FaultyBank(self.bank, lambda: self.faults.pop(0) if self.faults else None)

    def balance(self) -> dict[str, Any]:
        """Put what is ready into batches."""
        return balanced(self.lab, a_signer())

    def transmit(self, *faults: Fault | None, job: Job | None = None, mixed_up: bool = False) -> dict[str, Any]:
        """Transmit over the line, whose first requests suffer the faults."""
        self.faults[:] = faults
        link = Link(OverALine(self.line, OWN_POINT, mixed_up=mixed_up), self.key, bank_trust(self.lab))
        return transmit_over(self.lab, link, job or Job())

    def later(self, **by: float) -> None:
        """Move the clock; the bank lives up to it at the next call."""
        self.clock.now += timedelta(**by)

    def batch_status(self, batch_id: int = 1) -> int:
        """Return the status of a batch."""
        ((status,),) = self.lab.rows("SELECT status FROM ops.batch WHERE batch_id = $id", {"id": batch_id})
        return int(status)

    def statuses(self, batch_id: int = 1) -> list[int]:
        """Return the statuses that a batch went through."""
        found = self.lab.rows(
            "SELECT status FROM ops.batch_event WHERE batch_id = $id ORDER BY rowid", {"id": batch_id}
        )
        return [status for (status,) in found]

    def received(self, batch_type: int) -> list[tuple[int, str]]:
        """Return status and last note of the batches of a type from the bank."""
        return self.lab.rows(
            "SELECT b.status, arg_max(note, e.rowid) FROM ops.batch b JOIN ops.batch_event e USING (batch_id)"
            " WHERE direction = 'receive' AND batch_type = $type GROUP BY batch_id, b.status ORDER BY batch_id",
            {"type": batch_type},
        )

    def logged(self, action: str) -> list[str]:
        """Return the subjects of the log's entries of a message."""
        return [one for (one,) in self.lab.rows(
            "SELECT subject FROM ops.log WHERE action = $action ORDER BY log_id", {"action": action}
        )]  # fmt: skip


def a_bank(clock: Callable[[], Any], path: Path | None = None, **contract: Any) -> Bank:
    """Return a bank that knows the client (`contract`: as register_client), its key and its accounts."""
    bank = Bank.open(path, clock, key=BANK_KEY, seed=1)
    bank.register_client(OWN_POINT, "Client", **contract)
    bank.register_key(KEY.certificate)
    for account, (currency, amount) in OPENING.items():
        bank.open_account(Account(account, currency, "Account", OWN_POINT, opening=Decimal(amount)))
    return bank


def by_folder(lab: Lab, folder: Path) -> None:
    """Let the bank be reached by two new folders within one, named as the settings: send_to and receive_from."""
    folders = {name: str(folder / name) for name in ("send_to", "receive_from")}
    for one in folders.values():
        Path(one).mkdir()
    change_connection_point(lab, "bank", channel="folder", settings=folders)


def introduced(lab: Lab) -> Lab:
    """Let the lab know its bank's point and key, and have a register entry for its own key."""
    with lab.database.tx("ops") as cursor:
        cursor.execute("UPDATE ops.connection_point SET point = ? WHERE role = 'bank'", [BANK_POINT])
        for certificate in (KEY.certificate, BANK_KEY.certificate):
            insert_key(lab, cursor, certificate, key_order="20260001", warn_days=90, delivered=True, proven=True)
    return lab
