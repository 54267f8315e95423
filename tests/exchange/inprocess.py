"""The channel to a simulated bank in the same process, over a line that may mix its receipts up."""

from __future__ import annotations

from bankklient_lab.bank.faults import FaultyBank
from bankklient_lab.demo.inprocess import InProcess
from bankklient_lab.sealing.identity import BatchIdentity


class OverALine(InProcess):
    """A bank that is an object here, over its line."""

    def __init__(self, bank: FaultyBank, client: int, *, mixed_up: bool = False) -> None:
        """`mixed_up`: instead of bringing a batch after the first one, the line gives the receipt of that again."""
        super().__init__(bank, client)
        self._mixed_up = mixed_up
        self._before = b""

    def send(self, identity: BatchIdentity, container: bytes) -> bytes:
        """Bring a batch."""
        if not (self._mixed_up and self._before):
            self._before = super().send(identity, container)
        return self._before
