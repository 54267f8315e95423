"""Signatures in a real browser: the second person looks at a batch, signs it, and sees that it can go."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from playwright.sync_api import expect

from bankklient_lab.access.users import set_password
from bankklient_lab.dashboards.app import DashboardServer
from bankklient_lab.lab import open_here
from tests.balancing.signers import PASSWORD, made, person, right, waiting
from tests.browser.conftest import NARROW, READY_MS, WIDE, NewPage, clock, served
from tests.browser.looks import look_over
from tests.browser.test_login import log_in
from tests.keys.conftest import quick_key_passwords
from tests.orders.labs import SAVINGS, created, equip, hands

__all__ = ["quick_key_passwords"]

SECOND = ("user B1", "Correct-Horse-8")


@pytest.fixture
def firm(tmp_path: Path) -> Iterator[DashboardServer]:
    """A company where a batch of three orders waits for its second signature."""
    lab = equip(open_here(tmp_path / "firm.duckdb", create=True, user="alice", clock=clock))
    admin = hands(lab, "AD")
    first, second = person(admin, "A1", "Jana Mala"), person(admin, "B1", "Petr Velky")
    right(admin, first, "A", day_max=Decimal(500_000))
    right(admin, second, "B", account=SAVINGS, order_max=Decimal(100_000))
    right(admin, second, "B", account="609-150012947/0600")
    created(admin)
    created(admin, amount="92000")
    created(admin, own_account=SAVINGS, amount="4800.50")
    made(first)
    set_password.function(admin, SECOND[0], SECOND[1])
    yield from served(lab)


@pytest.mark.spec("EL-014")
def test_the_second_person_signs(firm: DashboardServer, new_page: NewPage) -> None:
    for width, scheme in ((NARROW, "dark"), (WIDE, "light")):
        page = log_in(new_page(width=width, scheme=scheme), firm.port, SECOND, "page=signatures")
        expect(page.get_by_text("by you").first).to_be_visible(timeout=READY_MS)
        look_over(page)
        page.get_by_text("20260001").first.click()
        expect(page.get_by_role("button", name="Sign 3 orders")).to_be_visible(timeout=READY_MS)
    page.get_by_label("Password of the personal key").fill(PASSWORD)
    page.get_by_role("button", name="Sign 3 orders").click()
    expect(page.get_by_text("is signed and can go to the bank").first).to_be_visible(timeout=READY_MS)
    assert waiting(hands(firm.lab, "AD")) == []
