"""A process that owns a lab as a notebook would: it opens the lab, says so, and keeps it until its input ends."""

from __future__ import annotations

import sys

import bankklient_lab as bl

if __name__ == "__main__":
    with bl.open(sys.argv[1], user="owner"):
        print("open", flush=True)
        sys.stdin.read()
