"""The endpoint answers nobody but the callers it was made for, and never more than one line of a failure."""

from __future__ import annotations

import base64
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

import bankklient_lab as bl
from bankklient_lab import actions
from bankklient_lab.lab import Lab
from bankklient_lab.server import limits
from bankklient_lab.store.owner import OwnerCard, card_path
from tests.server.conftest import card_of

ANSWERS = dict[str, Any]


@pytest.fixture(scope="module")
def card(made: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnerCard]:
    """Open a lab in this process and return its card."""
    path = Path(shutil.copy(made, tmp_path_factory.mktemp("endpoint")))
    with bl.open(path):
        yield card_of(path)


@pytest.fixture(scope="module")
def http(card: OwnerCard) -> Iterator[httpx2.Client]:
    """Return a client with the right token."""
    headers = {"Authorization": f"Bearer {card.token}"}
    with httpx2.Client(base_url=card.address, headers=headers, trust_env=False, verify=False) as client:
        yield client


def call(http: httpx2.Client, name: str, arguments: dict[str, Any]) -> httpx2.Response:
    return http.post(f"/actions/{name}", json={"user": "", "arguments": arguments})


def test_the_card_is_for_its_user_only(filled: Path) -> None:
    with bl.open(filled):
        card = card_of(filled)
        assert stat.S_IMODE(card_path(filled).stat().st_mode) == 0o600
    assert len(bytes.fromhex(card.token)) == 32
    assert card.address.startswith("http://127.0.0.1:")


def test_health_runs_a_query(http: httpx2.Client) -> None:
    assert http.get("/health").json() == {"ok": True, "controlled": False}


PLACES = [("GET", "/health"), ("POST", "/files"), ("POST", "/actions/imports"), ("GET", "/jobs/x"), ("GET", "/nowhere")]


@pytest.mark.parametrize(("method", "path"), PLACES)
@pytest.mark.parametrize("token", [None, "", "Bearer", "Bearer " + "0" * 64, "Basic eDp5", "Bearer \xe9"])
def test_without_the_token_nothing_is_answered(card: OwnerCard, method: str, path: str, token: str | None) -> None:
    headers = {} if token is None else {"Authorization": token.encode("latin-1")}
    answer = httpx2.request(method, card.address + path, headers=headers, trust_env=False, verify=False)
    assert answer.status_code == 401
    assert answer.json()["code"] == "unauthorized"


@pytest.mark.parametrize(("method", "path"), PLACES)
@pytest.mark.parametrize(
    "headers", [{"Origin": "http://evil.example"}, {"Origin": "null"}, {"Host": "evil.example"}, {"Host": "127.0.0.1"}]
)
def test_web_pages_are_turned_away(http: httpx2.Client, method: str, path: str, headers: dict[str, str]) -> None:
    assert http.request(method, path, headers=headers).status_code == 403


def test_pages_of_the_same_machine_are_turned_away_too(http: httpx2.Client, card: OwnerCard) -> None:
    assert http.post("/actions/imports", headers={"Origin": card.address}).status_code == 403


def test_plain_json_is_understood(http: httpx2.Client) -> None:
    answer = call(http, "save_selection", {"name": "mine", "criteria": {"text": "x"}})
    assert answer.json() == {"result": None}
    days = {"since": "2026-11-01", "until": "2026-12-01", "suffix": ".sta"}
    answer = call(http, "export_statement", {"account": "CZ6508000000192000145399", **days})
    assert base64.b64decode(answer.json()["result"]).startswith(b":20:")


@pytest.mark.parametrize(
    ("name", "arguments", "status", "code", "said"),
    [
        ("no_such", {}, 404, "unknown_name", "no_such"),
        ("__class__", {}, 404, "unknown_name", "__class__"),
        ("balances", {}, 422, "bad_argument", "needs the argument 'on'"),
        ("balances", {"on": "yesterday"}, 422, "bad_argument", "on can't be 'yesterday'"),
        ("balances", {"on": 5}, 422, "bad_argument", "on can't be 5"),
        ("balances", {"on": "2026-11-01", "nothing": 1}, 422, "bad_argument", "takes no argument 'nothing'"),
        ("balances", {"on": {"$date": "2026-02-30"}}, 422, "bad_argument", "a date can't be read"),
        ("balances", {"on": {"$eval": "1"}}, 422, "bad_argument", "$eval is no kind of value"),
        ("balances", {"on": {"$record": ["Lab", {}]}}, 422, "bad_argument", "a record can't be read"),
        ("import_file", {"path": "/etc/passwd"}, 422, "bad_argument", "path can't be '/etc/passwd'"),
        ("import_file", {"path": {"$file": "../../etc/passwd"}}, 404, "unknown_name", "uploaded file"),
        ("import_file", {"path": {"$file": "0" * 32}}, 404, "unknown_name", "uploaded file"),
        ("import_file", {"path": {"$file": 5}}, 404, "unknown_name", "uploaded file"),
        ("import_file", {"job": None}, 422, "bad_argument", "takes no argument 'job'"),
    ],
)
def test_bad_calls_are_answered_with_a_sentence(
    http: httpx2.Client, name: str, arguments: ANSWERS, status: int, code: str, said: str
) -> None:
    answer = call(http, name, arguments)
    assert answer.status_code == status
    error = answer.json()
    assert error["code"] == code
    assert said in error["detail"]


NO_CALLS = (b"{", b"[]", b"5", b'{"user": 1, "arguments": {}}', b'{"arguments": []}', b"[" * 100_000)
DEEP = b'{"name":' * 200 + b"1" + b"}" * 200


@pytest.mark.parametrize("body", [*NO_CALLS, DEEP])
def test_what_is_no_call_is_refused(http: httpx2.Client, body: bytes) -> None:
    answer = http.post("/actions/imports", content=body, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (422, "bad_argument")


def test_a_form_is_refused(http: httpx2.Client) -> None:
    assert http.post("/actions/imports", data={"user": "x"}).status_code == 415


def test_an_oversized_call_is_refused_before_it_is_read_whole(http: httpx2.Client) -> None:
    body = (b" " * 65_536 for _ in range(limits.BODY_BYTES_MAX // 65_536 + 2))
    answer = http.post("/actions/imports", content=body, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (413, "limit_exceeded")


def test_a_failure_is_one_line_there_and_a_traceback_here(
    http: httpx2.Client, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(actions, "ACTIONS", dict(actions.ACTIONS))

    @actions.action(mode="standard")
    def fail_by_a_fault(lab: Lab) -> None:
        raise RuntimeError(f"in {lab.database}\nin /a/folder")

    assert call(http, "entry_detail", {"import_id": 10**40, "statement_no": 1, "entry_no": 1}).status_code == 422
    answer = call(http, fail_by_a_fault.name, {})
    assert answer.status_code == 500
    error = answer.json()
    assert error["code"] == "internal"
    assert "\n" not in error["detail"]
    assert "Traceback" not in answer.text
    assert "/" not in error["detail"]
    assert "Traceback" in caplog.text


def test_unknown_jobs_are_named(http: httpx2.Client) -> None:
    assert http.get("/jobs/" + "0" * 32).status_code == 404
    assert http.delete("/jobs/" + "0" * 32).status_code == 404


@pytest.mark.parametrize("job", ["x", "0" * 31, "../" * 11])
def test_bad_job_names_are_refused(http: httpx2.Client, job: str) -> None:
    sent = http.post("/files", content=b"x").json()["id"]
    body = {"user": "", "arguments": {"path": {"$file": sent}}}
    answer = http.post("/actions/inspect_file", json=body, headers={"x-job": job})
    assert answer.status_code == 422


def test_the_endpoint_ends_with_the_lab(filled: Path) -> None:
    with bl.open(filled):
        address = card_of(filled).address
    with pytest.raises(httpx2.ConnectError):
        httpx2.get(address + "/health", trust_env=False)
