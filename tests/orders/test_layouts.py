"""Layouts of forms: the order of entering, labels and what is shown, each user's own."""

from __future__ import annotations

from typing import Any

import pytest

import bankklient_lab as bl
from bankklient_lab.errors import BadArgument, UnknownName
from bankklient_lab.lab import Lab
from bankklient_lab.orders.kinds import KINDS
from bankklient_lab.orders.layouts import fields, standard
from tests.orders.labs import COLLECTION, DOMESTIC, FOREIGN, hands


def layout(kind: str = DOMESTIC) -> list[dict[str, Any]]:
    return standard(KINDS[kind])


def moved(one: str, place: int, kind: str = DOMESTIC) -> list[dict[str, Any]]:
    """Return the standard layout with one field at another place."""
    rows = layout(kind)
    field = next(row for row in rows if row["name"] == one)
    rows.remove(field)
    rows.insert(place - 1, field)
    return [row | {"place": n} for n, row in enumerate(rows, 1)]


@pytest.mark.spec("ORD-243", "ORD-244")
@pytest.mark.parametrize("kind", [DOMESTIC, COLLECTION, FOREIGN])
def test_a_field_has_all_that_belongs_together(kind: str) -> None:
    one = KINDS[kind]
    known = {field.name: field for field in fields(one)}
    assert set(known["own_account"].items) == {
        f"{one.own}_{part}" for part in ("account_prefix", "account_base", "bank")
    }
    assert sorted(item for field in known.values() for item in field.items) == sorted(
        item.name for item in one.items if item.part != "import"
    )


@pytest.mark.spec("ORD-242", "ORD-248", "ORD-250", "ORD-252")
@pytest.mark.parametrize("kind", [DOMESTIC, COLLECTION])
def test_a_layout_is_saved_loaded_and_current(company: Lab, kind: str) -> None:
    assert bl.current_layout(company, kind)["name"] == "standard"
    renamed = [row | {"label": "How much"} if row["name"] == "amount" else row for row in moved("amount", 1, kind)]
    bl.save_form_layout(company, kind, "mine", renamed)
    current = bl.current_layout(company, kind)
    assert current["name"] == "mine"
    assert [(one["place"], one["name"], one["label"]) for one in current["fields"]][:1] == [(1, "amount", "How much")]
    assert bl.use_form_layout(company, kind, "standard")["fields"][0]["name"] == "own_account"
    assert bl.current_layout(company, kind)["name"] == "standard"
    assert bl.use_form_layout(company, kind, "mine") == current
    assert [(row["name"], row["current"]) for row in bl.form_layouts.rows(company, kind)] == [("mine", True)]
    bl.delete_form_layout(company, kind, "mine")
    assert bl.current_layout(company, kind)["name"] == "standard"
    for used in (bl.use_form_layout, bl.delete_form_layout):
        with pytest.raises(UnknownName, match="layout 'mine'"):
            used(company, kind, "mine")


def test_layouts_are_each_users_own(company: Lab) -> None:
    one, other = hands(company, "ON", [51]), hands(company, "OT", [51])
    bl.save_form_layout(one, DOMESTIC, "mine", moved("amount", 1))
    assert bl.current_layout(other, DOMESTIC)["name"] == "standard"
    assert bl.form_layouts.rows(other, DOMESTIC) == []


@pytest.mark.spec("ORD-243", "ORD-246", "ORD-249")
def test_what_is_no_permutation_is_refused(company: Lab) -> None:
    count = len(layout())
    twice = [row | {"place": 2 if row["place"] == 1 else row["place"]} for row in layout()]
    gap = [row | {"place": count + 1 if row["place"] == count else row["place"]} for row in layout()]
    for wrong, told in (
        (twice, "1 is missing"),
        (gap, f"{count} is missing"),
        (layout()[1:], "each field once; look at own_account"),
        ([*layout(), layout()[0]], "each field once; look at own_account"),
        ([*layout(), {"name": "tip", "place": count + 1, "label": "Tip", "shown": True}], "look at tip"),
        ([row | {"width": 3} for row in layout()], "each field of a layout has"),
    ):
        with pytest.raises(BadArgument, match=told):
            bl.save_form_layout(company, DOMESTIC, "mine", wrong)
    assert bl.form_layouts.rows(company, DOMESTIC) == []
    assert bl.current_layout(company, DOMESTIC)["name"] == "standard"


@pytest.mark.spec("ORD-247")
def test_an_empty_label_becomes_a_dot(company: Lab) -> None:
    bl.save_form_layout(company, DOMESTIC, "bare", [row | {"label": " "} for row in layout()])
    assert {one["label"] for one in bl.current_layout(company, DOMESTIC)["fields"]} == {"."}


@pytest.mark.spec("ORD-243")
def test_what_is_mandatory_can_not_be_hidden(company: Lab) -> None:
    hidden = [row | {"shown": row["name"] not in {"constant_symbol"}} for row in layout()]
    bl.save_form_layout(company, DOMESTIC, "short", hidden)
    shown = {one["name"]: one["shown"] for one in bl.current_layout(company, DOMESTIC)["fields"]}
    assert not shown["constant_symbol"]
    with pytest.raises(BadArgument, match="Amount is mandatory"):
        bl.save_form_layout(
            company, DOMESTIC, "none", [row | {"shown": False} if row["name"] == "amount" else row for row in layout()]
        )


def test_the_name_of_the_standard_layout_is_taken(company: Lab) -> None:
    with pytest.raises(BadArgument, match="take another name"):
        bl.save_form_layout(company, DOMESTIC, "Standard", layout())
