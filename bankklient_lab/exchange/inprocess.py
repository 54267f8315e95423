"""The channel to a bank that runs in the same process, such as the simulated one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from bankklient_lab.errors import UnknownName
from bankklient_lab.exchange.channels import Announced, BankState, Parcel
from bankklient_lab.sealing.identity import BatchIdentity


class _Receipt(Protocol):
    @property
    def signed(self) -> bytes: ...


class _State(Protocol):
    @property
    def sha256(self) -> str: ...
    @property
    def status(self) -> str: ...
    @property
    def error(self) -> str: ...


class _Waiting(Protocol):
    @property
    def batch_type(self) -> int: ...
    @property
    def order(self) -> str: ...
    @property
    def sha256(self) -> str: ...


class BankDoors(Protocol):
    """What the channel calls of a bank."""

    def take(self, container: bytes) -> _Receipt:
        """Take a batch in."""

    def void(self, container: bytes) -> _Receipt:
        """Record that a number is given up."""

    def state(self, identity: BatchIdentity) -> _State:
        """Return what there is under a number; UnknownName for nothing."""

    def waiting(self, client: int) -> Sequence[_Waiting]:
        """Return the batches for a client."""

    def fetch(self, client: int, batch_type: int, order: str) -> bytes:
        """Return a batch for a client."""

    def taken(self, client: int, batch_type: int, order: str, digest: str) -> None:
        """Record that a client has a batch."""


class InProcess:
    """A bank that is an object here, for the client of a connection point."""

    answers = True

    def __init__(self, bank: BankDoors, client: int) -> None:
        self._bank, self._client = bank, client

    def send(self, parcel: Parcel) -> bytes:
        """Bring a batch."""
        return self._bank.take(parcel.container()).signed

    def void(self, parcel: Parcel) -> bytes:
        """Give a number up."""
        return self._bank.void(parcel.container()).signed

    def state(self, identity: BatchIdentity) -> BankState | None:
        """Ask for a number."""
        try:
            found = self._bank.state(identity)
        except UnknownName:
            return None
        return BankState(found.sha256, found.status, found.error)

    def waiting(self) -> list[Announced]:
        """Ask for what waits."""
        return [Announced(one.batch_type, one.order, one.sha256) for one in self._bank.waiting(self._client)]

    def fetch(self, announced: Announced) -> bytes:
        """Fetch a batch."""
        return self._bank.fetch(self._client, announced.batch_type, announced.order)

    def taken(self, announced: Announced) -> None:
        """Confirm a batch."""
        self._bank.taken(self._client, *announced)
