"""A lab with users asks who opens it, wherever its file is held."""

from __future__ import annotations

from pathlib import Path

import pytest

import bankklient_lab as bl
from bankklient_lab.access.users import create_user, set_password, users
from bankklient_lab.errors import LoginRefused, NotAllowed, NotLoggedIn, Refused
from bankklient_lab.lab import open_here

ANNA, BERTA = "Correct-Horse-7x", "Battery-Staple-8y"


@pytest.fixture
def shared(tmp_path: Path) -> Path:
    """Return the file of a lab with anna (SUPERUSER) and berta (VIEW)."""
    path = tmp_path / "a.lab"
    with open_here(path, create=True, user="anna") as lab:
        set_password(lab, "anna", ANNA)
        create_user(lab, "berta", reference="BE", role="VIEW", password=BERTA)
    return path


def test_opening_the_file_itself_needs_a_login(shared: Path) -> None:
    with pytest.raises(NotLoggedIn, match=r"^the lab has several users: give your name and password, or a token$"):
        bl.open(shared)
    with pytest.raises(LoginRefused):
        bl.open(shared, user="berta", password=ANNA)
    with bl.open(shared, user="berta", password=BERTA) as lab:
        assert lab.caller.name == "berta"
        with pytest.raises(NotAllowed):
            users(lab)
    with open_here(shared) as lab:  # closing it was a logout
        assert lab.rights.sessions() == {}


def test_a_process_has_a_lab_open_for_one_user(shared: Path) -> None:
    with bl.open(shared, user="anna", password=ANNA) as lab:
        assert bl.open(shared) is lab
        assert bl.open(shared, user="anna", password=ANNA) is lab
        with pytest.raises(LoginRefused):
            bl.open(shared, user="anna", password=BERTA)
        with pytest.raises(NotLoggedIn, match="token is not known"):
            bl.open(shared, token="bkl_nonsense")
        with pytest.raises(Refused, match=r"open for anna; close it first$"):
            bl.open(shared, user="berta", password=BERTA)
        assert users.rows(lab)


def test_the_first_user_logs_in_once_there_is_a_second(tmp_path: Path) -> None:
    path = tmp_path / "a.lab"
    with open_here(path, create=True, user="anna"):
        pass
    with bl.open(path, user="anna") as lab:
        with pytest.raises(Refused, match="set a password of your own first"):
            create_user(lab, "berta", reference="BE", role="VIEW", password=BERTA)
        set_password(lab, "anna", ANNA)
        create_user(lab, "berta", reference="BE", role="VIEW", password=BERTA)
        with pytest.raises(NotLoggedIn):
            users(lab)
        with pytest.raises(LoginRefused):
            bl.open(path, user="anna", password=BERTA)
        assert bl.open(path, user="anna", password=ANNA) is lab
        assert [row["user"] for row in users.rows(lab)] == ["anna", "berta"]


def test_credentials_come_from_the_environment(shared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = tmp_path / "password"
    secret.write_text(f"{BERTA}\n")
    monkeypatch.setenv("BANKKLIENT_USER", "berta")
    monkeypatch.setenv("BANKKLIENT_PASSWORD_FILE", str(secret))
    secret.chmod(0o644)
    with pytest.raises(bl.errors.BadArgument, match="others may read"):
        bl.open(shared)
    secret.chmod(0o600)
    with bl.open(shared) as lab:
        assert lab.caller.name == "berta"
