"""Beginning a lab with the configuration that the bank issued: its first, or one for recovery after a disaster."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from bankklient_lab.access.configuration import configure_from_bank, restore_settings
from bankklient_lab.actions import action
from bankklient_lab.errors import FormatError, Refused
from bankklient_lab.exchange.journal import journal_path
from bankklient_lab.keys.banks import keep_bank_key
from bankklient_lab.keys.points import BANK, HTTPS, NAME_CHARS_MAX, OWN, point_of, set_point
from bankklient_lab.keys.register import Key, insert_key, today
from bankklient_lab.lab import Lab
from bankklient_lab.orders.accounts import keep_accounts
from bankklient_lab.orders.numbers import go_on_after
from bankklient_lab.sealing.certificates import fingerprint_text
from bankklient_lab.sealing.configuration import (
    FILE_BYTES_MAX,
    Issued,
    Lost,
    bank_certificate,
    read_backup,
    read_configuration,
)


@action("6", mode="standard")
def inspect_configuration(lab: Lab, path: Path) -> dict[str, Any]:
    """Return what the bank's configuration in a file says, before anybody has compared the fingerprint of its key.

    bank, bank_point, client, client_point, purpose (installation, recovery), accounts (how many), encrypted, address,
    settings (how many come back), and fingerprint (of the bank's certificate: compare it with the one of the letter).
    FormatError for another file.
    """
    content = _content(path)
    fingerprint = bank_certificate(content).fingerprint
    found = read_configuration(content, fingerprint, lab.clock())
    told = found.configuration
    return {
        "bank": told.bank_name, "bank_point": found.identity.sender, "client": told.client_name,
        "client_point": found.identity.recipient, "purpose": told.purpose, "accounts": len(told.accounts),
        "encrypted": told.encrypted, "address": told.address, "settings": len(_settings(told.lost)),
        "fingerprint": fingerprint_text(fingerprint),
    }  # fmt: skip


@action("6", mode="exclusive", proof=True, personal=True)
def take_configuration(lab: Lab, path: Path, fingerprint: str) -> dict[str, Any]:
    """Begin a lab with the bank's configuration in a file, whose key a person compared by its `fingerprint`.

    Connection points, the bank's key, accounts with what may be ordered, and the one-time key are taken over, all or
    none; after a disaster also the settings of the last remote backup, and the numbers of batches, orders, messages
    and keys, which go on after the last that the bank has. The one-time key announces the first operational key
    (`create_key`, `announce_key`), and nothing else. Returns purpose, key_id and title of the one-time key, accounts
    and settings (how many), and left_out (names of settings that this version does not have or take).

    FormatError for another file, SealBroken for changed bytes. Refused for another fingerprint, an expired one-time
    key, a lab that has keys, orders or batches already or the journal of a lost one beside it, and a client without an
    account in the national currency.
    """
    found = read_configuration(_content(path), fingerprint, lab.clock())
    told, lost = found.configuration, found.configuration.lost
    _check_new(lab)
    if not any(one.currency == told.currency for one in told.accounts):
        raise Refused(f"the configuration has no account of the client in {told.currency}; ask the bank")
    _set_points(lab, found)
    with lab.database.tx("ops") as cursor:
        key = _keep_keys(lab, cursor, found)
        keep_accounts(cursor, told.accounts)
        if lost.batches:
            cursor.executemany("INSERT INTO ops.lost_number VALUES (?, ?, ?)", lost.batches)
        if lost.message:
            cursor.execute("INSERT INTO ops.used_message VALUES (?)", [lost.message])
        if lost.request:
            cursor.execute("INSERT INTO ops.used_request VALUES (?)", [lost.request])
        if lost.order_id:
            go_on_after(cursor, lost.order_id)
        lab.log(cursor, "take_configuration", told.purpose, order=found.identity.order, bank=found.bank.fingerprint)
    configure_from_bank(lab, {"bank_code": told.bank_code, "national_currency": told.currency})
    settings = _settings(lost)
    left_out = restore_settings(lab, {"client_name": told.client_name} | settings)
    return {
        "purpose": told.purpose, "key_id": key.key_id, "title": key.title, "accounts": len(told.accounts),
        "settings": len(settings.keys() - left_out), "left_out": left_out,
    }  # fmt: skip


def _content(path: Path) -> bytes:
    with path.open("rb") as file:
        content = file.read(FILE_BYTES_MAX + 1)
    if len(content) > FILE_BYTES_MAX:
        raise FormatError(f"a configuration has at most {FILE_BYTES_MAX} bytes", place=path.name)
    return content


def _check_new(lab: Lab) -> None:
    ((keys, orders, batches),) = lab.rows(
        "SELECT (SELECT count(*) FROM ops.key), (SELECT count(*) FROM ops.domestic_order)"
        " + (SELECT count(*) FROM ops.foreign_order), (SELECT count(*) FROM ops.batch)"
    )
    if keys or orders or batches:
        raise Refused(
            f"a configuration begins a new lab; this one has {keys} keys, {orders} orders and {batches} batches. Make"
            " another one with `bankklient init`"
        )
    journal = journal_path(lab.path)
    if journal.exists():
        raise Refused(f"{journal} says what another lab at this place has sent; move it away, then begin anew")


def _set_points(lab: Lab, found: Issued) -> None:
    told = found.configuration
    own, bank = point_of(lab, OWN), point_of(lab, BANK)
    set_point(lab, own, own._replace(point=found.identity.recipient, name=told.client_name[:NAME_CHARS_MAX]))
    way: dict[str, Any] = {"channel": HTTPS, "settings": {"address": told.address}} if told.address else {}
    set_point(
        lab, bank, bank._replace(point=found.identity.sender, name=told.bank_name, encrypted=told.encrypted, **way)
    )


def _keep_keys(lab: Lab, cursor: Any, found: Issued) -> Key:
    """Register the bank's key and the one-time key, and return that one; its order is the last that was used."""
    keep_bank_key(lab, cursor, found.bank)
    return insert_key(
        lab, cursor, found.key, key_order=found.configuration.lost.key_order or f"{today(lab).year}0000",
        private_key=found.configuration.private_key, warn_days=0, delivered=True, proven=True,
    )  # fmt: skip


def _settings(lost: Lost) -> dict[str, str]:
    return read_backup(lost.settings.encode()).settings if lost.settings else {}
