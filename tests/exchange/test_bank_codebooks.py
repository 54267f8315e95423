"""Codebooks from the bank: replaced whole with their validity, and what orders at hand become by them."""

from __future__ import annotations

import csv
import io
from datetime import date
from typing import Any

import pytest

from bankklient_lab.balancing.unsent import discard_batch, failing_orders
from bankklient_lab.codebooks.bank import CODEBOOKS
from bankklient_lab.errors import FormatError, NotAllowed, UnknownName
from bankklient_lab.exchange.channels import Link
from bankklient_lab.exchange.receiving import Receiver, apply_all
from bankklient_lab.formats.bank_files import BankFile, write_file
from bankklient_lab.jobs import Job
from bankklient_lab.keys.register import bank_trust
from bankklient_lab.orders.codebooks import codebook, codebook_register
from bankklient_lab.rights.codebooks import ensure_codebooks
from tests.balancing.labs import OWN_POINT
from tests.exchange.inprocess import OverALine
from tests.exchange.labs import Pair
from tests.exchange.test_receiving import arrive
from tests.orders.labs import created, hands, status


def content(pair: Pair, name: str, *gone: str) -> bytes:
    """Return a codebook as it is here, without some codes, as CSV."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, CODEBOOKS[name].header)
    writer.writeheader()
    writer.writerows(row for row in codebook.rows(pair.lab, name) if row["code"] not in gone)
    return text.getvalue().encode()


def source(pair: Pair, name: str) -> dict[str, Any]:
    return next(row for row in codebook_register.rows(pair.lab) if row["codebook"] == name)


@pytest.mark.spec("BAS-135", "TRN-045", "TRN-047")
@pytest.mark.parametrize("name", [one.name for one in CODEBOOKS.values() if one.batch_type])
def test_each_codebook_of_the_bank_takes_the_place_of_the_one_here(pair: Pair, name: str) -> None:
    rows = codebook.rows(pair.lab, name)
    last = rows[-1]["code"] if rows else ""
    pair.bank.send_codebook(name, content(pair, name, last))
    told = pair.transmit()
    assert told["complete"], told["message"]
    assert [status for status, _ in pair.received(CODEBOOKS[name].batch_type)] == [14]
    assert codebook.rows(pair.lab, name) == rows[:-1]
    assert codebook.rows(pair.lab, name, date(2026, 11, 22)) == rows  # what was in force on an earlier day
    assert source(pair, name)["source"] == "bank"
    assert (
        ensure_codebooks(pair.lab.database, date(2026, 11, 23), lambda *_, **__: None) == []
    )  # a new version keeps it


@pytest.mark.spec("TRN-049")
def test_one_wrong_row_leaves_the_codebook_as_it_was(pair: Pair) -> None:
    """The bank checks what it sends, so this one is let through without its check."""
    before = codebook.rows(pair.lab, "banks")
    arrive(pair, 21, 1, write_file(BankFile("banks.csv", b"code,name,bic\n0100,One,\n01,Two,\n")))
    pair.transmit()
    ((state, why),) = pair.received(21)
    assert (state, "row 2" in why) == (13, True)
    assert (codebook.rows(pair.lab, "banks"), source(pair, "banks")["source"]) == (before, "shipped")


def test_a_file_that_is_no_codebook_of_its_batch_changes_none(pair: Pair) -> None:
    arrive(pair, 43, 1, write_file(BankFile("banks.csv", b"code,name,bic\n0100,One,\n")))
    pair.transmit()
    ((state, why),) = pair.received(43)
    assert state == 13
    assert "account_types.csv or operation_types.csv or permitted_operations.csv" in why
    assert source(pair, "banks")["source"] == "shipped"


@pytest.mark.spec("TRN-050", "TRN-191")
def test_orders_that_wait_become_wrong_and_those_in_a_batch_not_sent_are_told(pair: Pair) -> None:
    balanced = created(pair.lab, counter_account="2000145399/0800")
    (batch,) = pair.balance()["batches"]
    waiting = created(pair.lab, counter_account="2000145399/0800", variable_symbol="77")
    assert failing_orders.rows(pair.lab) == []
    pair.bank.send_codebook("banks", content(pair, "banks", "0800"))
    receive_only(pair)
    assert (status(pair.lab, waiting), status(pair.lab, balanced)) == ("E", "NS")
    ((state, note),) = pair.received(21)
    assert state == 14
    assert f"batch 1 {batch['batch_order']}, which is not sent, has orders that fail now: {balanced};" in note
    assert "1 orders that wait are wrong now" in note
    assert pair.logged("batch_fails") == [f"1 {batch['batch_order']}"]
    (row,) = failing_orders.rows(pair.lab)
    assert (row["batch_id"], row["order_id"], row["errors"] != "") == (batch["batch_id"], balanced, True)
    discard_batch(pair.lab, batch["batch_id"])
    assert failing_orders.rows(pair.lab) == []
    with pytest.raises(NotAllowed):
        failing_orders.rows(hands(pair.lab, "NO", {16}))


def receive_only(pair: Pair) -> None:
    """Take over what waits at the bank, before the batches here are sent."""
    link = Link(OverALine(pair.line, OWN_POINT), pair.key, bank_trust(pair.lab))
    assert list(Receiver(pair.lab, link, Job()).receive_all())
    assert list(apply_all(pair.lab, Job()))


@pytest.mark.parametrize(
    ("name", "given", "error"),
    [
        ("nonsense", b"", UnknownName),
        ("charges", b"code,name\nOUR,Ours\n", UnknownName),
        ("banks", b"code,name\n0100,One\n", FormatError),
        ("banks", b"code,name,bic\n", FormatError),
        ("banks", b"\xff", FormatError),
    ],
)
def test_the_bank_sends_no_codebook_that_can_not_be(pair: Pair, name: str, given: bytes, error: type) -> None:
    with pytest.raises(error):
        pair.bank.send_codebook(name, given)
