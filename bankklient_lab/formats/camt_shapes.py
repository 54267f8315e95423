"""Entries of one shape: what lies where is found out once, not for each of a million equal entries.

A bank writes its entries by a few patterns. The shape of an entry is its text with all contents of elements
taken out: tags, attributes, white space between tags. An XML parser reads one entry of a shape, with a mark for
each content; where the marks turn up says where the contents of every other entry of that shape belong. This
is exact as long as a content is only text: entries with references ("&amp;") are parsed one by one, and
`camt_slices` gives none with comments, CDATA or characters that XML does not have.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple
from xml.sax.saxutils import quoteattr

from lxml import etree

from bankklient_lab.formats.camt_layout import Found, Paths, Tree, compile_paths, gather
from bankklient_lab.formats.camt_xml import check_depth, namespace

SHAPES_MAX = 500  # kept at a time
CONTENTS_MAX = 200  # of an entry: longer ones are batches, whose shapes hardly come again

_CONTENT = re.compile(r">(\s*[^\s<][^<]*)<")
_MARK = "\ue000"


class _Plan(NamedTuple):
    """How to fill what is found: fixed values, and numbers of contents."""

    fixed: Found
    texts: list[tuple[str, int]]
    monies: list[tuple[str, int, str | None]]
    lists: list[tuple[str, list[Any]]]  # of contents, of (content, currency), of plans, of fixed texts


class Shapes:
    """Finds in the text of an entry what `paths` name; `entry` is any element that has its namespaces."""

    def __init__(self, paths: Paths, entry: etree._Element) -> None:
        declared = (f"xmlns:{prefix}" if prefix else "xmlns" for prefix in entry.nsmap)
        spaces = (quoteattr(space) for space in entry.nsmap.values())
        self._opening = "<entry " + " ".join(map("=".join, zip(declared, spaces, strict=True))) + ">"
        self._tree: Tree = compile_paths(paths, namespace(entry))
        self._plans: dict[tuple[str, ...], _Plan] = {}

    def find(self, text: str, place: str) -> Found:
        """Return what is found in an entry; etree.XMLSyntaxError when it is not well formed."""
        pieces = _CONTENT.split(text)
        if "&" in text or len(pieces) > CONTENTS_MAX:
            return gather(self._parse(text, place), self._tree, {})
        shape = tuple(pieces[::2])
        plan = self._plans.get(shape)
        if plan is None:
            plan = self._learn(pieces, place)
            if len(self._plans) >= SHAPES_MAX:
                self._plans.clear()
            self._plans[shape] = plan
        return _fill(plan, pieces[1::2])

    def _parse(self, text: str, place: str) -> etree._Element:
        parser = etree.XMLParser(resolve_entities=False, no_network=True, encoding="utf-8")
        entry = etree.fromstring(f"{self._opening}{text}</entry>".encode(), parser)[0]
        check_depth(entry, place)
        return entry

    def _learn(self, pieces: list[str], place: str) -> _Plan:
        marked = pieces[0]
        for number in range(1, len(pieces), 2):
            marked += f">{_MARK}{number // 2}<{pieces[number + 1]}"
        return _plan(gather(self._parse(marked, place), self._tree, {}))


def _number(value: object) -> int | None:
    """Return the number of the content that `value` marks."""
    return int(value[1:]) if isinstance(value, str) and value.startswith(_MARK) else None


def _plan(found: Found) -> _Plan:
    plan = _Plan({}, [], [], [])
    for name, value in found.items():
        number = _number(value)
        if number is not None:
            plan.texts.append((name, number))
        elif isinstance(value, tuple) and (of_money := _number(value[0])) is not None:
            plan.monies.append((name, of_money, value[1]))
        elif isinstance(value, list):
            plan.lists.append((name, [_plan_item(item) for item in value]))
        else:
            plan.fixed[name] = value
    return plan


def _plan_item(item: Any) -> Any:
    if isinstance(item, dict):
        return _plan(item)
    if isinstance(item, tuple):
        number = _number(item[0])
        return item if number is None else (number, item[1])
    number = _number(item)
    return item if number is None else number


def _fill(plan: _Plan, contents: list[str]) -> Found:
    fixed, texts, monies, lists = plan
    found = fixed.copy()
    for name, number in texts:
        found[name] = contents[number]
    for name, number, currency in monies:
        found[name] = contents[number], currency
    for name, items in lists:
        found[name] = [_fill_item(item, contents) for item in items]
    return found


def _fill_item(item: Any, contents: list[str]) -> Any:
    kind = item.__class__
    if kind is _Plan:
        return _fill(item, contents)
    if kind is int:
        return contents[item]
    if kind is tuple and item[0].__class__ is int:
        return contents[item[0]], item[1]
    return item
