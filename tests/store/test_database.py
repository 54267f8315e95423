"""The file of a lab: encrypted as a whole, of no newer version, closed to SQL that would leave it."""

from __future__ import annotations

import os
import subprocess
import sys
import unicodedata
from pathlib import Path

import duckdb
import pytest

import bankklient_lab as bl
from bankklient_lab.errors import DamagedLab, LabBusy, NewerLab, StoreError, WrongPassphrase
from bankklient_lab.lab import Lab, open_here
from bankklient_lab.store import migrations as steps
from bankklient_lab.store.migrations import Migration, migrations
from tests.statements import mt940

SECRET = "Needle7Haystack"
PASSPHRASE = "spr\u00e1vn\u00fd k\u016f\u0148 \\x41"


def entries_with_secret(folder: Path) -> Path:
    return mt940(folder, entries=(("261101", "C200,00", SECRET), ("261102", "D50,00", SECRET)))


def holding(folder: Path) -> list[str]:
    """Return the names of the files that contain the secret as plain text."""
    needle = SECRET.encode()
    return [path.name for path in folder.rglob("*") if path.is_file() and needle in path.read_bytes()]


def test_an_encrypted_lab_leaves_no_plain_text(tmp_path: Path) -> None:
    """Neither in the file, nor in the log of a process that was killed, nor in temporary files."""
    folder = tmp_path / "lab"
    folder.mkdir()
    source = entries_with_secret(tmp_path)
    code = f"""
import os
from pathlib import Path
import bankklient_lab as bl
from bankklient_lab.lab import open_here
lab = open_here(Path({str(folder / "a.lab")!r}), passphrase={PASSPHRASE!r}, create=True)
assert bl.import_file(lab, Path({str(source)!r}))["status"] == "imported"
with lab.database.tx("ops") as cursor:
    lab.log(cursor, "backup", {SECRET!r})
cursor = lab.database.cursor()
cursor.execute("CREATE TEMP TABLE big AS SELECT '{SECRET}' || hash(range) || hash(range + 1) || hash(range + 2) AS t"
               " FROM range(16000000)")
print(sum(path.stat().st_size for path in Path({str(folder)!r}).rglob("*.tmp")), flush=True)
os.kill(os.getpid(), 9)
"""
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
    assert done.returncode == -9, done.stderr
    assert int(done.stdout) > 1_000_000  # it did spill
    assert (folder / "a.lab.wal").stat().st_size > 0
    assert holding(folder) == []
    with open_here(folder / "a.lab", passphrase=PASSPHRASE) as lab:
        assert bl.entries.arrow(lab)["bank_reference"].to_pylist() == [SECRET, SECRET]


def test_the_search_for_plain_text_finds_it(tmp_path: Path) -> None:
    """The test above would see the secret: a lab without passphrase holds it."""
    folder = tmp_path / "lab"
    folder.mkdir()
    with open_here(folder / "a.lab", create=True) as lab, lab.database.tx("ops") as cursor:
        lab.log(cursor, "backup", SECRET)
    assert holding(folder) == ["a.lab"]


@pytest.mark.parametrize("given", [None, "wrong", "", PASSPHRASE.replace("\\x41", "A")])
def test_an_encrypted_lab_opens_with_its_passphrase_only(tmp_path: Path, given: str | None) -> None:
    path = tmp_path / "a.lab"
    open_here(path, create=True, passphrase=PASSPHRASE).close()
    with pytest.raises(WrongPassphrase, match="passphrase"):
        open_here(path, passphrase=given)
    decomposed = unicodedata.normalize("NFD", PASSPHRASE)  # as another keyboard writes it
    open_here(path, passphrase=decomposed).close()


def test_a_plain_lab_with_a_passphrase_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.lab"
    open_here(path, create=True).close()
    with pytest.raises(StoreError):
        open_here(path, passphrase=PASSPHRASE)


def changed(path: Path, sql: str) -> None:
    """Change the file of a lab behind its back."""
    with duckdb.connect(str(path)) as con:
        con.execute(sql)


def test_a_file_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.lab"
    open_here(path, create=True).close()
    changed(path, f"INSERT INTO ops.migration VALUES ({len(migrations()) + 1}, 'later', 'x', now())")
    with pytest.raises(NewerLab, match="newer version"):
        open_here(path)


@pytest.mark.spec("ADM-252", "ADM-253")
def test_changes_are_made_once_in_their_order_and_wait_for_one_that_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, known = tmp_path / "a.lab", migrations()
    open_here(path, create=True).close()
    texts = ["CREATE TABLE ops.one (n INTEGER)", "INSERT INTO ops.one VALUES (1); SELECT error('broken')",
             "INSERT INTO ops.one VALUES (2)"]  # fmt: skip

    def later() -> list[Migration]:
        return [*known, *(Migration(len(known) + n, f"m{n}", sql, str(n)) for n, sql in enumerate(texts, start=1))]

    monkeypatch.setattr(steps, "migrations", later)
    for _ in range(2):
        with pytest.raises(StoreError, match=r"migration \d+ \(m2\) of the lab failed .*broken"):
            open_here(path)
        with duckdb.connect(str(path), read_only=True) as con:
            assert con.execute("SELECT max(number) FROM ops.migration").fetchone() == (len(known) + 1,)
            assert con.execute("SELECT count(*) FROM ops.one").fetchone() == (0,)
    texts[1] = "INSERT INTO ops.one VALUES (1)"
    for _ in range(2):
        with open_here(path) as lab:
            assert lab.rows("SELECT n FROM ops.one ORDER BY rowid") == [(1,), (2,)]


def test_a_file_with_another_migration_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.lab"
    open_here(path, create=True).close()
    changed(path, "UPDATE ops.migration SET checksum = 'x' WHERE number = 1")
    with pytest.raises(DamagedLab, match="migration 1"):
        open_here(path)


@pytest.mark.parametrize("content", [b"", b"no database", os.urandom(100_000)])
def test_what_is_no_lab_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.lab"
    path.write_bytes(content)
    with pytest.raises(StoreError, match=r"a\.lab"):
        open_here(path)
    assert path.read_bytes() == content


def test_making_a_lab_over_a_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.lab"
    path.write_bytes(b"mine")
    with pytest.raises(StoreError, match="exists already"):
        open_here(path, create=True)
    assert path.read_bytes() == b"mine"


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM read_text('/etc/hostname')",
        "SELECT * FROM glob('/*')",
        "COPY (SELECT 1) TO '/tmp/leak.csv'",
        "ATTACH '/tmp/other.duckdb' AS other",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SET enable_external_access = true",
        "SET memory_limit = '100GB'",
        "EXPORT DATABASE '/tmp/leak'",
    ],
)
def test_sql_stays_inside_the_lab(lab: Lab, sql: str) -> None:
    with lab.database.reading() as cursor, pytest.raises(duckdb.Error):
        cursor.execute(sql)


def test_variables_of_python_are_no_tables(lab: Lab) -> None:
    import pyarrow as pa

    leak = pa.table({"a": [1]})
    assert leak.num_rows
    with lab.database.reading() as cursor, pytest.raises(duckdb.Error):
        cursor.execute("SELECT * FROM leak")


@pytest.mark.spec("ADM-021")
def test_another_process_meets_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "a.lab"
    with open_here(path, create=True):
        code = f"""
from pathlib import Path
from bankklient_lab.lab import open_here
try:
    open_here(Path({str(path)!r}))
except Exception as error:
    print(type(error).__name__, error)
"""
        done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.startswith(f"LabBusy {path} is in use by process {os.getpid()} ")


def test_a_file_that_another_program_has_open_is_busy(tmp_path: Path) -> None:
    path = tmp_path / "a.lab"
    open_here(path, create=True).close()
    code = f"import duckdb, sys; con = duckdb.connect({str(path)!r}); print('open', flush=True); sys.stdin.read()"
    other = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert other.stdout is not None
    assert other.stdout.readline() == "open\n"
    with pytest.raises(LabBusy, match="another program"):
        open_here(path)
    other.communicate()
    open_here(path).close()
