"""The page Messages without a browser: unread ones, one opened and answered, and what goes to the bank."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from bankklient_lab.bank import Wanted
from bankklient_lab.dashboards.client_messages import ToBank
from bankklient_lab.dashboards.form import Form
from bankklient_lab.dashboards.messages import Messages
from bankklient_lab.dashboards.shell import new_state
from bankklient_lab.exchange.replies import client_messages
from bankklient_lab.formats.bank_files import BankFile
from bankklient_lab.lab import Lab
from tests.exchange.conftest import clock, company, orders_file, pair
from tests.exchange.labs import Pair
from tests.orders.labs import hands

__all__ = ["clock", "company", "orders_file", "pair"]

ATTACK = "<p>Dear <b>client</b></p><script>alert(1)</script><img src=x onerror=alert(1)>"


def page_of(lab: Lab) -> Messages:
    return Messages(lab, new_state(lab, "?page=messages"))


def written(own: ToBank) -> Form:
    assert own.form.form is not None
    return own.form.form


def subjects(page: Messages) -> list[str]:
    assert page.from_bank.list.table is not None
    return page.from_bank.list.table["subject"].to_pylist()  # type: ignore[no-any-return]


@pytest.mark.spec("BNK-126", "BNK-131", "BNK-132", "BNK-135", "BNK-138", "BNK-140", "BNK-142")
@pytest.mark.spec("SRV-320", "SRV-323", "SRV-325", "SRV-326")
def test_messages_are_read_answered_and_deleted(pair: Pair) -> None:
    pair.bank.send_message(Wanted("First <b>", "Plain <script>alert(1)</script>", reply="one"))
    pair.bank.send_message(Wanted("Second", ATTACK, html=True, attachment=BankFile("a.pdf", b"a"), confidential=True))
    pair.transmit()
    page = page_of(hands(pair.lab, "AA"))
    bank, own = page.from_bank, page.to_bank
    assert own is not None
    assert subjects(page) == ["\u25cf Second", "\u25cf First <b>"]
    bank.open("2")
    assert bank.content.object == "<p>Dear <b>client</b></p>"
    assert (bank.save.visible, bank._answer.visible, bank.newer.disabled) == (True, False, True)
    assert "a.pdf" in bank._facts.object
    bank._go(1)
    assert bank.content.object == "<pre>Plain &lt;script&gt;alert(1)&lt;/script&gt;</pre>"
    assert "First &lt;b&gt;" in bank._facts.object
    assert subjects(page) == ["Second", "First <b>"]
    assert bank.held
    bank.open("2")  # it demands a reply first, and stays
    bank.close()
    bank._go(-1)
    assert (bank.message["message_id"], bank.drawer.open, bank.demanded.visible) == (1, True, True)
    assert not bank.sure.view.visible
    reply = bank.reply.form
    assert reply is not None
    assert reply.widgets["_subject"].value == "RE First <b>"
    reply.widgets["_text"].value = "Yes"
    reply.save()
    bank.open("2")
    assert bank.message["message_id"] == 2
    bank.close()
    assert [(row["subject"], row["text"]) for row in client_messages.rows(page.from_bank._lab)] == [
        ("RE First <b>", "Yes")
    ]
    bank.open("1")
    assert not bank._answer.visible  # it has its only reply
    assert own is not None
    own.show("1")
    own._go()
    assert (bank.message["message_id"], own.drawer.open) == (1, False)
    bank._delete()
    assert subjects(page) == ["Second"]


@pytest.mark.spec("BNK-143", "SRV-306")
def test_a_message_to_the_bank_is_written_changed_and_shown_after_it_has_gone(pair: Pair) -> None:
    page = page_of(pair.lab)
    own = page.to_bank
    assert own is not None
    own.begin()
    written(own).widgets["_subject"].value, written(own).widgets["_text"].value = "Question", "When?"
    written(own).save()
    assert own.list.table is not None
    own.list.refresh()
    assert own.list.table["status"].to_pylist() == ["not balanced"]
    own.show("1")
    written(own).widgets["_text"].value = "Where?"
    written(own).save()
    pair.balance()
    own.list.refresh()
    own.show("1")
    assert (own.content.object, own.form.view.visible, own.sure.view.visible) == ("<pre>Where?</pre>", False, False)
    assert "ready to be sent" in own._facts.object


@pytest.mark.spec("BNK-129", "BNK-140")
def test_who_may_not_see_or_write_is_not_offered_it(pair: Pair) -> None:
    pair.bank.send_message(Wanted("Secret", "Text", confidential=True, reply="many"))
    pair.bank.send_message(Wanted("Open", "Text", reply="many"))
    pair.transmit()
    page = page_of(hands(pair.lab, "BB", ()))
    assert (subjects(page), page.to_bank) == (["\u25cf Open"], None)
    page.from_bank.open("2")
    assert (page.from_bank._answer.visible, page.from_bank.held) == (False, False)


@pytest.mark.spec("SRV-300", "SRV-302", "SRV-304", "SRV-305", "SRV-318", "SRV-319")
def test_a_form_is_filled_in_with_a_file_and_all_that_is_wrong_is_told_at_its_field(pair: Pair, tmp_path: Path) -> None:
    own = page_of(pair.lab).to_bank
    assert own is not None
    own.begin()
    assert written(own).widgets["_subject"].value == "General message"
    assert not own.form.attachment.view.visible
    own.kind.value = "complaint"
    form = written(own)
    assert form.widgets["_subject"].value == "Complaint about a payment"
    assert list(form.widgets)[1:4] == ["account", "day", "amount"]
    assert "609-150012947/0600" in form.widgets["account"].options
    form.save()
    assert {name for name, one in form.widgets.items() if "error_state" in one.param and one.error_state} == {
        "account", "day", "amount", "reason", "explanation",
    }  # fmt: skip
    form.widgets["account"].value, form.widgets["reason"].value = "CZ7706000006090150012947", "sent twice"
    given = {"day": date(2026, 11, 20), "amount": "much", "variable_symbol": "x", "explanation": "Twice <b>"}
    for name, value in given.items():
        form.widgets[name].value = value
    form.save()
    assert form.widgets["amount"].helper_text.startswith("Amount is an amount with")
    assert form.widgets["variable_symbol"].helper_text.startswith("Variable symbol is a number")
    form.widgets["amount"].value, form.widgets["variable_symbol"].value = "12,5", ""
    picture = tmp_path / "0-0"
    picture.write_bytes(b"picture")
    own.form.attachment.dropped("run.exe", picture)
    form.save()
    assert "takes pdf, txt, png, jpg" in form._problem.object
    own.form.attachment._remove()
    own.form.attachment.dropped("Důkaz 1.png", picture)
    assert "Dukaz_1.png" in own.form.attachment.told.object
    form.save()
    own.list.refresh()
    assert own.list.table is not None
    assert own.list.table.to_pylist()[0] | {"message_id": ""} == {
        "message_id": "", "subject": "Complaint about a payment", "kind": "Complaint about a payment",
        "status": "not balanced", "marks": "form \u00b7 attachment", "sent_at": "", "confirmed_at": "",
        "received_at": "",
    }  # fmt: skip
    own.show("1")
    assert written(own).widgets["amount"].value == "12.50"
    own.form.attachment._remove()
    written(own).save()
    pair.balance()
    pair.transmit()
    own.show("1")
    assert "<th>Amount</th><td><pre>12.50</pre>" in own.content.object
    assert "Twice &lt;b&gt;" in own.content.object
    assert "&lt;Form xmlns=" in own.content.object
    assert not own.download.visible
    for said in ("7/20260001", "Format", "Confirmed"):
        assert said in own._facts.object
    own.types.widget.value = "complaint"
    assert own.list.table.num_rows == 1
    own.types.widget.value = "any"
