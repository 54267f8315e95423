"""`bankklient serve`: where it listens, what it refuses, TLS, a proxy, systemd."""

from __future__ import annotations

import configparser
import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest

from bankklient_lab.cli import run
from bankklient_lab.cli.serving import credential
from bankklient_lab.errors import BadArgument
from bankklient_lab.lab import open_here
from bankklient_lab.server.places import Place, place_for
from tests.server.served import CLERK, CLERK_PASSWORD, served

ROOT = Path(__file__).parents[2]


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"host": "0.0.0.0"}, "needs TLS"),
        ({"host": "::"}, "needs TLS"),
        ({"host": "192.0.2.7", "proxy_origin": "https://cash.example.com"}, "needs TLS"),
        ({"host": "somewhere"}, "no address"),
        ({"certificate": "a.pem"}, "belong together"),
        ({"proxy_origin": "http://cash.example.com"}, "such as https"),
        ({"proxy_origin": "https://cash.example.com/path"}, "such as https"),
        ({"proxy_origin": "https://user@cash.example.com"}, "such as https"),
        ({"certificate": "no.pem", "key": "no.key", "port": 1}, "no certificate with its key"),
        ({"certificate": "no.pem", "key": "no.key"}, "--port"),
    ],
)
def test_places_where_passwords_could_be_read_are_refused(given: dict[str, str], said: str) -> None:
    with pytest.raises(BadArgument, match=said):
        place_for(**given)  # type: ignore[arg-type]


def test_a_key_that_everybody_may_read_is_refused(certificate: tuple[Path, Path], tmp_path: Path) -> None:
    key = Path(shutil.copy(certificate[1], tmp_path))
    key.chmod(0o644)
    with pytest.raises(BadArgument, match="everybody may read the key"):
        place_for(certificate=str(certificate[0]), key=str(key), port=1)


def test_the_names_of_a_certificate_are_the_names_of_the_server(certificate: tuple[Path, Path]) -> None:
    place = place_for(host="0.0.0.0", port=8400, certificate=str(certificate[0]), key=str(certificate[1]))
    assert place.names == {"cash.test", "127.0.0.1"}
    assert place.origins(8400) == ["https://127.0.0.1:8400", "https://cash.test:8400"]
    assert not place.behind_proxy
    behind = place_for(proxy_origin="https://Cash.example.com/")
    assert behind.origins(0) == ["https://cash.example.com"]
    assert behind.behind_proxy
    assert not behind.is_near


def test_the_api_speaks_tls(peopled: Path, tmp_path: Path, certificate: tuple[Path, Path]) -> None:
    place = place_for(port=1, certificate=str(certificate[0]), key=str(certificate[1]))
    trusted = ssl.create_default_context(cafile=str(certificate[0]))
    with served(Path(shutil.copy(peopled, tmp_path)), place=Place(names=place.names, tls=place.tls)) as one:
        address = one.address.replace("http:", "https:")
        with httpx2.Client(base_url=address, verify=trusted, trust_env=False) as http:
            answer = http.get("/health")
            assert answer.status_code == 200
            assert answer.headers["strict-transport-security"].startswith("max-age=")
            assert http.get("/health", headers={"Host": "cash.test"}).status_code == 200
            assert http.get("/health", headers={"Host": "cash.evil"}).status_code == 403
        with pytest.raises(httpx2.TransportError):
            httpx2.get(f"{one.address}/health", trust_env=False)
    assert place.tls is not None
    assert place.tls.minimum_version >= ssl.TLSVersion.TLSv1_2


def test_a_proxy_says_who_asks_and_how(peopled: Path, tmp_path: Path) -> None:
    place = place_for(proxy_origin="https://cash.example.com")
    with served(Path(shutil.copy(peopled, tmp_path)), place=place) as one:
        named = {"Host": "cash.example.com", "X-Forwarded-Proto": "https", "X-Forwarded-For": "192.0.2.1"}
        with one.client(**named) as http:
            answer = http.get("/health")
            assert answer.status_code == 200
            assert "strict-transport-security" in answer.headers
            assert http.get("/metrics").status_code == 401  # everybody comes through the proxy
            login = {"name": CLERK, "password": CLERK_PASSWORD}
            assert http.post("/actions/login", json=login).status_code == 200


def test_without_a_proxy_forwarded_headers_mean_nothing(peopled: Path, tmp_path: Path) -> None:
    with served(Path(shutil.copy(peopled, tmp_path))) as one, one.client() as http:
        answer = http.get("/health", headers={"X-Forwarded-Proto": "https", "X-Forwarded-For": "192.0.2.1"})
        assert "strict-transport-security" not in answer.headers
        assert http.get("/metrics", headers={"X-Forwarded-For": "192.0.2.1"}).status_code == 200


@contextmanager
def serving_process(lab: Path, *options: str, **environment: str) -> Iterator[tuple[subprocess.Popen[str], list[str]]]:
    """Run `bankklient serve` and give it with the addresses that it printed."""
    command = [sys.executable, "-m", "bankklient_lab.cli", "serve", "--lab", str(lab), *options]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT, env=os.environ | environment
    )
    try:
        assert process.stdout is not None
        lines = [process.stdout.readline().strip() for _ in range(3)]
        assert lines[0] == str(lab), process.stderr.read() if process.stderr else ""
        yield process, lines[1:]
    finally:
        process.kill()
        process.communicate()


def test_serve_over_tls_with_systemd(peopled: Path, tmp_path: Path, certificate: tuple[Path, Path]) -> None:
    """Pages and API at one certificate, ready when both answer, stopped in order, and nobody in without a login."""
    lab = Path(shutil.copy(peopled, tmp_path))
    trusted = ssl.create_default_context(cafile=str(certificate[0]))
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notified:
        notified.bind(str(tmp_path / "notify"))
        notified.settimeout(60)
        tls = ("--certificate", str(certificate[0]), "--key", str(certificate[1]))
        with serving_process(
            lab, "--port", str(free_port()), "--api-port", "0", *tls, NOTIFY_SOCKET=str(tmp_path / "notify")
        ) as (process, (pages, api)):
            assert notified.recv(100) == b"READY=1"
            with httpx2.Client(verify=trusted, trust_env=False, timeout=30) as http:
                assert http.get(f"{api}/health").json() == {"ok": True, "controlled": True}
                assert "token=" not in pages
                assert http.get(pages).status_code < 500
                answer = http.post(f"{api}/actions/login", json={"name": CLERK, "password": CLERK_PASSWORD})
                secret = answer.json()["result"]["session"]
                headers = {"Authorization": f"Bearer {secret}"}
                assert http.post(f"{api}/actions/accounts", json={}, headers=headers).status_code == 200
            process.send_signal(signal.SIGTERM)
            assert notified.recv(100) == b"STOPPING=1"
            assert process.wait(60) == 0
    with open_here(lab) as one:
        assert one.rows("SELECT count(*) > 0 FROM ops.log WHERE action = 'login'") == [(True,)]


def test_a_session_survives_a_restart(peopled: Path, tmp_path: Path) -> None:
    path = Path(shutil.copy(peopled, tmp_path))
    with served(path) as one:
        secret = one.login(CLERK, CLERK_PASSWORD)
    with served(path) as one, one.client(secret) as http:
        assert http.post("/actions/accounts", json={}).status_code == 200


def test_nobody_serves_a_lab_in_which_nobody_could_log_in(
    made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lab = shutil.copy(made, tmp_path)
    assert run(["serve", "--lab", str(lab), "--api-port", "0"]) == 1
    assert "no user has a password" in capsys.readouterr().err
    assert run(["serve", "--lab", str(lab), "--host", "0.0.0.0"]) == 2
    assert "needs TLS" in capsys.readouterr().err


def test_the_unit_file_is_one(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert run(["unit"]) == 0
    text = capsys.readouterr().out
    unit = configparser.RawConfigParser(strict=False)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read_string(text)
    service = unit["Service"]
    assert service["Type"] == "notify"
    program, command, *options = service["ExecStart"].split()
    assert (Path(program).name, command) == ("bankklient", "serve")
    assert place_for(proxy_origin=options[options.index("--proxy-origin") + 1]).behind_proxy
    for name in ("NoNewPrivileges", "ProtectHome", "PrivateTmp", "RestrictNamespaces"):
        assert service[name] == "yes"
    assert service["ProtectSystem"] == "strict"
    verify = shutil.which("systemd-analyze")
    if verify:
        (tmp_path / "bankklient.service").write_text(text)
        subprocess.run([verify, "verify", str(tmp_path / "bankklient.service")], check=True)


def test_systemd_hands_the_passphrase_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert credential("passphrase") == ""
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    assert credential("passphrase") == ""
    (tmp_path / "passphrase").write_text("a long passphrase\n")
    assert credential("passphrase") == str(tmp_path / "passphrase")
