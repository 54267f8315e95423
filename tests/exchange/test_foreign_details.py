"""Details of foreign payments: sent when the bank closes its day, kept once, told by batch, printed as advices."""

from __future__ import annotations

import io
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import pytest
from openpyxl import load_workbook

from bankklient_lab.analysis.entries import entries
from bankklient_lab.bank import Incoming
from bankklient_lab.cli import run
from bankklient_lab.errors import BadArgument, FormatError, NotAllowed, UnknownName
from bankklient_lab.exchange.foreign_listing import foreign_detail, foreign_detail_batches, foreign_details
from bankklient_lab.exchange.foreign_pages import PAGES, detail_pages
from bankklient_lab.formats.foreign_details import Charge, ForeignDetail, Institution, Party
from bankklient_lab.formats.foreign_details_read import read_details
from bankklient_lab.formats.foreign_details_write import write_details
from bankklient_lab.lab import open_here
from bankklient_lab.money import AMOUNT_MAX
from bankklient_lab.orders.accounting_systems import add_accounting_system
from bankklient_lab.orders.creating import correct_order
from bankklient_lab.reports.foreign_details import render_advices, render_foreign_details
from tests.clocks import NOON, Clock
from tests.exchange.labs import Pair, a_bank, introduced
from tests.exchange.test_receiving import arrive, sent
from tests.orders.labs import FOREIGN, MAIN, broken_checks, created, hands, status
from tests.orders.test_order_reports import pdf_text
from tests.orders.test_receiving_foreign import HEADER, TRADE, receive

IBAN, EURO_IBAN, ABROAD = "CZ7706000006090150012947", "CZ8406002020160000303634", "DE89370400440532013000"
CLIENT_ID = "INV-2026/77"


@dataclass(frozen=True)
class Lived:
    """Two days of a client and its bank: what was ordered on them."""

    pair: Pair
    dollars: int  # with charges OUR and an instruction, from a crown account
    imported: int  # from an accounting system, euro from a euro account
    rejected: int
    second: int  # on the second day


@pytest.fixture(scope="module")
def lived(orders_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lived]:
    """Give a lab that nothing changes any more."""
    folder, clock = tmp_path_factory.mktemp("lived"), Clock(NOON + timedelta(hours=21))
    with open_here(Path(shutil.copy(orders_file, folder)), clock=clock) as lab:
        pair = Pair(introduced(lab), a_bank(clock), clock)
        dollars = created(
            lab, FOREIGN, own_account=MAIN, currency="USD", charges="OUR", swift_bic="COBADEFF",
            instruction_code_1="PHOB", instruction_description_1="2255",
            recipient_confirmation="pay@muster.example",
        )  # fmt: skip
        add_accounting_system(lab, TRADE, "Trade", start_status="confirmed", folder_in=str(folder))
        header, right = f"{HEADER};client_transaction_id", {"client_transaction_id": CLIENT_ID}
        (imported,) = receive(lab, folder, right, header=header)
        correct_order(lab, imported, {})
        rejected = created(lab, FOREIGN, amount="9000000")
        pair.balance()
        pair.transmit()
        pair.bank.expect([
            Incoming(
                clock() + timedelta(hours=1), IBAN, Decimal("55.50"), ABROAD, "Zahler AG", None, "Rechnung 7",
                currency="USD", payer_bank="COBADEFF", charge_bearer="SHAR", payer_address="Weg 1\nKoeln",
            )
        ])  # fmt: skip
        pair.later(hours=13)
        pair.transmit()
        pair.later(hours=11)
        second = created(lab, FOREIGN, recipient_info="Invoice 2")
        pair.balance()
        pair.transmit()
        pair.later(hours=13)
        pair.transmit()
        yield Lived(pair, dollars, imported, rejected, second)


@pytest.mark.spec("BNK-103", "BNK-106", "TRN-027")
def test_the_list_begins_with_the_last_batch_and_shows_all_with_rejected_orders_when_asked(lived: Lived) -> None:
    lab = lived.pair.lab
    (last,) = foreign_details.rows(lab)
    assert (last["order_id"], last["batch"], last["booking_day"]) == (lived.second, "20260002", date(2026, 11, 24))
    assert (last["status"], last["type"], last["transaction_code"]) == ("OK", "O", "PMNT/ICDT/XBCT")
    assert (last["recipient"], last["bic"], last["purpose"]) == ("Muster GmbH", "", "Invoice 2")
    everything = foreign_details.rows(lab, "all")
    assert [(row["order_id"], row["status"], row["batch"]) for row in everything] == [
        (lived.second, "OK", "20260002"), (None, "OK", "20260001"), (lived.dollars, "OK", "20260001"),
        (lived.imported, "OK", "20260001"), (lived.rejected, "ER", None),
    ]  # fmt: skip
    assert (everything[-1]["reason"], everything[-1]["amount"], everything[-1]["detail_id"]) == (302, 9_000_000, None)
    assert foreign_details.rows(lab, "20260001") == everything[1:-1]
    assert [row["orderer"] for row in foreign_details.rows(lab, "all", direction="incoming")] == ["Zahler AG"]
    assert [row["batch"] for row in foreign_details.rows(lab, "all", order_id=lived.imported)] == ["20260001"]
    assert [(row["batch"], row["details"]) for row in foreign_detail_batches.rows(lab)] == [
        ("20260002", 1), ("20260001", 3),
    ]  # fmt: skip
    with pytest.raises(UnknownName, match="batch of details"):
        foreign_details.rows(lab, "20260003")
    with pytest.raises(BadArgument, match="outgoing or incoming"):
        foreign_details.rows(lab, direction="up")


@pytest.mark.spec(
    "BNK-109", "BNK-110", "BNK-111", "BNK-112", "BNK-113", "BNK-114", "BNK-115", "BNK-116", "BNK-117", "BNK-118"
)
@pytest.mark.spec("BNK-119", "BNK-120", "BNK-121", "BNK-122")
def test_what_moved_is_told_as_the_statement_has_it_with_rate_and_charges(lived: Lived) -> None:
    lab = lived.pair.lab
    booked = {
        row["bank_reference"]: row["amount"]
        for row in entries.rows(lab, since=date(2026, 11, 1), until=date(2027, 1, 1))
    }
    told = [foreign_detail(lab, row["detail_id"]) for row in foreign_details.rows(lab, "20260001")]
    incoming, dollars, imported = told
    for one in told:
        assert abs(booked[one["bank_reference"]]) == one["equivalent"]
        assert one["total"] == one["equivalent"] + one["charges"] * (1 if one["outgoing"] else -1)
        assert one["charges"] == sum(charge["amount"] for charge in one["charge_list"])
        assert one["adds_up"]
    assert (incoming["charges"], incoming["charge_bearer"], incoming["ordered"]) == (150, "SHAR", None)
    assert (incoming["orderer_name"], incoming["orderer_address"]) == ("Zahler AG", "Weg 1\nKoeln")
    assert (incoming["orderer_bank_bic"], incoming["receivers_correspondent_bic"]) == ("COBADEFF", "SIMUUS33")
    assert incoming["equivalent"] == (Decimal("55.50") * incoming["rate"]).quantize(Decimal("0.01"), ROUND_HALF_UP)
    assert (dollars["ordered"], dollars["ordered_currency"], dollars["rate_currency"]) == (500, "USD", "CZK")
    assert dollars["equivalent"] == (500 * dollars["rate"]).quantize(Decimal("0.01"), ROUND_HALF_UP)
    assert (dollars["charges"], dollars["charge_bearer"], dollars["rate_agreed"]) == (250, "DEBT", False)
    assert (dollars["recipient_address"], dollars["recipient_bank_name"]) == ("Koeln", "Commerzbank\nKoeln\nDE")
    assert (dollars["senders_correspondent_bic"], dollars["instructions"]) == ("SIMUUS33", "PHOB/2255")
    assert (dollars["confirmation"], imported["confirmation"]) == ("pay@muster.example", "")
    assert (imported["equivalent"], imported["rate"], imported["account_currency"]) == (500, None, "EUR")
    assert (imported["client_identification"], imported["remittance"]) == (CLIENT_ID, "Invoice 1")
    pages = detail_pages(dollars), detail_pages(incoming)
    assert [{fact.name for fact in page["charges"] if fact.name.startswith("rate")} for page in pages] == [
        {"rate_sale"}, {"rate_purchase"},
    ]  # fmt: skip


@pytest.mark.spec("BNK-104", "BNK-105")
def test_a_detail_has_five_pages_the_last_one_says_who_did_what_to_the_order(lived: Lived) -> None:
    lab = lived.pair.lab
    incoming, _dollars, imported = (
        foreign_detail(lab, row["detail_id"]) for row in foreign_details.rows(lab, "20260001")
    )
    pages = detail_pages(imported)
    assert tuple(pages) == PAGES == ("basic", "additional", "charges", "banks", "references")
    said = {fact.name: fact.value for fact in pages["references"]}
    assert said["order_status"] == "OK done"
    assert str(said["order_group"]).split()[0] == str(TRADE)
    assert str(said["sent_batch"]).startswith("20260001 / ")
    assert {"corrected", "taken"} <= said.keys()
    assert str(said["taken"]).startswith(lab.caller.reference)
    assert detail_pages(incoming)["references"] == []


@pytest.mark.spec("BNK-107")
def test_the_list_and_advices_are_printed(lived: Lived) -> None:
    lab = lived.pair.lab
    ids = [row["detail_id"] for row in foreign_details.rows(lab, "20260001")]
    text = pdf_text(render_advices(lab, ids[:2]))
    assert text.count("Payment advice") == 2
    assert "Zahler AG" in text
    total = foreign_detail(lab, ids[1])["total"]
    assert f"{total:,.2f}".replace(",", "") in text.replace("\u2060", "").replace("\u2009", "").replace(" ", "")
    listed = pdf_text(render_foreign_details(lab, ".pdf", batch="all"))
    assert listed.count("Muster GmbH") == 4
    book = load_workbook(io.BytesIO(render_foreign_details(lab, ".xlsx", batch="20260001")))
    assert len(list(book.worksheets[0].rows)) == 4
    with pytest.raises(BadArgument, match="1 to 500 advices"):
        render_advices(lab, [])
    with pytest.raises(UnknownName, match="foreign payment"):
        render_advices(lab, [99])


@pytest.mark.spec("BNK-102")
def test_details_need_the_permission_for_statements_and_files_that_for_exports(pair: Pair) -> None:
    pair.bank.expect([Incoming(pair.clock() + timedelta(hours=1), EURO_IBAN, Decimal(7), ABROAD, "Zahler AG")])
    pair.later(hours=13)
    pair.transmit()
    allowed, other = hands(pair.lab, "AA", {231}), hands(pair.lab, "BB", {21, 36, 156, 236})
    (row,) = foreign_details.rows(allowed)
    assert foreign_detail(allowed, row["detail_id"])["charges"] == 0  # the payer bears them
    assert render_advices(allowed, [row["detail_id"]])
    for call in (
        lambda: foreign_details.rows(other), lambda: foreign_detail(other, row["detail_id"]),
        lambda: foreign_detail_batches.rows(other), lambda: render_foreign_details(allowed, ".xlsx"),
    ):  # fmt: skip
        with pytest.raises(NotAllowed):
            call()


def detail(**changes: object) -> ForeignDetail:
    """Return a detail of an outgoing payment that adds up."""
    return ForeignDetail(
        account=EURO_IBAN, account_currency="EUR", outgoing=True, booking_day=date(2026, 11, 23),
        value_day=date(2026, 11, 23), bank_reference="4711", transaction_code="PMNT/ICDT/XBCT", ordered=Decimal(500),
        ordered_currency="EUR", payment=Decimal(500), payment_currency="EUR", rate=None, equivalent=Decimal(500),
        charges=[Charge("Fee", Decimal("9.50"), "EUR", "SHAR")], charge_bearer="SHAR", total=Decimal("509.50"),
        orderer=Party("We"), recipient=Party("Muster GmbH"), orderer_bank=Institution(), recipient_bank=Institution(),
        senders_correspondent=Institution(), receivers_correspondent=Institution(),
    )._replace(**changes)  # type: ignore[arg-type]  # fmt: skip


@pytest.mark.spec("BNK-123", "TXN-092", "TRN-027")
def test_a_wrong_sum_is_kept_and_logged_and_a_detail_alone_says_that_an_order_is_posted(pair: Pair) -> None:
    (order,) = sent(pair, FOREIGN)
    assert status(pair.lab, order) == "PR"
    named = detail(order_number=str(order))
    wrong = detail(bank_reference="4712", total=Decimal("509.49"), order_number="2026010100000077")
    arrive(pair, 12, 1, write_details([named, wrong], "M", pair.clock()))
    pair.transmit()
    assert status(pair.lab, order) == "OK"
    assert [(row["order_id"], row["bank_reference"]) for row in foreign_details.rows(pair.lab)] == [
        (order, "4711"), (None, "4712"),
    ]  # fmt: skip
    assert not foreign_detail(pair.lab, 2)["adds_up"]
    ((_, note),) = pair.received(12)
    assert "payment 4712: its total is not the equivalent and the charges" in note
    assert "payment 4712: it names order 2026010100000077, which was not sent from here" in note
    assert pair.logged("foreign_detail_wrong") == ["4712"]
    arrived = pair.lab.rows("SELECT batch_id FROM ops.batch WHERE direction = 'receive' AND batch_type = 12")
    with pair.lab.database.tx("ops") as cursor:  # as after a process that was killed before its mark
        cursor.execute("UPDATE ops.batch SET status = 12 WHERE batch_id = ?", list(arrived[0]))
    pair.transmit()
    assert len(foreign_details.rows(pair.lab, "all")) == 2


def test_details_that_do_not_hold_together_are_found(pair: Pair) -> None:
    arrive(pair, 12, 1, write_details([detail(), detail(bank_reference="4712")], "M", pair.clock()))
    pair.transmit()
    for broken, mended in (
        ("history.foreign_detail SET detail_id = 1", "history.foreign_detail SET detail_id = position"),
        ("history.foreign_detail SET order_id = 77", "history.foreign_detail SET order_id = NULL"),
        ("ops.batch SET status = 13 WHERE batch_type = 12", "ops.batch SET status = 14 WHERE batch_type = 12"),
        ("history.foreign_charge SET amount = 9", "history.foreign_charge SET amount = 9.5"),
    ):
        assert broken_checks(pair.lab) == {}
        for sql, found in ((broken, ["foreign_details"]), (mended, [])):
            with pair.lab.database.tx("ops") as cursor:
                cursor.execute(f"UPDATE {sql}")
            assert list(broken_checks(pair.lab)) == found, sql


def test_a_batch_that_is_refused_leaves_no_detail_behind(pair: Pair) -> None:
    good, other = (write_details([detail(bank_reference=one)], one, pair.clock()) for one in ("4711", "4712"))
    arrive(pair, 12, 1, good, other._replace(content=other.content.replace(b"BOOK", b"PDNG")))
    pair.transmit()
    assert [status for status, _ in pair.received(12)] == [13]
    assert foreign_detail_batches.rows(pair.lab) == foreign_details.rows(pair.lab, "all") == []
    arrive(pair, 12, 2, good, other)
    pair.transmit()
    assert [row["bank_reference"] for row in foreign_details.rows(pair.lab)] == ["4711", "4712"]
    told = [foreign_detail(pair.lab, number) for number in (1, 2)]
    assert [(one["message_no"], one["position"], len(one["charge_list"])) for one in told] == [(1, 1, 1), (2, 1, 1)]


@pytest.mark.spec("TXN-096")
def test_a_payment_of_an_accounting_system_is_known_by_its_client_identification(pair: Pair, tmp_path: Path) -> None:
    add_accounting_system(pair.lab, TRADE, "Trade", start_status="confirmed", folder_in=str(tmp_path))
    cells = [{"client_transaction_id": one, "amount": f"50{n}.00"} for n, one in enumerate(("A-1", "A-2", "A-2"))]
    cells[2]["amount"] = cells[1]["amount"]
    ids = receive(pair.lab, tmp_path, *cells, header=f"{HEADER};client_transaction_id")
    for order in ids:
        correct_order(pair.lab, order, {})
    pair.balance()
    pair.transmit()
    told = [
        detail(client_identification="A-1"),
        detail(client_identification="A-1", ordered=Decimal(1), bank_reference="4712"),  # of another payment
        detail(client_identification="A-2", ordered=Decimal(501), bank_reference="4713"),  # which of two is not said
    ]
    arrive(pair, 12, 1, write_details(told, "M", pair.clock()))
    pair.transmit()
    assert [row["order_id"] for row in foreign_details.rows(pair.lab)] == [ids[0], None, None]
    assert [status(pair.lab, order) for order in ids] == ["OK", "PR", "PR"]


def test_commands_list_show_and_print(
    orders_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path, clock = Path(shutil.copy(orders_file, tmp_path / "foreign.lab")), Clock()
    with open_here(path, clock=clock) as lab:
        pair = Pair(introduced(lab), a_bank(clock), clock)
        arrive(pair, 12, 1, write_details([detail(), detail(bank_reference="4712")], "M", clock()))
        pair.transmit()
    monkeypatch.setenv("BANKKLIENT_LAB", str(path))
    monkeypatch.chdir(tmp_path)
    for command, told in (
        (["batches"], "20260001"), (["list"], "Muster GmbH"), (["show", "2"], "4712"),
        (["list", "--batch", "20260001", "-o", "all.csv"], "all.csv"), (["show", "1", "--json"], '"total": "509.5'),
        (["advice", "1", "2", "-o", "a.pdf"], "a.pdf"),
    ):  # fmt: skip
        assert run(["foreign", *command]) == 0, command
        assert told in capsys.readouterr().out
    assert pdf_text(Path("a.pdf").read_bytes()).count("Total debited") >= 2
    assert run(["foreign", "show", "3"]) == 1
    assert "`bankklient foreign list` shows them" in capsys.readouterr().err


def test_a_message_is_read_as_it_was_written_and_refused_for_what_it_can_not_say() -> None:
    whole = detail(
        recipient=Party("Muster & Söhne <GmbH>", "Weg 1\nKöln", ABROAD),
        recipient_bank=Institution("COBADEFF", "Bank\nKöln"),
        senders_correspondent=Institution("SIMDDEFF"), instructions="PHOB/2255", confirmation="a@b.example",
        remittance="Line 1\nLine 2", end_to_end_id="E2E", client_identification="C", order_number="17",
    )  # fmt: skip
    message = write_details([whole, detail(account=IBAN, charges=[])], "M", NOON)
    first, second = read_details(message)
    assert first == whole
    assert second.charge_bearer == "SHAR"
    assert second.charges == []
    for field, before, after in (
        ("Amt", b'<Amt Ccy="EUR">509.50</Amt>', b'<Amt Ccy="EUR">509.5001</Amt>'),
        ("Br", b"<Br>SHAR</Br>", b"<Br>ALL</Br>"), ("Sts", b"<Cd>BOOK</Cd>", b"<Cd>PDNG</Cd>"),
        ("BookgDt/Dt", b"<Dt>2026-11-23</Dt>", b"<Dt>23.11.2026</Dt>"),
        ("BookgDt/Dt", b"<Dt>2026-11-23</Dt>", b"<Dt>2026-W48-1</Dt>"),
        ("Acct", f"<Id><IBAN>{EURO_IBAN}</IBAN></Id>".encode(), b""),
        ("AcctSvcrRef", b"<AcctSvcrRef>4711</AcctSvcrRef>", b""), ("TxDtls", b"<NtryDtls>", b"<NtryDtls><TxDtls/>"),
    ):  # fmt: skip
        assert before in message.content
        with pytest.raises(FormatError, match=f"Ntfctn 1, Ntry 1, field {field}"):
            read_details(message._replace(content=message.content.replace(before, after, 1)))
    most = Charge("Fee", AMOUNT_MAX, "EUR", "SHAR")
    assert read_details(write_details([detail(charges=[most])], "M", NOON))[0].charges == [most]
    with pytest.raises(FormatError, match="field Chrgs"):  # more than the history holds
        read_details(write_details([detail(charges=[most, most])], "M", NOON))
