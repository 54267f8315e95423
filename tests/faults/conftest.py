"""Material that several fault tests share."""

from __future__ import annotations

import pytest

from tests.faults import material
from tests.faults.material import Material


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Material:
    """Return bank files, what each puts into a lab, and a closed lab with all of them; copy it to change it."""
    return material.make(tmp_path_factory.mktemp("material"))
