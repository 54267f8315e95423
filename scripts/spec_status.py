"""Write docs/spec-status.md: which lines of the specification are named by tests. `make docs`."""

from __future__ import annotations

import ast
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from tests import spec  # noqa: E402  (the specification's lines are read in one place)

PAGE = ROOT / "docs" / "spec-status.md"
HEAD = """# What tests prove of the specification

<!-- Made by `make docs` from the tests; change it there. -->

A line counts as proved when a test names it with `@pytest.mark.spec(...)`. Areas without a proved line
are not built yet.
"""


def marked(tree: ast.AST) -> Iterator[str]:
    """Yield the lines that `pytest.mark.spec(...)` names anywhere in a module."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "pytest.mark.spec":
            yield from (str(ast.literal_eval(argument)) for argument in node.args)


def proofs() -> dict[str, set[str]]:
    """Return the test files that name each line."""
    found: dict[str, set[str]] = defaultdict(set)
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        for line in marked(ast.parse(path.read_text("utf-8"))):
            found[line].add(path.relative_to(ROOT).as_posix())
    return found


def page() -> str:
    """Return the whole page."""
    proved = proofs()
    overview = ["| area | lines | proved |", "|---|---|---|"]
    sections = []
    for path in spec.areas():
        lines = spec.lines_of(path)
        named = [number for number, _ in lines if number in proved]
        title = path.read_text("utf-8").partition("\n")[0].lstrip("# ")
        overview.append(f"| [{title}](spec/{path.name}) | {len(lines)} | {len(named)} |")
        if named:
            rows = [f"| {number} | {', '.join(_link(test) for test in sorted(proved[number]))} |" for number in named]
            sections += [f"## {title}", "", "| line | tests |", "|---|---|", *rows, ""]
    return "\n".join([HEAD, *overview, "", *sections])


def _link(test: str) -> str:
    return f"[{test.removeprefix('tests/')}](../{test})"


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
