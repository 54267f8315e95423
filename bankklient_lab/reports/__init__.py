"""Reports: results of analysis as files.

Each door reads by analysis functions alone, so it works with a remote lab too.
`render_statement` and `render_cash_position` make reports for people, `render_table` a file of any table, and
`render_many` the same kind of statement for many accounts or months, on all cores.
"""

from __future__ import annotations

from bankklient_lab.reports.doors import (
    SUFFIXES,
    TABLE_SUFFIXES,
    StatementRequest,
    render_cash_position,
    render_many,
    render_statement,
    render_table,
)
from bankklient_lab.reports.model import REPORT_LIMITS, StatementOptions

__all__ = [
    "REPORT_LIMITS",
    "SUFFIXES",
    "TABLE_SUFFIXES",
    "StatementOptions",
    "StatementRequest",
    "render_cash_position",
    "render_many",
    "render_statement",
    "render_table",
]
