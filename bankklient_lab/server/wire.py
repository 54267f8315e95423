"""Values of action calls as JSON that survive exactly: decimals, days, instants, bytes, tuples, tables, errors.

A value that JSON does not have is an object with one key that starts with "$": {"$decimal": "12.50"},
{"$date": "2026-10-31"}, {"$datetime": ...}, {"$bytes": base64}, {"$tuple": [...]}, {"$set": [...]},
{"$table": base64 of an Arrow stream}, {"$record": [name, {...}]} for the dataclasses of the contract, {"$dict": [[key,
value], ...]} for a dict that JSON could not keep, and {"$file": id} for a file that was uploaded before.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Collection, Mapping
from dataclasses import fields
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa

from bankklient_lab import errors
from bankklient_lab.errors import BadArgument, LabError
from bankklient_lab.formats.base import Hints, StatementSet
from bankklient_lab.server.problems import kinds

RECORDS: dict[str, type[Any]] = {kind.__name__: kind for kind in (StatementSet, Hints)}
ARROW_STREAM = "application/vnd.apache.arrow.stream"
EXACT = "application/vnd.bankklient.exact+json"  # these values; plain JSON is for everybody else

Upload = Callable[[Path], str]
Uploaded = Callable[[str], Path]


def _no_files(_value: object) -> Any:
    raise BadArgument("a file can't travel here")


def encode(value: object, upload: Upload = _no_files) -> Any:
    """Return `value` as plain JSON values; `upload` sends a file and returns its id. BadArgument for another type."""
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, str):
        return str(value)
    if isinstance(value, Mapping):
        return _encode_mapping(value, upload)
    if isinstance(value, list):
        return [encode(item, upload) for item in value]
    return _encode_tagged(value, upload)


def _encode_mapping(value: Mapping[Any, object], upload: Upload) -> Any:
    if any(not isinstance(key, str) or key.startswith("$") for key in value):
        return {"$dict": [[encode(key, upload), encode(item, upload)] for key, item in value.items()]}
    return {key: encode(item, upload) for key, item in value.items()}


def _encode_tagged(value: object, upload: Upload) -> Any:  # noqa: PLR0911 - one line a type
    match value:
        case Decimal():
            return {"$decimal": str(value)}
        case datetime():
            return {"$datetime": value.isoformat()}
        case date():
            return {"$date": value.isoformat()}
        case bytes() | bytearray() | memoryview():
            return {"$bytes": base64.b64encode(value).decode("ascii")}
        case tuple():
            return {"$tuple": [encode(item, upload) for item in value]}
        case set() | frozenset():
            return {"$set": [encode(item, upload) for item in sorted(value, key=repr)]}
        case Path():
            return {"$file": upload(value)}
        case pa.Table():
            return {"$table": base64.b64encode(table_bytes(value)).decode("ascii")}
    name = type(value).__name__
    if RECORDS.get(name) is type(value):
        content = {field.name: encode(getattr(value, field.name), upload) for field in fields(RECORDS[name])}
        return {"$record": [name, content]}
    if callable(getattr(value, "item", None)) and not isinstance(value, Collection):  # a number of numpy
        return encode(value.item(), upload)  # type: ignore[attr-defined]
    if isinstance(value, Collection):
        return [encode(item, upload) for item in value]
    raise BadArgument(f"a value of type {name} can't be sent to the process that owns the lab")


def decode(value: Any, uploaded: Uploaded = _no_files) -> Any:
    """Return what `encode` was given; `uploaded` finds a file by its id. BadArgument for what it never writes."""
    if isinstance(value, list):
        return [decode(item, uploaded) for item in value]
    if not isinstance(value, dict):
        return value
    tags = [key for key in value if key.startswith("$")]
    if not tags:
        return {key: decode(item, uploaded) for key, item in value.items()}
    if len(value) != 1 or tags[0] not in _DECODERS:
        raise BadArgument(f"{tags[0]} is no kind of value")
    try:
        return _DECODERS[tags[0]](value[tags[0]], uploaded)
    except (ValueError, TypeError, KeyError, ArithmeticError, pa.ArrowException) as error:
        raise BadArgument(f"a {tags[0][1:]} can't be read: {error}") from None


def _record(value: Any, uploaded: Uploaded) -> Any:
    name, content = value
    return RECORDS[name](**{key: decode(item, uploaded) for key, item in content.items()})


_DECODERS: dict[str, Callable[[Any, Uploaded], Any]] = {
    "$decimal": lambda value, _: Decimal(value),
    "$datetime": lambda value, _: datetime.fromisoformat(value),
    "$date": lambda value, _: date.fromisoformat(value),
    "$bytes": lambda value, _: base64.b64decode(value, validate=True),
    "$tuple": lambda value, uploaded: tuple(decode(item, uploaded) for item in value),
    "$set": lambda value, uploaded: frozenset(decode(item, uploaded) for item in value),
    "$dict": lambda value, uploaded: {decode(key, uploaded): decode(item, uploaded) for key, item in value},
    "$table": lambda value, _: table_from(base64.b64decode(value, validate=True)),
    "$record": _record,
    "$file": lambda value, uploaded: uploaded(value),
}


def table_bytes(table: pa.Table) -> memoryview:
    """Return a table as an Arrow IPC stream."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return memoryview(sink.getvalue())


def table_from(data: bytes) -> pa.Table:
    """Return the table of an Arrow IPC stream."""
    with pa.ipc.open_stream(data) as stream:
        return stream.read_all()


def encode_detail(value: object) -> Any:
    """Return a detail of an error as JSON; what JSON can't keep is its text."""
    try:
        return encode(value)
    except BadArgument:
        return str(value)


def decode_error(body: Mapping[str, Any]) -> LabError:
    """Return the error that a problem of the server tells, of the same class with the same message and details."""
    kind = kinds().get(str(body.get("code")), LabError)
    # The constructors of the kinds compose the message; it is composed already.
    error: LabError = kind.__new__(kind)
    details = decode(body.get("details", {}))
    LabError.__init__(error, str(body.get("detail", "")), **details)
    for name, value in details.items():
        setattr(error, name, value)
    if isinstance(error, errors.HintNeeded):
        error.hint = error.field
    return error
