"""Entries told twice in one statement are found, however many parts a large file is compared in."""

from __future__ import annotations

from pathlib import Path

import pytest

import bankklient_lab as bl
from bankklient_lab.history import staging
from bankklient_lab.lab import Lab
from tests.statements import mt940

TWICE = tuple(("261101", "C10,00", f"REF{number // 2}") for number in range(20))


@pytest.mark.parametrize("compared", [1, 3, staging.ENTRIES_COMPARED])
def test_an_entry_told_twice_is_found_once(
    lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, compared: int
) -> None:
    monkeypatch.setattr(staging, "ENTRIES_COMPARED", compared)
    once = (("261102", "D50,00", "REF0"), ("261101", "D10,00", "REF1"))
    report = bl.import_file(lab, mt940(tmp_path, closing="1140,00", entries=(*TWICE, *once)))
    found = [one for one in report["findings"] if one["code"] == "duplicate_in_statement"]
    assert sorted(one["value"] for one in found) == [f"REF{number}" for number in range(10)]
    assert sorted(one["entry_no"] for one in found) == list(range(1, 20, 2))
