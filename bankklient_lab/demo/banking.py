"""How the demo company and the simulated bank come to know each other, and what passes between them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from bankklient_lab.bank import Account, Bank
from bankklient_lab.demo.company import NAME
from bankklient_lab.demo.inprocess import InProcess
from bankklient_lab.errors import Refused
from bankklient_lab.jobs import Job

if TYPE_CHECKING:
    from bankklient_lab.lab import Lab

ADDRESS = "http://127.0.0.1:8765"  # where `bankklient bank serve` serves unless told otherwise


class Clock:
    """The time of a rehearsal: it stands until it is moved."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        """Return the instant that it stands at."""
        return self.now


def acquaint(lab: Lab, bank: Bank, password: str, accounts: Sequence[Account]) -> None:
    """Let the lab's client and its bank know each other: points, keys, accounts; `password` is of the client's new key.

    It goes as between any client and its bank: each side gives its key, and compares the other's fingerprint.
    """
    from bankklient_lab.keys.banks import register_bank_key
    from bankklient_lab.keys.creating import create_key
    from bankklient_lab.keys.delivering import hand_over_key, record_key_delivery
    from bankklient_lab.keys.points import BANK, HTTPS, OWN, change_connection_point, point_of
    from bankklient_lab.sealing.identification import read_identification

    terms, point = bank.parameters, point_of(lab, OWN).point
    settings = {"address": ADDRESS}
    change_connection_point(lab, BANK, number=terms.point, name=terms.name, channel=HTTPS, settings=settings)
    with TemporaryDirectory(prefix="bankklient-") as folder:
        path = Path(folder) / "bank.pem"
        path.write_text(bank.certificate.pem, "ascii")
        register_bank_key(lab, path, bank.certificate.fingerprint)
    made = create_key(lab, "operational", password)
    handed = hand_over_key(lab, made["key_id"], password)
    (first,) = [content for name, content in handed.items() if name.endswith("FKEYID.SGN")]
    bank.register_client(point, NAME)
    bank.register_key(read_identification(first, lab.clock()).certificate)
    record_key_delivery(lab, made["key_id"], made["fingerprint"])
    bank.open_account(*(replace(account, point=point) for account in accounts))


class Dealings:
    """What passes between a lab and its bank: orders balanced and sent, answers and statements received."""

    def __init__(self, lab: Lab, bank: Bank, password: str) -> None:
        from bankklient_lab.exchange.channels import Link
        from bankklient_lab.keys.choosing import transmission_keys
        from bankklient_lab.keys.points import OWN, point_of
        from bankklient_lab.keys.register import bank_trust
        from bankklient_lab.keys.unlocking import unlock

        self.lab, self.bank = lab, bank
        self._password = password
        key = unlock(lab, transmission_keys(lab)[0].key_id, password)
        self._link = Link(InProcess(bank, point_of(lab, OWN).point), key, bank_trust(lab))

    def balance(self) -> dict[str, Any]:
        """Put all confirmed orders and marked revocations into signed batches, as `balance` tells."""
        from bankklient_lab.balancing.balance import balance
        from bankklient_lab.balancing.summaries import balancing_types

        chosen = {row["record_type"]: row["digest"] for row in balancing_types.rows(self.lab) if row["records"]}
        return balance(self.lab, chosen, self._password)

    def update_records(self, kind: str) -> None:
        """Ask the bank for its records of a kind of service."""
        from bankklient_lab.exchange.service_lists import take_service_records

        take_service_records(self.lab, self._link, kind)

    def transmit(self) -> dict[str, Any]:
        """Send what waits and receive what waits, as `transmit` tells; Refused when something went wrong."""
        from bankklient_lab.exchange.transmitting import transmit_over

        told = transmit_over(self.lab, self._link, Job())
        if not told["complete"]:
            raise Refused(f"the transmission broke off: {told['message']}")
        return told
