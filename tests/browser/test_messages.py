"""Messages in a real browser: one that demands a reply, a form with a file, and what was sent."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from playwright.sync_api import expect

from bankklient_lab.bank import Wanted
from bankklient_lab.dashboards.app import DashboardServer
from bankklient_lab.exchange.replies import write_to_bank
from bankklient_lab.formats.bank_files import BankFile
from bankklient_lab.lab import open_here
from tests.balancing.labs import OWN_POINT
from tests.browser.conftest import NARROW, READY_MS, WIDE, NewPage, Scheme, opened, served
from tests.browser.looks import accessible
from tests.clocks import Clock
from tests.exchange.labs import Pair, a_bank, introduced
from tests.orders.labs import MAIN, equip

HTML = "<h3>What changes</h3><ul><li>Fees of <b>foreign</b> payments</li></ul><script>alert(1)</script>"


@pytest.fixture
def mail(tmp_path: Path) -> Iterator[DashboardServer]:
    """A client with messages both ways: forms, files, replies, and one that demands its reply."""
    clock = Clock()
    clock.move(hours=21)
    lab = introduced(equip(open_here(tmp_path / "mail.duckdb", create=True, clock=clock)))
    pair = Pair(lab, a_bank(clock), clock)
    terms = BankFile("terms-2027.pdf", b"terms")
    pair.bank.send_message(
        Wanted("New terms from January", HTML, html=True, attachment=terms, until=date(2026, 12, 31))
    )
    pair.bank.send_message(Wanted("Do you need more cards?", "Tell us.", OWN_POINT, "message", reply="many"))
    pair.transmit()
    pair.bank.send_message(Wanted("Which payment do you mean?", "Please fill in the form.", OWN_POINT, "complaint",
                                  reply="one"))  # fmt: skip
    fields = {"account": MAIN, "day": "2026-11-20", "amount": "1250", "reason": "sent twice",
              "explanation": "Order 17 was paid twice."}  # fmt: skip
    proof = tmp_path / "proof.png"
    proof.write_bytes(b"picture")
    write_to_bank(lab, kind="complaint", fields=fields, attachment=proof)
    write_to_bank(lab, "Two, please.", reply_to=2)
    pair.balance()
    pair.transmit()
    pair.transmit()
    write_to_bank(lab, "When do you close on Friday?", subject="Opening hours")
    yield from served(lab)


@pytest.mark.parametrize("look", [(WIDE, "light"), (NARROW, "dark")])
def test_a_demanded_reply_is_a_form_with_a_file(
    mail: DashboardServer, new_page: NewPage, look: tuple[int, Scheme], tmp_path: Path
) -> None:
    width, scheme = look
    page = opened(new_page(width=width, scheme=scheme), mail, "page=messages")
    expect(page.get_by_text("Which payment do you mean?")).to_be_visible(timeout=READY_MS)
    accessible(page)
    assert page.evaluate("document.scrollingElement.scrollWidth") <= width
    page.get_by_text("Complaint about a payment").filter(visible=True).last.click()
    expect(page.get_by_text("What happened").filter(visible=True).first).to_be_visible()
    page.get_by_role("button", name="Close", exact=True).filter(visible=True).click()
    page.get_by_text("Which payment do you mean?").filter(visible=True).click()
    expect(page.get_by_text("The bank demands this reply")).to_be_visible(timeout=READY_MS)
    page.get_by_role("button", name="Close", exact=True).filter(visible=True).click()
    expect(page.get_by_text("First reply to").first).to_be_visible()
    page.get_by_role("button", name="Reply", exact=True).filter(visible=True).click()
    expect(page.get_by_text("Fill this in").first).to_be_visible()
    accessible(page)
    assert page.evaluate("document.scrollingElement.scrollWidth") <= width
