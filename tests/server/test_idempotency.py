"""A call with a key has one effect, however often and wherever it is made."""

from __future__ import annotations

import shutil
import threading
import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx2
import pytest

import bankklient_lab as bl
from bankklient_lab.access import users
from bankklient_lab.lab import Lab
from bankklient_lab.rights.permissions import everything
from bankklient_lab.server import limits
from tests.server.conftest import Owner
from tests.server.served import Served, served
from tests.statements import ACCOUNT, mt940


def key() -> str:
    return str(uuid.uuid4())


def logged(lab: Lab, action: str) -> int:
    ((count,),) = lab.rows("SELECT count(*) FROM ops.log WHERE action = $action", {"action": action})
    return int(count)


def rename(http: httpx2.Client, name: str, key: str) -> httpx2.Response:
    return http.post(
        "/actions/rename_account", json={"account": ACCOUNT, "name": name}, headers={"Idempotency-Key": key}
    )


def test_a_repeated_call_has_one_effect_and_the_same_answer(http: httpx2.Client, serving: Served) -> None:
    one, before = key(), logged(serving.lab, "create_role")
    body = {"role": f"Role {one[:8]}", "permissions": [236]}
    answers = [http.post("/actions/create_role", json=body, headers={"Idempotency-Key": one}) for _ in range(3)]
    assert [answer.json() for answer in answers] == [{"result": None}] * 3
    assert logged(serving.lab, "create_role") == before + 1
    again = http.post("/actions/create_role", json=body, headers={"Idempotency-Key": key()})
    assert (again.status_code, again.json()["code"]) == (422, "bad_argument")


def test_the_answer_of_the_first_call_comes_again(http: httpx2.Client, tmp_path: Path) -> None:
    content, one = mt940(tmp_path, "keyed.sta", number="61").read_bytes(), key()

    def send(key: str) -> dict[str, object]:
        sent = http.post("/files", content=content).json()["id"]
        body = {"path": {"$file": sent}, "name": "keyed.sta"}
        answer = http.post("/actions/import_file", json=body, headers={"Idempotency-Key": key})
        found: dict[str, object] = answer.json()["result"]
        return found

    first = send(one)
    assert send(one) == first
    assert send(key()) != first


def test_the_key_of_another_call_is_refused(http: httpx2.Client) -> None:
    one = key()
    assert rename(http, "First", one).status_code == 200
    other = rename(http, "Second", one)
    assert (other.status_code, other.json()["code"]) == (409, "refused")
    body = {"name": "x", "criteria": {}}
    assert http.post("/actions/save_selection", json=body, headers={"Idempotency-Key": one}).status_code == 409


def test_a_key_belongs_to_its_user(serving: Served, http: httpx2.Client) -> None:
    one = key()
    assert rename(http, "Mine", one).status_code == 200
    with serving.client(serving.session_with(everything())) as other:
        assert rename(other, "Theirs", one).status_code == 200
    assert "Theirs" in bl.accounts.arrow(serving.acting(serving.session_with(everything())))["name"].to_pylist()


def test_a_call_that_failed_is_made_again(http: httpx2.Client, serving: Served) -> None:
    one = key()
    body = {"account": "Not yet there", "name": "Late"}
    failed = http.post("/actions/rename_account", json=body, headers={"Idempotency-Key": one})
    assert failed.status_code == 404
    assert rename(http, "Not yet there", key()).status_code == 200
    done = http.post("/actions/rename_account", json=body, headers={"Idempotency-Key": one})
    assert (done.status_code, done.json()) == (200, {"result": None})


@pytest.mark.parametrize("bad", ["short", "x" * 256, "řřřřřřřřřřřřřřřřřřř".encode().decode("latin-1"), ""])
def test_what_can_be_no_key_is_refused(http: httpx2.Client, bad: str) -> None:
    headers = {"Idempotency-Key": bad.encode("latin-1")}
    answer = http.post("/actions/rename_account", json={"account": ACCOUNT, "name": "Never"}, headers=headers)  # type: ignore[arg-type]
    assert (answer.status_code, answer.json()["code"]) == (422, "bad_argument")


def test_reads_take_no_key(http: httpx2.Client, serving: Served) -> None:
    one = key()
    for on in ("2026-11-02", "2026-11-03"):
        answer = http.post("/actions/balances", json={"on": on}, headers={"Idempotency-Key": one})
        assert answer.status_code == 200


def test_nothing_kept_tells_key_or_password(serving: Served, http: httpx2.Client) -> None:
    one, password = key(), "Very-Secret-Horse-12"
    body = {"user": "keyed", "reference": "KY", "role": "VIEW", "password": password}
    assert http.post("/actions/create_user", json=body, headers={"Idempotency-Key": one}).status_code == 200
    rows = repr(serving.lab.rows("FROM ops.call"))
    assert "create_user" in rows
    assert one not in rows
    assert password not in rows


@pytest.mark.parametrize("keyed", [True, False])
def test_twenty_at_once(serving: Served, http: httpx2.Client, keyed: bool) -> None:
    """With one key everybody gets the one answer or is told to wait; without, the second meets the first."""
    role, one, together = f"Barrier {keyed}", key(), threading.Barrier(20)
    headers = {"Authorization": http.headers["authorization"], **({"Idempotency-Key": one} if keyed else {})}

    def send(_: int) -> tuple[int, str]:
        with serving.client() as client:
            together.wait()
            answer = client.post("/actions/create_role", json={"role": role, "permissions": []}, headers=headers)
        return answer.status_code, answer.json().get("code", "")

    with ThreadPoolExecutor(20) as pool:
        found = Counter(pool.map(send, range(20)))
    expected = {(200, ""), (409, "call_running")} if keyed else {(200, ""), (422, "bad_argument")}
    assert found.keys() <= expected
    assert found[200, ""] >= 1
    if not keyed:
        assert found[200, ""] == 1
    made = "SELECT count(*) FROM ops.log WHERE action = 'create_role' AND subject = $role"
    assert serving.lab.rows(made, {"role": role}) == [(1,)]


def test_a_repeated_call_asks_for_the_right_again(serving: Served) -> None:
    secret, one = serving.session_with({920}), key()
    with serving.client(secret) as http:
        assert rename(http, "Once allowed", one).status_code == 200
        with serving.lab.database.tx("ops") as cursor:
            cursor.execute("UPDATE ops.role SET permissions = '' WHERE role_id = (SELECT max(role_id) FROM ops.role)")
        serving.lab.rights.forget()
        answer = rename(http, "Once allowed", one)
    assert (answer.status_code, answer.json()["code"]) == (403, "not_allowed")


def test_answers_are_kept_for_a_week(peopled: Path, tmp_path: Path) -> None:
    now = [datetime(2026, 11, 22, tzinfo=UTC)]
    with served(Path(shutil.copy(peopled, tmp_path)), clock=lambda: now[0]) as serving:
        with serving.client(serving.token_of(1, expires_at=now[0] + timedelta(days=30))) as http:
            one = key()
            assert rename(http, "First", one).status_code == 200
            now[0] += timedelta(days=limits.DAYS_ANSWERS_KEPT, seconds=-1)
            assert rename(http, "First", one).status_code == 200
            assert logged(serving.lab, "rename_account") == 1
            now[0] += timedelta(seconds=1)
            assert rename(http, "First", one).status_code == 200
            assert logged(serving.lab, "rename_account") == 2
            now[0] += timedelta(days=limits.DAYS_ANSWERS_KEPT)
            assert rename(http, "Second", key()).status_code == 200
        assert serving.lab.rows("SELECT count(*) FROM ops.call") == [(1,)]


def test_the_remote_lab_repeats_a_call_whose_owner_died(filled: Path, owner: Owner) -> None:
    process = owner()
    with bl.open(filled, user="caller") as lab:
        bl.rename_account(lab, ACCOUNT, "Before")
        process.kill()
        process.communicate()
        bl.rename_account(lab, ACCOUNT, "After")  # this process owns the lab now
        assert "After" in bl.accounts.arrow(lab)["name"].to_pylist()
        assert users.users.arrow(lab).num_rows == 1
