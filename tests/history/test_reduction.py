"""Data reduction: entries leave the lab's file and nothing that a user asks changes; nothing is lost or doubled."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

import bankklient_lab as bl
from bankklient_lab.access.configuration import configure
from bankklient_lab.actions import ACTIONS
from bankklient_lab.errors import DamagedLab, Refused, UnknownName
from bankklient_lab.history.backups import rotate_backup
from bankklient_lab.history.reduction import archives, delete_archived, reduce_history, reducible
from bankklient_lab.history.upkeep import check
from bankklient_lab.lab import Lab, open_here
from bankklient_lab.store import migrations
from bankklient_lab.store.backup import restore
from tests.clocks import NOON
from tests.faults import later_migrations
from tests.server.test_remote import READS
from tests.statements import ACCOUNT, mt940, mt942
from tests.store import killed

SAMPLES = Path(__file__).parents[1] / "samples"
DECEMBER = date(2026, 12, 1)
EUR = "CZ7603000000000076327632"
PASSPHRASE = "příliš žluťoučký kůň"
TABLES = ("statement", "balance", "entry", "detail", "finding", "day_sum", "rate")


def second_half(folder: Path) -> Path:
    """Write a statement from the first of the month on that repeats the entries of the one before."""
    entries = (("261101", "C200,00", "REF1"), ("261102", "D50,00", "REF2"), ("261105", "C25,00", "REF5"))
    return mt940(folder, "repeats.sta", number="1", closing="1175,00", last="261105", entries=entries)


def december(folder: Path) -> Path:
    return mt940(
        folder, "december.sta", number="3", opening="1175,00", closing="1185,00", first="261201", last="261202",
        entries=(("261201", "C10,00", "REF9"),),
    )  # fmt: skip


def fill(lab: Lab, folder: Path) -> None:
    """Import statements of November with details, findings, repeated and pending entries; then one of December."""
    given = (
        mt940(folder), mt940(folder, "eur.sta", account=EUR, currency="EUR", closing="1149,00"),
        SAMPLES / "cnb_rates" / "daily.txt", SAMPLES / "camt053" / "two_accounts.v8.xml", second_half(folder),
        mt942(folder), december(folder),
    )  # fmt: skip
    for file in given:
        assert bl.import_file(lab, file)["status"] == "imported", file
    configure(lab, {"reduction_newest": 1})


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the file of a filled lab; it is only copied."""
    folder = tmp_path_factory.mktemp("made")
    with open_here(folder / "a.lab", create=True, clock=lambda: NOON, user="tester") as lab:
        fill(lab, folder)
    return folder / "a.lab"


@pytest.fixture
def path(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(made, tmp_path))


@pytest.fixture
def filled(path: Path) -> Iterator[Lab]:
    with open_here(path, clock=lambda: NOON, user="tester") as lab:
        yield lab


def answers(lab: Lab) -> dict[str, Any]:
    """Return what every function of analysis gives, whatever else is asked of the whole time, and the imports."""
    found: dict[str, Any] = {
        f"{name} {args} {kwargs}": ACTIONS[name].run(lab, *args, **kwargs)
        for name, args, kwargs in READS
        if ACTIONS[name].function.__module__.startswith("bankklient_lab.analysis") and name != "last_change"
    }
    ever = {"since": date(2000, 1, 1), "until": date(2030, 1, 1)}
    found["all entries"] = bl.entries.arrow(lab, **ever, order_by=("day", "import_id", "statement_no", "entry_no"))
    found["all pending"] = bl.pending_entries.arrow(lab)
    found["a statement"] = bl.statement.arrow(lab, ACCOUNT, **ever)
    found["parts"] = [bl.entry_parts.arrow(lab, 4, 1, number).to_pylist() for number in (1, 2)]
    found["balances"] = bl.balances.arrow(lab, on=date(2026, 11, 4))
    found["imports"] = bl.imports.arrow(lab)
    return found


def broken(lab: Lab) -> list[dict[str, Any]]:
    return [row for row in check.rows(lab) if row["broken"]]


def rows_of(lab: Lab) -> dict[str, Any]:
    """Return how many rows are kept, in the file and the archive, with the sums of their amounts."""
    found: dict[str, Any] = {table: lab.rows(f"SELECT count(*) FROM history.{table}") for table in TABLES}
    for part in ("entry", "detail"):
        found[part] = lab.rows(f"SELECT count(*), sum(amount), bit_xor(hash(t)) FROM kept_{part}() t")
    return found


@pytest.mark.spec("ADM-195", "ADM-196", "ADM-201")
@pytest.mark.parametrize("passphrase", [None, PASSPHRASE], ids=["plain", "encrypted"])
def test_every_function_gives_the_same_before_and_after(tmp_path: Path, passphrase: str | None) -> None:
    path = tmp_path / "a.lab"
    with open_here(path, create=True, passphrase=passphrase, clock=lambda: NOON) as lab:
        fill(lab, tmp_path)
        before, kept = answers(lab), rows_of(lab)
        done = reduce_history(lab, DECEMBER)
        assert (done["imports"], done["entries"]) == (5, kept["entry"][0][0] - 1)
        assert lab.rows("SELECT count(*) FROM history.entry") == [(1,)]
        assert lab.rows("SELECT count(*) FROM history.detail") == [(0,)]
        assert answers(lab) == before
        assert rows_of(lab) == kept
        assert broken(lab) == []
    with open_here(path, passphrase=passphrase, clock=lambda: NOON) as lab:
        assert answers(lab) == before
        assert rows_of(lab) == kept
        assert broken(lab) == []
    for file in (tmp_path / "a.lab.archive").iterdir():
        assert b"REF1" not in file.read_bytes()
        assert file.stat().st_mode & 0o077 == 0


def test_a_second_reduction_adds_to_the_first(filled: Lab) -> None:
    before = answers(filled)
    assert reduce_history(filled, date(2026, 11, 3))["archive_id"] == 1
    assert reduce_history(filled, DECEMBER)["archive_id"] == 2
    assert answers(filled) == before
    assert broken(filled) == []
    assert [row["archive_id"] for row in archives.rows(filled)] == [2, 1]


@pytest.mark.spec("ADM-198", "ADM-199", "ADM-202")
def test_the_list_tells_what_may_be_moved(filled: Lab) -> None:
    listed = reducible.rows(filled)
    assert [row["position"] for row in listed] == [1, 2, 3, 4, 5, 6]
    assert [row["archive"] for row in listed] == [False] + [True] * 5
    assert listed[-1]["file_name"] == "statement.sta"
    assert listed[-1]["entries"] == 2
    assert {row["archive_id"] for row in listed} == {None}
    reduce_history(filled, date(2026, 11, 3))
    assert [row["archive_id"] for row in reducible.rows(filled)][-1] == 1
    configure(filled, {"reduction_newest": 6})
    with pytest.raises(Refused, match="nothing to move"):
        reduce_history(filled, DECEMBER)
    assert [row["archive_id"] for row in archives.rows(filled)] == [1]


def test_an_archived_import_is_withdrawn_like_any_other(filled: Lab, made: Path, tmp_path: Path) -> None:
    reduce_history(filled, DECEMBER)
    with pytest.raises(Refused, match="repeats entries of import 1"):
        bl.withdraw_import(filled, 1, reason="test")
    bl.withdraw_import(filled, 2, reason="test")
    (tmp_path / "other").mkdir()
    with open_here(Path(shutil.copy(made, tmp_path / "other")), clock=lambda: NOON, user="tester") as other:
        bl.withdraw_import(other, 2, reason="test")
        assert answers(filled) == answers(other)
    assert broken(filled) == []
    eur = mt940(tmp_path, "eur.sta", account=EUR, currency="EUR", closing="1149,00")
    assert bl.import_file(filled, eur)["status"] == "imported"


def test_what_is_archived_is_known_when_it_comes_again(filled: Lab, made: Path, tmp_path: Path) -> None:
    reduce_history(filled, DECEMBER)
    assert bl.import_file(filled, mt940(tmp_path))["status"] == "already"
    entries = (("261101", "C200,00", "REF1"), ("261102", "D50,00", "REF2"), ("261105", "C25,00", "REF5"))
    longer = mt940(
        tmp_path, "longer.sta", number="1", closing="1180,00", last="261106",
        entries=(*entries, ("261106", "C5,00", "REF6")),
    )  # fmt: skip
    (tmp_path / "other").mkdir()
    with open_here(Path(shutil.copy(made, tmp_path / "other")), clock=lambda: NOON, user="tester") as other:
        expected = bl.import_file(other, longer)
        assert bl.import_file(filled, longer) == expected
        assert answers(filled) == answers(other)
    assert expected["statements"][0]["repeated"] == 3
    assert broken(filled) == []


def lose(file: Path) -> None:
    file.unlink()


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-1])


def change(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[len(content) // 3] ^= 1
    file.write_bytes(content)


@pytest.mark.parametrize("spoil", [lose, cut, change])
@pytest.mark.parametrize("opened", [False, True], ids=["before opening", "while open"])
def test_a_spoilt_archive_is_a_sentence_and_balances_stay(
    path: Path, spoil: Callable[[Path], None], opened: bool
) -> None:
    with open_here(path, clock=lambda: NOON) as lab:
        reduce_history(lab, DECEMBER)
        balances = bl.balances.arrow(lab, on=date(2026, 11, 4))
        (file,) = lab.database.archive_folder.glob("*_entry.parquet")
        if opened:
            spoil(file)
            require_trouble(lab, file, balances)
    if not opened:
        spoil(file)
        with open_here(path, clock=lambda: NOON) as lab:
            require_trouble(lab, file, balances)


def require_trouble(lab: Lab, file: Path, balances: pa.Table) -> None:
    with pytest.raises(DamagedLab, match=r"archive.*put it back from a backup"):
        bl.entries.arrow(lab, since=date(2026, 11, 1), until=DECEMBER)
    assert bl.balances.arrow(lab, on=date(2026, 11, 4)).equals(balances)
    found = {row["name"]: row for row in broken(lab)}
    assert found["archive"]["broken"] == 1
    assert file.name in found["archive"]["example"]


@pytest.mark.spec("ADM-205")
def test_an_archive_is_deleted_for_good(filled: Lab) -> None:
    december = bl.balances.arrow(filled, on=date(2026, 12, 2)).to_pylist()
    reduce_history(filled, DECEMBER)
    folder = filled.database.archive_folder
    assert delete_archived(filled, 1)["imports"] == 5
    assert list(folder.iterdir()) == []
    assert broken(filled) == []
    kept = bl.balances.arrow(filled, on=date(2026, 12, 2)).to_pylist()
    assert [row["balance"] for row in kept] == [Decimal(1185)]
    assert kept[0] in december
    assert bl.entries.arrow(filled, since=date(2026, 1, 1), until=DECEMBER).num_rows == 0
    assert [row["import_id"] for row in reducible.rows(filled)] == [7]
    (row,) = archives.rows(filled)
    assert row["deleted_at"] is not None
    for number in (1, 2):
        with pytest.raises(UnknownName, match="archive"):
            delete_archived(filled, number)


def test_an_archive_that_a_later_import_repeats_stays(filled: Lab) -> None:
    reduce_history(filled, date(2026, 11, 3))
    before = answers(filled)
    with pytest.raises(Refused, match="import 5 repeats entries of archive 1"):
        delete_archived(filled, 1)
    assert answers(filled) == before


def test_an_archive_that_balances_are_counted_from_stays(lab: Lab, tmp_path: Path) -> None:
    configure(lab, {"reduction_newest": 1})
    march = (SAMPLES / "csv" / "ceska_sporitelna.csv").read_bytes()  # it states no balance
    march = march.replace(b'"1 234,50"', b'"34,50"')
    for name, content in (("march.csv", march), ("april.csv", march.replace(b"2026/03/", b"2026/04/"))):
        (tmp_path / name).write_bytes(content)
        assert bl.import_file(lab, tmp_path / name, account=ACCOUNT)["status"] == "imported"
    reduce_history(lab, date(2026, 4, 1))
    before = answers(lab)
    with pytest.raises(Refused, match="are counted from entries of archive 1"):
        delete_archived(lab, 1)
    assert answers(lab) == before
    assert broken(lab) == []


def test_a_backup_takes_the_archive_along(filled: Lab, tmp_path: Path) -> None:
    reduce_history(filled, DECEMBER)
    before = answers(filled)
    (tmp_path / "lab").mkdir()
    store = tmp_path.with_name(tmp_path.name + "-store")
    store.mkdir()
    rotate_backup(filled, str(store))
    for times in (1, 2):  # the second time the archive is there already
        restore(store / "BK_00001.ZIP", tmp_path / "lab" / "b.lab")
        with open_here(tmp_path / "lab" / "b.lab", clock=lambda: NOON) as restored:
            assert answers(restored) == before, times
            assert broken(restored) == []
        (tmp_path / "lab" / "b.lab").unlink()


def test_an_archive_is_read_after_later_changes_of_the_tables(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with open_here(path, clock=lambda: NOON) as lab:
        moved = reduce_history(lab, date(2026, 11, 3))["entries"]
        before, kept = bl.statement.arrow(lab, ACCOUNT, since=date(2026, 11, 1), until=DECEMBER), rows_of(lab)["detail"]
    monkeypatch.setattr(migrations, "migrations", later_migrations.with_later_ones)
    with open_here(path, clock=lambda: NOON) as lab:
        assert lab.rows("SELECT count(*) FROM kept_entry() WHERE checked IS NULL") == [(moved,)]
        reduce_history(lab, DECEMBER)
        assert bl.statement.arrow(lab, ACCOUNT, since=date(2026, 11, 1), until=DECEMBER).equals(before)
        assert rows_of(lab)["detail"] == kept


@pytest.mark.spec("ADM-206")
def test_the_space_is_used_again(lab: Lab, tmp_path: Path) -> None:
    def month(number: int) -> Path:
        name, last = f"{number:02}.sta", f"26{number:02}28"
        entries = tuple((last, "C1,00", f"M{number}R{line}") for line in range(40_000))
        return mt940(
            tmp_path, name, number=str(number), opening=f"{40_000 * number},00",
            closing=f"{40_000 * (number + 1)},00", first=f"26{number:02}01", last=last, entries=entries,
        )  # fmt: skip

    def used() -> int:
        ((blocks,),) = lab.rows("SELECT used_blocks FROM pragma_database_size() WHERE database_name = 'lab'")
        return int(blocks)

    configure(lab, {"reduction_newest": 1})
    for number in (1, 2, 3, 4, 5, 6, 7):
        bl.import_file(lab, month(number))
    lab.database.checkpoint()
    before = used()
    reduce_history(lab, date(2026, 7, 1))
    assert used() < before * 3 / 4  # the rest is of the newest file and of sums
    size = lab.path.stat().st_size
    for number in (8, 9):
        bl.import_file(lab, month(number))
    lab.database.checkpoint()
    assert lab.path.stat().st_size <= size


def test_killed_at_any_instant_nothing_is_lost_or_doubled(made: Path, tmp_path: Path) -> None:
    with open_here(Path(shutil.copy(made, tmp_path / "whole.lab")), clock=lambda: NOON) as lab:
        before = rows_of(lab)
    steps, ended = killed.run("reduce", killed.NEVER, tmp_path / "whole.lab", DECEMBER), 0
    for number, fatal in enumerate([*range(0, steps, steps // 8), *range(steps - 4, steps)]):
        path = Path(shutil.copy(made, tmp_path / f"{number}.lab"))
        ended += killed.run("reduce", fatal, path, DECEMBER) != killed.KILLED
        with open_here(path, clock=lambda: NOON) as lab:
            assert rows_of(lab) == before, fatal
            assert broken(lab) == []
            if not archives.rows(lab):
                reduce_history(lab, DECEMBER)
            assert rows_of(lab) == before, fatal
    assert ended <= 1  # the last step may not come a second time


def test_killed_while_deleting_all_or_nothing_is_gone(made: Path, tmp_path: Path) -> None:
    whole = Path(shutil.copy(made, tmp_path / "whole.lab"))
    with open_here(whole, clock=lambda: NOON) as lab:
        reduce_history(lab, DECEMBER)
        before = rows_of(lab)

    def copy_of(name: str) -> Path:
        shutil.copytree(tmp_path / "whole.lab.archive", tmp_path / f"{name}.archive")
        return Path(shutil.copy(whole, tmp_path / name))

    steps, ended = killed.run("delete", killed.NEVER, copy_of("all.lab"), 1), 0
    with open_here(tmp_path / "all.lab", clock=lambda: NOON) as lab:
        after = rows_of(lab)
    for number, fatal in enumerate([*range(0, steps, steps // 6), *range(steps - 4, steps)]):
        path = copy_of(f"{number}.lab")
        ended += killed.run("delete", fatal, path, 1) != killed.KILLED
        with open_here(path, clock=lambda: NOON) as lab:
            there = rows_of(lab)
            assert there in (before, after)
            assert broken(lab) == []
            left = len(list(lab.database.archive_folder.iterdir()))
            assert left == (2 if there == before else 0)
    assert ended <= 1
