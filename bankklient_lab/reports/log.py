"""The application log as a file, to print or to work on (ADM-194)."""

from __future__ import annotations

from typing import Any

from bankklient_lab.access.configuration import client_name
from bankklient_lab.access.log import application_log
from bankklient_lab.lab import Lab
from bankklient_lab.reports.doors import known_suffix, render_table
from bankklient_lab.reports.listings import LISTING_SUFFIXES, table_pdf

TITLE = "Application log"
_PRINTED = ("order", "saved", "number", "message", "module", "type", "user", "subject")


def render_log(lab: Lab, suffix: str, **chosen: Any) -> bytes:
    """Return entries of the log as a file; `suffix` is one of LISTING_SUFFIXES, `chosen` as application_log takes it.

    Raises BadArgument for another suffix.
    """
    known_suffix(suffix, LISTING_SUFFIXES)
    table = application_log.arrow(lab, **chosen)
    if suffix == ".pdf":
        return table_pdf(table.select(_PRINTED), TITLE, client_name(lab), lab.clock())
    return render_table(table, suffix, TITLE)
