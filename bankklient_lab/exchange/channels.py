"""What every channel to a bank offers, however it reaches it."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, Protocol

from bankklient_lab.sealing.identity import BatchIdentity


class Parcel(NamedTuple):
    """A batch on its way: `container()` seals its payload anew, `payload` is the same at each try."""

    identity: BatchIdentity
    payload: bytes
    sha256: str  # of the payload
    container: Callable[[], bytes]


class BankState(NamedTuple):
    """What the bank has under a number: `status` parked, waiting, processed, refused (`error` says why) or void."""

    sha256: str  # empty: the number was given up
    status: str
    error: str


class Announced(NamedTuple):
    """A batch that waits at the bank."""

    batch_type: int
    order: str  # rrrrnnnn
    sha256: str  # of its payload


class Channel(Protocol):
    """A way to a bank. Each call may raise Unreachable (try again), and what the bank refuses as a LabError."""

    answers: bool  # whether the bank gives receipts and states here; without, nothing but `send` is called

    def send(self, parcel: Parcel) -> bytes:
        """Bring a batch and return the bank's signed receipt, empty where the bank does not answer."""

    def void(self, parcel: Parcel) -> bytes:
        """Tell that a number is given up (its payload is empty) and return the bank's signed receipt."""

    def state(self, identity: BatchIdentity) -> BankState | None:
        """Return what the bank has under a number, None when it has nothing."""

    def waiting(self) -> list[Announced]:
        """Return the batches that wait for the client, in the order in which they are to be taken."""

    def fetch(self, announced: Announced) -> bytes:
        """Return the container of a waiting batch."""

    def taken(self, announced: Announced) -> None:
        """Confirm that a batch was taken over."""
