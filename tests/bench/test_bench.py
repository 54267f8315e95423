"""The measuring itself: everything runs at small sizes, and a page says what was found."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bench.__main__ import MARKS, main
from tests.bench.document import document
from tests.bench.measure import Measurement, Target, in_turns


def test_everything_is_measured(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = tmp_path / "benchmarks.md"
    main(["--quick", "--output", str(page), "--folder", str(tmp_path)])
    text = page.read_text("utf-8")
    rows = [line for line in text.splitlines() if line.startswith(("| A", "| B", "| C", "| D"))]
    assert {row.split(" | ")[0].removeprefix("| ") for row in rows} == set(MARKS)
    assert "duckdb" in text
    assert "cores" in text
    assert capsys.readouterr().out.splitlines() == rows
    assert [path.name for path in tmp_path.iterdir()] == [page.name]


@pytest.mark.parametrize(
    ("target", "ratio", "met"),
    [
        (Target("speed", 4), 4.0, True),
        (Target("speed", 4.1), 4.0, False),
        (Target("time", 0.25), 0.25, True),
        (Target("time", 0.2), 0.25, False),
        (Target("limit", 1), 2.0, False),
        (Target("limit", 3), 2.0, True),
    ],
)
def test_a_target_is_met_at_its_value(target: Target, ratio: float, met: bool) -> None:
    peer = () if target.kind == "limit" else (8.0, 8.0, 9.0)
    measurement = Measurement("A1", "work", (2.0, 1.0, 3.0), target, "peer", peer)
    assert measurement.ratio == ratio
    assert measurement.met is met
    assert ("| yes |" if met else "| **no** |") in document([measurement], (0.0, 0.0), 1.0)


def test_who_begins_changes_from_round_to_round() -> None:
    order: list[str] = []

    def called(name: str) -> float:
        order.append(name)
        return 1.0

    assert in_turns(3, lambda: called("ours"), lambda: called("peer")) == ((1.0,) * 3, (1.0,) * 3)
    assert order == ["peer", "ours", "ours", "peer", "peer", "ours"]
