"""What a measurement is: samples of ours and of the peer, taken in turns, and the target they are held against."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any, Literal

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Target:
    """What is wanted.

    "speed": peer's time over ours is at least `value`; "time": ours over the peer's is at most `value`; "limit": our
    own figure is under `value`, without a peer.
    """

    kind: Literal["speed", "time", "limit"]
    value: float

    def text(self, unit: str) -> str:
        """Return the target for people."""
        if self.kind == "limit":
            return f"under {self.value:g} {unit}"
        return f"at least {self.value:g} x as fast" if self.kind == "speed" else f"at most {self.value:g} x the time"


@dataclass(frozen=True, slots=True)
class Measurement:
    """One line of the result; samples in `unit`, `peer` empty when the target is a limit."""

    mark: str
    work: str
    ours: tuple[float, ...]
    target: Target
    peer_name: str = ""
    peer: tuple[float, ...] = ()
    unit: str = "s"
    note: str = ""

    @property
    def ratio(self) -> float:
        """Return the figure that the target is about, from the medians."""
        return self._ratio(median(self.ours), median(self.peer) if self.peer else 0.0)

    @property
    def ratios(self) -> list[float]:
        """Return the figure of each round."""
        return [self._ratio(*pair) for pair in zip(self.ours, self.peer or [0.0] * len(self.ours), strict=True)]

    def _ratio(self, ours: float, peer: float) -> float:
        if self.target.kind == "limit":
            return ours
        return peer / ours if self.target.kind == "speed" else ours / peer

    @property
    def met(self) -> bool:
        """Tell whether the target is met."""
        return self.ratio >= self.target.value if self.target.kind == "speed" else self.ratio <= self.target.value


def in_turns(
    rounds: int, ours: Callable[[], float], peer: Callable[[], float]
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Run both in every round, who begins changing, and return the samples of each."""
    samples: tuple[list[float], list[float]] = ([], [])
    for number in range(rounds):
        for which in (0, 1) if number % 2 else (1, 0):
            samples[which].append((ours, peer)[which]())
    return tuple(samples[0]), tuple(samples[1])


def timed(function: Callable[[], object]) -> float:
    """Return the seconds that a call takes."""
    began = time.perf_counter()
    function()
    return time.perf_counter() - began


def task(name: str, **arguments: object) -> dict[str, Any]:
    """Run a task of tests.bench.child in a fresh process and return its result; it measures itself."""
    command = [sys.executable, "-m", "tests.bench.child", name, json.dumps(arguments, default=str)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{name} failed:\n{done.stderr[-3000:]}")
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def process(command: Sequence[str | Path], **environment: str) -> tuple[float, str]:
    """Run a command and return its wall-clock seconds, from start to end of the process, and what it printed."""
    began = time.perf_counter()
    done = subprocess.run(
        [str(part) for part in command], env=os.environ | environment, capture_output=True, text=True, check=False
    )
    seconds = time.perf_counter() - began
    if done.returncode:
        raise RuntimeError(f"{command[0]} failed: {done.stderr[-2000:]}")
    return seconds, done.stdout


def bankklient(*arguments: str | Path) -> list[str | Path]:
    """Return the command line of our own command."""
    return [Path(sys.executable).with_name("bankklient"), *arguments]
