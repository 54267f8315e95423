"""Layouts: how a user arranges the form of a kind of order, saved under names; the last used one is current.

What is arranged are fields: an account with prefix, number and bank is one field, and so is a text of several lines, so
that what belongs together moves together. No field can be added, and what is mandatory can't be hidden.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache
from typing import Any

from bankklient_lab.actions import action, table_action
from bankklient_lab.errors import BadArgument, UnknownName
from bankklient_lab.lab import Lab, Read
from bankklient_lab.orders.creating import CREATES
from bankklient_lab.orders.kinds import kind_named
from bankklient_lab.orders.kinds.kind import Kind
from bankklient_lab.orders.unfinished import clean_name

STANDARD = "standard"
LABEL_CHARS_MAX = 40
EMPTY_LABEL = "."  # a label without a text would not be found again
_LINE = re.compile(r"(.+)_line_\d")
_KEYS = {"name", "place", "label", "shown"}


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a form: `items` are those of the kind, in order; `shown` says whether it is shown at first."""

    name: str
    label: str
    items: tuple[str, ...]
    mandatory: bool
    shown: bool


@cache
def fields(kind: Kind) -> tuple[Field, ...]:
    """Return the fields of a kind's form in the standard order; items that only imports have are no part of it."""
    grouped: dict[str, list[str]] = {}
    for item in kind.items:
        if item.part != "import":
            grouped.setdefault(_field_of(kind, item.name), []).append(item.name)
    return tuple(
        Field(
            name,
            _label(kind, name, items),
            tuple(items),
            any(kind.item(item).mandatory for item in items),
            any(kind.item(item).part == "main" for item in items),
        )
        for name, items in grouped.items()
    )


@table_action(CREATES)
def form_layouts(lab: Lab, kind: str) -> Read:
    """Return the caller's saved layouts of a kind by name. Columns: name, fields (JSON), current."""
    return lab.read(
        "SELECT l.name, l.fields, c.name IS NOT NULL AS current FROM ops.form_layout l"
        " LEFT JOIN ops.current_layout c ON c.user_id = l.user_id AND c.kind = l.kind AND c.name = l.name"
        " WHERE l.user_id = $user AND l.kind = $kind ORDER BY l.name",
        {"user": lab.caller.user_id, "kind": kind_named(kind).name},
    )


@action(CREATES, mode="standard")
def current_layout(lab: Lab, kind: str) -> dict[str, Any]:
    """Return the caller's current layout of a kind: name, and fields in the order in which they are entered.

    Each field has name, place (from 1), label, shown, mandatory, items. Without a saved one it is "standard".
    """
    one = kind_named(kind)
    found = lab.rows(
        "SELECT l.name, l.fields FROM ops.current_layout c JOIN ops.form_layout l USING (user_id, kind, name)"
        " WHERE user_id = $user AND kind = $kind",
        {"user": lab.caller.user_id, "kind": one.name},
    )
    if not found:
        return {"name": STANDARD, "fields": _arranged(one, standard(one))}
    return {"name": found[0][0], "fields": _arranged(one, json.loads(found[0][1]))}


@action(CREATES)
def save_form_layout(lab: Lab, kind: str, name: str, arranged: list[dict[str, Any]]) -> None:
    """Save a layout under a name, replacing an earlier one of that name, and make it current.

    `arranged` has of each field of the kind name, place (places are 1 to their number, each once), label and shown. An
    empty label becomes a dot. BadArgument for places with gaps or doubles, for fields that are missing or unknown, for
    the name "standard", and for a mandatory field that is hidden.
    """
    one, shown = kind_named(kind), clean_name(name, "layout")
    if shown.lower() == STANDARD:
        raise BadArgument(f"the layout {STANDARD!r} is always there and can't be saved; take another name")
    kept = json.dumps(_checked(one, arranged), ensure_ascii=False)
    with lab.database.tx("ops") as cursor:
        own = [lab.caller.user_id, one.name, shown]
        cursor.execute("INSERT OR REPLACE INTO ops.form_layout VALUES (?, ?, ?, ?)", [*own, kept])
        cursor.execute("INSERT OR REPLACE INTO ops.current_layout VALUES (?, ?, ?)", own)
        lab.log(cursor, "save_form_layout", shown, kind=one.name)


@action(CREATES)
def use_form_layout(lab: Lab, kind: str, name: str) -> dict[str, Any]:
    """Make a saved layout, or "standard", current and return it as `current_layout` does; UnknownName."""
    one = kind_named(kind)
    own = [lab.caller.user_id, one.name]
    with lab.database.tx("ops") as cursor:
        cursor.execute("DELETE FROM ops.current_layout WHERE user_id = ? AND kind = ?", own)
        if name != STANDARD:
            _demand(cursor, [*own, name])
            cursor.execute("INSERT INTO ops.current_layout VALUES (?, ?, ?)", [*own, name])
    return current_layout(lab, kind)


@action(CREATES)
def delete_form_layout(lab: Lab, kind: str, name: str) -> None:
    """Delete a saved layout; the form goes back to "standard" where it was the current one. UnknownName."""
    own = [lab.caller.user_id, kind_named(kind).name, name]
    with lab.database.tx("ops") as cursor:
        _demand(cursor, own)
        for table in ("form_layout", "current_layout"):
            cursor.execute(f"DELETE FROM ops.{table} WHERE user_id = ? AND kind = ? AND name = ?", own)  # noqa: S608
        lab.log(cursor, "delete_form_layout", name, kind=kind)


def standard(kind: Kind) -> list[dict[str, Any]]:
    """Return the original layout of a kind, to be rearranged."""
    return [
        {"name": field.name, "place": place, "label": field.label, "shown": field.shown or field.mandatory}
        for place, field in enumerate(fields(kind), 1)
    ]


def _checked(kind: Kind, arranged: list[dict[str, Any]]) -> list[dict[str, Any]]:
    known = {field.name: field for field in fields(kind)}
    if any(not isinstance(one, dict) or set(one) != _KEYS for one in arranged):
        raise BadArgument(f"each field of a layout has {', '.join(sorted(_KEYS))}", parameter="arranged")
    names = [str(one["name"]) for one in arranged]
    if sorted(names) != sorted(known):
        wrong = sorted(set(names) ^ set(known)) or sorted({name for name in names if names.count(name) > 1})
        raise BadArgument(f"a layout has each field once; look at {', '.join(wrong)[:200]}", parameter="arranged")
    places = [one["place"] for one in arranged]
    for place in range(1, len(known) + 1):
        if places.count(place) != 1:
            how = "is missing" if place not in places else "stands twice"
            raise BadArgument(
                f"the order of entering has the numbers 1 to {len(known)}, each once; {place} {how}", parameter="place"
            )
    return [
        {"name": one["name"], "place": one["place"], "label": _clean_label(one["label"]), "shown": _shown(known, one)}
        for one in sorted(arranged, key=lambda one: int(one["place"]))
    ]


def _clean_label(label: object) -> str:
    text = str(label or "").strip()
    if len(text) > LABEL_CHARS_MAX:
        raise BadArgument(f"a label has at most {LABEL_CHARS_MAX} characters", parameter="label")
    return text or EMPTY_LABEL


def _shown(known: dict[str, Field], one: dict[str, Any]) -> bool:
    if not one["shown"] and known[one["name"]].mandatory:
        raise BadArgument(f"{known[one['name']].label} is mandatory and stays visible", parameter="shown")
    return bool(one["shown"])


def _arranged(kind: Kind, layout: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return a layout with what the kind says about each field; fields that came later than the layout stand last."""
    known = {field.name: field for field in fields(kind)}
    rows = [one for one in layout if one["name"] in known]
    there = {one["name"] for one in rows}
    rows += [one for one in standard(kind) if one["name"] not in there]
    return [
        one | {"place": place, "mandatory": known[one["name"]].mandatory, "items": list(known[one["name"]].items)}
        for place, one in enumerate(rows, 1)
    ]


def _field_of(kind: Kind, item: str) -> str:
    for name, side in (("own_account", kind.own), ("counter_account", kind.counter)):
        if item in {f"{side}_account_prefix", f"{side}_account_base", f"{side}_bank"}:
            return name
    line = _LINE.fullmatch(item)
    return line[1] if line else item


def _label(kind: Kind, name: str, items: list[str]) -> str:
    if name in {"own_account", "counter_account"}:
        return kind.item(next(item for item in items if item.endswith("_base"))).label
    return kind.item(items[0]).label.removesuffix(" 1") if name != items[0] else kind.item(name).label


def _demand(cursor: Any, own: list[Any]) -> None:
    if not cursor.execute("SELECT 1 FROM ops.form_layout WHERE user_id = ? AND kind = ? AND name = ?", own).fetchone():
        raise UnknownName("layout", str(own[2]))
