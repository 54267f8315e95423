"""Tables T1, T2 and T3: states, actions and sets of permissions against the tables as the specification has them.

The expectation is written down here a second time, line by line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import NamedTuple

import pytest

from bankklient_lab.orders.lifecycle import AS_NEW, GONE, GUARDS, decide, status_name, transitions
from bankklient_lab.rights.permissions import Held
from tests import spec

KNOWN_LINES = set(spec.lines())


class Person(NamedTuple):
    """How the caller stands to an order: who made it, changed it last, verified it, confirmed it once."""

    created: bool = False
    corrected: bool | None = None  # None: nobody did
    verified: bool = False
    confirmed_once: bool = False
    only_to_save: bool = False
    saved: bool = True

    @property
    def entered(self) -> bool:
        """Whoever changed the values last counts as creator for verification (ORD-204)."""
        return self.created if self.corrected is None else self.corrected

    @property
    def took_part(self) -> bool:
        return self.created or bool(self.corrected)

    @property
    def mine(self) -> bool:
        """Neither creator, nor last corrector, nor verifier may confirm with 70, 110 or 130 (ORD-215)."""
        return self.took_part or self.verified

    def guards(self) -> frozenset[str]:
        """Name the guards of the product that hold."""
        return frozenset(
            name
            for name, holds in {
                "created_by_me": self.created,
                "entered_by_me": self.entered,
                "entered_by_other": not self.entered,
                "took_part": self.took_part,
                "only_to_save": self.only_to_save,
                "received_by_me": self.created,
                "not_mine": not self.mine,
                "not_confirmed_by_me": not self.confirmed_once,
                "saved": self.saved,
            }.items()
            if holds
        )


def domestic(state: str, action: str, held: Held, who: Person) -> str | None:
    """Return the next state by table T1 (None: refused); lines ORD-273 to ORD-288."""
    may_change = 56 in held or (51 in held and who.created)
    match action, state:
        case "save", "new":  # ORD-273, ORD-274, ORD-275
            return typed_in(held) if {51, 56} & held else None
        case "save_as_error" | "take_over", "new":  # ORD-276, ORD-278
            return "E" if {51, 56} & held else None
        case "correct", "E" | "" | "V" | "F":  # ORD-279, ORD-280
            return AS_NEW if may_change else None
        case "delete", "E" | "" | "V" | "F":  # ORD-281
            return GONE if may_change else None
        case "verify", "":  # ORD-282, ORD-283
            if not ((61 in held and who.entered) or (66 in held and not who.entered)):
                return None
            return "F" if 81 in held else "V"
        case "cancel_verification", "V":  # ORD-284
            return "" if {61, 66} & held else None
        case "confirm", "V":  # ORD-285
            return "F" if 71 in held or (70 in held and not who.mine) else None
        case "cancel_confirmation", "F":  # ORD-286
            return "V" if {70, 71} & held else None
        case "include", "F":  # ORD-287
            return "I" if 16 in held else None
        case "exclude", "I":  # ORD-288
            return "F" if 16 in held else None
    return None


def typed_in(held: Held) -> str:
    """Return the state of a new domestic order of somebody who may create it."""
    return "" if 76 not in held else "F" if 81 in held else "V"


def foreign(state: str, action: str, held: Held, who: Person) -> str | None:
    """Return the next state by table T2; lines ORD-305 to ORD-325, ORD-428 and ORD-429."""
    may_change = 121 in held or (120 in held and who.took_part)
    match action, state:
        case "save", "new":  # ORD-305 to ORD-308
            return foreign_typed_in(held) if {120, 121} & held else None
        case "take_over", "new":  # ORD-309
            return "E" if {120, 121} & held else None
        case "receive", "new":
            return "E" if 36 in held else None
        case "save", "E":  # ORD-310
            return AS_NEW if who.only_to_save and ({120, 121} & held or (36 in held and who.created)) else None
        case "correct", "E" | "" | "V" | "F1" | "F2":  # ORD-311, ORD-428
            return AS_NEW if may_change else None
        case "delete", "E" | "" | "V" | "F1" | "F2":  # ORD-429
            return GONE if may_change else None
        case "verify", "":  # ORD-312 to ORD-314
            if not ((125 in held and who.entered) or (126 in held and not who.entered)):
                return None
            return "V" if 136 not in held else "F2" if 132 in held else "F1"
        case "cancel_verification", "V":  # ORD-315
            return "" if {125, 126} & held else None
        case "confirm", "V":  # ORD-316, ORD-317
            may = 131 in held or (130 in held and not who.mine)
            return None if not may else "F2" if 132 in held else "F1"
        case "confirm", "F1":  # ORD-318 to ORD-320
            may = 131 in held or (130 in held and not who.mine)
            return "F2" if may and not who.confirmed_once else None
        case "cancel_confirmation", "F1" | "F2":  # ORD-321
            return "V" if {130, 131} & held else None
        case "include", "F2":  # ORD-322 to ORD-324
            return "I" if 16 in held else None
        case "exclude", "I":  # ORD-325
            return "F2" if 16 in held else None
    return None


def foreign_typed_in(held: Held) -> str:
    """Return the state of a new foreign payment of somebody who may create it."""
    if 135 not in held:
        return ""
    return "V" if 136 not in held else "F2" if 132 in held else "F1"


def imported(state: str, action: str, held: Held, who: Person) -> str | None:
    """Return the next state by table T3; lines IMP-150 to IMP-170."""
    match action, state:
        case "receive_blank" | "receive_verified" | "receive_confirmed" | "receive_wrong", "new":  # IMP-150 to 154
            made = {"receive_blank": "", "receive_verified": "V", "receive_confirmed": "F", "receive_wrong": "E"}
            return made[action] if 36 in held else None
        case "instalment_verified" | "instalment_confirmed" | "instalment_wrong", "new":  # IMP-155 to IMP-157
            made = {"instalment_verified": "V", "instalment_confirmed": "F", "instalment_wrong": "E"}
            return made[action] if 21 in held else None
        case "correct", "E" | "" | "V" | "F":  # IMP-158 to IMP-162
            if 101 not in held:
                return None
            if {108, 115, 116} <= held and {110, 111} & held:
                return "F"
            return "V" if {108, 115} <= held else ""
        case "verify", "":  # IMP-163, IMP-164
            return None if 108 not in held else "F" if 116 in held else "V"
        case "cancel_verification", "V":  # IMP-165
            return "" if 108 in held else None
        case "confirm", "V":  # IMP-166
            return "F" if 111 in held or (110 in held and not who.mine) else None
        case "cancel_confirmation", "F":  # IMP-167
            return "V" if {110, 111} & held else None
        case "include", "F":  # IMP-168
            return "I" if 16 in held else None
        case "exclude", "I":
            return "F" if 16 in held else None
        case "discard", "" | "V" | "F" | "E":  # IMP-169
            return "discarded" if 106 in held else None
        case "delete", "discarded":  # IMP-170
            return GONE if 201 in held else None
    return None


SENT = ("NS", "SE", "RV", "PR", "IS", "RU", "OP", "OK", "ER", "MT", "DE")
STATES = ("new", "", "V", "F", "F1", "F2", "I", "E", "discarded", *SENT)
ACTIONS = (
    "save", "save_as_error", "take_over", "receive", "receive_blank", "receive_verified", "receive_confirmed",
    "receive_wrong", "instalment_verified", "instalment_confirmed", "instalment_wrong", "correct", "delete", "verify",
    "cancel_verification", "confirm", "cancel_confirmation", "include", "exclude", "discard", "",
)  # fmt: skip
TABLES = {
    "domestic": (domestic, (51, 56, 61, 66, 70, 71, 76, 81, 16)),
    "foreign": (foreign, (120, 121, 125, 126, 130, 131, 132, 135, 136, 16, 36)),
    "imported": (imported, (101, 106, 108, 110, 111, 115, 116, 201, 16, 21, 36)),
}
# Permissions for other kinds and origins, which must change nothing.
FOREIGN_TO = {
    "domestic": frozenset({1, 2, 11, 26, 36, 101, 106, 108, 111, 115, 116, 121, 126, 131, 132, 135, 136, 156, 201}),
    "foreign": frozenset({1, 2, 11, 26, 56, 66, 71, 76, 81, 101, 106, 108, 111, 115, 116, 141, 156, 201}),
    "imported": frozenset({1, 2, 11, 26, 56, 66, 71, 76, 81, 121, 126, 131, 132, 135, 136, 156}),
}


def sets(numbers: tuple[int, ...], *, all_of_them: bool) -> Iterator[Held]:
    """Yield every set of permissions, whether or not one person could have it, or those of none, one, and all."""
    sizes = range(len(numbers) + 1) if all_of_them else (0, 1, len(numbers))
    return (frozenset(one) for size in sizes for one in combinations(numbers, size))


def persons(action: str, state: str) -> list[Person]:
    """Return every way in which the caller can stand to an order, as far as the step asks."""
    if state == "new":
        return [Person()]
    flags = (False, True)
    twice = [(False, True), (True, False), (False, False)] if action == "save" else [(False, True)]
    return [
        Person(created, corrected, verified, once, *unsaved)
        for created in flags
        for corrected in (None, *flags)
        for verified in (flags if action == "confirm" else (False,))
        for once in (flags if action == "confirm" else (False,))
        for unsaved in twice
    ]


# The rows of the tables that the following test takes; the others tell single orders from groups and duplicates.
ROWS = (
    "ORD-273", "ORD-274", "ORD-275", "ORD-276", "ORD-277", "ORD-278", "ORD-279", "ORD-280", "ORD-281",
    "ORD-282", "ORD-283", "ORD-284", "ORD-285", "ORD-286", "ORD-287", "ORD-288", "ORD-305", "ORD-306",
    "ORD-307", "ORD-308", "ORD-309", "ORD-310", "ORD-311", "ORD-312", "ORD-313", "ORD-314", "ORD-315",
    "ORD-316", "ORD-317", "ORD-318", "ORD-321", "ORD-322", "ORD-325", "ORD-428", "ORD-429", "IMP-150",
    "IMP-151", "IMP-152", "IMP-153", "IMP-155", "IMP-156", "IMP-157", "IMP-158", "IMP-159", "IMP-160",
    "IMP-163", "IMP-164", "IMP-165", "IMP-166", "IMP-167", "IMP-168", "IMP-169", "IMP-170",
)  # fmt: skip
# Steps from balancing on, by the rows that tell them: what each table allows in which states, who, and what is next.
WATCHED = ("SE", "RV", "PR", "IS")
DOMESTIC_SENT = {
    "balance": (("F", "I"), 11, "NS"),  # ORD-289, IMP-172
    "balance_included": (("I",), 16, "NS"),  # ORD-290, IMP-173
    "discard_batch": (("NS",), 11, "DE"),  # ORD-294
    "transmit": (("NS",), 26, "SE"),  # ORD-295
    "bank_refuses_batch": (("NS", "SE"), None, "ER"),  # TXN-142
    "bank_takes_over": (("SE",), None, "RV"),  # ORD-296
    "bank_processes": (("SE", "RV"), None, "PR"),  # ORD-297
    "bank_lacks_funds": (("SE", "RV", "PR"), None, "IS"),  # ORD-298
    "bank_rejects": (WATCHED, None, "ER"),  # ORD-299, ORD-303
    "bank_posts": ((*WATCHED, "RU", "MT"), None, "OK"),  # ORD-300; a rest: TXN-094; in history only: TXN-086
    "bank_posts_less": ((*WATCHED, "RU", "MT", "OK"), None, "RU"),  # ORD-301; after the bank said done: TXN-089
    "bank_posts_more": ((*WATCHED, "RU", "MT", "OK"), None, "OP"),  # ORD-302, TXN-057, TXN-090
    "booking_withdrawn": (("OK", "RU", "OP"), None, "PR"),  # a batch is a unit, also when it is taken back: TXN-087
    "stop_watching": ((*WATCHED, "RU", "OP", "OK", "ER"), 211, "MT"),  # TXN-059
}
FOREIGN_SENT = {
    "balance": (("F2", "I"), 11, "NS"),  # ORD-326
    "balance_included": (("I",), 16, "NS"),  # ORD-327
    "discard_batch": (("NS",), 11, "DE"),  # ORD-328
    "transmit": (("NS",), 26, "SE"),  # ORD-329
    "bank_refuses_batch": (("NS", "SE"), None, "ER"),  # TXN-142
    "bank_processes": (("SE", "RV"), None, "PR"),  # ORD-330, ORD-333
    "bank_takes_over": (("SE",), None, "RV"),  # ORD-331
    "bank_rejects": (("SE", "RV", "PR"), None, "ER"),  # ORD-332, ORD-334, ORD-336
    "bank_posts": (("RV", "PR"), None, "OK"),  # ORD-335, TXN-071
    "booking_withdrawn": (("OK",), None, "PR"),
}
SENT_ROWS = (
    "ORD-289", "ORD-290", "ORD-294", "ORD-295", "ORD-296", "ORD-297", "ORD-298", "ORD-300", "ORD-301", "ORD-302",
    "ORD-303", "ORD-326", "ORD-327", "ORD-328", "ORD-329", "ORD-330", "ORD-331", "ORD-333", "ORD-335", "IMP-172",
    "IMP-173", "TXN-059", "TXN-060",
)  # fmt: skip


@pytest.mark.spec("TXN-019", "ORD-304", "ORD-332", "ORD-334")
@pytest.mark.spec(*SENT_ROWS)
@pytest.mark.parametrize("table", TABLES)
def test_every_step_from_balancing_on_is_what_the_specification_says(table: str) -> None:
    expected = FOREIGN_SENT if table == "foreign" else DOMESTIC_SENT
    known = {one.action for one in transitions()} - set(ACTIONS) - {action for _, _, action, _ in BY_SYSTEM}
    assert known == set(DOMESTIC_SENT)
    assert {state for one in transitions() for state in one.states} <= set(STATES)  # no P1 nor P2
    for action in sorted(known):
        states, permission, after = expected.get(action, ((), None, ""))
        for state in STATES:
            for held in sets((11, 16, 26, 211, *TABLES[table][1]), all_of_them=False):
                may = state in states and (permission is None or permission in held)
                decision = decide(table, state, action, Person().guards(), held)
                assert decision.next == (after if may else None), (action, state, sorted(held))
                assert decision.line in {"", *KNOWN_LINES}


@pytest.mark.parametrize("table", TABLES)
def test_nothing_that_is_done_to_created_orders_is_done_to_sent_ones(table: str) -> None:
    everything = frozenset(range(1, 1000))
    for state in SENT:
        for action in {one.action for one in transitions()} - set(DOMESTIC_SENT):
            decision = decide(table, state, action, frozenset(GUARDS), everything)
            assert (decision.next, decision.reason) == (None, f"it is {status_name(state)}"), (action, state)


@pytest.mark.spec("BAS-036")
@pytest.mark.spec("BAS-153", "BAS-154", "BAS-155", "BAS-156", "BAS-157", "BAS-158", "BAS-159", "BAS-160", "BAS-162")
@pytest.mark.spec("BAS-163", "BAS-164", "BAS-165", "BAS-166", "BAS-167", "BAS-168", "BAS-170", "BAS-171", "BAS-172")
@pytest.mark.spec("BAS-173", "BAS-174", "BAS-175", "BAS-176", "BAS-177", "BAS-193", "ADM-115", "ADM-116", "ADM-117")
@pytest.mark.spec("ADM-118", "ADM-120", "ADM-121", "ADM-122", "ADM-123", "ADM-124", "ADM-125", "ADM-126")
@pytest.mark.spec("TXN-034", "TXN-035", "TXN-036", "TXN-037", "TXN-039", "TXN-040", "TXN-041", "TXN-042", "TXN-043")
@pytest.mark.spec("TXN-044", "TXN-048", "TXN-062", "TXN-063", "TXN-064", "TXN-065", "TXN-066", "TXN-073", "TXN-140")
@pytest.mark.spec("TXN-143")
@pytest.mark.spec("FLW-016", "FLW-017", "FLW-018", "FLW-019", "FLW-022", "FLW-023", "FLW-024", "FLW-025", "FLW-026")
@pytest.mark.spec("FLW-027", "FLW-028", "FLW-029", "FLW-030", "FLW-038", "FLW-039", "FLW-040", "FLW-041", "FLW-044")
@pytest.mark.spec("FLW-045", "FLW-046", "FLW-047", "FLW-048", "FLW-049", "FLW-050", "FLW-051", "FLW-052", "BAL-031")
@pytest.mark.spec("BAL-033", "BAL-036")
@pytest.mark.spec(*ROWS)
@pytest.mark.spec("ORD-272", "ORD-432", "IMP-174", "ORD-068", "ORD-433", "IMP-179", "ORD-217", "ORD-220", "ORD-221")
@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("table", TABLES)
def test_every_step_is_what_the_specification_says(table: str, action: str) -> None:
    expected, numbers = TABLES[table]
    for state in STATES:
        for who in persons(action, state):
            stands = expected(state, action, frozenset(numbers), who) is not None
            for held in sets(numbers, all_of_them=stands):
                decision = decide(table, state, action, who.guards(), held)
                assert decision.next == expected(state, action, held, who), (state, sorted(held), who)
                assert (decision.reason == "") == (decision.next is not None)
                assert decision.line == "" or decision.line in KNOWN_LINES


@pytest.mark.parametrize("table", TABLES)
def test_permissions_for_other_orders_allow_nothing(table: str) -> None:
    for state in STATES:
        for action in ACTIONS:
            for who in (Person(), Person(created=True, corrected=True, verified=True)):
                assert (
                    decide(table, state, action, who.guards(), FOREIGN_TO[table] - set(TABLES[table][1])).next is None
                )


@pytest.mark.parametrize("table", TABLES)
def test_a_refusal_says_why(table: str) -> None:
    everything = frozenset(TABLES[table][1])
    assert decide(table, "I", "correct", frozenset(), everything).reason.endswith("exclude it first")
    assert decide(table, "V", "verify", frozenset(), everything).reason == "it is verified"
    assert decide(table, "V", "confirm", Person(verified=True).guards(), frozenset()).reason.startswith("permission ")
    unlike = everything - {71, 111, 131}
    assert "another person confirms it" in decide(table, "V", "confirm", Person(verified=True).guards(), unlike).reason
    assert [status_name(state) for state in ("", "V", "I", "E")] == ["created", "verified", "included", "error"]


# What the system does by itself, which no permission allows and none forbids.
BY_SYSTEM = [
    (table, state, action, state_after)
    for table, confirmed in {"domestic": ("F",), "foreign": ("F1", "F2"), "imported": ("F",)}.items()
    for state in STATES
    for action, state_after in (
        # ORD-291, ORD-430, IMP-171; ORD-292, ORD-431, IMP-180; ORD-293, IMP-181: foreign payments have no duplicates
        ("recheck_wrong", "E" if state in {"", "V", *confirmed, "I"} else None),
        ("recheck_right", "" if state == "E" else None),
        ("duplicate_found", "E" if state in {"", "V", *confirmed} and table != "foreign" else None),
    )
]


@pytest.mark.spec("ORD-421", "ORD-291", "ORD-292", "ORD-293", "ORD-430", "ORD-431", "IMP-171", "IMP-180", "IMP-181")
@pytest.mark.parametrize(("table", "state", "action", "after"), BY_SYSTEM)
def test_what_the_system_does(table: str, state: str, action: str, after: str | None) -> None:
    for held in (frozenset[int](), frozenset(TABLES[table][1])):
        decision = decide(table, state, action, Person().guards(), held)
        assert decision.next == after
        assert decision.by_system == (after is not None)
    unsaved = decide(table, state, "recheck_right", Person(saved=False).guards(), frozenset())
    assert unsaved.next is None  # it was never saved by a person, who still has to (ORD-431)


def test_the_guards_of_this_test_are_those_of_the_product() -> None:
    known = {name for who in persons("confirm", "V") + persons("save", "E") for name in who.guards()}
    assert known <= set(GUARDS)
    assert set(GUARDS) == known | {"saved"}


def test_every_line_of_the_tables_is_here() -> None:
    here = named_here()
    tables = [f"ORD-{n}" for n in (*range(273, 305), *range(305, 337), 428, 429, 430, 431)]
    tables += [f"IMP-{n}" for n in (*range(150, 174), 180, 181)]
    assert set(tables) <= KNOWN_LINES
    missing = [line for line in tables if line not in here]
    assert missing == []


def named_here() -> set[str]:
    """Return the lines that this file names, with those of its spans ("ORD-273 to ORD-288")."""
    text = Path(__file__).read_text("utf-8")
    found = set(re.findall(r"(?:ORD|IMP)-\d{3}", text))
    for room, first, last in re.findall(r"(ORD|IMP)-(\d{3}) to (?:ORD-|IMP-)?(\d{3})", text):
        found |= {f"{room}-{n}" for n in range(int(first), int(last) + 1)}
    return found
