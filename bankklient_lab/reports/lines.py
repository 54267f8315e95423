"""Texts broken into lines of a known width, so that the height of a row is known before it is drawn."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple


class Widths(NamedTuple):
    """Widths of characters in points at the text's size, in the two weights of the font."""

    regular: Mapping[str, float]
    medium: Mapping[str, float]


Measure = Callable[[set[str], float], Widths]


def width_of(text: str, widths: Mapping[str, float]) -> float:
    """Return the width of a text on one line."""
    return sum(map(widths.__getitem__, text))


def wrap(text: str, width: float, widths: Mapping[str, float]) -> list[str]:
    """Return the lines of a text, none wider than `width`; a word that is wider is broken."""
    lines: list[str] = []
    for paragraph in text.splitlines():
        words = paragraph.split()
        whole = " ".join(words)
        if width_of(whole, widths) > width:
            lines += _filled(words, width, widths)
        elif whole:
            lines.append(whole)
    return lines


def _filled(words: list[str], width: float, widths: Mapping[str, float]) -> list[str]:
    lines: list[str] = []
    line, used = "", 0.0
    for word in words:
        wide = width_of(word, widths)
        if line and used + widths[" "] + wide <= width:
            line, used = f"{line} {word}", used + widths[" "] + wide
            continue
        if line:
            lines.append(line)
        if wide > width:
            *whole, word = _broken(word, width, widths)  # noqa: PLW2901
            lines += whole
        line, used = word, width_of(word, widths)
    return [*lines, line]


def _broken(word: str, width: float, widths: Mapping[str, float]) -> list[str]:
    parts, used = [""], 0.0
    for character in word:
        used += widths[character]
        if used > width and parts[-1]:
            parts.append("")
            used = widths[character]
        parts[-1] += character
    return parts
