"""Faults of the way between a client and the bank, to be switched on: what a network does at its worst."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from enum import StrEnum
from random import Random
from typing import TypeVar

from bankklient_lab.bank.answers import Waiting
from bankklient_lab.bank.bank import Bank, State
from bankklient_lab.bank.receipt import Receipt
from bankklient_lab.errors import LabError, Unreachable
from bankklient_lab.sealing.identity import BatchIdentity

Answer = TypeVar("Answer")
REASON = "the bank can't be reached"


class Fault(StrEnum):
    """What may happen to one request."""

    LOST = "lost"  # it never arrives
    DOUBLED = "doubled"  # it arrives twice
    DELAYED = "delayed"  # it arrives before the next request, out of its order; no answer comes
    TRUNCATED = "truncated"  # half of the container arrives
    TAMPERED = "tampered"  # one bit of the container is changed
    UNANSWERED = "unanswered"  # it is done, and the answer is lost
    DOWN = "down"  # the bank answers nobody


class FaultyBank:
    """A bank behind a bad line: the exchange's methods of Bank, each of which may raise Unreachable instead.

    `choose` says what happens to the next request (None: nothing). `Chance` is one that draws lots.
    """

    def __init__(self, bank: Bank, choose: Callable[[], Fault | None]) -> None:
        self.bank = bank
        self._choose = choose
        self._delayed: list[Callable[[], object]] = []

    def take(self, container: bytes, identity: BatchIdentity | None = None) -> Receipt:
        """Bring a batch."""
        return self._bring(lambda content: self.bank.take(content, identity), container)

    def void(self, container: bytes, identity: BatchIdentity | None = None) -> Receipt:
        """Give a number up."""
        return self._bring(lambda content: self.bank.void(content, identity), container)

    def state(self, identity: BatchIdentity) -> State:
        """Ask for the state of a batch."""
        return self._ask(lambda: self.bank.state(identity))

    def waiting(self, client: int) -> list[Waiting]:
        """Ask for what waits."""
        return self._ask(lambda: self.bank.waiting(client))

    def fetch(self, client: int, batch_type: int, order: str) -> bytes:
        """Fetch a batch, which may come damaged."""
        fault = self._next()
        return _damaged(fault, self._through(fault, lambda: self.bank.fetch(client, batch_type, order)))

    def taken(self, client: int, batch_type: int, order: str, digest: str) -> None:
        """Confirm a batch."""
        self._ask(lambda: self.bank.taken(client, batch_type, order, digest))

    def service_list(self, client: int, kind: str) -> bytes:
        """Fetch the records of a service, which may come damaged."""
        fault = self._next()
        return _damaged(fault, self._through(fault, lambda: self.bank.service_list(client, kind)))

    def current(self, client: int) -> bytes:
        """Fetch the current state of the accounts, which may come damaged."""
        fault = self._next()
        return _damaged(fault, self._through(fault, lambda: self.bank.current(client)))

    def verify_payees(self, question: bytes) -> bytes:
        """Ask whose accounts are; the answer may come damaged."""
        fault = self._next()
        return _damaged(fault, self._through(fault, lambda: self.bank.verify_payees(question)))

    def _bring(self, bring: Callable[[bytes], Receipt], container: bytes) -> Receipt:
        fault = self._next()
        return self._through(fault, lambda: bring(_damaged(fault, container)))

    def _ask(self, ask: Callable[[], Answer]) -> Answer:
        return self._through(self._next(), ask)

    def _next(self) -> Fault | None:
        """Let what was delayed arrive, and return what happens to the next request."""
        delayed, self._delayed = self._delayed, []
        for arrive in delayed:
            with suppress(LabError):  # nobody waits for its answer any more
                arrive()
        return self._choose()

    def _through(self, fault: Fault | None, do: Callable[[], Answer]) -> Answer:
        if fault in {Fault.LOST, Fault.DOWN}:
            raise Unreachable(REASON)
        if fault is Fault.DELAYED:
            self._delayed.append(do)
            raise Unreachable(REASON)
        if fault is Fault.DOUBLED:
            do()
        answer = do()
        if fault is Fault.UNANSWERED:
            raise Unreachable(REASON)
        return answer


class Chance:
    """Draws lots: each fault of `faults` with the same share of `probability` (0 to 1), by a seed."""

    def __init__(self, faults: tuple[Fault, ...], probability: float, seed: int) -> None:
        self._faults = faults
        self._probability = probability
        self._random = Random(seed)  # noqa: S311 - it keeps no secret

    def __call__(self) -> Fault | None:
        """Return what happens next."""
        return self._random.choice(self._faults) if self._random.random() < self._probability else None


def _damaged(fault: Fault | None, container: bytes) -> bytes:
    middle = len(container) // 2
    if fault is Fault.TRUNCATED:
        return container[:middle]
    if fault is Fault.TAMPERED:
        return container[:middle] + bytes([container[middle] ^ 1]) + container[middle + 1 :]
    return container
