"""The application log: what it has, how it is chosen, kept and cut, and that it shows every later change."""

from __future__ import annotations

import itertools
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from bankklient_lab import reports
from bankklient_lab.access.log import application_log, renew_witness, verify_log
from bankklient_lab.access.users import set_password
from bankklient_lab.actions import ACTIONS, action, table_action
from bankklient_lab.analysis.selections import delete_selection, save_selection, selections
from bankklient_lab.codebooks import rows as codebook
from bankklient_lab.errors import BadArgument, Refused
from bankklient_lab.history.upkeep import backup, check
from bankklient_lab.lab import Lab, open_here
from bankklient_lab.store.backup import restore
from bankklient_lab.store.witness import read_witness, witness_path
from tests.access.people import PASSWORD, of
from tests.clocks import Clock

NUMBERS = itertools.count()


@pytest.fixture
def own(tmp_path: Path, clock: Clock) -> Iterator[Lab]:
    """Give a lab without access control, with a few entries in both chains of its log."""
    with open_here(tmp_path / "own.lab", create=True, clock=clock, user="tester") as lab:
        fill(lab)
        yield lab


def fill(lab: Lab) -> None:
    """Log three operational entries and one of security."""
    for name in ("a", "b", "c"):
        save_selection(lab, name, {})
    set_password(lab, "tester", f"{PASSWORD}{next(NUMBERS)}")


def change(lab: Lab, sql: str) -> None:
    """Change the log behind the program's back."""
    with lab.database.tx("ops") as cursor:
        for statement in sql.split(";"):
            cursor.execute(statement)


@pytest.mark.spec("ADM-189", "ADM-192")
def test_everybody_sees_what_was_done_by_whom(office: Lab, clock: Clock) -> None:
    alice = of(office, "alice")
    save_selection(alice, "mine", {"text": "x"})
    first, second = application_log.rows(alice, limit=2)
    assert list(first) == [
        "order", "saved", "number", "message", "module", "type", "user", "subject", "details", "session"]  # fmt: skip
    assert (first["number"], first["message"], first["module"], first["type"]) == (
        211, "A selection was saved", "analysis", "message")  # fmt: skip
    assert (first["saved"], first["user"], first["subject"]) == (clock.now, "alice", "mine")
    assert (second["type"], second["order"]) == ("login", first["order"] - 1)


@pytest.mark.spec("ADM-190")
def test_no_action_changes_or_deletes_an_entry(own: Lab) -> None:
    before = own.rows("FROM ops.log")
    delete_selection(own, "a")
    save_selection(own, "b", {"text": "other"})
    assert set(before) < set(own.rows("FROM ops.log"))
    assert {name for name in ACTIONS if "log" in name.split("_")} <= {"application_log", "verify_log"}


@pytest.mark.spec("ADM-193")
def test_entries_are_chosen_by_number_module_user_type_and_time(office: Lab, clock: Clock) -> None:
    alice, tester = of(office, "alice"), of(office, "tester")
    save_selection(alice, "mine", {})
    assert [row["subject"] for row in application_log.rows(tester, number=211)] == ["mine"]
    assert {row["user"] for row in application_log.rows(tester, user="alice")} == {"alice"}
    assert {row["module"] for row in application_log.rows(tester, module="access")} == {"access"}
    assert {row["number"] for row in application_log.rows(tester, kind="login", user="alice")} == {401}
    with pytest.raises(BadArgument, match="month, week or day"):
        application_log.rows(tester, within="year")  # type: ignore[arg-type]
    with pytest.raises(BadArgument, match="limit"):
        application_log.rows(tester, limit=0)


@pytest.mark.spec("ADM-193")
@pytest.mark.parametrize(("within", "days"), [("day", 1), ("week", 7), ("month", 31)])
def test_a_time_limit_takes_its_first_instant_in(within: str, days: int, own: Lab, clock: Clock) -> None:
    count = len(application_log.rows(own))
    clock.move(days=days)  # from 22 November: a month later is 22 December, 30 days on
    clock.move(days=-1 if within == "month" else 0)
    assert len(application_log.rows(own, within=within)) == count  # type: ignore[arg-type]
    clock.move(seconds=1)
    assert application_log.rows(own, within=within) == []  # type: ignore[arg-type]


def test_pages_go_from_the_newest_to_the_oldest(own: Lab) -> None:
    every = [row["order"] for row in application_log.rows(own)]
    pages: list[int] = []
    while page := application_log.rows(own, limit=2, before=pages[-1] if pages else None):
        pages += [row["order"] for row in page]
    assert pages == every == sorted(every, reverse=True)


@pytest.mark.spec("ADM-194")
def test_what_was_chosen_is_made_a_file(own: Lab) -> None:
    chosen = application_log.arrow(own, number=211)
    told = reports.render_table(chosen, ".csv", "Application log").decode("utf-8-sig")
    assert told.count("A selection was saved") == 3
    assert reports.render_table(chosen, ".xlsx", "Application log")[:2] == b"PK"


def found(lab: Lab) -> list[str]:
    """Return what verifying the log finds."""
    told = verify_log(lab)
    assert told["ok"] is not bool(told["findings"])
    return list(told["findings"])


def test_a_log_in_order_verifies_and_says_since_when_its_end_is_watched(own: Lab, clock: Clock) -> None:
    told = verify_log(own)
    assert told["ok"]
    assert told["chains"]["operational"] == {"first": 1, "last": 3}
    assert told["entries"] == sum(chain["last"] for chain in told["chains"].values())
    assert told["witness"] == {"since": clock.now.isoformat(), "failure": ""}


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE ops.log SET by_user = 'somebody' WHERE subject = 'b'",
        "UPDATE ops.log SET subject = '' WHERE action = 'set_password'",
        "UPDATE ops.log SET chain = 'security' WHERE subject = 'c'",
        "DELETE FROM ops.log WHERE subject = 'a'",
        "DELETE FROM ops.log WHERE subject = 'b'",
        "DELETE FROM ops.log WHERE subject = 'c'",
        "DELETE FROM ops.log",
        "INSERT INTO ops.log SELECT * REPLACE (log_id + 1000 AS log_id) FROM ops.log WHERE subject = 'b'",
        "UPDATE ops.log SET number = 5 - number WHERE chain = 'operational'",
        "DELETE FROM ops.log WHERE subject = 'a'; UPDATE ops.log_anchor SET number = 1 WHERE chain = 'operational'",
    ],
)
def test_every_change_behind_the_programs_back_is_found(sql: str, own: Lab) -> None:
    change(own, sql)
    assert found(own)
    assert "log_chain" in {row["name"] for row in check.rows(own) if row["broken"]}


# Cuts the newest entry of a chain off and every trace of it in the lab's file.
CUT = """
    DELETE FROM ops.log WHERE subject = 'c';
    UPDATE ops.log_tail t SET number = l.number, hash = l.hash FROM (FROM ops.log WHERE subject = 'b') l
    WHERE t.chain = l.chain
"""


def test_a_log_cut_at_its_end_is_found_by_its_witness_for_good(own: Lab, clock: Clock) -> None:
    change(own, CUT)
    assert "its witness saw" in found(own)[0]
    own.close()
    with open_here(own.path, clock=clock, user="tester") as again:
        fill(again)  # what is logged later does not hide it
        clock.move(minutes=1)
        fill(again)
        assert "its witness saw" in found(again)[0]
        with pytest.raises(BadArgument):
            renew_witness(again, " ")
        renew_witness(again, "looked into on 22 November")
        assert found(again) == []
        (entry,) = application_log.rows(again, number=462)
        assert json.loads(entry["details"])["reason"] == "looked into on 22 November"


def test_a_file_replaced_by_an_earlier_copy_of_itself_is_found(own: Lab, clock: Clock, tmp_path: Path) -> None:
    own.database.checkpoint()
    shutil.copy(own.path, tmp_path / "earlier")
    save_selection(own, "d", {})
    own.close()
    shutil.copy(tmp_path / "earlier", own.path)
    with open_here(own.path, clock=clock, user="tester") as again:
        assert "replaced by an older one" in found(again)[0]
        assert [row["name"] for row in check.rows(again) if row["broken"]] == ["log_witness"]


def test_a_copy_without_its_witness_says_so_and_gets_one(own: Lab, clock: Clock, tmp_path: Path) -> None:
    own.close()
    copied = Path(shutil.copy(own.path, tmp_path / "copy.lab"))
    with open_here(copied, clock=clock, user="tester") as lab:
        assert verify_log(lab)["witness"]["since"] is None
        assert found(lab) == []
        clock.move(days=1)
        save_selection(lab, "d", {})
        assert verify_log(lab)["witness"]["since"] == clock.now.isoformat()
        change(lab, CUT.replace("'c'", "'d'").replace("'b'", "'c'"))
        assert found(lab)


def test_a_restored_lab_has_no_witness_of_the_one_before_it(own: Lab, clock: Clock, tmp_path: Path) -> None:
    backup(own, str(tmp_path / "saved"))
    save_selection(own, "d", {})
    own.close()
    own.path.unlink()
    restore(tmp_path / "saved", own.path)
    with open_here(own.path, clock=clock, user="tester") as restored:
        assert found(restored) == []
        save_selection(restored, "e", {})
        assert found(restored) == []


def test_the_witness_of_another_lab_is_a_finding(own: Lab, tmp_path: Path, clock: Clock) -> None:
    with open_here(tmp_path / "other.lab", create=True, clock=clock) as other:
        save_selection(other, "x", {})
    own.close()
    shutil.copy(witness_path(other.path), witness_path(own.path))
    with open_here(own.path, clock=clock, user="tester") as again:
        assert any("another lab" in one for one in found(again))


def test_the_witness_follows_each_commit_and_nothing_that_was_undone(own: Lab) -> None:
    def witnessed() -> int:
        kept = read_witness(own.path)
        assert kept is not None
        return kept.chains["operational"][0]

    assert witnessed() == 3
    save_selection(own, "d", {})
    assert witnessed() == 4
    with pytest.raises(Refused):
        undone(own)
    assert witnessed() == 4
    assert found(own) == []


def undone(lab: Lab) -> None:
    """Log something in a transaction that is undone."""
    with lab.database.tx("ops") as cursor:
        lab.log(cursor, "save_selection", "e")
        raise Refused("undone")


def test_a_witness_that_cannot_be_written_undoes_nothing_and_is_told(own: Lab, clock: Clock) -> None:
    part = witness_path(own.path).with_name(witness_path(own.path).name + ".part")
    part.mkdir()
    save_selection(own, "d", {})
    assert len(selections.rows(own)) == 4
    assert verify_log(own)["witness"]["failure"] == "Is a directory"
    part.rmdir()
    save_selection(own, "e", {})
    assert verify_log(own)["witness"]["failure"] == ""


@pytest.mark.spec("ADM-191", "BAS-134")
def test_entries_are_kept_as_long_as_the_bank_says(own: Lab, clock: Clock) -> None:
    days = {row["chain"]: int(row["days"]) for row in codebook("log_retention")}
    assert days == {"operational": 90, "security": 730}
    clock.move(days=90)
    assert kept_after_opening(own.path, clock) == {"operational": 3, "security": 1}  # 90 days old, no older
    clock.move(days=1)
    with open_here(own.path, clock=clock, user="tester") as lab:
        save_selection(lab, "new", {})
    assert kept_after_opening(own.path, clock) == {"operational": 1, "security": 2}  # the cut itself is logged
    clock.move(days=730)
    assert kept_after_opening(own.path, clock) == {"security": 2}


def kept_after_opening(path: Path, clock: Clock) -> dict[str, int]:
    """Open a lab anew and return how many entries each chain has; what is left must verify."""
    for lab in list(open_labs(path)):
        lab.close()
    with open_here(path, clock=clock, user="tester") as lab:
        assert found(lab) == []
        assert [row["name"] for row in check.rows(lab) if row["broken"]] == []
        return dict(lab.rows("SELECT chain, count(*) FROM ops.log GROUP BY chain ORDER BY chain"))


def open_labs(path: Path) -> Iterator[Lab]:
    """Yield the lab that this process has open at a path."""
    from bankklient_lab.lab import _OPEN

    if path in _OPEN:
        yield _OPEN[path]


@pytest.mark.spec("ADM-191")
def test_old_entries_go_at_the_first_opening_of_a_day(own: Lab, clock: Clock) -> None:
    clock.move(days=91)
    own.close()
    with open_here(own.path, clock=clock, user="tester") as lab:
        assert lab.rows("SELECT count(*) FROM ops.log WHERE chain = 'operational'") == [(0,)]
        clock.move(days=-91)
        save_selection(lab, "backdated", {})
        clock.move(days=91)
    with open_here(own.path, clock=clock, user="tester") as lab:
        assert lab.rows("SELECT count(*) FROM ops.log WHERE chain = 'operational'") == [(1,)]
    clock.move(days=1)
    with open_here(own.path, clock=clock, user="tester") as lab:
        assert lab.rows("SELECT count(*) FROM ops.log WHERE chain = 'operational'") == [(0,)]
        save_selection(lab, "next", {})
        assert lab.rows("SELECT max(number) FROM ops.log WHERE chain = 'operational'") == [(5,)]
        assert found(lab) == []


@pytest.mark.spec("ADM-191", "BAS-134")
def test_security_entries_are_those_on_users_permissions_and_roles() -> None:
    security = {row["action"] for row in codebook("log_messages") if row["chain"] == "security"}
    words = ("user", "role", "permission")
    on_people = {row["action"] for row in codebook("log_messages") if any(word in row["action"] for word in words)}
    assert on_people - security == set()
    assert {"set_password", "configure", "create_token", "give_consent", "add_factor"} < security


@pytest.fixture
def faulty() -> Iterator[None]:
    """Register actions with a fault."""

    @action()
    def breaks(lab: Lab, secret: str) -> None:
        """Fail by a fault of the program."""
        save_selection(lab, "half", {})
        raise ZeroDivisionError(f"divided {secret}")

    @action(steps=True)
    def calls_breaks(lab: Lab) -> None:
        """Call it."""
        ACTIONS["breaks"](lab, "PIN 1234")

    @table_action()
    def breaks_reading(lab: Lab) -> None:  # type: ignore[arg-type]
        """Fail by a fault of the program."""
        lab.rows("SELECT no_such_function()")

    yield
    for name in ("breaks", "calls_breaks", "breaks_reading"):
        del ACTIONS[name]


@pytest.mark.parametrize("name", ["breaks", "calls_breaks", "breaks_reading"])
def test_a_fault_of_the_program_is_logged_once_without_its_values(name: str, own: Lab, faulty: None) -> None:
    given = {"secret": "PIN 1234"} if name == "breaks" else {}
    with pytest.raises(Exception, match=r"divided|no_such_function"):
        ACTIONS[name].here(own, **given)
    (entry,) = application_log.rows(own, number=409)
    assert entry["type"] == "unknown error"
    assert entry["subject"] == ("breaks_reading" if name == "breaks_reading" else "breaks")
    told = json.loads(entry["details"])
    assert set(told) == {"kind", "where"}
    assert "1234" not in str(own.rows("FROM ops.log"))
    assert "half" not in {row["name"] for row in selections.rows(own)}


def test_a_refusal_is_no_fault(own: Lab) -> None:
    with pytest.raises(BadArgument):
        application_log.rows(own, limit=-1)
    assert application_log.rows(own, number=409) == []
