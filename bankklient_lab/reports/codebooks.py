"""A codebook as a file: to print, and as CSV to be changed and taken over again."""

from __future__ import annotations

from datetime import date

from bankklient_lab.access.configuration import client_name
from bankklient_lab.codebooks.bank import codebook_named
from bankklient_lab.lab import Lab
from bankklient_lab.orders.codebooks import codebook
from bankklient_lab.reports.doors import known_suffix, render_table
from bankklient_lab.reports.listings import LISTING_SUFFIXES, table_pdf


def render_codebook(lab: Lab, name: str, suffix: str, day: date | None = None) -> bytes:
    """Return a codebook as it is in force on a day as a file; `suffix` is one of LISTING_SUFFIXES.

    Raises UnknownName, BadArgument for another suffix.
    """
    known_suffix(suffix, LISTING_SUFFIXES)
    label, table = codebook_named(name).label, codebook.arrow(lab, name, day)
    return (
        table_pdf(table, label, client_name(lab), lab.clock())
        if suffix == ".pdf"
        else render_table(table, suffix, label)
    )
