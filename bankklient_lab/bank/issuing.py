"""Configurations for clients: a first one, and one for a client that has lost its lab."""

from __future__ import annotations

from contextlib import suppress
from datetime import date, time, timedelta
from typing import NamedTuple

from bankklient_lab.bank import contracts
from bankklient_lab.bank.answers import keep, next_identity
from bankklient_lab.bank.processing import content_of
from bankklient_lab.bank.receipt import record
from bankklient_lab.bank.work import Work
from bankklient_lab.codebooks.codes import BatchType
from bankklient_lab.errors import FormatError, Refused
from bankklient_lab.sealing.configuration import (
    AFTER_RECOVERY,
    INITIALIZATION,
    Configuration,
    Lost,
    sealed_configuration,
    written,
)
from bankklient_lab.sealing.identity import BatchIdentity
from bankklient_lab.sealing.keys import SigningKey, new_key
from bankklient_lab.sealing.private_keys import sealed_key

GOOD_FOR = timedelta(days=90)  # a one-time key


class Wanted(NamedTuple):
    """For whom a configuration is, what opens its one-time key, and the address of the bank's service."""

    point: int
    password: str
    address: str


def issue(work: Work, key: SigningKey, wanted: Wanted) -> tuple[str, bytes]:
    """Issue the first configuration of a client, as Bank.issue_configuration says."""
    contracts.require_client(work, wanted.point)
    if _keys_so_far(work, wanted.point):
        raise Refused(f"client {wanted.point} has keys; after the loss of its lab it gets a configuration for recovery")
    return _issued(work, key, wanted, None)


def recover(work: Work, key: SigningKey, wanted: Wanted, since: date) -> tuple[str, bytes]:
    """Issue the configuration of a client that begins anew."""
    point = wanted.point
    contracts.require_client(work, point)
    keys = _keys_so_far(work, point)
    if not keys:
        raise Refused(f"client {point} has no key yet; it begins with its first configuration")
    _give_up_missing(work, key, point)
    work.store.do(
        "UPDATE outgoing SET taken_at = NULL WHERE recipient = $point AND batch_type <> $type AND made_at >= $since",
        {"point": point, "type": BatchType.CLIENT_BANKING_CONFIGURATION, "since": work.hours.instant(since, time.min)},
    )
    return _issued(work, key, wanted, _lost(work, point, keys))


def _issued(work: Work, key: SigningKey, wanted: Wanted, lost: Lost | None) -> tuple[str, bytes]:
    """Make a configuration with a new one-time key; the client's keys before it are trusted no more."""
    point, kind = wanted.point, INITIALIZATION if lost is None else AFTER_RECOVERY
    work.store.do(
        "UPDATE certificate SET withdrawn_at = $at WHERE point = $point AND withdrawn_at IS NULL",
        {"point": point, "at": work.at},
    )
    once = new_key(point=point, kind=kind, at=work.at, expires_on=(work.at + GOOD_FOR).date())
    contracts.register_key(work, once.certificate, signs_orders=True, one_time=True)  # so does the key that it brings
    client = work.store.row("SELECT name, encrypted FROM client WHERE point = $point", {"point": point})
    assert client is not None
    payload = written(
        Configuration(
            purpose="installation" if lost is None else "recovery",
            client_name=client[0],
            bank_name=work.parameters.name,
            bank_code=work.parameters.bank_code,
            currency=work.parameters.currency,
            encrypted=client[1],
            address=wanted.address,
            accounts=contracts.client_accounts(work, point),
            certificate=once.certificate.der,
            private_key=sealed_key(once, wanted.password),
            lost=lost or Lost(),
        )
    )
    identity = next_identity(work, point, BatchType.CLIENT_BANKING_CONFIGURATION)
    keep(work, identity, payload, by_hand=True)
    return identity.file_name("02"), sealed_configuration(payload, identity, key, work.at)


def _keys_so_far(work: Work, point: int) -> list[str]:
    """Return the orders of the keys that a client ever had, empty for those of which it told none."""
    rows = work.store.rows("SELECT key_order FROM certificate WHERE point = $point AND NOT one_time", {"point": point})
    return [order for (order,) in rows]


def _lost(work: Work, point: int, keys: list[str]) -> Lost:
    """Return what the bank has of a client's lab."""
    batches = work.store.rows(
        "SELECT batch_type, year, max(number) FROM received WHERE sender = $point GROUP BY ALL ORDER BY ALL",
        {"point": point},
    )
    order_id, message, request = _last_numbers(work, point)
    backup = work.store.row(
        "SELECT payload FROM received WHERE sender = $point AND batch_type = $type AND state = 'processed'"
        " ORDER BY year DESC, number DESC LIMIT 1",
        {"point": point, "type": BatchType.REMOTE_BACKUP},
    )
    least = f"{work.day.year}{len(keys):04d}"  # the orders of keys are not all known
    return Lost(max([*keys, least]), tuple(batches), order_id, message, request, backup[0].decode() if backup else "")


def _last_numbers(work: Work, point: int) -> tuple[int, int, int]:
    """Return the greatest order, message and request of a client, 0 for none; those in batches that wait count."""
    last = work.store.row(
        "SELECT (SELECT coalesce(max(order_id), 0) FROM payment WHERE point = $point),"
        " (SELECT coalesce(max(number), 0) FROM client_letter WHERE point = $point),"
        " (SELECT coalesce(max(number), 0) FROM service_request WHERE point = $point)",
        {"point": point},
    )
    assert last is not None
    orders, messages, requests = [last[0]], [last[1]], [last[2]]
    for batch_type, year, number, payload in work.store.rows(
        "SELECT batch_type, year, number, payload FROM received WHERE sender = $point AND state = 'waiting'",
        {"point": point},
    ):
        with suppress(FormatError):  # it will be refused, and none of its numbers is used
            content = content_of(work, BatchIdentity(point, work.parameters.point, batch_type, year, number), payload)
            messages += [letter.number for letter in content.letters]
            requests += [request.number for request in content.requests]
            if content.orders is not None:
                orders += map(int, content.orders["client_reference"].to_pylist())
    return max(orders), max(messages), max(requests)


def _give_up_missing(work: Work, key: SigningKey, point: int) -> None:
    """Give up the numbers of a lost lab that never came, and refuse what was parked for them: nobody sends them now."""
    parked = work.store.rows(
        "SELECT batch_type, year, max(number) FROM received WHERE sender = $point AND state = 'parked' GROUP BY ALL",
        {"point": point},
    )
    for batch_type, year, last in parked:
        there = work.store.rows(
            "SELECT number FROM received WHERE sender = $point AND batch_type = $type AND year = $year",
            {"point": point, "type": batch_type, "year": year},
        )
        for number in sorted(set(range(1, last + 1)) - {number for (number,) in there}):
            record(work, BatchIdentity(point, work.parameters.point, batch_type, year, number), None, "void", key)
    work.store.do(
        "UPDATE received SET state = 'refused', error = $why WHERE sender = $point AND state = 'parked'",
        {"point": point, "why": "the lab of the client was lost before the batch ahead of this one came"},
    )
