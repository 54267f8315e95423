"""Lists of users, roles, permissions and the configuration as files, to print or to work on."""

from __future__ import annotations

import json
from datetime import date, datetime
from typing import TYPE_CHECKING

from bankklient_lab.access.configuration import client_name
from bankklient_lab.access.listings import LISTINGS
from bankklient_lab.errors import UnknownName
from bankklient_lab.lab import Lab
from bankklient_lab.reports.doors import TABLE_SUFFIXES, known_suffix, render_table
from bankklient_lab.reports.model import REPORT_LIMITS, check_rows

if TYPE_CHECKING:
    import pyarrow as pa

LISTING_SUFFIXES = (".pdf", *TABLE_SUFFIXES)
_WIDTH_CHARS_MAX = 48  # of a column, beside the others; longer texts wrap


def render_listing(lab: Lab, name: str, suffix: str, *given: object) -> bytes:
    """Return one of LISTINGS as a file; `suffix` is one of LISTING_SUFFIXES, `given` arguments of what reads it.

    Raises UnknownName, BadArgument for another suffix, NotAllowed for a list that the caller may not see.
    """
    if name not in LISTINGS:
        raise UnknownName("list", name, f"known are {', '.join(LISTINGS)}")
    known_suffix(suffix, LISTING_SUFFIXES)
    listing = LISTINGS[name]
    table = listing.read.arrow(lab, *given)
    if suffix == ".pdf":
        return table_pdf(table.select(listing.columns), listing.title, client_name(lab), lab.clock())
    return render_table(table, suffix, listing.title)


def table_pdf(table: pa.Table, title: str, client: str, made_at: datetime) -> bytes:
    """Return any table of texts, numbers and days as a PDF; `client` stands in its head."""
    from bankklient_lab.reports import texts
    from bankklient_lab.reports.pdf import FONT, compiled

    check_rows(table.num_rows, REPORT_LIMITS.pdf_rows, "the PDF")
    names = [name.replace("_", " ").capitalize() for name in table.column_names]
    rows = [[_text(value) for value in row.values()] for row in table.to_pylist()]
    longest = [max(map(len, column)) for column in zip(names, *rows, strict=True)]
    data = {
        "font": FONT,
        "title": title,
        "client": client,
        "made": texts.made_text(made_at),
        "names": names,
        "widths": [min(chars, _WIDTH_CHARS_MAX) + 2 for chars in longest],
        "rows": rows,
    }
    return compiled("listing.typ", json.dumps(data, ensure_ascii=False), made_at)


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="seconds")
    if isinstance(value, date):
        return value.isoformat()
    return str(value)
