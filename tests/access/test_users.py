"""Users: what they are, what may be changed of whom, and that the lab never loses its last administrator."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import pytest

from bankklient_lab.access.configuration import configuration, configure
from bankklient_lab.access.granting import cancel_permissions, grant_free_permissions, grant_permissions
from bankklient_lab.access.logins import login
from bankklient_lab.access.permission_views import permissions
from bankklient_lab.access.persons import add_authorized_person
from bankklient_lab.access.roles import create_role, roles
from bankklient_lab.access.users import change_user, create_user, set_password, unlock_user, users
from bankklient_lab.errors import BadArgument, LabError, LoginRefused, NotAllowed, NotLoggedIn, Refused, UnknownName
from bankklient_lab.formats.client_accounts import AuthorizedPerson
from bankklient_lab.lab import Lab, open_here
from bankklient_lab.rights.passwords import hashed
from bankklient_lab.rights.permissions import parse
from tests.access.people import PASSWORD, installer, of, with_users
from tests.clocks import NOON


@pytest.fixture(scope="module")
def staffed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """Give a lab with berta (VIEW) in the hands of its first user; tests make users of their own beside."""
    path = tmp_path_factory.mktemp("users") / "test.lab"
    with open_here(path, create=True, clock=lambda: NOON, user="tester") as lab:
        yield with_users(lab, berta="VIEW")


def row(lab: Lab, user: str) -> dict[str, Any]:
    """Return what the list tells of a user."""
    return next(one for one in users.rows(lab) if one["user"] == user)


def own(lab: Lab, user: str) -> set[int]:
    """Return the permissions that a user has besides the role's."""
    return set(parse(row(lab, user)["permissions"]))


def security(lab: Lab, subject: str) -> list[tuple[str, dict[str, Any]]]:
    """Return message and details of the security entries about somebody, oldest first."""
    found = lab.rows(
        "SELECT action, details FROM ops.log WHERE subject = $subject AND chain = 'security' ORDER BY log_id",
        {"subject": subject},
    )
    return [(action, json.loads(details)) for action, details in found]


@pytest.mark.spec("ADM-032", "ADM-055", "ADM-107", "BAS-144", "BAS-212")
def test_every_door_of_user_administration_needs_permission_1(staffed: Lab) -> None:
    berta = of(staffed, "berta")
    doors: list[Callable[[], object]] = [
        lambda: users.rows(berta),
        lambda: create_user(berta, "x", reference="XX", role="VIEW", password=PASSWORD),
        lambda: change_user(berta, "berta", role="SUPERUSER"),
        lambda: grant_permissions(berta, "berta", [1]),
        lambda: grant_free_permissions(berta, "berta"),
        lambda: cancel_permissions(berta, "tester"),
        lambda: set_password(berta, "tester", PASSWORD),
        lambda: unlock_user(berta, "berta"),
    ]
    for door in doors:
        with pytest.raises(NotAllowed):
            door()


@pytest.mark.spec("ADM-033", "ADM-037", "ADM-039", "ADM-040", "ADM-041", "ADM-043", "ADM-044", "ADM-045", "ADM-046",
                  "ADM-047", "BAS-213")  # fmt: skip
def test_a_new_user_is_operational_and_all_but_the_name_can_be_changed(staffed: Lab) -> None:
    create_user(
        staffed, "dora", reference="DO", role="VIEW", password=PASSWORD, first_name="Dora", last_name="D", phone="1",
        personal_number="17", email="d@example.org", password_expires=date(2026, 12, 31),
    )  # fmt: skip
    dora = row(staffed, "dora")
    assert {name: dora[name] for name in ("reference", "kind", "ordinal", "valid", "state", "role", "permissions")} == {
        "reference": "DO", "kind": "operational", "ordinal": 0, "valid": True, "state": "valid", "role": "VIEW",
        "permissions": "",
    }  # fmt: skip
    assert [dora[name] for name in ("first_name", "last_name", "phone", "personal_number", "email")] == [
        "Dora", "D", "1", "17", "d@example.org",
    ]  # fmt: skip
    assert dora["password_expires"] == date(2026, 12, 31)
    change_user(
        staffed, "dora", role="USER", first_name="Theodora", last_name="E", phone="2", personal_number="18",
        email="e@example.org", never_expires=True,
    )  # fmt: skip
    changed = row(staffed, "dora")
    assert {name for name in changed if changed[name] != dora[name]} == {
        "role", "role_permissions", "first_name", "last_name", "phone", "personal_number", "email", "password_expires",
    }  # fmt: skip
    assert changed["password_expires"] is None
    change_user(staffed, "dora", first_name="", password_expires=date(2027, 1, 31))
    assert (row(staffed, "dora")["first_name"], row(staffed, "dora")["password_expires"]) == ("", date(2027, 1, 31))
    with pytest.raises(BadArgument, match="either"):
        change_user(staffed, "dora", never_expires=True, password_expires=date(2027, 1, 31))


@pytest.mark.spec("ADM-037", "ADM-040", "ADM-048", "ADM-049", "BAS-213")
@pytest.mark.parametrize(
    ("user", "reference", "said"),
    [
        ("BERTA", "ZZ", "berta has this name or reference"),
        ("zoe", "be", "berta has this name or reference"),
        ("#zoe", "ZO", "mark of persons authorized"),
        ("zoe", "#Z", "two letters or digits"),
        ("zoe", "&Z", "two letters or digits"),
        ("zoe", "Z", "two letters or digits"),
        ("zoe", "ZOE", "two letters or digits"),
        ("", "ZO", "name of 1 to 40"),
        (" zoe", "ZO", "without spaces around"),
        ("z" * 41, "ZO", "name of 1 to 40"),
    ],
)
def test_a_name_or_reference_that_is_taken_or_marked_is_refused(
    staffed: Lab, user: str, reference: str, said: str
) -> None:
    with pytest.raises(BadArgument, match=said):
        create_user(staffed, user, reference=reference, role="VIEW", password=PASSWORD)
    assert user not in [one["user"] for one in users.rows(staffed)]


def test_what_is_not_known_or_too_long_is_refused_and_nothing_is_kept(staffed: Lab) -> None:
    before = users.rows(staffed)
    wrong: list[tuple[type[LabError], Callable[[], object]]] = [
        (UnknownName, lambda: create_user(staffed, "zoe", reference="ZO", role="BOSS", password=PASSWORD)),
        (UnknownName, lambda: change_user(staffed, "zoe", valid=True)),
        (UnknownName, lambda: change_user(staffed, "berta", role="BOSS", phone="9")),
        (UnknownName, lambda: change_user(staffed, "berta", phone="9", permissions=[5])),
        (BadArgument, lambda: change_user(staffed, "berta", phone="9", email="x" * 101)),
        (BadArgument, lambda: create_user(staffed, "zoe", reference="ZO", role="VIEW", password="short")),
        (Refused, lambda: create_user(staffed, "zoe", reference="ZO", role="TYPING 1", password=PASSWORD,
                                      permissions=[56])),
    ]  # fmt: skip
    for error, call in wrong:
        with pytest.raises(error):
            call()
    assert users.rows(staffed) == before


def test_nothing_waits_while_a_password_is_hashed(staffed: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    changing: list[bool] = []

    def seen(password: str) -> str:
        changing.append(staffed.database.changing("ops"))
        return hashed(password)

    monkeypatch.setattr("bankklient_lab.access.users.hashed", seen)
    create_user(staffed, "hana", reference="HA", role="VIEW", password=PASSWORD)
    assert changing == [False]


@pytest.mark.spec("ADM-057", "ADM-293", "BAS-141")
def test_one_call_keeps_items_and_permissions_together(staffed: Lab) -> None:
    assert create_user(
        staffed, "emil", reference="EM", role="TYPING 1", password=PASSWORD, permissions=[241, 51, 196]
    ) == [196]  # its condition, 195, fails
    emil = of(staffed, "emil")
    assert own(staffed, "emil") == {241}  # 51 is the role's
    assert staffed.rights.held(emil.caller) == parse(row(staffed, "emil")["role_permissions"]) | {241}
    assert change_user(staffed, "emil", phone="7", permissions=[195, 196, 76]) == []
    assert (row(staffed, "emil")["phone"], own(staffed, "emil")) == ("7", {76, 195, 196})
    with pytest.raises(Refused, match="56 excludes 51"):
        change_user(staffed, "emil", phone="8", permissions=[56])
    assert (row(staffed, "emil")["phone"], own(staffed, "emil")) == ("7", {76, 195, 196})
    assert staffed.rights.held(emil.caller) == parse(row(staffed, "emil")["role_permissions"]) | {76, 195, 196}


@pytest.mark.spec("ADM-061", "ADM-062")
def test_a_new_role_takes_what_collides_and_a_new_permission_that_collides_is_refused(staffed: Lab) -> None:
    create_user(staffed, "fred", reference="FR", role="EMPTY", password=PASSWORD, permissions=[51, 61, 70, 76, 241])
    create_role(staffed, "Confirms", permissions=[71, 61])
    assert change_user(staffed, "fred", role="Confirms") == [70]
    with pytest.raises(Refused, match="user fred can't have these permissions beside the role's: 70 excludes 71"):
        grant_permissions(staffed, "fred", [51, 70])
    assert own(staffed, "fred") == {51, 76, 241}  # the role took 70 and has 61 itself
    create_role(staffed, "Creates all", permissions=[56])
    assert change_user(staffed, "fred", role="Creates all") == [51, 76]  # nobody verifies any more
    assert own(staffed, "fred") == {241}
    taken = [details["permissions"] for action, details in security(staffed, "fred") if action == "take_permissions"]
    assert taken == ["70", "51 76"]


@pytest.mark.spec("BAS-202", "BAS-203", "BAS-206", "BAS-207", "BAS-211")
def test_given_permissions_whose_condition_fails_are_taken_away_and_named(staffed: Lab) -> None:
    create_user(staffed, "gina", reference="GI", role="EMPTY", password=PASSWORD)
    assert grant_permissions(staffed, "gina", [51, 56, 61, 76]) == [51]
    assert own(staffed, "gina") == {56, 61, 76}
    assert grant_permissions(staffed, "gina", [51, 76]) == [76]
    assert own(staffed, "gina") == {51}
    assert grant_permissions(staffed, "gina", [196]) == [196]
    assert own(staffed, "gina") == set()


@pytest.mark.spec("ADM-059", "ADM-060")
def test_all_free_rights_and_cancel_all(staffed: Lab) -> None:
    create_user(staffed, "hugo", reference="HU", role="TYPING 1", password=PASSWORD, permissions=[110])
    hugo = of(staffed, "hugo")
    given = grant_free_permissions(staffed, "hugo")
    held = staffed.rights.held(hugo.caller)
    assert 110 in held
    assert not {56, 111, 121} & held  # each collides with what hugo has
    everything = staffed.rights.held(staffed.caller) - {56, 111, 121}
    assert held == everything | {51, 110, 120}
    assert set(given) == own(staffed, "hugo") - {110}
    assert set(cancel_permissions(staffed, "hugo")) == set(given) | {110}
    assert own(staffed, "hugo") == set()
    assert staffed.rights.held(hugo.caller) == parse(row(staffed, "hugo")["role_permissions"])


def test_ones_own_rights_change_at_once(staffed: Lab) -> None:
    create_user(staffed, "ines", reference="IN", role="ADMINISTRATOR", password=PASSWORD)
    ines = of(staffed, "ines")
    grant_permissions(ines, "ines", [236])
    assert 236 in staffed.rights.held(ines.caller)
    change_user(ines, "ines", role="VIEW")  # hands administration over
    with pytest.raises(NotAllowed):
        users.rows(ines)


@pytest.mark.spec("ADM-038")
def test_an_invalid_user_is_out_at_once_and_cannot_log_in(staffed: Lab) -> None:
    create_user(staffed, "jan", reference="JA", role="VIEW", password=PASSWORD)
    jan = of(staffed, "jan")
    staffed.locks.hold(jan.caller, "edit", ("order", 1))
    change_user(staffed, "jan", valid=False)
    assert row(staffed, "jan")["state"] == "invalid"
    assert not [one for one in staffed.locks.work() if one.caller == jan.caller]
    with pytest.raises(NotLoggedIn):
        staffed.rights.held(jan.caller)
    with pytest.raises(LoginRefused):
        login(staffed, "jan", PASSWORD)
    change_user(staffed, "jan", valid=True)
    assert row(staffed, "jan")["state"] == "valid"
    with pytest.raises(NotLoggedIn):
        staffed.rights.held(jan.caller)  # the old session stays ended
    of(staffed, "jan")


@pytest.mark.spec("ADM-051", "ADM-054")
def test_the_list_tells_who_is_locked_until_when_and_an_administrator_unlocks(staffed: Lab) -> None:
    configure(staffed, {"login_attempts": 2, "lock_minutes": 0})
    create_user(staffed, "karl", reference="KA", role="VIEW", password=PASSWORD)
    for _ in range(2):
        with pytest.raises(LoginRefused):
            login(staffed, "karl", "wrong")
    karl = row(staffed, "karl")
    assert (karl["state"], karl["locked_until"], karl["failed_logins"], karl["login_attempts"]) == (
        "locked", None, 2, 2,
    )  # fmt: skip
    assert karl["password_changed_at"] == NOON
    configure(staffed, {"lock_minutes": 60})
    assert row(staffed, "karl")["locked_until"] == NOON.replace(hour=13)
    with pytest.raises(LoginRefused):
        login(staffed, "karl", PASSWORD)
    unlock_user(staffed, "karl")
    assert row(staffed, "karl")["state"] == "valid"
    of(staffed, "karl")
    change_user(staffed, "karl", valid=False)
    assert row(staffed, "karl")["state"] == "invalid"


@pytest.mark.spec("ADM-050")
def test_the_last_administrator_stays(lab: Lab) -> None:
    tester = with_users(lab, berta="ADMINISTRATOR", carla="VIEW")
    with pytest.raises(Refused, match="lock yourself out"):
        change_user(tester, "tester", valid=False)
    change_user(tester, "berta", valid=False)
    with pytest.raises(Refused, match="permission 1"):
        change_user(tester, "tester", role="USER")
    grant_permissions(tester, "carla", [1])  # of one's own, not of a role
    with pytest.raises(Refused, match="permission 1"):
        change_user(tester, "tester", role="USER")
    assert row(tester, "tester")["role"] == "SUPERUSER"
    change_user(tester, "berta", valid=True)
    change_user(tester, "tester", role="USER")


def test_an_administrator_without_a_password_is_not_enough(lab: Lab) -> None:
    tester = with_users(lab, berta="VIEW")
    add_authorized_person(tester, AuthorizedPerson("#Eva", reference="#E", role="ADMINISTRATOR"))
    with pytest.raises(Refused, match="who can log in"):
        change_user(tester, "tester", role="USER")
    set_password(tester, "#Eva", PASSWORD)
    change_user(tester, "tester", role="USER")


def test_the_first_user_needs_a_password_before_there_is_a_second(lab: Lab) -> None:
    with pytest.raises(Refused, match="set a password of your own first"):
        create_user(lab, "berta", reference="BE", role="VIEW", password=PASSWORD)
    assert len(users.rows(lab)) == 1


@pytest.mark.spec("ADM-034", "ADM-045", "ADM-055", "ADM-294")
def test_of_an_authorized_person_only_number_password_role_and_permissions_change(staffed: Lab) -> None:
    add_authorized_person(staffed, AuthorizedPerson("#Petr", reference="&P", first_name="Petr", phone="601"))
    add_authorized_person(staffed, AuthorizedPerson("#Olga", reference="#O", role="TYPING 1"))
    petr = row(staffed, "#Petr")
    assert (petr["kind"], petr["ordinal"], petr["role"], petr["phone"]) == ("authorized", 1, "INITIATE", "601")
    assert row(staffed, "#Olga")["ordinal"] == 2
    change_user(staffed, "#Petr", personal_number="7", role="IMPORT 1", permissions=[6])
    set_password(staffed, "#Petr", PASSWORD)
    assert 6 in staffed.rights.held(of(staffed, "#Petr").caller)
    fixed: list[dict[str, Any]] = [
        {"valid": False}, {"first_name": "P"}, {"last_name": "P"}, {"phone": "1"}, {"email": "p"},
        {"password_expires": date(2027, 1, 1)}, {"never_expires": True},
    ]  # fmt: skip
    for change in fixed:
        with pytest.raises(Refused, match="can only be changed by the bank"):
            change_user(staffed, "#Petr", personal_number="8", **change)
    assert row(staffed, "#Petr")["personal_number"] == "7"
    for user, reference in (("Petra", "&Q"), ("#Petra", "PA"), ("#Petra", "&"), ("#Petr", "&Q"), ("#Petra", "&P")):
        with pytest.raises(BadArgument):
            add_authorized_person(staffed, AuthorizedPerson(user, reference=reference))
    with pytest.raises(UnknownName):
        add_authorized_person(staffed, AuthorizedPerson("#Petra", reference="&A", role="BOSS"))


@pytest.mark.spec("ADM-035", "ADM-102")
def test_nothing_of_the_installer_can_be_changed(staffed: Lab) -> None:
    installer(staffed)
    before = row(staffed, "BKINSTUSER")
    assert (before["kind"], before["role"], before["ordinal"]) == ("installer", "INSTALLER", 0)
    assert staffed.rights.held(of(staffed, "BKINSTUSER").caller) == {6, 26}
    changes: list[Callable[[], object]] = [
        lambda: change_user(staffed, "BKINSTUSER", phone="1"),
        lambda: change_user(staffed, "BKINSTUSER", role="SUPERUSER"),
        lambda: change_user(staffed, "BKINSTUSER", permissions=[1]),
        lambda: grant_permissions(staffed, "BKINSTUSER", [1]),
        lambda: grant_free_permissions(staffed, "BKINSTUSER"),
        lambda: cancel_permissions(staffed, "BKINSTUSER"),
        lambda: set_password(staffed, "BKINSTUSER", "Other-Horse-7x"),
    ]
    for change in changes:
        with pytest.raises(Refused, match="is the installer"):
            change()
    assert row(staffed, "BKINSTUSER") == before


@pytest.mark.spec("ADM-065")
def test_every_change_of_a_user_is_a_security_entry_without_any_password(staffed: Lab) -> None:
    create_user(staffed, "lena", reference="LE", role="EMPTY", password=PASSWORD)
    change_user(staffed, "lena", role="VIEW", phone="5", never_expires=True)
    grant_permissions(staffed, "lena", [241])
    cancel_permissions(staffed, "lena")
    set_password(staffed, "lena", "Other-Horse-7x")
    unlock_user(staffed, "lena")
    assert security(staffed, "lena") == [
        ("create_user", {"reference": "LE", "role": "EMPTY"}),
        ("change_user", {"role": "VIEW", "password_expires": "never", "phone": "5"}),
        ("grant_permissions", {"given": "241", "taken": ""}),
        ("grant_permissions", {"given": "", "taken": "241"}),
        ("set_password", {}),
        ("unlock_user", {}),
    ]


@pytest.mark.spec("ADM-066")
def test_a_user_with_role_empty_reaches_what_needs_no_permission_only(staffed: Lab) -> None:
    create_user(staffed, "mona", reference="MO", role="EMPTY", password=PASSWORD)
    mona = of(staffed, "mona")
    assert permissions.rows(mona)
    for closed in (users, roles, configuration):
        with pytest.raises(NotAllowed):
            closed.rows(mona)
