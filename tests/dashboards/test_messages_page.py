"""The page Messages without a browser: unread ones, one opened and answered, and what goes to the bank."""

from __future__ import annotations

import pytest

from bankklient_lab.bank import Wanted
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


def subjects(page: Messages) -> list[str]:
    assert page.from_bank.list.table is not None
    return page.from_bank.list.table["subject"].to_pylist()  # type: ignore[no-any-return]


@pytest.mark.spec("BNK-126", "BNK-131", "BNK-132", "BNK-135", "BNK-140", "BNK-142")
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
    assert (bank.save.visible, bank.reply.view.visible, bank.newer.disabled) == (True, False, True)
    assert "a.pdf" in bank._facts.object
    bank._go(1)
    assert bank.content.object == "<pre>Plain &lt;script&gt;alert(1)&lt;/script&gt;</pre>"
    assert "First &lt;b&gt;" in bank._facts.object
    assert subjects(page) == ["Second", "First <b>"]
    bank.reply.widgets["text"].value = "Yes"
    bank.reply.save()
    assert [(row["subject"], row["text"]) for row in client_messages.rows(page.from_bank._lab)] == [
        ("RE First <b>", "Yes")
    ]
    bank.open("1")
    assert not bank.reply.view.visible  # it has its only reply
    bank._delete()
    assert subjects(page) == ["Second"]


@pytest.mark.spec("BNK-143", "SRV-306")
def test_a_message_to_the_bank_is_written_changed_and_shown_after_it_has_gone(pair: Pair) -> None:
    page = page_of(pair.lab)
    own = page.to_bank
    assert own is not None
    own.show(None)
    own.form.widgets["subject"].value, own.form.widgets["text"].value = "Question", "When?"
    own.form.save()
    assert own.list.table is not None
    own.list.refresh()
    assert own.list.table["status"].to_pylist() == ["not balanced"]
    own.show(own._raw["1"])
    own.form.widgets["text"].value = "Where?"
    own.form.save()
    pair.balance()
    own.list.refresh()
    own.show(own._raw["1"])
    assert (own._content.object, own.form.view.visible, own.sure.view.visible) == ("<pre>Where?</pre>", False, False)
    assert "ready to be sent" in own._facts.object


@pytest.mark.spec("BNK-129", "BNK-140")
def test_who_may_not_see_or_write_is_not_offered_it(pair: Pair) -> None:
    pair.bank.send_message(Wanted("Secret", "Text", confidential=True, reply="many"))
    pair.bank.send_message(Wanted("Open", "Text", reply="many"))
    pair.transmit()
    page = page_of(hands(pair.lab, "BB", ()))
    assert (subjects(page), page.to_bank) == (["\u25cf Open"], None)
    page.from_bank.open("2")
    assert not page.from_bank.reply.view.visible
