"""Texts in SQL where DuckDB takes no parameter: paths that are attached, loaded or read by a macro."""

from __future__ import annotations


def literal(text: object) -> str:
    """Return a text as a literal of SQL."""
    return "'" + str(text).replace("'", "''") + "'"
