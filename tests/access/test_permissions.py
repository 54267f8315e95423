"""The rules of the permissions: each both ways, and what is left of a set that breaks some."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bankklient_lab.access.granting import free_permissions, grant_permissions
from bankklient_lab.access.permission_views import permission_holders, permissions
from bankklient_lab.errors import UnknownName
from bankklient_lab.lab import Lab
from bankklient_lab.rights import permissions as codebook
from bankklient_lab.rights.permissions import Held, broken_rules, everything, needed, settled
from tests.access.people import of, with_users

PAIRS = {51: 56, 70: 71, 110: 111, 120: 121, 130: 131}  # the lower number goes
ENOUGH = {  # permission -> every smallest set that fulfils its condition (90-parameters, 4.11.7)
    76: [{51, 61}, {51, 66}, {56, 61}, {56, 66}],
    81: [{61, 70}, {61, 71}, {66, 70}, {66, 71}],
    115: [{101, 108}],
    116: [{108, 110}, {108, 111}],
    132: [{130}, {131}],
    135: [{125, 120}, {125, 121}, {126, 120}, {126, 121}],
    136: [{130, 125}, {130, 126}, {131, 125}, {131, 126}],
    196: [{195}],
    912: [{911}],
    921: [{920}],
}
CONDITIONS = [(number, frozenset(one)) for number, sets in ENOUGH.items() for one in sets]
INVOLVED = sorted(
    {*PAIRS, *PAIRS.values(), *ENOUGH, *(number for _, one in CONDITIONS for number in one)}
)  # every number that a rule names


@pytest.mark.spec("BAS-159", "BAS-160", "BAS-167", "BAS-168", "BAS-175", "BAS-176", "BAS-177")
@pytest.mark.spec(
    "ADM-069", "ADM-070", "ADM-072", "ADM-073", "ADM-076", "ADM-077", "ADM-078", "ADM-079",
)  # fmt: skip
@pytest.mark.parametrize(("number", "enough"), CONDITIONS, ids=str)
def test_a_condition_is_fulfilled_by_each_smallest_set_and_by_no_part_of_it(number: int, enough: Held) -> None:
    assert broken_rules(enough | {number}) == []
    for one in enough:
        assert broken_rules(enough - {one} | {number}), one


@pytest.mark.parametrize("number", sorted(ENOUGH))
def test_nothing_fulfils_a_condition_but_what_the_specification_names(number: int) -> None:
    named = frozenset[int]().union(*ENOUGH[number])
    assert broken_rules((everything() - named - PAIRS.keys()) | {number})
    rule = codebook.permission(number)
    for size in range(len(named) + 1):
        for held in map(frozenset, combinations(sorted(named), size)):
            assert rule.requires.holds(held) == any(one <= held for one in ENOUGH[number])


@pytest.mark.spec("BAS-158", "BAS-165", "BAS-166", "BAS-170", "BAS-173", "BAS-174")
@pytest.mark.spec("ADM-067", "ADM-068", "ADM-071", "ADM-074", "ADM-075", "BAS-202", "BAS-153", "BAS-154", "BAS-157")
@pytest.mark.parametrize(("lower", "higher"), PAIRS.items())
def test_of_a_forbidden_pair_the_lower_number_goes(lower: int, higher: int) -> None:
    assert broken_rules(frozenset({lower, higher})) == [f"{lower} excludes {higher}"]
    assert broken_rules(frozenset({lower})) == broken_rules(frozenset({higher})) == []
    assert settled({lower, higher}) == {higher}


def test_the_codebook_has_the_rules_of_the_specification_and_no_others() -> None:
    known = codebook.permissions()
    assert {number for number, rule in known.items() if rule.requires.text} == ENOUGH.keys()
    excluding = {(number, other) for number, rule in known.items() for other in rule.conflicts}
    assert excluding == {*PAIRS.items(), *((higher, lower) for lower, higher in PAIRS.items())}


@pytest.mark.parametrize(
    ("wanted", "left"),
    [
        pytest.param({51, 56, 61, 76}, {56, 61, 76}, marks=pytest.mark.spec("BAS-206")),
        pytest.param({51, 76}, {51}, marks=pytest.mark.spec("BAS-207")),
        pytest.param({125, 135}, {125}, marks=pytest.mark.spec("BAS-208")),
        pytest.param({108, 110, 111, 116}, {108, 111, 116}, marks=pytest.mark.spec("BAS-209")),
        pytest.param({61, 71, 76, 81}, {61, 71, 81}, marks=pytest.mark.spec("BAS-210")),
        pytest.param({196}, set(), marks=pytest.mark.spec("BAS-211")),
        ({101, 115, 116, 110}, {101, 110}),  # without 108 both go
        ({120, 121, 125, 130, 135, 136, 132}, {121, 125, 130, 132, 135, 136}),
        ({3, 51, 76}, {51}),  # 3 is no permission
        (set(), set()),
    ],
    ids=str,
)
def test_what_is_left_of_a_set(wanted: set[int], left: set[int]) -> None:
    assert settled(wanted) == left


def stable(held: Held, beside: Held) -> bool:
    """Tell, by the tables above alone, whether a set breaks no rule beside another."""
    both = held | beside
    pairs = any(lower in both and higher in both and {lower, higher} & held for lower, higher in PAIRS.items())
    return not pairs and all(any(one <= both for one in ENOUGH[number]) for number in held & ENOUGH.keys())


SMALL = st.frozensets(st.sampled_from(INVOLVED), max_size=11)


@pytest.mark.spec("BAS-202", "BAS-203")
@given(wanted=SMALL, beside=SMALL)
def test_what_is_left_is_the_largest_set_that_breaks_no_rule(wanted: Held, beside: Held) -> None:
    beside = settled(beside)
    left = settled(wanted, beside)
    assert left <= wanted
    assert stable(left, beside)
    assert settled(left, beside) == left
    rest = wanted - {lower for lower, higher in PAIRS.items() if higher in wanted and not {lower, higher} & beside}
    for size in range(len(left) + 1, len(rest) + 1):
        assert not any(stable(frozenset(one), beside) for one in combinations(rest, size))


@given(SMALL)
def test_a_set_is_whole_exactly_when_nothing_of_it_would_be_taken(held: Held) -> None:
    assert (settled(held) == held) == (broken_rules(held) == []) == stable(held, frozenset())


@pytest.mark.spec("ADM-059")
@given(SMALL)
def test_free_permissions_are_all_that_collide_with_none_of_those_held(wanted: Held) -> None:
    held = settled(wanted)
    free = free_permissions(held)
    assert not free & held
    assert broken_rules(held | free) == []
    for number in everything() - held - free:
        assert broken_rules(held | free | {number}), number


@given(st.recursive(st.integers(1, 9), lambda inner: st.tuples(inner, st.sampled_from("|&"), inner), max_leaves=8),
       st.frozensets(st.integers(1, 9)))  # fmt: skip
def test_expressions_mean_what_python_means_by_them(tree: object, held: Held) -> None:
    def text(node: object) -> str:
        return f"({text(node[0])}{node[1]}{text(node[2])})" if isinstance(node, tuple) else str(node)

    def truth(node: object) -> bool:
        if not isinstance(node, tuple):
            return node in held
        return truth(node[0]) or truth(node[2]) if node[1] == "|" else truth(node[0]) and truth(node[2])

    assert needed(text(tree)).holds(held) == truth(tree)


def test_and_binds_tighter_than_or() -> None:
    assert needed("1|2&3").holds(frozenset({1}))
    assert not needed("1|2&3").holds(frozenset({2}))
    assert str(needed("1|2&3")) == "1 or 2 and 3"
    assert needed("(51|56)&61").numbers == {51, 56, 61}


@pytest.mark.spec("BAS-139", "ADM-026")
def test_everybody_sees_the_permissions_and_who_has_them_and_nobody_changes_them(lab: Lab) -> None:
    tester = with_users(lab, empty="EMPTY", viewer="VIEW", typist="TYPING 1")
    grant_permissions(tester, "viewer", [26, 241])
    empty = of(lab, "empty")
    listed = permissions.rows(empty)
    assert [row["number"] for row in listed] == sorted(everything())
    assert all(row["name"] and row["enables"] for row in listed)
    holders = permission_holders.rows(empty, 26)
    assert [(row["user"], row["reference"], row["through"], row["role"]) for row in holders] == [
        ("tester", "TE", "role", "SUPERUSER"), ("viewer", "VI", "own", "VIEW"), ("typist", "TY", "role", "TYPING 1"),
    ]  # fmt: skip
    every = permission_holders.rows(empty)
    assert [row["number"] for row in every] == sorted(row["number"] for row in every)
    assert {row["user"] for row in every if row["number"] == 241} == {"tester", "viewer"}
    assert not [row for row in every if row["user"] == "empty"]
    with pytest.raises(UnknownName, match="permission 5"):
        permission_holders.rows(empty, 5)
