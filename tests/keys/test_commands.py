"""`bankklient keys` and `bankklient points`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import bankklient_lab as bl
from bankklient_lab.cli import DONE, REFUSED, WRONG_USAGE, run
from bankklient_lab.keys.points import BANK, OWN, point_of
from bankklient_lab.lab import Lab, created, open_here
from bankklient_lab.sealing.keys import new_key
from tests.clocks import NOON
from tests.keys.conftest import KEY_PASSWORD


@pytest.fixture
def at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder with a lab that commands open, and a file with a key's password."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BANKKLIENT_LAB", str(tmp_path / "own.lab"))
    with created(tmp_path / "own.lab"):
        pass
    _write_password(tmp_path / "password", KEY_PASSWORD)
    return tmp_path


def _write_password(path: Path, password: str) -> None:
    path.write_text(f"{password}\n", "utf-8")
    path.chmod(0o600)


def _lab(folder: Path) -> Lab:
    return open_here(folder / "own.lab")


def test_a_key_is_made_and_handed_over(at: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["keys", "create", "operational", "--password-file", "password"]) == DONE
    assert "keys hand-over 1" in capsys.readouterr().out
    assert run(["keys", "hand-over", "1", "out", "--password-file", "password"]) == DONE
    assert run(["keys", "pass", "out", "--password-file", "password"]) == DONE
    written = sorted(path.relative_to(at).as_posix() for path in (at / "out").rglob("*") if path.is_file())
    assert written == [
        "out/ID/20001.999/CLIENTID.SGN", "out/KEY1/20001.997/FKEYID.SGN", "out/KEY1/20001.997/LETTER.TXT",
    ]  # fmt: skip
    capsys.readouterr()
    assert run(["keys", "list", "--json"]) == DONE
    (row,) = json.loads(capsys.readouterr().out)
    assert (row["key_order"][4:], row["delivered"]) == ("0001", False)
    assert run(["keys", "delivered", "1", row["fingerprint"]]) == DONE
    assert run(["keys", "list"]) == DONE
    assert run(["keys", "hand-over", "1", "out", "--password-file", "password"]) == REFUSED
    assert "already" in capsys.readouterr().err


def test_a_wrong_password_is_refused_and_counted(at: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["keys", "create", "operational", "--password-file", "password"]) == DONE
    _write_password(at / "wrong", "wrong888")
    assert run(["keys", "pass", "out", "--password-file", "wrong"]) == REFUSED
    assert "tries left: 2" in capsys.readouterr().err
    assert not (at / "out").exists()
    assert run(["keys", "pass", "out"]) == WRONG_USAGE
    with _lab(at) as lab:
        assert bl.key_register.rows(lab)[0]["failed_tries"] == 1


def test_a_password_is_changed(at: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["keys", "create", "operational", "--password-file", "password"]) == DONE
    _write_password(at / "other", "another8")
    change = ["keys", "password", "1", "--password-file", "password", "--new-password-file", "other"]
    assert run(change[:-2]) != DONE
    assert capsys.readouterr().err.endswith("give it with --new-password-file\n")
    assert run(change) == DONE
    assert run(change) == REFUSED
    assert run(["keys", "pass", "out", "--password-file", "other"]) == DONE


def test_a_key_of_the_bank_is_registered_by_its_fingerprint(at: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with _lab(at) as lab:
        now = lab.clock()
    bank = new_key(
        point=1, kind="operational", at=now, expires_on=now.date().replace(year=now.year + 1), algorithm="ecdsa"
    ).certificate
    (at / "bank.pem").write_text(bank.pem)
    assert run(["keys", "register-bank", "bank.pem"]) == WRONG_USAGE
    assert "--fingerprint" in capsys.readouterr().err
    assert run(["keys", "register-bank", "bank.pem", "--fingerprint", "00"]) == REFUSED
    assert run(["keys", "register-bank", "bank.pem", "--fingerprint", bank.fingerprint]) == DONE


def test_points_are_listed_and_changed(at: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["points", "change", "own", "--number", "20777", "--name", "Company"]) == DONE
    https = ["points", "change", "bank", "--encrypted", "--channel", "https", "address=https://bank.example"]
    assert run(https) == DONE
    assert run(["points", "change", "bank", "address"]) == WRONG_USAGE
    assert run(["points", "list"]) == DONE
    assert "20777" in capsys.readouterr().out
    with _lab(at) as lab:
        assert point_of(lab, OWN).point == 20_777
        assert point_of(lab, BANK)[3:] == (True, "https", {"address": "https://bank.example"})


def test_warnings_stand_beside_the_list(at: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with open_here(at / "own.lab", clock=lambda: NOON.replace(year=2020)) as lab:
        bl.create_key(lab, "operational", KEY_PASSWORD)
    assert run(["keys", "list"]) == DONE
    assert "expired on 2022-11-22" in capsys.readouterr().err


@pytest.mark.spec("TRN-184")
def test_a_lab_begins_with_the_configuration_of_a_bank(at: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _write_password(at / "bank-password", "of the bank")
    last = ("--password-file", "bank-password")
    for words in (
        ("found", "bank"), ("client", "bank", "20777", "Our company"),
        ("account", "bank", "CZ3506000000000000001000", "CZK", "Main", "--point", "20777"),
    ):  # fmt: skip
        assert run(["bank", *words, *last]) == DONE
    assert run(["bank", "configuration", "bank", "20777", ".", "--since", "2026-11-01", *last]) == WRONG_USAGE
    capsys.readouterr()
    assert run(["bank", "configuration", "bank", "20777", ".", *last]) == DONE
    path, once, fingerprint = (line.split(" is the ")[0].rsplit(": ")[-1] for line in _lines(capsys))
    assert run(["keys", "install", path]) == WRONG_USAGE
    assert "nobody to compare the fingerprint" in capsys.readouterr().err
    assert run(["keys", "install", path, "--fingerprint", "00" * 32]) == REFUSED
    assert run(["keys", "install", path, "--fingerprint", fingerprint]) == DONE
    assert "1 accounts and 0 settings are taken over; key 2" in capsys.readouterr().out
    assert run(["keys", "create", "operational", "--password-file", "password"]) == DONE
    assert "keys announce 3" in capsys.readouterr().out
    _write_password(at / "once", once)
    assert run(["keys", "announce", "3", "--password-file", "password", "--previous-password-file", "once"]) == DONE
    with _lab(at) as lab:
        assert point_of(lab, OWN).name == "Our company"


def _lines(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return capsys.readouterr().out.splitlines()
