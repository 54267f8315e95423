"""A lab with its first operational key, and one with an authorized person too; a clock that a test sets."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from bankklient_lab.access.persons import add_authorized_person
from bankklient_lab.access.users import set_password
from bankklient_lab.formats.client_accounts import AuthorizedPerson
from bankklient_lab.keys.creating import create_key
from bankklient_lab.lab import Lab, open_here
from bankklient_lab.sealing import private_keys
from tests.access.people import PASSWORD, with_users
from tests.clocks import NOON, Clock

KEY_PASSWORD = "klíč8888"


@pytest.fixture(autouse=True, scope="session")
def quick_key_passwords() -> Iterator[None]:
    """Make keys of passwords at the least cost; tests/sealing does it at the real one."""
    real = private_keys.ROUNDS, private_keys.MEMORY_KIB, private_keys.LANES
    private_keys.ROUNDS, private_keys.MEMORY_KIB, private_keys.LANES = 1, 8, 1
    yield
    private_keys.ROUNDS, private_keys.MEMORY_KIB, private_keys.LANES = real


@pytest.fixture
def clock() -> Clock:
    """Return a clock that stands at noon of 22 November 2026."""
    return Clock()


@pytest.fixture(scope="session")
def keyed_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the file of a lab whose owner made the first operational key; it is only copied."""
    path = tmp_path_factory.mktemp("keyed") / "keyed.lab"
    with open_here(path, create=True, clock=lambda: NOON, user="tester") as lab:
        create_key(lab, "operational", KEY_PASSWORD)
    return path


@pytest.fixture
def keyed(keyed_file: Path, tmp_path: Path, clock: Clock) -> Iterator[Lab]:
    """Give a lab with the first operational key in the hands of its owner."""
    with open_here(Path(shutil.copy(keyed_file, tmp_path)), clock=clock, user="tester") as lab:
        yield lab


@pytest.fixture
def company(keyed: Lab) -> Lab:
    """Give the lab with `otto`, an operational user, and `#Ann`, an authorized person; `tester` is logged in."""
    tester = with_users(keyed, otto="USER")
    add_authorized_person(keyed, AuthorizedPerson("#Ann", reference="#A", first_name="Ann", role="SUPERUSER"))
    set_password(tester, "#Ann", PASSWORD)
    return tester
