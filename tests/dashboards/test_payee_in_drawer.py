"""The drawer of an order: what the bank said of the payee, before the next person confirms."""

from __future__ import annotations

from decimal import Decimal

from bankklient_lab.bank import Account
from bankklient_lab.dashboards.order_drawer import PAYEE, OrderDrawer
from bankklient_lab.dashboards.shell import new_state
from tests.exchange.conftest import clock, company, orders_file, pair
from tests.exchange.labs import Pair
from tests.exchange.test_channels import keyed, reached, served
from tests.exchange.test_payees import HERE, ask
from tests.keys.conftest import KEY_PASSWORD, quick_key_passwords
from tests.orders.labs import COLLECTION, DOMESTIC, created, hands

__all__ = ["clock", "company", "keyed", "orders_file", "pair", "quick_key_passwords"]


def test_the_next_person_sees_what_the_bank_said_before_confirming(pair: Pair) -> None:
    number = pair.lab.rows("SELECT canonical_account($a, NULL)", {"a": HERE})[0][0]
    pair.bank.open_account(Account(number, "CZK", "Miller <b>Ltd", opening=Decimal(0)))
    first = hands(pair.lab, "AA", {56, 61, 76, 151, 156})
    payment = created(first, DOMESTIC, counter_account=HERE, abbreviation="Miler Ltd")
    collection = created(first, COLLECTION)
    second = pair.lab = hands(pair.lab, "BB", {61, 66, 70, 71, 151, 156})
    drawer = OrderDrawer(second, new_state(second, "?page=orders"), lambda: None)
    drawer.open(collection)
    assert PAYEE not in [one["name"] for one in drawer._bar.buttons]
    drawer.open(payment)
    assert "confirm" in drawer.order["steps"], drawer.order["status"]
    assert PAYEE in [one["name"] for one in drawer._bar.buttons]
    ask(pair, payment)
    drawer.open(payment)
    assert "Nearly: the bank has the name" in drawer._body.object
    assert "Miller &lt;b&gt;Ltd" in drawer._body.object
    drawer._pressed("confirm")
    assert drawer.order["status"].startswith("F")  # whoever saw it decides


def test_who_confirms_asks_the_bank_with_the_password_and_nobody_waits_for_it(keyed: Pair) -> None:
    with served(keyed.bank) as address:
        reached(keyed.lab, "https", address=address)
        payment = created(hands(keyed.lab, "AA", {56, 61, 76, 151, 156}), DOMESTIC, abbreviation="Somebody")
        second = hands(keyed.lab, "BB", {61, 66, 70, 71, 151, 156})  # may confirm, and not transmit
        drawer = OrderDrawer(second, new_state(second, "?page=orders"), lambda: None)
        drawer.open(payment)
        assert not drawer._asking.visible
        drawer._pressed(PAYEE)
        form = drawer.payee
        assert (drawer._asking.visible, form.password.visible, form.work.running) == (True, True, False)
        form.password.value_input = "another8"
        form.start()
        form.work.wait()
        assert "tries left: 2" in form.problem.object
        form.password.value_input = KEY_PASSWORD
        form.start()
        assert form.work.running
        form.work.wait()
    assert "tell whose the account is" in drawer._body.object
    assert not drawer._asking.visible
