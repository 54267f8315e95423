"""The imports page: what is said about each file, hints, and the way back."""

from __future__ import annotations

import gc
import shutil
import tempfile
from datetime import date
from pathlib import Path

import pytest

import bankklient_lab as bl
from bankklient_lab.dashboards.dropper import DiskDropper
from bankklient_lab.dashboards.imports import Imports
from bankklient_lab.dashboards.shell import new_state
from bankklient_lab.errors import LabError
from bankklient_lab.lab import Lab
from tests.dashboards.texts import shown
from tests.statements import ACCOUNT, mt940

CSV = Path(__file__).parents[1] / "samples" / "csv" / "ceska_sporitelna.csv"


@pytest.fixture
def page(lab: Lab) -> Imports:
    return Imports(lab, new_state(lab, "?page=imports"))


def drop(page: Imports, *paths: Path) -> None:
    """Drop files and wait until all are looked into."""
    for path in paths:
        page.dropped(path.name, path)
        while page.work.running:
            page.work.wait()


def test_a_file_comes_in_pieces_is_shown_taken_over_and_withdrawn(lab: Lab, page: Imports, tmp_path: Path) -> None:
    content = mt940(tmp_path).read_bytes()
    assert page._dropper is not None
    page._dropper.receive("../../statement.sta", 1, 2, content[:50])
    assert "50 %" in page._summary.object
    page._dropper.receive("../../statement.sta", 2, 2, content[50:])
    page.work.wait()
    assert "Ready to take over" in shown(page._cards)
    assert bl.imports.arrow(lab).num_rows == 0
    page.take_over()
    page.work.wait()
    assert bl.imports.arrow(lab)["file_name"].to_pylist() == ["statement.sta"]
    state = page._state
    assert list(state.content.labels) == [ACCOUNT]
    assert state.end == date(2026, 11, 3)
    page._answers(page._files["../../statement.sta"]).withdraw()
    with pytest.raises(LabError, match="Say why"):
        page.withdrawal.withdraw()
    page.withdrawal._reason.value = "wrong bank"
    page.withdrawal.withdraw()
    assert bl.imports.arrow(lab)["state"].to_pylist() == ["withdrawn"]
    page._discard()


def test_what_was_dropped_goes_with_its_window(lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    dropper = DiskDropper(lambda _name, _path: None, lambda _name: None, lambda _name, _share: None)
    assert list((tmp_path / "temporary").iterdir()) == []
    dropper.receive("statement.sta", 1, 1, b"content")
    (folder,) = (tmp_path / "temporary").iterdir()
    assert [one.read_bytes() for one in folder.iterdir()] == [b"content"]
    del dropper
    gc.collect()
    assert not folder.exists()


def test_files_with_different_problems_are_told_apart(lab: Lab, page: Imports, tmp_path: Path) -> None:
    known, copied = mt940(tmp_path, "known.sta"), tmp_path / "again.sta"
    bl.import_file(lab, known)
    shutil.copy(known, copied)
    wrong = mt940(tmp_path, "wrong.sta", number="2", opening="1150,00", closing="9999,00", last="261104")
    other = tmp_path / "holiday.pdf"
    other.write_bytes(b"%PDF-1.4")
    table = tmp_path / "table.csv"
    table.write_text("Date,Description,Amount\n2026-11-02,Rent,-5.00\n")
    drop(page, copied, wrong, other, table)
    assert page._summary.object == (
        "<p><b>4 files</b> \u00b7 1 ready \u00b7 1 known already \u00b7 2 can&#x27;t be taken over</p>"
    )
    again, flawed, refused, asked = (shown(card) for card in page._cards.objects)
    assert "Known already" in again
    assert "Ready, with 1 error" in flawed
    assert "is not the closing balance" in flawed
    assert "no known format" in refused
    assert "bankklient formats" not in refused
    assert "--mapping" not in asked
    assert "Fill in below" in asked
    assert page._take.label == "Take over 1 file with 1 statement"
    page._answers(page._files["wrong.sta"]).put_away()
    assert not page._take.visible
    page._discard()


def test_a_file_that_lacks_something_is_told_it_and_taken_over(lab: Lab, page: Imports) -> None:
    drop(page, CSV)
    assert "does not name the account" in shown(page._cards)
    assert "--account" not in shown(page._cards)
    assert not page._ready()
    page.tell_hints(CSV.name, {"account": ACCOUNT, "currency": "", "bank": "", "mapping": ""})
    page.work.wait()
    assert len(page._ready()) == 1
    page.take_over()
    page.work.wait()
    assert bl.accounts.arrow(lab)["account"].to_pylist() == [ACCOUNT]
    page._discard()
