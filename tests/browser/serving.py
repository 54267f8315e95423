"""Serve a lab of several users in a process of its own, as `bankklient serve` does: FILE PORT."""

from __future__ import annotations

import sys
import threading
from pathlib import Path

from bankklient_lab.dashboards.app import start
from bankklient_lab.lab import open_here

if __name__ == "__main__":
    with open_here(Path(sys.argv[1])) as lab:
        server = start(lab, port=int(sys.argv[2]))
        sys.stdout.write(f"{server.port}\n")
        sys.stdout.flush()
        threading.Event().wait()
