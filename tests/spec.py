"""The lines of the specification (docs/spec), which tests name with `@pytest.mark.spec("BNK-012")`."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parents[1] / "docs" / "spec"
LINE = re.compile(r"^- \*\*(?P<id>[A-Z]{2,3}-\d{3})\*\*: (?P<text>.*)$", re.MULTILINE)
ROW = re.compile(r"^\| (?P<id>[A-Z]{2,3}-\d{3}) \| (?P<text>.*?) \|", re.MULTILINE)


@cache
def lines() -> dict[str, str]:
    """Return every line of the specification by its id, in the order of the documents."""
    return {number: text for path in areas() for number, text in lines_of(path)}


def lines_of(path: Path) -> list[tuple[str, str]]:
    """Return id and text of the lines of one document, which are list items or rows of a table."""
    text = path.read_text("utf-8")
    return [(found["id"], found["text"]) for pattern in (LINE, ROW) for found in pattern.finditer(text)]


def areas() -> list[Path]:
    """Return the documents of the specification, sorted by their numbers."""
    return sorted(FOLDER.glob("[0-9]*.md"))
