"""Logging in, being locked, losing rights and the server's restart, in a real browser."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

import bankklient_lab as bl
from bankklient_lab.access.activity import disconnect
from bankklient_lab.access.logins import caller_of, lock_session, login
from bankklient_lab.access.roles import create_role
from bankklient_lab.access.users import change_user, create_user, set_password
from bankklient_lab.dashboards.app import DashboardServer
from bankklient_lab.lab import open_here
from tests.browser.conftest import NARROW, READY_MS, WIDE, NewPage, Scheme, served
from tests.browser.looks import serious
from tests.dashboards.visitor import ALICE, BOB

HOSTILE = "<img src=x onerror=window.hacked=1>"


def shared(path: Path) -> bl.Lab:
    """A lab of Alice, who may everything, and Bob, who may look at balances."""
    lab = open_here(path, create=True, user=ALICE[0])
    create_role(lab, "READER", permissions=[161, 236])
    set_password(lab, ALICE[0], ALICE[1])
    create_user(lab, BOB[0], reference="BO", role="READER", password=BOB[1])
    return lab


@pytest.fixture
def several(tmp_path: Path) -> Iterator[DashboardServer]:
    yield from served(shared(tmp_path / "several.duckdb"))


def administrator(server: DashboardServer) -> bl.Lab:
    caller = caller_of(server.lab, login(server.lab, *ALICE)["session"])
    assert caller is not None
    return server.lab.acting(caller)


def of_pages(server: DashboardServer, name: str) -> bl.Lab:
    """The lab in the hands of the user's session of the pages."""
    sessions = server.lab.rights.sessions().values()
    return server.lab.acting(next(one for one in sessions if (one.name, one.channel) == (name, "pages")))


def log_in(page: Page, port: int, who: tuple[str, str], query: str = "") -> Page:
    page.goto(f"http://127.0.0.1:{port}/?{query}")
    page.get_by_label("Identification").fill(who[0])
    page.get_by_label("Password").fill(who[1])
    page.get_by_role("button", name="Log in").click()
    return inside(page)


def inside(page: Page) -> Page:
    expect(page.locator(".bk-panel-models-html-HTML h1, h1").first).to_be_visible(timeout=READY_MS)
    page.wait_for_function("document.body.inert === false && !document.querySelector('#name')", timeout=READY_MS)
    return page


@pytest.mark.parametrize(("width", "scheme"), [(WIDE, "light"), (NARROW, "dark")])
def test_the_login_page_says_what_is_wrong_and_lets_in(
    several: DashboardServer, new_page: NewPage, width: int, scheme: Scheme
) -> None:
    page = new_page(width=width, scheme=scheme)
    page.goto(f"http://127.0.0.1:{several.port}/?page=log")
    assert serious(page) == []
    page.get_by_label("Identification").fill("alice")
    page.get_by_label("Password").fill("wrong")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("is not right")
    assert serious(page) == []
    page.get_by_label("Password").fill(ALICE[1])
    page.keyboard.press("Enter")
    inside(page)
    expect(page.locator("h1")).to_have_text("Application log")
    expect(page).to_have_url(re.compile("page=log"))


@pytest.mark.spec("BAS-140", "ADM-002")
def test_everybody_is_offered_what_they_may(several: DashboardServer, new_page: NewPage) -> None:
    bob = log_in(new_page(), several.port, BOB)
    expect(bob.get_by_role("button", name="Overview", exact=True)).to_be_visible()
    expect(bob.get_by_role("button", name="Application log", exact=True)).to_be_visible()
    for name in ("Imports", "Runs", "Users and roles", "Configuration", "User activity"):
        expect(bob.get_by_role("button", name=name, exact=True)).to_have_count(0)
    bob.goto(f"http://127.0.0.1:{several.port}/?page=users")
    inside(bob)
    expect(bob.get_by_text("needs permission 1").first).to_be_visible()
    alice = log_in(new_page(), several.port, ALICE, "page=users")
    expect(alice.get_by_role("gridcell", name="bob")).to_be_visible()
    change_user(administrator(several), BOB[0], role="ADMINISTRATOR")
    expect(bob.get_by_role("button", name="Users and roles", exact=True)).to_be_visible()  # without a new login


@pytest.mark.spec("ADM-172")
def test_a_locked_page_goes_on_where_it_was(several: DashboardServer, new_page: NewPage) -> None:
    page = log_in(new_page(), several.port, ALICE, "page=users")
    page.get_by_role("button", name="New user").click()
    page.get_by_label("Identification").last.fill("half typed")
    lock_session(of_pages(several, ALICE[0]))
    expect(page.get_by_role("heading", name="Locked")).to_be_visible()
    assert serious(page) == []
    page.get_by_label("Password", exact=True).last.fill("wrong")
    page.get_by_role("button", name="Unlock").click()
    expect(page.get_by_role("alert").last).to_contain_text("is not right")
    page.get_by_label("Password", exact=True).last.fill(ALICE[1])
    page.get_by_role("button", name="Unlock").click()
    expect(page.get_by_role("heading", name="Locked")).to_have_count(0)
    expect(page.get_by_label("Identification").last).to_have_value("half typed")


def test_a_forced_end_closes_the_window(several: DashboardServer, new_page: NewPage) -> None:
    page = log_in(new_page(), several.port, BOB)
    session = of_pages(several, BOB[0]).caller.session_id
    assert session is not None
    disconnect(administrator(several), session)
    expect(page.get_by_role("heading", name="Log in")).to_be_visible(timeout=READY_MS)


@pytest.mark.spec("ADM-009", "ADM-010")
def test_logout_asks_before_it_drops_what_was_typed(several: DashboardServer, new_page: NewPage) -> None:
    page = log_in(new_page(), several.port, ALICE, "page=users")
    page.get_by_role("button", name="New user").click()
    page.get_by_label("Identification").last.fill("half typed")
    page.get_by_label("Reference", exact=True).last.click()
    page.wait_for_function("Object.values(sessionStorage).some((kept) => kept.includes('half typed'))")
    page.keyboard.press("Escape")
    asked: list[str] = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    page.get_by_role("button", name="alice").click()
    page.get_by_role("menuitem", name="Log out").click()
    expect(page.get_by_role("heading", name="Log in")).to_be_visible(timeout=READY_MS)
    assert asked == ["beforeunload"]


def test_names_of_users_and_roles_are_text(several: DashboardServer, new_page: NewPage) -> None:
    me = administrator(several)
    create_role(me, HOSTILE, permissions=[161], note=HOSTILE)
    create_user(me, HOSTILE[:40], reference="XX", role=HOSTILE, password="Correct-Horse-9", first_name=HOSTILE)
    page = log_in(new_page(), several.port, ALICE, "page=users")
    page.get_by_role("gridcell", name=HOSTILE[:40]).first.click()
    expect(page.get_by_label("First name (optional)")).to_have_value(HOSTILE)
    page.keyboard.press("Escape")
    for name in ("permissions", "log", "activity"):
        page.goto(f"http://127.0.0.1:{several.port}/?page={name}")
        inside(page)
        page.wait_for_load_state("networkidle")
    assert page.evaluate("window.hacked") is None


@contextmanager
def process(path: Path, port: int) -> Iterator[int]:
    """Serve the lab in a process; give its port."""
    command = [sys.executable, "-m", "tests.browser.serving", str(path), str(port)]
    running = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert running.stdout is not None
    try:
        yield int(running.stdout.readline())
    finally:
        running.terminate()
        running.wait()


def test_a_page_outlasts_the_restart_of_its_server(new_page: NewPage, tmp_path: Path) -> None:
    path = tmp_path / "restarted.duckdb"
    shared(path).close()
    with process(path, 0) as port:
        page = log_in(new_page(), port, ALICE, "page=users")
        page.get_by_role("button", name="New user").click()
        page.get_by_label("Identification").last.fill("half typed")
        page.get_by_label("Reference", exact=True).last.click()
        page.wait_for_function("Object.values(sessionStorage).some((kept) => kept.includes('half typed'))")
    expect(page.get_by_text("The connection to the server is lost.")).to_be_visible()
    with process(path, port):
        expect(page.get_by_label("Identification").last).to_have_value("half typed", timeout=READY_MS)
        expect(page).to_have_url(re.compile("page=users"))
        expect(page.locator("h1")).to_have_text("Users and roles")
