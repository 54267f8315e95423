"""`python -m tests.bench`: measure and write docs/benchmarks.md; see `--help` for sizes."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.bench import analysis, browser, command, days, document, load, orders, reading, received, reports
from tests.bench.business import Size
from tests.bench.labs import make_lab
from tests.bench.measure import ROOT, Measurement

MARKS = ("A1", "A2", "A3", "A4", "A5", "A6", "A7", "A8", "A9", "B1", "C1", "C2", "D1", "D2")


@dataclass(frozen=True, slots=True)
class AtWork:
    """Who works on a served lab at once."""

    clients: int
    sessions: int  # of browsers
    seconds: float


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much is measured."""

    file_entries: int
    memory_megabytes: tuple[int, ...]
    lab_entries: tuple[int, ...]  # smallest first; commands and reports take the first
    browser_entries: int  # one of them
    browser_changes: int
    sheet_rows: int
    statements: int
    rounds: int  # of what takes milliseconds
    slow_rounds: int  # of what takes seconds
    at_work: AtWork
    orders: int  # saved one by one
    file_orders: int
    batch_orders: int
    day_orders: tuple[int, ...]


FULL = Sizes(
    200_000,
    (300, 1_000),
    (1_000_000, 10_000_000),
    10_000_000,
    20,
    200_000,
    1_000,
    7,
    3,
    AtWork(20, 10, 60),
    100,
    1_000_000,
    100_000,
    (1_000, 10_000, 100_000),
)
LARGE = Sizes(
    200_000,
    (100, 300, 1_000, 2_000),
    (1_000_000, 10_000_000, 50_000_000),
    10_000_000,
    20,
    200_000,
    1_000,
    7,
    3,
    AtWork(20, 10, 60),
    100,
    1_000_000,
    100_000,
    (1_000, 10_000, 100_000),
)
QUICK = Sizes(500, (1,), (2_400,), 2_400, 1, 200, 4, 1, 1, AtWork(4, 2, 3), 5, 3_000, 20, (10, 20))


def measured(folder: Path, sizes: Sizes, marks: Sequence[str]) -> Iterator[Measurement]:
    """Measure what `marks` name, in order."""
    for mark in ("A1", "A2", "A3"):
        if mark in marks:
            yield from reading.against_readers(folder, mark, entries=sizes.file_entries, rounds=sizes.slow_rounds)
        if mark == "A2" and mark in marks:
            yield from reading.several_files(folder, entries=sizes.file_entries // 4, rounds=sizes.slow_rounds)
    if "A4" in marks:
        yield from reading.memory(folder, megabytes=sizes.memory_megabytes)
    labs: dict[int, Path] = {}
    if {"A5", "A6", "A7", "A8", "B1"}.intersection(marks):
        wanted = sizes.lab_entries if {"A5", "A7"}.intersection(marks) else sizes.lab_entries[:1]
        labs = {entries: make_lab(folder / f"{entries}.lab", Size(entries)) for entries in wanted}
    if "A5" in marks:
        yield from analysis.against_sql(labs, rounds=sizes.rounds)
    if "A6" in marks:
        entries, lab = next(iter(labs.items()))
        yield from command.against_ledger(lab, entries=entries, rounds=sizes.slow_rounds)
        yield from command.start(sizes.rounds)
    if "A7" in marks:
        entries = sizes.browser_entries
        lab, rounds = labs[entries], sizes.slow_rounds
        yield from browser.in_chromium(lab, entries=entries, rounds=rounds, changes=sizes.browser_changes)
    if "A8" in marks:
        yield from reports.pdf(next(iter(labs.values())), statements=sizes.statements, rounds=sizes.slow_rounds)
    if "A9" in marks:
        yield from reports.excel(rows=sizes.sheet_rows, rounds=sizes.slow_rounds)
    if "B1" in marks:
        entries, lab = next(iter(labs.items()))
        who = sizes.at_work
        yield from load.many_at_work(
            lab, entries=entries, clients=who.clients, sessions=who.sessions, seconds=who.seconds
        )
    if "C1" in marks:
        yield from received.against_duckdb(folder, orders=sizes.file_orders, rounds=sizes.slow_rounds)
    if "C2" in marks:
        yield from orders.saved_from_a_form(folder, orders=sizes.orders, rounds=sizes.slow_rounds)
    if "D1" in marks:
        yield from days.made_into_batches(folder, orders=sizes.batch_orders, rounds=sizes.slow_rounds)
    if "D2" in marks:
        yield from days.whole_days(folder, sizes=sizes.day_orders)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print each line as it comes, and write the page when everything was measured in full."""
    options = _options().parse_args(arguments)
    sizes = QUICK if options.quick else LARGE if options.large else FULL
    marks = tuple(options.only.split(",")) if options.only else MARKS
    load, began = os.getloadavg()[0], time.monotonic()
    results: list[Measurement] = []
    with tempfile.TemporaryDirectory(prefix="bench-", dir=options.folder) as folder:
        for measurement in measured(Path(folder), sizes, marks):
            results.append(measurement)
            sys.stdout.write(document.line(measurement) + "\n")
            sys.stdout.flush()
    page = document.document(results, (load, os.getloadavg()[0]), (time.monotonic() - began) / 60)
    if options.output:
        options.output.write_text(page, "utf-8")
    elif not (options.quick or options.only):
        (ROOT / "docs" / "benchmarks.md").write_text(page, "utf-8")


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--quick", action="store_true", help="small sizes, to see that everything runs; writes no page")
    size.add_argument("--large", action="store_true", help="also 50,000,000 entries and files of 1 and 2 GB")
    parser.add_argument("--only", help=f"marks to measure, of {','.join(MARKS)}; writes no page")
    parser.add_argument("--output", type=Path, help="write the page here, whatever was measured")
    parser.add_argument("--folder", type=Path, help="where files and labs are made; that of the system when not given")
    return parser


if __name__ == "__main__":
    main()
