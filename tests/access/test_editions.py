"""Editions: what each has, and what a lab of one offers."""

from __future__ import annotations

import pytest

import bankklient_lab as bl
from bankklient_lab.access.editions import edition, edition_features
from bankklient_lab.actions import ACTIONS
from bankklient_lab.errors import NotAllowed, UnknownName
from bankklient_lab.lab import Lab
from bankklient_lab.rights.editions import EDITIONS, SETTING, Edition, features, withheld
from bankklient_lab.rights.permissions import everything, needed, permission
from bankklient_lab.server.endpoint import register_actions

register_actions()


def set_by_the_bank(lab: Lab, name: str) -> None:
    with lab.database.tx("ops") as cursor:
        cursor.execute("INSERT OR REPLACE INTO ops.setting VALUES (?, ?)", [SETTING, name])
    lab.rights.forget()


@pytest.mark.spec("EL-015")
@pytest.mark.parametrize(
    ("own", "has", "lacks"),
    [
        ("light", {"statements", "domestic", "messages"}, {"foreign", "exchange", "signatures", "sql", "clients"}),
        ("standard", {"statements", "domestic", "foreign", "exchange", "signatures", "sql"}, {"clients"}),
        ("xl", {"statements", "foreign", "exchange", "signatures", "clients"}, set()),
    ],
)
def test_editions_differ_in_the_range_of_functions(lab: Lab, own: Edition, has: set[str], lacks: set[str]) -> None:
    set_by_the_bank(lab, own)
    assert edition(lab) == own
    listed = {row["feature"]: row["offered"] for row in edition_features.arrow(lab).to_pylist()}
    assert listed.keys() == features().keys()
    assert all(listed[name] for name in has)
    assert not any(listed[name] for name in lacks)
    for name in lacks:
        assert features()[name].permissions <= withheld(own)


def test_a_lab_whose_edition_is_not_set_withholds_nothing(lab: Lab) -> None:
    assert edition(lab) == "xl"
    assert withheld(edition(lab)) == frozenset()


def test_each_edition_has_what_the_smaller_one_has() -> None:
    for one in features().values():
        had = [name in one.editions for name in EDITIONS]
        assert had == sorted(had)
        assert all(permission(number) for number in one.permissions)


def test_unknown_names_are_refused(lab: Lab) -> None:
    set_by_the_bank(lab, "gold")
    with pytest.raises(UnknownName, match="unknown edition 'gold'; known are light, standard, xl"):
        edition(lab)


@pytest.mark.spec("EL-017")
@pytest.mark.parametrize("own", EDITIONS)
def test_a_function_outside_the_edition_is_refused_when_it_is_called(lab: Lab, own: Edition) -> None:
    set_by_the_bank(lab, own)
    held = everything() - withheld(own)
    guarded = {name: one for name, one in ACTIONS.items() if not one.declared.public}
    outside = {name for name, one in guarded.items() if not needed(one.declared.needs).holds(held)}
    for name, one in guarded.items():
        if name in outside:
            with pytest.raises(NotAllowed, match=f"^{name} is not in the lab's edition {own}; ask the bank"):
                one.admit(lab)
        else:
            one.admit(lab)
    assert ("sql" in outside) == (own == "light")
    assert bl.balances.rows(lab, on=lab.clock().date()) == []
