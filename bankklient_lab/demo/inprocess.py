"""The channel to a simulated bank that runs in the same process, over its line."""

from __future__ import annotations

from bankklient_lab.bank import Bank
from bankklient_lab.bank.faults import FaultyBank
from bankklient_lab.errors import UnknownName
from bankklient_lab.exchange.channels import Announced, BankState
from bankklient_lab.sealing.identity import BatchIdentity


class InProcess:
    """A bank that is an object here, for the client of a connection point."""

    def __init__(self, bank: Bank | FaultyBank, client: int) -> None:
        self._bank, self._client = bank, client

    def send(self, identity: BatchIdentity, container: bytes) -> bytes:
        """Bring a batch."""
        return self._bank.take(container, identity).signed

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

    def current(self) -> bytes:
        """Ask for the current state."""
        return self._bank.current(self._client)

    def service_list(self, kind: str) -> bytes:
        """Ask for the records of a kind."""
        return self._bank.service_list(self._client, kind)

    def verify_payees(self, question: bytes) -> bytes:
        """Ask whose accounts are."""
        return self._bank.verify_payees(question)
