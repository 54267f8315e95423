"""A process that owns a lab and answers calls until it is killed: what stands behind `bankklient serve`, without pages.

`python -m tests.faults.engine LAB` says "ready" once others can call.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from bankklient_lab.opening import connect
from bankklient_lab.rights.identity import Credentials
from bankklient_lab.store.owner import current_owner

if __name__ == "__main__":
    path = Path(sys.argv[1])
    with connect(path, credentials=Credentials(), share_after=0.0, serving=True) as lab:
        while not ((card := current_owner(path)) and card.address):
            time.sleep(0.005)
        print("ready", "panel" in sys.modules, flush=True)
        sys.stdin.read()
