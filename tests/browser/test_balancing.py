"""Balancing in a real browser: one person agrees to each type and signs, another discards the batch; keys are made."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

import bankklient_lab as bl
from bankklient_lab.access.roles import create_role
from bankklient_lab.access.users import create_user, set_password
from bankklient_lab.dashboards.app import DashboardServer
from bankklient_lab.keys.creating import create_key
from bankklient_lab.lab import open_here
from bankklient_lab.orders.creating import create_order
from tests.browser.conftest import READY_MS, NewPage, Scheme, clock, served
from tests.browser.looks import LOOKS, accessible, look_over, serious, turn_to
from tests.browser.order_people import hands
from tests.browser.test_login import log_in
from tests.browser.test_tables import FOCUSED
from tests.dashboards.visitor import ALICE
from tests.orders.labs import (
    COLLECTION,
    DOMESTIC,
    LANDLORD,
    SAVINGS,
    broken_checks,
    domestic_values,
    equip,
    foreign_values,
)

ANN, EVE, DAN = ("ann", "Correct-Horse-7"), ("eve", "Correct-Horse-8"), ("dan", "Battery-Staple-9")
ROLES = {  # by user: reference and permissions
    ANN: ("AN", [51, 61, 120, 125, 161, 236]), EVE: ("EV", [11, 16, 161, 236]), DAN: ("DA", [11, 161, 236]),
}  # fmt: skip
KEY_PASSWORD = "Eight-8x"


def company(path: Path, *, key: bool = True) -> bl.Lab:
    """A lab of Alice, who may everything, Ann, who enters orders, Eve, who balances, and Dan, who discards."""
    lab = equip(open_here(path, create=True, user=ALICE[0], clock=clock))
    if key:
        create_key(lab, "operational", KEY_PASSWORD)
    for (name, _), (_, permissions) in ROLES.items():
        create_role(lab, name.upper(), permissions=permissions)
    set_password(lab, ALICE[0], ALICE[1])
    alice = hands(lab, ALICE)
    for (name, password), (reference, _) in ROLES.items():
        create_user(alice, name, reference=reference, role=name.upper(), password=password)
    return lab


def with_orders(lab: bl.Lab) -> bl.Lab:
    """Let Alice enter confirmed orders of all types, some that can't go yet, and one allowed duplicate."""
    alice = hands(lab, ALICE)
    for number in range(9):
        values = domestic_values(amount=f"{1250 + 3700 * number}.50", variable_symbol=f"20260{number:02}")
        if number % 4 == 3:
            values |= {"own_account": SAVINGS, "counter_account": LANDLORD}
        create_order(alice, DOMESTIC, values)
    create_order(alice, DOMESTIC, domestic_values(amount="1250.50", variable_symbol="2026000"), reason="second part")
    create_order(alice, COLLECTION, {"own_account": "609-150012947/0600", "counter_account": LANDLORD, "amount": "700"})
    create_order(alice, DOMESTIC, domestic_values(amount="92000", variable_symbol="9", express_payment=True))
    create_order(hands(lab, ANN), DOMESTIC, domestic_values(amount="4800", variable_symbol="10"))
    create_order(alice, "foreign_payment", foreign_values())
    return lab


@pytest.fixture
def firm(tmp_path: Path) -> Iterator[DashboardServer]:
    yield from served(with_orders(company(tmp_path / "firm.duckdb")))


@pytest.fixture
def keyless(tmp_path: Path) -> Iterator[DashboardServer]:
    yield from served(company(tmp_path / "keyless.duckdb", key=False))


def statuses(server: DashboardServer) -> set[tuple[str, int]]:
    return set(server.lab.rows("SELECT status, count(*) FROM ops.domestic_order GROUP BY status"))


@pytest.mark.spec("BAL-007", "BAL-012", "BAL-039", "BAL-040", "BAL-074")
def test_one_balances_and_another_discards(firm: DashboardServer, new_page: NewPage) -> None:
    eve = log_in(new_page(), firm.port, EVE, "page=balancing")
    expect(eve.get_by_text("saved as an allowed duplicate")).to_be_visible(timeout=READY_MS)
    button = eve.get_by_role("button", name=re.compile("^Balance"))
    expect(button).to_be_disabled()
    accessible(eve)
    eve.get_by_label(re.compile("11 orders")).check()
    expect(button).to_have_text(re.compile("Balance 11 orders"))
    eve.get_by_label(re.compile("Password of the operational key")).fill("Wrong-8x")
    button.click()
    expect(eve.get_by_role("alert").filter(has_text="tries left: 2")).to_be_visible(timeout=READY_MS)
    eve.get_by_label(re.compile("Password of the operational key")).fill(KEY_PASSWORD)
    eve.keyboard.press("Enter")
    expect(eve.get_by_text("Balanced: 11 orders in 1 batch").first).to_be_visible(timeout=READY_MS)
    expect(eve.get_by_text("26000101.02")).to_be_visible()
    expect(eve.get_by_label(re.compile("Password of the operational key"))).to_have_value("")
    accessible(eve)
    assert ("NS", 11) in statuses(firm)

    dan = log_in(new_page(), firm.port, DAN, "page=balancing")
    dan.get_by_role("gridcell", name="20260001").first.click()
    dan.get_by_role("button", name="Discard the batch").click()
    dan.get_by_role("button", name="Yes, discard all of it").click()
    expect(dan.get_by_text("its 11 orders are deleted")).to_be_visible()
    assert serious(dan) == []
    assert ("NS", 11) in statuses(firm)
    dan.get_by_role("button", name="Discard it for good").click()
    expect(dan.get_by_text("Batch 20260001 is discarded")).to_be_visible(timeout=READY_MS)
    assert ("DE", 11) in statuses(firm)


def test_of_two_at_the_same_moment_one_balances_while_others_leave_and_crash(
    firm: DashboardServer, new_page: NewPage
) -> None:
    def agreed(who: tuple[str, str]) -> Page:
        page = log_in(new_page(), firm.port, who, "page=balancing")
        page.get_by_label(re.compile("11 orders")).check(timeout=READY_MS)
        page.get_by_label(re.compile("Password of the operational key")).fill(KEY_PASSWORD)
        expect(page.get_by_role("button", name=re.compile("^Balance 11 orders"))).to_be_enabled(timeout=READY_MS)
        return page

    agreed(EVE).close()
    assert firm.lab.rows("SELECT count(*) FROM ops.batch") == [(0,)]
    eve, dan = agreed(EVE), agreed(DAN)
    eve.keyboard.press("Enter")
    dan.keyboard.press("Enter")
    done, late = "Balanced: 11 orders in 1 batch", re.compile("have changed since|nothing to balance any more")
    for page in (eve, dan):
        told = page.get_by_text(done).or_(page.get_by_text(late)).locator("visible=true")
        expect(told.first).to_be_visible(timeout=READY_MS)
    assert sorted(page.get_by_text(done).locator("visible=true").count() > 0 for page in (eve, dan)) == [False, True]
    assert ("NS", 11) in statuses(firm)
    assert firm.lab.rows("SELECT count(*) FROM ops.batch") == [(1,)]

    crashing = log_in(new_page(), firm.port, EVE, "page=balancing")
    crashing.get_by_role("checkbox", name=re.compile(r"\b1 order\b")).first.check(timeout=READY_MS)
    crashing.get_by_label(re.compile("Password of the operational key")).fill(KEY_PASSWORD)
    crashing.get_by_role("button", name=re.compile("^Balance 1 order")).click()
    crashing.close()
    whole = "SELECT (SELECT sum(messages)::INTEGER FROM ops.batch), (SELECT count(*) FROM ops.sent_order)"
    assert firm.lab.rows(whole)[0] in ((11, 11), (12, 12))
    assert broken_checks(firm.lab) == {}


def test_balancing_goes_without_a_mouse(firm: DashboardServer, new_page: NewPage) -> None:
    page = log_in(new_page(), firm.port, EVE, "page=balancing")
    page.get_by_label(re.compile("11 orders")).focus()
    page.keyboard.press("Space")
    expect(page.get_by_role("button", name=re.compile("Balance 11 orders"))).to_be_enabled()
    for _ in range(6):
        page.keyboard.press("Tab")
        if page.evaluate(f"{FOCUSED}?.type") == "password":
            break
    page.keyboard.type(KEY_PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_text("Balanced: 11 orders in 1 batch").first).to_be_visible(timeout=READY_MS)


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
def test_the_pages_are_accessible_and_fit(
    firm: DashboardServer, new_page: NewPage, width: int, scheme: Scheme, request: pytest.FixtureRequest
) -> None:
    page = log_in(new_page(width=width, scheme=scheme), firm.port, ALICE, "page=balancing")
    expect(page.get_by_text("saved as an allowed duplicate")).to_be_visible(timeout=READY_MS)
    page.get_by_label(re.compile("11 orders")).check()
    expect(page.get_by_role("button", name=re.compile("Balance 11 orders"))).to_be_enabled()
    look_over(page, image="balancing" if request.config.getoption("--update-images") else "")
    for name, shown in (("keys", "operational key 20260001"), ("transmissions", "No batch waits to be sent")):
        turn_to(page, name)
        expect(page.get_by_text(shown).locator("visible=true").first).to_be_visible(timeout=READY_MS)
        look_over(page)


@pytest.mark.spec("TRN-164")
def test_the_first_key_is_made_in_the_browser(keyless: DashboardServer, new_page: NewPage) -> None:
    page = log_in(new_page(), keyless.port, ALICE, "page=keys")
    page.get_by_role("button", name="Make a key").click()
    page.get_by_label("Password of the new key").fill(KEY_PASSWORD)
    page.get_by_label("Password again").fill(KEY_PASSWORD)
    page.get_by_role("button", name="Make the key").click()
    expect(page.get_by_text("The operational key 20260001 is made")).to_be_visible(timeout=READY_MS)
    assert serious(page) == []
    page.get_by_role("button", name="Go on with this key").click()
    with page.expect_download(timeout=READY_MS) as taken:
        page.get_by_role("button", name="Hand it over to the bank").click()
        page.get_by_label("Password of the operational key 20260001").first.fill(KEY_PASSWORD)
        page.get_by_role("button", name="Make the folder").click()
    assert taken.value.suggested_filename == "key_20260001.zip"
