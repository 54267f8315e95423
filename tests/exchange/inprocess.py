"""The channel to a simulated bank that runs in the same process, over its line."""

from __future__ import annotations

from bankklient_lab.bank.faults import FaultyBank
from bankklient_lab.errors import UnknownName
from bankklient_lab.exchange.channels import Announced, BankState
from bankklient_lab.sealing.identity import BatchIdentity


class InProcess:
    """A bank that is an object here, for the client of a connection point."""

    def __init__(self, bank: FaultyBank, client: int, *, mixed_up: bool = False) -> None:
        """`mixed_up`: from the second batch on, the receipt of the one before comes instead of its own."""
        self._bank, self._client = bank, client
        self._mixed_up = mixed_up
        self._before = b""

    def send(self, identity: BatchIdentity, container: bytes) -> bytes:
        """Bring a batch."""
        signed = self._bank.take(container, identity).signed
        before, self._before = self._before, signed
        return before if self._mixed_up and before else signed

    def void(self, identity: BatchIdentity, container: bytes) -> bytes:
        """Give a number up."""
        return self._bank.void(container, identity).signed

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
