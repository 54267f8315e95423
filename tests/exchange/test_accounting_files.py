"""Files for accounting systems: only their accounts, the same each time, and nothing overwritten unasked."""

from __future__ import annotations

import csv
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from bankklient_lab.bank import Incoming
from bankklient_lab.errors import BadArgument, NotAllowed, Refused, UnknownName
from bankklient_lab.exchange.accounting_files import export_to_accounting_system, write_for_accounting
from bankklient_lab.formats.batches import read_batch
from bankklient_lab.history.importing import import_file
from bankklient_lab.lab import Lab
from bankklient_lab.orders.accounting_systems import add_accounting_system
from bankklient_lab.orders.receiving import receive_file
from bankklient_lab.orders.steps import take_step
from tests.balancing.labs import a_signer, balanced
from tests.exchange.conftest import pair
from tests.exchange.labs import Pair
from tests.history.test_matching import booked
from tests.orders.conftest import clock, company, orders_file
from tests.orders.labs import SAVINGS, created, hands, status
from tests.orders.test_receiving import HEADER, IBAN, orders, written
from tests.statements import mt940

__all__ = ["clock", "company", "orders_file", "pair"]


@pytest.fixture
def outbox(lab: Lab, tmp_path: Path) -> Path:
    """Return the outgoing folder of accounting system 5, beside a lab that has taken a statement over."""
    import_file(lab, mt940(tmp_path))
    folder = tmp_path / "out"
    folder.mkdir()
    add_accounting_system(lab, 5, "Books", folder_out=str(folder))
    return folder


@pytest.mark.spec("IMP-058", "IMP-059", "IMP-060", "BAS-126")
def test_a_repeated_export_writes_the_same_files(lab: Lab, outbox: Path) -> None:
    clerk = hands(lab, "AA", {41})
    export_to_accounting_system(clerk, 5, 1)
    first = {path.name: path.read_bytes() for path in outbox.iterdir()}
    assert sorted(first) == ["balances-000001.csv", "posted-000001.csv", "rejected-000001.csv"]
    assert first["posted-000001.csv"].decode().startswith("account;account_currency;statement;booking_day;")
    assert first["posted-000001.csv"].count(b"\n") == 1 + lab.rows("SELECT count(*) FROM history.entry")[0][0]
    export_to_accounting_system(clerk, 5, 1, overwrite=True)
    assert {path.name: path.read_bytes() for path in outbox.iterdir()} == first
    with pytest.raises(NotAllowed):
        export_to_accounting_system(hands(lab, "BB", {36}), 5, 1)


@pytest.mark.spec("IMP-063")
def test_a_file_that_is_there_is_not_overwritten_unasked(lab: Lab, outbox: Path) -> None:
    (outbox / "posted-000001.csv").write_text("mine", "utf-8")
    with pytest.raises(Refused, match="may be overwritten"):
        export_to_accounting_system(lab, 5, 1)
    assert [path.read_text("utf-8") for path in outbox.iterdir()] == ["mine"]


@pytest.mark.spec("IMP-062")
def test_only_accounts_of_the_filter_are_exported(lab: Lab, outbox: Path, tmp_path: Path) -> None:
    ((account,),) = lab.rows("SELECT number FROM ops.account")
    with lab.database.tx("ops") as cursor:
        cursor.execute(
            "INSERT INTO ops.account (account_id, number, currency, bank, name, position)"
            " VALUES (99, 'CZ4906000000000150000030', 'CZK', '0600', 'Other', 'both')"
        )
    add_accounting_system(lab, 6, "None of it", folder_out=str(outbox), accounts=["CZ4906000000000150000030"])
    assert export_to_accounting_system(lab, 6, 1)["files"] == {
        "posted-000001.csv": 0, "balances-000001.csv": 0, "rejected-000001.csv": 0,
    }  # fmt: skip
    add_accounting_system(lab, 7, "All of it", folder_out=str(outbox), accounts=[account])
    assert export_to_accounting_system(lab, 7, 1, overwrite=True)["files"]["balances-000001.csv"] == 1


def test_what_cannot_be_exported_is_said(lab: Lab, outbox: Path) -> None:
    add_accounting_system(lab, 6, "No folder")
    with pytest.raises(BadArgument, match="no folder for outgoing"):
        export_to_accounting_system(lab, 6, 1)
    with pytest.raises(UnknownName):
        export_to_accounting_system(lab, 5, 77)
    with pytest.raises(UnknownName):
        export_to_accounting_system(lab, 4, 1)


@pytest.mark.spec("BAS-094", "BAS-095")
def test_what_was_posted_names_the_record_of_the_accounting_system_that_it_settles(
    company: Lab, tmp_path: Path
) -> None:
    folder = tmp_path / "books"
    folder.mkdir()
    add_accounting_system(company, 5, "Books", start_status="confirmed", folder_in=str(folder), folder_out=str(folder))
    header = f"{HEADER};client_transaction_date;client_transaction_id"
    rows = [[*row, "2026-11-20", f"INV{number}"] for number, row in enumerate(orders(2), start=1)]
    receive_file(company, 5, written(folder, "orders.txt", rows, header))
    balanced(company, a_signer())
    ids = [one for (one,) in company.rows("SELECT order_id FROM ops.sent_order ORDER BY 1")]
    take_step(company, "transmit", ids)
    report = booked(
        company, tmp_path, {"amount": "-101.00", "client_reference": str(ids[1])}, {"amount": "-7.00"}, account=IBAN
    )
    export_to_accounting_system(company, 5, report["import_id"])
    text = (folder / f"posted-{report['import_id']:06d}.csv").read_text("utf-8")
    lines = list(csv.DictReader(text.splitlines(), delimiter=";"))
    assert [(one["amount"], one["client_transaction_date"], one["client_transaction_id"]) for one in lines] == [
        ("-101.000", "2026-11-20", "INV2"), ("-7.000", "", ""),
    ]  # fmt: skip


@pytest.mark.spec("TRN-036", "TRN-037", "IMP-057", "FLW-120", "FLW-121", "FLW-122", "FLW-123")
def test_a_batch_of_the_bank_writes_the_files_and_they_are_made_again_alike(pair: Pair, tmp_path: Path) -> None:
    lab, folders = pair.lab, {name: tmp_path / name for name in ("all", "some", "gone")}
    for number, (name, folder) in enumerate(folders.items(), start=1):
        folder.mkdir()
        accounts = [IBAN] if name == "some" else None
        add_accounting_system(lab, number, name, folder_out=str(folder), accounts=accounts)
    narrow = tmp_path / "narrow"
    narrow.mkdir()
    add_accounting_system(lab, 4, "Old program", folder_out=str(narrow), charset="kamenicky")
    add_accounting_system(lab, 9, "Only gives")
    pair.bank.expect([Incoming(pair.clock() + timedelta(hours=1), IBAN, Decimal(3), payer_name="Łódź 漢")])
    done, wrong = created(lab, amount="12.50"), created(lab, own_account=SAVINGS, amount="7")
    pair.bank.close_account("CZ4906000000000150000030")
    pair.balance()
    assert pair.transmit()["complete"]
    assert status(lab, wrong) == "ER"
    folders["gone"].rmdir()
    pair.later(days=1)
    assert pair.transmit()["complete"]
    ((state, note),) = pair.received(1)
    assert state == 14
    assert "nothing is written for accounting system 3" in note
    assert "nothing is written for accounting system 4" in note
    assert "is not in the character set kamenicky" in note
    ((import_id,),) = lab.rows("SELECT import_id FROM history.statement LIMIT 1")
    names = [f"{what}-{import_id:06d}.csv" for what in ("balances", "posted", "rejected")]
    written = {name: {path.name: path.read_bytes() for path in folders[name].iterdir()} for name in ("all", "some")}
    assert {name: sorted(files) for name, files in written.items()} == {"all": names, "some": names}

    def rows(name: str, what: str) -> list[dict[str, str]]:
        return list(csv.DictReader(written[name][f"{what}-{import_id:06d}.csv"].decode().splitlines(), delimiter=";"))

    assert ("-12.500", str(done)) in [(one["amount"], one["client_reference"]) for one in rows("some", "posted")]
    told = [(one["order_id"], one["amount"], one["reason"]) for one in rows("all", "rejected")]
    assert told == [(str(wrong), "7.000", "205")]
    assert rows("some", "rejected") == []
    assert len(rows("some", "balances")) == 1 < len(rows("all", "balances"))
    (folders["all"] / names[0]).unlink()
    export_to_accounting_system(lab, 1, import_id, overwrite=True)
    assert {path.name: path.read_bytes() for path in folders["all"].iterdir()} == written["all"]
    (folders["all"] / names[1]).write_text("mine")
    (told,) = lab.rows(
        "SELECT payload FROM ops.batch_content JOIN ops.batch USING (batch_id) WHERE direction = 'receive'"
        " AND batch_type = 1"
    )
    with lab.database.tx("ops") as cursor:
        (found,) = write_for_accounting(lab, cursor, read_batch(bytes(told[0])))[:1]
    assert "is there with another content, and stays" in found
    assert (folders["all"] / names[1]).read_text() == "mine"
    by_hand = tmp_path / "26000101-1.sta"  # called as a message of the batch, and not from it
    mt940(tmp_path).rename(by_hand)
    number = import_file(lab, by_hand)["import_id"]
    assert export_to_accounting_system(lab, 1, number)["files"][f"rejected-{number:06d}.csv"] == 0
