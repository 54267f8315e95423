"""The commands for a simulated bank."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from bankklient_lab.bank import Bank
from bankklient_lab.cli import run as run_command
from bankklient_lab.sealing.certificates import read_certificate
from bankklient_lab.sealing.keys import new_key
from bankklient_lab.sealing.private_keys import opened_key
from tests.bank.banks import iban

CLIENT = 20_001


@pytest.fixture
def password(tmp_path: Path) -> Path:
    file = tmp_path / "password"
    file.write_text("of the bank\n")
    file.chmod(0o600)
    return file


def run(*words: object, code: int = 0) -> None:
    """Run a command, which must end with a code."""
    assert run_command(["bank", *map(str, words)]) == code


@pytest.fixture
def bank(tmp_path: Path, password: Path) -> Path:
    folder = tmp_path / "bank"
    run("found", folder, "--password-file", password)
    return folder


def test_a_bank_is_founded_with_a_key_under_a_password(bank: Path, password: Path) -> None:
    certificate = read_certificate((bank / "bank.pem").read_bytes())
    assert (certificate.point, certificate.kind) == (600, "operational")
    key = opened_key((bank / "bank.key").read_bytes(), "of the bank", certificate)
    Bank.open(bank / "bank.db", lambda: datetime.now(UTC), key=key).close()
    assert oct(bank.stat().st_mode & 0o777) == "0o700"


def test_clients_accounts_and_keys_are_registered(
    bank: Path, password: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    last = ("--password-file", password)
    run("client", bank, CLIENT, "Our company", *last)
    run("account", bank, iban(19), "CZK", "Main", "--point", CLIENT, "--opening", "1 000,50", *last)
    limits = ("--order-limit", "500", "--day-limit", "750,50")
    run("account", bank, iban(27), "CZK", "Other", *limits, *last)
    run("permit", bank, iban(27), iban(19), "--limit", "10", *last)
    run("forwards", bank, CLIENT, "3 000 000", "--by-dealer", *last)
    key = new_key(
        point=CLIENT, kind="operational", at=datetime.now(UTC), expires_on=date(2090, 1, 1), algorithm="ecdsa"
    )
    file = tmp_path / "client.pem"
    file.write_text(key.certificate.pem)
    run("key", bank, file, *last)
    run("advance", bank, 1, *last)
    run("check", bank, *last)
    capsys.readouterr()
    with duckdb.connect(str(bank / "bank.db"), read_only=True) as store:
        found = store.execute("SELECT account, order_max, day_max FROM account WHERE account LIKE 'CZ%' ORDER BY 2")
        assert found.fetchall() == [(iban(27), Decimal(500), Decimal("750.50")), (iban(19), None, None)]
        assert store.execute("FROM forward_contract").fetchall() == [(int(CLIENT), Decimal(3_000_000), True)]
    run("balances", bank, "--json", *last)
    assert json.loads(capsys.readouterr().out) == [
        {"account": iban(27), "balance": "0.000"}, {"account": iban(19), "balance": "1000.500"},
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("found", "{bank}"), 1, "is there already"),
        (("client", "{bank}", "7", "Seven"), 2, "a client's point is 20001 to 65535"),
        (("account", "{bank}", "CZ1", "XAU", "Gold"), 1, "unknown currency 'XAU'"),
        (("account", "{bank}", "CZ1", "CZK", "Main", "--day-limit", "0"), 2, "the limit of an account is above 0"),
        (("account", "{bank}", "CZ1", "CZK", "Main", "--point", "20009"), 1, "unknown connection point 20009"),
        (("key", "{bank}", "nowhere.pem"), 2, "can't be read"),
        (("statements", "{bank}", "20001", "2026-01-05", "-o", "{bank}/x"), 1, "day with statements '2026-01-05'"),
        (("serve", "{bank}", "--host", "0.0.0.0"), 2, "with TLS only"),
        (("serve", "{bank}", "--fault", "rain"), 2, "unknown fault 'rain'; there are lost, doubled"),
        (("check", "{bank}/nowhere"), 2, "is no folder of a bank"),
    ],
)
def test_what_is_refused_is_said_in_a_sentence(
    bank: Path, password: Path, words: tuple[str, ...], code: int, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    run(*(word.format(bank=bank) for word in words), "--password-file", password, code=code)
    assert says in capsys.readouterr().err


def test_a_wrong_password_opens_no_bank(bank: Path, password: Path, capsys: pytest.CaptureFixture[str]) -> None:
    password.write_text("another\n")
    run("check", bank, "--password-file", password, code=1)
    assert "the password does not open this key" in capsys.readouterr().err


def test_a_bank_in_use_is_named_in_a_sentence(bank: Path, password: Path, capsys: pytest.CaptureFixture[str]) -> None:
    certificate = read_certificate((bank / "bank.pem").read_bytes())
    holder = "import duckdb, sys; held = duckdb.connect(sys.argv[1]); print('open', flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", holder, str(bank / "bank.db")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "open\n"
        file = bank / "client.pem"
        file.write_text(certificate.pem)
        run("key", bank, file, "--password-file", password, code=1)
        process.kill()
    assert (
        capsys.readouterr()
        .err.strip()
        .endswith(
            f"{bank / 'bank.db'} is used by another process, such as `bankklient bank serve`; stop that one first"
        )
    )
