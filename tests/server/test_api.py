"""The open API: what a program in any language sends and gets."""

from __future__ import annotations

import base64
import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import httpx2
import pyarrow as pa
import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate
from prometheus_client.parser import text_string_to_metric_families

import bankklient_lab as bl
from bankklient_lab.actions import ACTIONS
from bankklient_lab.formats.base import LIMITS
from bankklient_lab.rights.permissions import everything, permissions
from bankklient_lab.server import limits, wire
from bankklient_lab.server.arguments import parameters
from tests.server.served import CLERK, CLERK_PASSWORD, Served
from tests.statements import ACCOUNT, mt940

NOVEMBER = {"since": "2026-11-01", "until": "2026-12-01"}


def problem(answer: httpx2.Response) -> tuple[int, str]:
    """Return status and code of a problem, after a look at its form."""
    body = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert list(body) == ["type", "title", "status", "code", "detail", "details"]
    assert body["status"] == answer.status_code
    assert body["type"] == f"/problems/{body['code']}"
    assert body["detail"]
    return answer.status_code, body["code"]


@pytest.fixture(scope="module")
def described(serving: Served) -> dict[str, Any]:
    """Return the description, which anybody may read."""
    with serving.client() as client:
        answer = client.get("/openapi.json")
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()
    return found


def test_the_description_is_valid_openapi_3_1(described: dict[str, Any]) -> None:
    assert described["openapi"] == "3.1.0"
    validate(described)


def test_every_action_is_described_with_all_it_takes(described: dict[str, Any]) -> None:
    named = {path.removeprefix("/actions/") for path in described["paths"] if path.startswith("/actions/")}
    assert named == set(ACTIONS)
    for name, one in ACTIONS.items():
        operation = described["paths"][f"/actions/{name}"]["post"]
        body = operation["requestBody"]["content"]["application/json"]["schema"]
        Draft202012Validator.check_schema(body)
        assert set(body["properties"]) == set(parameters(one.function)) - {"job"}, name
        assert operation["x-permission"] == one.declared.needs
        assert operation["summary"]
        assert all(number.isdigit() is False or number in operation["description"] for number in [one.declared.needs])
        assert "arguments" not in body["properties"], "the word of the envelope"


@pytest.mark.parametrize(
    ("name", "given", "fits"),
    [
        ("balances", {"on": "2026-11-02"}, True),
        ("balances", {}, False),
        ("balances", {"on": 5}, False),
        ("balances", {"on": "2026-11-02", "nothing": 1}, False),
        ("entries", {"since": "2026-11-01", "amount_from": "1.50", "accounts": [ACCOUNT]}, True),
        ("entries", {"accounts": ACCOUNT}, False),
        ("import_file", {"path": {"$file": "0" * 32}}, True),
        ("import_file", {"path": "/etc/passwd"}, False),
        ("login", {"name": "x", "password": "y", "channel": "api"}, True),
        ("login", {"name": "x", "password": "y", "channel": "owner"}, False),
    ],
)
def test_the_description_and_the_server_agree(
    described: dict[str, Any], http: httpx2.Client, name: str, given: dict[str, Any], fits: bool
) -> None:
    body = described["paths"][f"/actions/{name}"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    schemas = {"components": described["components"]}
    assert Draft202012Validator({**body, **schemas}).is_valid(given) is fits
    answer = http.post(f"/actions/{name}", json=given)
    assert (answer.status_code == 422 and answer.json()["code"] == "bad_argument") is not fits


def test_a_table_is_plain_json(http: httpx2.Client) -> None:
    answer = http.post("/actions/balances", json={"on": "2026-11-02", "accounts": [ACCOUNT]})
    assert answer.status_code == 200
    body = answer.json()
    names = [column["name"] for column in body["columns"]]
    row = dict(zip(names, body["rows"][0], strict=True))
    assert (row["account"], row["currency"], row["balance"]) == (ACCOUNT, "CZK", "1150.000")
    assert {column["name"]: column["type"] for column in body["columns"]}["balance"] == "decimal128(18, 3)"
    assert body["next"] is None


def test_a_table_is_an_arrow_stream_for_who_accepts_one(http: httpx2.Client, serving: Served) -> None:
    headers = {"Accept": "application/vnd.apache.arrow.stream"}
    answer = http.post("/actions/balances", json={"on": "2026-11-02"}, headers=headers)
    assert answer.headers["content-type"] == wire.ARROW_STREAM
    with serving.client() as _:
        here = bl.balances.arrow(serving.acting(serving.session_with(everything())), on=date(2026, 11, 2))
    with pa.ipc.open_stream(answer.content) as stream:
        assert stream.read_all() == here


def test_arguments_may_stand_in_an_envelope(http: httpx2.Client) -> None:
    plain = http.post("/actions/balances", json={"on": "2026-11-02"})
    wrapped = http.post("/actions/balances", json={"arguments": {"on": "2026-11-02"}})
    assert plain.json() == wrapped.json()
    empty = http.post("/actions/accounts", headers={"Content-Type": "application/json"})
    assert empty.json() == http.post("/actions/accounts", json={}).json()


@pytest.mark.parametrize("name", ["entries", "findings", "accounts"])
def test_pages_join_to_the_whole(http: httpx2.Client, name: str) -> None:
    whole = http.post(f"/actions/{name}", json={}).json()["rows"]
    assert len(whole) > 2
    path: str | None = f"/actions/{name}?limit=2"
    joined = []
    while path:
        answer = http.post(path, json={})
        assert len(answer.json()["rows"]) <= 2
        joined += answer.json()["rows"]
        path = answer.json()["next"]
        assert answer.headers.get("link") == (f'<{path}>; rel="next"' if path else None)
    assert joined == whole


BAD_PAGES = ("limit=0", "limit=10001", "limit=-1", "offset=x", "limit=%D9%A1", "page=2", "offset=-1")


@pytest.mark.parametrize("query", BAD_PAGES)
def test_pages_that_cannot_be_are_refused(http: httpx2.Client, query: str) -> None:
    assert problem(http.post(f"/actions/accounts?{query}", json={})) == (422, "bad_argument")


def test_bytes_come_as_base64_or_as_they_are(http: httpx2.Client) -> None:
    body = {"account": ACCOUNT, **NOVEMBER, "suffix": ".sta"}
    text = http.post("/actions/export_statement", json=body).json()["result"]
    raw = http.post("/actions/export_statement", json=body, headers={"Accept": "application/octet-stream"})
    assert raw.headers["content-type"] == "application/octet-stream"
    assert base64.b64decode(text) == raw.content
    assert raw.content.startswith(b":20:")


def test_a_file_is_sent_and_imported(http: httpx2.Client, tmp_path: Path) -> None:
    content = mt940(tmp_path, "api.sta", number="50", first="261210", last="261210", opening="0,00", closing="5,00",
                    entries=(("261210", "C5,00", "R1"),)).read_bytes()  # fmt: skip
    sent = http.post("/files", content=content).json()
    report = http.post("/actions/import_file", json={"path": {"$file": sent["id"]}, "name": "api.sta"}).json()["result"]
    assert report["status"] == "imported"
    again = http.post("/actions/import_file", json={"path": {"$file": sent["id"]}})
    assert problem(again) == (404, "unknown_name")


@pytest.mark.parametrize(
    ("name", "body", "expected"),
    [
        ("no_such", {}, (404, "unknown_name")),
        ("balances", {"on": "yesterday"}, (422, "bad_argument")),
        ("balances", {"on": "2026-11-02", "accounts": ["nobody"]}, (404, "unknown_name")),
        ("balances", {"on": "2026-11-02", "in_currency": "XXX"}, (422, "bad_argument")),
        ("withdraw_import", {"import_id": 99, "reason": "x"}, (404, "unknown_name")),
        ("new_link", {}, (409, "refused")),
    ],
)
def test_problems_are_typed(http: httpx2.Client, name: str, body: dict[str, Any], expected: tuple[int, str]) -> None:
    answer = http.post(f"/actions/{name}", json=body)
    status, code = problem(answer)
    assert code == expected[1] or (name, code) == ("balances", "no_rate")
    assert status == expected[0]
    told = http.get(answer.json()["type"]).json()
    assert told.items() <= answer.json().items()


def test_health_is_a_query_and_says_when_there_is_none(serving: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving.client() as client:
        assert client.get("/health").json() == {"ok": True, "controlled": True}

        def broken(*_: object) -> None:
            raise duckdb.IOException("disk")

        monkeypatch.setattr(serving.lab, "rows", broken)
        answer = client.get("/health")
    assert problem(answer) == (503, "unhealthy")
    assert "IOException" in answer.json()["detail"]
    assert "disk" not in answer.text


def test_metrics_count_calls_and_name_nobody(http: httpx2.Client, serving: Served) -> None:
    for _ in range(3):
        http.post("/actions/balances", json={"on": "2026-11-02", "accounts": [ACCOUNT]})
    http.post("/actions/balances", json={"on": "never"})
    http.post("/actions/no_such_action", json={})
    serving.login(CLERK, CLERK_PASSWORD)
    text = http.get("/metrics").text
    found = {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }
    assert found["bankklient_calls_total", "balances", "done"] >= 3
    assert found["bankklient_calls_total", "balances", "bad_argument"] >= 1
    assert found["bankklient_call_seconds_count", "balances"] >= 4
    assert found["bankklient_sessions", "api"] >= 1
    assert found["bankklient_imports", "imported"] >= 5
    for name in (CLERK, ACCOUNT, "no_such_action", serving.lab.rights.user_name(1)):
        assert name not in text


def test_metrics_are_for_tokens_and_for_this_machine(serving: Served) -> None:
    with serving.client() as near, serving.client("0" * 64) as wrong:
        assert near.get("/metrics").status_code == 200
        assert problem(wrong.get("/metrics")) == (401, "unauthorized")


def test_limits_are_those_of_the_documents() -> None:
    text = (Path(__file__).parents[2] / "docs" / "how-to" / "api.md").read_text("utf-8")
    for said in (
        f"{limits.CALLS_A_SECOND:.0f} calls a second", f"bursts of {limits.CALLS_IN_A_BURST}",
        f"{limits.LOGINS_IN_A_BURST} logins", f"{limits.LOGINS_A_SECOND * 60:.0f} a minute",
        f"{limits.FILES_WAITING_MAX} files", f"{limits.READS_AT_ONCE} reads and {limits.LONG_WORK_AT_ONCE} imports",
        f"{limits.BODY_BYTES_MAX // 1024**2} MiB", f"{LIMITS.file_bytes // 1024**2} MiB",
        f"{limits.ROWS_A_PAGE:,} rows".replace(",", " "), f"{limits.ROWS_A_PAGE_MAX:,}".replace(",", " "),
        f"{limits.DAYS_ANSWERS_KEPT} days", f"{limits.KEY_CHARS_MIN} to {limits.KEY_CHARS_MAX} characters",
    ):  # fmt: skip
        assert said in text, said


def test_decimals_are_texts_in_and_out(http: httpx2.Client) -> None:
    rows = http.post("/actions/entries", json={**NOVEMBER, "amount_from": "100.00", "accounts": [ACCOUNT]}).json()
    at = [column["name"] for column in rows["columns"]].index("amount")
    amounts = [row[at] for row in rows["rows"]]
    assert amounts
    assert all(isinstance(amount, str) and Decimal(amount) >= 100 for amount in amounts)
    assert json.loads(json.dumps(amounts)) == amounts


def test_the_permissions_that_are_described_exist(described: dict[str, Any]) -> None:
    for path, operation in described["paths"].items():
        needs = operation.get("post", {}).get("x-permission", "")
        for number in filter(str.isdigit, needs.replace("|", " ").replace("&", " ").replace("(", " ").split()):
            assert int(number.strip(")")) in permissions(), path
