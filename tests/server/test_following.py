"""A lab at a server: over the card or by its address, with a login, and across restarts of the server."""

from __future__ import annotations

import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import httpx2
import pytest

import bankklient_lab as bl
from bankklient_lab.errors import BadArgument, LoginRefused, NotAllowed, NotLoggedIn, StoreError
from bankklient_lab.opening import connect_to
from bankklient_lab.rights.identity import Credentials
from bankklient_lab.server import limits
from bankklient_lab.server.places import Place, place_for
from bankklient_lab.server.remote import RemoteLab
from tests.server.conftest import card_of
from tests.server.served import CLERK, CLERK_PASSWORD, OWNER, PASSWORD, served
from tests.statements import ACCOUNT

ROOT = Path(__file__).parents[2]


@contextmanager
def server(path: Path) -> Iterator[subprocess.Popen[str]]:
    """Run a server in a process of its own."""
    command = [sys.executable, "-m", "tests.faults.engine", str(path)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("ready")
        try:
            yield process
        finally:
            process.kill()


@pytest.fixture
def path(peopled: Path, tmp_path: Path) -> Path:
    """Return the file of a filled lab of two users."""
    return Path(shutil.copy(peopled, tmp_path))


def test_a_lab_at_an_address(path: Path) -> None:
    with served(path) as one:
        with bl.open(one.address, user=OWNER, password=PASSWORD) as lab:
            assert bl.balances(lab, on=date(2026, 11, 2), accounts=[ACCOUNT])["balance"].astype(str)[0] == "1150.000"
            bl.rename_account(lab, ACCOUNT, "From far")
            assert "From far" in bl.accounts.arrow(lab)["name"].to_pylist()
            sessions = len(one.lab.rights.sessions())
        assert len(one.lab.rights.sessions()) == sessions - 1  # logged out
        with bl.open(one.address, token=one.session_with({236})) as lab, pytest.raises(NotAllowed):
            bl.rename_account(lab, ACCOUNT, "Not so")
        with pytest.raises(LoginRefused):
            bl.open(one.address, user=OWNER, password="wrong")
        with pytest.raises(NotLoggedIn):
            bl.open(one.address)


def test_a_lab_at_an_address_with_tls(
    path: Path, certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    place = place_for(port=1, certificate=str(certificate[0]), key=str(certificate[1]))
    with served(path, place=Place(names=place.names, tls=place.tls)) as one:
        monkeypatch.setenv("BANKKLIENT_CA_FILE", str(certificate[0]))
        with bl.open(one.address.replace("http:", "https:"), user=CLERK, password=CLERK_PASSWORD) as lab:
            assert bl.accounts.arrow(lab).num_rows


def test_an_address_that_would_tell_the_password_is_refused() -> None:
    for address in ("http://cash.example.com:8401", "http://192.0.2.1"):
        with pytest.raises(BadArgument, match="https"):
            bl.open(address, user=OWNER, password=PASSWORD)


def test_an_address_that_does_not_answer_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bankklient_lab.opening.SECONDS_TO_WAIT", 0.2)
    with pytest.raises(StoreError, match="does not answer"):
        connect_to("http://127.0.0.1:9", credentials=Credentials(OWNER, PASSWORD))


def test_a_caller_waits_for_a_server_that_is_restarted(path: Path) -> None:
    """The session goes on at the next one, without another login, and the lab stays the server's."""
    with server(path) as first, bl.open(path, user=OWNER, password=PASSWORD) as lab:
        bl.rename_account(lab, ACCOUNT, "Before")
        first.kill()
        first.wait()
        changed = threading.Thread(target=bl.rename_account, args=(lab, ACCOUNT, "After"))
        changed.start()
        with server(path) as second:
            changed.join(20)
            assert not changed.is_alive()
            assert card_of(path).pid == second.pid
            assert "After" in bl.accounts.arrow(lab)["name"].to_pylist()
            lab.close()
    with served(path) as one:
        assert one.lab.rows("SELECT count(*) FROM ops.log WHERE action = 'login'") == [(1,)]
        assert one.lab.rows("SELECT count(*) FROM ops.log WHERE action = 'rename_account'") == [(2,)]
        assert one.lab.rights.sessions() == {}


def test_a_caller_takes_the_lab_of_a_server_that_stays_away(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bankklient_lab.opening.SECONDS_FOR_RESTART", 0.2)
    with server(path) as first, bl.open(path, user=OWNER, password=PASSWORD) as lab:
        first.kill()
        first.wait()
        bl.rename_account(lab, ACCOUNT, "Taken over")
        assert "Taken over" in bl.accounts.arrow(lab)["name"].to_pylist()
    with served(path) as one:
        assert one.lab.rights.sessions() == {}
        ((by,),) = one.lab.rows("SELECT by_user FROM ops.log WHERE action = 'rename_account'")
        assert by == OWNER


def test_an_answer_that_gets_lost_is_asked_for_again(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The change was made and its answer was not heard: the call is repeated and has one effect."""
    send, lost = RemoteLab._send, []

    def losing(self: RemoteLab, name: str, given: object, headers: dict[str, str]) -> object:
        answer = send(self, name, given, headers)  # type: ignore[arg-type]
        if name == "rename_account" and not lost:
            lost.append(headers["Idempotency-Key"])
            raise httpx2.ReadError("lost")
        return answer

    with served(path) as one, bl.open(one.address, user=OWNER, password=PASSWORD) as lab:
        monkeypatch.setattr(RemoteLab, "_send", losing)
        bl.rename_account(lab, ACCOUNT, "Once")
        assert len(lost) == 1
        assert one.lab.rows("SELECT count(*) FROM ops.log WHERE action = 'rename_account'") == [(1,)]


def test_a_caller_that_is_too_fast_waits_for_its_turn(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "CALLS_IN_A_BURST", 3)
    monkeypatch.setattr(limits, "CALLS_A_SECOND", 5.0)
    with served(path) as one, bl.open(one.address, user=OWNER, password=PASSWORD) as lab:
        assert [bl.accounts.arrow(lab).num_rows for _ in range(5)]
