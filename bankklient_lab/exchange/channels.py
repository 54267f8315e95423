"""The ways to a bank: an outlet that only takes what is sent, and a service that answers.

Each call may raise Unreachable (try again), and what the bank refuses as a LabError.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Protocol

from bankklient_lab.errors import SealBroken
from bankklient_lab.sealing.certificates import Certificate
from bankklient_lab.sealing.container import Opened, opened
from bankklient_lab.sealing.identity import BatchIdentity
from bankklient_lab.sealing.keys import SigningKey

VOID = "void"  # the status of a number that was given up


class BankState(NamedTuple):
    """What the bank has under a number: `status` parked, waiting, processed, refused (`error` says why) or VOID."""

    sha256: str  # empty: the number was given up
    status: str
    error: str


class Announced(NamedTuple):
    """A batch that waits at the bank."""

    batch_type: int
    order: str  # rrrrnnnn
    sha256: str  # of its payload


class Outlet(Protocol):
    """Where batches are left for a bank that does not answer here."""

    def leave(self, identity: BatchIdentity, payload: bytes) -> None:
        """Leave what a batch says; leaving it again changes nothing."""


class Service(Protocol):
    """A bank that takes batches, tells what it has, and has batches for the client."""

    def send(self, identity: BatchIdentity, container: bytes) -> bytes:
        """Bring a batch and return the bank's signed receipt."""

    def void(self, identity: BatchIdentity, container: bytes) -> bytes:
        """Tell that a number is given up (the payload is empty) and return the bank's signed receipt."""

    def state(self, identity: BatchIdentity) -> BankState | None:
        """Return what the bank has under a number, None when it has nothing."""

    def waiting(self) -> list[Announced]:
        """Return the batches that wait for the client, in the order in which they are to be taken."""

    def fetch(self, announced: Announced) -> bytes:
        """Return the container of a waiting batch."""

    def taken(self, announced: Announced) -> None:
        """Confirm that a batch was taken over."""

    def current(self) -> bytes:
        """Return the container of the current state of the client's accounts and orders."""

    def service_list(self, kind: str) -> bytes:
        """Return the container of the client's records of a kind (codebooks.services)."""

    def verify_payees(self, question: bytes) -> bytes:
        """Return the bank's signed answer to a question of formats.payee_answers."""


@dataclass(frozen=True, slots=True)
class Link:
    """A service with what is needed to talk to it."""

    service: Service
    key: SigningKey  # brings batches and opens those of the bank
    trust: Mapping[str, Certificate]  # the bank's certificates by fingerprint

    def opened(self, container: bytes, at: datetime) -> Opened:
        """Open what the bank sealed for this client; SealBroken for anything else, and for what nobody signed."""
        found = opened(container, trust=self.trust.get, decrypt_with=self.key.private_key, at=at)
        if not found.signers:
            raise SealBroken("signature", f"batch {found.identity.line} is not signed")
        return found
