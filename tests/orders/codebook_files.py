"""Files of codebooks, as banks give them."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import mkdtemp


def codebook_file(folder: Path, content: Sequence[Mapping[str, str | None]]) -> Path:
    """Write rows as a CSV file whose columns are those of the first row."""
    path = Path(mkdtemp(dir=folder)) / "codebook.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(content[0]))
        writer.writeheader()
        writer.writerows(content)
    return path
