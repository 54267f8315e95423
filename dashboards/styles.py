"""The style sheets of the pages, one file each beside the code."""

from __future__ import annotations

from functools import cache
from pathlib import Path


@cache
def css(name: str) -> str:
    """Return the style sheet `name`.css of this folder."""
    return Path(__file__).with_name(f"{name}.css").read_text(encoding="utf-8")
