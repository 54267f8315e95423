"""Write docs/spec-status.md: which lines of the specification are named by tests. `make docs`."""

from __future__ import annotations

import ast
import csv
import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from tests import spec  # noqa: E402  (the specification's lines are read in one place)

PAGE = ROOT / "docs" / "spec-status.md"
REASONS = ROOT / "tests" / "spec_reasons.csv"
NUMBER = re.compile(r"[A-Z]{2,3}-\d{3}")
HEAD = """# What tests prove of the specification

<!-- Made by `make docs` from the tests; change it there. -->

A line counts as proved when a test names it with `@pytest.mark.spec(...)`. Where it is not, `tests/spec_reasons.csv`
may say why; areas without a proved line and without a reason are not built yet.
"""


def marked(tree: ast.Module) -> Iterator[str]:
    """Yield the lines that `pytest.mark.spec(...)` names anywhere in a module, itself or out of a table there."""
    tables = {
        ast.unparse(target): statement.value
        for statement in tree.body
        if isinstance(statement, (ast.Assign, ast.AnnAssign)) and statement.value is not None
        for target in (statement.targets if isinstance(statement, ast.Assign) else [statement.target])
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "pytest.mark.spec":
            named = [tables.get(one.id) for one in ast.walk(node) if isinstance(one, ast.Name)]
            for part in (node, *(table for table in named if table is not None)):
                yield from (text for text in _texts(part) if NUMBER.fullmatch(text))


def _texts(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def reasons() -> dict[str, str]:
    """Return why lines are not proved; a row of the file is for one line or for a range, "ADM-245..ADM-249"."""
    found = {}
    with REASONS.open(encoding="utf-8", newline="") as source:
        for row in csv.DictReader(source):
            first, _, last = row["lines"].partition("..")
            area, _, lowest = first.partition("-")
            wanted = {f"{area}-{number:03}" for number in range(int(lowest), int((last or first)[-3:]) + 1)}
            found.update(dict.fromkeys(wanted & spec.lines().keys(), row["reason"]))
    return found


def proofs() -> dict[str, set[str]]:
    """Return the test files that name each line."""
    found: dict[str, set[str]] = defaultdict(set)
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        for line in marked(ast.parse(path.read_text("utf-8"))):
            found[line].add(path.relative_to(ROOT).as_posix())
    return found


def page() -> str:
    """Return the whole page."""
    proved, explained = proofs(), reasons()
    overview = ["| area | lines | proved | explained |", "|---|---|---|---|"]
    sections = []
    for path in spec.areas():
        lines = [number for number, _ in spec.lines_of(path)]
        named = [number for number in lines if number in proved]
        why = [number for number in lines if number in explained and number not in proved]
        title = path.read_text("utf-8").partition("\n")[0].lstrip("# ")
        overview.append(f"| [{title}](spec/{path.name}) | {len(lines)} | {len(named)} | {len(why)} |")
        if named or why:
            sections += [f"## {title}", ""]
        if named:
            rows = [f"| {number} | {', '.join(_link(test) for test in sorted(proved[number]))} |" for number in named]
            sections += ["| line | tests |", "|---|---|", *rows, ""]
        if why:
            rows = [f"| {', '.join(group)} | {reason} |" for reason, group in _grouped(why, explained)]
            sections += ["| not proved | why |", "|---|---|", *rows, ""]
    return "\n".join([HEAD, *overview, "", *sections])


def _grouped(numbers: list[str], explained: dict[str, str]) -> Iterator[tuple[str, list[str]]]:
    """Yield neighbours with one reason."""
    for reason, group in groupby(numbers, key=lambda number: explained[number]):
        yield reason, list(group)


def _link(test: str) -> str:
    return f"[{test.removeprefix('tests/')}](../{test})"


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
