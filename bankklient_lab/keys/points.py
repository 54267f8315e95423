"""Connection points: the client's own and the bank's, with how the bank is reached (TRN-079 to TRN-082)."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, NamedTuple
from urllib.parse import urlsplit

from bankklient_lab.actions import action, table_action
from bankklient_lab.codebooks.codes import FOR_THE_SERVICE, TO_SEND, Sent
from bankklient_lab.errors import BadArgument, Refused, UnknownName
from bankklient_lab.lab import Lab, Read
from bankklient_lab.sealing.identity import CLIENT_POINT_MIN, POINT_MAX, POINT_MIN

Role = Literal["own", "bank"]
OWN: Role = "own"
BANK: Role = "bank"
FOLDER, HTTPS = "folder", "https"
PAIN, KPC = "pain", "kpc"  # how domestic orders are written into a folder; pain when nothing is said
# What each channel needs to know, and whether it may be empty.
SETTINGS: dict[str, dict[str, bool]] = {
    "": {},
    FOLDER: {"send_to": False, "receive_from": False, "domestic_files": True},
    HTTPS: {"address": False, "backup_address": True},
}
NAME_CHARS_MAX, SETTING_CHARS_MAX = 60, 500
_LOCAL = ("localhost", "127.0.0.1", "::1")


class Point(NamedTuple):
    """A connection point; `settings` are those of its channel, by name."""

    point: int
    role: str
    name: str
    encrypted: bool
    channel: str
    settings: dict[str, str]


@table_action()
def connection_points(lab: Lab) -> Read:
    """Return the connection points, the own one first.

    Columns: point, role (own, bank), name, encrypted, channel (folder, https; empty: not set up), settings (JSON),
    changed_by, changed_at.
    """
    return lab.read("SELECT * FROM ops.connection_point ORDER BY role DESC")


def point_of(lab: Lab, role: Role) -> Point:
    """Return a connection point, in the process that owns the lab."""
    ((point, name, encrypted, channel, settings),) = lab.rows(
        "SELECT point, name, encrypted, channel, settings FROM ops.connection_point WHERE role = $role", {"role": role}
    )
    return Point(point, role, name, encrypted, channel, json.loads(settings))


@action("2", mode="exclusive", proof=True)
def change_connection_point(
    lab: Lab,
    role: str,
    *,
    number: int | None = None,
    name: str | None = None,
    encrypted: bool | None = None,
    channel: str | None = None,
    settings: dict[str, str] | None = None,
) -> None:
    """Change a connection point (`role` own or bank); what is not given stays.

    `number` is what the contract with the bank says, and can be changed while nothing carries it. The name is all else
    that the own point has. Whether batches are `encrypted` must be agreed with the bank, which changes it the same day.
    `channel` is folder (with send_to and receive_from, folders on the lab's machine, and domestic_files: pain or kpc is
    how domestic orders are written, pain when empty), https (with address and, if there is one, backup_address), or
    empty; `settings` are those of the channel and replace what was there.

    BadArgument for what can't be; Refused while batches wait to be sent in the present form.
    """
    if role not in (OWN, BANK):
        raise UnknownName("connection point", role, "there are own and bank")
    if role == OWN and not (encrypted is None and channel is None and settings is None):
        raise BadArgument("the own connection point has a number and a name; the rest is set at the bank's")
    before = point_of(lab, BANK if role == BANK else OWN)
    kept_channel = before.channel if channel is None else channel
    wanted = Point(
        before.point if number is None else number,
        role,
        before.name if name is None else " ".join(name.split()),
        before.encrypted if encrypted is None else encrypted,
        kept_channel,
        before.settings if settings is None and channel in (None, before.channel) else settings or {},
    )
    set_point(lab, before, wanted)


def set_point(lab: Lab, before: Point, wanted: Point) -> None:
    """Give a connection point another number, name or channel; BadArgument, Refused as `change_connection_point`."""
    _check(wanted)
    with lab.database.tx("ops") as cursor:
        if wanted.point != before.point:
            _check_unused(cursor, before)
        if wanted.encrypted != before.encrypted:
            _check_none_waits(cursor)
        if wanted.channel == FOLDER:
            _check_none_for_the_service(cursor)
        changed = [part for part, old, new in zip(Point._fields, before, wanted, strict=True) if old != new]
        if not changed:
            return
        cursor.execute(
            "UPDATE ops.connection_point SET point = ?, name = ?, encrypted = ?, channel = ?, settings = ?,"
            " changed_by = ?, changed_at = ? WHERE role = ?",
            [
                wanted.point, wanted.name, wanted.encrypted, wanted.channel,
                json.dumps(wanted.settings, ensure_ascii=False), lab.caller.reference, lab.clock(), wanted.role,
            ],
        )  # fmt: skip
        lab.log(cursor, "change_connection_point", wanted.role, **{part: getattr(wanted, part) for part in changed})


def _check(point: Point) -> None:
    """Raise BadArgument for a connection point that can't be."""
    least = CLIENT_POINT_MIN if point.role == OWN else POINT_MIN
    if not least <= point.point <= POINT_MAX:
        raise BadArgument(
            f"the {point.role} connection point can't be {point.point}; it lies from {least} to {POINT_MAX}"
        )
    if not 0 < len(point.name) <= NAME_CHARS_MAX or not point.name.isprintable():
        raise BadArgument(f"a connection point needs a name of 1 to {NAME_CHARS_MAX} characters")
    known = SETTINGS.get(point.channel)
    if known is None:
        raise BadArgument(f"unknown channel {point.channel!r}; there are {', '.join(filter(None, SETTINGS))}")
    for name, value in point.settings.items():
        if name not in known:
            raise BadArgument(
                f"channel {point.channel or 'none'} has no setting {name!r}; it has {', '.join(known) or 'none'}"
            )
        if not isinstance(value, str) or len(value) > SETTING_CHARS_MAX or not value.isprintable():
            raise BadArgument(f"{name} takes a text of at most {SETTING_CHARS_MAX} characters")
    for name, may_be_empty in known.items():
        value = point.settings.get(name, "")
        if not value and not may_be_empty:
            raise BadArgument(f"channel {point.channel} needs {name}")
        if value:
            _CHECKS[name](name, value)
    if point.channel == FOLDER and point.settings["send_to"] == point.settings["receive_from"]:
        raise BadArgument("send_to and receive_from are two folders, or what was sent would be received again")


def _check_folder(name: str, value: str) -> None:
    if not Path(value).is_absolute() or not Path(value).is_dir():
        raise BadArgument(f"{name} is not the full path of a folder on the lab's machine: {value!r}")


def _check_address(name: str, value: str) -> None:
    try:
        parts = urlsplit(value)
        host, _ = parts.hostname, parts.port
    except ValueError:
        parts, host = urlsplit(""), None
    safe = parts.scheme == "https" or (parts.scheme == "http" and host in _LOCAL)
    if not host or not safe or parts.username or parts.query or parts.fragment:
        raise BadArgument(
            f"{name} is not an address that begins with https:// (http:// on this machine alone): {value!r}"
        )


def _check_files(name: str, value: str) -> None:
    if value not in (PAIN, KPC):
        raise BadArgument(f"{name} is {PAIN} or {KPC}, not {value!r}")


_CHECKS: dict[str, Callable[[str, str], None]] = {
    "send_to": _check_folder, "receive_from": _check_folder, "domestic_files": _check_files,
    "address": _check_address, "backup_address": _check_address,
}  # fmt: skip


def _check_unused(cursor: Any, point: Point) -> None:
    """Raise Refused when a key or a batch carries the number of a connection point."""
    ((keys, batches),) = cursor.execute(
        "SELECT (SELECT count(*) FROM ops.key WHERE point = $point), (SELECT count(*) FROM ops.batch)",
        {"point": point.point},
    ).fetchall()
    if keys or batches:
        raise Refused(
            f"connection point {point.point} has {keys} keys and {batches} batches, which carry its number;"
            " it can't get another one"
        )


def _check_none_waits(cursor: Any) -> None:
    """Raise Refused while batches are created and not sent (TRN-101)."""
    ((waiting,),) = cursor.execute(
        "SELECT count(*) FROM ops.batch WHERE direction = 'send' AND status = ?", [Sent.CREATED]
    ).fetchall()
    if waiting:
        raise Refused(
            f"{waiting} batches wait to be sent in the present form; send or discard them, then change the encryption"
        )


def _check_none_for_the_service(cursor: Any) -> None:
    """Raise Refused while something waits that says nothing in a folder, such as a key or a written message."""
    found = cursor.execute(
        "SELECT batch_type, format('{}{:04}', year, number) FROM ops.batch WHERE direction = 'send'"
        " AND list_contains($waits, status) AND list_contains($types, batch_type) ORDER BY ALL",
        {"waits": list(TO_SEND), "types": list(FOR_THE_SERVICE)},
    ).fetchall()
    if found:
        named = ", ".join(f"batch {batch_type} {order}" for batch_type, order in found[:3])
        raise Refused(f"{named} waits for the bank's service, a folder takes orders alone; transmit, then change to it")
    written = cursor.execute(
        "SELECT format('message {}', message_id) FROM ops.client_message WHERE batch_id IS NULL UNION ALL"
        " SELECT format('order of document {}', document_id) FROM ops.document_order WHERE batch_id IS NULL ORDER BY 1"
    ).fetchall()
    if written:
        named = ", ".join(name for (name,) in written[:3])
        raise Refused(f"{named} is written for the bank's service, a folder takes orders alone; send or withdraw it")
