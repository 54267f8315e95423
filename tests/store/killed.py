"""Work on a lab in a process of its own that kills itself before its n-th change of names in the file system.

Run as `python -m tests.store.killed WORK N LAB FOLDER`; it prints how many there were when it comes to its end.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from bankklient_lab.lab import Lab, open_here

EVENTS = frozenset({"os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.link", "subprocess.Popen"})
ROOT = Path(__file__).parents[2]


def rotate(lab: Lab, folder: str) -> None:
    """Make a security backup."""
    from bankklient_lab.history.backups import rotate_backup

    rotate_backup(lab, folder)


WORK = {"rotate": rotate}


def run(work: str, fatal: int, lab: Path, folder: Path) -> int:
    """Do the work, killed before the change number `fatal` (from 0): -1; return how many there were if it ended."""
    command = [sys.executable, "-m", __name__, work, str(fatal), str(lab), str(folder)]
    done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)
    if done.returncode == -signal.SIGKILL:
        return -1
    assert done.returncode == 0, done.stderr
    return int(done.stdout)


def main(work: str, fatal: int, path: str, folder: str) -> None:
    """Do the work."""
    seen = 0

    def count(event: str, _arguments: object) -> None:
        nonlocal seen
        if event in EVENTS:
            if seen == fatal:
                os.kill(os.getpid(), signal.SIGKILL)
            seen += 1

    with open_here(Path(path)) as lab:
        sys.addaudithook(count)
        WORK[work](lab, folder)
        found = seen
    sys.stdout.write(str(found))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4])
