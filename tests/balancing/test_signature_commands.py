"""`bankklient signatures`: rights given, what waits, and a batch signed by the second person at a terminal."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from bankklient_lab.access.users import set_password
from bankklient_lab.cli import run
from bankklient_lab.lab import open_here
from tests.access.people import PASSWORD as LOGIN
from tests.balancing.signers import PASSWORD, made, person, right
from tests.clocks import NOON
from tests.keys.conftest import quick_key_passwords
from tests.orders.labs import created, hands

__all__ = ["quick_key_passwords"]


@pytest.fixture
def lab_of_three(orders_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return the path of a lab where a batch waits for its second signature, with the second person at the terminal."""
    path = Path(shutil.copy(orders_file, tmp_path / "signatures.lab"))
    with open_here(path, clock=lambda: NOON) as lab:
        admin = hands(lab, "AD")
        first, second = person(admin, "P1"), person(admin, "P2")
        right(admin, first, "A")
        right(admin, second, "B")
        created(admin)
        made(first)
        set_password.function(admin, second.caller.name, LOGIN)
    (tmp_path / "login").write_text(LOGIN)
    (tmp_path / "login").chmod(0o600)
    monkeypatch.setenv("BANKKLIENT_USER", "user P2")
    monkeypatch.setenv("BANKKLIENT_PASSWORD_FILE", str(tmp_path / "login"))
    (tmp_path / "key").write_text(PASSWORD)
    (tmp_path / "key").chmod(0o600)
    return str(path)


@pytest.mark.spec("EL-014")
def test_a_batch_is_signed_at_a_terminal(lab_of_three: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def said(*arguments: str, code: int = 0) -> str:
        assert run(["signatures", *arguments, "--lab", lab_of_three]) == code, capsys.readouterr()
        told = capsys.readouterr()
        return told.out + told.err

    (row,) = json.loads(said("list", "--json"))
    assert (row["lacking"], row["counts_for"], row["signed_by"]) == (1, 1, "user P1 (A)")
    assert "1500" in said("show", "1")
    assert "second" in said("rights")
    assert "nobody gives a right to sign to oneself" in said("give", "user P2", "E", "CZK", code=1)
    told = said("sign", "1", "--password-file", str(tmp_path / "key"))
    assert told == "batch 1 20260001 is signed; it can go out\n"
    assert "no batch waits" in said("list")
    assert "`signatures list` shows them" in said("sign", "1", code=1)
    assert said("take", "2") == "right 2 is taken away\n"
