"""Attacks on the API and on the actions behind it: each fails, with the answer that is expected."""

from __future__ import annotations

import base64
import http.client
import io
import json
import shutil
import socket
import threading
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import httpx2
import pyarrow as pa
import pytest

import bankklient_lab as bl
from bankklient_lab.access import logins, tries, users
from bankklient_lab.actions import ACTIONS
from bankklient_lab.errors import LabError, LoginRefused, NotAllowed, NotLoggedIn
from bankklient_lab.lab import Lab
from bankklient_lab.rights.identity import NOBODY, Identity
from bankklient_lab.rights.permissions import everything
from bankklient_lab.server import limits
from bankklient_lab.server.api import register_actions
from bankklient_lab.server.arguments import parameters
from bankklient_lab.server.throttle import Throttle
from tests.faults.material import broken
from tests.server.conftest import card_of
from tests.server.served import CLERK, CLERK_PASSWORD, OWNER, PASSWORD, Served, served
from tests.statements import ACCOUNT

register_actions()
JSON = {"Content-Type": "application/json"}


def refused(answer: httpx2.Response) -> tuple[int, str]:
    """Return status and code of a refusal."""
    assert answer.headers["content-type"] == "application/problem+json"
    return answer.status_code, answer.json()["code"]


def counted(lab: Lab, table: str) -> int:
    ((count,),) = lab.rows(f"SELECT count(*) FROM {table}")
    return int(count)


@pytest.fixture
def fresh(peopled: Path, tmp_path: Path) -> Iterator[Served]:
    """Return a served lab for one test, whose clock the test turns."""
    now = [datetime(2026, 11, 22, 12, tzinfo=UTC)]
    with served(Path(shutil.copy(peopled, tmp_path)), clock=lambda: now[0]) as one:
        one.now = now  # type: ignore[attr-defined]
        yield one


# --- SQL injection through every filter ---

PAYLOADS = (
    "'; DROP TABLE history.entry; --", "' OR '1'='1", "x') UNION SELECT password_hash FROM ops.user --",
    "$$; DELETE FROM ops.log; $$", "' || (SELECT getenv('HOME')) || '", "read_text('/etc/passwd')", "%' OR 1=1 --",
)  # fmt: skip
FILTERS: dict[str, tuple[str, ...]] = {
    "entries": ("text", "counterparty", "reference", "side", "currency", "accounts", "order_by"),
    "entry_totals": ("text", "counterparty", "side", "currency", "accounts"),
    "findings": ("severity", "accounts"),
    "statements": ("accounts",),
    "pending_entries": ("accounts",),
}


def filters() -> Iterator[tuple[str, str]]:
    for name, arguments in FILTERS.items():
        known = parameters(ACTIONS[name].function)
        yield from ((name, argument) for argument in arguments if argument in known)


@pytest.mark.parametrize(("name", "argument"), list(filters()))
def test_sql_in_a_filter_is_a_value(http: httpx2.Client, serving: Served, name: str, argument: str) -> None:
    before = counted(serving.lab, "history.entry"), counted(serving.lab, "ops.log")
    for payload in PAYLOADS:
        value = [payload] if argument in {"accounts", "order_by"} else payload
        answer = http.post(f"/actions/{name}", json={argument: value})
        assert "$argon2" not in answer.text
        assert "root:" not in answer.text
        if answer.status_code == 200:
            rows = answer.json()["rows"]
            assert rows == [] or name == "entry_totals", payload  # nothing has such a text
        else:
            assert refused(answer) in {(404, "unknown_name"), (422, "bad_argument")}
    assert (counted(serving.lab, "history.entry"), counted(serving.lab, "ops.log")) == before


def test_sql_in_a_login_is_a_name(serving: Served) -> None:
    for payload in (*PAYLOADS, f"{OWNER}' --", "' OR valid OR '"):
        with serving.client() as http:
            answer = http.post("/actions/login", json={"name": payload, "password": payload})
        assert refused(answer) in {(401, "login_refused"), (429, "too_many_calls")}


# --- sessions: fixation, theft, withdrawal ---


def test_a_login_makes_a_new_secret_and_takes_none(fresh: Served) -> None:
    chosen = "a-session-that-the-attacker-knows-0123456789"
    with fresh.client() as http:
        for given in ({"session": chosen}, {"session_id": 1}, {"digest": chosen}):
            answer = http.post("/actions/login", json={"name": CLERK, "password": CLERK_PASSWORD, **given})
            assert refused(answer) == (422, "bad_argument")
        http.headers["Cookie"] = f"bankklient={chosen}; session={chosen}"
        begun = http.post("/actions/login", json={"name": CLERK, "password": CLERK_PASSWORD})
        assert "set-cookie" not in begun.headers
    first, second = begun.json()["result"]["session"], fresh.login(CLERK, CLERK_PASSWORD)
    assert len({first, second, chosen}) == 3
    assert len(first) >= 43
    with fresh.client(chosen) as http:
        assert refused(http.post("/actions/accounts", json={})) == (401, "unauthorized")


def test_no_cookie_opens_the_api(fresh: Served) -> None:
    secret = fresh.login()
    for name in ("bankklient", "session", "Authorization", "token"):
        with fresh.client(Cookie=f"{name}={secret}") as http:
            assert refused(http.post("/actions/accounts", json={})) == (401, "unauthorized")


@pytest.mark.parametrize("place", ["query", "body", "basic", "twice"])
def test_a_secret_counts_only_as_bearer(fresh: Served, place: str) -> None:
    secret = fresh.login()
    basic = base64.b64encode(f"{secret}:".encode()).decode()
    with fresh.client() as http:
        match place:
            case "query":
                answer = http.post(f"/actions/accounts?token={secret}", json={})
            case "body":
                answer = http.post("/actions/accounts", json={"token": secret, "arguments": {}})
            case "basic":
                answer = http.post("/actions/accounts", json={}, headers={"Authorization": f"Basic {basic}"})
            case _:
                headers = [("Authorization", "Bearer x"), ("Authorization", f"Bearer {secret}"), *JSON.items()]
                answer = http.post("/actions/accounts", content=b"{}", headers=headers)
    assert refused(answer) == ((400, "bad_request") if place == "twice" else (401, "unauthorized"))


@pytest.mark.spec("ADM-009")
def test_a_session_that_ended_opens_nothing(fresh: Served) -> None:
    secret = fresh.login(CLERK, CLERK_PASSWORD)
    with fresh.client(secret) as http:
        assert http.post("/actions/accounts", json={}).status_code == 200
        assert http.post("/actions/logout", json={}).status_code == 200
        assert refused(http.post("/actions/accounts", json={})) == (401, "unauthorized")


@pytest.mark.parametrize("how", ["withdrawn", "expired", "user invalid"])
def test_a_token_that_is_over_opens_nothing(fresh: Served, how: str) -> None:
    secret = fresh.token_of(2, expires_at=fresh.now[0] + timedelta(hours=1))  # type: ignore[attr-defined]
    with fresh.client(secret) as http:
        assert http.post("/actions/accounts", json={}).status_code == 200
        if how == "expired":
            fresh.now[0] += timedelta(hours=1)  # type: ignore[attr-defined]
        else:
            change = {
                "withdrawn": "UPDATE ops.token SET withdrawn_at = created_at",
                "user invalid": "UPDATE ops.user SET valid = false WHERE user_id = 2",
            }[how]
            with fresh.lab.database.tx("ops") as cursor:
                cursor.execute(change)
            fresh.lab.rights.forget()
        answer = http.post("/actions/accounts", json={})
    assert refused(answer) in {(401, "not_logged_in"), (401, "unauthorized")}


# --- rights: direct calls, others' sessions, scopes, changes between two calls ---


def test_the_scope_of_a_token_is_no_more_than_it_says(fresh: Served) -> None:
    for scope, allowed in (({236}, {"balances"}), ({231}, {"statements"}), (set(), set())):
        with fresh.client(fresh.token_of(1, scope, expires_at=fresh.now[0] + timedelta(hours=1))) as http:  # type: ignore[attr-defined]
            for name, body in (("balances", {"on": "2026-11-02"}), ("statements", {}), ("users", {}),
                               ("configure", {"values": {}}), ("withdraw_import", {"import_id": 1, "reason": "x"}),
                               ("create_user", {})):  # fmt: skip
                answer = http.post(f"/actions/{name}", json=body)
                if name in allowed:
                    assert answer.status_code == 200
                else:
                    assert refused(answer) == (403, "not_allowed")


def test_a_scope_gives_nothing_that_its_user_lacks(fresh: Served) -> None:
    with fresh.client(fresh.token_of(2, everything(), expires_at=fresh.now[0] + timedelta(hours=1))) as http:  # type: ignore[attr-defined]
        assert http.post("/actions/balances", json={"on": "2026-11-02"}).status_code == 200
        assert refused(http.post("/actions/users", json={})) == (403, "not_allowed")


def test_a_right_that_is_lost_between_two_calls_is_gone(fresh: Served) -> None:
    """Also for a session that is in the middle of its work."""
    with fresh.client(fresh.login()) as owner, fresh.client(fresh.login(CLERK, CLERK_PASSWORD)) as clerk:
        assert clerk.post("/actions/balances", json={"on": "2026-11-02"}).status_code == 200
        assert owner.post("/actions/change_user", json={"user": CLERK, "role": "EMPTY"}).status_code == 200
        assert refused(clerk.post("/actions/balances", json={"on": "2026-11-02"})) == (403, "not_allowed")
        assert owner.post("/actions/change_user", json={"user": CLERK, "valid": False}).status_code == 200
        assert refused(clerk.post("/actions/accounts", json={}))[0] == 401


def test_a_direct_call_asks_as_the_api_does(fresh: Served) -> None:
    clerk = fresh.acting(fresh.login(CLERK, CLERK_PASSWORD))
    for change in (lambda: users.set_password(clerk, OWNER, "Taken-over-99"),
                   lambda: ACTIONS["grant_permissions"].run(clerk, CLERK, [1]),
                   lambda: users.users.rows(clerk), lambda: users.users.arrow(clerk)):  # fmt: skip
        with pytest.raises(NotAllowed):
            change()
    forged = Identity(1, OWNER, "OW", "api", session_id=clerk.caller.session_id)
    for caller in (NOBODY, Identity(1, OWNER, "OW"), forged, Identity(1, OWNER, "OW", session_id=10**6),
                   Identity(1, OWNER, "OW", token_id=10**6)):  # fmt: skip
        with pytest.raises(NotLoggedIn):
            bl.balances.arrow(fresh.lab.acting(caller), on=date(2026, 11, 2))
    assert fresh.lab.rights.user_name(1)


def test_nobody_acts_with_the_session_of_another(fresh: Served) -> None:
    """The name in a call means nothing once the lab asks for logins."""
    with fresh.client(fresh.login(CLERK, CLERK_PASSWORD)) as http:
        body = {"user": OWNER, "arguments": {"name": "mine", "criteria": {}}}
        assert http.post("/actions/save_selection", json=body).status_code == 200
    assert fresh.lab.rows("SELECT user_id FROM ops.user_selection WHERE name = 'mine'") == [(2,)]
    ((by,),) = fresh.lab.rows("SELECT by_user FROM ops.log WHERE action = 'save_selection'")
    assert by == CLERK


def test_the_card_of_the_owner_is_no_way_around_a_login(fresh: Served) -> None:
    card = card_of(fresh.lab.path)
    headers = {"Authorization": f"Bearer {card.token}"}
    with httpx2.Client(base_url=card.address, headers=headers, trust_env=False) as http:
        for user in ("", OWNER):
            answer = http.post("/actions/users", json={"user": user, "arguments": {}})
            assert refused(answer) == (401, "not_logged_in")
    with fresh.client(card.token) as http:  # and it means nothing at the open API
        assert refused(http.post("/actions/accounts", json={})) == (401, "unauthorized")


def test_another_users_work_can_be_neither_seen_nor_stopped(fresh: Served) -> None:
    owner, clerk = fresh.session_with(everything()), fresh.session_with(everything())
    job, seen = "a" * 32, []
    content = b"x" * 5_000_000
    with fresh.client(owner) as mine, fresh.client(clerk) as theirs:
        file = mine.post("/files", content=content).json()["id"]
        body = {"path": {"$file": file}}
        with ThreadPoolExecutor(1) as pool:
            working = pool.submit(mine.post, "/actions/inspect_file", json=body, headers={"X-Job": job})
            while not working.done():
                seen += [theirs.get(f"/jobs/{job}").status_code, theirs.delete(f"/jobs/{job}").status_code]
        assert working.result().status_code == 200
    assert set(seen) <= {404, 429}


# --- web pages ---


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"}, {"Origin": "null"}, {"Origin": "http://127.0.0.1"},
        {"Host": "evil.example"}, {"Host": ""}, {"Host": "localhost"}, {"Host": "127.0.0.1:1"},
        {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"},
        {"X-Forwarded-Host": "evil.example", "Origin": "https://evil.example"},
    ],
)  # fmt: skip
@pytest.mark.parametrize("path", ["/actions/accounts", "/actions/login", "/health", "/files"])
def test_no_web_page_calls(serving: Served, http: httpx2.Client, headers: dict[str, str], path: str) -> None:
    method = "GET" if path == "/health" else "POST"
    answer = http.request(method, path, headers={**JSON, **headers}, content=b"{}" if method == "POST" else None)
    assert answer.status_code in {400, 403} if headers.get("Host") == "" else refused(answer) == (403, "forbidden")
    assert not [name for name in answer.headers if name.startswith("access-control")]


def test_no_preflight_is_answered(serving: Served) -> None:
    headers = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    with serving.client() as http:
        answer = http.options("/actions/accounts", headers=headers)
    assert refused(answer) == (403, "forbidden")
    assert not [name for name in answer.headers if name.startswith("access-control")]


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x",
                                  "", "application/jsonx", "text/html"])  # fmt: skip
def test_what_a_form_can_send_is_no_call(http: httpx2.Client, kind: str) -> None:
    answer = http.post("/actions/accounts", content=b"{}", headers={"Content-Type": kind} if kind else {})
    assert refused(answer) == (415, "wrong_type")


def test_every_answer_carries_its_headers(serving: Served, http: httpx2.Client) -> None:
    with serving.client() as stranger:
        answers = [
            http.post("/actions/accounts", json={}), http.post("/actions/none", json={}), http.get("/nowhere"),
            stranger.get("/health"), stranger.get("/actions/accounts"), stranger.get("/openapi.json"),
        ]  # fmt: skip
    for answer in answers:
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["content-security-policy"].startswith("default-src 'none'")
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert "server" not in answer.headers


# --- guessing passwords ---


def test_guessing_is_slowed_and_a_restart_does_not_help(peopled: Path, tmp_path: Path) -> None:
    now = [datetime(2026, 11, 22, 12, tzinfo=UTC)]
    path = Path(shutil.copy(peopled, tmp_path))

    def attempt(one: Served, password: str) -> int:
        with one.client() as http:
            return http.post("/actions/login", json={"name": CLERK, "password": password}).status_code

    with served(path, clock=lambda: now[0]) as one:
        assert [attempt(one, f"guess {number}") for number in range(6)] == [401] * 6
        assert attempt(one, CLERK_PASSWORD) == 401  # too early, right or not
    with served(path, clock=lambda: now[0]) as one:  # the try that was too early is still too early
        assert attempt(one, CLERK_PASSWORD) == 401
        now[0] += tries.delay(6)
        assert attempt(one, CLERK_PASSWORD) == 200
        assert counted(one.lab, "ops.log WHERE action = 'login_refused'") >= 8


def test_an_unknown_name_is_refused_like_a_wrong_password(fresh: Served) -> None:
    with fresh.client() as http:
        names = (CLERK, "nobody-at-all")
        said = {http.post("/actions/login", json={"name": name, "password": "wrong"}).text for name in names}
    assert len(said) == 1


@pytest.fixture
def strict(peopled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    """Return a served lab whose limits are small, so that a slow machine reaches them, too."""
    for name in ("CALLS", "STRANGERS", "LOGINS"):
        monkeypatch.setattr(limits, f"{name}_A_SECOND", 0.01)
        monkeypatch.setattr(limits, f"{name}_IN_A_BURST", 10)
    with served(Path(shutil.copy(peopled, tmp_path))) as one:
        yield one


def test_logins_of_one_address_are_limited(strict: Served) -> None:
    with strict.client() as http:
        found = [http.post("/actions/login", json={"name": f"name {number}", "password": ""}) for number in range(13)]
    assert [answer.status_code for answer in found] == [401] * 10 + [429] * 3
    assert refused(found[-1]) == (429, "too_many_calls")
    assert 1 <= int(found[-1].headers["retry-after"]) <= 102


def test_calls_of_one_session_are_limited_and_others_are_not(strict: Served) -> None:
    flood, calm = strict.session_with(everything()), strict.session_with(everything())
    with strict.client(flood) as http, strict.client(calm) as other:
        assert [http.get("/jobs/none").status_code for _ in range(12)] == [404] * 10 + [429] * 2
        assert other.post("/actions/accounts", json={}).status_code == 200


def test_guessing_tokens_is_slowed(strict: Served) -> None:
    with strict.client("f" * 43) as http:
        assert [http.post("/actions/accounts", json={}).status_code for _ in range(12)] == [401] * 10 + [429] * 2


def test_a_bucket_fills_again() -> None:
    now = [0.0]
    throttle = Throttle(2, 3, now=lambda: now[0])
    assert [throttle.seconds_to_wait("a") for _ in range(4)] == [0, 0, 0, 0.5]
    assert throttle.seconds_to_wait("b") == 0
    now[0] += 0.5
    assert [throttle.seconds_to_wait("a") for _ in range(2)] == [0, 0.5]
    now[0] += 1000
    assert [throttle.seconds_to_wait("a") for _ in range(4)] == [0, 0, 0, 0.5]


# --- bodies, headers, paths ---


def raw(served: Served, data: bytes) -> bytes:
    """Send bytes as they are and return what comes back until the end."""
    parts = urlsplit(served.address)
    with socket.create_connection((parts.hostname, parts.port), timeout=10) as way:
        way.sendall(data)
        return b"".join(iter(lambda: way.recv(65_536), b""))


def test_oversize_bodies_are_refused(serving: Served, http: httpx2.Client) -> None:
    size = limits.BODY_BYTES_MAX + 1
    answer = http.post("/actions/accounts", content=b" " * size, headers=JSON)
    assert refused(answer) == (413, "limit_exceeded")


def test_a_slow_body_is_given_up(serving: Served, http: httpx2.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "SECONDS_BETWEEN_PARTS", 0.2)
    parts = urlsplit(serving.address)
    way = http_client(parts)
    way.putrequest("POST", "/actions/accounts")
    way.putheader("Authorization", http.headers["authorization"])
    way.putheader("Content-Type", "application/json")
    way.putheader("Content-Length", "100")
    way.endheaders(b'{"a')
    answer = way.getresponse()
    assert (answer.status, json.loads(answer.read())["code"]) == (408, "too_slow")
    way.close()


def test_slow_headers_are_given_up(serving: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "SECONDS_FOR_HEADERS", 0.2)
    parts = urlsplit(serving.address)
    with socket.create_connection((parts.hostname, parts.port), timeout=10) as way:
        way.sendall(b"POST /actions/accounts HTTP/1.1\r\nHost: ")
        assert way.recv(100) == b""  # closed by the server


def http_client(parts: Any) -> http.client.HTTPConnection:
    return http.client.HTTPConnection(parts.hostname, parts.port, timeout=10)


@pytest.mark.parametrize(
    "head",
    [
        b"Host: %s\r\nX: a\r\n b\r\n", b"Host: %s\r\nHost: evil.example\r\n", b"Host: %s\r\nBad header: x\r\n",
        b"Host: %s\r\nX: \x00\r\n", b"Host: %s\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        b"Host: %s\r\nContent-Length: 5\r\nContent-Length: 6\r\n", b"Host: %s\r\nContent-Length: -1\r\n",
        b"Host: %s\r\nX: " + b"y" * 100_000 + b"\r\n", b"Host: %s\r\nTransfer-Encoding: x\r\n",
    ],
)  # fmt: skip
def test_smuggled_and_broken_headers_reach_nothing(serving: Served, head: bytes) -> None:
    secret, host = serving.session_with(everything()), urlsplit(serving.address).netloc.encode()
    before = counted(serving.lab, "ops.log")
    head = head.replace(b"%s", host)
    body = b'{"role":"smuggled","permissions":[]}'
    data = (
        b"POST /actions/create_role HTTP/1.1\r\nAuthorization: Bearer " + secret.encode()
        + b"\r\nContent-Type: application/json\r\nConnection: close\r\n" + head + b"\r\n" + body
    )  # fmt: skip
    answer = raw(serving, data)
    assert b" 200 " not in answer.split(b"\r\n")[0]
    assert counted(serving.lab, "ops.log") == before


@pytest.mark.parametrize("value", ["a\r\nSet-Cookie: x=1", "a\nb", "\x1b[2J"])
def test_nothing_that_a_caller_sends_becomes_a_header(http: httpx2.Client, value: str) -> None:
    sent = quote(value)
    for answer in (
        http.post(f"/actions/accounts?limit={sent}", json={}), http.post(f"/actions/{sent}", json={}),
        http.get(f"/problems/{sent}"), http.get(f"/jobs/{sent}"),
    ):  # fmt: skip
        assert answer.status_code in {404, 422}
        assert "set-cookie" not in answer.headers
        assert not any("\x1b" in text or "\n" in text for text in answer.headers.values())


@pytest.mark.parametrize(
    "path",
    ["/actions/..%2fhealth", "/actions/../health", "/actions/%2e%2e/users", "/actions//users", "//actions/users",
     "/actions/users/", "/actions/users%00", "/actions/users%2f..%2faccounts", "/ACTIONS/users", "/actions/Users",
     "/actions/login/../users", "/actions/login%2f..%2fusers", "/health/../actions/users", "/actions/login;/users",
     "/openapi.json/../actions/users", "/problems/..%2factions%2fusers", "/files/../../etc/passwd", "/.env"],
)  # fmt: skip
def test_path_tricks_open_nothing(serving: Served, path: str) -> None:
    """Neither a stranger nor a user without the right reaches an action by another spelling."""
    host = urlsplit(serving.address).netloc
    for secret, statuses in (("", {b"401", b"404", b"405"}), (serving.session_with(()), {b"403", b"404", b"405"})):
        head = f"POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\nContent-Length: 2\r\n"
        head += f"Authorization: Bearer {secret}\r\n" if secret else ""
        answer = raw(serving, (head + "Connection: close\r\n\r\n{}").encode())
        assert answer.split(b" ")[1] in statuses, answer[:200]
        assert b"$argon2" not in answer


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE", "TRACE", "CONNECT"])
def test_other_methods_change_nothing(serving: Served, http: httpx2.Client, method: str) -> None:
    before = counted(serving.lab, "ops.log")
    answer = http.request(method, "/actions/create_role", headers=JSON)
    assert answer.status_code in {404, 405}
    assert counted(serving.lab, "ops.log") == before


# --- bombs ---


def test_json_bombs_are_refused(http: httpx2.Client) -> None:
    deep = b'{"criteria":' + b"[" * 5_000 + b"]" * 5_000 + b',"name":"x"}'
    assert refused(http.post("/actions/save_selection", content=deep, headers=JSON)) == (422, "bad_argument")
    digits = b'{"import_id": ' + b"9" * 10_000 + b', "reason": "x"}'
    assert refused(http.post("/actions/withdraw_import", content=digits, headers=JSON)) == (422, "bad_argument")


@pytest.mark.parametrize("text", ["\x00", "a\x00b", "\ud800"])
def test_texts_that_are_none_are_refused(http: httpx2.Client, text: str) -> None:
    body = json.dumps({"account": ACCOUNT, "name": text}).encode()
    assert refused(http.post("/actions/rename_account", content=body, headers=JSON)) == (422, "bad_argument")


def arrow_bomb() -> bytes:
    """Return an Arrow stream that says it has far more rows than bytes."""
    table = pa.table({"a": pa.array([0] * 50_000_000, pa.int8())})
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, table.schema, options=pa.ipc.IpcWriteOptions(compression="zstd")) as writer:
        writer.write_table(table)
    return sink.getvalue()


def test_an_arrow_bomb_is_no_argument(http: httpx2.Client) -> None:
    bomb = arrow_bomb()
    assert len(bomb) < limits.BODY_BYTES_MAX
    for value in ({"$table": base64.b64encode(bomb).decode()}, {"$table": "AAAA"}):
        for name, argument in (("save_selection", "criteria"), ("rename_account", "name"), ("accounts", "x")):
            given: dict[str, Any] = {"name": "x", "account": ACCOUNT, argument: value}
            answer = http.post(f"/actions/{name}", json={key: given[key] for key in given if key == argument})
            assert refused(answer) == (422, "bad_argument")


def test_a_zip_bomb_is_no_bank_file(http: httpx2.Client, serving: Served) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb.xml", b"0" * 200_000_000)
    before = counted(serving.lab, "ops.import")
    for content in (packed.getvalue(), arrow_bomb()):
        file = http.post("/files", content=content).json()["id"]
        answer = http.post("/actions/import_file", json={"path": {"$file": file}, "name": "bomb.xml"})
        assert answer.status_code == 200
        assert answer.json()["result"]["status"] == "refused"
    assert counted(serving.lab, "ops.import") == before


def test_files_that_nobody_names_do_not_fill_the_disk(fresh: Served) -> None:
    with fresh.client(fresh.session_with({920})) as http:
        sent = [http.post("/files", content=b"x") for _ in range(limits.FILES_WAITING_MAX + 1)]
        assert {answer.status_code for answer in sent[:-1]} == {200}
        assert refused(sent[-1]) == (409, "refused")
        first = sent[0].json()["id"]
        assert http.post("/actions/inspect_file", json={"path": {"$file": first}}).status_code == 200
        assert http.post("/files", content=b"x").status_code == 200
    with fresh.client(fresh.session_with({236})) as http:  # nothing of it takes a file
        assert refused(http.post("/files", content=b"x")) == (403, "not_allowed")


def test_who_may_only_write_to_the_bank_sends_an_attachment_and_says_its_name(fresh: Served) -> None:
    with fresh.client(fresh.session_with({246})) as http:
        for name, status in (("../terms.pdf", 200), ("terms.exe", 422), (None, 422)):
            file = {"$file": http.post("/files", content=b"terms").json()["id"]}
            body = {"text": "Read this", "kind": "advice", "attachment": file, "name": name}
            assert http.post("/actions/write_to_bank", json=body).status_code == status, name
        assert '"terms.pdf"' in http.post("/actions/read_client_message", json={"message_id": 1}).text


def test_a_path_on_the_server_is_no_file(http: httpx2.Client) -> None:
    for value in (
        "/etc/passwd",
        {"$file": "/etc/passwd"},
        {"$file": "../" * 9 + "etc/passwd"},
        {"$path": "/etc/passwd"},
    ):
        answer = http.post("/actions/import_file", json={"path": value})
        assert refused(answer) in {(422, "bad_argument"), (404, "unknown_name")}
        assert "root:" not in answer.text


# --- double submit ---


def test_twenty_users_of_one_role_change_one_record_one_by_one(fresh: Served) -> None:
    """Twenty callers at one record at once: each change is whole, and the log has each once, in an unbroken chain."""
    together = threading.Barrier(20)
    secrets = [fresh.session_with(everything()) for _ in range(20)]

    def send(number: int) -> int:
        with fresh.client(secrets[number]) as http:
            together.wait()
            return http.post("/actions/rename_account", json={"account": ACCOUNT, "name": f"n {number}"}).status_code

    with ThreadPoolExecutor(20) as pool:
        found = list(pool.map(send, range(20)))
    assert set(found) <= {200, 409}
    assert counted(fresh.lab, "ops.log WHERE action = 'rename_account'") == found.count(200) >= 1
    assert broken(fresh.lab) == []


def test_twenty_logins_at_once_with_one_wrong_password_give_no_free_try(fresh: Served) -> None:
    together = threading.Barrier(20)

    def attempt(number: int) -> bool:
        together.wait()
        try:
            logins.login(fresh.lab.acting(NOBODY), CLERK, f"wrong {number}")
        except LoginRefused:
            return False
        except LabError as error:
            raise AssertionError(error) from error
        return True

    with ThreadPoolExecutor(20) as pool:
        assert not any(pool.map(attempt, range(20)))
    ((failed,),) = fresh.lab.rows("SELECT failed_logins FROM ops.user WHERE name = $name", {"name": CLERK})
    assert failed == tries.FREE_TRIES  # the others came too early and were not judged
    assert PASSWORD
