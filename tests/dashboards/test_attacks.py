"""Attacks on the pages of a served lab: each fails, with the answer that is expected."""

from __future__ import annotations

import pytest

from bankklient_lab.access.logins import caller_of, end_session, login
from bankklient_lab.access.users import change_user, create_user
from bankklient_lab.dashboards.app import DashboardServer
from tests.dashboards.people import administrator
from tests.dashboards.visitor import ALICE, BOB, Visitor


def inside(server: DashboardServer, who: tuple[str, str]) -> Visitor:
    visitor = Visitor(server.port)
    assert visitor.log_in(who).status == 303
    return visitor


def test_a_login_never_keeps_a_cookie_that_was_there_before(server: DashboardServer) -> None:
    visitor = Visitor(server.port)
    visitor.cookies["bankklient"] = "fixed-by-the-attacker"
    visitor.log_in(ALICE)
    first = visitor.cookies["bankklient"]
    assert first != "fixed-by-the-attacker"
    del visitor.cookies["bankklient"]
    form = visitor.get()
    visitor.cookies["bankklient"] = first
    visitor.send(form, "/login", name=BOB[0], password=BOB[1], language="en")  # in the browser of Alice
    assert visitor.cookies["bankklient"] != first
    thief = Visitor(server.port)
    thief.cookies["bankklient"] = first
    assert thief.get().title == "Log in"


@pytest.mark.parametrize("name", ["bokeh-session-id", "bokeh-token"])
def test_nobody_chooses_the_window_of_another(server: DashboardServer, name: str) -> None:
    bob, alice = inside(server, BOB), inside(server, ALICE)
    assert alice.get(f"/?{name}={bob.get().window}").status == 403
    planted = alice.get("/", Bokeh_Session_Id="planted")
    assert "planted" not in planted.window


def test_a_websocket_needs_the_login_that_made_its_window(server: DashboardServer) -> None:
    alice, bob, nobody = inside(server, ALICE), inside(server, BOB), Visitor(server.port)
    window = alice.get().window
    assert bob.upgrade(window) == 403
    assert nobody.upgrade(window) == 403
    assert alice.upgrade("forged") == 403
    assert alice.upgrade(window[:-4] + "AAAA") == 403
    assert alice.upgrade(window) == 101


@pytest.mark.parametrize("origin", [None, "null", "http://evil.example", "https://127.0.0.1", "http://127.0.0.1:1"])
def test_a_websocket_comes_from_our_own_pages(server: DashboardServer, origin: str | None) -> None:
    alice = inside(server, ALICE)
    assert alice.upgrade(alice.get().window, origin=origin) == 403


@pytest.mark.parametrize("origin", [None, "null", "http://evil.example"])
@pytest.mark.parametrize("path", ["/login", "/logout", "/unlock", "/password", "/code"])
def test_forms_of_other_sites_are_refused(server: DashboardServer, path: str, origin: str | None) -> None:
    alice = inside(server, ALICE)
    assert alice.ask("POST", path, {"name": "x"}, Origin=origin).status == 403
    assert "bokeh" in alice.get().body  # still in


def test_no_link_logs_out(server: DashboardServer) -> None:
    alice = inside(server, ALICE)
    assert alice.get("/logout").status == 303
    assert "bokeh" in alice.get().body


def test_another_host_name_is_refused(server: DashboardServer) -> None:
    alice = inside(server, ALICE)
    for host in ("evil.example", f"evil.example:{server.port}", "127.0.0.1"):
        assert alice.get("/", Host=host).status == 403


def test_a_cookie_is_of_no_use_after_a_forced_end(server: DashboardServer) -> None:
    bob = inside(server, BOB)
    window = bob.get().window
    me = administrator(server)
    session = next(number for number, one in server.lab.rights.sessions().items() if one.name == BOB[0])
    end_session(me, session, "logout")
    assert bob.upgrade(window) == 403
    assert bob.get().title == "Log in"


def test_a_user_who_is_not_valid_any_more_is_out(server: DashboardServer) -> None:
    bob = inside(server, BOB)
    change_user(administrator(server), BOB[0], valid=False)
    assert bob.get().title == "Log in"


def test_secrets_of_the_api_open_no_page(server: DashboardServer) -> None:
    secret = login(server.lab, *ALICE, channel="api")["session"]
    assert caller_of(server.lab, secret) is not None
    visitor = Visitor(server.port)
    visitor.cookies["bankklient"] = secret
    assert visitor.get().title == "Log in"


def test_what_is_typed_at_login_is_shown_as_text(server: DashboardServer) -> None:
    payload = '"><script>alert(1)</script><img src=x onerror=alert(2)>'
    visitor = Visitor(server.port)
    answer = visitor.log_in((payload, "x"), f"/?page={payload.replace(' ', '%20')}")
    assert "<script>alert" not in answer.body
    assert "<img" not in answer.body


def test_a_hostile_name_is_text_on_the_small_pages(server: DashboardServer) -> None:
    name = "<img src=x onerror=alert(1)>"
    create_user(administrator(server), name, reference="XX", role="EMPTY", password="Correct-Horse-9")
    visitor = inside(server, (name, "Correct-Horse-9"))
    assert "<img src=x" not in visitor.get().body
