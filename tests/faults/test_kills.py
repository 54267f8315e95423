"""Processes killed at any instant: the lab opens, holds whole files only, and all that was acknowledged."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import duckdb
import psutil
import pytest

import bankklient_lab as bl
from bankklient_lab.jobs import Job
from bankklient_lab.lab import Lab, open_here
from bankklient_lab.store import backup, checks, migrations
from bankklient_lab.store.database import attach
from tests.faults import later_migrations, material, victims
from tests.faults.material import Material, broken, contents
from tests.faults.running import ROOT, run

KILLS_A_LAB = 3  # imports are killed this often in one lab, one month after another


class Instants:
    """Seeded instants within the time that the whole work takes."""

    def __init__(self, kills: int, seconds: float) -> None:
        self._dice = random.Random(kills)
        self._seconds = seconds

    def next(self) -> float:
        return self._dice.uniform(0, self._seconds)


def copy_of(lab: Path, folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    return Path(shutil.copy(lab, folder / "copy.lab"))


def require_whole(lab: Lab, made: Material) -> Counter[str]:
    """Require whole files, each with its mark; return how often each is there."""
    assert broken(lab) == []
    found = contents(lab)
    for name, _, content in found.values():
        assert content == made.contents[name], name
    return Counter(name for name, _, _ in found.values())


@pytest.mark.timeout(0)
@pytest.mark.parametrize("half", [0, 1])
def test_imports_killed(half: int, kills: int, made: Material, tmp_path: Path) -> None:
    path = tmp_path / "killed.lab"
    open_here(path, create=True).close()
    said, seconds = run("import_files", path, made.lists[0])
    assert {status for _, status, _ in said} == {"imported"}
    instants, cut_off, rounds = Instants(kills + half, seconds), 0, range(half, kills // 2, 2)
    for number in rounds:
        month = number // 2 % KILLS_A_LAB
        if month == 0:
            path = tmp_path / f"{number}.lab"
            open_here(path, create=True).close()
            acknowledged: set[str] = set()
        said, _ = run("import_files", path, made.lists[month], seconds=instants.next())
        cut_off += len(said) < len(json.loads(made.lists[month].read_text("utf-8")))
        acknowledged |= {name for name, status, _ in said if status == "imported"}
        with open_here(path) as lab:
            there = require_whole(lab, made)
            assert set(there.values()) <= {1}
            assert acknowledged <= set(there)
            assert len(set(there) - acknowledged) <= month + 1  # one a kill may be kept and not yet acknowledged
    with open_here(path) as lab:
        for given, bank, currency in json.loads(made.lists[month].read_text("utf-8")):
            bl.import_file(lab, Path(given), bank=bank, currency=currency)
        there = require_whole(lab, made)
        assert {Path(given).name for given, _, _ in json.loads(made.lists[month].read_text("utf-8"))} <= set(there)
        assert set(there.values()) == {1}
    assert cut_off > 0 or len(rounds) < 10  # few rounds may all come too late


@pytest.mark.timeout(0)
def test_withdrawals_killed(kills: int, made: Material, tmp_path: Path) -> None:
    _, seconds = run("withdraw_imports", copy_of(made.lab, tmp_path / "whole"))
    instants = Instants(kills, seconds)
    for _ in range(max(1, kills // 6)):
        path = copy_of(made.lab, tmp_path / "killed")
        said, _ = run("withdraw_imports", path, seconds=instants.next())
        with open_here(path) as lab:
            require_whole(lab, made)
            withdrawn = {import_id for import_id, (_, state, _) in contents(lab).items() if state == "withdrawn"}
            selections = {name for (name,) in lab.rows("SELECT name FROM ops.user_selection")}
            logged = lab.rows("SELECT action, count(*) FROM ops.log WHERE action <> 'import_file' GROUP BY ALL")
        assert {value for what, value in said if what == "withdrawn"} <= withdrawn
        assert {value for what, value in said if what == "saved"} <= selections
        assert len(said) <= sum(count for _, count in logged) <= len(said) + 1


@pytest.mark.timeout(0)
def test_new_labs_killed(kills: int, tmp_path: Path) -> None:
    (tmp_path / "whole").mkdir()
    _, seconds = run("create_labs", tmp_path / "whole", 5)
    instants = Instants(kills, seconds)
    for number in range(max(1, kills // 12)):
        folder = tmp_path / str(number)
        folder.mkdir()
        said, _ = run("create_labs", folder, 5, seconds=instants.next())
        assert {name for (name,) in said} <= {path.name for path in folder.glob("*.lab")}
        for path in folder.glob("*.lab"):
            with open_here(path) as lab:
                assert broken(lab) == []


def old_lab(newer: Path, path: Path) -> None:
    """Write a lab as the first version of the program left it, with the rows of a newer one."""
    with duckdb.connect(":memory:") as con:
        attach(con, path, None)
        con.execute("USE lab")
        first = later_migrations.KNOWN[0]
        con.execute(first.sql)
        con.execute("INSERT INTO ops.migration VALUES (?, ?, ?, now())", [*first[:2], first.checksum])
        con.execute(f"ATTACH '{newer}' AS newer (READ_ONLY)")
        for table in ("ops.account", "ops.import", "ops.log", "history.statement", "history.balance", "history.entry",
                      "history.detail", "history.finding", "history.day_sum", "history.rate"):  # fmt: skip
            con.execute(f"FROM {table} LIMIT 0")
            names = ", ".join(column[0] for column in con.description or ())  # later versions have more
            con.execute(f"INSERT INTO {table} SELECT {names} FROM newer.{table}")


@pytest.mark.timeout(0)
def test_migrations_killed(kills: int, made: Material, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(migrations, "migrations", later_migrations.with_later_ones)
    monkeypatch.setattr(checks, "migrations", later_migrations.with_later_ones)
    old_lab(made.lab, tmp_path / "old")

    def old_ones(folder: Path) -> Path:
        folder.mkdir()
        for number in range(3):
            shutil.copy(tmp_path / "old", folder / f"{number}.lab")
        return folder

    _, seconds = run("migrate_labs", old_ones(tmp_path / "whole"))
    instants = Instants(kills, seconds)
    for number in range(max(1, kills // 12)):
        folder = old_ones(tmp_path / str(number))
        run("migrate_labs", folder, seconds=instants.next())
        for path in folder.glob("*.lab"):
            with open_here(path) as lab:
                require_whole(lab, made)
                assert lab.rows("SELECT count(*) FROM history.entry WHERE checked <> (amount > 0)") == [(0,)]
                assert lab.rows("SELECT count(*) FROM ops.person") == [(1,)]
                ((texts, entries),) = lab.rows(
                    "SELECT (SELECT count(*) FROM history.entry_text), (SELECT count(*) FROM history.entry)"
                )
                assert texts == entries
        shutil.rmtree(folder)


@pytest.mark.timeout(0)
def test_backups_and_restores_killed(kills: int, made: Material, tmp_path: Path) -> None:
    (tmp_path / "all").mkdir()
    _, seconds = run("back_up_and_restore", copy_of(made.lab, tmp_path / "whole"), tmp_path / "all")
    instants = Instants(kills, seconds)
    for number in range(max(1, kills // 6)):
        path, folder = copy_of(made.lab, tmp_path / "lab"), tmp_path / str(number)
        folder.mkdir()
        said, _ = run("back_up_and_restore", path, folder, seconds=instants.next())
        there = {item.name for item in folder.iterdir() if not item.name.endswith((".part", ".owner"))}
        assert {name for (name,) in said} <= there
        for name in there:
            if name.startswith("backup"):
                backup.verify(folder / name)
                continue
            with open_here(folder / name) as lab:
                require_whole(lab, made)
        with open_here(path) as lab:
            require_whole(lab, made)
            (folder / "backup1").exists() or backup.back_up(lab.database, folder / "backup1", now=lab.clock())
        backup.verify(folder / "backup1")
        shutil.rmtree(folder)


def kill_readers() -> None:
    readers = [child for child in psutil.Process().children() if "bankklient_lab.formats.worker" in child.cmdline()]
    for child in readers:
        child.kill()
    psutil.wait_procs(readers)


@pytest.mark.parametrize("keep", [True, False])
def test_a_reader_killed_within_a_file_refuses_it_and_leaves_nothing(lab: Lab, tmp_path: Path, keep: bool) -> None:
    large = material.large(tmp_path, 1, entries=100_000)  # some blocks of MT940

    def progress(doing: str, _share: float | None) -> None:
        if doing.startswith("reading"):  # the first batch is there
            kill_readers()

    report = (bl.import_file if keep else bl.inspect_file)(lab, large, job=Job(progress))
    assert report["status"] == "refused"
    assert "the reader of the file ended" in report["message"]
    assert contents(lab) == {}
    assert broken(lab) == []
    assert bl.import_file(lab, large)["status"] == "imported"


def test_a_reader_that_dies_between_files_is_replaced(lab: Lab, made: Material) -> None:
    given = json.loads(made.lists[0].read_text("utf-8"))
    for path, bank, currency in given:
        assert bl.import_file(lab, Path(path), bank=bank, currency=currency)["status"] == "imported"
        kill_readers()
    require_whole(lab, made)


def test_the_reader_ends_with_its_owner(made: Material, tmp_path: Path) -> None:
    path = tmp_path / "killed.lab"
    open_here(path, create=True).close()
    command = [sys.executable, "-m", victims.__name__, "import_files", str(path), str(made.lists[0])]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.stdout.readline()  # the first file is imported: the reader lives
        readers = psutil.Process(process.pid).children()
        process.kill()
    assert readers
    _, alive = psutil.wait_procs(readers, timeout=20)
    assert not alive
