"""The pages in a real browser: who gets in, what is shown, and that nothing in a file becomes a script."""

from __future__ import annotations

import http.client
import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

import bankklient_lab as bl
from bankklient_lab.dashboards.app import DashboardServer
from bankklient_lab.dashboards.menu import ADMINISTRATION, ENTRIES, LOOK, WORK
from bankklient_lab.dashboards.state import PAGES
from tests.browser.conftest import READY_MS, NewPage, Scheme, go_to, opened
from tests.browser.looks import LOOKS, TO, look_over, shown, turn_to
from tests.dashboards.samples import HOSTILE_NAME, hostile
from tests.statements import mt940


def answer(server: DashboardServer, path: str, **headers: str) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    connection.request("GET", path, headers=headers)
    return connection.getresponse()


def upgrade(server: DashboardServer, **headers: str) -> int:
    wanted = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "x" * 22 + "==",
    }
    return answer(server, "/ws", **wanted, **headers).status


def test_nothing_is_answered_without_the_cookie(empty: DashboardServer) -> None:
    for path in (
        "/",
        "/?page=overview",
        "/ws",
        "/autoload.js",
        "/static/js/bokeh.min.js",
        "/download/x",
        "/?token=wrong",
    ):
        response = answer(empty, path)
        assert response.status == 403, path
        assert "Set-Cookie" not in response.headers
    assert upgrade(empty, Origin=f"http://127.0.0.1:{empty.port}") == 403


def test_a_link_works_once_and_becomes_a_strict_cookie(empty: DashboardServer) -> None:
    link = empty.url.removeprefix(f"http://127.0.0.1:{empty.port}")
    first = answer(empty, link)
    assert first.status == 200
    cookie = first.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert answer(empty, link).status == 403
    own = {"Cookie": cookie.partition(";")[0]}
    page = answer(empty, "/", **own)
    assert page.status == 200
    policy = page.headers["Content-Security-Policy"]
    assert "'unsafe-inline'" not in policy.partition("script-src")[2].partition(";")[0]
    assert "default-src 'none'" in policy
    assert page.headers["X-Content-Type-Options"] == "nosniff"
    assert page.headers["X-Frame-Options"] == "DENY"
    # A known browser is still refused for another host (DNS rebinding) or from another site's page.
    assert answer(empty, "/", **own, Host=f"evil.example:{empty.port}").status == 403
    assert upgrade(empty, **own, Origin="http://evil.example") == 403
    assert upgrade(empty, **own) == 403


def test_a_file_is_dropped_seen_taken_over_and_withdrawn(
    empty: DashboardServer, new_page: NewPage, tmp_path: Path
) -> None:
    page = opened(new_page(), empty)
    expect(page.get_by_text("No statements yet")).to_be_visible()
    page.get_by_role("button", name="Import statements").click()
    page.locator("input[type=file]").set_input_files(hostile(tmp_path))
    expect(page.get_by_text("Ready, with 1 error")).to_be_visible(timeout=READY_MS)
    expect(page.get_by_text("Opening balance plus entries is not the closing balance")).to_be_visible()
    page.get_by_role("button", name="Take over 1 file with 1 statement").click()
    expect(page.get_by_text("Taken over: 1 file with 1 statement.")).to_be_visible(timeout=READY_MS)
    go_to(page, "overview")
    expect(page.get_by_text("999.00").first).to_be_visible()
    go_to(page, "imports")
    page.get_by_role("gridcell", name=HOSTILE_NAME).click()
    page.get_by_label("Reason for the withdrawal").fill("only a test")
    page.get_by_role("button", name=re.compile("Withdraw 1 statement")).click()
    expect(page.get_by_text("its statements no longer count")).to_be_visible()
    go_to(page, "overview")
    expect(page.locator(".value").first).to_have_text("0.00CZK")


def test_no_text_of_a_file_becomes_a_script(empty: DashboardServer, new_page: NewPage, tmp_path: Path) -> None:
    bl.import_file(empty.lab, hostile(tmp_path))
    bl.rename_account(empty.lab, "CZ6508000000192000145399", "<img src=x onerror=window.hacked=1>")
    page = new_page()
    problems: list[str] = []
    page.on("dialog", lambda dialog: (problems.append(dialog.message), dialog.dismiss()))
    page.on(
        "console", lambda message: problems.append(message.text) if "Content Security Policy" in message.text else None
    )
    opened(page, empty)
    for name in PAGES:
        turn_to(page, name, "&text=%3Cimg%20src%3Dx%20onerror%3Dwindow.hacked%3D1%3E")
        for cell in page.locator(".tabulator-row:visible").all()[:1]:
            cell.click()
        for chart in page.locator("canvas:visible").all()[:3]:
            chart.hover(force=True)
        page.screenshot()  # after everything was painted
        assert page.evaluate("window.hacked") is None, name
        assert problems == [], name
        page.keyboard.press("Escape")


def test_pages_change_without_a_new_load_and_the_address_follows(demo: DashboardServer, new_page: NewPage) -> None:
    page = opened(new_page(), demo)
    page.evaluate("window.same = true")
    for name in ("explorer", "statements", "imports", "runs", "overview"):
        go_to(page, name)
        expect(page).to_have_url(re.compile(rf"\?page={name}"))
    page.go_back()
    expect(page.locator("h1")).to_have_text("Runs")
    assert page.evaluate("window.same") is True


def test_going_back_while_a_page_loads_leads_there(demo: DashboardServer, new_page: NewPage) -> None:
    page = new_page()
    page.goto(demo.new_link())
    expect(page.locator("h1")).to_be_visible(timeout=READY_MS)
    page.evaluate(TO, "?page=runs")  # before the window stands; what the server changes now would be missed
    expect(page.locator("h1")).to_have_text("Runs", timeout=READY_MS)
    shown(page, "runs")


def test_a_link_shows_the_same_to_a_colleague(demo: DashboardServer, new_page: NewPage) -> None:
    mine = opened(new_page(), demo, "page=explorer")
    mine.get_by_role("button", name="3M").click()
    mine.get_by_role("combobox", name="Side", exact=True).click()
    mine.get_by_text("Debits", exact=True).click()
    expect(mine).to_have_url(re.compile("side=debit"))
    theirs = opened(new_page(), demo, mine.url.partition("?")[2])
    total = theirs.locator(".totals").first
    expect(total).to_contain_text("entries")
    expect(mine.locator(".totals").first).to_have_text(re.sub(r"\s+", " ", total.inner_text()))


def test_two_windows_learn_of_each_other(empty: DashboardServer, new_page: NewPage, tmp_path: Path) -> None:
    bl.import_file(empty.lab, mt940(tmp_path))
    first, second = opened(new_page(), empty), opened(new_page(), empty, "page=explorer")
    expect(first.locator(".value").first).to_have_text("1 150.00CZK")
    more = mt940(tmp_path, "more.sta", number="2", first="261103", last="261103", opening="1150,00", closing="1140,00",
                 entries=(("261103", "D10,00", "REF9"),))  # fmt: skip
    bl.import_file(empty.lab, more)
    for page in (first, second):
        page.get_by_role("button", name="Show new data").click()
        expect(page.get_by_role("button", name="Show new data")).not_to_be_visible()
    expect(first.locator(".value").first).to_have_text("1 140.00CZK")
    expect(second.locator(".totals").first).to_contain_text("3 entries")


def test_an_entry_opens_beside_the_table_and_an_export_is_what_is_shown(
    demo: DashboardServer, new_page: NewPage
) -> None:
    page = opened(new_page(), demo, "page=explorer&text=rent")
    row = page.locator(".tabulator-row").first
    expect(row).to_be_visible()
    row.get_by_role("gridcell", name=re.compile("Rent")).first.click()
    expect(page.get_by_text("As the bank wrote it")).to_be_visible()
    page.keyboard.press("Escape")
    with page.expect_download(timeout=READY_MS) as taken:
        page.get_by_role("button", name="CSV").click()
    lines = Path(taken.value.path()).read_text("utf-8-sig").splitlines()
    number = int(re.sub(r"\D", "", page.locator(".totals b").first.inner_text()))
    assert len(lines) - 1 == number


def test_a_statement_is_made_and_taken(demo: DashboardServer, new_page: NewPage) -> None:
    page = opened(new_page(), demo, "page=statements")
    frame = page.frame_locator("iframe")
    expect(frame.get_by_text("Opening balance").first).to_be_visible(timeout=READY_MS)
    with page.expect_download(timeout=READY_MS) as taken:
        page.get_by_role("button", name="PDF").click()
    assert Path(taken.value.path()).read_bytes().startswith(b"%PDF")
    assert taken.value.suggested_filename.endswith(".pdf")


def test_the_keyboard_reaches_search_and_pages(demo: DashboardServer, new_page: NewPage) -> None:
    page = opened(new_page(), demo)
    page.keyboard.press("g")
    page.keyboard.press("e")
    expect(page.locator("h1")).to_have_text("Explorer")
    page.keyboard.press("Control+k")
    page.keyboard.type("Statem")
    expect(page.get_by_placeholder("Page, account or counterparty")).to_have_value("Statem")
    page.get_by_text("Statements", exact=True).last.click()
    expect(page.locator("h1")).to_have_text("Statements")


# Those with orders are looked at where there are orders (test_orders).
@pytest.mark.parametrize(("width", "scheme"), LOOKS)
@pytest.mark.parametrize("group", [LOOK, WORK, ADMINISTRATION])
def test_every_page_is_accessible_and_fits(
    demo: DashboardServer,
    new_page: NewPage,
    group: str,
    width: int,
    scheme: Scheme,
    request: pytest.FixtureRequest,
) -> None:
    page = opened(new_page(width=width, scheme=scheme), demo)
    kept = request.config.getoption("--update-images")
    for name in PAGES:
        if ENTRIES[name].group == group:
            turn_to(page, name)
            look_over(page, image=name if kept else "")


def test_a_bar_of_the_forecast_opens_to_its_payments(demo: DashboardServer, new_page: NewPage) -> None:
    page = opened(new_page(), demo)
    turn_to(page, "forecast")
    expect(page.get_by_text("At the end,")).to_be_visible()
    page.get_by_role("button", name="2 weeks").click()
    expect(page.get_by_text("What moves it, by day")).to_be_visible()
    heading = page.get_by_role("heading", name="Expected payments")
    expect(heading).to_have_text("Expected payments")
    bars = page.locator(".bk-events:visible").nth(1)
    box = bars.bounding_box()
    assert box is not None
    bars.click(position={"x": box["width"] / 2, "y": box["height"] / 2})
    expect(heading).to_have_text(re.compile(r"Expected payments, \d{4}-\d\d-\d\d"))
    page.get_by_role("button", name="All days").click()
    expect(heading).to_have_text("Expected payments")
