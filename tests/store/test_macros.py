"""The file of codebooks and macros in the user's cache: made once, used by all labs, never trusted from others."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bankklient_lab.lab import Lab, open_here
from tests.clocks import NOON


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return where this test's macros are kept, which is not there yet."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "bankklient_lab"


def opened(tmp_path: Path) -> Lab:
    path = tmp_path / "a.lab"
    return open_here(path, create=not path.exists(), clock=lambda: NOON, user="tester")


def source(tmp_path: Path) -> str:
    """Open a lab, use macros of it, and return where they are from: a file, or empty for memory."""
    with opened(tmp_path) as lab:
        assert lab.rows("SELECT currency_decimals('JPY'), (SELECT count(*) FROM live_entry())") == [(0, 0)]
        ((path,),) = lab.rows("SELECT coalesce(path, '') FROM duckdb_databases() WHERE database_name = 'app'")
    return str(path)


def kept(cache: Path) -> Path:
    (found,) = cache.iterdir()
    return found


def test_macros_are_made_once_and_attached_from_their_file(cache: Path, tmp_path: Path) -> None:
    assert source(tmp_path) == str(kept(cache))
    made = kept(cache).stat().st_mtime_ns
    with opened(tmp_path) as lab, open_here(tmp_path / "b.lab", create=True, user="tester") as other:
        for one in (lab, other):
            assert one.rows("SELECT currency_decimals('CZK')") == [(2,)]
    assert kept(cache).stat().st_mtime_ns == made
    assert (kept(cache).stat().st_mode & 0o777, cache.stat().st_mode & 0o777) == (0o600, 0o700)


@pytest.mark.parametrize("content", [b"", b"nonsense", None])
def test_a_file_that_was_damaged_is_made_anew(cache: Path, tmp_path: Path, content: bytes | None) -> None:
    source(tmp_path)
    damaged, good = kept(cache), kept(cache).read_bytes()
    damaged.write_bytes(good[: len(good) // 2] if content is None else content)
    used = source(tmp_path)
    assert used.startswith(str(cache))
    assert len(Path(used).read_bytes()) == len(good)


def test_what_others_could_have_written_is_not_used(cache: Path, tmp_path: Path) -> None:
    source(tmp_path)
    real = kept(cache)
    elsewhere = real.rename(tmp_path / "theirs.duckdb")
    real.symlink_to(elsewhere)
    used = Path(source(tmp_path))
    assert not used.is_symlink()
    there = sorted(cache.iterdir())
    cache.chmod(0o777)
    assert source(tmp_path) == ""
    assert sorted(cache.iterdir()) == there


def test_without_a_place_for_the_file_macros_are_made_in_memory(cache: Path, tmp_path: Path) -> None:
    cache.parent.mkdir()
    cache.write_text("a file where the folder should be")
    assert source(tmp_path) == ""


def test_parts_of_killed_processes_and_files_of_old_versions_go(cache: Path, tmp_path: Path) -> None:
    cache.mkdir(parents=True, mode=0o700)
    old, young = cache / "macros-0123.duckdb", cache / "macros-4567.duckdb.89ab.part"
    for one in (old, young):
        one.touch()
    os.utime(old, (0, 0))
    source(tmp_path)
    assert (old.exists(), young.exists(), len(list(cache.iterdir()))) == (False, True, 2)
