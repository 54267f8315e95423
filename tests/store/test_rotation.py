"""Security backups: a set of ZIP files with the newest first; no instant at which a set is lost."""

from __future__ import annotations

import json
import os
import shutil
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

import bankklient_lab as bl
from bankklient_lab.access.configuration import configure
from bankklient_lab.errors import BadArgument, DamagedLab, NewerLab, Refused, StoreError
from bankklient_lab.history.backups import WHOLE, backup_offer, backups, exit_backup, rotate_backup
from bankklient_lab.history.upkeep import check
from bankklient_lab.lab import Lab, open_here
from bankklient_lab.store.backup import MANIFEST, manifest_of, restore, verify, verify_bytes
from bankklient_lab.store.rotation import BackupSet, require_target
from tests.clocks import Clock
from tests.statements import mt940
from tests.store import killed

PASSPHRASE = "příliš žluťoučký kůň"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def home(tmp_path: Path, clock: Clock) -> Iterator[Lab]:
    """Give a lab in a folder of its own; `store` is another folder."""
    (tmp_path / "home").mkdir()
    (tmp_path / "store").mkdir()
    with open_here(tmp_path / "home" / "a.lab", create=True, clock=clock, user="tester") as lab:
        bl.import_file(lab, mt940(tmp_path))
        yield lab


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "store"


def make(lab: Lab, clock: Clock, store: Path, times: int) -> list[str]:
    """Make backups a minute apart and return the moments at which they were made."""
    moments = []
    for _ in range(times):
        clock.now += timedelta(minutes=1)
        assert rotate_backup(lab, str(store))["made_at"] == clock.now.isoformat()
        moments.append(clock.now.isoformat())
    return moments


def names(store: Path) -> list[str]:
    return sorted(path.name for path in store.iterdir())


@pytest.mark.spec("ADM-270", "ADM-272")
def test_the_fourth_backup_drops_the_first_of_a_set_with_two_older(home: Lab, clock: Clock, store: Path) -> None:
    configure(home, {"backup_older": 2})
    moments = make(home, clock, store, 3)
    third = ["BK_00001.LOG", "BK_00001.ZIP", "BK_00001_1.LOG", "BK_00001_1.ZIP", "BK_00001_2.LOG", "BK_00001_2.ZIP"]
    assert names(store) == third
    moments += make(home, clock, store, 1)
    assert names(store) == third
    assert [row["made_at"] for row in backups.rows(home, str(store))] == moments[:0:-1]
    assert [manifest_of(store / name)["made_at"] for name in third[1::2]] == moments[:0:-1]


@pytest.mark.spec("ADM-271")
def test_without_older_ones_the_only_backup_is_overwritten(home: Lab, clock: Clock, store: Path) -> None:
    configure(home, {"backup_older": 0})
    moments = make(home, clock, store, 2)
    assert names(store) == ["BK_00001.LOG", "BK_00001.ZIP"]
    assert manifest_of(store / "BK_00001.ZIP")["made_at"] == moments[-1]


def test_a_smaller_number_of_older_ones_drops_the_oldest(home: Lab, clock: Clock, store: Path) -> None:
    moments = make(home, clock, store, 4)
    configure(home, {"backup_older": 1})
    moments += make(home, clock, store, 1)
    assert [row["made_at"] for row in backups.rows(home, str(store))] == moments[:-3:-1]
    assert names(store) == ["BK_00001.LOG", "BK_00001.ZIP", "BK_00001_1.LOG", "BK_00001_1.ZIP"]


@pytest.mark.spec("ADM-012", "ADM-265")
def test_a_backup_has_a_log_beside_it_and_a_record_in_the_log(home: Lab, store: Path) -> None:
    configure(home, {"client_number": 4711})
    made = rotate_backup(home, str(store))
    assert names(store) == ["BK_04711.LOG", "BK_04711.ZIP"]
    course = (store / "BK_04711.LOG").read_text("utf-8")
    assert "begun by tester" in course
    assert made["sha256"] in course
    assert course.endswith("complete\n")
    ((subject, details),) = home.rows("SELECT subject, details FROM ops.log WHERE action = 'rotate_backup'")
    assert subject == str(store / "BK_04711.ZIP")
    assert json.loads(details)["sha256"] == made["sha256"]


@pytest.mark.spec("ADM-012")
def test_a_backup_that_fails_is_in_the_log(home: Lab, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="there is no folder"):
        rotate_backup(home, str(tmp_path / "nowhere"))
    ((details,),) = home.rows("SELECT details FROM ops.log WHERE action = 'fail_backup'")
    assert "there is no folder" in json.loads(details)["reason"]


@pytest.mark.spec("ADM-274")
@pytest.mark.parametrize("passphrase", [None, PASSPHRASE], ids=["plain", "encrypted"])
def test_a_security_backup_is_restored(tmp_path: Path, store: Path, passphrase: str | None) -> None:
    store.mkdir()
    (tmp_path / "home").mkdir()
    with open_here(tmp_path / "home" / "a.lab", create=True, passphrase=passphrase) as lab:
        bl.import_file(lab, mt940(tmp_path))
        rotate_backup(lab, str(store))
        assert bl.imports.arrow(lab).num_rows == 1  # the lab goes on
        before = bl.entries.arrow(lab)
    backup = store / "BK_00001.ZIP"
    assert verify(backup, passphrase=passphrase)["encrypted"] == (passphrase is not None)
    restore(backup, tmp_path / "b.lab", passphrase=passphrase)
    with open_here(tmp_path / "b.lab", passphrase=passphrase) as lab:
        assert bl.entries.arrow(lab).equals(before)
        assert set(check.arrow(lab)["broken"].to_pylist()) == {0}
    if passphrase:  # it stays encrypted
        content = (tmp_path / "b.lab").read_bytes()
        assert b"REF1" not in content
        with pytest.raises(StoreError):
            open_here(tmp_path / "b.lab")


def test_what_was_changed_in_a_zip_file_is_noticed(home: Lab, clock: Clock, store: Path, tmp_path: Path) -> None:
    make(home, clock, store, 2)
    content = bytearray((store / "BK_00001.ZIP").read_bytes())
    content[1000:2000] = bytes(1000)
    (store / "BK_00001.ZIP").write_bytes(content)
    with pytest.raises(DamagedLab):
        restore(store / "BK_00001.ZIP", tmp_path / "b.lab")
    assert not list(tmp_path.glob("b.lab*"))
    states = [row["state"] for row in backups.rows(home, str(store))]
    assert states[0] != WHOLE
    assert states[1] == WHOLE


def test_other_files_are_no_backup(home: Lab, store: Path) -> None:
    (store / "BK_00001.ZIP").write_text("a letter")
    (store / "BK_00001_x.ZIP").write_text("a letter")
    (store / "BK_00001_01.ZIP").write_text("a letter")
    assert [row["path"] for row in backups.rows(home, str(store))] == [str(store / "BK_00001.ZIP")]
    with pytest.raises(DamagedLab):
        verify(store / "BK_00001.ZIP")


@pytest.mark.spec("ADM-277")
@pytest.mark.parametrize(("engine", "taken"), [("1.4.9", True), ("1.99.0", False), ("2.0.0-dev1", False)])
def test_a_backup_of_a_newer_engine_is_refused(
    home: Lab, store: Path, tmp_path: Path, engine: str, taken: bool
) -> None:
    rotate_backup(home, str(store))
    with zipfile.ZipFile(store / "BK_00001.ZIP") as packed:
        packed.extractall(tmp_path / "unpacked")
    manifest = json.loads((tmp_path / "unpacked" / MANIFEST).read_text())
    (tmp_path / "unpacked" / MANIFEST).write_text(json.dumps(manifest | {"duckdb": engine}))
    if taken:
        restore(tmp_path / "unpacked", tmp_path / "b.lab")
    else:
        with pytest.raises(NewerLab, match=f"DuckDB {engine}, which is newer"):
            restore(tmp_path / "unpacked", tmp_path / "b.lab")
        assert not list(tmp_path.glob("b.lab*"))


@pytest.mark.spec("ADM-269")
def test_the_target_is_outside_of_the_program_and_of_the_lab(home: Lab) -> None:
    inside = home.path.parent / "backups"
    inside.mkdir()
    for folder, whose in ((home.path.parent, "lab"), (inside, "lab"), (Path(bl.__file__).parent / "store", "program")):
        with pytest.raises(StoreError, match=f"in the {whose}'s own folder"):
            rotate_backup(home, str(folder))
    assert names(inside) == []


@pytest.mark.spec("ADM-268")
def test_without_rights_nothing_is_touched(home: Lab) -> None:
    """As a user who may only read; the administrator may everything, so a process of its own gives that up."""
    with TemporaryDirectory() as folder:
        store = Path(folder)
        rotate_backup(home, folder)
        before = {path.name: path.stat().st_mtime_ns for path in store.iterdir()}
        store.chmod(0o555)
        child = os.fork()
        if child == 0:
            code = 1
            try:
                if os.geteuid() == 0:
                    os.setuid(65534)
                require_target(store, home.path)
            except StoreError as error:
                code = 0 if "rights" in error.message else 2
            finally:
                os._exit(code)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        store.chmod(0o755)
        assert {path.name: path.stat().st_mtime_ns for path in store.iterdir()} == before


def test_the_set_of_another_lab_is_left_alone(home: Lab, store: Path, tmp_path: Path) -> None:
    rotate_backup(home, str(store))
    (tmp_path / "other").mkdir()
    with open_here(tmp_path / "other" / "a.lab", create=True) as other:
        with pytest.raises(Refused, match="of another lab"):
            rotate_backup(other, str(store))
        configure(other, {"client_number": 2})
        rotate_backup(other, str(store))
    assert names(store) == ["BK_00001.LOG", "BK_00001.ZIP", "BK_00002.LOG", "BK_00002.ZIP"]


def test_a_lab_goes_on_with_its_set_after_a_restore(home: Lab, store: Path, tmp_path: Path) -> None:
    rotate_backup(home, str(store))
    (tmp_path / "new").mkdir()
    restore(store / "BK_00001.ZIP", tmp_path / "new" / "b.lab")
    with open_here(tmp_path / "new" / "b.lab") as restored:
        assert rotate_backup(restored, str(store))["kept"] == 1


@pytest.mark.spec("ADM-011", "ADM-156", "ADM-262")
def test_a_backup_is_offered_when_all_hold(home: Lab, clock: Clock, store: Path) -> None:
    configure(home, {"backup_folder": str(store), "backup_logins": 2})
    assert backup_offer(home) == {"offer": False, "kind": "security", "folder": str(store), "logins": 1}
    configure(home, {"backup_offer": True})
    assert not backup_offer(home)["offer"]
    clock.now += timedelta(days=1)
    configure(home, {"client_number": 3})
    assert backup_offer(home)["offer"]
    configure(home, {"backup_folder": ""})
    assert not backup_offer(home)["offer"]
    with pytest.raises(BadArgument, match="backup_folder"):
        exit_backup(home)
    configure(home, {"backup_folder": str(store)})
    exit_backup(home)
    assert backup_offer(home)["logins"] == 0
    assert names(store) == ["BK_00003.LOG", "BK_00003.ZIP"]


@pytest.mark.spec("ADM-260")
def test_the_standard_kind_is_a_folder_of_its_own(home: Lab, store: Path, tmp_path: Path) -> None:
    configure(home, {"backup_folder": str(store), "backup_kind": "standard"})
    made = exit_backup(home)
    assert names(store) == ["BK_00001_20261122T120000", "BK_00001_20261122T120000.LOG"]
    assert backups.rows(home) == []
    restore(Path(made["path"]), tmp_path / "b.lab")


@pytest.mark.spec("ADM-273", "ADM-274")
def test_killed_at_any_instant_the_old_or_the_new_set_is_there(tmp_path: Path, store: Path) -> None:
    store.mkdir()
    (tmp_path / "home").mkdir()
    path, clock = tmp_path / "home" / "a.lab", Clock()
    with open_here(path, create=True, clock=clock) as lab:
        configure(lab, {"backup_older": 1})
        bl.import_file(lab, mt940(tmp_path))
        make(lab, clock, store, 2)
    fatal, instants = 0, 0
    backups_of = BackupSet(tmp_path / "now", 1)
    while True:
        shutil.rmtree(tmp_path / "now", ignore_errors=True)
        shutil.copytree(store, tmp_path / "now")
        old = [verify_bytes(one)["made_at"] for one in BackupSet(store, 1).stored()]
        changes = killed.run("rotate", fatal, path, tmp_path / "now")
        there = [verify_bytes(one)["made_at"] for one in backups_of.stored()]
        if there[0] in old:
            assert there == old
        else:
            assert there[1] == old[0]
        with open_here(path) as lab:  # the next one puts all in its place
            assert set(check.arrow(lab)["broken"].to_pylist()) == {0}
            newest = rotate_backup(lab, str(tmp_path / "now"))["made_at"]
        assert [verify_bytes(one)["made_at"] for one in backups_of.stored()] == [newest, there[0]]
        assert names(tmp_path / "now") == ["BK_00001.LOG", "BK_00001.ZIP", "BK_00001_1.LOG", "BK_00001_1.ZIP"]
        for log in (tmp_path / "now").glob("*.LOG"):
            made_at = datetime.fromisoformat(manifest_of(log.with_suffix(".ZIP"))["made_at"]).astimezone(UTC)
            assert f"{made_at:%Y-%m-%dT%H:%M}" in log.read_text("utf-8")
        if changes >= 0:
            break
        fatal, instants = fatal + 1, instants + 1
    assert instants >= 10
