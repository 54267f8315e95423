"""What an invariant of a lab is."""

from __future__ import annotations

from typing import NamedTuple


class Check(NamedTuple):
    """`sql` returns no row while `sentence` is true."""

    name: str
    sentence: str
    sql: str
