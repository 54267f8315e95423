"""Runs in a lab with users: each has the rights of one user, through a token that ends with the run."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import bankklient_lab as bl
from bankklient_lab.access.granting import grant_permissions
from bankklient_lab.access.logins import caller_of
from bankklient_lab.access.roles import create_role
from bankklient_lab.access.tokens import give_consent
from bankklient_lab.access.users import change_user, create_user
from bankklient_lab.actions import ACTIONS
from bankklient_lab.errors import NotAllowed, NotLoggedIn, Refused, RunFailed, UnknownName
from bankklient_lab.lab import Lab
from bankklient_lab.rights.identity import SCHEDULER
from bankklient_lab.runs.execute import Run, execute, run_due
from bankklient_lab.runs.kernel import kernel_environment
from bankklient_lab.runs.notebooks import register_notebooks, unregister_notebooks
from bankklient_lab.runs.records import finish_run, run_history, start_run
from bankklient_lab.runs.runners import this_runner
from bankklient_lab.runs.schedules import add_schedule, claim_due_run, remove_schedule, schedules
from bankklient_lab.runs.tokens import begin_jupyter, end_jupyter, run_token
from tests.access.people import PASSWORD, of
from tests.clocks import Clock
from tests.runs.books import OPENING, empty_lab, register

PARAMETERS = 'lab: str = ""  # the lab\noutput: str = "."  # the folder'
ASK = "import os\nopen(output + '/who.txt', 'w').write(os.environ['BANKKLIENT_TOKEN'])\nbl.balances(company, on=DAY)"
DAY = "import datetime\nDAY = datetime.date(2026, 11, 2)"
START = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@pytest.fixture
def clock() -> Clock:
    return Clock(START)


@pytest.fixture
def shared(tmp_path: Path, clock: Clock) -> Iterator[Lab]:
    """Give a lab that lets other processes in, with anna (may run and see balances) and boris (may run only)."""
    path = empty_lab(tmp_path)
    register(path, tmp_path / "own", book=[PARAMETERS, OPENING, DAY, ASK])
    with bl.open(path, clock=clock, user="tester") as lab:
        ((owner,),) = lab.rows("SELECT name FROM ops.user")
        for name, permissions in {"anna": [930, 236, 940], "boris": [930]}.items():
            hands = of(lab, owner) if lab.rights.controlled else first_user(lab, owner)
            create_role(hands, name.upper(), permissions=permissions)
            create_user(hands, name, reference=name[:2].upper(), role=name.upper(), password=PASSWORD)
        yield lab


def first_user(lab: Lab, owner: str) -> Lab:
    ACTIONS["set_password"].run(lab, owner, PASSWORD)
    return lab


def administrator(lab: Lab) -> Lab:
    return of(lab, lab.rights.user_name(1))


def run(hands: Lab, out: Path) -> Run:
    return execute(lambda: nullcontext(hands), "book", {}, out)


def test_a_run_has_the_rights_of_who_starts_it(shared: Lab, tmp_path: Path) -> None:
    done = run(of(shared, "anna"), tmp_path / "out")
    assert done.state == "done"
    token = (tmp_path / "out" / "who.txt").read_text()
    with pytest.raises(RunFailed, match=r"balances needs permission 236"):
        run(of(shared, "boris"), tmp_path / "out2")
    caller = caller_of(shared, token)  # withdrawn when the run ended
    assert caller is not None
    with pytest.raises(NotLoggedIn, match="withdrawn"):
        bl.balances(shared.acting(caller), on=START.date())
    assert token not in (tmp_path / "out" / "book.ipynb").read_text()
    assert token not in (tmp_path / "out" / "book.html").read_text()
    assert shared.rows("SELECT count(*) FROM ops.token WHERE withdrawn_at IS NULL") == [(0,)]
    assert token not in str(shared.rows("SELECT * FROM ops.log")) + str(shared.rows("SELECT * FROM ops.run"))


def narrow(lab: Lab, user: str, *scope: int) -> Lab:
    """Return the lab in the hands of a third party that a user consented to."""
    made = give_consent(of(lab, user), "party", purpose="runs", scope=list(scope), days=2)
    caller = caller_of(lab, made["token"])
    assert caller is not None
    return lab.acting(caller)


def test_a_narrow_token_gets_no_wider_one(shared: Lab, tmp_path: Path) -> None:
    grant_permissions(administrator(shared), "anna", [950])
    party = narrow(shared, "anna", 930)
    with pytest.raises(NotAllowed, match="not for tokens with a scope"):
        schedule(party, tmp_path / "out")
    with pytest.raises(NotAllowed, match="not for tokens with a scope"):
        claim_due_run(party, "runner")
    with pytest.raises(NotAllowed, match="log in for it"):
        begin_jupyter(party)
    run_id = start_run(party, "book", parameters={}, output=str(tmp_path), runner="runner")
    child = caller_of(shared, run_token(party, run_id))
    assert child is not None
    assert child.scope == {930}


def test_who_runs_notebooks_can_neither_change_them_nor_reach_other_files_and_runs(shared: Lab, tmp_path: Path) -> None:
    anna, boris = of(shared, "anna"), of(shared, "boris")
    for change in (register_notebooks, unregister_notebooks):
        with pytest.raises(NotAllowed, match="needs permission 2"):
            change(boris, str(tmp_path))
    hers = start_run(anna, "book", parameters={}, output=str(tmp_path), runner="runner")
    with pytest.raises(Refused, match="not yours"):
        finish_run(boris, hers, state="done", files=["a.lab"])
    made = schedule(anna, tmp_path / "anna")
    with pytest.raises(UnknownName):
        remove_schedule(boris, made)
    assert [row["run_id"] for row in run_history.rows(boris)] == []
    assert [row["run_id"] for row in run_history.rows(administrator(shared))] == [hers]
    finish_run(shared.from_outside(anna.caller), hers, state="done", files=["a.lab"])
    assert [row["here"] for row in run_history.rows(anna)] == [False]  # no page reads such a file


def test_running_needs_its_permission(shared: Lab, tmp_path: Path) -> None:
    create_user(administrator(shared), "viewer", reference="VI", role="VIEW", password=PASSWORD)
    with pytest.raises(NotAllowed, match="needs permission 930"):
        run(of(shared, "viewer"), tmp_path / "out")


def schedule(hands: Lab, out: Path) -> int:
    return add_schedule(hands, "book", cron="0 6 * * *", zone="UTC", output=str(out))


def due(shared: Lab) -> list[Run]:
    """Make what is due, as the process that serves the lab does."""
    return list(run_due(lambda: nullcontext(shared.acting(SCHEDULER))))


def test_a_schedule_has_the_rights_of_who_made_it(shared: Lab, clock: Clock, tmp_path: Path) -> None:
    schedule(of(shared, "anna"), tmp_path / "anna")
    schedule(of(shared, "boris"), tmp_path / "boris")
    assert [row["user"] for row in schedules.arrow(of(shared, "anna")).to_pylist()] == ["anna", "boris"]
    clock.now += timedelta(days=1)
    by_anna, by_boris = due(shared)
    assert (by_anna.state, by_boris.state) == ("done", "failed")
    assert "balances needs permission 236" in by_boris.message
    assert shared.rows("SELECT count(*) FROM ops.token WHERE withdrawn_at IS NULL") == [(0,)]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"valid": False}, "user anna, in whose name it is due, is not valid any more"),
        ({"role": "VIEW"}, "user anna, in whose name it is due, does not have permission 930 any more"),
    ],
)
def test_a_user_who_may_not_run_any_more_makes_the_run_fail(
    shared: Lab, clock: Clock, tmp_path: Path, change: dict[str, object], sentence: str
) -> None:
    schedule(of(shared, "anna"), tmp_path / "anna")
    change_user(administrator(shared), "anna", **change)  # type: ignore[arg-type]
    clock.now += timedelta(days=1)
    [failed] = due(shared)
    assert (failed.state, failed.message) == ("failed", sentence)
    [row] = run_history.arrow(administrator(shared)).to_pylist()
    assert (row["state"], row["message"]) == ("failed", sentence)
    assert not (tmp_path / "anna").exists()


def test_a_permission_of_the_user_alone_counts_too(shared: Lab, clock: Clock, tmp_path: Path) -> None:
    schedule(of(shared, "anna"), tmp_path / "anna")
    change_user(administrator(shared), "anna", role="VIEW")
    grant_permissions(administrator(shared), "anna", [930])
    clock.now += timedelta(days=1)
    assert [one.state for one in due(shared)] == ["done"]


def test_users_get_no_token_of_others(shared: Lab, clock: Clock, tmp_path: Path) -> None:
    schedule(of(shared, "anna"), tmp_path / "anna")
    clock.now += timedelta(days=1)
    boris = of(shared, "boris")
    assert claim_due_run(boris, this_runner()) is None
    claim = claim_due_run(of(shared, "anna"), this_runner())
    assert claim is not None
    for hands, number in ((boris, claim["run_id"]), (of(shared, "anna"), claim["run_id"]), (boris, 99)):
        with pytest.raises(Refused, match="is not one of yours that has just begun"):
            run_token(hands, number)
    own = start_run(boris, "book", parameters={}, output="/x", runner=this_runner())
    assert run_token(boris, own)
    with pytest.raises(Refused):
        run_token(boris, own)  # once
    finish_run(boris, own, state="done")
    with pytest.raises(Refused):
        run_token(boris, own)


def test_the_scheduler_may_begin_runs_and_nothing_else(shared: Lab) -> None:
    for name in ("balances", "sql", "users", "configure", "create_token"):
        with pytest.raises(NotAllowed):
            ACTIONS[name].admit(shared.acting(SCHEDULER))


def test_a_token_is_good_for_a_day_at_most(shared: Lab, clock: Clock) -> None:
    anna = of(shared, "anna")
    begun = begin_jupyter(anna)
    caller = caller_of(shared, begun["token"])
    assert caller is not None
    assert bl.balances.arrow(shared.acting(caller), on=START.date()).num_rows == 0
    clock.now += timedelta(hours=24)
    with pytest.raises(NotLoggedIn):
        bl.balances(shared.acting(caller), on=START.date())


def test_jupyter_of_another_is_not_ended(shared: Lab) -> None:
    begun = begin_jupyter(of(shared, "anna"))
    end_jupyter(of(shared, "boris"), begun["token_id"])
    assert shared.rows("SELECT count(*) FROM ops.log WHERE action = 'withdraw_token'") == [(0,)]  # nothing was
    caller = caller_of(shared, begun["token"])
    assert caller is not None
    bl.balances(shared.acting(caller), on=START.date())
    end_jupyter(of(shared, "anna"), begun["token_id"])
    with pytest.raises(NotLoggedIn):
        bl.balances(shared.acting(caller), on=START.date())


def test_a_lab_of_one_needs_no_token(lab_file: Path, tmp_path: Path) -> None:
    with bl.open(lab_file) as lab:
        run_id = start_run(lab, "book", parameters={}, output="/x", runner=this_runner())
        assert run_token(lab, run_id) == ""
        assert begin_jupyter(lab) == {"token": "", "token_id": 0}


def test_a_kernel_gets_the_token_instead_of_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("BANKKLIENT_USER", "BANKKLIENT_PASSWORD_FILE", "BANKKLIENT_TOKEN"):
        monkeypatch.setenv(name, "own")
    given = kernel_environment("bkl_x")
    assert {name: value for name, value in given.items() if value == "own"} == {}
    assert given["BANKKLIENT_TOKEN"] == "bkl_x"
    assert kernel_environment("") == dict(os.environ)
