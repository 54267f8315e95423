"""Who verified and confirmed an order, by its status: what is written of them when it comes to a status.

Values are SQL by column; bind $me, the caller's reference, and $now where they are named.
"""

from __future__ import annotations

from bankklient_lab.orders.lifecycle import CONFIRMED, CONFIRMED_ONCE, CONFIRMED_TWICE, CREATED, ERROR, VERIFIED

_MARKS = ("verified", "confirmed", "confirmed_again")
# How many of them an order of a status has, from the first on; included and given up orders keep what they have.
_COUNTS = {CREATED: 0, ERROR: 0, VERIFIED: 1, CONFIRMED: 2, CONFIRMED_ONCE: 2, CONFIRMED_TWICE: 3}


def marks(status: str) -> dict[str, str]:
    """Return all columns, as they are when the caller brings an order to a status at once."""
    return _given(0, _COUNTS[status]) | _taken(_COUNTS[status], len(_MARKS))


def marks_changed(before: str, after: str) -> dict[str, str]:
    """Return the columns that a step of the caller changes."""
    if after not in _COUNTS:
        return {}
    had, has = _COUNTS.get(before, len(_MARKS)), _COUNTS[after]
    return _given(had, has) | _taken(has, had)


def _given(first: int, end: int) -> dict[str, str]:
    return _columns(first, end, "$me", "$now::TIMESTAMPTZ")


def _taken(first: int, end: int) -> dict[str, str]:
    return _columns(first, end, "NULL::VARCHAR", "NULL::TIMESTAMPTZ")


def _columns(first: int, end: int, by: str, at: str) -> dict[str, str]:
    return {f"{one}_{what}": value for one in _MARKS[first:end] for what, value in (("by", by), ("at", at))}
