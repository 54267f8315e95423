"""The writer of our own fixed-width format."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from bankklient_lab.formats.payments import fixed_layout as layout
from bankklient_lab.formats.payments.accounts import czech
from bankklient_lab.formats.payments.base import LINE_CHARACTERS, Header, place_of, refused, require_held, rows_of
from bankklient_lab.formats.payments.charsets import encode

HELD = frozenset(
    {"kind", "own_account", "counter_account", "amount", "maturity", "urgent", *layout.SYMBOLS, *layout.TEXTS}
    | set(layout.LONG_TEXTS)
)
_LETTERS = {kind: letter for letter, kind in layout.KINDS.items()}
_PLAIN = ("amount", "maturity", "client_day", *layout.SYMBOLS, *layout.TEXTS)
_END = "\r\n"


def write(payments: pa.Table, header: Header) -> Iterator[bytes]:
    """Yield one file."""
    require_held(payments, "the fixed-width format", HELD)
    head = {
        "type": "H",
        "signature": layout.SIGNATURE,
        "created": header.created_at.date(),
        "client_number": header.client_number,
        "client_name": header.initiator[:35],
        "reference": header.message_id,
    }
    yield encode(layout.HEADER.write(head, "the header of the file") + _END, header.charset, "the header of the file")
    for rows in rows_of(payments):
        yield b"".join([encode(_line(row), header.charset, place_of(row)) for row in rows])
    totals = {"type": "T", "count": payments.num_rows, "sum": pc.sum(payments["amount"]).as_py()}
    yield (layout.TRAILER.write(totals, "the last line") + _END).encode("ascii")


def _line(row: Mapping[str, Any]) -> str:
    if row["kind"] not in _LETTERS:
        raise refused(row, "kind", "the format has payments and collections only")
    values = {"type": _LETTERS[row["kind"]], "urgent": {None: None, True: "1", False: "0"}[row["urgent"]]}
    values |= {name: row[name] for name in _PLAIN}
    for side in ("own", "counter"):
        account = czech(row[f"{side}_account"])
        if account is None:
            raise refused(row, f"{side}_account", "the format is for Czech accounts only")
        values |= {f"{side}_prefix": account.prefix, f"{side}_base": account.base, f"{side}_bank": account.bank}
    values |= {name: _lines(row, name) for name in layout.LONG_TEXTS}
    return layout.ORDER.write(values, place_of(row)) + _END


def _lines(row: Mapping[str, Any], name: str) -> str:
    """Return a text as lines of 35 characters one behind the other; one line alone may be longer."""
    lines = (row[name] or "").split("\n")
    if len(lines) > layout.TEXT_LINES or any(len(line) > LINE_CHARACTERS for line in lines[:-1] + lines[1:]):
        raise refused(row, name, f"at most {layout.TEXT_LINES} lines of {LINE_CHARACTERS} characters are possible")
    return "".join(line.ljust(LINE_CHARACTERS) for line in lines).rstrip()
