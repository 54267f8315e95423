"""Hostile files through the public door: refused in a sentence within seconds and bounded memory, nothing left."""

from __future__ import annotations

import os
import random
import resource
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import psutil
import pytest

import bankklient_lab as bl
from bankklient_lab import cli
from bankklient_lab.formats.worker import MEMORY_BYTES
from bankklient_lab.jobs import Job
from bankklient_lab.lab import Lab, close_all
from tests.corpus import SAMPLES
from tests.faults import hostile
from tests.faults.material import broken, contents
from tests.formats.camt_messages import ENTRY, message
from tests.statements import mt940

SECONDS_MAX = 10.0  # of computing, which a busy machine does not stretch
OWNER_BYTES_MAX = 300 * 1024**2  # that the lab's own process may grow by


def computed() -> float:
    """Return the seconds that this process, its readers and those that have ended have computed."""
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    readers = [child.cpu_times() for child in psutil.Process().children()]
    return time.process_time() + ended.ru_utime + ended.ru_stime + sum(cpu.user + cpu.system for cpu in readers)


def require_refused(lab: Lab, path: Path, **hints: Any) -> dict[str, Any]:
    """Import a file that must be refused, with all that this means, and return the report."""
    before, began, memory = contents(lab), computed(), psutil.Process().memory_info().rss
    report = bl.import_file(lab, path, **hints)
    assert computed() - began < SECONDS_MAX
    assert psutil.Process().memory_info().rss - memory < OWNER_BYTES_MAX
    assert report["status"] == "refused", report["status"]
    assert report["message"]
    assert "\n" not in report["message"]
    assert "Traceback" not in report["message"]
    assert len(report["message"]) < 600
    assert contents(lab) == before
    assert broken(lab) == []
    return report


@pytest.mark.parametrize("name", hostile.FILES)
def test_hostile_files_are_refused(name: str, lab: Lab, tmp_path: Path) -> None:
    path = tmp_path / "hostile"
    hostile.FILES[name](path)
    report = require_refused(lab, path, account="X1", currency="CZK", bank="0100")
    assert "root:" not in str(report)
    path.unlink()
    for child in psutil.Process().children():
        if "bankklient_lab.formats.worker" in child.cmdline():
            assert child.memory_info().rss < MEMORY_BYTES
    assert bl.import_file(lab, mt940(tmp_path))["status"] == "imported"


REASONS = {
    "external entity": ("DOCTYPE", "line 1"),
    "document type in UTF-16": ("DOCTYPE", "line 1"),
    "deep XML, closed": ("deeper than", "Ntry 2"),
    "far cell": ("row 1048576 and column 16384", hostile.SHEET),
    "list of the ECB with a bomb": ("times its size", "eurofxref-hist.csv"),
    "a gigabyte of zeros": ("empty", ""),
    "mt940 with a line of a gigabyte": ("without an entry", "line "),
    "gzip": ("no known format", "start of the file"),
}


@pytest.mark.parametrize("name", REASONS)
def test_refusals_say_what_and_where(name: str, lab: Lab, tmp_path: Path) -> None:
    path = tmp_path / "hostile"
    hostile.FILES[name](path)
    (finding,) = require_refused(lab, path)["findings"]
    reason, place = REASONS[name]
    assert reason in finding["message"]
    assert place in finding["place"]
    path.unlink()


def test_random_bytes_are_refused(lab: Lab, tmp_path: Path) -> None:
    path = tmp_path / "random"
    for seed in range(20):
        dice = random.Random(seed)
        for size in (1, 100, 10_000, 300_000):
            path.write_bytes(dice.randbytes(size))
            report = bl.import_file(lab, path, account="X1", currency="CZK")
            assert report["status"] == "refused"
            assert "\n" not in report["message"]
    assert contents(lab) == {}


def test_random_bytes_behind_a_true_beginning_are_no_other_exception(lab: Lab, tmp_path: Path) -> None:
    path = tmp_path / "random"
    for number, sample in enumerate(item for item in sorted(SAMPLES.rglob("*")) if item.is_file()):
        data, dice = sample.read_bytes(), random.Random(number)
        path.write_bytes(data[: dice.randrange(len(data))] + dice.randbytes(10_000))
        report = bl.import_file(lab, path, account="X1", currency="CZK", bank="0800")
        assert "\n" not in report["message"]
        assert "reader fails" not in report["message"]
    assert broken(lab) == []


def test_xinclude_is_a_text_like_any_other(lab: Lab, tmp_path: Path) -> None:
    path = tmp_path / "include.xml"
    include = '<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="file:///etc/passwd" parse="text"/>'
    path.write_bytes(message(ENTRY.replace("text", include)))
    report = bl.import_file(lab, path)
    assert "root:" not in str(report) + str(bl.entries.arrow(lab).to_pylist())


# --- what is given as a file ---


def fifo(path: Path) -> Path:
    os.mkfifo(path)
    return path


def link(path: Path, target: str) -> Path:
    path.symlink_to(target)
    return path


def under_a_file(path: Path) -> Path:
    path.write_bytes(b"x")
    return path / "statement.sta"


NO_FILES: dict[str, Callable[[Path], Path]] = {
    "missing": lambda path: path,
    "folder": lambda path: path.parent,
    "pipe": fifo,
    "endless device": lambda _: Path("/dev/zero"),
    "terminal": lambda _: Path("/dev/tty"),
    "link to a device": lambda path: link(path, "/dev/zero"),
    "link to itself": lambda path: link(path, path.name),
    "link to nothing": lambda path: link(path, "nothing"),
    "below a file": under_a_file,
    "name too long": lambda path: path.with_name("x" * 300),
    "memory of the process": lambda _: Path("/proc/self/mem"),
}


@pytest.mark.parametrize("name", NO_FILES)
@pytest.mark.parametrize("door", [bl.import_file, bl.inspect_file])
def test_what_is_no_file_is_refused_at_once(name: str, door: Any, lab: Lab, tmp_path: Path) -> None:
    report = door(lab, NO_FILES[name](tmp_path / "given"))
    assert report["status"] == "refused"
    assert "\n" not in report["message"]
    assert "can't be read" in report["message"] or "not an ordinary file" in report["message"]
    assert contents(lab) == {}


@contextmanager
def as_nobody() -> Iterator[None]:
    """Give up root's right to read everything for a while."""
    user = os.geteuid()
    if user == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        if user == 0:
            os.seteuid(user)


def test_a_file_that_may_not_be_read_is_refused(lab: Lab, tmp_path: Path) -> None:
    path = mt940(tmp_path)
    path.chmod(0)
    with as_nobody():
        report = bl.import_file(lab, path)
    assert (report["status"], report["message"]) == ("refused", "the file can't be read: Permission denied")


def append(path: Path) -> None:
    with path.open("ab") as target:
        target.write(path.read_bytes().replace(b":28C:1/1", b":28C:2/1"))


def replace(path: Path) -> None:
    other = mt940(path.parent, "other.sta", number="2")
    other.rename(path)


CHANGES: dict[str, Callable[[Path], object]] = {
    "grows": append,
    "replaced": replace,
    "cut": lambda path: os.truncate(path, 100),
    "emptied": lambda path: os.truncate(path, 0),
    "removed": Path.unlink,
    "turned into a folder": lambda path: (path.unlink(), path.mkdir()),
    "turned into a pipe": lambda path: (path.unlink(), os.mkfifo(path)),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_file_that_changes_while_it_is_read_is_refused(name: str, lab: Lab, tmp_path: Path) -> None:
    path = mt940(tmp_path)

    def change(doing: str, _share: float | None) -> None:
        if doing.startswith("opening"):  # its hash is taken, its content is not read yet
            CHANGES[name](path)

    report = bl.import_file(lab, path, job=Job(change))
    assert report["status"] == "refused"
    assert "\n" not in report["message"]
    assert contents(lab) == {}
    assert broken(lab) == []


# --- names and texts ---

NAMES = {
    "control characters": "a\x1b[2J\x07\r\n.sta",
    "turned around": "a\u202eats.exe",
    "long": "x" * 255,
    "dash": "--help",
    "not UTF-8": os.fsdecode(b"\xff\xfe.sta"),
    "quotes": "'); DROP TABLE ops.import; --.sta",
    "markup": "<img src=x onerror=alert(1)>.sta".replace("/", ""),
    "formula": "=HYPERLINK(1).sta",
    "spaces": "  .sta",
    "dots": "...",
}


@pytest.mark.parametrize("name", NAMES)
def test_file_names_are_kept_as_they_are_and_do_nothing(
    name: str, lab: Lab, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = bl.import_file(lab, mt940(tmp_path).rename(tmp_path / NAMES[name]))
    assert report["status"] == "imported"
    (kept,) = bl.imports.arrow(lab)["file_name"].to_pylist()
    assert kept == NAMES[name].encode("utf-8", "backslashreplace").decode()
    assert broken(lab) == []
    close_all()
    assert cli.run(["imports", "--lab", str(lab.path)]) == 0
    shown = capsys.readouterr().out
    assert not set("\x1b\x07\r\u202e") & set(shown)
    assert len(shown.splitlines()) <= 3


@pytest.mark.parametrize("given", ["../../etc/passwd", "/etc/passwd", "a/b/../../../x", "..", "", "."])
def test_a_path_as_name_leads_nowhere(given: str, lab: Lab, tmp_path: Path) -> None:
    path = mt940(tmp_path)
    report = bl.import_file(lab, path, name=given)
    assert report["status"] == "imported"
    (kept,) = bl.imports.arrow(lab)["file_name"].to_pylist()
    assert "/" not in kept
    assert kept
    assert {item.name for item in tmp_path.iterdir()} == {
        path.name,
        *(item.name for item in tmp_path.glob("test.lab*")),
    }


PAYLOADS = (
    '=HYPERLINK("http://192.0.2.1/";"x")', "+cmd|' /C calc'!A0", "@SUM(1+1)", "-2+3", "'=1",
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>", "'; DROP TABLE history.entry; --", "{{ 7*7 }}", "${HOME}", "%s%n",
    "[x](javascript:1)",
    "../../etc/passwd", "a\u202eb", '"quoted", and, commas', "# heading",
)  # fmt: skip


def escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def test_payloads_in_texts_are_kept_and_never_obeyed(lab: Lab, tmp_path: Path) -> None:
    entries = "".join(
        ENTRY.replace("text", escaped(text)).replace("<Nm>A", f"<Nm>{escaped(text)}") for text in PAYLOADS
    )
    path = tmp_path / "payloads.xml"
    path.write_bytes(message(entries))
    assert bl.import_file(lab, path)["status"] == "imported"
    found = bl.entries.arrow(lab, limit=100)
    assert sorted(found["remittance"].to_pylist()) == sorted(PAYLOADS)
    assert sorted(found["counterparty_name"].to_pylist()) == sorted(PAYLOADS)
    for text in PAYLOADS:
        assert bl.entries.arrow(lab, text=text).num_rows >= 1
    assert broken(lab) == []


def test_payloads_survive_our_csv_without_becoming_formulas(lab: Lab, tmp_path: Path) -> None:
    entries = "".join(ENTRY.replace("text", escaped(text)) for text in PAYLOADS)
    path = tmp_path / "payloads.xml"
    path.write_bytes(message(entries))
    bl.import_file(lab, path)
    (account,) = bl.accounts.arrow(lab)["account"].to_pylist()
    data = bl.export_statement(lab, account, since=date(2026, 10, 1), until=date(2026, 11, 1), suffix=".csv")
    for line in data.decode().splitlines():
        for cell in line.split(","):
            assert not cell.strip('"').startswith(("=", "+", "@", "\t"))
    other = tmp_path / "again.csv"
    other.write_bytes(data)
    bl.withdraw_import(lab, 1, reason="test")
    assert bl.import_file(lab, other)["status"] == "imported"
    assert sorted(bl.entries.arrow(lab, limit=100)["remittance"].to_pylist()) == sorted(PAYLOADS)
