"""Damage to a lab's files: every changed byte of the file that matters is found; of a damaged log a clean part is left.

What is not found: a log that is missing, cut at the end of a transaction, or whose damaged byte makes DuckDB take the
rest for unwritten. The lab then is a true earlier state of itself (whole files only), and nothing in it can tell.
"""

from __future__ import annotations

import random
import shutil
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

import bankklient_lab as bl
from bankklient_lab.errors import DamagedLab
from bankklient_lab.lab import Lab, open_here
from bankklient_lab.store.checks import run_checks
from bankklient_lab.store.copying import copy_apart
from tests.faults.material import Contents, broken, contents, large
from tests.statements import mt940

FLIPS = 50
ROOT = Path(__file__).parents[2]
FILES = ("one.sta", "large1.sta", "two.sta")


def fill(lab: Lab, folder: Path) -> None:
    """Import three files."""
    for path in (mt940(folder, FILES[0], account="X1"), large(folder, 1), mt940(folder, FILES[2], account="X2")):
        assert bl.import_file(lab, path)["status"] == "imported"


# What a lab says of its imports, balances, entries and findings.
FIGURES: tuple[Callable[[Lab], object], ...] = (
    contents,
    lambda lab: bl.balances.arrow(lab, on=date(2026, 11, 30)).to_pylist(),
    lambda lab: bl.entries.arrow(lab, limit=100_000).to_pylist(),
    lambda lab: bl.findings.arrow(lab).to_pylist(),
    lambda lab: bl.imports.arrow(lab).to_pylist(),
)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a closed lab with three imports."""
    folder = tmp_path_factory.mktemp("whole")
    with open_here(folder / "whole.lab", create=True) as lab:
        fill(lab, folder)
    return folder / "whole.lab"


@pytest.fixture(scope="module")
def logged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a lab whose three imports are in its log only, as a killed process leaves it."""
    folder = tmp_path_factory.mktemp("logged")
    copy = folder / "logged.lab"
    with open_here(folder / "open.lab", create=True) as lab:
        fill(lab, folder)
        copy_apart(lab.path, copy)
        copy_apart(log_of(lab.path), log_of(copy))
    assert log_of(copy).stat().st_size > 1_000_000
    return copy


def log_of(lab: Path) -> Path:
    return lab.with_name(lab.name + ".wal")


def opened(path: Path) -> Lab | None:
    """Return the lab, None when it is refused as damaged."""
    try:
        return open_here(path)
    except DamagedLab:
        return None


def judge(path: Path, true: list[object]) -> None:
    """Print what came of a damaged file: refused at opening, found by the checks, or nothing changed."""
    lab = opened(path)
    if lab is None:
        print("refused", flush=True)
        return
    with lab:
        found = any(check.broken for check in run_checks(lab.database))
        for work, expected in zip(FIGURES, true, strict=True):
            try:
                assert work(lab) == expected  # never a wrong figure
            except DamagedLab:
                assert found
        print("found" if found else "unchanged", flush=True)


def flipped(data: bytes, seed: int) -> bytes:
    """Return the file with one bit changed."""
    dice, changed = random.Random(seed), bytearray(data)
    changed[dice.randrange(len(data))] ^= 1 << dice.randrange(8)
    return bytes(changed)


def cut(data: bytes, number: int) -> bytes:
    """Return the file without its end."""
    return data[: -(1, 300_000, 600_000, 1_000_000)[number]]


DAMAGES = {"flipped": (flipped, FLIPS), "cut": (cut, 4)}


def judge_all(whole: str, folder: str, kind: str, first: int) -> None:
    """Judge damaged copies of a lab from number `first` on; in a process of its own, a bad block may crash DuckDB."""
    damage, count = DAMAGES[kind]
    path, data = Path(folder) / "damaged.lab", Path(whole).read_bytes()
    with open_here(Path(whole)) as lab:
        true = [work(lab) for work in FIGURES]
    for number in range(first, count):
        path.write_bytes(damage(data, number))
        judge(path, true)


def outcomes(whole: Path, folder: Path, kind: str) -> Counter[str]:
    """Return how often each outcome came; a process that DuckDB brings down is followed by another."""
    seen: list[str] = []
    while len(seen) < DAMAGES[kind][1]:
        arguments = (str(whole), str(folder), kind, len(seen))
        call = f"from tests.faults.test_damage import judge_all; judge_all(*{arguments!r})"
        done = subprocess.run([sys.executable, "-c", call], cwd=ROOT, capture_output=True, text=True, check=False)
        said = done.stdout.split()
        assert done.returncode in (0, -signal.SIGSEGV, -signal.SIGABRT), done.stderr[-3000:]
        seen += said if said or not done.returncode else ["crashed"]
    return Counter(seen)


def test_a_changed_byte_of_the_file_is_found_or_changes_nothing(whole: Path, tmp_path: Path) -> None:
    seen = outcomes(whole, tmp_path, "flipped")
    assert set(seen) >= {"refused", "found", "unchanged"}


@pytest.mark.parametrize("size", [0, 1, 100, 4096, 12_288, 100_000])
def test_a_cut_file_is_refused_in_a_sentence(size: int, whole: Path, tmp_path: Path) -> None:
    path = tmp_path / "cut.lab"
    path.write_bytes(whole.read_bytes()[:size])
    with pytest.raises(DamagedLab, match="restore a backup") as refused:
        open_here(path)
    assert "\n" not in refused.value.message


def test_a_file_cut_near_its_end_is_found_or_nothing_changed(whole: Path, tmp_path: Path) -> None:
    assert sum(outcomes(whole, tmp_path, "cut").values()) == DAMAGES["cut"][1]


def test_a_file_of_something_else_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.lab"
    path.write_bytes(b"SQLite format 3\0" + bytes(10_000))
    assert opened(path) is None
    path.write_bytes(random.Random(1).randbytes(300_000))
    assert opened(path) is None


def require_prefix(lab: Lab, true: dict[str, Contents]) -> int:
    """Require the first imports, each whole, and nothing else; return how many."""
    assert broken(lab) == []
    found = {name: content for name, _, content in contents(lab).values()}
    assert found == {name: true[name] for name in FILES[: len(found)]}
    return len(found)


@pytest.fixture(scope="module")
def true_contents(whole: Path) -> dict[str, Contents]:
    with open_here(whole) as lab:
        return {name: content for name, _, content in contents(lab).values()}


def with_log(logged: Path, tmp_path: Path, log: bytes | None) -> Path:
    path = tmp_path / "logged.lab"
    shutil.copy(logged, path)
    log_of(path).unlink(missing_ok=True)
    if log is not None:
        log_of(path).write_bytes(log)
    return path


def test_a_cut_log_leaves_the_first_files_whole(
    logged: Path, tmp_path: Path, true_contents: dict[str, Contents]
) -> None:
    log, dice, seen = log_of(logged).read_bytes(), random.Random(5), set[int]()
    ends = [dice.randrange(0, 60_000) for _ in range(8)] + [len(log) - dice.randrange(0, 60_000) for _ in range(12)]
    for end in [0, 1, len(log) // 2, len(log) - 1, len(log), *ends]:
        with open_here(with_log(logged, tmp_path, log[:end])) as lab:
            seen.add(require_prefix(lab, true_contents))
    assert seen == {0, 1, 2, 3}


def test_a_missing_log_is_an_earlier_state(logged: Path, tmp_path: Path, true_contents: dict[str, Contents]) -> None:
    with open_here(with_log(logged, tmp_path, None)) as lab:
        assert require_prefix(lab, true_contents) == 0


def test_a_changed_byte_of_the_log_is_refused_or_leaves_the_first_files_whole(
    logged: Path, tmp_path: Path, true_contents: dict[str, Contents]
) -> None:
    log, seen = log_of(logged).read_bytes(), Counter[str]()
    for seed in range(FLIPS // 2):
        dice, changed = random.Random(seed), bytearray(log)
        near = dice.choice((0, len(log) - 40_000))  # where the small files and the marks are
        changed[near + dice.randrange(40_000)] ^= 1 << dice.randrange(8)
        lab = opened(with_log(logged, tmp_path, bytes(changed)))
        if lab is None:
            seen["refused"] += 1
            continue
        with lab:
            require_prefix(lab, true_contents)
            seen["prefix"] += 1
    assert seen["refused"]
