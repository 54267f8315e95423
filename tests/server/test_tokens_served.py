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
