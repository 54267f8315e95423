"""The demo company with its bank, lived twice from one seed: the same in all that is not a signature.

`--months` sets how long; what a month has is told of one.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, nullcontext
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

import nbformat
import pytest

import bankklient_lab as bl
from bankklient_lab.analysis.balances import balances
from bankklient_lab.bank import Bank
from bankklient_lab.bank.folder import open_bank
from bankklient_lab.demo.company import bank_accounts
from bankklient_lab.demo.lived import live
from bankklient_lab.history.upkeep import check
from bankklient_lab.lab import Lab, created
from bankklient_lab.runs.execute import execute

TODAY = date(2026, 12, 1)  # the whole of November lies before it
KEY_PASSWORD, BANK_PASSWORD = "eight888", "of the bank"


class Lived(NamedTuple):
    """A lab and its bank after the month."""

    lab: Lab
    bank: Bank
    told: dict[str, int]


def lived_in(folder: Path, stack: ExitStack, months: int) -> Lived:
    folder.mkdir()
    with created(folder / "demo.lab"):
        pass
    lab = stack.enter_context(bl.open(folder / "demo.lab"))
    passwords = {"key_password": KEY_PASSWORD, "bank_password": BANK_PASSWORD}
    told = live(lab, folder / "bank", today=TODAY, months=months, seed=7, **passwords)
    bank = open_bank(folder / "bank", BANK_PASSWORD, lambda: datetime(2026, 12, 1, tzinfo=UTC))
    stack.callback(bank.close)
    return Lived(lab, bank, told)


@pytest.fixture(scope="module")
def twice(tmp_path_factory: pytest.TempPathFactory, months: int) -> Iterator[tuple[Lived, Lived]]:
    folder = tmp_path_factory.mktemp("lived")
    with ExitStack() as stack:
        yield lived_in(folder / "one", stack, months), lived_in(folder / "two", stack, months)


@pytest.fixture(scope="module")
def month(twice: tuple[Lived, Lived], tmp_path_factory: pytest.TempPathFactory, months: int) -> Iterator[Lived]:
    with ExitStack() as stack:
        yield twice[0] if months == 1 else lived_in(tmp_path_factory.mktemp("lived") / "month", stack, 1)


@pytest.mark.parametrize(
    "what",
    [
        "SELECT direction, batch_type, year, number, payload, status FROM ops.batch JOIN ops.batch_content"
        " USING (batch_id) ORDER BY ALL",
        "SELECT * EXCLUDE import_id FROM history.statement ORDER BY ALL",
        "SELECT * EXCLUDE import_id FROM history.entry ORDER BY ALL",
        "SELECT order_id, reason, bank_reference, held, revocation, in_process FROM ops.sent_order ORDER BY ALL",
    ],
    ids=["payloads", "statements", "entries", "answers"],
)
def test_one_seed_gives_one_life_at_the_client(twice: tuple[Lived, Lived], what: str) -> None:
    one, two = (lived.lab.rows(what) for lived in twice)
    assert len(one) >= len(bank_accounts())
    assert one == two


def test_one_seed_gives_one_ledger(twice: tuple[Lived, Lived]) -> None:
    one, two = twice
    assert one.told == two.told
    assert one.bank.ledger().equals(two.bank.ledger())
    assert one.bank.balances() == two.bank.balances()


def test_what_a_month_has(month: Lived) -> None:
    lab, bank, told = month
    assert told["bank_orders"] == len(lab.rows("FROM ops.sent_order")) == 10
    statuses = dict(lab.rows("SELECT status, count(*) FROM ops.domestic_order GROUP BY ALL"))
    assert statuses == {"OK": 6, "ER": 3}
    assert lab.rows("SELECT status FROM ops.foreign_order") == [("OK",)]
    assert lab.rows("SELECT reason, revocation FROM ops.sent_order WHERE reason IS NOT NULL ORDER BY ALL") == [
        (200, 0),  # a debtor who permitted nothing
        (202, 0),  # the machine was too dear
        (204, 4),  # revoked
    ]
    assert lab.rows("SELECT count(*) FROM ops.sent_order WHERE in_process") == [(0,)]  # all are matched or rejected
    kinds = bank.ledger().column("kind").to_pylist()
    assert {"payment", "collection", "foreign", "incoming", "fee", "interest"} <= set(kinds)
    assert lab.rows("SELECT count(*) FROM history.statement") == [
        (3 * 20 - 1,)
    ]  # of 20 working days; one of the three opened a day later
    assert lab.rows("SELECT count(*) FROM ops.batch WHERE status NOT IN (8, 14)") == [(0,)]
    records = lab.rows("SELECT kind, record, state FROM ops.service_record ORDER BY ALL")
    assert [kind for kind, *_ in records].count("account_parameters") == 3
    assert [row for row in records if row[0] != "account_parameters"] == [
        ("forward_deal", "FW1", "valid"),
        ("permitted_collection", "PC12", "valid"), ("receivable", "FA1", "valid"),
        ("standing_order", "SO1", "valid"), ("standing_order", "SO2", "valid"), ("time_deposit", "TD1", "valid"),
    ]  # fmt: skip
    receivables = "SELECT record, answer FROM ops.service_request WHERE kind = 'receivable' ORDER BY 1"
    assert lab.rows(receivables) == [("RC1", "OK"), ("RC2", "OK")]
    assert lab.rows("SELECT count(*) FROM history.entry WHERE remittance LIKE 'Standing order SO%'") == [(2,)]
    written = "SELECT kind, form, attachment_name, answer FROM ops.client_message ORDER BY 1"
    assert lab.rows(written) == [
        ("balance confirmation", True, None, "OK"), ("document", False, "signatories.txt", "OK"),
    ]  # fmt: skip


def test_both_sides_agree_and_are_whole(twice: tuple[Lived, Lived]) -> None:
    lab, bank, _ = twice[0]
    ours = {row["name"]: row["balance"] for row in balances.rows(lab, on=date(2026, 11, 30))}
    theirs = bank.balances()
    named = {account.iban: account.name for account in bank_accounts()}
    ((deposit,),) = lab.rows("SELECT items ->> '$.deposit_account' FROM ops.service_record WHERE record = 'TD1'")
    assert ours == {name: theirs[iban] for iban, name in (named | {deposit: "Time deposit TD1"}).items()}
    assert all(balance > Decimal(0) for balance in ours.values())
    assert [row for row in check.rows(lab) if row["broken"]] == []
    assert not any(bank.check().values())


def test_the_notebook_lays_a_month_side_by_side(month: Lived, tmp_path: Path) -> None:
    lab = month.lab
    done = execute(lambda: nullcontext(lab), "reconciliation", {"month": "2026-11"}, tmp_path)
    assert list(done.files) == ["reconciliation.html", "reconciliation.ipynb", "reconciliation_2026-11.xlsx"]
    cells = nbformat.read(tmp_path / "reconciliation.ipynb", as_version=4).cells
    printed = "".join(
        output.text for cell in cells for output in cell.get("outputs", ()) if output.output_type == "stream"
    )
    assert "7 booked, 0 open, 0 under, 0 over, 3 rejected" in printed
