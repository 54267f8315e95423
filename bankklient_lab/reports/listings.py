"""Lists of users, roles, permissions, the configuration and what helps with orders as files, to print or work on."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from bankklient_lab.access.configuration import client_name
from bankklient_lab.access.listings import LISTINGS
from bankklient_lab.errors import UnknownName
from bankklient_lab.exchange.reported import MESSAGE_LISTINGS
from bankklient_lab.lab import Lab
from bankklient_lab.orders.reported import ORDER_LISTINGS
from bankklient_lab.reports.doors import TABLE_SUFFIXES, known_suffix, render_table
from bankklient_lab.reports.model import REPORT_LIMITS, check_rows
from bankklient_lab.services.reported import SERVICE_LISTINGS

if TYPE_CHECKING:
    import pyarrow as pa

LISTING_SUFFIXES = (".pdf", *TABLE_SUFFIXES)
_SIZE, _SIZE_MIN = 7.5, 5.5  # points
_LINE_CHARS = 185  # that a line takes in print of full size
PRINTED = LISTINGS | ORDER_LISTINGS | SERVICE_LISTINGS | MESSAGE_LISTINGS
_WIDTH_CHARS_MAX = 48  # of a column, beside the others; longer texts wrap


def render_listing(lab: Lab, name: str, suffix: str, *given: object) -> bytes:
    """Return one of PRINTED as a file; `suffix` is one of LISTING_SUFFIXES, `given` arguments of what reads it.

    Raises UnknownName, BadArgument for another suffix, NotAllowed for a list that the caller may not see.
    """
    if name not in PRINTED:
        raise UnknownName("list", name, f"known are {', '.join(PRINTED)}")
    known_suffix(suffix, LISTING_SUFFIXES)
    listing = PRINTED[name]
    table = listing.read.arrow(lab, *given)
    if suffix == ".pdf":
        return table_pdf(table.select(listing.columns), listing.title, client_name(lab), lab.clock())
    return render_table(table, suffix, listing.title)


def table_pdf(table: pa.Table, title: str, client: str, made_at: datetime) -> bytes:
    """Return any table of texts, numbers and days as a PDF; `client` stands in its head."""
    return parts_pdf([part("", table)], title, client, made_at)


@dataclass(frozen=True, slots=True)
class Part:
    """A table as people read it, under a title of its own; `right` tells which columns stand at the right."""

    title: str
    names: list[str]
    rows: list[list[str]]
    right: list[bool]

    @property
    def widths(self) -> list[int]:
        """How wide the columns are beside each other."""
        longest = [max(map(len, column)) for column in zip(self.names, *self.rows, strict=True)]
        return [min(chars, _WIDTH_CHARS_MAX) + 2 for chars in longest]

    @property
    def size(self) -> float:
        """The size of the print in points: smaller where more characters stand beside each other."""
        return max(_SIZE_MIN, min(_SIZE, _SIZE * _LINE_CHARS / max(sum(self.widths), 1)))


def part(title: str, table: pa.Table, columns: Iterable[str] = ()) -> Part:
    """Return some columns of a table (all without any) as texts; an amount has the decimals of its row's `currency`."""
    import pyarrow.types as pt

    table = table.select(list(columns) or table.column_names)
    rows = [[_text(value, row.get("currency") or "") for value in row.values()] for row in table.to_pylist()]
    right = [pt.is_decimal(kind) or pt.is_integer(kind) for kind in table.schema.types]
    return Part(title, [name.replace("_", " ").capitalize() for name in table.column_names], rows, right)


def parts_pdf(parts: Sequence[Part], title: str, client: str, made_at: datetime) -> bytes:
    """Return lists, one below the other, as a PDF."""
    from bankklient_lab.reports import texts
    from bankklient_lab.reports.pdf import FONT, compiled

    check_rows(sum(len(one.rows) for one in parts), REPORT_LIMITS.pdf_rows, "the PDF")
    data = {
        "font": FONT,
        "title": title,
        "client": client,
        "made": texts.made_text(made_at),
        "parts": [asdict(one) | {"widths": one.widths, "size": one.size} for one in parts],
    }
    return compiled("listing.typ", json.dumps(data, ensure_ascii=False), made_at)


def _text(value: object, currency: str = "") -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Decimal):
        from bankklient_lab.reports.texts import amount_text

        return amount_text(value, currency)
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="seconds")
    if isinstance(value, date):
        return value.isoformat()
    return str(value)
