"""Orders that wait become wrong, right or duplicates when codebooks, accounts or the configuration change."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import bankklient_lab as bl
from bankklient_lab.access.configuration import configure
from bankklient_lab.errors import BadArgument, NotAllowed, SuspectedDuplicate, UnknownName
from bankklient_lab.lab import Lab, open_here
from bankklient_lab.orders.accounts import own_accounts, set_account_position
from bankklient_lab.orders.codebooks import codebook, update_codebook
from bankklient_lab.orders.confirmation import include_orders
from bankklient_lab.orders.creating import correct_order, create_order
from bankklient_lab.orders.rechecking import recheck_orders
from bankklient_lab.rights.codebooks import note_content
from tests.clocks import NOON
from tests.orders.codebook_files import codebook_file
from tests.orders.labs import COLLECTION, DOMESTIC, FOREIGN, MAIN, created, domestic_values, equip, hands, status

NOTHING = {"wrong": 0, "right": 0, "duplicates": 0}


def without(lab: Lab, folder: Path, name: str, *gone: str) -> dict[str, Any]:
    """Replace a codebook by itself without some codes."""
    content = [row for row in codebook.rows(lab, name) if row["code"] not in gone]
    return update_codebook(lab, name, codebook_file(folder, content))


def with_row(lab: Lab, folder: Path, book: str, **row: str) -> dict[str, Any]:
    return update_codebook(lab, book, codebook_file(folder, [*codebook.rows(lab, book), row]))


def counts(told: dict[str, Any]) -> dict[str, int]:
    return {name: told[name] for name in NOTHING}


def kept(lab: Lab, order_id: int) -> tuple[str, str]:
    ((found_status, errors),) = lab.rows(
        "SELECT status, errors FROM (SELECT order_id, status, errors FROM ops.domestic_order"
        " UNION ALL SELECT order_id, status, errors FROM ops.foreign_order) WHERE order_id = $id",
        {"id": order_id},
    )
    return found_status, errors


STATES = [  # permissions that leave an order in a state, and the state
    ([56, 121], "", ""),
    ([56, 61, 76, 121, 125, 135], "V", "V"),
    (None, "F", "F2"),
]


@pytest.mark.spec("FLW-043")
@pytest.mark.spec("ORD-291", "ORD-292", "ORD-421", "ORD-430", "ORD-431", "TRN-050", "TXN-046", "TXN-047", "TXN-144")
@pytest.mark.spec("TXN-145", "FLW-020", "FLW-042")
@pytest.mark.parametrize(("permissions", "domestic_state", "foreign_state"), STATES)
def test_an_order_of_any_state_becomes_wrong_and_blank_when_it_is_right_again(
    company: Lab, tmp_path: Path, permissions: list[int] | None, domestic_state: str, foreign_state: str
) -> None:
    clerk, chief = hands(company, "AB", permissions), hands(company, "AD", [2])
    orders = [created(clerk, DOMESTIC), created(clerk, COLLECTION, counter_account="19-2000145399/0800")]
    payment = created(clerk, FOREIGN)
    assert [status(company, one) for one in (*orders, payment)] == [domestic_state, domestic_state, foreign_state]
    assert counts(without(chief, tmp_path, "banks", "0800")) == NOTHING | {"wrong": 2}
    assert [kept(company, one) for one in orders] == [("E", "45"), ("E", "15")]
    assert counts(without(chief, tmp_path, "countries", "DE")) == NOTHING | {"wrong": 1}
    assert kept(company, payment) == ("E", "725")
    assert counts(with_row(chief, tmp_path, "banks", code="0800", name="again")) == NOTHING | {"right": 2}
    again = {"iban_length": "22", "sepa": "yes", "eea": "yes", "eu": "yes", "numeric": "276"}
    assert counts(with_row(chief, tmp_path, "countries", code="DE", name="again", **again)) == NOTHING | {"right": 1}
    assert [kept(company, one) for one in (*orders, payment)] == [("", "")] * 3
    steps = company.rows(
        "SELECT action, status_before, status, done_by, note FROM ops.order_step WHERE order_id = $id ORDER BY version",
        {"id": payment},
    )
    assert steps[-2:] == [
        ("recheck_wrong", foreign_state, "E", "", "codebook countries"),
        ("recheck_right", "E", "", "", "codebook countries"),
    ]
    marks = "verified_by, confirmed_by, confirmed_again_by"
    assert company.rows(f"SELECT {marks} FROM ops.foreign_order") == [(None, None, None)]


@pytest.mark.spec("ORD-438")
def test_a_verified_payment_to_a_country_that_is_gone(company: Lab, tmp_path: Path) -> None:
    payment = created(hands(company, "AB", [121, 125, 135]), FOREIGN)
    assert status(company, payment) == "V"
    without(hands(company, "AD", [2]), tmp_path, "countries", "DE")
    assert kept(company, payment) == ("E", "725")


@pytest.mark.spec("ORD-291", "ORD-430")
def test_included_orders_become_wrong_too(company: Lab, tmp_path: Path) -> None:
    orders = [created(company, DOMESTIC), created(company, FOREIGN)]
    include_orders(company, orders)
    assert [status(company, one) for one in orders] == ["I", "I"]
    assert without(company, tmp_path, "currencies", "EUR")["wrong"] == 1
    assert without(company, tmp_path, "banks", "0800")["wrong"] == 1
    assert [status(company, one) for one in orders] == ["E", "E"]


@pytest.mark.spec("ORD-291", "BAS-215", "ORD-131", "ADM-181")
def test_an_account_that_may_no_longer_be_debited(company: Lab) -> None:
    payment, collection = created(company, DOMESTIC), created(company, COLLECTION)
    assert set_account_position(company, MAIN, "credit") == NOTHING | {"wrong": 1}
    assert (kept(company, payment), status(company, collection)) == (("E", "10"), "F")
    assert set_account_position(company, "CZ77 0600 0006 0901 5001 2947", "both") == NOTHING | {"right": 1}
    assert [one["position"] for one in own_accounts.rows(company) if one["base"] == "150012947"] == ["both"]


@pytest.mark.spec("ADM-181")
def test_the_position_of_an_account_is_one_of_four_and_the_account_is_own(company: Lab) -> None:
    with pytest.raises(BadArgument, match="none, debit, credit, both"):
        set_account_position(company, MAIN, "left")
    with pytest.raises(UnknownName):
        set_account_position(company, "19-2000145399/0800", "none")
    with pytest.raises(NotAllowed):
        set_account_position(hands(company, "AB", [51]), MAIN, "none")


@pytest.mark.spec("ADM-297", "ORD-088", "ORD-292")
def test_a_changed_configuration_checks_again(company: Lab) -> None:
    order = created(company, DOMESTIC, variable_symbol="")
    bl.configure(company, {"check_variable_symbol": True})
    assert kept(company, order) == ("E", "152")
    configure(company, {"check_variable_symbol": False})
    assert kept(company, order) == ("", "")
    payment = created(company, FOREIGN, maturity_date="2027-11-21")
    configure(company, {"client_name": "Company"})
    assert status(company, payment) == "F2"


@pytest.mark.spec("ORD-293", "ADM-297", "TRN-051", "IMP-181")
def test_of_two_that_pay_the_same_the_later_one_becomes_a_duplicate(company: Lab) -> None:
    first = created(company, DOMESTIC, variable_symbol="1")
    second = int(create_order(company, DOMESTIC, domestic_values(variable_symbol="2"))["order_id"])
    configure(company, {"duplicates_variable_symbol": False})
    assert [kept(company, one) for one in (first, second)] == [("F", ""), ("E", "151")]
    configure(company, {"duplicates_variable_symbol": True})
    assert kept(company, second) == ("", "")
    with pytest.raises(SuspectedDuplicate):
        create_order(company, DOMESTIC, domestic_values(variable_symbol="2"))


def test_an_allowed_duplicate_stays_allowed(company: Lab) -> None:
    created(company, DOMESTIC)
    twin = created(company, DOMESTIC)
    configure(company, {"duplicates_days_before": 25})
    assert kept(company, twin) == ("F", "")


@pytest.mark.spec("TRN-051")
def test_an_order_that_is_repaired_may_be_a_duplicate(company: Lab, tmp_path: Path) -> None:
    configure(company, {"duplicates": False})
    created(company, DOMESTIC)
    later = int(create_order(company, DOMESTIC, domestic_values())["order_id"])
    without(company, tmp_path, "banks", "0800")
    configure(company, {"duplicates": True})
    assert kept(company, later) == ("E", "45 151")
    told = with_row(company, tmp_path, "banks", code="0800", name="again")
    assert (told["right"], kept(company, later)) == (1, ("E", "151"))


@pytest.mark.spec("FLW-039")
def test_a_wrong_order_can_be_corrected_to_a_right_one(company: Lab, tmp_path: Path) -> None:
    order = created(company, DOMESTIC)
    without(company, tmp_path, "banks", "0800")
    assert correct_order(company, order, {"counter_account": "3703-921811/0710"})["status"] == "F"
    assert recheck_orders(company) == NOTHING


@pytest.mark.spec("FLW-020", "FLW-021")
@pytest.mark.spec("IMP-171", "IMP-180")
@pytest.mark.parametrize("origin", ["accounting_system", "automatic"])
def test_orders_of_other_origins_are_checked_again(company: Lab, tmp_path: Path, origin: str) -> None:
    order = created(company, DOMESTIC)
    with company.database.tx("ops") as cursor:
        cursor.execute("UPDATE ops.domestic_order SET origin = ?", [origin])
    without(company, tmp_path, "banks", "0800")
    assert kept(company, order) == ("E", "45")
    with_row(company, tmp_path, "banks", code="0800", name="again")
    assert kept(company, order) == ("", "")


@pytest.mark.spec("ORD-431")
def test_an_order_that_was_never_saved_stays_to_be_checked(company: Lab, tmp_path: Path) -> None:
    payment = created(company, FOREIGN)
    with company.database.tx("ops") as cursor:
        cursor.execute("UPDATE ops.foreign_order SET status = 'E', errors = '725', saved = false")
    assert recheck_orders(company) == NOTHING
    assert kept(company, payment) == ("E", "")


def test_newer_shipped_contents_check_again_when_the_lab_is_opened(tmp_path: Path) -> None:
    path = tmp_path / "company.lab"
    with open_here(path, create=True, clock=lambda: NOON, user="tester") as lab:
        order = created(equip(lab), FOREIGN)
        with lab.database.tx("ops") as cursor:
            note_content(cursor, "charges", "0" * 64)
            cursor.execute("UPDATE ops.foreign_order SET charges = 'OLD'")
    with bl.open(path) as lab:
        assert kept(lab, order) == ("E", "766")
        assert lab.rows("SELECT note FROM ops.order_step WHERE action = 'recheck_wrong'") == [("codebooks charges",)]


def test_what_changes_nothing_leaves_no_step(company: Lab, tmp_path: Path) -> None:
    created(company, DOMESTIC)
    before = company.rows("SELECT count(*) FROM ops.order_step")
    assert without(company, tmp_path, "banks", "6800")["wrong"] == 0
    assert company.rows("SELECT count(*) FROM ops.order_step") == before
    assert company.rows("SELECT count(*) FROM ops.log WHERE action = 'recheck_orders'") == [(0,)]
