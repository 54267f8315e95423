"""A process that owns a lab until its standard input ends."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_CODE = (
    "import sys, bankklient_lab as bl\nwith bl.open(sys.argv[1]):\n    print('owned', flush=True)\n    sys.stdin.read()"
)


@contextmanager
def owning(lab: Path) -> Iterator[int]:
    """Let another process own the lab; gives its number."""
    with subprocess.Popen(
        [sys.executable, "-c", _CODE, str(lab)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "owned\n"
        try:
            yield process.pid
        finally:
            process.communicate()
