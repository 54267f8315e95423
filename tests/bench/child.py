"""`python -m tests.bench.child TASK ARGUMENTS(JSON)` runs one task and prints its result as JSON."""

from __future__ import annotations

import json
import sys

from tests.bench import analysis, browser, load, received, reports  # noqa: F401 - they register their tasks
from tests.bench.tasks import TASKS


def main() -> None:
    """Run one task."""
    name, arguments = sys.argv[1:3]
    sys.stdout.write(json.dumps(TASKS[name](**json.loads(arguments))) + "\n")


if __name__ == "__main__":
    main()
