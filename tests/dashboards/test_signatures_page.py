"""The page Signatures without a browser: what waits, signed by who may, and the rights given and taken."""

from __future__ import annotations

import pytest

from bankklient_lab.balancing.signature_rights import signature_rights
from bankklient_lab.dashboards.menu import offered
from bankklient_lab.dashboards.shell import new_state
from bankklient_lab.dashboards.signatures import Signatures, Waiting
from bankklient_lab.lab import Lab
from tests.balancing.signers import PASSWORD, made, person, right, waiting
from tests.dashboards.texts import shown
from tests.keys.conftest import quick_key_passwords
from tests.orders.labs import created, equip, hands

__all__ = ["quick_key_passwords"]


def waiting_of(lab: Lab) -> Waiting:
    page = Signatures(lab, new_state(lab, "?page=signatures"))
    assert page.waiting is not None
    return page.waiting


@pytest.mark.spec("EL-014")
def test_a_batch_is_looked_at_and_signed(lab: Lab) -> None:
    admin = hands(equip(lab), "AD")
    first, second = person(admin, "A1"), person(admin, "B1")
    for who in (first, second):
        right(admin, who, who.caller.reference[0])
    created(admin)
    created(admin, amount="2")
    made(first)
    for who, own in ((first, False), (second, True)):
        card = waiting_of(who)
        assert card.list.table is not None
        assert card.list.table["yours"].to_pylist() == ["\u25d4 by you" if own else "\u25cb by others"]
        card.open("1")
        assert (card.form is not None) == own
        assert ("would count for no order" in shown(card._place)) != own
        assert card.orders.object.count("<tr>") == 2
        assert "2 orders, 1\u202f502.00\xa0CZK" in card.orders.object
    form = card.form
    assert form is not None
    assert form.button.label == "Sign 2 orders"
    for password, left in (("Wrong-8x", 1), (PASSWORD, 0)):
        form.widgets["password"].value = password
        form.save()
        assert form.widgets["password"].value == ""
        assert len(waiting(admin)) == left
    assert card.list.table is not None
    assert card.list.table.num_rows == 0


@pytest.mark.spec("EL-013")
def test_a_right_is_given_and_taken(lab: Lab) -> None:
    admin = hands(equip(lab), "AD")
    who = person(admin, "A1")
    card = Signatures(admin, new_state(admin, "?page=signatures")).rights
    card._open_form()
    for name, value in {"user": who.caller.name, "currency": "CZK", "order_max": "x"}.items():
        card.form.widgets[name].value = value
    card.form.save()
    assert signature_rights.rows(admin) == []
    card.form.widgets["order_max"].value = "1 000,50"
    card.form.save()
    assert card.list.table is not None
    assert card.list.table["order_max"].to_pylist() == ["1\u202f000.50\xa0CZK"]
    card.open(card.list.table.to_pylist()[0])
    card.sure._do()
    assert signature_rights.rows(admin) == []


def test_the_page_is_offered_to_who_signs_or_administers(lab: Lab) -> None:
    hands(lab, "AA")
    assert [
        "signatures" in offered(hands(lab, f"P{number}", {permission}))
        for number, permission in enumerate((1, 11, 70, 231))
    ] == [True, True, True, False]
