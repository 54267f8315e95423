"""Who can enter and release an order alone: judged again here by walking through the states of the orders."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bankklient_lab.access.alone import roles_alone, who_alone
from bankklient_lab.access.granting import grant_permissions
from bankklient_lab.access.users import change_user
from bankklient_lab.codebooks import rows
from bankklient_lab.errors import NotAllowed
from bankklient_lab.lab import Lab
from bankklient_lab.rights.permissions import Held, everything, needed, settled
from tests.access.people import of, with_users

TYPED, FILES, REGULAR = "Domestic payments and collections typed in", "Domestic orders from files", "Regular payments"
FOREIGN, FOREIGN_FILES = "Foreign payments typed in", "Foreign payments from files"
STANDING, DEPOSITS, FORWARDS, ANY = (
    "Standing orders and permitted collections", "Time deposits", "Forward deals", "Any order",
)  # fmt: skip


def walk(start: set[str], steps: Callable[[str], set[str]]) -> set[str]:
    """Return every state that can be reached."""
    reached, left = set[str](), set(start)
    while left:
        state = left.pop()
        reached.add(state)
        left |= steps(state) - reached
    return reached


def domestic(held: Held) -> bool:
    """Walk an order from its creation by one person (table T1); 70 confirms only what others verified and created."""
    if not {51, 56} & held:
        return False
    created = "F" if {76, 81} <= held else "V" if 76 in held else "blank"

    def steps(state: str) -> set[str]:
        if state == "blank" and 61 in held:  # 66 is for orders of others
            return {"F" if 81 in held else "V"}
        return {"V": {"F"} if 71 in held else set(), "F": set()}.get(state, set())

    return "F" in walk({created}, steps)


def imported(held: Held, arrives: str) -> bool:
    """Walk an order of a file that one person takes over (table T3); its importer counts as verifier."""
    if 36 not in held:
        return False

    def steps(state: str) -> set[str]:
        found = set[str]()
        if 101 in held:  # correction
            found |= {"F"} if {108, 115, 116} <= held else {"V"} if {108, 115} <= held else {"blank"}
        if state == "blank" and 108 in held:
            found |= {"F" if 116 in held else "V"}
        if state == "V":
            found |= ({"blank"} if 108 in held else set()) | ({"F"} if 111 in held else set())
        return found

    return "F" in walk({arrives}, steps)


def foreign(held: Held, *, from_file: bool) -> bool:
    """Walk a foreign payment (table T2), which one person alone may confirm twice only with 132."""
    if not ({36} if from_file else {120, 121}) & held:
        return False
    automatic = {120, 121} & held and 135 in held
    created = "blank" if not automatic else "V" if 136 not in held else "F2" if 132 in held else "F1"

    def steps(state: str) -> set[str]:
        if state == "blank" and 125 in held:
            return {"V" if 136 not in held else "F2" if 132 in held else "F1"}
        if state == "V" and 131 in held:
            return {"F2" if 132 in held else "F1"}
        return set()

    return "F2" in walk({created}, steps)


def judged(held: Held) -> dict[str, str]:
    """Return the verdict for each way that is not closed."""
    found = {}
    if domestic(held):
        found[TYPED] = "alone"
    if imported(held, "blank") or {36, 2} <= held:
        found[FILES] = "alone"
    elif imported(held, "F"):
        found[FILES] = "depends"
    if {21, 96} <= held:  # who enters a regular payment sets its item confirm
        found[REGULAR] = "alone"
    elif 96 in held:
        found[REGULAR] = "depends"
    for way, from_file in ((FOREIGN, False), (FOREIGN_FILES, True)):
        if foreign(held, from_file=from_file):
            found[way] = "alone"
    if {194, 195} <= held:
        found[STANDING] = "alone"
    if 187 in held and {188, 189} & held:
        found[DEPOSITS] = "alone"
    if 912 in held:
        found[FORWARDS] = "alone"
    if 1 in held:
        found[ANY] = "depends"
    return found


def told(lab: Lab, user: str) -> dict[str, str]:
    """Return what the report says of a user."""
    return {row["way"]: row["verdict"] for row in who_alone.rows(lab) if row["user"] == user}


NAMED = sorted(
    frozenset().union(*(needed(row["needs"]).numbers for row in rows("alone"))) | {66, 70, 101, 110, 115, 126, 130}
)


def decided(held: Held) -> dict[str, str]:
    """Return the verdicts of the codebook: the first row of each way whose condition holds."""
    found: dict[str, str] = {}
    for row in rows("alone"):
        if needed(row["needs"]).holds(held):
            found.setdefault(row["way"], row["verdict"])
    return found


@given(st.frozensets(st.sampled_from(NAMED)))
def test_the_rules_say_what_a_walk_through_the_states_finds(wanted: Held) -> None:
    held = settled(wanted)
    assert decided(held) == judged(held)


def test_without_the_permissions_that_decisions_name_nobody_confirms_the_own_order() -> None:
    held = settled(everything() - {71, 81, 111, 116, 131, 132, 136})
    assert not {TYPED, FOREIGN, FOREIGN_FILES} & decided(held).keys()
    assert decided(held - {2})[FILES] == "depends"  # on the transmission register alone


def test_roles_with_1_plus_1_keep_two_persons_apart_and_the_others_do_not(lab: Lab) -> None:
    single: dict[str, dict[str, str]] = {}
    for row in roles_alone.rows(lab):
        if not row["other"]:
            single.setdefault(row["role"], {})[row["way"]] = row["verdict"]
    assert single == {
        "SUPERUSER": dict.fromkeys(
            (TYPED, FILES, REGULAR, FOREIGN, FOREIGN_FILES, STANDING, DEPOSITS, FORWARDS), "alone"
        ) | {ANY: "depends"},
        "ADMINISTRATOR": {ANY: "depends"},
        "USER": dict.fromkeys((TYPED, FILES, REGULAR, FOREIGN, FOREIGN_FILES, STANDING, DEPOSITS, FORWARDS), "alone"),
        "TYPING 1": dict.fromkeys((TYPED, FOREIGN), "alone"),
        "IMPORT 1": dict.fromkeys((FILES, REGULAR, FOREIGN_FILES), "alone"),
        "IMPORT 1+1": {FILES: "depends", REGULAR: "alone"},
        "TYPING & IMPORT 1+1": {FILES: "depends", REGULAR: "alone"},
    }  # fmt: skip


def test_pairs_of_roles_show_what_neither_of_the_two_allows(lab: Lab) -> None:
    pairs = {(row["role"], row["other"], row["way"]) for row in roles_alone.rows(lab) if row["other"]}
    assert ("TYPING 1", "IMPORT 1+1", FOREIGN_FILES) in pairs
    assert ("ADMINISTRATOR", "IMPORT 1+1", FILES) in pairs
    assert ("TYPING 1+1", "IMPORT 1", FOREIGN) in pairs
    assert not [pair for pair in pairs if pair[0] == "VIEW" or pair[1] == "VIEW"]
    held = {row["manual_name"]: frozenset(map(int, row["permissions"].split())) for row in rows("roles")}
    expected = set()
    for one, other in combinations(held, 2):
        single = [way for name in (one, other) for way, verdict in judged(held[name]).items() if verdict == "alone"]
        both = judged(held[one] | held[other])
        expected |= {(one, other, way) for way, verdict in both.items() if verdict == "alone" and way not in single}
    assert pairs == expected


def test_the_report_names_users_with_the_numbers_that_make_it_so(lab: Lab) -> None:
    tester = with_users(lab, berta="TYPING 1+1", carla="VIEW", dora="TYPING 1")
    assert told(tester, "berta") == told(tester, "carla") == {}
    grant_permissions(tester, "berta", [81])
    (row,) = [one for one in who_alone.rows(tester) if one["user"] == "berta"]
    assert row == {
        "user": "berta", "reference": "BE", "role": "TYPING 1+1", "way": TYPED, "verdict": "alone", "condition": "",
        "permissions": "51 61 81", "sends": True,
    }  # fmt: skip
    grant_permissions(tester, "carla", [194, 195])
    (row,) = [one for one in who_alone.rows(tester) if one["user"] == "carla"]
    assert (row["way"], row["permissions"], row["sends"]) == (STANDING, "194 195", False)
    change_user(tester, "dora", valid=False)
    assert told(tester, "dora") == {}
    assert told(tester, "tester")[ANY] == "depends"
    with pytest.raises(NotAllowed):
        who_alone.rows(of(lab, "berta"))
    with pytest.raises(NotAllowed):
        roles_alone.rows(of(lab, "berta"))
