"""`bankklient lab`: JupyterLab in the user's name on a lab that a server holds."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest

import bankklient_lab as bl
from bankklient_lab.access.roles import create_role
from bankklient_lab.access.users import create_user
from bankklient_lab.cli.jupyter import working_copy
from bankklient_lab.errors import BadArgument
from bankklient_lab.lab import open_here
from bankklient_lab.store.owner import current_owner
from tests.access.people import PASSWORD, with_users
from tests.statements import ACCOUNT, mt940

READ = """
import datetime, os
import bankklient_lab as bl
lab = bl.open()
[row] = bl.balances.arrow(lab, on=datetime.date(2026, 11, 2)).to_pylist()
print(row["account"], row["balance"], lab.remote is not None, bool(os.environ.get("BANKKLIENT_TOKEN")))
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Return the file of a lab with one statement that no process holds."""
    with open_here(tmp_path / "a.lab", create=True, user="tester") as lab:
        bl.import_file(lab, mt940(tmp_path))
    return tmp_path / "a.lab"


@contextmanager
def jupyter(lab: Path, work: Path, **environment: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Run the command and give its process and the address of JupyterLab."""
    command = [sys.executable, "-m", "bankklient_lab.cli", "lab", str(work), "--no-browser", "--lab", str(lab)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ | environment
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        try:
            assert process.stdout.readline().strip() == str(work), process.stderr.read()
            yield process, process.stdout.readline().strip()
        finally:
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=60)


def executed(url: str, code: str) -> str:
    """Return what a new kernel prints for the code, through Jupyter's own API."""
    base, _, token = url.partition("lab?token=")
    headers = {"Authorization": f"token {token}"}
    kernel = httpx2.post(f"{base}api/kernels", headers=headers, json={}, timeout=60).json()["id"]
    try:
        address = f"{base.replace('http', 'ws', 1)}api/kernels/{kernel}/channels?token={token}"
        with ThreadPoolExecutor(1) as thread:  # this one may have a loop, of a browser that other tests drive
            return thread.submit(asyncio.run, _asked(address, code)).result()
    finally:
        httpx2.delete(f"{base}api/kernels/{kernel}", headers=headers, timeout=60)


async def _asked(address: str, code: str) -> str:
    from tornado.websocket import websocket_connect

    channel = await websocket_connect(address)
    header = {
        "msg_id": uuid.uuid4().hex,
        "msg_type": "execute_request",
        "username": "",
        "session": "s",
        "version": "5.3",
    }
    content = {"code": code, "silent": False, "store_history": False, "user_expressions": {}, "allow_stdin": False}
    request = {"header": header, "parent_header": {}, "metadata": {}, "content": content, "channel": "shell"}
    await channel.write_message(json.dumps(request))
    printed = ""
    while True:
        message: dict[str, Any] = json.loads(await asyncio.wait_for(channel.read_message(), 90) or "{}")  # type: ignore[arg-type]
        if message["parent_header"].get("msg_id") != header["msg_id"]:
            continue
        if message["msg_type"] == "stream":
            printed += message["content"]["text"]
        elif message["msg_type"] == "error":
            raise AssertionError(message["content"])
        elif message["msg_type"] == "status" and message["content"]["execution_state"] == "idle":  # all is printed
            channel.close()
            return printed


def test_a_kernel_reads_balances_while_the_server_holds_the_file(file: Path, tmp_path: Path) -> None:
    with jupyter(file, tmp_path / "work") as (process, url):
        assert url.startswith("http://127.0.0.1:")
        owner = current_owner(file)
        assert owner is not None
        assert "serve" in owner.command
        assert executed(url, READ) == f"{ACCOUNT} 1150.000 True False\n"
        base = url.partition("lab?")[0]
        assert httpx2.get(f"{base}api/contents").status_code == 403  # without its token nobody comes in
        assert {path.name for path in (tmp_path / "work").glob("*.ipynb")} == {
            "bank_day.ipynb", "cash_position.ipynb", "deposits.ipynb", "fx_forwards.ipynb", "liquidity_forecast.ipynb",
            "payments_workflow.ipynb", "reconciliation.ipynb", "statement_run.ipynb", "tutorial.ipynb",
        }  # fmt: skip
    assert process.returncode == 0
    with open_here(file):  # the server has ended, too
        pass


def test_in_a_lab_with_users_it_works_in_the_name_of_who_logs_in(file: Path, tmp_path: Path) -> None:
    with open_here(file) as lab:
        hands = with_users(lab, anna="VIEW")
        create_role(hands, "ANALYST", permissions=[236, 930])
        create_user(hands, "boris", reference="BO", role="ANALYST", password=PASSWORD)
    password = tmp_path / "password"
    password.write_text(PASSWORD)
    password.chmod(0o600)
    given = {"BANKKLIENT_USER": "boris", "BANKKLIENT_PASSWORD_FILE": str(password)}
    with jupyter(file, tmp_path / "work", **given) as (_process, url):
        assert executed(url, READ) == f"{ACCOUNT} 1150.000 True True\n"
        who = "import bankklient_lab as bl\ntry: bl.entries(bl.open())\nexcept bl.LabError as error: print(error)"
        assert "entries needs permission 161" in executed(url, who)
        assert executed(url, "import os\nprint('BANKKLIENT_PASSWORD_FILE' in os.environ)") == "False\n"
    with open_here(file) as lab:
        assert lab.rows("SELECT count(*) FROM ops.token WHERE withdrawn_at IS NULL") == [(0,)]
        assert lab.rows(
            "SELECT bool_and(ended_at IS NOT NULL) FROM ops.session JOIN ops.user USING (user_id) WHERE name = 'boris'"
        ) == [(True,)]


def test_own_notebooks_are_never_replaced(tmp_path: Path) -> None:
    work = tmp_path / "work"
    work.mkdir()
    (work / "tutorial.ipynb").write_text("mine")
    assert working_copy(work) == work
    assert (work / "tutorial.ipynb").read_text() == "mine"
    assert (work / "cash_position.ipynb").is_file()
    with pytest.raises(BadArgument, match="can't be used"):
        working_copy(work / "tutorial.ipynb")
