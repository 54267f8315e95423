"""Shared mode: what may run beside what, who is told when it may not, and when a held record is free again."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import product

import pytest

from bankklient_lab.access.configuration import configure
from bankklient_lab.access.logins import end_session
from bankklient_lab.access.users import change_user
from bankklient_lab.errors import Blocked
from bankklient_lab.lab import Lab
from bankklient_lab.rights.identity import Identity
from bankklient_lab.rights.locks import Locks, Mode, Record
from tests.access.people import of, with_users
from tests.clocks import NOON

ANNA = Identity(1, "anna", "AN", session_id=1, workstation="desk 1")
BERTA = Identity(2, "berta", "BE", session_id=2, workstation="desk 2")
MODES: tuple[Mode, ...] = ("standard", "update", "batch", "exclusive")
SAME_RECORD, OTHER_RECORD, OTHER_GROUP = "same record", "other record", "other group"
REFUSED_BESIDE_OTHERS: dict[
    tuple[Mode, Mode], set[str]
] = {  # running, requested -> where it is refused (10-basics, 4.1.22)
    ("standard", "exclusive"): {SAME_RECORD, OTHER_RECORD, OTHER_GROUP},
    ("update", "update"): {SAME_RECORD},
    ("update", "batch"): {SAME_RECORD, OTHER_RECORD},
    ("update", "exclusive"): {SAME_RECORD, OTHER_RECORD, OTHER_GROUP},
    ("batch", "update"): {SAME_RECORD, OTHER_RECORD},
    ("batch", "batch"): {SAME_RECORD, OTHER_RECORD},
    ("batch", "exclusive"): {SAME_RECORD, OTHER_RECORD, OTHER_GROUP},
    **{("exclusive", requested): {SAME_RECORD, OTHER_RECORD, OTHER_GROUP} for requested in MODES},
}


def record_of(mode: Mode, where: str) -> Record:
    """Return the record that work of a mode touches."""
    group, key = {SAME_RECORD: ("order", 1), OTHER_RECORD: ("order", 2), OTHER_GROUP: ("user", 1)}[where]
    if mode == "update":
        return group, key
    return (group, None) if mode == "batch" else None


def locks(logged_in: list[Identity], *, patience: float = 0.0, **settings: int) -> Locks:
    """Return locks that don't wait, unless they have patience."""
    values: dict[str, int] = {"shared_mode": True, "waiting_input_seconds": 60, **settings}
    return Locks(
        lambda caller: [one for one in logged_in if one.user_id != caller.user_id],
        lambda: NOON,
        values.__getitem__,
        patience=patience,
    )


@pytest.mark.spec(
    "ADM-013", "ADM-014", "ADM-015", "ADM-016", "ADM-018", "BAS-232", "BAS-233", "BAS-234", "BAS-235", "BAS-236",
    "BAS-237", "BAS-238", "BAS-239", "BAS-240",
)  # fmt: skip
@pytest.mark.parametrize("where", [SAME_RECORD, OTHER_RECORD, OTHER_GROUP])
@pytest.mark.parametrize(("running", "requested"), list(product(MODES, MODES)))
def test_what_may_run_beside_what(running: Mode, requested: Mode, where: str) -> None:
    logged_in = [ANNA]
    held = locks(logged_in)
    with held.working(ANNA, "running", running, record_of(running, SAME_RECORD)):
        with held.working(ANNA, "requested", requested, record_of(requested, where)):
            assert len(held.work()) == 2  # the same user is never in the own way
        logged_in.append(BERTA)
        if where in REFUSED_BESIDE_OTHERS.get((running, requested), ()):
            with pytest.raises(Blocked), held.working(BERTA, "requested", requested, record_of(requested, where)):
                pass
        else:
            with held.working(BERTA, "requested", requested, record_of(requested, where)):
                assert len(held.work()) == 2
    assert held.work() == []


@pytest.mark.spec("ADM-013", "BAS-232", "BAS-233")
def test_exclusive_work_wants_nobody_else_logged_in_even_when_nothing_runs() -> None:
    logged_in = [ANNA, BERTA]
    held = locks(logged_in)
    said = r"berta \(BE\) is logged in at desk 2"
    with pytest.raises(Blocked, match=said), held.working(ANNA, "reduction", "exclusive", None):
        pass
    logged_in.remove(BERTA)
    with held.working(ANNA, "reduction", "exclusive", None):
        pass


@pytest.mark.spec("ADM-017", "BAS-225")
def test_who_is_blocked_learns_by_whom_where_since_when_and_with_what() -> None:
    held = locks([ANNA, BERTA])
    held.hold(ANNA, "change_order", ("order", 7))
    with pytest.raises(Blocked) as refused, held.working(BERTA, "delete_order", "update", ("order", 7)):
        pass
    assert refused.value.message == (
        "anna (AN) is at work at desk 1 since 12:00:00 UTC (update work: change_order on order 7); try again later"
    )
    assert refused.value.details == {
        "user": "AN", "workstation": "desk 1", "action": "change_order", "mode": "update", "since": NOON.isoformat(),
    }  # fmt: skip


def test_a_held_record_is_free_once_it_is_released_or_its_session_has_ended() -> None:
    held = locks([ANNA, BERTA])
    for free in (held.release, lambda _number: held.end_session(1)):
        number = held.hold(ANNA, "change_order", ("order", 7))
        with pytest.raises(Blocked):
            held.hold(BERTA, "change_order", ("order", 7))
        free(number)
        held.release(held.hold(BERTA, "change_order", ("order", 7)))
    assert held.work() == []


def test_the_end_of_a_session_leaves_the_holds_of_others_and_work_under_way() -> None:
    held = locks([ANNA, BERTA])
    held.hold(BERTA, "change_order", ("order", 8))
    with held.working(ANNA, "change_order", "update", ("order", 7)):
        held.end_session(1)
        assert [one.record for one in held.work()] == [("order", 8), ("order", 7)]


@pytest.mark.spec("ADM-153")
def test_a_hold_ends_after_its_waiting_time_and_can_be_kept_until_then() -> None:
    limits = {"waiting_input_seconds": 60, "waiting_password_seconds": 0}
    held = locks([ANNA, BERTA], **limits)
    number = held.hold(ANNA, "change_order", ("order", 7))
    assert held.keep(number)
    assert held.keep(number, "waiting_password_seconds")  # no time is left from here on
    assert not held.keep(number)
    assert held.work() == []
    held.hold(BERTA, "change_order", ("order", 7))


@pytest.mark.spec("ADM-020")
def test_without_shared_mode_nothing_is_held() -> None:
    held = locks([ANNA], shared_mode=False)
    held.release(held.hold(ANNA, "change_order", ("order", 7)))
    held.hold(ANNA, "change_order", ("order", 7))
    assert held.work() == []


def test_blocked_work_waits_for_work_that_ends_soon() -> None:
    held = locks([ANNA, BERTA], patience=30.0)
    begun, done = threading.Event(), threading.Event()

    def second() -> None:
        begun.set()
        with held.working(BERTA, "second", "update", ("order", 1)):
            done.set()

    with held.working(ANNA, "first", "update", ("order", 1)):
        other = threading.Thread(target=second)
        other.start()
        assert begun.wait(30)
        assert not done.is_set()
    assert done.wait(30)
    other.join(30)


def test_a_fault_in_work_frees_its_lock() -> None:
    held = locks([ANNA])
    with pytest.raises(ZeroDivisionError), held.working(ANNA, "first", "exclusive", None):
        raise ZeroDivisionError
    assert held.work() == []


@pytest.fixture
def shared(lab: Lab) -> Lab:
    """Give a lab with three users in the hands of its first one."""
    return with_users(lab, berta="ADMINISTRATOR", carla="VIEW")


@pytest.mark.spec("BAS-224", "BAS-225", "ADM-018")
def test_two_users_work_at_once_but_not_on_the_same_record(shared: Lab) -> None:
    berta = of(shared, "berta")
    shared.locks.hold(shared.caller, "change_user", ("user", "carla"))
    with pytest.raises(Blocked, match=r"tester \(TE\) is at work at desk of tester"):
        change_user(berta, "carla", phone="1")
    change_user(berta, "tester", phone="1")
    change_user(shared, "carla", phone="2")
    assert shared.caller.session_id is not None
    end_session(shared, shared.caller.session_id, "logout")
    change_user(berta, "carla", phone="3")


@pytest.mark.spec("ADM-153")
def test_the_time_of_a_hold_is_that_of_the_configuration(shared: Lab) -> None:
    configure(shared, {"waiting_input_seconds": 3600})
    before = time.monotonic()
    shared.locks.hold(shared.caller, "change_user", ("user", "carla"))
    (one,) = shared.locks.work()
    assert 3590 < one.until - before < 3610


def test_exclusive_work_of_one_user_is_done_once_at_a_time() -> None:
    held = locks([ANNA])

    def elsewhere() -> str:
        try:
            with held.working(ANNA, "second", "exclusive", None):
                return "ran"
        except Blocked as blocked:
            return str(blocked.details["action"])

    first, part = (held.working(ANNA, name, "exclusive", None) for name in ("first", "part of it"))
    with first, part, ThreadPoolExecutor(1) as other:
        assert other.submit(elsewhere).result() == "first"
    assert elsewhere() == "ran"
