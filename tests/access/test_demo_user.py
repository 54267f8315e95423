"""The demo has one user, whose password is made at random and printed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from bankklient_lab.access.configuration import client_name
from bankklient_lab.access.logins import login
from bankklient_lab.access.users import users
from bankklient_lab.lab import open_here


@pytest.mark.spec("ADM-007")
def test_the_demo_has_one_user_with_a_password_of_its_own(tmp_path: Path) -> None:
    passwords = set()
    for name in ("one.lab", "two.lab"):
        command = [
            "demo",
            "--once",
            "--json",
            "--entries",
            "100",
            "--months",
            "1",
            "--bank-months",
            "0",
            "--lab",
            str(tmp_path / name),
        ]
        done = subprocess.run([sys.executable, "-m", "bankklient_lab.cli", *command], stdout=-1, check=True)
        said = json.loads(done.stdout)
        with open_here(tmp_path / name) as lab:
            assert [row["user"] for row in users.rows(lab)] == [said["user"]] == ["BKDEMOUSER"]
            assert client_name(lab) == "Demo company"
            assert login(lab, "BKDEMOUSER", said["password"])["user"] == "BKDEMOUSER"
        passwords.add(said["password"])
    assert len(passwords) == 2
