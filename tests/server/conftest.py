"""A lab with statements, and processes that own it."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import httpx2
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

import bankklient_lab as bl
from bankklient_lab.lab import open_here
from bankklient_lab.rights.permissions import everything
from bankklient_lab.store.owner import OwnerCard, current_owner
from tests.server.served import Served, served
from tests.statements import mt940, mt942

SAMPLES = Path(__file__).parents[1] / "samples"
Owner = Callable[[], subprocess.Popen[str]]


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the file of a lab with two accounts, an interim report, findings and rates; it is only copied."""
    tmp_path = tmp_path_factory.mktemp("made")
    path = tmp_path / "company.lab"
    with open_here(path, create=True, user="tester") as lab:
        files = (
            mt940(tmp_path),
            mt940(tmp_path, "eur.sta", account="CZ7603000000000076327632", currency="EUR", closing="1149,00"),
            mt942(tmp_path),
            SAMPLES / "camt053" / "two_accounts.v8.xml",
            SAMPLES / "cnb_rates" / "daily.txt",
        )
        for file in files:
            assert bl.import_file(lab, file)["status"] == "imported", file
    return path


@pytest.fixture
def filled(made: Path, tmp_path: Path) -> Path:
    """Return the file of a filled lab that nobody holds."""
    return Path(shutil.copy(made, tmp_path))


@pytest.fixture
def owner(filled: Path) -> Iterator[Owner]:
    """Return a function that starts a process which owns the lab and waits until it lets others in."""
    started: list[subprocess.Popen[str]] = []

    def start() -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.server.owner", str(filled)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[2],
        )
        started.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "open\n", process.stderr.read()  # type: ignore[union-attr]
        card_of(filled)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def card_of(path: Path) -> OwnerCard:
    """Return the card of the owner once it has an address."""
    until = time.monotonic() + 20
    while time.monotonic() < until:
        card = current_owner(path)
        if card is not None and card.address:
            return card
        time.sleep(0.02)
    raise AssertionError("the owner offers no endpoint")


@pytest.fixture(scope="session")
def peopled(made: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the file of a filled lab of two users; it is only copied."""
    path = Path(shutil.copy(made, tmp_path_factory.mktemp("peopled")))
    with served(path):
        return path


@pytest.fixture(scope="module")
def serving(peopled: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Return a filled lab of several users that this process serves."""
    with served(Path(shutil.copy(peopled, tmp_path_factory.mktemp("served")))) as one:
        yield one


@pytest.fixture
def http(serving: Served) -> Iterator[httpx2.Client]:
    """Return a client of a user who may everything."""
    with serving.client(serving.session_with(everything())) as client:
        yield client


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Return the files of a certificate for cash.test and 127.0.0.1, and of its key."""
    folder, key = tmp_path_factory.mktemp("tls"), ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "cash.test")])
    names = [x509.DNSName("cash.test"), x509.DNSName("*.wild.test"), x509.IPAddress(ip_address("127.0.0.1"))]
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1).not_valid_before(now - timedelta(hours=1)).not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False).sign(key, hashes.SHA256())
    )  # fmt: skip
    cert_file, key_file = folder / "cert.pem", folder / "key.pem"
    cert_file.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    key_file.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain))
    key_file.chmod(0o600)
    return cert_file, key_file
