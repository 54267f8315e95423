"""Cuts the entries out of the text of a message, so that the XML parser reads only what is around them.

Each run of entries that follow one another leaves an empty element with its number at its place, and is held
until the parser reports that element. What can't be told apart by looking for tags (comments, CDATA, processing
instructions) or is no XML ends the cutting for the rest of the file: the parser then reads all of it.
"""

from __future__ import annotations

import re

from bankklient_lab.errors import LimitExceeded
from bankklient_lab.formats.base import LIMITS

MARK = "bankklient-run"

# By a character that is rare in a message: to look for that one first is ten times as fast.
_UNSURE = (("!", "<!"), ("?", "<?"), ("]", "]]>"), ("k", MARK), ("\ufffe", "\ufffe"), ("\uffff", "\uffff"))
_CONTROLS = bytes(range(32)).translate(None, b"\t\n\r")
_OVERLAP = len(MARK) + 1  # what may be cut in two between chunks


class Slices:
    """The entries of one message between being cut out and being read; `count` were cut out so far.

    `entry` is the local name of the element to cut out.
    """

    def __init__(self, entry: str) -> None:
        self.entry = entry
        self.count = 0
        self._start = re.compile(rf"<((?:[\w.-]+:)?{entry})>")
        self._cutting = True
        self._opening = self._closing = self._name = ""
        self._rest = ""  # may be the start of an entry or of a tag
        self._runs: dict[str, list[str]] = {}

    def take(self, run: str | None) -> list[str] | None:
        """Return the entries of a run and forget them; None for an element that is no run of ours."""
        return self._runs.pop(run, None) if run else None

    def cut(self, text: str) -> str:
        """Return more text of the message, with one empty element for each run of complete entries."""
        self._cutting = self._cutting and not _unsure(self._rest[-_OVERLAP:] + text)
        text, self._rest = self._rest + text, ""
        if not self._cutting:
            return text
        if not self._opening and (found := self._start.search(text)):
            self._opening, self._closing, self._name = found[0], f"</{found[1]}>", found[1]
        kept, self._rest = self._cut_entries(text)
        if len(self._rest) > LIMITS.xml_unit_bytes:
            raise LimitExceeded(f"one {self.entry} is larger than {LIMITS.xml_unit_bytes} bytes")
        return kept

    def rest(self) -> str:
        """Return what is left when the file has ended."""
        text, self._rest = self._rest, ""
        return text

    def _cut_entries(self, text: str) -> tuple[str, str]:
        kept: list[str] = []
        run: list[str] = []
        done = 0
        while self._opening and (start := text.find(self._opening, done)) >= 0:
            between = text[done:start]
            end = text.find(self._closing, start)
            if end < 0:
                return "".join(kept) + between, text[start:]
            done = end + len(self._closing)
            if not kept or (between and not between.isspace()):
                run = self._runs[str(self.count)] = []
                kept += between, f'<{self._name} {MARK}="{self.count}"/>'
            run.append(text[start:done])
            self.count += 1
        last = text.rfind("<", done)
        if last < 0 or ">" in text[last:]:
            last = len(text)
        return "".join(kept) + text[done:last], text[last:]


def _unsure(text: str) -> bool:
    data = text.encode()
    return any(rare in text and sign in text for rare, sign in _UNSURE) or len(data.translate(None, _CONTROLS)) != len(
        data
    )
