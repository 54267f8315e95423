"""Runs victims as processes of their own."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from tests.faults import victims

ROOT = Path(__file__).parents[2]


def run(work: str, *arguments: object, seconds: float | None = None) -> tuple[list[list[Any]], float]:
    """Run a victim, killed after so many seconds if any; return what it acknowledged and how long it took."""
    command = [sys.executable, "-m", victims.__name__, work, *map(str, arguments)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b'["ready"]\n'
        began = time.monotonic()
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
        lines = process.stdout.read().splitlines()
    assert process.returncode in (0, -signal.SIGKILL)
    return [json.loads(line) for line in lines], time.monotonic() - began
