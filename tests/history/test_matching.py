"""Booked lines of statements settle sent orders: what orders become by that, and what is left to a person."""

from __future__ import annotations

import json
import shutil
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from bankklient_lab.analysis.after_orders import balances_after_orders
from bankklient_lab.bank.statements import conformed
from bankklient_lab.cli import run
from bankklient_lab.errors import Refused, UnknownName
from bankklient_lab.exchange.watching import stop_watching
from bankklient_lab.formats.base import StatementSet
from bankklient_lab.formats.camt_write import write
from bankklient_lab.formats.schema import Kind
from bankklient_lab.history.bookings import bookings_to_match, match_booking, settlements, unmatch_booking
from bankklient_lab.history.importing import import_file, withdraw_import
from bankklient_lab.lab import Lab, open_here
from bankklient_lab.orders.detail import order_detail
from bankklient_lab.orders.listing import order_ids
from bankklient_lab.orders.steps import take_step
from tests.balancing.labs import a_signer, balanced
from tests.clocks import NOON
from tests.orders.conftest import clock, company, orders_file
from tests.orders.labs import COLLECTION, FOREIGN, broken_checks, created

__all__ = ["clock", "company", "orders_file"]

DAY = date(2026, 11, 22)
MAIN, EURO = "CZ7706000006090150012947", "CZ8406002020160000303634"


def sent(lab: Lab, *kinds: str, **values: object) -> list[int]:
    """Create orders that go to the bank in one batch."""
    orders = [created(lab, kind, **values) for kind in kinds or ("domestic_payment",)]
    balanced(lab, a_signer())
    take_step(lab, "transmit", orders)
    return orders


def booked(lab: Lab, folder: Path, *entries: dict[str, Any], account: str = MAIN, currency: str = "CZK") -> Any:
    """Take over a statement of the day with these entries, and return the report on it."""
    number = len(list(folder.glob("*.xml"))) + 1
    opening = Decimal(100_000)
    statement = {
        "statement_no": 1, "interim": False, "account": account, "currency": currency, "number": str(number),
        "first_day": DAY, "last_day": DAY, "opening": opening, "opening_day": DAY, "closing_day": DAY,
        "closing": opening + sum((Decimal(one["amount"]) for one in entries), Decimal(0)),
    }  # fmt: skip
    rows = [
        {
            "statement_no": 1, "entry_no": place, "booking_day": DAY, "value_day": DAY, "currency": currency,
            "status": "BOOK", "reversal": False, "detail_count": 0, "bank_reference": f"B{number}-{place}",
        } | one | {"amount": Decimal(one["amount"])}
        for place, one in enumerate(entries, start=1)
    ]  # fmt: skip
    path = folder / f"{number}.xml"
    tables = (
        conformed(pa.Table.from_pylist([statement]), Kind.STATEMENT),
        conformed(pa.Table.from_pylist(rows), Kind.ENTRY),
    )
    path.write_bytes(b"".join(write(StatementSet(*tables))))
    report = import_file(lab, path)
    assert report["status"] == "imported", report["message"]
    return report


def standing(lab: Lab, order: int) -> tuple[str, bool, str]:
    """Return status, whether it is in process, and what is settled of an order."""
    told = order_detail(lab, order)
    return told["status"], told["in_process"], f"{told['settled']:.2f}"


def line(order: int, amount: str = "-1500.00") -> dict[str, Any]:
    """Return an entry that names an order."""
    return {"amount": amount, "client_reference": str(order)}


@pytest.mark.spec("TXN-025", "TXN-026", "ORD-262", "ORD-263")
@pytest.mark.spec(
    "TXN-055", "TXN-056", "TXN-057", "TXN-085", "TXN-088", "TXN-089", "TXN-090", "TXN-102", "ORD-300", "ORD-301",
    "ORD-302",
)  # fmt: skip
@pytest.mark.parametrize(
    ("amount", "status", "in_process"), [("1500", "OK", False), ("1000", "RU", True), ("1600", "OP", True)]
)
def test_the_amount_decides_what_an_order_becomes(
    company: Lab, tmp_path: Path, amount: str, status: str, in_process: bool
) -> None:
    (order,) = sent(company)
    assert booked(company, tmp_path, line(order, f"-{amount}"))["orders"] == []
    assert standing(company, order) == (status, in_process, f"{amount}.00")
    assert order_ids(company, which="in_process") == [order] * in_process
    assert order_ids(company, which="history") == [order]
    (row,) = settlements.rows(company, order)
    assert (row["line"], row["found_by"], row["done_by"]) == ("1/1/1/0", "order number", "")
    assert broken_checks(company) == {}


@pytest.mark.spec("TXN-094", "TXN-086")
def test_the_rest_settles_an_order_also_when_nobody_watches_it_any_more(company: Lab, tmp_path: Path) -> None:
    order, left = sent(company, "domestic_payment", COLLECTION)
    stop_watching(company, [left])
    booked(company, tmp_path, line(order, "-1000"), line(left, "700"))
    booked(company, tmp_path, line(order, "-500"))
    assert standing(company, order) == ("OK", False, "1500.00")
    assert standing(company, left) == ("OK", False, "700.00")
    assert broken_checks(company) == {}


@pytest.mark.spec("TXN-087", "TXN-023", "ORD-267")
def test_matching_again_changes_nothing_and_a_withdrawn_import_takes_it_back(company: Lab, tmp_path: Path) -> None:
    (order,) = sent(company)
    report = booked(company, tmp_path, line(order))
    version = order_detail(company, order)["version"]
    assert import_file(company, tmp_path / "1.xml")["status"] == "already"
    booked(company, tmp_path, {"amount": "5.00"}, account="CZ4906000000000150000030")
    assert order_detail(company, order)["version"] == version
    withdraw_import(company, report["import_id"], reason="wrong file")
    assert standing(company, order) == ("PR", True, "0.00")
    assert order_ids(company, which="in_process") == order_ids(company, which="history") == [order]
    import_file(company, tmp_path / "1.xml")
    assert standing(company, order) == ("OK", False, "1500.00")
    assert broken_checks(company) == {}


def test_without_a_number_the_only_candidate_is_settled_and_several_are_left_to_a_person(
    company: Lab, tmp_path: Path
) -> None:
    alone, one, other = (created(company, variable_symbol=symbol) for symbol in ("7", "8", "8"))
    balanced(company, a_signer())
    take_step(company, "transmit", [alone, one, other])
    booked(
        company, tmp_path, *({"amount": "-1500.00", "variable_symbol": symbol} for symbol in ("7", "8")),
        {"amount": "-1500.00"}, {"amount": "1500.00", "variable_symbol": "7"},
    )  # fmt: skip
    assert standing(company, alone) == ("OK", False, "1500.00")
    (left,) = bookings_to_match.rows(company)
    assert (left["line"], left["orders"]) == ("1/1/2/0", f"{one} {other}")
    for wrong, name in (("1/1/9/0", "line"), ("x", "line"), ("1/1/1/0", "line")):
        with pytest.raises(UnknownName, match=name):
            match_booking(company, one, wrong)
    with pytest.raises(UnknownName, match="order"):
        match_booking(company, 1, "1/1/2/0")
    with pytest.raises(Refused, match="direction"):
        match_booking(company, one, "1/1/4/0")
    assert match_booking(company, one, "1/1/2/0") == []
    assert [standing(company, order)[0] for order in (one, other)] == ["OK", "SE"]
    assert bookings_to_match.rows(company) == []
    assert unmatch_booking(company, "1/1/2/0") == []
    assert [standing(company, order)[0] for order in (one, other)] == ["PR", "SE"]
    assert bookings_to_match.rows(company) == []
    match_booking(company, other, "1/1/2/0")
    assert [standing(company, order)[0] for order in (one, other)] == ["PR", "OK"]
    assert broken_checks(company) == {}


@pytest.mark.spec("TXN-093", "TXN-021", "ORD-265")
def test_what_does_not_fit_changes_nothing_or_is_told(company: Lab, tmp_path: Path) -> None:
    (order,) = sent(company)
    booked(company, tmp_path, line(order, "1500"), {"amount": "-1500", "variable_symbol": "1"})
    booked(company, tmp_path, line(order), account="CZ4906000000000150000030")
    assert standing(company, order) == ("SE", True, "0.00")
    assert order_ids(company, which="in_process") == order_ids(company, which="history") == [order]
    take_step(company, "bank_rejects", [order])
    told = booked(company, tmp_path, line(order))["orders"]
    assert told == [f"order {order}: a statement says done, and it is rejected"]
    assert broken_checks(company) == {}


@pytest.mark.spec("TXN-092")
def test_a_foreign_payment_is_known_by_its_number_in_any_currency(company: Lab, tmp_path: Path) -> None:
    (order,) = sent(company, FOREIGN, own_account="609-150012947/0600")
    take_step(company, "bank_processes", [order])
    names = line(order, "-12500") | {"original_amount": Decimal(500), "original_currency": "EUR"}
    booked(company, tmp_path, names)
    assert standing(company, order) == ("OK", False, "500.00")


def test_a_line_that_tells_no_amount_in_the_currency_of_the_order_settles_nothing(company: Lab, tmp_path: Path) -> None:
    (order,) = sent(company, FOREIGN, own_account="609-150012947/0600")
    take_step(company, "bank_processes", [order])
    assert booked(company, tmp_path, line(order, "-12500") | {"original_currency": "EUR"})["orders"] == []
    assert standing(company, order) == ("PR", False, "0.00")
    with pytest.raises(Refused, match="is in EUR, and this line tells no amount but in CZK"):
        match_booking(company, order, "1/1/1/0")
    assert broken_checks(company) == {}


def test_each_amount_counts_once_in_what_accounts_have_left(company: Lab, tmp_path: Path) -> None:
    order, _waiting = sent(company, "domestic_payment", "domestic_payment")
    booked(company, tmp_path, line(order, "-1000"))
    (row,) = balances_after_orders.rows(company, on=DAY, accounts=[MAIN])
    assert (row["balance"], row["available"]) == (Decimal(99_000), Decimal(97_000))


def test_a_terminal_shows_what_waits_and_takes_what_a_person_says(
    orders_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = Path(shutil.copy(orders_file, tmp_path / "commands.lab"))
    with open_here(path, clock=lambda: NOON) as lab:
        one, other = sent(lab, "domestic_payment", "domestic_payment")
        booked(lab, tmp_path, {"amount": "-1500.00", "variable_symbol": "2026001"})
    monkeypatch.setenv("BANKKLIENT_LAB", str(path))

    def told(*arguments: object) -> Any:
        assert run(["bookings", *map(str, arguments), "--json"]) == 0
        return json.loads(capsys.readouterr().out)

    assert [(row["line"], row["orders"]) for row in told("list")] == [("1/1/1/0", f"{one} {other}")]
    assert told("match", other, "1/1/1/0") == []
    assert [row["found_by"] for row in told("of", other)] == ["person"]
    assert told("unmatch", "1/1/1/0") == []
    assert (told("of", other), told("list")) == ([], [])
