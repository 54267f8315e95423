"""Notebooks in kernels: what goes in, what comes out, how they fail and stop."""

from __future__ import annotations

import json
import os
import re
import threading
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import nbformat
import psutil
import pytest

import bankklient_lab as bl
from bankklient_lab.errors import BadArgument, Cancelled, LabError, RunFailed, UnknownName
from bankklient_lab.jobs import Job
from bankklient_lab.runs.execute import execute
from bankklient_lab.runs.notebooks import notebooks, unregister_notebooks
from bankklient_lab.runs.records import run_history
from bankklient_lab.store.owner import current_owner
from tests.runs.books import OPENING, register, visit_of
from tests.runs.owner import owning

PARAMETERS = 'lab: str = ""  # file\noutput: str = ""  # folder'
SECONDS_TO_DIE = 30


def last_run(lab: Path) -> dict[str, Any]:
    with bl.open(lab) as one:
        return dict(run_history.arrow(one, limit=1).to_pylist()[0])


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


KINDS = """lab: str = ""  # file
text: str = None  # some text
count: int = 3  # how many
share: float = 0.5  # how much
whether: bool = False  # if so
names: list[str] = []  # of accounts
free = 1"""


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({}, r"book needs the parameter 'text' \(some text\)"),
        ({"txt": "a"}, "book has no parameter 'txt'; it has text, count, share, whether, names, free"),
        ({"text": 5}, "the parameter text takes a text, not 5"),
        ({"text": "a", "count": "many"}, "the parameter count takes a whole number, not 'many'"),
        ({"text": "a", "count": 1.5}, "the parameter count takes a whole number, not 1.5"),
        ({"text": "a", "count": True}, "the parameter count takes a whole number, not True"),
        ({"text": "a", "share": "half"}, "the parameter share takes a number, not 'half'"),
        ({"text": "a", "whether": "maybe"}, "the parameter whether takes true or false, not 'maybe'"),
        ({"text": "a", "names": 3}, "the parameter names takes a list, not 3"),
        ({"text": "a", "free": {"a": 1}}, "the parameter free takes a plain value"),
        ({"text": "a", "lab": "/x"}, "the parameter lab of book is given by the run itself; leave it out"),
    ],
)
def test_wrong_parameters_are_one_sentence_and_no_run(
    lab_file: Path, tmp_path: Path, given: dict[str, object], sentence: str
) -> None:
    register(lab_file, tmp_path / "own", book=[KINDS, "1"])
    with pytest.raises(BadArgument, match=sentence):
        execute(visit_of(lab_file), "book", given, tmp_path / "out")
    with bl.open(lab_file) as lab:
        assert run_history.arrow(lab).num_rows == 0
    assert not (tmp_path / "out").exists()


def test_texts_become_what_the_notebook_asks_for(lab_file: Path, tmp_path: Path) -> None:
    saying = "import json\nopen('seen.json', 'w').write(json.dumps([text, count, share, whether, names, free]))"
    register(lab_file, tmp_path / "own", book=[KINDS, saying])
    given = {"text": 'a "quoted"\nline', "count": "7", "share": "0.25", "whether": "true", "names": "A, B", "free": "x"}
    execute(visit_of(lab_file), "book", given, tmp_path / "out")
    seen = json.loads((tmp_path / "out" / "seen.json").read_text())
    assert seen == ['a "quoted"\nline', 7, 0.25, True, ["A", "B"], "x"]


def test_only_registered_notebooks_run(lab_file: Path, tmp_path: Path) -> None:
    own = tmp_path / "own"
    register(lab_file, own, book=[PARAMETERS, "1"])
    for name in (str(own / "book.ipynb"), "../own/book", "book.ipynb", ""):
        with pytest.raises(UnknownName, match="known are bank_day, book, cash_position, deposits"):
            execute(visit_of(lab_file), name, {}, tmp_path / "out")
    with bl.open(lab_file) as lab:
        assert "book" in notebooks.arrow(lab)["notebook"].to_pylist()
        unregister_notebooks(lab, str(own))
        with pytest.raises(UnknownName, match="unknown folder of notebooks"):
            unregister_notebooks(lab, str(own))
    with pytest.raises(UnknownName, match="unknown notebook 'book'"):
        execute(visit_of(lab_file), "book", {}, tmp_path / "out")


def test_a_name_that_is_taken_is_not_registered(lab_file: Path, tmp_path: Path) -> None:
    with pytest.raises(BadArgument, match=r"two notebooks are called tutorial: .*; rename one"):
        register(lab_file, tmp_path / "own", tutorial=[PARAMETERS, "1"])
    with pytest.raises(BadArgument, match="there is no folder"), bl.open(lab_file) as lab:
        bl.runs.notebooks.register_notebooks(lab, str(tmp_path / "nowhere"))


def test_a_failing_cell_is_named_and_what_there_is_is_marked(lab_file: Path, tmp_path: Path) -> None:
    cells = ["open('half.txt', 'w').write('half')", "print('so far')", "# words\nratio = 1 / 0", "print('never')"]
    register(lab_file, tmp_path / "own", book=[PARAMETERS, *cells])
    out = tmp_path / "out"
    with pytest.raises(RunFailed) as failure:
        execute(visit_of(lab_file), "book", {}, out)
    sentence = "notebook book stopped in cell In [5] (# words): ZeroDivisionError: division by zero"
    assert failure.value.message == sentence
    assert failure.value.details["cell"] == 5
    assert names_in(out) == ["book.failed.html", "book.failed.ipynb"]
    executed = nbformat.read(out / "book.failed.ipynb", as_version=4)
    [failed] = [cell for cell in executed.cells for output in cell.get("outputs", ()) if output.output_type == "error"]
    assert failed.execution_count == 5
    assert "ZeroDivisionError" in (out / "book.failed.html").read_text("utf-8")
    run = last_run(lab_file)
    assert (run["state"], run["message"]) == ("failed", sentence)
    assert json.loads(run["files"]) == ["book.failed.html", "book.failed.ipynb"]


def test_an_error_of_ours_is_its_sentence(lab_file: Path, tmp_path: Path) -> None:
    register(lab_file, tmp_path / "own", book=[PARAMETERS, OPENING, "bl.entries(company, accounts=['Nix'])"])
    with pytest.raises(RunFailed, match=r"In \[4\] \(bl.entries.*\): unknown account 'Nix'; `bankklient accounts`"):
        execute(visit_of(lab_file), "book", {}, tmp_path / "out")


def test_a_kernel_that_dies_is_a_failed_run(lab_file: Path, tmp_path: Path) -> None:
    register(lab_file, tmp_path / "own", book=[PARAMETERS, "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"])
    with pytest.raises(RunFailed, match=r"stopped in cell In \[3\] .*: its process ended"):
        execute(visit_of(lab_file), "book", {}, tmp_path / "out")
    assert last_run(lab_file)["state"] == "failed"


def test_a_later_success_removes_the_marks_and_replaces_files(lab_file: Path, tmp_path: Path) -> None:
    cell = "assert fine, 'not yet'\nopen('result.txt', 'w').write('new')"
    register(lab_file, tmp_path / "own", book=["fine: bool = False  # whether it works", cell])
    out = tmp_path / "out"
    out.mkdir()
    (out / "result.txt").write_text("old")
    with pytest.raises(RunFailed, match="AssertionError: not yet"):
        execute(visit_of(lab_file), "book", {}, out)
    assert (out / "result.txt").read_text() == "old"
    run = execute(visit_of(lab_file), "book", {"fine": True}, out)
    assert (out / "result.txt").read_text() == "new"
    assert names_in(out) == list(run.files) == ["book.html", "book.ipynb", "result.txt"]


def test_the_page_runs_no_script_and_loads_nothing(lab_file: Path, tmp_path: Path) -> None:
    hostile = "<script>alert(1)</script><img src=http://evil.test/x onerror=alert(2)>"
    cells = [
        "import pandas as pd\nfrom bankklient_lab.runs.tools import show_table, show_line",
        f"rows = pd.DataFrame({{'remittance': [{hostile!r}]}})\nshow_table(rows)",
        "rows",
        f"show_line(pd.DataFrame({{'day': [], 'balance': []}}), title={hostile!r})",
        f"from IPython.display import HTML\nHTML({hostile!r})",
    ]
    register(lab_file, tmp_path / "own", book=[PARAMETERS, *cells])
    execute(visit_of(lab_file), "book", {}, tmp_path / "out")
    page = (tmp_path / "out" / "book.html").read_text("utf-8")
    assert "<script" not in page.lower()
    assert "default-src 'none'; style-src 'unsafe-inline'; img-src data:" in page
    assert page.count("&lt;script&gt;alert(1)") >= 3
    assert not re.search(r"<(?:link|iframe|object|embed)\b", page)


def test_the_lab_is_free_for_the_kernel_and_free_again_afterwards(lab_file: Path, tmp_path: Path) -> None:
    cells = [OPENING, "assert company.remote is None", "company.close()"]
    register(lab_file, tmp_path / "own", book=[PARAMETERS, *cells])
    execute(visit_of(lab_file), "book", {}, tmp_path / "out")
    assert current_owner(lab_file) is None


def test_a_run_goes_through_the_process_that_owns_the_lab(lab_file: Path, tmp_path: Path) -> None:
    cells = [OPENING, "assert company.remote is not None\nbl.accounts(company)", "company.close()"]
    register(lab_file, tmp_path / "own", book=[PARAMETERS, *cells])
    with owning(lab_file) as pid:
        run = execute(visit_of(lab_file), "book", {}, tmp_path / "out")
        card = current_owner(lab_file)
        assert card is not None
        assert card.pid == pid
    assert (last_run(lab_file)["run_id"], last_run(lab_file)["state"]) == (run.run_id, "done")


def test_the_owner_itself_can_run_and_keeps_the_lab(lab_file: Path, tmp_path: Path) -> None:
    register(lab_file, tmp_path / "own", book=[PARAMETERS, OPENING, "assert company.remote is not None"])
    with bl.open(lab_file) as lab:
        execute(lambda: nullcontext(lab), "book", {}, tmp_path / "out")
        assert run_history.arrow(lab)["state"].to_pylist() == ["done"]


def test_cancelling_kills_the_kernel_and_leaves_nothing(lab_file: Path, tmp_path: Path) -> None:
    fifo, out = tmp_path / "fifo", tmp_path / "out"
    os.mkfifo(fifo)
    waiting = f"import os, threading\nopen({str(fifo)!r}, 'w').write(str(os.getpid()))\nthreading.Event().wait()"
    register(lab_file, tmp_path / "own", book=[PARAMETERS, waiting])
    job, pids = Job(), []

    def cancel_when_running() -> None:
        pids.append(int(fifo.read_text()))
        job.cancel()

    thread = threading.Thread(target=cancel_when_running)
    thread.start()
    with pytest.raises(Cancelled):
        execute(visit_of(lab_file), "book", {}, out, job)
    thread.join()
    assert not psutil.pid_exists(pids[0]) or psutil.Process(pids[0]).status() == psutil.STATUS_ZOMBIE
    assert names_in(out) == []
    assert last_run(lab_file)["state"] == "cancelled"


def test_progress_names_the_cells(lab_file: Path, tmp_path: Path) -> None:
    register(lab_file, tmp_path / "own", book=[PARAMETERS, "1", "2"])
    said: list[tuple[str, float | None]] = []
    execute(visit_of(lab_file), "book", {}, tmp_path / "out", Job(lambda doing, share: said.append((doing, share))))
    assert all(share is None or 0 <= share < 1 for _, share in said)
    assert said[-1][0] == "writing the page of book"


def test_odd_folders_and_broken_notebooks(lab_file: Path, tmp_path: Path) -> None:
    own = tmp_path / "a {b} c" / "own"
    own.mkdir(parents=True)
    register(lab_file, own, book=[PARAMETERS, "1"])
    odd = tmp_path / "out {x} %s with a very long name so that a socket in it would have too long a path".ljust(
        150, "y"
    )
    assert execute(visit_of(lab_file), "book", {}, odd).files == ("book.html", "book.ipynb")
    (own / "book.ipynb").write_text("{}")
    with pytest.raises(RunFailed, match="can't be read as a notebook"):
        execute(visit_of(lab_file), "book", {}, odd)
    (tmp_path / "file").write_text("")
    with pytest.raises(LabError, match="can't be made"):
        execute(visit_of(lab_file), "cash_position", {"on": "2026-10-31"}, tmp_path / "file" / "out")
