"""The configuration that a bank issues for a client: what a new lab begins with, and what a lost one begins anew with.

It is a batch of type 10 as a file: packed and signed by the bank's key, whose certificate it brings. A person compares
the fingerprint of that certificate with what the bank gave on another way; the password of the one-time key comes on a
third. The content is JSON, since no standard covers it, in the one way in which `written` writes it.
"""

from __future__ import annotations

import hashlib
import json
import re
from base64 import b64decode, b64encode
from collections.abc import Callable
from datetime import datetime
from typing import Any, Literal, NamedTuple, get_type_hints

from bankklient_lab.errors import FormatError, Refused, SealBroken
from bankklient_lab.sealing import cms
from bankklient_lab.sealing.certificates import Certificate, demand_fingerprint, read_certificate
from bankklient_lab.sealing.container import PACKED, opened, seal, sign
from bankklient_lab.sealing.identity import BATCH_TYPE_MAX, NUMBER_MAX, YEAR_MAX, YEAR_MIN, BatchIdentity
from bankklient_lab.sealing.keys import SigningKey

BATCH_TYPE = 10  # client banking configuration
FILE_BYTES_MAX = 4 * 1024 * 1024
MESSAGES_MAX = 10**9
INITIALIZATION, AFTER_RECOVERY = "initialization", "initial after recovery"  # kinds of the one-time key
_KEY_ORDER = re.compile(r"([0-9]{8})?", re.ASCII)
_HEAD = {"format": "bankklient configuration", "version": 1}
_BACKUP = {"format": "bankklient remote backup", "version": 1}

Purpose = Literal["installation", "recovery"]
Position = Literal["none", "debit", "credit", "both"]


class ClientAccount(NamedTuple):
    """An account of the client (IBAN); `position`: the side of orders on which it may stand."""

    account: str
    currency: str
    name: str
    position: str


class Lost(NamedTuple):
    """What the bank has of a lab that was lost; nothing of it for a first installation."""

    key_order: str = ""  # rrrrnnnn of the last key
    batches: tuple[tuple[int, int, int], ...] = ()  # the last number of each type and year: type, year, number
    order_id: int = 0  # the greatest
    message: int = 0  # the last number of a message to the bank
    request: int = 0  # the last number of a request for a service
    settings: str = ""  # of the last remote backup, as it said them


class Configuration(NamedTuple):
    """What a configuration says; `private_key` is the one-time key, sealed by its password."""

    purpose: str
    client_name: str
    bank_name: str
    bank_code: str
    currency: str  # national
    encrypted: bool
    address: str  # of the bank's service; empty: told on another way
    accounts: tuple[ClientAccount, ...]
    certificate: bytes  # of the one-time key, DER
    private_key: bytes
    lost: Lost = Lost()


class Issued(NamedTuple):
    """A configuration whose seal holds, with who it is from and for."""

    identity: BatchIdentity
    bank: Certificate
    key: Certificate
    configuration: Configuration


def written(configuration: Configuration) -> bytes:
    """Return what is signed."""
    told = _HEAD | configuration._asdict() | {
        "accounts": [one._asdict() for one in configuration.accounts],
        "certificate": b64encode(configuration.certificate).decode("ascii"),
        "private_key": b64encode(configuration.private_key).decode("ascii"),
        "lost": configuration.lost._asdict(),
    }  # fmt: skip
    return json.dumps(told, ensure_ascii=False, indent=1).encode()


def sealed_configuration(payload: bytes, identity: BatchIdentity, key: SigningKey, at: datetime) -> bytes:
    """Return the file of a configuration that `written` wrote."""
    signature = sign(identity, hashlib.sha256(payload).digest(), key, at)
    return seal(identity, payload, [signature], key, record_format=PACKED, at=at)


def bank_certificate(content: bytes) -> Certificate:
    """Return the certificate that a file brings, which nobody has vouched for; FormatError for another file."""
    try:
        return read_certificate(cms.certificate_in(content))
    except (SealBroken, FormatError):
        raise FormatError("this is no configuration of a bank") from None


def read_configuration(content: bytes, fingerprint: str, at: datetime) -> Issued:
    """Return what a file says, once the fingerprint of the bank's certificate was compared.

    FormatError for a file that is no configuration, SealBroken for one whose signatures don't hold, Refused for another
    fingerprint than that of the certificate in the file, and for a one-time key that has expired.
    """
    bank = bank_certificate(content)
    demand_fingerprint(bank, fingerprint)
    found = opened(content, trust={bank.fingerprint: bank}.get, decrypt_with=None, at=at)
    if found.identity.batch_type != BATCH_TYPE or found.signers != [bank.fingerprint]:
        raise FormatError("the file is signed by the bank and is no configuration")
    configuration = _read(found.payload)
    try:
        key = read_certificate(configuration.certificate)
    except FormatError:
        raise _unreadable() from None
    expected = AFTER_RECOVERY if configuration.purpose == "recovery" else INITIALIZATION
    if (key.point, key.kind) != (found.identity.recipient, expected):
        raise FormatError("the one-time key of the configuration is not the client's")
    if at >= key.valid_until:
        raise Refused(f"the one-time key expired on {key.valid_until:%Y-%m-%d}; ask the bank for another configuration")
    return Issued(found.identity, bank, key, configuration)


class Backup(NamedTuple):
    """A remote backup: the line of its batch's identity, and settings by name, as texts."""

    batch: str
    settings: dict[str, str]


def written_backup(backup: Backup) -> bytes:
    """Return the payload of a remote backup (batch type 20)."""
    told = _BACKUP | {"batch": backup.batch, "settings": dict(sorted(backup.settings.items()))}
    return json.dumps(told, ensure_ascii=False, indent=1).encode()


def read_backup(payload: bytes) -> Backup:
    """Return what a remote backup says; FormatError for anything that `written_backup` would not write."""
    try:
        told: Any = json.loads(payload)
        backup = Backup(told["batch"], told["settings"])
        fits = all(isinstance(one, str) for one in backup.settings.values()) and written_backup(backup) == payload
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        fits = False
    if not fits:
        raise FormatError("the remote backup is not written as remote backups are")
    return backup


def _read(payload: bytes) -> Configuration:
    """Return a configuration; FormatError unless each part is of its type and nothing else is there."""
    try:
        told = json.loads(payload)
        lost: Lost = _parts(
            told["lost"], Lost, batches=lambda rows: tuple((int(t), int(y), int(n)) for t, y, n in rows)
        )
        configuration: Configuration = _parts(
            {name: value for name, value in told.items() if name not in _HEAD}, Configuration,
            accounts=lambda rows: tuple(_parts(row, ClientAccount) for row in rows),
            certificate=b64decode, private_key=b64decode, lost=lambda _: lost,
        )  # fmt: skip
        same = written(configuration) == payload
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise _unreadable() from None
    if not same or configuration.purpose not in ("installation", "recovery") or not _can_be(lost):
        raise _unreadable()
    return configuration


def _can_be(lost: Lost) -> bool:
    """Tell whether numbers can go on after those of a lost lab: each type and year once, all within their ranges."""
    once = len({(batch_type, year) for batch_type, year, _ in lost.batches}) == len(lost.batches)
    ranges = all(
        0 <= batch_type <= BATCH_TYPE_MAX and YEAR_MIN <= year <= YEAR_MAX and 1 <= number <= NUMBER_MAX
        for batch_type, year, number in lost.batches
    )
    own_numbers = all(0 <= number < MESSAGES_MAX for number in (lost.message, lost.request))
    return once and ranges and own_numbers and bool(_KEY_ORDER.fullmatch(lost.key_order))


def _parts(told: dict[str, Any], kind: Any, **read: Callable[[Any], Any]) -> Any:
    """Return a named tuple of the parts, each of the type that is annotated, or read by a function of its own."""
    values = {name: read[name](value) if name in read else value for name, value in told.items()}
    for name, wanted in get_type_hints(kind).items():
        if wanted in (str, bool, int) and type(values[name]) is not wanted:
            raise TypeError(name)
    return kind(**values)


def _unreadable() -> FormatError:
    return FormatError("the configuration is not written as configurations are; is it of a newer version?")
