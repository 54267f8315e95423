"""What the tests kill: a process that balances all orders of a lab.

`python -m tests.balancing.killed LAB` says "ready" when everything is loaded, and "done" after the balancing.
"""

from __future__ import annotations

import sys
from pathlib import Path

from bankklient_lab.lab import open_here
from tests.balancing.labs import a_signer, balanced
from tests.clocks import NOON

if __name__ == "__main__":
    with open_here(Path(sys.argv[1]), clock=lambda: NOON) as opened:
        signer = a_signer()
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        balanced(opened, signer)
        sys.stdout.write("done\n")
        sys.stdout.flush()
        sys.stdin.read()
