"""A token that is withdrawn while a server runs is refused at its next call."""

from __future__ import annotations

from typing import Any

import httpx2

from bankklient_lab.access.tokens import create_token, withdraw_token
from tests.server.served import Served


def imports_of(http: httpx2.Client) -> tuple[int, Any]:
    answer = http.post("/actions/imports", json={})
    return answer.status_code, answer.json().get("code")


def test_a_running_server_refuses_a_withdrawn_token(serving: Served) -> None:
    owner = serving.acting(serving.login())
    made = create_token(owner, "notebook", scope=[920], days=1)
    with serving.client(made["token"]) as http:
        assert imports_of(http)[0] == 200
        assert http.post("/actions/users", json={}).status_code == 403
        withdraw_token(owner, made["token_id"])
        assert imports_of(http)[0] == 401


def test_a_repeated_call_is_not_told_a_secret_again(serving: Served) -> None:
    with serving.client(serving.login()) as http:
        call = {"json": {"name": "once", "scope": [236]}, "headers": {"Idempotency-Key": "a-key-of-this-test-alone"}}
        first = http.post("/actions/create_token", **call)
        again = http.post("/actions/create_token", **call)
    secret = first.json()["result"]["token"]
    assert (again.status_code, again.json()["code"]) == (409, "refused")
    assert serving.lab.rows("SELECT count(*) FROM ops.token WHERE name = 'once'") == [(1,)]
    assert secret not in str(serving.lab.rows("FROM ops.call"))
