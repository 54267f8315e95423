"""What is measured in a process of its own (tests.bench.child): readers of bank files, ours and others.

Imports come before the clock starts, for ours and for the peers alike.
"""

from __future__ import annotations

import contextlib
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

TASKS: dict[str, Callable[..., dict[str, Any]]] = {}


def a_task(function: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    """Register a task."""
    TASKS[function.__name__] = function
    return function


@a_task
def import_file(
    path: str, bank: str | None = None, currency: str | None = None, memory: bool = False
) -> dict[str, Any]:
    """Import into a new lab beside the file, by a new process that has no reader yet."""
    import bankklient_lab as bl
    from bankklient_lab.lab import created

    with tempfile.TemporaryDirectory(dir=Path(path).parent) as folder, created(Path(folder) / "new.lab") as lab:
        run = bl.import_file
        with _peak() if memory else contextlib.nullcontext([0]) as peak:
            began = time.perf_counter()
            report = run(lab, Path(path), bank=bank, currency=currency)
            seconds = time.perf_counter() - began
        assert report["status"] == "imported", report["message"]
        kept = lab.rows("SELECT count(*) FROM live_entry()")[0][0]
    assert kept == sum(statement["entries"] for statement in report["statements"])
    return {"seconds": seconds, "entries": kept, "megabytes": peak[0] / 1e6}


@a_task
def least(path: str, bank: str | None = None, currency: str | None = None) -> dict[str, Any]:
    """Time what no import can do without: reading the file, and bare DuckDB writing its entries into a file."""
    import duckdb
    import pyarrow as pa

    from bankklient_lab.formats import detect
    from bankklient_lab.formats.base import SNIFF_BYTES, Hints
    from bankklient_lab.formats.schema import Kind

    with Path(path).open("rb") as source:
        format_, _ = detect(source.read(SNIFF_BYTES))
        source.seek(0)
        began = time.perf_counter()
        parts = list(format_.read(source, Hints(bank=bank, currency=currency)))
        reading = time.perf_counter() - began
    entries = pa.Table.from_batches([part.batch for part in parts if part.kind is Kind.ENTRY])
    with tempfile.TemporaryDirectory(dir=Path(path).parent) as folder, duckdb.connect(":memory:") as con:
        con.execute(f"ATTACH '{folder}/bare.duckdb' AS bare (STORAGE_VERSION 'latest')")
        con.register("entries", entries)
        began = time.perf_counter()
        con.execute("CREATE TABLE bare.entry AS FROM entries")
        con.execute("CHECKPOINT bare")
        return {"reading": reading, "writing": time.perf_counter() - began, "entries": entries.num_rows}


@contextlib.contextmanager
def _peak() -> Iterator[list[int]]:
    """Give a list whose number is, after the block, the sum of the peaks of this process and its children in bytes."""
    import psutil

    marks: dict[int, int] = {}
    ended = threading.Event()

    def look() -> None:
        me = psutil.Process()
        for one in (me, *me.children(recursive=True)):
            with contextlib.suppress(OSError):
                for line in Path(f"/proc/{one.pid}/status").read_text("ascii").splitlines():
                    if line.startswith("VmHWM:"):
                        marks[one.pid] = int(line.split()[1]) * 1024

    def watch() -> None:
        while not ended.wait(0.05):
            look()

    total = [0]
    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield total
    finally:
        ended.set()
        watcher.join()
        look()
        total[0] = sum(marks.values())


def _clocked(function: Callable[[], int]) -> dict[str, Any]:
    began = time.perf_counter()
    entries = function()
    return {"seconds": time.perf_counter() - began, "entries": entries}


@a_task
def mt_940(path: str) -> dict[str, Any]:
    """Parse with mt-940."""
    import mt940

    return _clocked(lambda: len(mt940.parse(path)))


@a_task
def lxml_parse(path: str) -> dict[str, Any]:
    """Make lxml's tree and nothing more; the entries are counted after the clock has stopped."""
    from lxml import etree

    began = time.perf_counter()
    tree = etree.parse(path, etree.XMLParser(huge_tree=True))
    seconds = time.perf_counter() - began
    return {"seconds": seconds, "entries": sum(1 for _ in tree.iter("{*}Ntry"))}


@a_task
def bai2_parse(path: str) -> dict[str, Any]:
    """Parse with bai2."""
    from bai2 import bai2

    def parse() -> int:
        with open(path, encoding="ascii") as source:  # noqa: PTH123 - as the package's page shows it
            file = bai2.parse_from_file(source)
        return sum(len(account.children) for group in file.children for account in group.children)

    return _clocked(parse)


@a_task
def ofx_parse(path: str) -> dict[str, Any]:
    """Parse with ofxparse."""
    from ofxparse import OfxParser

    def parse() -> int:
        with open(path, "rb") as source:  # noqa: PTH123 - as the package's page shows it
            ofx = OfxParser.parse(source)
        return sum(len(account.statement.transactions) for account in ofx.accounts)

    return _clocked(parse)


@a_task
def gpc_slices(path: str) -> dict[str, Any]:
    """Cut every field out of the lines, with amounts, days and texts: the plainest reader that one writes in Python."""
    from datetime import datetime
    from decimal import Decimal

    def day(text: str) -> object:
        return datetime.strptime(text, "%d%m%y").date()

    def parse() -> int:
        entries: list[dict[str, object]] = []
        with open(path, encoding="cp1250") as source:  # noqa: PTH123 - the plainest way
            for line in source:
                kind = line[:3]
                if kind == "075":
                    amount = Decimal(line[48:60]) / 100
                    entries.append(
                        {
                            "account": line[3:19], "counterparty": line[19:35], "number": line[35:48].strip(),
                            "amount": -amount if line[60] in "14" else amount,
                            "variable_symbol": line[61:71].lstrip("0"), "bank": line[73:77],
                            "constant_symbol": line[77:81].lstrip("0"), "specific_symbol": line[81:91].lstrip("0"),
                            "value_day": None if line[91:97] == "000000" or not line[91:97].strip() else line[91:97],
                            "name": line[97:117].strip(), "day": day(line[122:128]), "texts": [],
                        }
                    )  # fmt: skip
                elif kind in ("078", "079"):
                    entries[-1]["texts"].append(line[3:].rstrip())  # type: ignore[attr-defined]
        return len(entries)

    return _clocked(parse)


@a_task
def duckdb_csv(path: str) -> dict[str, Any]:
    """Read the CSV with DuckDB alone, into a table in memory."""
    import duckdb

    con = duckdb.connect(":memory:")

    def read() -> int:
        con.execute("CREATE TABLE read AS FROM read_csv(?)", [path])
        return int(con.execute("SELECT count(*) FROM read WHERE record = 'entry'").fetchone()[0])  # type: ignore[index]

    return _clocked(read)
