"""A bank with a client, driven by its clock: batches made, signed and brought as a client does it."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa

from bankklient_lab.bank import Account, Bank, Receipt, parameters_of
from bankklient_lab.formats import format_named as statement_format
from bankklient_lab.formats.base import Hints
from bankklient_lab.formats.batches import Batch, Message, OrderInBatch, read_batch, write_batch
from bankklient_lab.formats.order_answers import (
    OrderAnswer,
    RevocationAnswer,
    read_resolution,
    read_status,
    write_cancellation,
)
from bankklient_lab.formats.payments import format_named
from bankklient_lab.formats.payments.base import Header
from bankklient_lab.formats.payments.schema import PAYMENT
from bankklient_lab.formats.schema import Kind
from bankklient_lab.sealing.container import opened, seal, sign
from bankklient_lab.sealing.identity import BatchIdentity
from bankklient_lab.sealing.keys import SigningKey, new_key

CLIENT, OTHER_CLIENT = 20_001, 20_002
Row = dict[str, Any]


def iban(number: int, bank: str = "0600", country: str = "CZ") -> str:
    """Return the account of a number."""
    text = f"{bank}{number:016d}"
    letters = "".join(str(ord(letter) - 55) for letter in country)
    return f"{country}{98 - int(text + letters + '00') % 97:02d}{text}"


MAIN, SECOND, EURO, FOREIGNER = iban(19), iban(27), iban(35), "DE89370400440532013000"
NEIGHBOUR = iban(1000, "0600")  # another customer of the bank
ELSEWHERE = iban(2000, "0800")


@cache
def key_of(point: int, name: str = "operational", algorithm: str = "ecdsa") -> SigningKey:
    """Return a key; the same for the same names."""
    made = datetime(2026, 1, 1, tzinfo=UTC)
    return new_key(point=point, kind=name, at=made, expires_on=date(2030, 1, 1), algorithm=algorithm)  # type: ignore[arg-type]


class Clock:
    """Time that stands still until it is set."""

    def __init__(self, zone: str = "Europe/Prague") -> None:
        self.zone = ZoneInfo(zone)
        self.now = self.at("2026-03-03 10:00")  # a Tuesday

    def at(self, text: str) -> datetime:
        """Return an instant of the bank's own time."""
        return datetime.fromisoformat(text).replace(tzinfo=self.zone).astimezone(UTC)

    def __call__(self) -> datetime:
        return self.now


@dataclass
class World:
    """A bank, and what its client does."""

    bank: Bank
    clock: Clock
    numbers: dict[tuple[int, int, int], int] = field(default_factory=dict)
    orders: int = 2026030300000000

    def go(self, text: str) -> None:
        """Let it be a moment of the bank's own time."""
        self.clock.now = self.clock.at(text)
        self.bank.advance(self.clock.now)

    def identity(self, batch_type: int, point: int = CLIENT) -> BatchIdentity:
        """Return the next identity of a type."""
        year = self.clock.now.astimezone(self.clock.zone).year
        number = self.numbers[point, batch_type, year] = self.numbers.get((point, batch_type, year), 0) + 1
        return BatchIdentity(point, self.bank.parameters.point, batch_type, year, number)

    def payload(self, batch_type: int, *orders: Row, point: int = CLIENT, priority: bool = False) -> bytes:
        """Return the payload of a batch with orders, numbered on."""
        messages: list[Message] = []
        listed: list[OrderInBatch] = []
        for name, version, kinds in (
            ("pain.001", "09", {"payment", "foreign"}),
            ("pain.008", "08", {"collection"}),
        ):
            chosen = [order for order in orders if order["kind"] in kinds]
            if not chosen:
                continue
            for order in chosen:
                self.orders += 1
                order["client_reference"] = str(self.orders)
            table = pa.Table.from_pylist(
                [{"group_no": 1, "payment_no": n} | o for n, o in enumerate(chosen, 1)], PAYMENT
            )
            header = Header(f"B{self.orders}", self.clock(), "Client", version=version)
            content = b"".join(format_named(name).write(table, header))  # type: ignore[misc]
            messages.append(Message(f"{name}.001.{version}", content))
            listed += [
                OrderInBatch(int(order["client_reference"]), "0" * 64, len(messages), n)
                for n, order in enumerate(chosen, 1)
            ]
        return write_batch(Batch(self.identity(batch_type, point), priority, listed, messages))

    def sealed(self, payload: bytes, identity: BatchIdentity | None = None, **options: Any) -> bytes:
        """Return a container, signed and brought by the client's key."""
        identity = identity or read_batch(payload).identity
        key = options.get("key") or key_of(identity.sender)
        signers = options.get("signers", [key])
        signatures = [sign(identity, sha256(payload).digest(), one, self.clock()) for one in signers]
        return seal(identity, payload, signatures, key, record_format="02", at=self.clock())

    def send(self, batch_type: int, *orders: Row, **options: Any) -> Receipt:
        """Make and bring a batch."""
        return self.bank.take(self.sealed(self.payload(batch_type, *orders, **options)))

    def revoke(self, *order_ids: int, point: int = CLIENT) -> list[RevocationAnswer]:
        """Send a batch of revocations, fetch and confirm everything, and return the answers."""
        self.bank.take(self.sealed(revocation(self, *order_ids, point=point)))
        (answer,) = self.received(13, point)
        return read_resolution(answer)

    def batches(self, client: int = CLIENT) -> list[Batch]:
        """Fetch and confirm what waits for a client, each container checked."""
        found = []
        for one in self.bank.waiting(client):
            container = self.bank.fetch(client, one.batch_type, one.order)
            whole = opened(container, trust=lambda _: self.bank.certificate, decrypt_with=None, at=self.clock())
            assert sha256(whole.payload).hexdigest() == one.sha256
            found.append(read_batch(whole.payload))
            self.bank.taken(client, one.batch_type, one.order, one.sha256)
        return found

    def received(self, batch_type: int, client: int = CLIENT) -> list[Message]:
        """Fetch and confirm everything, and return the messages of one type."""
        return [m for batch in self.batches(client) if batch.identity.batch_type == batch_type for m in batch.messages]

    def answers(self, client: int = CLIENT) -> list[OrderAnswer]:
        """Fetch and confirm everything, and return the answers on orders."""
        return [
            answer
            for batch in self.batches(client)
            if batch.identity.batch_type in {3, 11}
            for message in batch.messages
            for answer in read_status(message).answers
        ]

    def last(self, order_id: int | None = None) -> tuple[str, int | None]:
        """Return the last answer on an order (the newest one): status and reason."""
        wanted = order_id or self.orders
        found = [answer for answer in self.answers() if answer.order_id == wanted]
        return found[-1].status, found[-1].reason

    def whole(self) -> bool:
        """Tell whether every invariant of the bank holds."""
        return not any(self.bank.check().values())


def revocation(world: World, *order_ids: int, point: int = CLIENT) -> bytes:
    """Return the payload of a batch that asks to revoke orders."""
    message = write_cancellation(order_ids, "R1", world.clock())
    listed = [OrderInBatch(order_id, "0" * 64, 1, n) for n, order_id in enumerate(order_ids, 1)]
    return write_batch(Batch(world.identity(13, point), False, listed, [message]))


def payment(**changes: Any) -> Row:
    """Return a domestic payment of today."""
    return {
        "kind": "payment", "own_account": MAIN, "own_name": "Client", "counter_account": ELSEWHERE,
        "counter_name": "Supplier", "amount": Decimal(100), "currency": "CZK", "maturity": date(2026, 3, 3),
        "variable_symbol": "123",
    } | changes  # fmt: skip


def collection(**changes: Any) -> Row:
    """Return a collection of today."""
    return payment(kind="collection", counter_name="Debtor", **changes)


def abroad(**changes: Any) -> Row:
    """Return a foreign payment of today."""
    return {
        "kind": "foreign", "own_account": MAIN, "own_name": "Client", "counter_account": FOREIGNER,
        "counter_bank": "COBADEFF", "counter_name": "Muster GmbH", "amount": Decimal(100), "currency": "EUR",
        "maturity": date(2026, 3, 3), "charge_bearer": "SHAR",
    } | changes  # fmt: skip


def a_world(
    path: Path | None = None, *, parameters: str = "cz", seed: int = 1, np_days: int = 0, start: str = ""
) -> World:
    """Return a new bank with a client and its accounts: 10,000 CZK, nothing, 1,000 EUR; `start` is its first moment."""
    terms = parameters_of(parameters)
    clock = Clock(terms.zone)
    clock.now = clock.at(start) if start else clock.now
    bank = Bank.open(path, clock, key=key_of(terms.point, "bank", "rsa"), seed=seed, parameters=parameters)
    bank.register_client(CLIENT, "Client", np_days=np_days)
    bank.register_key(key_of(CLIENT).certificate)
    bank.register_client(OTHER_CLIENT, "Other")
    bank.register_key(key_of(OTHER_CLIENT).certificate)
    for account in (
        Account(MAIN, "CZK", "Main", CLIENT, opening=Decimal(10_000)),
        Account(SECOND, "CZK", "Second", CLIENT),
        Account(EURO, "EUR", "Euro", CLIENT, opening=Decimal(1_000)),
        Account(NEIGHBOUR, "CZK", "Neighbour", opening=Decimal(500)),
    ):
        bank.open_account(account)
    return World(bank, clock)


def rows(message: Message, kind: Kind) -> list[dict[str, Any]]:
    """Return the records of one kind in a statement or report; it must have no finding."""
    parts = list(statement_format(message.name[:8]).read(io.BytesIO(message.content), Hints()))
    assert not [row for part in parts if part.kind is Kind.FINDING for row in part.batch.to_pylist()]
    return [row for part in parts if part.kind is kind for row in part.batch.to_pylist()]
