"""The corpus of real bank files for tests, and the figures that an independent reader found in them.

The folder is named by the environment variable BANKKLIENT_CORPUS. Without it every function here gives
nothing and tests pass on the project's own samples in tests/samples; the head of the test report says
which it was.
"""

from __future__ import annotations

import csv
import os
import re
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import NamedTuple

SAMPLES = Path(__file__).parent / "samples"
ADDS_UP = re.compile(r"adds up: (?P<answers>.*)$")


class Expected(NamedTuple):
    """One statement of expected.csv; None where the file gives nothing for it.

    Amounts are signed, credit positive, except the sums, which are unsigned. `adds_up` tells whether opening
    plus entries is closing (None: not applicable), `how_obtained` who read the figures and how.
    """

    entries: int | None
    opening: Decimal | None
    closing: Decimal | None
    sum_credit: Decimal | None
    sum_debit: Decimal | None
    currency: str | None
    adds_up: bool | None
    how_obtained: str


def corpus() -> Path | None:
    """Return the folder of the corpus, None when BANKKLIENT_CORPUS is not set."""
    folder = os.environ.get("BANKKLIENT_CORPUS")
    if not folder:
        return None
    path = Path(folder)
    assert (path / "expected.csv").is_file(), f"BANKKLIENT_CORPUS names {path}, which has no expected.csv"
    return path


def corpus_files(folder: str) -> list[Path]:
    """Return the files of one folder of the corpus ("mt940", "camt053"), by name; none without a corpus."""
    root = corpus()
    if root is None:
        return []
    assert (root / folder).is_dir(), f"the corpus has no folder {folder!r}"
    return sorted(path for path in (root / folder).rglob("*") if path.is_file())


def sample_files(folder: str) -> list[Path]:
    """Return the project's own samples of one format, sorted by name."""
    return sorted(path for path in (SAMPLES / folder).glob("*") if path.is_file())


@cache
def expected() -> dict[str, list[Expected]]:
    """Return the expected statements of each file by its path ("mt940/x.sta"); empty without a corpus."""
    root = corpus()
    if root is None:
        return {}
    with (root / "expected.csv").open(encoding="utf-8", newline="") as rows:
        return {row["path"]: _statements(row) for row in csv.DictReader(rows)}


def expected_of(path: Path) -> list[Expected] | None:
    """Return the expected statements of a file of the corpus, None when expected.csv does not list it."""
    root = corpus()
    return None if root is None else expected().get(path.relative_to(root).as_posix())


def _statements(row: dict[str, str]) -> list[Expected]:
    count = int(row["statements"])
    columns = {name: _per_statement(row[name], count) for name in row}
    found = ADDS_UP.search(row["how_obtained"])
    answers = _per_statement(found["answers"], count) if found else [""] * count
    return [
        Expected(
            entries=int(columns["entries"][at]) if columns["entries"][at] else None,
            opening=_amount(columns["opening"][at]),
            closing=_amount(columns["closing"][at]),
            sum_credit=_amount(columns["sum_credit"][at]),
            sum_debit=_amount(columns["sum_debit"][at]),
            currency=_currency(row["currency"], columns["currency"][at]),
            adds_up=None if answers[at] in ("", "n/a") else answers[at] == "yes",
            how_obtained=row["how_obtained"],
        )
        for at in range(count)
    ]


def _per_statement(cell: str, count: int) -> list[str]:
    """Split a cell; one that gives another number of values tells nothing about single statements."""
    values = cell.split("|")
    return values if len(values) == count else [""] * count


def _currency(cell: str, own: str) -> str | None:
    """Return the statement's currency; a cell with one value holds for every statement."""
    return own or (cell if "|" not in cell else "") or None


def _amount(text: str) -> Decimal | None:
    return Decimal(text) if text else None
