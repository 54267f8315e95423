"""The page Transmissions without a browser: what waits goes out, the protocol tells all of it, by conditions."""

from __future__ import annotations

import html
from datetime import date
from pathlib import Path

import pytest

from bankklient_lab.balancing.balance import balance
from bankklient_lab.dashboards.menu import offered
from bankklient_lab.dashboards.shell import new_state
from bankklient_lab.dashboards.transmissions import Transmissions
from bankklient_lab.exchange.transmitting import transmit
from bankklient_lab.keys.creating import create_key
from bankklient_lab.lab import Lab
from bankklient_lab.orders.detail import order_detail
from tests.balancing.labs import agreed
from tests.clocks import NOON
from tests.dashboards.texts import shown
from tests.exchange.labs import by_folder
from tests.history.test_matching import booked, sent
from tests.orders.labs import FOREIGN, created, equip, hands

PASSWORD = "Eight-8x"


@pytest.fixture
def firm(lab: Lab, tmp_path: Path) -> Lab:
    """A company with two batches that wait, and folders for the bank."""
    equip(lab)
    create_key(lab, "operational", PASSWORD)
    created(lab)
    created(lab, FOREIGN)
    balance(lab, agreed(lab), PASSWORD)
    by_folder(lab, tmp_path)
    return lab


def page_of(lab: Lab) -> Transmissions:
    return Transmissions(lab, new_state(lab, "?page=transmissions"))


def lines(page: Transmissions, column: str = "batch_order") -> list[str]:
    assert page.protocol.list.table is not None
    return [str(value) for value in page.protocol.list.table[column].to_pylist()]


@pytest.mark.spec("TRN-017")
def test_what_waits_is_sent_and_told(firm: Lab, tmp_path: Path) -> None:
    page = page_of(firm)
    transmitting = page.transmitting
    assert transmitting is not None
    assert "2 batches wait to be sent" in transmitting._told.object
    assert not transmitting.form.password.visible  # a folder needs no key
    transmitting.form.start()
    transmitting.form.work.wait()
    assert "2 batches were exchanged" in transmitting.result.object
    assert "No batch waits" in transmitting._told.object
    assert len(list((tmp_path / "send_to").iterdir())) >= 2
    assert {text[:1] for text in lines(page, "status")} == {"\u25d1"}
    (tmp_path / "receive_from" / "<b>.txt").write_text("Dear customer", "ascii")
    transmitting.form.start()
    transmitting.form.work.wait()
    assert "1 file was taken from the bank's folder" in html.unescape(transmitting.result.object)
    assert "&lt;b&gt;.txt</td><td>file</td><td>refused" in transmitting.result.object
    assert "was refused" in transmitting.form.problem.object


def test_without_a_way_to_the_bank_the_page_says_what_to_do(lab: Lab) -> None:
    transmitting = page_of(lab).transmitting
    assert transmitting is not None
    assert transmitting.form.no_way.visible
    assert transmitting.form.to_keys.visible
    assert not transmitting.form.form.visible


@pytest.mark.spec("TRN-062")
def test_the_protocol_is_narrowed_by_conditions_and_widened_again(firm: Lab) -> None:
    page = page_of(firm)
    protocol = page.protocol
    assert len(lines(page)) == 2
    protocol.batch_type.value = 11
    assert lines(page, "batch_type") == ["11 \u00b7 foreign payments"]
    protocol.direction.value = "receive"
    assert lines(page) == []
    protocol.clear_all()
    assert len(lines(page)) == 2
    assert not protocol.clear.visible
    protocol.days["created_since"].value = date(2026, 11, 23)
    assert lines(page) == []
    protocol.clear_all()
    protocol.status.value = 1
    assert len(lines(page)) == 2
    protocol.point.value = 1
    assert protocol.chosen == {"status": 1, "point": 1}


@pytest.mark.spec("TRN-058")
def test_a_line_opens_with_its_changes(firm: Lab) -> None:
    page = page_of(firm)
    page.protocol.open(page.protocol._raw[0])
    told = page.protocol._facts.object
    assert "Batch 20260001" in told
    assert "created" in told
    assert "1 \u00b7 Bank" in told


def test_the_protocol_is_taken_along(firm: Lab) -> None:
    page = page_of(firm)
    sent: list[tuple[str, bytes]] = []
    page.protocol._state.send_file = lambda name, content: sent.append((name, content))
    for suffix in (".pdf", ".xlsx", ".csv"):
        page.protocol.take(suffix)
        page.protocol.work.wait()
    assert [content[:2] for _, content in sent[:2]] == [b"%P", b"PK"]
    assert sent[2][1].count(b"\n") == 3


@pytest.mark.spec("TRN-057")
def test_everybody_sees_the_protocol_and_only_some_transmit(firm: Lab) -> None:
    nobody = hands(firm, "NO", {161})
    assert "transmissions" in offered(nobody)
    page = page_of(nobody)
    assert page.transmitting is None
    assert len(lines(page)) == 2
    assert "Send and receive" not in shown(page.view)


def test_a_booked_line_that_may_settle_two_orders_is_matched_on_the_page(firm: Lab, tmp_path: Path) -> None:
    one, other = sent(firm, "domestic_payment", "domestic_payment")
    booked(firm, tmp_path, *({"amount": "-1500.00", "variable_symbol": "2026001"} for _ in range(2)))
    page = page_of(firm)
    bookings = page.bookings
    assert bookings is not None
    assert bookings.card.visible
    bookings.open("1/1/1/0")
    assert set(bookings.order.options.values()) >= {one, other}
    bookings.order.value = other
    bookings._match()
    assert (order_detail(firm, other)["status"], order_detail(firm, one)["status"]) == ("OK", "SE")
    bookings.open("1/1/2/0")
    bookings._none()
    assert not bookings.card.visible


@pytest.mark.spec("TRN-109")
def test_automated_transmission_is_started_told_and_stopped(firm: Lab) -> None:
    page = page_of(firm)
    automated = page.automated
    assert automated is not None
    assert "Stopped." in automated.told.object
    assert "At 06:30 (Europe/Prague) on Monday, Tuesday, Wednesday, Thursday, Friday; up to 5" in automated.told.object
    automated.start._do()
    assert f"Started by {firm.user} on 2026-11-22" in automated.told.object
    assert "in 20 h 30 min" in automated.told.object
    with firm.database.tx("ops") as cursor:
        cursor.execute(
            "INSERT INTO ops.automated_try VALUES (?, 2, 'failed', 'the <bank> is away', '', ?)", [NOON, NOON]
        )
    automated.refresh()
    assert "try 2: failed (the &lt;bank&gt; is away)" in automated.told.object
    automated.stop._do()
    assert "Stopped." in automated.told.object
    assert automated.start.view.visible
    assert not automated.stop.view.visible


def transmitted(firm: Lab) -> Transmissions:
    """Return the page after what waits was sent, with the drawer of the domestic batch open."""
    transmit(firm)
    page = page_of(firm)
    page.protocol.open(next(row for row in page.protocol._raw if row["batch_type"] == 1))
    return page


def test_the_answer_of_a_bank_that_gives_none_here_is_recorded_on_the_page(firm: Lab) -> None:
    page = transmitted(firm)
    steps = page.protocol.steps
    assert steps.answering.visible
    assert not steps.discarding.visible
    steps.answer.value, steps.note.value = "refused", " by telephone "
    steps.record._do()
    assert not page.protocol.drawer.open
    row = next(row for row in page.protocol._raw if row["batch_type"] == 1)
    assert (row["status"], row["note"]) == (7, "by telephone")
    page.protocol.open(row)
    assert not steps.answering.visible


def test_a_batch_that_broke_off_is_discarded_on_the_page(firm: Lab, tmp_path: Path) -> None:
    (tmp_path / "send_to").rmdir()
    page = transmitted(firm)
    steps = page.protocol.steps
    assert (steps.discarding.visible, steps.answering.visible) == (True, False)
    assert not steps.asking.visible
    steps.sure._do()
    assert steps.asking.visible
    assert steps.form.button.label == "Discard it for good"  # in a folder there is nobody to ask
    steps.form.start()
    steps.form.work.wait()
    assert "can't be read" in html.unescape(steps.form.problem.object)  # nobody knows whether its files were there
    (tmp_path / "send_to").mkdir()
    steps.form.start()
    steps.form.work.wait()
    assert not page.protocol.drawer.open
    assert next(row["status"] for row in page.protocol._raw if row["batch_type"] == 1) == 21


@pytest.mark.spec("EL-014")
def test_what_waits_for_signatures_is_not_told_as_waiting_to_be_sent(firm: Lab) -> None:
    with firm.database.tx("ops") as cursor:
        cursor.execute("INSERT INTO ops.unsigned_batch VALUES (1)")
    page = page_of(firm)
    assert page.transmitting is not None
    assert "1 batch waits to be sent. 1 batch waits for signatures and stays." in page.transmitting._told.object
    assert sorted(lines(page, "status")) == ["waits for signatures", "\u25d4 created"]
