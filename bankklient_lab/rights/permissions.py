"""The permissions codebook: numbers, what each requires and excludes, and the sets that hold together.

Every rule stands in data/codebooks/permissions.csv: `requires` is an expression over numbers, `conflicts` lists
numbers that can't be held beside.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

from bankklient_lab.codebooks import rows
from bankklient_lab.errors import UnknownName

Held = frozenset[int]
_TOKEN = re.compile(r"\s*(\d+|[()|&])")


@dataclass(frozen=True, slots=True)
class Needed:
    """An expression over permission numbers, such as "(51|56)&61"; the empty one holds for everybody."""

    text: str
    holds: Callable[[Held], bool]

    @property
    def numbers(self) -> Held:
        """All numbers that the expression names."""
        return frozenset(map(int, re.findall(r"\d+", self.text)))

    def __str__(self) -> str:
        return self.text.replace("|", " or ").replace("&", " and ")


class Permission(NamedTuple):
    """One permission of the codebook."""

    number: int
    name: str
    enables: str
    requires: Needed
    conflicts: Held


@cache
def needed(text: str) -> Needed:
    """Return the expression that `text` writes with numbers, | (or), & (and) and brackets; & binds tighter."""
    tokens = _TOKEN.findall(text)
    assert "".join(tokens) == "".join(text.split()), text
    if not tokens:
        return Needed("", lambda _held: True)
    holds, rest = _either(tokens)
    assert not rest, text
    return Needed(text, holds)


def _either(tokens: list[str]) -> tuple[Callable[[Held], bool], list[str]]:
    first, tokens = _all(tokens)
    if tokens[:1] != ["|"]:
        return first, tokens
    other, tokens = _either(tokens[1:])
    return lambda held: first(held) or other(held), tokens


def _all(tokens: list[str]) -> tuple[Callable[[Held], bool], list[str]]:
    first, tokens = _single(tokens)
    if tokens[:1] != ["&"]:
        return first, tokens
    other, tokens = _all(tokens[1:])
    return lambda held: first(held) and other(held), tokens


def _single(tokens: list[str]) -> tuple[Callable[[Held], bool], list[str]]:
    if tokens[0] == "(":
        inner, rest = _either(tokens[1:])
        assert rest[:1] == [")"], tokens
        return inner, rest[1:]
    number = int(tokens[0])
    return lambda held: number in held, tokens[1:]


@cache
def permissions() -> dict[int, Permission]:
    """Return the codebook by number."""
    return {
        int(row["number"]): Permission(
            int(row["number"]), row["name"], row["enables"], needed(row["requires"]), parse(row["conflicts"])
        )
        for row in rows("permissions")
    }


@cache
def everything() -> Held:
    """Return all numbers of the codebook."""
    return frozenset(permissions())


def permission(number: int) -> Permission:
    """Return one permission; UnknownName when the codebook has none of that number."""
    try:
        return permissions()[number]
    except KeyError:
        raise UnknownName("permission", number) from None


def parse(text: str) -> Held:
    """Return the numbers of a text that separates them by spaces."""
    return frozenset(map(int, text.split()))


def written(numbers: Iterable[int]) -> str:
    """Return numbers as the lab keeps them: ascending, separated by spaces."""
    return " ".join(map(str, sorted(numbers)))


def settled(wanted: Iterable[int], beside: Held = frozenset()) -> Held:
    """Return the largest part of a set whose rules hold: what breaks a rule is taken away until nothing does.

    A number that the codebook does not have (any more) is taken away, too.
    `beside` are permissions that stay whatever happens, as those of a user's role: what excludes one of them goes. Of
    two permissions of the set that exclude each other the lower number goes (BAS-202, BAS-203).
    """
    known = permissions()
    held = frozenset(number for number in wanted if number in known and not known[number].conflicts & beside)
    held -= {number for number in held if any(other > number for other in known[number].conflicts & held)}
    while broken := {number for number in held if not known[number].requires.holds(held | beside)}:
        held -= broken
    return held


def colliding(wanted: Held, beside: Held) -> list[str]:
    """Return a sentence for each permission that excludes one of those beside."""
    known = permissions()
    return [
        f"{number} excludes {other}" for number in sorted(wanted) for other in sorted(known[number].conflicts & beside)
    ]


def known_numbers(numbers: Iterable[int]) -> Held:
    """Return numbers as a set; UnknownName for the first that the codebook does not have."""
    held = frozenset(numbers)
    for number in sorted(held - everything()):
        raise UnknownName("permission", number, "`bankklient permissions list` shows them")
    return held


def broken_rules(held: Held) -> list[str]:
    """Return a sentence for each rule that a set breaks, in the order of the numbers."""
    known = permissions()
    said = [f"{number} is not known" for number in sorted(held - known.keys())]
    for number in sorted(held & known.keys()):
        rule = known[number]
        said += [f"{number} excludes {other}" for other in sorted(rule.conflicts & held) if other > number]
        if not rule.requires.holds(held):
            said.append(f"{number} needs {rule.requires}")
    return said
