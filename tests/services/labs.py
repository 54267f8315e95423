"""Requests that are right, and the states that they go through with the bank."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

from bankklient_lab.balancing.unsent import discard_batch
from bankklient_lab.codebooks.services import KINDS
from bankklient_lab.exchange.channels import Link
from bankklient_lab.exchange.service_lists import take_service_records
from bankklient_lab.history.importing import import_file
from bankklient_lab.keys.register import bank_trust
from bankklient_lab.lab import Lab
from bankklient_lab.services.listing import service_records, service_requests
from bankklient_lab.services.requests import (
    confirm_service_requests,
    create_service_request,
    unconfirm_service_requests,
)
from tests.balancing.labs import KEY, OWN_POINT
from tests.exchange.inprocess import OverALine
from tests.exchange.labs import Pair
from tests.orders.labs import EURO, MAIN, SAVINGS, SUPPLIER

ORDER, PERMISSION, DEPOSIT, DEAL = "standing_order", "permitted_collection", "time_deposit", "forward_deal"
PARAMETERS = "account_parameters"


def monthly(**other: Any) -> dict[str, Any]:
    """Return the items of a standing order of 1,000 CZK a month from tomorrow on."""
    return {
        "own_account": MAIN, "counter_account": SUPPLIER, "amount": "1000", "valid_from": "2026-11-24",
        "period": "month", "frequency": "1",
    } | other  # fmt: skip


def permission(**other: Any) -> dict[str, Any]:
    """Return the items of a permission to collect 10,000 CZK a month from today on."""
    return {
        "own_account": MAIN, "counter_account": SUPPLIER, "limit": "10000", "period": "1 month",
        "valid_from": "2026-11-23",
    } | other  # fmt: skip


def deposit(**other: Any) -> dict[str, Any]:
    """Return the items of a deposit of 100,000 CZK that is renewed each month."""
    return {
        "variant": "revolving CZK", "own_account": MAIN, "amount": "100000", "length": "1 month",
        "interest_to": "current account", "address": "as current account", "delivery": "electronically",
    } | other  # fmt: skip


def deal(**other: Any) -> dict[str, Any]:
    """Return the items of a forward deal: 40,000 EUR are bought for CZK, in three months."""
    return {
        "pair": "EUR/CZK", "deal_type": "buy", "own_account": MAIN, "amount": "40000", "maturity": "2027-02-23",
        "recipient": "own account", "recipient_account": EURO, "agreement": "yes",
    } | other  # fmt: skip


def dealing(pair: Pair, folder: Path) -> None:
    """Give the client a contract on forward deals of 2,000,000 CZK, and rates: 25 CZK for a euro, 20 for a dollar."""
    pair.bank.allow_forwards(OWN_POINT, Decimal(2_000_000))
    assert pair.transmit()["complete"]
    rates = folder / "cnb.txt"
    rates.write_text(
        "23.11.2026 #1\nCountry|Currency|Amount|Code|Rate\nEMU|euro|1|EUR|25,000\nUSA|dollar|1|USD|20,000\n"
        "Switzerland|franc|1|CHF|26,000\nUnited Kingdom|pound|1|GBP|29,000\n"
    )
    assert import_file(pair.lab, rates)["status"] == "imported"


def update(pair: Pair, kind: str) -> None:
    """Ask for the list of a kind over the line."""
    take_service_records(pair.lab, Link(OverALine(pair.line, OWN_POINT), KEY, bank_trust(pair.lab)), kind)


def values(kind: str, **other: Any) -> dict[str, Any]:
    """Return the items of a request of a kind."""
    return {ORDER: monthly, PERMISSION: permission, DEPOSIT: deposit, DEAL: deal}[kind](**other)


def another(kind: str, account: str) -> dict[str, Any]:
    """Return the items of a request for another recipient, where a kind has one."""
    return values(kind) if kind == DEPOSIT else values(kind, counter_account=account)


def entered(
    lab: Lab, kind: str, given: dict[str, Any] | None = None, *, confirmed: bool = False, **options: Any
) -> int:
    """Enter a request (without `given` one that is right), and return its number; it is confirmed or not."""
    told = create_service_request(lab, kind, values(kind) if given is None else given, **options)
    if (told["status"] == "CO") is not confirmed:
        (confirm_service_requests if confirmed else unconfirm_service_requests)(lab, [told["request_id"]])
    return int(told["request_id"])


def rejected(kind: str) -> dict[str, Any]:
    """Return what passes the rules here and is rejected by the bank: the account is closed there."""
    return values(kind, own_account=SAVINGS)


def request(lab: Lab, request_id: int) -> dict[str, Any]:
    """Return a request as its list shows it."""
    rows = [row for kind in KINDS for row in service_requests.rows(lab, kind)]
    return next(row for row in rows if row["request_id"] == request_id)


def record(lab: Lab, kind: str, name: str) -> dict[str, Any]:
    """Return a record of the bank as its list shows it."""
    return next(row for row in service_records.rows(lab, kind) if row["record"] == name)


def in_state(pair: Pair, kind: str, state: str) -> int:
    """Return a request in a state of table T5."""
    lab = pair.lab
    if state == "ER":
        pair.bank.close_account("CZ4906000000000150000030")
    given = rejected(kind) if state == "ER" else values(kind)
    number = entered(lab, kind, given, confirmed=state != "CR")
    if state in ("CR", "CO"):
        return number
    batch = pair.balance()["batches"][0]["batch_id"]
    if state == "DE":
        discard_batch(lab, batch)
    elif state == "SE":
        pair.later(hours=9, minutes=10)  # the bank only takes it in, and processes it in the morning
        pair.transmit()
    elif state in ("OK", "ER"):
        pair.transmit()
    return number
