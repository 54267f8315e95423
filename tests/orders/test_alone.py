"""The report "who can do what alone" says what one person really reaches by the tables of the lifecycle."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bankklient_lab.codebooks import rows
from bankklient_lab.orders.lifecycle import AS_NEW, decide, transitions
from bankklient_lab.rights.permissions import Held, needed, parse, settled

TYPED, FILES, FOREIGN, FOREIGN_FILES = (
    "Domestic payments and collections typed in", "Domestic orders from files", "Foreign payments typed in",
    "Foreign payments from files",
)  # fmt: skip
# How an order of each way begins, and the states in which a batch may take it.
WAYS = {
    TYPED: ("domestic", ("save",), {"F"}),
    FILES: ("imported", ("receive_blank",), {"F"}),
    FOREIGN: ("foreign", ("save",), {"F2"}),
    FOREIGN_FILES: ("foreign", ("receive",), {"F2"}),
}
NUMBERS = sorted(frozenset().union(*(needed(one.needs).numbers for one in transitions() if one.needs != "system")))
# One person does everything, so each of these guards holds and those about others do not.
MINE = frozenset({"created_by_me", "entered_by_me", "took_part", "only_to_save", "received_by_me", "saved"})


def reached(way: str, held: Held) -> set[str]:
    """Return every state that one person brings an order of a way to."""
    table, first, _ = WAYS[way]
    states = {state for step in first if (state := decide(table, "new", step, MINE, held).next) is not None}
    left = set(states)
    while left:
        state = left.pop()
        for step in ("save", "correct", "verify", "cancel_verification", "confirm", "cancel_confirmation"):
            # What one has confirmed once oneself nobody else confirms: `not_confirmed_by_me` never holds here.
            after = decide(table, state, step, MINE, held).next
            if after == AS_NEW:
                created = decide(table, "new", "save", MINE, held).next
                after = "" if created is None else created
            if after is not None and after not in states:
                states.add(after)
                left.add(after)
    return states


def told(held: Held) -> dict[str, str]:
    """Return the verdict of the codebook of each way: the first row whose permissions are held."""
    found: dict[str, str] = {}
    for row in rows("alone"):
        if needed(row["needs"]).holds(held) and not row["condition"]:
            found.setdefault(row["way"], row["verdict"])
    return found


@given(st.frozensets(st.sampled_from(NUMBERS)))
def test_the_report_agrees_with_the_lifecycle(wanted: Held) -> None:
    held = settled(wanted)
    alone = {way for way, (_, _, ready) in WAYS.items() if ready & reached(way, held)}
    assert alone == {way for way, verdict in told(held).items() if verdict == "alone"} & WAYS.keys()


@pytest.mark.spec("ADM-104")
@pytest.mark.parametrize("role", [row for row in rows("roles") if "1+1" in row["manual_name"]], ids=lambda row: "")
def test_roles_with_1_plus_1_release_nothing_alone(role: dict[str, str]) -> None:
    held = parse(role["permissions"])
    for way, (_, _, ready) in WAYS.items():
        assert not ready & reached(way, held), way
