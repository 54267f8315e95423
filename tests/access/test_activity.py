"""User activity: who does what since when, and how a session of another user or one's own is ended."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest

from bankklient_lab.access.activity import activity, disconnect, end_own_session, held_locks, own_sessions
from bankklient_lab.access.log import application_log
from bankklient_lab.actions import ACTIONS, action
from bankklient_lab.analysis.accounts import accounts
from bankklient_lab.analysis.selections import save_selection, selections
from bankklient_lab.errors import Blocked, Cancelled, NotAllowed, NotLoggedIn, Refused, UnknownName
from bankklient_lab.jobs import Job
from bankklient_lab.lab import Lab
from tests.access.people import of
from tests.clocks import Clock

STARTED, GO_ON = threading.Event(), threading.Event()


@pytest.fixture
def slow() -> Iterator[None]:
    """Register two actions that wait until the test lets them go on: one in a transaction, one in steps with a job."""
    STARTED.clear()
    GO_ON.clear()

    @action(record="name")
    def slow_selection(lab: Lab, name: str) -> None:
        """Save a selection, slowly."""
        save_selection(lab, name, {})
        STARTED.set()
        assert GO_ON.wait(30)

    @action(steps=True)
    def long_work(lab: Lab, *, job: Job | None = None) -> None:
        """Work in steps until cancelled."""
        assert job is not None
        STARTED.set()
        for _ in range(3_000):
            job.step("working")
            GO_ON.wait(0.01)

    yield
    del ACTIONS["slow_selection"], ACTIONS["long_work"]


def at_work(lab: Lab, name: str, *args: object) -> tuple[threading.Thread, list[BaseException]]:
    """Run an action in a thread until it waits, and return the thread and what it raises."""
    raised: list[BaseException] = []

    def work() -> None:
        try:
            ACTIONS[name].here(lab, *args)
        except BaseException as error:
            raised.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    assert STARTED.wait(30)
    return thread, raised


@pytest.mark.spec("ADM-236", "ADM-237")
def test_activity_says_who_does_what_where_and_since_when(office: Lab, clock: Clock, slow: None) -> None:
    tester, began = of(office, "tester"), clock.now
    alice = of(office, "alice")
    clock.move(minutes=3)
    thread, raised = at_work(alice, "slow_selection", "mine")
    rows = {row["user"]: row for row in activity.rows(tester)}
    GO_ON.set()
    thread.join()
    assert not raised
    own, hers = rows["tester"], rows["alice"]
    assert (own["class"], own["action"], own["own"]) == ("main menu", None, True)
    assert own["idle_since"] == clock.now  # this very call
    assert (hers["workstation"], hers["reference"], hers["channel"], hers["logged_in"]) == (
        "desk of alice", "AL", "api", began)  # fmt: skip
    assert (hers["class"], hers["action"], hers["action_since"]) == ("update", "slow_selection", clock.now)
    assert len({row["session_id"] for row in rows.values()}) == 2


@pytest.mark.spec("ADM-236")
def test_a_session_is_listed_from_login_to_logout(office: Lab) -> None:
    tester, alice = of(office, "tester"), of(office, "alice")
    assert [row["user"] for row in activity.rows(tester)] == ["tester", "alice"]
    ACTIONS["logout"].here(alice)
    assert [row["user"] for row in activity.rows(tester)] == ["tester"]
    with pytest.raises(NotAllowed):
        activity.rows(of(office, "alice"))


@pytest.mark.spec("ADM-240", "ADM-241", "ADM-242")
def test_a_disconnected_user_loses_the_work_under_way_and_what_was_held(office: Lab, slow: None) -> None:
    tester, alice = of(office, "tester"), of(office, "alice")
    office.locks.hold(alice.caller, "edit_account", ("account", 7))
    thread, raised = at_work(alice, "slow_selection", "mine")
    ending = threading.Thread(target=disconnect.here, args=(tester, alice.caller.session_id))
    ending.start()
    while alice.caller.session_id not in office.rights._stopped:
        ending.join(0.01)
    GO_ON.set()
    thread.join()
    ending.join()
    assert [type(error) for error in raised] == [NotLoggedIn]
    assert office.locks.work() == []
    with pytest.raises(NotLoggedIn):
        accounts.arrow(alice)
    assert selections.rows(of(office, "alice")) == []
    (entry,) = application_log.rows(tester, number=405)
    assert (entry["user"], entry["subject"]) == ("tester", "alice")
    assert '"reference": "AL"' in entry["details"]


@pytest.mark.spec("ADM-241")
def test_the_long_work_of_a_disconnected_user_is_cancelled(office: Lab, slow: None) -> None:
    tester, alice = of(office, "tester"), of(office, "alice")
    thread, raised = at_work(alice, "long_work")
    disconnect(tester, alice.caller.session_id or 0)
    thread.join(30)
    assert [type(error) for error in raised] == [Cancelled]


@pytest.mark.spec("ADM-240")
def test_ending_the_session_of_another_needs_permission_2(office: Lab) -> None:
    tester, alice = of(office, "tester"), of(office, "alice")
    with pytest.raises(NotAllowed):
        disconnect(alice, tester.caller.session_id or 0)
    with pytest.raises(Refused, match="your own"):
        disconnect(tester, tester.caller.session_id or 0)
    with pytest.raises(UnknownName):
        disconnect(tester, 99)


def test_a_user_ends_sessions_of_their_own_alone(office: Lab) -> None:
    tester, alice, elsewhere = of(office, "tester"), of(office, "alice"), of(office, "alice")
    assert [row["session_id"] for row in own_sessions.rows(alice)] == [
        alice.caller.session_id, elsewhere.caller.session_id]  # fmt: skip
    with pytest.raises(UnknownName):
        end_own_session(alice, tester.caller.session_id or 0)
    end_own_session(alice, elsewhere.caller.session_id or 0)
    with pytest.raises(NotLoggedIn):
        accounts.arrow(elsewhere)
    accounts.arrow(alice)


@pytest.mark.spec("ADM-243")
def test_what_is_held_can_be_seen_but_not_changed(office: Lab, clock: Clock) -> None:
    tester, alice = of(office, "tester"), of(office, "alice")
    office.locks.hold(alice.caller, "edit_account", ("account", 7))
    (row,) = held_locks.rows(tester)
    assert (row["user"], row["class"], row["action"], row["object"], row["record"], row["since"]) == (
        "alice", "update", "edit_account", "account", "7", clock.now)  # fmt: skip
    assert 0 < row["seconds_left"] <= timedelta(minutes=1).seconds
    with pytest.raises(Blocked):
        office.locks.hold(tester.caller, "edit_account", ("account", 7))
    with pytest.raises(NotAllowed):
        held_locks.rows(alice)
