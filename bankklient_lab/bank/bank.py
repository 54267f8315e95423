"""The bank's doors: everything a client, a scenario or a service does with it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple, Self

import pyarrow as pa

from bankklient_lab.bank import (
    answers,
    collecting,
    contracts,
    foreign,
    forwards,
    incoming,
    issuing,
    permitted_collections,
    receipt,
    receivables,
    services,
    statements,
    taking,
)
from bankklient_lab.bank.answers import Waiting
from bankklient_lab.bank.contracts import Account
from bankklient_lab.bank.current import current_state
from bankklient_lab.bank.days import LONGEST, next_event
from bankklient_lab.bank.incoming import Incoming
from bankklient_lab.bank.informing import Informing
from bankklient_lab.bank.ledger import INVARIANTS
from bankklient_lab.bank.parameters import Parameters, parameters_of
from bankklient_lab.bank.rates import make_rates
from bankklient_lab.bank.receipt import Receipt
from bankklient_lab.bank.store import Store
from bankklient_lab.bank.work import Work
from bankklient_lab.calendars import Hours
from bankklient_lab.codebooks.services import AMOUNT_MAX
from bankklient_lab.errors import BadArgument, Refused, UnknownName
from bankklient_lab.sealing.certificates import Certificate
from bankklient_lab.sealing.container import Opened, agreed_format, opened, seal, sign
from bankklient_lab.sealing.identity import BatchIdentity, read_order
from bankklient_lab.sealing.keys import SigningKey


class State(NamedTuple):
    """What the bank has under a number: `status` parked, waiting, processed, refused (`error` says why) or void.

    `receipt` is the signed receipt that was given for it.
    """

    sha256: str
    status: str
    error: str
    receipt: bytes


class Bank(Informing):
    """A simulated bank over its own file; one thread at a time is let in.

    Before each call it lives up to the clock: what is due by then has happened. Every call is one transaction.
    """

    def __init__(
        self, store: Store, parameters: Parameters, seed: int, clock: Callable[[], datetime], key: SigningKey
    ) -> None:
        self.parameters = parameters
        self._store = store
        self._clock = clock
        self._key = key
        self._seed = seed
        self._hours = Hours(parameters.zone)

    @classmethod
    def open(
        cls, path: Path | None, clock: Callable[[], datetime], *, key: SigningKey, seed: int = 1, parameters: str = "cz"
    ) -> Self:
        """Open a bank, or found one in a new file (None: in memory); for an existing one its own parameters count.

        `key` is the bank's: it signs, brings and decrypts.
        """
        store = Store(path)
        with store.tx():
            row = store.row("SELECT parameters, seed FROM bank")
            code, seed = row or (parameters, seed)
            bank = cls(store, parameters_of(code), seed, clock, key)
            if key.certificate.point != bank.parameters.point:
                raise BadArgument(f"the key of the bank {bank.parameters.point} is needed")
            if row is None:
                given = {"parameters": code, "seed": seed, "at": clock()}
                store.do("INSERT INTO bank VALUES ($parameters, $seed, $at)", given)
                contracts.found(bank._work(given["at"]))
        return bank

    def close(self) -> None:
        """Close the file."""
        self._store.close()

    @property
    def certificate(self) -> Certificate:
        """The bank's certificate, which clients register."""
        return self._key.certificate

    # Exchange

    def take(self, container: bytes, identity: BatchIdentity | None = None) -> Receipt:
        """Take a batch in, and process it if it is its time; the same batch again gives the same receipt.

        `identity` is what it is said to be. SealBroken for a container that proves nothing; Refused (details: `reason`
        "number", "content", "signers", "identity", "recipient") for a number with another content, a content that came
        under another number, too few signatures, or another batch than is said: all without effect.
        """
        with self._now() as work:
            return taking.take(work, self._opened(work, container, identity), self._key)

    def void(self, container: bytes, identity: BatchIdentity | None = None) -> Receipt:
        """Record that a number is given up: a container with an empty payload. Refused when the number has a batch."""
        with self._now() as work:
            return taking.void(work, self._opened(work, container, identity), self._key)

    def state(self, identity: BatchIdentity) -> State:
        """Return what the bank has under a number; UnknownName when it has nothing."""
        with self._now() as work:
            found = receipt.known(work, identity)
            if found is None:
                raise UnknownName("batch", f"{identity.batch_type}/{identity.order}")
            return State(found.sha256 or "", found.state, found.error, found.receipt.signed)

    def waiting(self, client: int) -> list[Waiting]:
        """Return the batches that a client has not confirmed yet, in the order they were made."""
        with self._now() as work:
            return answers.waiting(work, client)

    def fetch(self, client: int, batch_type: int, order: str) -> bytes:
        """Return a batch for a client, sealed anew; UnknownName when there is none of that number."""
        with self._now() as work:
            identity = self._outgoing(client, batch_type, order)
            return self._sealed(work, identity, answers.payload_of(work, identity))

    def taken(self, client: int, batch_type: int, order: str, digest: str) -> None:
        """Record that a client has a batch, as often as it says so; Refused when it has another content."""
        with self._now() as work:
            answers.note_taken(work, self._outgoing(client, batch_type, order), digest)

    def current(self, client: int) -> bytes:
        """Return the current state of a client's accounts and orders, sealed like a batch (current.current_state)."""
        with self._now() as work:
            return self._sealed(work, *current_state(work, client))

    def service_list(self, client: int, kind: str) -> bytes:
        """Return a client's records of a kind (codebooks.services), sealed like a batch; UnknownName."""
        with self._now() as work:
            contracts.require_client(work, client)
            return self._sealed(work, *services.current_list(work, client, kind))

    # Time

    def advance(self, until: datetime) -> None:
        """Live up to an instant: every event in its order, each a transaction of its own."""
        if until <= self.lived_until:  # as when several calls come at one moment of a driven clock
            return
        while True:
            with self._store.tx():
                lived = self.lived_until
                if until - lived > LONGEST:
                    raise BadArgument(f"a bank lives at most {LONGEST.days} days in one go")
                event = next_event(self._work(lived), lived)
                if event.at > until:
                    self._lived(until)
                    return
                event.happen(self._work(event.at))
                self._lived(event.at)

    def lives_at(self) -> datetime:
        """Live up to the clock, and return the bank's moment (UTC)."""
        with self._now() as work:
            return work.at

    @property
    def lived_until(self) -> datetime:
        """The instant (UTC) up to which everything has happened."""
        with self._store.tx():
            row = self._store.row("SELECT lived_until FROM bank")
            assert row is not None
            found: datetime = row[0]
            return found.astimezone(UTC)

    def expect(self, payments: Sequence[Incoming]) -> None:
        """Let payments of others arrive at moments in the future."""
        with self._now() as work:
            incoming.expect(work, payments)

    # Contracts

    def register_client(
        self, point: int, name: str, *, encrypted: bool = False, np_days: int = 0, signers: int = 1
    ) -> None:
        """Register a client; `np_days` 0: the bank's own number; `signers`: keys that must sign a batch of orders.

        BadArgument for a connection point that is registered already or can be none.
        """
        with self._now() as work:
            contracts.register_client(work, point, name, encrypted=encrypted, np_days=np_days, signers=signers)

    def register_key(self, certificate: Certificate, *, signs_orders: bool = True, key_order: str = "") -> None:
        """Register the certificate of a client's key; one that does not sign orders only brings batches.

        `key_order` (rrrrnnnn) is what the client said of it.
        """
        with self._now() as work:
            contracts.register_key(work, certificate, signs_orders=signs_orders, key_order=key_order)

    def issue_configuration(
        self, point: int, password: str, *, address: str = "", recovery: bool = False, since: date | None = None
    ) -> tuple[str, bytes]:
        """Issue the configuration with which a client's lab begins; return the name of its file and its content.

        `password` opens its one-time key and goes another way; `address` is that of the bank's service. One that was
        issued before and not used is good no more. With `recovery` it is for a client whose lab is lost: its keys are
        trusted no more, and what was made for it from the day `since` (None: the first of the year) is sent again.
        Refused for a client that has keys and does not recover, and for one that recovers and has none.
        """
        wanted = issuing.Wanted(point, password, address)
        with self._now() as work:
            if not recovery:
                return issuing.issue(work, self._key, wanted)
            return issuing.recover(work, self._key, wanted, since or work.day.replace(month=1, day=1))

    def withdraw_key(self, fingerprint: str) -> None:
        """Trust a client's key no more."""
        with self._now() as work:
            contracts.withdraw_key(work, fingerprint)

    def open_account(self, *accounts: Account) -> None:
        """Open accounts, each with its opening balance."""
        with self._now() as work:
            for account in accounts:
                contracts.open_account(work, account)

    def close_account(self, account: str) -> None:
        """Close an account from today on; Refused while a time deposit or a forward deal needs it."""
        with self._now() as work:
            contracts.close_account(work, account)

    def permit_collection(
        self,
        debited: str,
        credited: str,
        *,
        limit: Decimal = AMOUNT_MAX,
        period: str = "1 month",
        last_day: date | None = None,
    ) -> None:
        """Permit collections from one account to another, as at a branch; an earlier permission is replaced.

        `limit` is that of all collections of a calendar `period` (codebooks.services), `last_day` belongs in.
        """
        with self._now() as work:
            permitted_collections.permit_collection(
                work, debited, credited, limit=limit, period=period, last_day=last_day
            )

    def collect(self, own_account: str, debited: str, amount: Decimal, *, variable_symbol: str | None = None) -> int:
        """Take an order to collect from a customer without this channel, as at a branch, and return its number.

        It is due today, or on the next working day, and rejected as one of a client would be.
        """
        with self._now() as work:
            return collecting.collect(work, own_account, debited, amount, variable_symbol)

    def collected(self, payment_id: int) -> tuple[str, int | None]:
        """Return the state of an order that `collect` took, and why it was rejected; UnknownName."""
        with self._now() as work:
            return collecting.outcome(work, payment_id)

    def allow_forwards(self, point: int, limit: Decimal, *, by_dealer: bool = False) -> None:
        """Make or change a client's contract on forward deals, and tell it.

        `limit` is that of its open deals together, in the national currency. Rates are agreed at once, or each
        `by_dealer`: with `agree_forward`, until the end of the day.
        """
        with self._now() as work:
            forwards.allow(work, point, limit, by_dealer=by_dealer)
            services.send_changed_lists(work)

    def agree_financing(self, point: int, account: str) -> None:
        """Agree with a client to finance receivables that are settled to an account (IBAN), and tell it."""
        with self._now() as work:
            receivables.agree(work, point, account)
            services.send_changed_lists(work)

    def end_financing(self, account: str) -> None:
        """End the agreement for an account (IBAN), and tell its client."""
        with self._now() as work:
            receivables.end(work, account)
            services.send_changed_lists(work)

    def agree_forward(self, point: int, request: int, rate: Decimal | None = None) -> None:
        """Agree the rate of a deal that waits: sold currency for one unit of the bought one, None: that of now."""
        with self._now() as work:
            services.agree_forward(work, point, request, rate)

    def cancel_forward(self, point: int, request: int) -> None:
        """Give up a deal that waits for its rate."""
        with self._now() as work:
            services.cancel_forward(work, point, request)

    def call_off_forward(self, name: str) -> None:
        """Delete an active deal, as bank or client call it off, and tell the client."""
        with self._now() as work:
            forwards.call_off(work, name)
            services.send_changed_lists(work)

    def agree_rate(self, point: int, order_id: int, rate: Decimal) -> None:
        """Agree the rate (national currency for one unit) of a payment that waits for it."""
        with self._now() as work:
            foreign.agree_rate(work, point, order_id, rate)

    # Looking

    def balances(self) -> dict[str, Decimal]:
        """Return the balance of every account of a customer."""
        with self._now() as work:
            return dict(
                work.store.rows("SELECT account, b.amount FROM balance b JOIN account a USING (account) WHERE NOT own")
            )

    def statement_file(self, point: int, day: date, format_name: str, currency: str = "") -> bytes:
        """Return the statements of a client's accounts for a closed day as a file, as for a folder.

        camt.053, mt940, or gpc with the `currency` of the accounts; with one, the others are left out in any format.
        """
        with self._now() as work:
            return statements.statement_file(work, point, day, format_name, currency)

    def ledger(self) -> pa.Table:
        """Return every posting with its transaction, in their order; amounts signed, credit positive."""
        with self._now() as work:
            return work.store.table(
                "SELECT p.*, b.kind, b.payment_id, b.booked_at, b.message FROM posting p JOIN booking b"
                " USING (transaction_id) ORDER BY transaction_id, line"
            )

    def trust(self, fingerprint: str) -> Certificate | None:
        """Return the certificate of a client's key that is trusted now."""
        with self._now() as work:
            return contracts.certificate(work, fingerprint)

    def may_fetch(self, fingerprint: str) -> bool:
        """Tell whether a client's key fetches what waits: not one that was replaced, nor that of a configuration."""
        with self._now() as work:
            return not (contracts.is_replaced(work, [fingerprint]) or contracts.is_one_time(work, [fingerprint]))

    def check(self) -> dict[str, int]:
        """Return of each invariant how many rows break it; all must be 0."""
        with self._store.tx():
            return {name: len(self._store.rows(sql)) for name, sql in INVARIANTS.items()}

    # Within

    @contextmanager
    def _now(self) -> Iterator[Work]:
        """Live up to the clock, then let one transaction run at that moment."""
        self.advance(self._clock())
        with self._store.tx():
            yield self._work(self.lived_until)

    def _work(self, at: datetime) -> Work:
        """Return the moment, whose day has its rates."""
        work = Work(self._store, self.parameters, self._hours, at)
        make_rates(work, self._seed)
        return work

    def _lived(self, until: datetime) -> None:
        self._store.do("UPDATE bank SET lived_until = $until", {"until": until})

    def _opened(self, work: Work, container: bytes, identity: BatchIdentity | None) -> Opened:
        found = opened(
            container,
            trust=lambda fingerprint: contracts.certificate(work, fingerprint),
            decrypt_with=self._key.private_key,
            at=work.at,
        )
        if found.identity.recipient != self.parameters.point:
            raise Refused(f"the batch is for connection point {found.identity.recipient}", reason="recipient")
        if identity not in {None, found.identity}:
            raise Refused(f"the container is of batch {found.identity.line}", reason="identity")
        return found

    def _sealed(self, work: Work, identity: BatchIdentity, payload: bytes) -> bytes:
        certificate = contracts.encryption_certificate(work, identity.recipient)
        signature = sign(identity, sha256(payload).digest(), self._key, work.at)
        return seal(
            identity, payload, [signature], self._key, record_format=agreed_format(encrypted=certificate is not None),
            encrypt_for=certificate, at=work.at,
        )  # fmt: skip

    def _outgoing(self, client: int, batch_type: int, order: str) -> BatchIdentity:
        return BatchIdentity(self.parameters.point, client, batch_type, *read_order(order))
