"""What the tests kill: a process that confirms all orders of a lab at once.

`python -m tests.orders.killed LAB` says "ready" when everything is loaded, and "done" after the confirmation.
"""

from __future__ import annotations

import sys
from pathlib import Path

from bankklient_lab.lab import open_here
from bankklient_lab.orders.confirmation import confirm_orders

if __name__ == "__main__":
    with open_here(Path(sys.argv[1])) as opened:
        orders = [order_id for (order_id,) in opened.rows("SELECT order_id FROM ops.domestic_order ORDER BY 1")]
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        confirm_orders(opened, orders)
        sys.stdout.write("done\n")
        sys.stdout.flush()
        sys.stdin.read()
