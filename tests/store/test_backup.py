"""A backup is whole and true or it is none; a restore never takes the place of a lab."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import bankklient_lab as bl
from bankklient_lab.errors import DamagedLab, LabError, NewerLab, Refused, StoreError, WrongPassphrase
from bankklient_lab.history.upkeep import backup, check
from bankklient_lab.lab import open_here
from bankklient_lab.store.backup import COPY, MANIFEST, figures, manifest_of, restore, verify
from tests.statements import mt940

PASSPHRASES = (None, "příliš žluťoučký kůň")


@pytest.fixture(params=PASSPHRASES, ids=["plain", "encrypted"])
def passphrase(request: pytest.FixtureRequest) -> str | None:
    """Return a passphrase or None."""
    value: str | None = request.param
    return value


@pytest.fixture
def backed_up(tmp_path: Path, passphrase: str | None) -> Path:
    """Return a backup of a lab with one statement."""
    with open_here(tmp_path / "a.lab", create=True, passphrase=passphrase) as lab:
        bl.import_file(lab, mt940(tmp_path))
        backup(lab, str(tmp_path / "backup"))
    return tmp_path / "backup"


@pytest.mark.spec("CB-005")
def test_a_restored_lab_is_the_same(backed_up: Path, tmp_path: Path, passphrase: str | None) -> None:
    assert verify(backed_up, passphrase=passphrase)["encrypted"] == (passphrase is not None)
    restore(backed_up, tmp_path / "b.lab", passphrase=passphrase)
    with (
        open_here(tmp_path / "a.lab", passphrase=passphrase) as one,
        open_here(tmp_path / "b.lab", passphrase=passphrase) as other,
    ):
        assert bl.entries.arrow(one).equals(bl.entries.arrow(other))
        assert bl.imports.arrow(one).equals(bl.imports.arrow(other))
        assert set(check.arrow(other)["broken"].to_pylist()) == {0}
        assert one.rows("SELECT action FROM ops.log ORDER BY log_id")[-1] == ("backup",)
        assert other.rows("SELECT count(*) FROM ops.log WHERE action = 'backup'") == [(0,)]


def test_the_owner_keeps_the_file_during_a_backup(tmp_path: Path) -> None:
    """DuckDB's own lock would vanish if the owner itself opened its file for the copy."""
    path = tmp_path / "a.lab"
    with open_here(path, create=True) as lab:
        bl.import_file(lab, mt940(tmp_path))
        backup(lab, str(tmp_path / "backup"))
        code = f"import duckdb; duckdb.connect({str(path)!r})"
        other = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
        assert "Could not set lock" in other.stderr


def test_manifest_says_what_is_in_the_lab(backed_up: Path) -> None:
    tables = manifest_of(backed_up)["tables"]
    assert tables["history.entry"]["rows"] == "2"
    assert tables["history.entry"]["sum of amount"] == "150.000"
    assert tables["ops.account"]["rows"] == "1"


def change_a_byte(folder: Path) -> None:
    content = bytearray((folder / COPY).read_bytes())
    content[len(content) // 2] ^= 1
    (folder / COPY).write_bytes(content)


def cut_off(folder: Path) -> None:
    content = (folder / COPY).read_bytes()
    (folder / COPY).write_bytes(content[: len(content) // 2])


def lose_the_copy(folder: Path) -> None:
    (folder / COPY).unlink()


def lose_the_manifest(folder: Path) -> None:
    (folder / MANIFEST).unlink()


def edited(key: str, value: object) -> Callable[[Path], None]:
    def edit(folder: Path) -> None:
        manifest = json.loads((folder / MANIFEST).read_text())
        manifest[key] = value
        (folder / MANIFEST).write_text(json.dumps(manifest))

    return edit


def claim_more_rows(folder: Path) -> None:
    manifest = json.loads((folder / MANIFEST).read_text())
    manifest["tables"]["history.entry"]["rows"] = "3"
    (folder / MANIFEST).write_text(json.dumps(manifest))


TAMPERED: list[tuple[Callable[[Path], None], type[LabError]]] = [
    (change_a_byte, DamagedLab),
    (cut_off, DamagedLab),
    (lose_the_copy, DamagedLab),
    (lose_the_manifest, DamagedLab),
    (claim_more_rows, DamagedLab),
    (edited("kind", "something"), DamagedLab),
    (edited("sha256", "0" * 64), DamagedLab),
    (edited("tables", []), DamagedLab),
    (edited("version", 999), NewerLab),
    (edited("schema", 999), NewerLab),
]


@pytest.mark.parametrize(("tamper", "error"), TAMPERED)
def test_a_tampered_backup_is_refused(
    backed_up: Path, tmp_path: Path, passphrase: str | None, tamper: Callable[[Path], None], error: type[LabError]
) -> None:
    tamper(backed_up)
    with pytest.raises(error):
        verify(backed_up, passphrase=passphrase)
    with pytest.raises((error, StoreError)):
        restore(backed_up, tmp_path / "b.lab", passphrase=passphrase)
    assert not list(tmp_path.glob("b.lab*"))


@pytest.mark.parametrize("given", [None, "wrong"])
def test_an_encrypted_backup_needs_its_passphrase(tmp_path: Path, given: str | None) -> None:
    with open_here(tmp_path / "a.lab", create=True, passphrase="right") as lab:
        backup(lab, str(tmp_path / "backup"))
    with pytest.raises(WrongPassphrase):
        restore(tmp_path / "backup", tmp_path / "b.lab", passphrase=given)
    assert not list(tmp_path.glob("b.lab*"))


@pytest.mark.parametrize("name", ["b.lab", "b.lab.wal"])
def test_a_restore_never_replaces_anything(backed_up: Path, tmp_path: Path, passphrase: str | None, name: str) -> None:
    (tmp_path / name).write_bytes(b"mine")
    with pytest.raises(Refused, match="exists"):
        restore(backed_up, tmp_path / "b.lab", passphrase=passphrase)
    assert (tmp_path / name).read_bytes() == b"mine"


def test_a_backup_needs_a_new_name_and_a_place(tmp_path: Path) -> None:
    with open_here(tmp_path / "a.lab", create=True) as lab:
        (tmp_path / "taken").mkdir()
        with pytest.raises(StoreError, match="exists already"):
            backup(lab, str(tmp_path / "taken"))
        with pytest.raises(StoreError, match="can't be written"):
            backup(lab, str(tmp_path / "nowhere" / "backup"))


def test_what_a_killed_backup_left_is_no_backup_and_in_nobodys_way(tmp_path: Path) -> None:
    left = tmp_path / "backup.part"
    left.mkdir()
    (left / COPY).write_bytes(b"half")
    with pytest.raises(DamagedLab):
        verify(left)
    with open_here(tmp_path / "a.lab", create=True) as lab:
        backup(lab, str(tmp_path / "backup"))
    assert verify(tmp_path / "backup")
    assert not left.exists()


def test_figures_differ_when_one_digit_does(tmp_path: Path) -> None:
    with open_here(tmp_path / "a.lab", create=True) as lab:
        bl.import_file(lab, mt940(tmp_path))
        with lab.database.tx("history") as cursor:
            before = figures(cursor)
            cursor.execute("UPDATE history.entry SET remittance = 'x' WHERE entry_no = 1")
            after = figures(cursor)
    assert {table for table in before if before[table] != after[table]} == {"history.entry"}
