"""Bringing the first public key to the bank as a folder, noting which keys the bank has; and the pass."""

from __future__ import annotations

from bankklient_lab.actions import action
from bankklient_lab.errors import Refused
from bankklient_lab.keys.choosing import is_proven_by, previous_key
from bankklient_lab.keys.points import OWN, point_of
from bankklient_lab.keys.register import ONE_TIME, OPERATIONAL, Key, key_numbered, valid_key
from bankklient_lab.keys.unlocking import unlock
from bankklient_lab.lab import Lab
from bankklient_lab.sealing.certificates import Certificate, fingerprint_text, read_fingerprint
from bankklient_lab.sealing.identification import Purpose, identification

_SENDS_KEYS = "6"


@action(_SENDS_KEYS, record="key_id", steps=True, personal=True)
def hand_over_key(lab: Lab, key_id: int, password: str) -> dict[str, bytes]:
    """Return the files that bring the first key of its kind and owner to the bank, by path: all or none are given.

    KEY1/<point>.997/FKEYID.SGN is signed by the key; LETTER.TXT beside it has the fingerprint, which goes to the bank
    on paper with a signature. Refused once the bank has the key, and for a key that replaced another one.
    """
    key = key_numbered(lab, key_id)
    if key.delivered:
        raise Refused(f"the bank has the {key.title} already")
    if previous_key(lab, key) is not None:
        raise Refused(
            f"the {key.title} replaced another one, which announces it to the bank in a batch of type 2 (announce_key)"
        )
    content = _identified(lab, key, password, "first key")
    folder = f"KEY1/{key.point}.997"
    letter = _letter(lab, key, key.certificate).encode("utf-8")
    return {f"{folder}/FKEYID.SGN": content, f"{folder}/LETTER.TXT": letter}


@action(_SENDS_KEYS, steps=True, personal=True)
def create_pass(lab: Lab, password: str) -> dict[str, bytes]:
    """Return the pass by path, ID/<point>.999/CLIENTID.SGN, signed by the operational key.

    The bank asks for it before encrypted transmissions and a change of the encryption. Refused without a key.
    """
    key = valid_key(lab, point_of(lab, OWN).point, OPERATIONAL)
    if key is None:
        raise Refused("no valid identification for transmissions exists: make the operational key first")
    return {f"ID/{key.point}.999/CLIENTID.SGN": _identified(lab, key, password, "pass")}


@action(_SENDS_KEYS, record="key_id", proof=True, personal=True)
def record_key_delivery(lab: Lab, key_id: int, fingerprint: str) -> None:
    """Record that the bank has taken over a key that was handed over; its protocol names the fingerprint.

    Refused when that fingerprint, however it is written, is not the key's.
    """
    key = key_numbered(lab, key_id)
    if read_fingerprint(fingerprint) != key.certificate.fingerprint:
        raise Refused(f"the bank's protocol names another fingerprint than that of the {key.title}; ask the bank")
    if key.point != point_of(lab, OWN).point:
        raise Refused("only an own key is delivered to the bank")
    note_delivered(lab, key)


def note_delivered(lab: Lab, key: Key) -> None:
    """Note that the bank has the public part of a key; a one-time key that brought it is thrown away."""
    with lab.database.tx("ops") as cursor:
        cursor.execute("UPDATE ops.key SET delivered = true WHERE key_id = ?", [key.key_id])
        cursor.execute(
            "UPDATE ops.key SET private_key = NULL WHERE key_id = ? AND list_contains(?, kind)",
            [key.replaces, list(ONE_TIME)],
        )
        lab.log(cursor, "key_delivered", key.title, fingerprint=key.certificate.fingerprint)


def take_back(lab: Lab, key: Key, why: str) -> None:
    """Note that the bank refused a key that was announced: the one before it is the valid one again."""
    before = previous_key(lab, key)
    assert before is not None  # it signed the announcement
    with lab.database.tx("ops") as cursor:
        cursor.execute("UPDATE ops.key SET valid = false, refused = true WHERE key_id = ?", [key.key_id])
        cursor.execute("UPDATE ops.key SET valid = true WHERE key_id = ?", [before.key_id])
        lab.log(cursor, "key_refused", key.title, why=why, valid=before.key_order)


def note_proven(lab: Lab, key: Key, *, domestic_batch: bool) -> None:
    """Note that the bank confirmed a batch of domestic orders, or else a transmission, that was signed with a key."""
    if key.proven or not is_proven_by(lab, key, domestic_batch=domestic_batch):
        return
    with lab.database.tx("ops") as cursor:
        cursor.execute("UPDATE ops.key SET proven = true WHERE key_id = ?", [key.key_id])
        lab.log(cursor, "key_proven", key.title)


def _identified(lab: Lab, key: Key, password: str, purpose: Purpose) -> bytes:
    content = identification(purpose, unlock(lab, key.key_id, password), key.key_order, lab.clock())
    with lab.database.tx("ops") as cursor:
        lab.log(cursor, "identify_client", key.title, purpose=purpose)
    return content


def _letter(lab: Lab, key: Key, certificate: Certificate) -> str:
    words = fingerprint_text(certificate.fingerprint).split()
    lines: list[str] = [
        f"Public key of connection point {key.point}",
        "",
        f"Key:          {key.title}",
        f"Valid until:  {key.expires_on} (the first day on which it is not valid)",
        f"Made:         {lab.clock():%Y-%m-%d %H:%M} UTC",
        "",
        "SHA-256 of the certificate:",
        "",
        *("    " + " ".join(words[start : start + 8]) for start in (0, 8)),
        "",
        "The bank compares this fingerprint with that of the file FKEYID.SGN before it takes the key over.",
        "",
        "Place, date:  ________________________     Signature:  ________________________",
    ]
    return "".join(f"{line}\r\n" for line in lines)
