"""Logging in to the pages, without a browser: what the server answers to whom."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pyotp
import pytest

from bankklient_lab.access.configuration import configure
from bankklient_lab.access.factors import add_totp, confirm_totp
from bankklient_lab.access.logins import prove
from bankklient_lab.access.users import change_user, create_user, set_password
from bankklient_lab.dashboards.app import DashboardServer, start
from bankklient_lab.lab import open_here
from tests.clocks import Clock
from tests.dashboards.people import administrator, shared
from tests.dashboards.visitor import ALICE, BOB, Visitor


@pytest.mark.spec("ADM-001")
def test_nothing_is_shown_before_the_login(server: DashboardServer) -> None:
    visitor = Visitor(server.port)
    assert visitor.get("/?page=explorer").title == "Log in"
    for path in ("/ws", "/autoload.js", "/static/js/bokeh.min.js", "/download/x", "/metadata"):
        assert visitor.get(path).status == 403, path
    assert visitor.get(f"/?token={server._gate.new_token()}").title == "Log in"  # links are for labs of one user


@pytest.mark.spec("ADM-001", "ADM-002")
def test_a_login_opens_the_page_that_was_asked_for(server: DashboardServer) -> None:
    visitor = Visitor(server.port)
    answer = visitor.log_in(ALICE, "/?page=explorer&text=a%20%22b%22")
    assert (answer.status, answer.headers["Location"]) == (303, "/?page=explorer&text=a+%22b%22")
    cookie = next(one for one in answer.headers.get_all("Set-Cookie") or [] if one.startswith("bankklient="))
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert "bokeh" in visitor.get(answer.headers["Location"]).body
    assert visitor.cookies["bankklient"] not in str(server.lab.rows("SELECT * FROM ops.session"))


@pytest.mark.spec("ADM-003")
def test_wrong_name_wrong_password_and_invalid_user_get_one_answer(server: DashboardServer) -> None:
    said = {Visitor(server.port).log_in(who).error for who in (("alice", "wrong"), ("nobody", "wrong"))}
    change_user(administrator(server), BOB[0], valid=False)
    said.add(Visitor(server.port).log_in(BOB).error)
    assert len(said) == 1
    assert "not right" in said.pop()


def test_tries_are_slowed(server: DashboardServer, clock: Clock) -> None:
    visitor = Visitor(server.port)
    for _ in range(5):
        visitor.log_in(("alice", "wrong"))
    assert "too many tries" in visitor.log_in(ALICE).error
    clock.move(seconds=2)
    assert visitor.log_in(ALICE).status == 303


def test_a_form_is_good_once_and_for_its_own_browser(server: DashboardServer) -> None:
    visitor, thief = Visitor(server.port), Visitor(server.port)
    form = visitor.get()
    fields = {"name": ALICE[0], "password": ALICE[1], "language": "en"}
    assert "fill it in again" in thief.send(form, "/login", **fields).error
    assert visitor.send(form, "/login", **fields).status == 303
    assert "fill it in again" in visitor.send(form, "/login", **fields).error


def test_an_address_of_another_site_is_not_followed(server: DashboardServer) -> None:
    visitor = Visitor(server.port)
    for wanted in ("https://evil.example/x?page=runs", "//evil.example", "javascript:alert(1)"):
        form = visitor.get()
        answer = visitor.send(form, "/login", name=ALICE[0], password=ALICE[1], language="en", next=wanted)
        assert answer.headers["Location"] in ("/", "/?page=runs")
        visitor.cookies.clear()


@pytest.mark.spec("ADM-005")
def test_an_expired_password_is_changed_before_anything_else(server: DashboardServer, clock: Clock) -> None:
    change_user(administrator(server), BOB[0], password_expires=date(2026, 11, 22))
    clock.move(days=1)
    visitor = Visitor(server.port)
    assert visitor.log_in(BOB).status == 303
    form = visitor.get("/?page=explorer")
    assert form.title == "Choose a new password"
    assert visitor.get("/static/js/bokeh.min.js").status == 403
    different = visitor.send(form, "/password", old=BOB[1], new="Another-Staple-9", again="another")
    assert "not the same" in different.error
    weak = visitor.send(different, "/password", old=BOB[1], new="bob", again="bob")
    assert weak.title == "Choose a new password"
    assert weak.error
    done = visitor.send(weak, "/password", old=BOB[1], new="Another-Staple-9", again="Another-Staple-9")
    assert done.headers["Location"] == "/?page=explorer"
    assert "bokeh" in visitor.get().body


@pytest.mark.spec("ADM-009")
def test_logout_ends_the_login(server: DashboardServer) -> None:
    visitor = Visitor(server.port)
    visitor.log_in(ALICE)
    kept = dict(visitor.cookies)
    window = visitor.get().window
    assert visitor.ask("POST", "/logout").status == 303
    assert "bankklient" not in visitor.cookies
    visitor.cookies = kept  # the cookie is of no use any more
    assert visitor.get().title == "Log in"
    assert visitor.upgrade(window) == 403


def test_a_login_outlasts_the_server(tmp_path: Path, clock: Clock) -> None:
    lab = shared(tmp_path / "shared.duckdb", clock)
    first = start(lab)
    visitor = Visitor(first.port)
    visitor.log_in(ALICE)
    first.stop()
    second = start(lab, port=first.port)
    assert "bokeh" in visitor.get().body
    second.stop()
    lab.close()


def test_links_stay_the_way_in_of_a_lab_of_one_user(tmp_path: Path, clock: Clock) -> None:
    lab = open_here(tmp_path / "own.duckdb", create=True, clock=clock, user=ALICE[0])
    server = start(lab)
    visitor = Visitor(server.port)
    assert visitor.get().title == "This page needs its own link"
    visitor.get(server.url.removeprefix(f"http://127.0.0.1:{server.port}"))
    window = visitor.get().window
    set_password(lab, ALICE[0], ALICE[1])
    create_user(lab, BOB[0], reference="BO", role="EMPTY", password=BOB[1])
    assert visitor.get().title == "Log in"  # from now on everybody logs in
    assert visitor.upgrade(window) == 403
    server.stop()
    lab.close()


@pytest.mark.spec("ADM-004")
def test_the_language_is_chosen_at_login(server: DashboardServer) -> None:
    visitor = Visitor(server.port)
    form = visitor.get(Accept_Language="cs-CZ,cs;q=0.9,en;q=0.8")
    assert form.title == "Přihlášení"
    visitor.send(form, "/login", name=ALICE[0], password=ALICE[1], language="cs")
    assert visitor.cookies["bankklient_language"] == "cs"
    visitor.ask("POST", "/logout")
    assert visitor.get().title == "Přihlášení"


@pytest.mark.spec("ADM-171", "ADM-172")
def test_a_session_locks_itself_and_goes_on_after_the_password(server: DashboardServer, clock: Clock) -> None:
    configure(administrator(server), {"inactivity_minutes": 5})
    visitor = Visitor(server.port)
    visitor.log_in(BOB)
    window, cookie = visitor.get().window, visitor.cookies["bankklient"]
    clock.move(minutes=6)
    assert visitor.get("/?page=runs").title == "Locked"
    form = visitor.get("/unlock")
    wrong = visitor.send(form, "/unlock", password="wrong")
    assert (wrong.title, "not right" in wrong.error) == ("Locked", True)
    assert visitor.upgrade(window) == 101  # the open page is still there
    assert visitor.send(wrong, "/unlock", password=BOB[1]).status == 303
    assert visitor.cookies["bankklient"] == cookie
    assert "bokeh" in visitor.get().body


def test_a_locked_session_is_left_by_somebody_else(server: DashboardServer, clock: Clock) -> None:
    configure(administrator(server), {"inactivity_minutes": 5})
    visitor = Visitor(server.port)
    visitor.log_in(BOB)
    window = visitor.get().window
    clock.move(minutes=6)
    assert visitor.ask("POST", "/logout").status == 303
    visitor.log_in(ALICE)
    assert visitor.upgrade(window) == 403


def with_factor(server: DashboardServer) -> pyotp.TOTP:
    """Give Alice a code generator."""
    alice = administrator(server)
    prove(alice, password=ALICE[1])
    made = add_totp(alice)
    app = pyotp.TOTP(made["secret"])
    confirm_totp(alice, made["factor_id"], app.at(server.lab.clock()))
    return app


def test_the_second_factor_is_asked_for_after_the_password(server: DashboardServer, clock: Clock) -> None:
    app = with_factor(server)
    clock.move(minutes=1)
    visitor = Visitor(server.port)
    step = visitor.log_in(ALICE, "/?page=explorer")
    assert (step.status, step.title) == (200, "One more step")
    assert ALICE[1] not in step.body
    wrong = visitor.send(step, "/code", code="000000")
    assert (wrong.title, "not right" in wrong.error) == ("One more step", True)
    done = visitor.send(wrong, "/code", code=app.at(clock()))
    assert (done.status, done.headers["Location"]) == (303, "/?page=explorer")
    thief = Visitor(server.port)  # a code is good once
    again = thief.send(thief.log_in(ALICE), "/code", code=app.at(clock()))
    assert again.title == "One more step"


def test_unlocking_asks_for_the_second_factor_too(server: DashboardServer, clock: Clock) -> None:
    app = with_factor(server)
    clock.move(minutes=1)
    configure(administrator(server), {"inactivity_minutes": 5})
    visitor = Visitor(server.port)
    visitor.send(visitor.log_in(ALICE), "/code", code=app.at(clock()))
    clock.move(minutes=6)
    step = visitor.send(visitor.get(), "/unlock", password=ALICE[1])
    assert step.title == "Locked"
    assert visitor.send(step, "/unlock", code=app.at(clock())).status == 303
