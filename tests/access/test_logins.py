"""Logins and sessions: who gets in, how tries are slowed and locked, and how a session is locked, opened and ended."""

from __future__ import annotations

import threading
from datetime import date, timedelta
from typing import Any

import pytest

from bankklient_lab.access.configuration import configure
from bankklient_lab.access.log import application_log
from bankklient_lab.access.logins import caller_of, lock_session, login, logout, prove, unlock_session
from bankklient_lab.access.tokens import create_token
from bankklient_lab.access.tries import delay
from bankklient_lab.access.users import change_password, change_user, unlock_user
from bankklient_lab.analysis.accounts import accounts
from bankklient_lab.errors import (
    BadArgument,
    Blocked,
    LoginRefused,
    NotLoggedIn,
    PasswordExpired,
    ProofNeeded,
)
from bankklient_lab.lab import Lab, open_here
from tests.access.people import PASSWORD, of
from tests.clocks import Clock

WRONG = "Wrong-Horse-8y"


def refusal(lab: Lab, name: str, password: str = WRONG) -> str:
    """Return what a refused login says."""
    with pytest.raises(LoginRefused) as refused:
        login(lab, name, password)
    assert type(refused.value) is LoginRefused
    return refused.value.message


def in_hands(lab: Lab, secret: str) -> Lab:
    """Return the lab in the hands of who brings a secret."""
    caller = caller_of(lab, secret)
    assert caller is not None
    return lab.acting(caller)


def set_options(lab: Lab, **values: Any) -> None:
    """Change the configuration, as the first user."""
    hands = of(lab, "tester")
    configure(hands, values)
    logout(hands)


def from_page(lab: Lab, user: str = "alice") -> Lab:
    """Return the lab in the hands of a user who has logged in to the pages."""
    return in_hands(lab, login(lab, user, PASSWORD, channel="pages")["session"])


@pytest.mark.spec("ADM-001", "ADM-002", "BAS-292")
def test_until_a_login_succeeds_nothing_but_it_is_possible(office: Lab) -> None:
    with pytest.raises(NotLoggedIn):
        accounts.arrow(office)
    with pytest.raises(LoginRefused):
        login(office, "alice", WRONG)
    with pytest.raises(NotLoggedIn):
        accounts.arrow(office)
    assert accounts.arrow(of(office, "alice")).num_rows == 0


@pytest.mark.spec("ADM-003")
def test_one_message_for_a_wrong_password_an_unknown_name_and_an_invalid_user(office: Lab) -> None:
    tester = of(office, "tester")
    said = {refusal(office, "alice"), refusal(office, "nobody of that name")}
    change_user(tester, "alice", valid=False)
    said |= {refusal(office, "alice"), refusal(office, "alice", PASSWORD)}
    assert len(said) == 1
    entries = application_log.rows(tester, number=402)
    assert len(entries) == 4
    assert {entry["type"] for entry in entries} == {"login"}
    assert {entry["subject"] for entry in entries} == {"alice", ""}


def test_a_name_that_nobody_has_is_not_kept_because_it_may_be_a_password(office: Lab) -> None:
    refusal(office, "MyOnlyPassword!")
    kept = str(office.rows("FROM ops.log UNION ALL BY NAME FROM ops.stranger"))
    assert "MyOnlyPassword!" not in kept


@pytest.mark.parametrize("name", ["alice", "nobody of that name"])
def test_after_five_wrong_tries_the_next_waits_longer_each_time(name: str, office: Lab, clock: Clock) -> None:
    assert not any("wait" in refusal(office, name) for _ in range(5))
    for seconds in (1, 2, 4, 8):
        assert f"wait {seconds} seconds" in refusal(office, name, PASSWORD)  # early, so even the right one is refused
        clock.move(seconds=seconds - 0.001)
        with pytest.raises(LoginRefused) as early:
            login(office, name, PASSWORD)
        assert early.value.details["wait_seconds"] == seconds
        clock.move(seconds=0.001)
        assert "wait" not in refusal(office, name)


def test_the_delay_survives_reopening_and_ends_with_the_right_password(office: Lab, clock: Clock) -> None:
    for _ in range(6):
        refusal(office, "alice")
        refusal(office, "stranger")
        clock.move(seconds=1)
    office.close()
    with open_here(office.path, clock=clock) as again:
        assert "wait 2 seconds" in refusal(again, "alice", PASSWORD)
        assert "wait 2 seconds" in refusal(again, "stranger", PASSWORD)
        clock.move(seconds=2)
        assert login(again, "alice", PASSWORD)["failed"] == 6
        assert "wait" not in refusal(again, "alice")


def test_delays_grow_to_a_quarter_of_an_hour() -> None:
    delays = [delay(failed) for failed in range(200)]
    assert delays == sorted(delays)
    assert delays[4:8] == [timedelta(0), timedelta(seconds=1), timedelta(seconds=2), timedelta(seconds=4)]
    assert delays[-1] == timedelta(minutes=15)


def test_tries_at_the_same_moment_give_no_free_ones(office: Lab) -> None:
    said: list[str] = []
    threads = [threading.Thread(target=lambda: said.append(refusal(office, "alice"))) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum("wait" not in one for one in said) == 5


@pytest.mark.spec("ADM-169", "ADM-170")
def test_a_user_is_locked_after_as_many_tries_as_configured(office: Lab, clock: Clock) -> None:
    set_options(office, login_attempts=3, lock_minutes=0)
    for _ in range(3):
        refusal(office, "alice")
    clock.move(days=30)
    assert "wait" not in refusal(office, "alice", PASSWORD)
    tester = of(office, "tester")
    assert [entry["subject"] for entry in application_log.rows(tester, number=407)] == ["alice"]
    unlock_user(tester, "alice")
    assert login(office, "alice", PASSWORD)["user"] == "alice"


@pytest.mark.spec("ADM-170", "ADM-298")
def test_a_lock_that_ends_by_itself_goes_on_counting(office: Lab, clock: Clock) -> None:
    set_options(office, login_attempts=3, lock_minutes=60)
    for _ in range(3):
        refusal(office, "alice")
    clock.move(minutes=30)
    refusal(office, "alice", PASSWORD)  # still locked; that try does not make the lock longer
    clock.move(minutes=30)
    refusal(office, "alice")  # one more wrong password locks again
    clock.move(minutes=59)
    refusal(office, "alice", PASSWORD)
    clock.move(minutes=1)
    login(office, "alice", PASSWORD)
    for _ in range(2):
        refusal(office, "alice")
    login(office, "alice", PASSWORD)  # the count began again at 0


def test_the_last_login_and_the_refused_tries_since_are_told(office: Lab, clock: Clock) -> None:
    first = login(office, "alice", PASSWORD, workstation="desk 1")
    assert (first["last_login"], first["failed"]) == (None, 0)
    began = clock.now
    clock.move(hours=1)
    refusal(office, "alice")
    second = login(office, "alice", PASSWORD, workstation="desk 2")
    assert (second["last_login"], second["last_workstation"], second["failed"]) == (began, "desk 1", 1)


@pytest.mark.spec("ADM-005")
def test_an_expired_password_is_changed_before_anything_else(office: Lab, clock: Clock) -> None:
    change_user(of(office, "tester"), "alice", password_expires=date(2026, 11, 22))
    assert login(office, "alice", PASSWORD)["expired"] is False  # the last day on which it is good
    clock.move(days=1)
    begun = login(office, "alice", PASSWORD)
    assert begun["expired"] is True
    alice = in_hands(office, begun["session"])
    with pytest.raises(PasswordExpired):
        accounts.arrow(alice)
    change_password(alice, PASSWORD, "Another-Horse-9z")
    assert accounts.arrow(alice).num_rows == 0


@pytest.mark.spec("ADM-009", "BAS-295")
def test_logout_ends_the_session_and_allows_a_new_login(office: Lab) -> None:
    secret = login(office, "alice", PASSWORD)["session"]
    alice = in_hands(office, secret)
    logout(alice)
    assert caller_of(office, secret) is None
    with pytest.raises(NotLoggedIn):
        accounts.arrow(alice)
    assert accounts.arrow(of(office, "alice")).num_rows == 0


def test_the_session_of_an_invalid_user_ends_and_stays_ended(office: Lab) -> None:
    secret = login(office, "alice", PASSWORD)["session"]
    alice, tester = in_hands(office, secret), of(office, "tester")
    change_user(tester, "alice", valid=False)
    with pytest.raises(NotLoggedIn):
        accounts.arrow(alice)
    change_user(tester, "alice", valid=True)
    with pytest.raises(NotLoggedIn):
        accounts.arrow(alice)


@pytest.mark.spec("ADM-172")
def test_a_locked_session_goes_on_where_it_was(office: Lab) -> None:
    alice = from_page(office)
    lock_session(alice)
    with pytest.raises(NotLoggedIn) as locked:
        accounts.arrow(alice)
    assert locked.value.details == {"locked": True}
    with pytest.raises(LoginRefused):
        unlock_session(alice, WRONG)
    with pytest.raises(NotLoggedIn):
        accounts.arrow(alice)
    unlock_session(alice, PASSWORD)
    assert accounts.arrow(alice).num_rows == 0
    assert office.rights.sessions().keys() == {alice.caller.session_id}


@pytest.mark.spec("ADM-171")
def test_a_session_locks_itself_when_nobody_is_at_work(office: Lab, clock: Clock) -> None:
    set_options(office, inactivity_minutes=5)
    alice = from_page(office)
    clock.move(minutes=5)
    accounts.arrow(alice)  # a page that refreshes itself is nobody at work
    clock.move(seconds=1)
    with pytest.raises(NotLoggedIn):
        accounts.arrow(alice)
    unlock_session(alice, PASSWORD)
    clock.move(minutes=4)
    office.rights.touch(alice.caller)
    clock.move(minutes=4)
    accounts.arrow(alice)
    office.close()
    clock.move(minutes=2)
    with open_here(office.path, clock=clock) as again, pytest.raises(NotLoggedIn):  # a restart opens nothing
        accounts.arrow(again.acting(alice.caller))


def test_guesses_at_a_locked_session_count_as_tries_to_log_in(office: Lab) -> None:
    alice = from_page(office)
    lock_session(alice)
    for _ in range(5):
        with pytest.raises(LoginRefused):
            unlock_session(alice, WRONG)
    assert "wait" in refusal(office, "alice", PASSWORD)


def test_a_session_without_anybody_for_a_day_has_ended(office: Lab, clock: Clock) -> None:
    secret = login(office, "alice", PASSWORD)["session"]
    clock.move(hours=24, seconds=1)
    assert caller_of(office, secret) is None
    of(office, "tester")
    assert office.rows("SELECT count(*) FROM ops.session WHERE ended_at IS NULL") == [(1,)]


def test_sessions_outlive_a_restart_but_not_those_of_the_process_itself(office: Lab, clock: Clock) -> None:
    kept = login(office, "alice", PASSWORD, channel="pages")["session"]
    gone = login(office, "alice", PASSWORD, channel="local")["session"]
    office.close()
    with open_here(office.path, clock=clock) as again:
        assert caller_of(again, kept) is not None
        assert caller_of(again, gone) is None


@pytest.mark.spec("BAS-227")
def test_without_shared_mode_a_second_session_is_refused(office: Lab, clock: Clock) -> None:
    set_options(office, shared_mode=False)
    alice = of(office, "alice")
    with pytest.raises(Blocked, match=r"alice .* desk of alice"):
        login(office, "tester", PASSWORD)
    assert office.rows("SELECT failed_logins, failed_at FROM ops.user WHERE name = 'tester'") == [(0, None)]
    again = of(office, "alice")  # elsewhere: the first one ends
    with pytest.raises(NotLoggedIn):
        accounts.arrow(alice)
    logout(again)
    of(office, "tester")
    with pytest.raises(Blocked):
        login(office, "alice", PASSWORD)
    clock.move(minutes=31)  # a browser that was closed keeps nobody out for long
    assert login(office, "alice", PASSWORD)["user"] == "alice"


@pytest.mark.spec("CB-025")
def test_a_high_risk_action_needs_a_fresh_proof_inside_a_session(office: Lab, clock: Clock) -> None:
    tester = of(office, "tester")
    create_token(tester, "first")
    clock.move(minutes=10, seconds=1)
    with pytest.raises(ProofNeeded):
        create_token(tester, "second")
    accounts.arrow(tester)
    with pytest.raises(LoginRefused):
        prove(tester, password=WRONG)
    with pytest.raises(ProofNeeded):
        create_token(tester, "second")
    prove(tester, password=PASSWORD)
    create_token(tester, "second")


def test_a_workstation_with_a_long_name_is_refused(office: Lab) -> None:
    with pytest.raises(BadArgument, match="60 characters"):
        login(office, "alice", PASSWORD, workstation="x" * 61)
