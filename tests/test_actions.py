"""Actions: who may call them is asked on every call, and what they change is changed as a whole or not at all."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import bankklient_lab as bl
from bankklient_lab import actions
from bankklient_lab.access.logins import caller_of, login, logout
from bankklient_lab.access.users import change_user, create_user, set_password, users
from bankklient_lab.actions import ACTIONS, action
from bankklient_lab.codebooks import rows
from bankklient_lab.errors import BadArgument, NotAllowed, NotLoggedIn, UnknownName
from bankklient_lab.lab import Lab, open_here
from bankklient_lab.server.endpoint import register_actions
from tests.statements import ACCOUNT, mt940

register_actions()
PASSWORD = "Correct-Horse-7x"


@pytest.fixture
def shared(tmp_path: Path) -> Iterator[Lab]:
    """Give a lab with two users, anna (SUPERUSER) and berta (VIEW)."""
    with open_here(tmp_path / "a.lab", create=True, user="anna") as lab:
        set_password(lab, "anna", PASSWORD)
        create_user(lab, "berta", reference="BE", role="VIEW", password=PASSWORD)
        yield lab


def of(lab: Lab, user: str) -> Lab:
    """Return the lab in the hands of a user who has just logged in."""
    caller = caller_of(lab, login(lab, user, PASSWORD)["session"])
    assert caller is not None
    return lab.acting(caller)


def test_a_lab_with_one_user_asks_nobody(tmp_path: Path) -> None:
    with open_here(tmp_path / "a.lab", create=True, user="anna") as lab:
        assert not lab.rights.controlled
        assert users.rows(lab)[0]["user"] == "anna"
        assert bl.accounts.rows(lab) == []


@pytest.mark.spec("BAS-140", "BAS-292", "ADM-001", "ADM-002")
def test_from_the_second_user_on_everything_but_login_needs_one(shared: Lab) -> None:
    assert shared.rights.controlled
    for name, one in ACTIONS.items():
        if not one.declared.public:
            with pytest.raises(NotLoggedIn):
                one.admit(shared)
            assert name != "login"
    assert bl.accounts.rows(of(shared, "berta")) == []


@pytest.mark.spec("BAS-140")
def test_a_missing_permission_refuses_the_call_itself_and_is_logged(shared: Lab) -> None:
    berta = of(shared, "berta")
    with pytest.raises(NotAllowed, match=r"^create_user needs permission 1 \(1: Administrator") as refused:
        create_user(berta, "carl", reference="CA", role="SUPERUSER", password=PASSWORD)
    assert refused.value.details["needed"] == "1"
    assert [row["user"] for row in users.rows(of(shared, "anna"))] == ["anna", "berta"]
    assert shared.rows("SELECT by_user, subject FROM ops.log WHERE action = 'not_allowed'") == [
        ("berta", "create_user")
    ]


def test_a_right_that_is_taken_away_is_gone_at_the_next_call(shared: Lab) -> None:
    anna, berta = of(shared, "anna"), of(shared, "berta")
    assert bl.entries.rows(berta) == []
    change_user(anna, "berta", role="EMPTY")
    with pytest.raises(NotAllowed):
        bl.entries(berta)
    change_user(anna, "berta", valid=False)
    with pytest.raises(NotLoggedIn):
        bl.accounts(berta)


def test_a_session_that_has_ended_is_worth_nothing(shared: Lab) -> None:
    anna = of(shared, "anna")
    logout(anna)
    with pytest.raises(NotLoggedIn):
        users(anna)


@pytest.mark.spec("BAS-140")
def test_a_right_that_is_taken_away_while_a_call_waits_undoes_the_call(shared: Lab) -> None:
    anna = of(shared, "anna")
    create_user(anna, "carl", reference="CA", role="SUPERUSER", password=PASSWORD)
    carl = of(shared, "carl")
    raised: list[Exception] = []

    def add() -> None:
        try:
            create_user(carl, "dora", reference="DO", role="VIEW", password=PASSWORD)
        except NotAllowed as error:
            raised.append(error)

    adding = threading.Thread(target=add)
    with shared.database.tx("ops"):
        adding.start()
        while not any(work.caller.name == "carl" for work in shared.locks.work()):  # admitted; waits for the lane
            adding.join(0.01)
        change_user.function(anna, "carl", role="VIEW")
    adding.join(30)
    assert len(raised) == 1
    assert "dora" not in {row["user"] for row in users.rows(of(shared, "anna"))}


@pytest.fixture
def half(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return an action that changes something and fails on demand."""
    monkeypatch.setattr(actions, "ACTIONS", dict(ACTIONS))

    @action("1")
    def half_done(lab: Lab, fail: bool) -> None:
        with lab.database.tx("ops") as cursor:
            cursor.execute("INSERT INTO ops.setting VALUES ('half', '1')")
            lab.log(cursor, "configure", "half")
        if fail:
            raise BadArgument("no")

    return half_done


def test_an_action_that_fails_leaves_nothing(lab: Lab, half: Any) -> None:
    with pytest.raises(BadArgument):
        half(lab, True)
    assert lab.rows("SELECT count(*) FROM ops.setting WHERE name = 'half'") == [(0,)]
    assert lab.rows("SELECT count(*) FROM ops.log") == [(0,)]
    half(lab, False)
    assert lab.rows("SELECT count(*) FROM ops.setting WHERE name = 'half'") == [(1,)]


def test_the_log_takes_known_messages_only(lab: Lab) -> None:
    with pytest.raises(UnknownName), lab.database.tx("ops") as cursor:
        lab.log(cursor, "something", "")


def test_messages_of_the_log_are_numbered_once() -> None:
    known = rows("log_messages")
    assert len({row["number"] for row in known}) == len({row["action"] for row in known}) == len(known)
    assert {row["chain"] for row in known} == {"operational", "security"}
    assert {row["shown"] for row in known} == {"yes", "no"}


def test_accounts_hide_their_balances_from_who_may_not_see_any(shared: Lab, tmp_path: Path) -> None:
    bl.import_file(of(shared, "anna"), mt940(tmp_path))
    (seen,) = bl.accounts.rows(of(shared, "berta"))
    assert (seen["closing"], seen["basis"]) == (Decimal("1150.000"), "stated")
    change_user(of(shared, "anna"), "berta", role="EMPTY")
    (seen,) = bl.accounts.rows(of(shared, "berta"))
    assert (seen["account"], seen["closing"], seen["basis"]) == (ACCOUNT, None, None)
