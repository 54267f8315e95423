"""Roles: the bank's twelve with what they hold, roles of the lab's own, and roles that the bank changes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from bankklient_lab.access.alone import role_warnings
from bankklient_lab.access.granting import grant_permissions
from bankklient_lab.access.persons import user_named
from bankklient_lab.access.roles import change_role, create_role, delete_role, roles, users_of_role
from bankklient_lab.access.users import change_user, create_user, users
from bankklient_lab.actions import ACTIONS
from bankklient_lab.errors import BadArgument, NotAllowed, Refused, UnknownName
from bankklient_lab.lab import Lab, open_here
from bankklient_lab.rights.permissions import Held, broken_rules, needed, parse
from bankklient_lab.server.api import register_actions
from tests.access.people import PASSWORD, of, with_users
from tests.clocks import NOON

register_actions()

ALL = {  # 90-parameters, 5.5, with the wider one of each pair that excludes each other
    1, 2, 6, 11, 16, 21, 26, 36, 41, 56, 61, 66, 71, 76, 81, 96, 101, 106, 108, 111, 115, 116, 121, 125, 126, 131, 132,
    135, 136, 140, 141, 151, 156, 161, 171, 181, 186, 187, 188, 189, 193, 194, 195, 196, 201, 206, 211, 231, 236, 241,
    245, 246, 247, 901, 911, 912,
}  # fmt: skip
OWN = {920, 921, 930, 940, 950, 960}  # numbers that the manual does not know (decisions.md)
ROLES = {  # 90-parameters, 4.11.9, and the own numbers that decisions.md adds
    "EMPTY": (set(), set()),
    "SUPERUSER": (ALL, OWN),
    "ADMINISTRATOR": ({1, 2}, {950, 960}),
    "USER": (ALL - {1, 2}, OWN - {960}),
    "TYPING 1": ({11, 16, 26, 51, 61, 71, 120, 125, 131, 132, 140, 151}, set()),
    "TYPING 1+1": ({11, 16, 26, 51, 61, 70, 120, 125, 130, 132, 141, 151}, set()),
    "IMPORT 1": ({11, 16, 21, 26, 36, 96, 101, 106, 108, 111, 125, 131, 132, 141, 156}, {920}),
    "IMPORT 1+1": ({11, 16, 21, 26, 36, 96, 106, 110, 125, 130, 132, 141, 156}, {920}),
    "TYPING & IMPORT 1+1": (
        {11, 16, 21, 26, 36, 51, 61, 70, 96, 106, 110, 120, 125, 130, 132, 141, 151, 156}, set()
    ),
    "VIEW": ({140, 141, 151, 156, 161, 186, 193, 231, 236, 911}, {940}),
    "INSTALLER": ({6, 26}, set()),
    "INITIATE": ({6, 26}, set()),
}  # fmt: skip
LINES = dict(zip(ROLES, (
    "ADM-092", "ADM-093", "ADM-094", "ADM-095", "ADM-096", "ADM-097", "ADM-098", "ADM-099", "ADM-100",
    "ADM-101", "ADM-102", "ADM-103",
), strict=True))  # fmt: skip


@pytest.fixture(scope="module")
def staffed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """Give a lab with a user for each role, named by its number, in the hands of its first user."""
    path = tmp_path_factory.mktemp("roles") / "test.lab"
    with open_here(path, create=True, clock=lambda: NOON, user="tester") as lab:
        yield with_users(lab, **{f"{number:02}": role for number, role in enumerate(ROLES, start=1)})


@pytest.mark.parametrize("role", [pytest.param(role, marks=pytest.mark.spec(LINES[role])) for role in ROLES])
def test_each_of_the_twelve_roles_may_what_the_specification_says_and_nothing_else(staffed: Lab, role: str) -> None:
    manual, own = ROLES[role]
    (kept,) = [parse(row["permissions"]) for row in roles.rows(staffed) if row["role"] == role]
    assert kept == manual | own
    assert broken_rules(kept) == []
    somebody = of(staffed, f"{[*ROLES].index(role) + 1:02}")
    assert staffed.rights.held(somebody.caller) == kept
    for action in ACTIONS.values():
        if needed(action.declared.needs).holds(kept) or action.declared.public:
            action.admit(somebody)
        else:
            with pytest.raises(NotAllowed):
                action.admit(somebody)


@pytest.mark.spec("BAS-142", "ADM-087")
def test_the_roles_of_the_bank_come_first_and_cannot_be_changed(lab: Lab) -> None:
    create_role(lab, "Typist", permissions=[51, 61], note="types")
    listed = roles.rows(lab)
    assert [row["role"] for row in listed] == [*ROLES, "Typist"]
    assert [row["system"] for row in listed] == [True] * 12 + [False]
    assert listed[-1] | {"users": 0} == {
        "role": "Typist", "note": "types", "system": False, "valid": True, "permissions": "51 61", "users": 0,
    }  # fmt: skip
    for role in ROLES:
        with pytest.raises(Refused, match="comes from the bank"):
            change_role(lab, role, note="ours")
        with pytest.raises(Refused, match="comes from the bank"):
            delete_role(lab, role)


@pytest.mark.spec("ADM-086", "ADM-107", "BAS-144")
def test_only_permission_1_opens_the_roles(lab: Lab) -> None:
    tester = with_users(lab, almost="USER")
    with pytest.raises(NotAllowed):
        roles.rows(of(lab, "almost"))
    assert roles.rows(tester)


@pytest.mark.spec("ADM-087", "ADM-089", "BAS-204")
def test_a_role_of_the_labs_own_is_made_and_changed_with_whole_sets_only(lab: Lab) -> None:
    create_role(lab, "  Night   shift ", permissions=[61, 51, 51])
    change_role(lab, "Night shift", permissions=[51, 61, 76], note="at night")
    row = roles.rows(lab)[-1]
    assert (row["role"], row["permissions"], row["note"]) == ("Night shift", "51 61 76", "at night")
    with pytest.raises(BadArgument, match=r"51 excludes 56.*76 needs"):
        create_role(lab, "Torn", permissions=[51, 56, 76])
    with pytest.raises(BadArgument, match="76 needs"):
        change_role(lab, "Night shift", permissions=[51, 76])
    with pytest.raises(UnknownName, match="permission 3"):
        create_role(lab, "Torn", permissions=[3])
    for name in ("", "x" * 41, "night SHIFT", "view"):
        with pytest.raises(BadArgument):
            create_role(lab, name, permissions=[])
    with pytest.raises(BadArgument, match="note"):
        change_role(lab, "Night shift", note="x" * 201)
    with pytest.raises(UnknownName, match="role 'Torn'"):
        change_role(lab, "Torn", note="")
    assert roles.rows(lab)[-1]["permissions"] == "51 61 76"


@pytest.mark.spec("ADM-088", "ADM-091", "ADM-295")
def test_a_role_that_somebody_has_stays_valid_and_a_deleted_one_is_still_named(lab: Lab) -> None:
    create_role(lab, "Typist", permissions=[51])
    tester = with_users(lab, berta="Typist", carla="VIEW")
    assert [(row["user"], row["reference"], row["valid"]) for row in users_of_role.rows(tester, "Typist")] == [
        ("berta", "BE", True)
    ]
    change_user(tester, "berta", valid=False)  # may become valid again
    with pytest.raises(Refused, match="berta has the role"):
        delete_role(tester, "Typist")
    with pytest.raises(Refused, match="berta has the role"):
        change_role(tester, "Typist", valid=False)
    change_user(tester, "berta", role="VIEW")
    delete_role(tester, "Typist")
    assert [row["valid"] for row in roles.rows(tester) if row["role"] == "Typist"] == [False]
    with pytest.raises(Refused, match="not valid any more"):
        change_user(tester, "carla", role="Typist")
    with pytest.raises(Refused, match="not valid any more"):
        create_user(tester, "dora", reference="DO", role="Typist", password=PASSWORD)
    change_role(tester, "Typist", valid=True)
    change_user(tester, "carla", role="Typist")


@pytest.mark.spec("ADM-090", "BAS-204")
def test_a_role_may_not_come_to_collide_with_what_its_users_have_besides(lab: Lab) -> None:
    create_role(lab, "Typist", permissions=[51, 61, 195])
    tester = with_users(lab, berta="Typist")
    grant_permissions(tester, "berta", [70, 196])
    for permissions, said in (([51, 61, 71, 195], "70 excludes 71"), ([51, 61], "196 needs 195")):
        with pytest.raises(Refused, match=f"berta has permissions of their own that collide: {said}"):
            change_role(tester, "Typist", permissions=permissions)
    change_user(tester, "berta", valid=False)
    with pytest.raises(Refused, match="collide"):
        change_role(tester, "Typist", permissions=[51, 61])
    change_role(tester, "Typist", permissions=[56, 61, 195])
    assert roles.rows(tester)[-1]["permissions"] == "56 61 195"


@pytest.mark.spec("ADM-050")
def test_a_role_may_not_lose_the_last_permission_1(lab: Lab) -> None:
    create_role(lab, "Boss", permissions=[1, 2])
    change_user(lab, "tester", role="Boss")
    with pytest.raises(Refused, match="permission 1"):
        change_role(lab, "Boss", permissions=[2])
    assert roles.rows(lab)[-1]["permissions"] == "1 2"


@pytest.mark.spec("ADM-065")
def test_changes_of_roles_are_security_entries_of_the_log(lab: Lab) -> None:
    create_role(lab, "Typist", permissions=[51])
    change_role(lab, "Typist", permissions=[56])
    delete_role(lab, "Typist")
    found = lab.rows("SELECT action, chain, details FROM ops.log WHERE subject = 'Typist' ORDER BY log_id")
    assert [(action, chain) for action, chain, _ in found] == [
        ("create_role", "security"), ("change_role", "security"), ("change_role", "security"),
    ]  # fmt: skip
    assert json.loads(found[1][2]) == {"given": "56", "taken": "51", "note": None, "valid": None}


def written_by_another_codebook(lab: Lab, role: str, held: Held, name: str = "") -> None:
    """Make a lab look as if a codebook had written it in which a role of the bank was another."""
    with lab.database.tx("ops") as cursor:
        numbers = " ".join(map(str, sorted(held)))
        cursor.execute("UPDATE ops.role SET permissions = ?, name = ? WHERE name = ?", [numbers, name or role, role])


@pytest.mark.spec("ADM-063", "ADM-064", "BAS-202", "BAS-203")
def test_when_the_bank_changes_a_role_its_users_lose_what_collides_and_it_is_said(tmp_path: Path) -> None:
    path = tmp_path / "test.lab"
    with open_here(path, create=True, clock=lambda: NOON, user="tester") as lab:
        written_by_another_codebook(lab, "IMPORT 1", Held({36, 108}))
        tester = with_users(lab, berta="IMPORT 1", carla="IMPORT 1", dora="VIEW")
        grant_permissions(tester, "berta", [110, 116, 130, 132, 241])
        grant_permissions(tester, "carla", [241])
        change_user(tester, "carla", valid=False)
        assert tester.notices == []
    with open_here(path, clock=lambda: NOON, user="tester") as lab:
        with lab.database.reading() as cursor:
            assert user_named(cursor, "berta").own == {116, 132, 241}  # 110 and 130 exclude 111 and 131 of the role
            assert user_named(cursor, "carla").own == {241}
        (said,) = lab.notices
        assert said == (
            "the bank changed role IMPORT 1, so user berta lost permissions of their own that collide with it: 110 130;"
            " see `bankklient users change berta`"
        )
        assert lab.rows(
            "SELECT action, chain, subject FROM ops.log WHERE action IN ('bank_changes_role', 'take_permissions')"
            " ORDER BY log_id"
        ) == [("bank_changes_role", "security", "IMPORT 1"), ("take_permissions", "security", "berta")]
        assert [row["permissions"] for row in roles.rows(of(lab, "tester")) if row["role"] == "IMPORT 1"] == [
            " ".join(map(str, sorted(set.union(*ROLES["IMPORT 1"]))))
        ]
    with open_here(path, clock=lambda: NOON, user="tester") as lab:
        assert lab.notices == []  # nothing is said twice


def test_a_role_that_the_bank_adds_or_renames_displaces_none_of_the_labs_own(tmp_path: Path) -> None:
    path = tmp_path / "test.lab"
    with open_here(path, create=True, clock=lambda: NOON, user="tester") as lab:
        written_by_another_codebook(lab, "VIEW", Held({161}), name="LOOK")
        with lab.database.tx("ops") as cursor:
            cursor.execute("DELETE FROM ops.role WHERE name = 'INITIATE'")
        create_role(lab, "View", permissions=[161, 241])
        create_role(lab, "Initiate", permissions=[6])
        change_user(lab, "tester", role="SUPERUSER")
    with open_here(path, clock=lambda: NOON, user="tester") as lab:
        found = {row["role"]: (row["system"], row["permissions"]) for row in roles.rows(lab)}
        assert found["View (1001)"] == (False, "161 241")
        assert found["Initiate (1002)"] == (False, "6")
        assert found["INITIATE"] == (True, "6 26")
        assert found["VIEW"][0]
        assert "LOOK" not in found
        assert users.rows(lab)[0]["role"] == "SUPERUSER"


@pytest.mark.spec("ADM-105")
def test_who_gives_a_role_that_keeps_people_apart_under_a_condition_only_is_warned(lab: Lab) -> None:
    warned = {role for role in ROLES if role_warnings(lab, role)}
    assert warned == {"IMPORT 1+1", "TYPING & IMPORT 1+1"}
    assert role_warnings(lab, "IMPORT 1+1") == [
        "role IMPORT 1+1 lets one person enter and release alone: domestic orders from files while the transmission"
        " register takes files over as confirmed",
        "role IMPORT 1+1 lets one person enter and release alone: regular payments by switching on the item confirm of"
        " a regular payment",
    ]
    with pytest.raises(UnknownName):
        role_warnings(lab, "BOSS")
