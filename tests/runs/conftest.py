"""A lab without entries, for the machinery of runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.runs.books import empty_lab


@pytest.fixture
def lab_file(tmp_path: Path) -> Path:
    """Return the file of a new lab that no process holds."""
    return empty_lab(tmp_path)
