"""The page Balancing without a browser: what there is, agreed to by type, signed; batches not sent; the statement."""

from __future__ import annotations

import re
import tomllib
from importlib.resources import files

import pytest

from bankklient_lab.dashboards.balancing import Balancing
from bankklient_lab.dashboards.balancing_wizard import BalancingWizard
from bankklient_lab.dashboards.menu import offered
from bankklient_lab.dashboards.shell import new_state
from bankklient_lab.keys.creating import create_key
from bankklient_lab.lab import Lab
from bankklient_lab.orders.confirmation import include_orders
from tests.dashboards.texts import shown
from tests.orders.labs import COLLECTION, FOREIGN, broken_checks, created, equip, hands, status

PASSWORD = "Eight-8x"
CREATES = {51, 61, 120, 125, 161, 236}
HOSTILE = "<u>x</u>"


@pytest.fixture
def firm(lab: Lab) -> Lab:
    """A company with its key."""
    equip(lab)
    create_key(lab, "operational", PASSWORD)
    return lab


def page_of(lab: Lab) -> Balancing:
    return Balancing(lab, new_state(lab, "?page=balancing"))


def wizard_of(page: Balancing) -> BalancingWizard:
    assert page.wizard is not None
    return page.wizard


def balance(page: Balancing, password: str = PASSWORD) -> None:
    wizard = wizard_of(page)
    wizard.sign.password.value_input = password
    wizard.sign.press()
    wizard.work.wait()


def test_without_orders_the_page_says_what_leads_here(firm: Lab) -> None:
    page = page_of(firm)
    wizard = wizard_of(page)
    assert wizard.empty.visible
    assert "Nothing to balance" in shown(wizard.empty)
    assert not wizard.sign.view.visible
    assert not page.statement.view.visible


@pytest.mark.spec("BAL-011")
def test_the_summary_of_each_type_is_printed_by_itself(firm: Lab) -> None:
    created(firm)
    created(firm, FOREIGN)
    page = page_of(firm)
    sent: list[tuple[str, bytes]] = []
    page.wizard._state.send_file = lambda name, content: sent.append((name, content))  # type: ignore[union-attr]
    for name, step in wizard_of(page).steps.items():
        step.print.param.trigger("clicks")
        wizard_of(page).printing.wait()
        assert (sent[-1][0], sent[-1][1][:4]) == (f"summary_{name}.pdf", b"%PDF")
    assert len(sent) == 2


@pytest.mark.spec("BAL-007", "BAL-008", "BAL-025")
def test_each_type_is_shown_in_the_fixed_order_with_what_can_not_go(firm: Lab) -> None:
    created(firm)
    created(firm, COLLECTION)
    created(firm, FOREIGN)
    created(hands(firm, "CC", CREATES), amount="77.00", variable_symbol="5")
    wizard = wizard_of(page_of(hands(firm, "AA")))
    assert list(wizard.steps) == ["domestic_orders", "foreign_payments"]
    told = shown(wizard.steps["domestic_orders"].view)
    assert "Payments" in told
    assert "Collections" in told
    assert re.search(r"class='out'><td>Main</td><td>created</td><td class='n'>1</td><td class='n'>77.00", told)
    assert re.search(r"Into this balancing</td><td class='n'>2</td><td class='n'>2\u202f200.00", told)
    assert "Revocations, Priority payments" in wizard._nothing.object
    assert not any(step.take.value for step in wizard.steps.values())
    assert wizard.sign.button.disabled


@pytest.mark.spec("BAL-007", "BAL-039")
def test_only_the_types_that_were_agreed_to_are_balanced(firm: Lab) -> None:
    domestic, foreign = created(firm), created(firm, FOREIGN)
    page = page_of(firm)
    wizard = wizard_of(page)
    wizard.steps["domestic_orders"].take.value = True
    assert wizard.sign.button.label == "Balance 1 order, 1\u202f500.00\u00a0CZK"
    assert "Foreign payments" in shown(wizard.sign.view)
    assert wizard.sign.password.label.startswith("Password of the operational key 20260001")
    balance(page)
    assert (status(firm, domestic), status(firm, foreign)) == ("NS", "F2")
    assert "Balanced: 1 order in 1 batch" in shown(wizard.made)
    assert "26000101.02" in shown(wizard.made)
    assert list(wizard.steps) == ["foreign_payments"]
    assert wizard.sign.password.value_input == ""
    assert broken_checks(firm) == {}


@pytest.mark.spec("BAL-012")
def test_allowed_duplicates_are_listed_before_they_are_agreed_to(firm: Lab) -> None:
    created(firm)
    created(firm)
    told = shown(wizard_of(page_of(firm)).steps["domestic_orders"].view)
    assert "1 of them was saved as an allowed duplicate" in told
    assert "1\u202f500.00\u00a0CZK" in told


@pytest.mark.spec("BAL-040")
def test_a_wrong_password_is_told_and_what_was_agreed_to_stays(firm: Lab) -> None:
    order = created(firm)
    page = page_of(firm)
    wizard = wizard_of(page)
    wizard.steps["domestic_orders"].take.value = True
    balance(page, "Wrong-8x")
    assert "tries left: 2" in wizard.sign._problem.object
    assert wizard.steps["domestic_orders"].take.value
    balance(page, "short")
    assert "exactly 8" in wizard.sign._problem.object
    assert firm.rows("SELECT failed_tries FROM ops.key") == [(1,)]
    balance(page)
    assert not wizard.sign._problem.visible
    assert status(firm, order) == "NS"


def test_orders_that_changed_since_are_to_be_looked_at_again(firm: Lab) -> None:
    created(firm)
    page = page_of(firm)
    wizard = wizard_of(page)
    wizard.steps["domestic_orders"].take.value = True
    other = created(firm, amount="9.00", variable_symbol="9")
    balance(page)
    assert "changed since" in wizard.sign._problem.object
    assert status(firm, other) == "F"
    step = wizard.steps["domestic_orders"]
    assert step.changed.visible
    assert not step.take.value
    assert "2 orders" in step.take.label


@pytest.mark.spec("BAL-028")
def test_who_balances_included_orders_sees_and_takes_these(firm: Lab) -> None:
    first = created(firm)
    created(firm, amount="2.00", variable_symbol="2")
    include_orders(firm, [first])
    page = page_of(hands(firm, "II", {16, 161, 236}))
    wizard = wizard_of(page)
    assert not wizard.which.visible
    assert page.unsent is None
    assert "1 order, 1\u202f500.00" in wizard.steps["domestic_orders"].take.label


def test_without_a_key_the_page_says_what_to_do(lab: Lab) -> None:
    created(equip(lab))
    wizard = wizard_of(page_of(lab))
    assert wizard.sign._no_key.visible
    assert wizard.sign.to_keys.visible
    assert not wizard.sign._form.visible


@pytest.mark.spec("BAL-073", "BAL-074")
def test_a_batch_is_discarded_after_two_questions(firm: Lab) -> None:
    order = created(firm)
    page = page_of(firm)
    wizard_of(page).steps["domestic_orders"].take.value = True
    balance(page)
    unsent = page.unsent
    assert unsent is not None
    assert unsent.card.visible
    unsent.open("1")
    unsent.sure._do()  # yes, once
    assert status(firm, order) == "NS"
    assert unsent.dialog.open
    assert "1 order is deleted" in unsent._last_question.object
    unsent._keep()
    assert status(firm, order) == "NS"
    unsent.sure._do()
    unsent.discard()
    assert status(firm, order) == "DE"
    assert not unsent.card.visible


@pytest.mark.spec("BAL-069", "BAL-071")
def test_the_statement_shows_the_last_balancing_or_one_batch(firm: Lab) -> None:
    created(firm)
    page = page_of(firm)
    wizard_of(page).steps["domestic_orders"].take.value = True
    balance(page)
    created(firm, amount="2.00", variable_symbol="2")
    wizard_of(page).refresh()
    wizard_of(page).steps["domestic_orders"].take.value = True
    balance(page)
    statement = page.statement
    assert statement.view.visible
    assert statement._orders is not None
    assert statement._orders["batch_order"].to_pylist() == ["20260002"]
    assert not statement._totals.visible  # one account: the sum beneath the table says it
    statement.show(1, "20260001")
    assert statement._orders["batch_order"].to_pylist() == ["20260001"]
    statement.batch.value = "1"
    assert "no order of a batch" in statement._problem.object


def test_the_statement_is_taken_along(firm: Lab) -> None:
    created(firm)
    page = page_of(firm)
    wizard_of(page).steps["domestic_orders"].take.value = True
    balance(page)
    sent: list[tuple[str, bytes]] = []
    page.statement._state.send_file = lambda name, content: sent.append((name, content))
    for suffix in (".pdf", ".xlsx", ".csv"):
        page.statement.take(suffix)
        page.statement.work.wait()
    assert [name for name, _ in sent] == [f"balancing_domestic.{suffix}" for suffix in ("pdf", "xlsx", "csv")]
    assert [content[:2] for _, content in sent[:2]] == [b"%P", b"PK"]
    assert b"1500" in sent[2][1]


def test_nothing_of_an_account_becomes_markup(firm: Lab) -> None:
    with firm.database.tx("ops") as cursor:
        cursor.execute("UPDATE ops.account SET name = ?", [HOSTILE])
    created(firm)
    page = page_of(firm)
    wizard = wizard_of(page)
    assert HOSTILE not in shown(wizard.view)
    assert "&lt;u&gt;x" in shown(wizard.view)


def test_who_may_do_nothing_of_it_is_not_offered_the_page(lab: Lab) -> None:
    assert "balancing" in offered(lab)
    assert "balancing" in offered(hands(lab, "AA", {70}))
    assert "balancing" not in offered(hands(lab, "BB", {51}))


SECTIONS = (
    "record_type", "balancing", "unsent", "balancing_statement", "transmissions", "key_kind", "keys", "points",
    "services", "service_item", "service_help",
)  # fmt: skip


@pytest.mark.parametrize("section", SECTIONS)
def test_czech_says_all_that_english_says(section: str) -> None:
    english, czech = (
        tomllib.loads((files("bankklient_lab.data") / "texts" / f"{one}.toml").read_text("utf-8"))[section]
        for one in ("en", "cs")
    )
    few = {name.replace("_many", "_few") for name in english if name.endswith("_many")}
    assert english.keys() <= czech.keys() <= english.keys() | few
    fields = {name: set(re.findall(r"{(\w+)}", said)) for name, said in english.items()}
    assert {name: set(re.findall(r"{(\w+)}", czech[name])) for name in english} == fields
