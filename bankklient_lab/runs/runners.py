"""Which process carries a run out, told so that it is never taken for another one."""

from __future__ import annotations

import os


def this_runner() -> str:
    """Return the name of this process: its number and the moment it began."""
    return _runner(os.getpid())


def runs_still(runner: str | None) -> bool:
    """Tell whether the process of that name still lives on this machine."""
    import psutil

    pid = (runner or "").partition("@")[0]
    try:
        return (
            pid.isdigit() and _runner(int(pid)) == runner and psutil.Process(int(pid)).status() != psutil.STATUS_ZOMBIE
        )
    except psutil.NoSuchProcess:
        return False


def _runner(pid: int) -> str:
    import psutil

    return f"{pid}@{psutil.Process(pid).create_time():.2f}"
