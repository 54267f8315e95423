"""An engine killed at any instant of calls that change something: what it acknowledged is there, and nothing twice.

The client sends each call with a key, and the same call with the same key again when the answer did not come: to the
next engine that opens the lab.
"""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import pytest

import bankklient_lab as bl
from bankklient_lab.access.users import create_user, set_password
from bankklient_lab.lab import Lab, open_here
from bankklient_lab.store.owner import current_owner
from tests.faults.material import broken
from tests.faults.running import ROOT
from tests.statements import ACCOUNT, mt940

PASSWORD = "Horse-battery-7-staple"
KILLS_A_LAB = 10


@contextmanager
def engine(path: Path) -> Iterator[subprocess.Popen[str]]:
    """Start an engine and wait until it answers."""
    command = [sys.executable, "-m", "tests.faults.engine", str(path)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready False\n"  # without Panel
        try:
            yield process
        finally:
            process.kill()


@dataclass
class Call:
    """One call, with its key; `sent` counts how often."""

    name: str
    arguments: dict[str, Any]
    file: Path | None = None
    key: str = field(default_factory=lambda: str(uuid.uuid4()))
    sent: int = 0

    def send(self, http: httpx2.Client) -> httpx2.Response:
        given = dict(self.arguments)
        if self.file is not None:
            given["path"] = {"$file": http.post("/files", content=self.file.read_bytes()).json()["id"]}
        self.sent += 1
        return http.post(f"/actions/{self.name}", json=given, headers={"Idempotency-Key": self.key})


class Client:
    """A program with a list of things to do, one after another, each until it is acknowledged."""

    def __init__(self, path: Path, calls: Iterator[Call]) -> None:
        self._path, self._calls = path, calls
        self.done: list[tuple[Call, Any]] = []
        self._call = next(calls)
        self.session = ""

    def work(self) -> None:
        """Go on until the engine is gone."""
        card = current_owner(self._path)
        assert card is not None
        secret = self.session or card.token
        headers = {"Authorization": f"Bearer {secret}"}
        with httpx2.Client(base_url=card.address, headers=headers, trust_env=False, timeout=30) as http:
            while True:
                try:
                    answer = self._call.send(http)
                except httpx2.TransportError:
                    return
                self.done.append((self._call, self._acknowledged(answer)))
                self._call = next(self._calls)

    def _acknowledged(self, answer: httpx2.Response) -> Any:
        """Return what a call returned; one that was cut off between its own commit and its mark says it was done."""
        again = self._call.sent > 1
        if again and self._call.name == "withdraw_import" and answer.status_code == httpx2.codes.CONFLICT:
            assert "is withdrawn already" in answer.json()["detail"]
            return None
        assert answer.status_code == httpx2.codes.OK, answer.text
        result = answer.json()["result"]
        if self._call.name == "import_file":
            assert result["status"] == "imported" or (again and result["status"] == "already"), result
        return result

    @property
    def pending(self) -> Call:
        """The call that is not acknowledged yet."""
        return self._call


def calls(folder: Path) -> Iterator[Call]:
    """Yield changes of every kind, without end; each leaves something of its own."""
    number = 0
    while True:
        number += 1
        day = f"2701{number % 28 + 1:02}" if number < 28 else f"27{number // 28 % 11 + 2:02}{number % 28 + 1:02}"
        statement = mt940(folder, f"{number}.sta", number=str(number + 100), first=day, last=day, opening="0,00",
                          closing="7,00", entries=((day, "C7,00", f"R{number}"),))  # fmt: skip
        yield Call("rename_account", {"account": ACCOUNT, "name": f"name {number}"})
        yield Call("save_selection", {"name": f"selection {number}", "criteria": {"text": "x"}})
        yield Call("configure", {"values": {"client_name": f"client {number}"}})
        yield Call("create_role", {"role": f"role {number}", "permissions": [236]})
        yield Call("import_file", {"name": f"{number}.sta"}, statement)
        yield Call("withdraw_import", {"import_id": number + 1, "reason": "test"})
        if number % 8 == 0:  # a slow hash
            yield Call("create_user", {"user": f"user{number}", "reference": f"{number // 8:02X}", "role": "VIEW",
                                       "password": PASSWORD})  # fmt: skip


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a closed lab with an account and two users, of whom one has a session."""
    folder = tmp_path_factory.mktemp("engine")
    path = folder / "engine.lab"
    with open_here(path, create=True, user="tester") as lab:
        bl.import_file(lab, mt940(folder))
        set_password(lab, lab.rights.user_name(1), PASSWORD)
        create_user(lab, "second", reference="S2", role="VIEW", password=PASSWORD)
    return path


def log_in(path: Path) -> str:
    """Return the secret of a session, which outlives the engine."""
    card = current_owner(path)
    assert card is not None
    with httpx2.Client(base_url=card.address, headers={"Authorization": f"Bearer {card.token}"}) as http:
        answer = http.post("/actions/login", json={"name": "tester", "password": PASSWORD})
    return str(answer.json()["result"]["session"])


def require_one_effect(lab: Lab, client: Client) -> None:
    """Require each acknowledged call once in the log, the pending one at most once, and a whole lab."""
    assert broken(lab) == []
    logged = dict(
        lab.rows("SELECT action || ' ' || subject, count(*) FROM ops.log WHERE done_at IS NOT NULL GROUP BY ALL")
    )
    assert {count for what, count in logged.items() if what.split()[0] in ONCE} <= {1}
    for call, _ in client.done:
        assert any(what.split()[0] == call.name for what in logged), call
    counts = {name: sum(count for what, count in logged.items() if what.split()[0] == name) for name in ONCE}
    for name in ONCE:
        acknowledged = sum(call.name == name for call, _ in client.done)
        started = 1 if client.pending.name == name and client.pending.sent else 0
        before = BEFORE.get(name, 0)
        assert acknowledged <= counts[name] - before <= acknowledged + started, name


ONCE = ("create_user", "create_role", "withdraw_import", "save_selection", "import_file")
BEFORE = {"create_user": 1, "import_file": 1}


@pytest.mark.timeout(0)
def test_engines_killed_during_changing_calls(kills: int, fresh: Path, tmp_path: Path) -> None:
    dice, repeated = random.Random(kills), 0
    rounds = kills if kills > 60 else max(1, kills * 2 // 3)
    for number in range(rounds):
        if number % KILLS_A_LAB == 0:
            folder = tmp_path / str(number)
            folder.mkdir()
            path = Path(shutil.copy(fresh, folder))
            client = Client(path, calls(folder))
        with engine(path) as process:
            client.session = client.session or log_in(path)
            killer = threading.Thread(target=lambda at: (time.sleep(at), process.kill()), args=(dice.uniform(0, 0.6),))
            was_sent = client.pending.sent
            killer.start()
            client.work()
            killer.join()
        repeated += was_sent > 0
        with open_here(path) as lab:
            require_one_effect(lab, client)
            require_state(lab, client)
    assert repeated >= min(3, rounds // 10)


def require_state(lab: Lab, client: Client) -> None:
    """Require the latest acknowledged values, or that of the call that is pending."""

    def latest(name: str, value: Any) -> set[Any]:
        found = [value(call) for call, _ in client.done if call.name == name][-1:]
        return {*found, *([value(client.pending)] if client.pending.name == name and client.pending.sent else [])}

    names = latest("rename_account", lambda call: call.arguments["name"])
    if any(call.name == "rename_account" for call, _ in client.done):
        assert lab.rows("SELECT name FROM ops.account")[0][0] in names
    kept = dict(lab.rows("SELECT name, value FROM ops.setting"))
    if any(call.name == "configure" for call, _ in client.done):
        assert kept["client_name"] in latest("configure", lambda call: call.arguments["values"]["client_name"])
    roles = {name for (name,) in lab.rows("SELECT name FROM ops.role")}
    assert {call.arguments["role"] for call, _ in client.done if call.name == "create_role"} <= roles
    users = {name for (name,) in lab.rows("SELECT name FROM ops.user")}
    assert {call.arguments["user"] for call, _ in client.done if call.name == "create_user"} <= users
    imported = {name for (name,) in lab.rows("SELECT file_name FROM ops.import")}
    assert {call.arguments["name"] for call, _ in client.done if call.name == "import_file"} <= imported
    withdrawn = {number for (number,) in lab.rows("SELECT import_id FROM ops.import WHERE state = 'withdrawn'")}
    assert {call.arguments["import_id"] for call, _ in client.done if call.name == "withdraw_import"} <= withdrawn
