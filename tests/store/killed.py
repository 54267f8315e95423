"""Work on a lab in a process of its own that kills itself before its n-th step.

A step is a change of names in the file system or a statement to DuckDB. Run as
`python -m tests.store.killed WORK N LAB ARGUMENT`; it prints how many steps there were when it comes to its end.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from datetime import date
from pathlib import Path
from types import FrameType

from bankklient_lab.history.backups import rotate_backup
from bankklient_lab.history.reduction import delete_archived, reduce_history
from bankklient_lab.lab import Lab, open_here

EVENTS = frozenset({"os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.link", "subprocess.Popen"})
ROOT = Path(__file__).parents[2]
KILLED, NEVER = -1, -1


def rotate(lab: Lab, argument: str) -> None:
    """Make a security backup in a folder."""
    rotate_backup(lab, argument)


def reduce(lab: Lab, argument: str) -> None:
    """Move what ends before a day into the archive."""
    reduce_history(lab, date.fromisoformat(argument))


def delete(lab: Lab, argument: str) -> None:
    """Delete an archive for good."""
    delete_archived(lab, int(argument))


WORK = {"rotate": (rotate, False), "reduce": (reduce, True), "delete": (delete, True)}


def run(work: str, fatal: int, lab: Path, argument: object) -> int:
    """Do the work, killed before the step number `fatal` (from 0): KILLED; else return how many steps there were."""
    command = [sys.executable, "-m", __name__, work, str(fatal), str(lab), str(argument)]
    done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)
    if done.returncode == -signal.SIGKILL:
        return KILLED
    assert done.returncode == 0, done.stderr
    return int(done.stdout)


class Steps:
    """Counts the steps and ends the process before the fatal one."""

    def __init__(self, fatal: int) -> None:
        self._fatal = fatal
        self.seen = 0

    def step(self) -> None:
        if self.seen == self._fatal:
            os.kill(os.getpid(), signal.SIGKILL)
        self.seen += 1

    def audit(self, event: str, _arguments: object) -> None:
        if event in EVENTS:
            self.step()

    def profile(self, _frame: FrameType, event: str, argument: object) -> None:
        if event == "c_call" and getattr(argument, "__name__", "") == "execute":
            self.step()


def main(work: str, fatal: int, path: str, argument: str) -> None:
    """Do the work."""
    steps = Steps(fatal)
    function, statements = WORK[work]
    with open_here(Path(path)) as lab:
        sys.addaudithook(steps.audit)
        if statements:
            sys.setprofile(steps.profile)
        function(lab, argument)
        sys.setprofile(None)
        seen = steps.seen
    sys.stdout.write(str(seen))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4])
