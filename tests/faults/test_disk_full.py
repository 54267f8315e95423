"""A full disk, made by a limit on the size of files: one sentence, nothing half done, earlier imports intact."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import bankklient_lab as bl
from bankklient_lab.lab import open_here
from tests.faults import material
from tests.faults.material import broken, contents
from tests.faults.running import run
from tests.statements import mt940

# Bytes of the log that are missing: the last ones are the mark of the import, those before the rows of history.
MISSING = (1, 60, 300, 700, 1_500, 20_000, 400_000, 2_000_000)


@pytest.fixture(scope="module")
def lab_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a closed lab with one import."""
    folder = tmp_path_factory.mktemp("full")
    with open_here(folder / "one.lab", create=True) as lab:
        bl.import_file(lab, mt940(folder, account="X1"))
    return folder / "one.lab"


@pytest.fixture(scope="module")
def needed(lab_file: Path) -> int:
    """Return how long the log becomes by the import of the large file."""
    path = Path(shutil.copy(lab_file, lab_file.with_name("needed.lab")))
    with open_here(path) as lab:
        bl.import_file(lab, material.large(path.parent, 1))
        return path.with_name("needed.lab.wal").stat().st_size


@pytest.mark.parametrize("missing", MISSING)
def test_an_import_without_space_leaves_nothing(missing: int, lab_file: Path, needed: int, tmp_path: Path) -> None:
    path, file = Path(shutil.copy(lab_file, tmp_path / "full.lab")), material.large(tmp_path, 1)
    (imported, withdrawn, listed), _ = run("import_on_a_full_disk", path, file, max(100, needed - missing))
    kind, message = imported
    assert kind in ("LabError", "StoreError", "DamagedLab"), imported
    assert "File too large" in message
    assert "nothing of it was kept" in message
    assert "\n" not in message
    assert listed == ["done", ["statement.sta"]]
    assert withdrawn[0] in ("done", "StoreError"), withdrawn
    with open_here(path) as lab:
        assert broken(lab) == []
        ((name, state, content),) = contents(lab).values()
        assert (name, content.statements, content.entries) == ("statement.sta", 1, 2)
        assert (state == "withdrawn") == (withdrawn[0] == "done")
        assert bl.import_file(lab, file)["status"] == "imported"
        assert broken(lab) == []


@pytest.mark.parametrize("bytes_max", [0, 1, 4096, 12_288, 20_000, 270_000, 300_000])
def test_a_lab_that_can_not_be_made_leaves_nothing_in_the_way(bytes_max: int, tmp_path: Path) -> None:
    path = tmp_path / "new.lab"
    (((kind, message),), _) = run("create_on_a_full_disk", path, bytes_max)
    assert kind in ("StoreError", "DamagedLab"), (kind, message)
    assert "\n" not in message
    assert not path.exists()
    with open_here(path, create=True) as lab:
        assert broken(lab) == []


@pytest.mark.parametrize("bytes_max", [1_000, 20_000, 900_000])
def test_a_lab_opens_where_its_macros_can_not_be_kept(
    bytes_max: int, lab_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    path = Path(shutil.copy(lab_file, tmp_path / "full.lab"))
    (attached, used), _ = run("open_on_a_full_disk", path, bytes_max)
    assert (attached, used) == (["done", [[None]]], ["done", [[0]]])
    assert list((tmp_path / "bankklient_lab").iterdir()) == []  # nothing half written stays
