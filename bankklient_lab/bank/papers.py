"""What the bank writes on paper, as PDF by Typst: the same content and moment give the same bytes.

Texts come to the template as data and are never read as markup; fonts are those that Typst brings along.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import NamedTuple

import typst

_TEMPLATE = Path(__file__).with_name("document.typ")
_MARK = "Made by a simulated bank, to rehearse with"


class Paper(NamedTuple):
    """A document: facts with their names, and lines of day, counterparty, text and amount (with its sign)."""

    title: str
    bank: str
    facts: Sequence[tuple[str, str]]
    lines: Sequence[tuple[str, str, str, str]]


def pdf(paper: Paper, made_at: datetime) -> bytes:
    """Return the PDF of a paper that was made at an instant."""
    data = json.dumps(paper._asdict() | {"mark": _MARK}, ensure_ascii=False)
    compiler = typst.Compiler(_TEMPLATE, font_paths=_fonts(), ignore_system_fonts=True, sys_inputs={"data": data})
    content = compiler.compile(format="pdf", timestamp=int(made_at.astimezone(UTC).timestamp()))
    assert isinstance(content, bytes)
    return content


@cache
def _fonts() -> typst.Fonts:
    return typst.Fonts(include_system_fonts=False)
