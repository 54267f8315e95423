"""Small notebooks and labs for the tests of runs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import nbformat

import bankklient_lab as bl
from bankklient_lab.lab import Lab, created
from bankklient_lab.runs.notebooks import register_notebooks

OPENING = "import bankklient_lab as bl\ncompany = bl.open(lab)"


def empty_lab(folder: Path) -> Path:
    """Make a lab without entries that no process holds."""
    with created(folder / "company.lab"):
        return folder / "company.lab"


def visit_of(lab: Path, clock: Callable[[], datetime] | None = None) -> Callable[[], Lab]:
    """Return what opens the lab for a moment."""
    return lambda: bl.open(lab) if clock is None else bl.open(lab, clock=clock)


def register(lab: Path, folder: Path, **books: list[str]) -> None:
    """Write notebooks (name: the parameters' cell, further cells) into a folder and let them be run."""
    folder.mkdir(exist_ok=True)
    for name, (parameters, *cells) in books.items():
        first = nbformat.v4.new_code_cell(parameters, metadata={"tags": ["parameters"]})
        notebook = nbformat.v4.new_notebook(cells=[first, *map(nbformat.v4.new_code_cell, cells)])
        nbformat.write(notebook, folder / f"{name}.ipynb")
    with bl.open(lab) as one:
        register_notebooks(one, str(folder))
