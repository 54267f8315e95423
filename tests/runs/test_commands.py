"""The commands `run`, `runs`, `notebooks` and `schedule`, in processes of their own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psutil
import pytest

import bankklient_lab as bl
from bankklient_lab.lab import created
from bankklient_lab.runs.records import RUNNER_GONE, run_history
from bankklient_lab.runs.schedules import add_schedule
from tests.runs.books import register
from tests.runs.owner import owning

WORDS = 'output: str = ""  # folder\nword: str = None  # what to write'
KNOWN = (
    "bank_day, book, cash_position, deposits, fx_forwards, liquidity_forecast, payments_workflow, reconciliation,"
    " statement_run, tutorial"
)
WRITING = "open('word.txt', 'w').write(word)"
SECONDS_TO_DIE = 60


def start(lab: Path, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "bankklient_lab.cli", *arguments]
    environment = os.environ | {"BANKKLIENT_LAB": str(lab)}
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)


def bankklient(lab: Path, *arguments: str) -> tuple[int, str, str]:
    with start(lab, *arguments) as process:
        out, error = process.communicate()
    return process.returncode, out, error


def days_ago(days: int) -> datetime:
    return datetime.now(UTC) - timedelta(days=days)


def runs_of(lab: Path) -> list[dict[str, Any]]:
    with bl.open(lab) as one:
        return list(run_history.arrow(one).to_pylist())


def test_run_leaves_the_files_and_says_where(lab_file: Path, tmp_path: Path) -> None:
    register(lab_file, tmp_path / "own", book=[WORDS, WRITING])
    out = tmp_path / "out"
    code, printed, error = bankklient(lab_file, "run", "book", "-p", "word", "two words", "-o", str(out))
    assert (code, error) == (0, "")
    assert printed.split() == [str(out / name) for name in ("book.html", "book.ipynb", "word.txt")]
    assert (out / "word.txt").read_text() == "two words"
    code, printed, _ = bankklient(lab_file, "run", "book", "--parameter", "word=a=b", "-o", str(out), "--json")
    assert (code, json.loads(printed)["files"]) == (0, ["book.html", "book.ipynb", "word.txt"])
    assert (out / "word.txt").read_text() == "a=b"
    newest, _ = json.loads(bankklient(lab_file, "runs", "--json")[1])
    assert newest["parameters"] == {"word": "a=b"}
    assert newest["files"] == ["book.html", "book.ipynb", "word.txt"]


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (("book",), 2, "book needs the parameter 'word' (what to write)"),
        (("book", "-p", "wrd", "x"), 2, "book has no parameter 'wrd'; it has word"),
        (("book", "-p", "word"), 2, "the parameter word has no value; write -p word VALUE"),
        (("book", "-p", "word", "x", "-p", "word", "y"), 2, "the parameter word is given twice"),
        (("nix",), 1, f"unknown notebook 'nix'; known are {KNOWN}"),
        (("book", "-p", "word", "/"), 1, "notebook book stopped in cell In [3] (assert word != '/', 'no slash'): "),
    ],
)
def test_what_is_wrong_is_one_sentence(
    lab_file: Path, tmp_path: Path, arguments: tuple[str, ...], code: int, sentence: str
) -> None:
    register(lab_file, tmp_path / "own", book=[WORDS, "assert word != '/', 'no slash'"])
    ended, printed, error = bankklient(lab_file, "run", *arguments, "-o", str(tmp_path / "out"))
    assert (ended, printed) == (code, "")
    assert error.startswith(f"bankklient: {sentence}")
    assert error.count("\n") == 1


def test_notebooks_are_listed_and_registered(lab_file: Path, tmp_path: Path) -> None:
    own = tmp_path / "own"
    register(lab_file, own, book=[WORDS, WRITING])
    code, printed, _ = bankklient(lab_file, "notebooks", "--unregister", str(own), "--json")
    assert code == 0
    names = [row["notebook"] for row in json.loads(printed)]
    assert names == [name for name in KNOWN.split(", ") if name != "book"]
    code, printed, _ = bankklient(lab_file, "notebooks", "--register", str(own))
    assert code == 0
    assert "book: book\n    -p word  what to write  (needed)\n" in printed


def test_schedules_from_adding_to_removing(lab_file: Path, tmp_path: Path) -> None:
    register(lab_file, tmp_path / "own", book=[WORDS, WRITING])
    adding = ("schedule", "add", "book", "--cron", "0 6 1 * *", "-p", "word", "{previous_month}", "-o", str(tmp_path))
    assert bankklient(lab_file, *adding)[:2] == (0, "schedule 1 is kept\n")
    code, _, error = bankklient(lab_file, *adding, "--catch-up", "some")
    assert (code, error) == (2, "bankklient: --catch-up can't be 'some'; it is one of all, last, none\n")
    code, printed, _ = bankklient(lab_file, "schedule", "list", "--json")
    [row] = json.loads(printed)
    assert (row["schedule_id"], row["cron"], row["zone"], row["catch_up"]) == (1, "0 6 1 * *", "Europe/Prague", "last")
    assert bankklient(lab_file, "schedule", "run-due")[:2] == (0, "nothing is due\n")
    assert bankklient(lab_file, "schedule", "remove", "1")[:2] == (0, "schedule 1 is removed\n")
    assert bankklient(lab_file, "schedule", "list")[:2] == (0, "no recurring run is kept\n")
    assert bankklient(lab_file, "schedule", "remove", "1")[0] == 1


@pytest.mark.parametrize("owned", [False, True], ids=["free lab", "lab that another process owns"])
def test_two_processes_make_each_due_run_once(lab_file: Path, tmp_path: Path, owned: bool) -> None:
    register(lab_file, tmp_path / "own", book=[WORDS, WRITING])
    with bl.open(lab_file, clock=lambda: days_ago(3)) as lab:
        given = {"parameters": {"word": "{today}"}, "output": str(tmp_path / "out"), "zone": "UTC"}
        add_schedule(lab, "book", cron="30 4 * * *", catch_up="all", **given)
    if owned:
        with owning(lab_file):
            done = _together(lab_file)
    else:
        done = _together(lab_file)
    assert [(run["state"], run["message"]) for run in done] == [("done", "")] * 3
    folders = sorted(run["output"] for run in done)
    assert [Path(folder, "word.txt").read_text() for folder in folders] == [
        Path(folder).name[:10] for folder in folders
    ]
    assert len(set(folders)) == 3
    recorded = runs_of(lab_file)
    assert [run["state"] for run in recorded] == ["done"] * 3
    assert len({run["due_at"] for run in recorded}) == 3
    assert bankklient(lab_file, "schedule", "run-due", "--json")[:2] == (0, "[]\n")


def _together(lab: Path) -> list[dict[str, Any]]:
    processes = [start(lab, "schedule", "run-due", "--json") for _ in range(2)]
    answers = [process.communicate() for process in processes]
    assert [process.returncode for process in processes] == [0, 0], answers
    return [run for out, _ in answers for run in json.loads(out)]


def test_a_failed_run_does_not_keep_the_next_one(lab_file: Path, tmp_path: Path) -> None:
    register(lab_file, tmp_path / "own", bad=[WORDS, "1 / 0"], good=[WORDS, WRITING])
    with bl.open(lab_file, clock=lambda: days_ago(1)) as lab:
        for book in ("bad", "good"):
            add_schedule(
                lab, book, cron="30 4 * * *", zone="UTC", output=str(tmp_path / book), parameters={"word": "x"}
            )
    code, printed, _ = bankklient(lab_file, "schedule", "run-due", "--json")
    assert code == 1
    assert [(run["notebook"], run["state"]) for run in json.loads(printed)] == [("bad", "failed"), ("good", "done")]


def test_a_run_killed_midway_is_found_and_ends_with_its_kernel(lab_file: Path, tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    waiting = f"import os, threading\nopen({str(fifo)!r}, 'w').write(str(os.getpid()))\nthreading.Event().wait()"
    register(lab_file, tmp_path / "own", book=[WORDS, waiting])
    with bl.open(lab_file, clock=lambda: days_ago(1)) as lab:
        out = str(tmp_path / "out")
        add_schedule(lab, "book", cron="30 4 * * *", zone="UTC", output=out, parameters={"word": "x"})
    process = start(lab_file, "schedule", "run-due")
    kernel = psutil.Process(int(fifo.read_text()))
    process.send_signal(signal.SIGKILL)
    process.communicate()
    kernel.wait(SECONDS_TO_DIE)
    assert [run["state"] for run in runs_of(lab_file)] == ["running"]
    assert bankklient(lab_file, "schedule", "run-due")[:2] == (0, "nothing is due\n")
    [run] = runs_of(lab_file)
    assert (run["state"], run["message"]) == ("failed", RUNNER_GONE)
    assert list(Path(run["output"]).iterdir()) == []


def test_interrupting_a_run_ends_it_cleanly(lab_file: Path, tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    waiting = f"import os, threading\nopen({str(fifo)!r}, 'w').write(str(os.getpid()))\nthreading.Event().wait()"
    register(lab_file, tmp_path / "own", book=["free = 1", waiting])
    process = start(lab_file, "run", "book", "-o", str(tmp_path / "out"))
    kernel = int(fifo.read_text())
    process.send_signal(signal.SIGINT)
    _, error = process.communicate()
    assert (process.returncode, error) == (130, "bankklient: interrupted; what was not finished was not kept\n")
    assert not psutil.pid_exists(kernel)
    assert list((tmp_path / "out").iterdir()) == []
    assert [run["state"] for run in runs_of(lab_file)] == ["cancelled"]


def test_an_encrypted_lab_that_no_process_owns(tmp_path: Path) -> None:
    secret, lab, out = tmp_path / "passphrase", tmp_path / "company.lab", tmp_path / "out"
    secret.write_text("correct horse")
    secret.chmod(0o600)
    with created(lab, passphrase="correct horse"):
        pass
    given = ("-p", "on", "2026-10-31", "-o", str(out), "--passphrase-file", str(secret))
    assert bankklient(lab, "run", "cash_position", *given)[::2] == (0, "")
    assert (out / "cash_position_2026-10-31.pdf").is_file()
