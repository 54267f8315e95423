"""What commands print: JSON for programs, aligned tables for people."""

from __future__ import annotations

import json
import re
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from bankklient_lab.jobs import Job
from bankklient_lab.money import decimals
from bankklient_lab.store.files import write_whole

THIN_SPACE, MINUS = "\u2009", "\u2212"
TEXT_WIDTH_MAX = 44
SECONDS_UNTIL_PROGRESS = 2.0
SECONDS_BETWEEN_PROGRESS = 0.2
# Characters that move a terminal's cursor or turn its text around.
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")
_CONTROLS_IN_JSON = re.compile(_CONTROLS.pattern.replace("\\x00-\\x1f", ""))


def shown(text: str) -> str:
    """Return text with control characters as escapes, safe for a terminal."""
    return _CONTROLS.sub(lambda found: found.group().encode("unicode_escape").decode("ascii"), text)


def print_json(value: object) -> None:
    """Print a value as `as_json` writes it."""
    sys.stdout.write(as_json(value))


def as_json(value: object) -> str:
    """Return JSON: decimals as texts, days and instants in ISO 8601, nothing that controls a terminal."""
    text = json.dumps(value, default=_plain, ensure_ascii=False, indent=2)
    return _CONTROLS_IN_JSON.sub(lambda found: f"\\u{ord(found.group()):04x}", text) + "\n"


def _plain(value: object) -> object:
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    raise TypeError(type(value).__name__)


def print_table(rows: Sequence[Mapping[str, Any]], columns: Sequence[str], *, as_json: bool, empty: str) -> None:
    """Print all columns as JSON, or these columns as an aligned table (`empty` when there is no row)."""
    if as_json:
        print_json(rows)
    else:
        print_rows(rows, columns, empty=empty)


def print_rows(
    rows: Sequence[Mapping[str, Any]], columns: Sequence[str], *, empty: str, converted_to: str = ""
) -> None:
    """Print rows as an aligned table; amounts to the right, with the decimals of their currency.

    That is the row's `currency`, for the column "converted" `converted_to`.
    """
    if not rows:
        sys.stdout.write(f"{empty}\n")
        return
    cells = [
        [
            str(row[column])
            if _typed_again(column) and row[column] is not None
            else _cell(row[column], converted_to if column == "converted" else row.get("currency") or "")
            for column in columns
        ]
        for row in rows
    ]
    right = [any(isinstance(row[column], (Decimal, int)) for row in rows) for column in columns]
    heads = [column.replace("_", " ") for column in columns]
    widths = [max(map(len, texts)) for texts in zip(heads, *cells, strict=True)]
    for texts in [heads, *cells]:
        line = "  ".join(
            text.rjust(width) if to_right else text.ljust(width)
            for text, width, to_right in zip(texts, widths, right, strict=True)
        )
        sys.stdout.write(line.rstrip() + "\n")


def _typed_again(column: str) -> bool:
    """Tell whether a column has numbers that people type again, which have no blanks in them."""
    return column.endswith("_id") or column in ("number", "group_number", "point")


def _cell(value: object, currency: str) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case Decimal():
            return amount(value, currency)
        case int():
            return f"{value:,}".replace(",", THIN_SPACE)
        case datetime():
            return value.isoformat(sep=" ", timespec="seconds")
    text = shown(str(value))
    return text if len(text) <= TEXT_WIDTH_MAX else text[: TEXT_WIDTH_MAX - 1] + "\u2026"


def amount(value: Decimal, currency: str) -> str:
    """Return an amount with thin spaces between thousands and a true minus; never fewer decimals than it has."""
    places = decimals(currency)
    exact = value.normalize()
    exponent = exact.as_tuple().exponent
    places = max(places, -exponent if isinstance(exponent, int) else 0)
    return f"{value:,.{places}f}".replace(",", THIN_SPACE).replace("-", MINUS)


class Progress:
    """Long work on a terminal: what is being done, said after 2 seconds."""

    def __init__(self) -> None:
        self.job = Job(self._note)
        self._tty = sys.stderr.isatty()
        self._next = time.monotonic() + SECONDS_UNTIL_PROGRESS
        self._width = 0

    def _note(self, doing: str, share: float | None) -> None:
        if self._tty and time.monotonic() >= self._next:
            self._next = time.monotonic() + SECONDS_BETWEEN_PROGRESS
            self._write(shown(doing) + ("" if share is None else f" ({share:.0%})"))

    def _write(self, text: str) -> None:
        sys.stderr.write("\r" + text.ljust(self._width) + ("" if text else "\r"))
        sys.stderr.flush()
        self._width = len(text)

    def __enter__(self) -> Job:
        return self.job

    def __exit__(self, *_error: object) -> None:
        if self._width:
            self._write("")


def save_file(path: Path, content: bytes) -> None:
    """Write a file whole or not at all, and say so; BadArgument when its place can't be written."""
    write_whole(path, content)
    lines([f"{path} is written"])


def lines(texts: Iterable[str]) -> None:
    """Print lines of text for people."""
    for text in texts:
        sys.stdout.write(shown(text) + "\n")
