"""A1 to A4: bank files to committed rows, beside the readers of others; memory of growing files."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.bench.files import GPC_BANK, write_file
from tests.bench.measure import Measurement, Target, bankklient, in_turns, process, task


@dataclass(frozen=True, slots=True)
class _Peer:
    mark: str
    format_name: str
    name: str
    task: str
    target: Target
    share: float = 1.0  # of the entries: slow peers get a shorter file


_PEERS = (
    _Peer("A1", "mt940", "mt-940, parsing only", "mt_940", Target("speed", 8)),
    _Peer("A2", "camt.053", "lxml, making the tree only", "lxml_parse", Target("speed", 0.20)),
    _Peer("A3", "gpc", "plain slicing of lines in Python, parsing only", "gpc_slices", Target("speed", 10)),
    _Peer("A3", "bai2", "bai2, parsing only", "bai2_parse", Target("speed", 10)),
    _Peer("A3", "ofx", "ofxparse, parsing only", "ofx_parse", Target("speed", 10), share=0.125),
    _Peer("A3", "csv", "DuckDB read_csv into memory", "duckdb_csv", Target("time", 4)),
)


def against_readers(folder: Path, mark: str, *, entries: int, rounds: int) -> Iterator[Measurement]:
    """Measure A1, A2 or A3: each file by a fresh process, ours with the start of its reader process."""
    for peer in _PEERS:
        if peer.mark != mark:
            continue
        path = write_file(folder, peer.format_name, int(entries * peer.share))
        path.read_bytes()  # both find it in the page cache
        hints = {"bank": GPC_BANK, "currency": "CZK"} if peer.format_name == "gpc" else {}
        counts: set[int] = set()

        def ours(path: Path = path, hints: dict[str, str] = hints, counts: set[int] = counts) -> float:
            return _noted(task("import_file", path=path, **hints), counts)

        def theirs(path: Path = path, name: str = peer.task, counts: set[int] = counts) -> float:
            return _noted(task(name, path=path), counts)

        samples, peers = in_turns(rounds, ours, theirs)
        least = task("least", path=path, **hints)
        counts.add(least["entries"])
        assert len(counts) == 1, f"{peer.name} and we disagree on the entries of {path.name}: {counts}"
        work = f"{peer.format_name}, {counts.pop():,} entries, {path.stat().st_size / 1e6:.0f} MB, to committed rows"
        note = f"reading alone {least['reading']:.2f} s, bare DuckDB writing its rows {least['writing']:.2f} s"
        yield Measurement(peer.mark, work, samples, peer.target, peer.name, peers, note=note)
        path.unlink()


def _noted(result: dict[str, Any], counts: set[int]) -> float:
    counts.add(result["entries"])
    return float(result["seconds"])


def several_files(folder: Path, *, entries: int, rounds: int) -> Iterator[Measurement]:
    """Measure four camt.053 files by one command on all cores beside the same command held on one core."""
    paths = [_renamed(write_file(folder, "camt.053", entries, accounts=number + 2)) for number in range(4)]
    one_core = ["taskset", "--cpu-list", str(min(os.sched_getaffinity(0)))]

    def imported(prefix: list[str]) -> float:
        lab = folder / "several.lab"
        process(bankklient("init", lab))
        seconds, _ = process([*prefix, *bankklient("import", *paths)], BANKKLIENT_LAB=str(lab))
        lab.unlink()
        return seconds

    ours, peer = in_turns(rounds, lambda: imported([]), lambda: imported(one_core))
    size = sum(path.stat().st_size for path in paths) / 1e6
    work = f"camt.053, 4 files, {4 * entries:,} entries, {size:.0f} MB, whole command"
    yield Measurement("A2", work, ours, Target("speed", 1.3), "the same command on one core", peer)
    for path in paths:
        path.unlink()


def _renamed(path: Path) -> Path:
    return path.rename(path.with_name(f"several-{path.name}"))


BYTES_AN_ENTRY = {"mt940": 196, "camt.053": 778}  # of the files made here


def memory(folder: Path, *, megabytes: tuple[int, ...]) -> Iterator[Measurement]:
    """Measure A4: the highest resident sizes of the owner and its reader process, added up."""
    for format_name, size in BYTES_AN_ENTRY.items():
        for wanted in megabytes:
            path = write_file(folder, format_name, wanted * 1_000_000 // size)
            result = task("import_file", path=path, memory=True)
            rate = path.stat().st_size / 1e6 / result["seconds"]
            work = (
                f"{format_name}, {path.stat().st_size / 1e6:,.0f} MB, {result['entries']:,} entries, to committed rows"
            )
            note = f"{result['seconds']:.0f} s, {rate:.0f} MB/s"
            yield Measurement("A4", work, (result["megabytes"],), Target("limit", 900), unit="MB", note=note)
            path.unlink()
