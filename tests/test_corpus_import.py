"""Every file of the corpus is imported with the expected figures, or refused or different for a stated reason.

Without the corpus nothing is compared here (the head of the test report says so); the project's own samples are
imported in any case.
"""

from __future__ import annotations

from pathlib import Path

import pytest

import bankklient_lab as bl
from bankklient_lab.lab import Lab
from tests.corpus import SAMPLES, corpus
from tests.corpus_results import FOLDERS, HINTS, reasons, results

REASONS = reasons()


if corpus():

    @pytest.mark.parametrize("folder", FOLDERS)
    def test_corpus_files_are_imported_or_refused_for_a_reason(folder: str, lab: Lab) -> None:
        found = list(results(folder, lab))
        odd = {f"{folder}/{one.path.name}": one for one in found if one.status == "refused" or one.differences}
        unexplained = [one for name, one in odd.items() if name not in REASONS]
        assert not unexplained
        assert {name for name in REASONS if name.startswith(f"{folder}/")} <= odd.keys(), "a reason is no longer needed"


def samples() -> list[Path]:
    return sorted(path for path in SAMPLES.rglob("*") if path.is_file())


@pytest.mark.parametrize("path", samples(), ids=lambda path: f"{path.parent.name}/{path.name}")
def test_own_samples_are_imported_once(path: Path, lab: Lab) -> None:
    report = bl.import_file(lab, path, **{**HINTS, "currency": "CZK"})
    assert report["status"] == "imported", report["message"]
    assert bl.import_file(lab, path, **{**HINTS, "currency": "CZK"})["status"] == "already"
