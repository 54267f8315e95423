"""docs/benchmarks.md: what was measured, on what, and whether it is enough."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from collections.abc import Sequence
from datetime import date
from importlib.metadata import version
from pathlib import Path
from statistics import median

from tests.bench.measure import Measurement

PACKAGES = (
    "bankklient_lab", "duckdb", "pyarrow", "pandas", "lxml", "mt-940", "bai2", "ofxparse",
    "typst", "xlsxwriter", "panel", "playwright",
)  # fmt: skip
_WHY = Path(__file__).with_name("why.md")  # written by people
_HEAD = """# Benchmarks

Written by `make bench` in one run: ours and the peer named do the same work in turns on the same machine, who
begins changing from round to round. A figure is the median of several rounds with the least and the greatest in
brackets; the ratio is that of the medians, with the ratios of the single rounds in brackets. An absolute time tells of
the machine only. Files and labs are made up by `tests/bench`, the same at every run; before the clock starts each file
has been read once and both sides' modules are imported. Both sides' results are compared: numbers of entries, balances,
whole tables, the bytes of a PDF.
"""


def document(measurements: Sequence[Measurement], load: tuple[float, float], minutes: float) -> str:
    """Return the page; `load` is the load average (1 minute) before and after the run."""
    met = sum(measurement.met for measurement in measurements)
    lines = [_HEAD, *_machine(load, minutes), ""]
    lines += [f"{met} of {len(measurements)} targets are met.", ""]
    lines += ["| mark | work | ours | peer | ratio | target | met |", "|---|---|---|---|---|---|---|"]
    lines += [line(measurement) for measurement in measurements]
    return "\n".join(lines) + "\n" + _WHY.read_text("utf-8")


def line(measurement: Measurement) -> str:
    """Return a row of the table."""
    unit = measurement.unit
    work = f"{measurement.work} ({measurement.note})" if measurement.note else measurement.work
    peer = f"{measurement.peer_name}: {_figures(measurement.peer)} {unit}" if measurement.peer else "–"
    ratio = f"{_figures(measurement.ratios, measurement.ratio)} x" if measurement.peer else "–"
    cells = (measurement.mark, work, f"{_figures(measurement.ours)} {unit}", peer, ratio, measurement.target.text(unit))
    return f"| {' | '.join(cells)} | {'yes' if measurement.met else '**no**'} |"


def _figures(samples: Sequence[float], middle: float | None = None) -> str:
    value = _short(median(samples) if middle is None else middle)
    return f"{value} ({_short(min(samples))}–{_short(max(samples))})" if len(samples) > 1 else value


def _short(value: float) -> str:
    """Return three digits that count, never an exponent."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.2f}" if value >= 1 else f"{value:.3g}"


def _machine(load: tuple[float, float], minutes: float) -> list[str]:
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
    versions = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    return [
        f"- Date: {date.today().isoformat()}, {minutes:.0f} minutes",
        f"- Machine: {_processor()}, {len(os.sched_getaffinity(0))} cores, {memory:.0f} GiB, "
        f"{platform.system()} {platform.release()}",
        f"- Load average of the minute before: {load[0]:.1f}, at the end: {load[1]:.1f}; the run itself makes 1 to 2",
        f"- Python {platform.python_version()}, {versions}{_ledger()}",
    ]


def _processor() -> str:
    for row in Path("/proc/cpuinfo").read_text("utf-8").splitlines():
        if row.startswith("model name"):
            return row.partition(":")[2].strip()
    return platform.machine()


def _ledger() -> str:
    program = shutil.which("ledger")
    if program is None:
        return ""
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout
    return f", {said.partition(',')[0].lower()}"
