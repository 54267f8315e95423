"""Electronic documents: told of, ordered, delivered as the bank made them, and saved where their account says."""

from __future__ import annotations

import json
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from bankklient_lab.balancing.making import make_batches
from bankklient_lab.balancing.summaries import balancing_summary, balancing_types
from bankklient_lab.balancing.unsent import discard_batch
from bankklient_lab.bank import Account
from bankklient_lab.bank.papers import Paper, pdf
from bankklient_lab.cli import run
from bankklient_lab.codebooks import names
from bankklient_lab.errors import BadArgument, FormatError, Refused, UnknownName
from bankklient_lab.exchange.document_folders import document_folders, set_document_folder
from bankklient_lab.exchange.documents import document_content, document_preview, documents
from bankklient_lab.exchange.ordering import cancel_document_orders, order_documents, save_document
from bankklient_lab.formats.bank_files import BankFile, write_file
from bankklient_lab.formats.batches import Message
from bankklient_lab.formats.documents import About, DocumentName, read_name, read_orders, write_list, write_refusal
from tests.balancing.labs import OWN_POINT, a_signer, agreed, payload
from tests.bank.banks import iban
from tests.clocks import NOON
from tests.exchange.labs import Pair, by_folder
from tests.exchange.test_receiving import arrive
from tests.orders.labs import FOREIGN, broken_checks, created

MAIN, SAVINGS, EURO = "CZ7706000006090150012947", "CZ4906000000000150000030", "CZ8406002020160000303634"
AUTOMATIC, MAILED = iban(51), iban(69)
OLD = DocumentName("STM", "CZ9906000000000150000030", date(2005, 12, 31), "2005999999")
PDF = b"%PDF-1.7\nsome content\n%%EOF\n"
TELLS_OF_OLD = write_list([About(OLD, date(2005, 12, 31), True, "12.00 CZK")])


def paper(lines: int) -> bytes:
    """Return a document as a bank makes it."""
    rows = [(f"2005-12-{n % 31 + 1:02}", "Muster GmbH", f"Invoice {n}", f"{n}.00") for n in range(lines)]
    return pdf(Paper("Account statement", "Bank", [("Account", OLD.account)], rows), NOON)


@pytest.fixture
def told(pair: Pair) -> Pair:
    """Let a month end at the bank, with a payment abroad in it, and the client be told."""
    for account, how in ((AUTOMATIC, "automatic"), (MAILED, "mail")):
        pair.bank.open_account(Account(account, "CZK", "Other", OWN_POINT, documents=how))
    created(pair.lab, FOREIGN, amount="10.00")
    pair.balance()
    pair.transmit()
    pair.later(days=7, hours=12)  # Monday the 30th, ten in the evening
    assert pair.transmit()["complete"]
    return pair


def document(pair: Pair, account: str, kind: str = "STM") -> dict[str, Any]:
    """Return the document of a kind and account."""
    (found,) = documents.rows(pair.lab, kind, account)
    return found


def numbers(pair: Pair, **conditions: Any) -> list[int]:
    return [row["document_id"] for row in documents.rows(pair.lab, **conditions)]


def sent(pair: Pair) -> None:
    """Balance orders, and let the bank, which opens in the morning, answer them."""
    pair.balance()
    pair.transmit()
    pair.later(hours=14)
    assert pair.transmit()["complete"]


def came(pair: Pair, number: int, *messages: Message) -> tuple[int, str]:
    """Let a batch of documents come that the bank did not make itself, and return what became of it."""
    arrive(pair, 19, number, *messages)
    pair.transmit()
    return pair.received(19)[-1]


@pytest.mark.spec("BNK-020", "BNK-021", "BNK-022", "BNK-023", "BNK-025", "BNK-027", "BNK-029", "BNK-035", "TRN-032")
@pytest.mark.spec("SRV-008", "SRV-009", "SRV-010", "SRV-011", "SRV-016", "BNK-031", "BNK-024")
def test_the_bank_tells_of_all_documents_and_sends_automatic_ones_along(told: Pair) -> None:
    assert list(names("document_types")) == ["STM", "ADV", "ARF"]
    rows = documents.rows(told.lab)
    assert len(rows) == 7  # a statement of each account, and an advice
    assert {row["account"]: row["availability"] for row in rows} == {
        "CZ2306000001230000424524": "in_bank", MAIN: "in_bank", SAVINGS: "in_bank", EURO: "in_bank",
        MAILED: "informative", AUTOMATIC: "both",
    }  # fmt: skip
    advice, statement = document(told, EURO, "ADV"), document(told, EURO)
    assert (advice["info"], advice["more"], advice["day"]) == (
        "10.00 EUR",
        "Muster GmbH, Invoice 1",
        date(2026, 11, 23),
    )
    assert (statement["kind_name"], statement["info"], statement["number"]) == (
        "Account statement", "19978.06 EUR", "2026000001",
    )  # fmt: skip
    assert statement["file_name"] == f"STM_{EURO}_20261130_2026000001.PDF"
    came_along = document(told, AUTOMATIC)
    content = document_content(told.lab, came_along["document_id"])
    assert (came_along["sha256"], came_along["bytes"]) == (sha256(content).hexdigest(), len(content))
    assert came_along["viewable"]
    assert content.startswith(b"%PDF-")
    for conditions, count in (
        ({"kind": "ADV"}, 1), ({"kind": "ARF"}, 0), ({"account": EURO}, 2), ({"since": date(2026, 11, 24)}, 6),
        ({"until": date(2026, 11, 30)}, 1), ({"text": "muster"}, 1), ({"text": "19978.06"}, 1),
        ({"available": "local"}, 1), ({"available": "in_bank"}, 6), ({"available": "all"}, 7),
    ):  # fmt: skip
        assert len(numbers(told, **conditions)) == count, conditions
    with pytest.raises(UnknownName, match="kind of document"):
        documents.rows(told.lab, "XYZ")
    with pytest.raises(UnknownName, match="availability"):
        documents.rows(told.lab, available="mine")


@pytest.mark.spec("BNK-026", "BNK-033", "BNK-034", "BAL-021", "TRN-038", "BAS-058", "SRV-337")
@pytest.mark.spec("SRV-018", "SRV-019", "SRV-020", "SRV-021")
def test_documents_are_ordered_as_often_as_wanted_and_come_as_the_bank_has_them(told: Pair) -> None:
    lab = told.lab
    statement, mailed = document(told, MAIN)["document_id"], document(told, MAILED)["document_id"]
    with pytest.raises(UnknownName, match="local document"):
        document_content(lab, statement)
    with pytest.raises(Refused, match="mailed or handed over"):
        order_documents(lab, [mailed])
    assert order_documents(lab, numbers(told)) == {
        "done": 6, "skipped": 1, "reasons": {"it is mailed or handed over in person": 1},
    }  # fmt: skip
    with pytest.raises(Refused, match="ordered already"):
        order_documents(lab, [statement])
    assert document(told, MAIN)["order_status"] == document(told, AUTOMATIC)["order_status"] == ""
    stale = agreed(lab)
    assert cancel_document_orders(lab, numbers(told, kind="STM", available="in_bank"))["done"] == 5
    with pytest.raises(Refused, match="no order of it waits"):
        cancel_document_orders(lab, [statement])
    with pytest.raises(Refused, match="have changed"):
        make_batches(lab, stale, a_signer(), which="complete")
    order_documents(lab, [statement, document(told, SAVINGS)["document_id"]])
    summary = [row for row in balancing_summary.rows(lab) if row["record_type"] == "document_orders"]
    assert [(row["part"], row["own_account"], row["placed"]) for row in summary if row["level"] == "account"] == [
        ("STM", SAVINGS, 1), ("STM", MAIN, 1), ("ADV", EURO, 1),
    ]  # fmt: skip
    assert [row["placed"] for row in summary if row["level"] == "type"] == [3]
    (gone,) = told.balance()["batches"]
    assert (gone["batch_type"], gone["orders"]) == (19, 3)
    (message,) = payload(lab, gone["batch_id"]).messages
    assert [name.file_name for name in read_orders(message)] == [
        row["file_name"] for row in sorted(documents.rows(lab), key=lambda row: row["document_id"])
        if row["order_status"] == "NS"
    ]  # fmt: skip
    discard_batch(lab, gone["batch_id"])
    assert document(told, MAIN)["order_status"] == "DE"
    order_documents(lab, [statement])
    sent(told)
    first = document(told, MAIN)
    assert (first["availability"], first["order_status"]) == ("both", "OK")
    assert [row["availability"] for row in documents.rows(lab, "ADV")] == ["in_bank"]
    assert told.received(19) == [(14, "")] * 3  # the lists of two days, and one batch for the one order
    order_documents(lab, [statement])
    sent(told)
    assert document(told, MAIN)["sha256"] == first["sha256"]  # the same bytes
    assert broken_checks(lab) == {}
    assert told.logged("order_documents") == ["6", "2", "1", "1"]


@pytest.mark.spec("TRN-033", "SRV-017", "SRV-182", "BNK-032", "ADM-183")
def test_documents_of_an_account_are_saved_into_its_folder_and_nothing_is_written_over(
    told: Pair, tmp_path: Path
) -> None:
    lab, statement = told.lab, document(told, MAIN)
    with pytest.raises(UnknownName):
        set_document_folder(lab, OLD.account, str(tmp_path))
    for wrong in ("here", str(tmp_path / "nowhere")):
        with pytest.raises(BadArgument):
            set_document_folder(lab, MAIN, wrong)
    folder = tmp_path / "documents"
    folder.mkdir()
    set_document_folder(lab, MAIN, str(folder))
    set_document_folder(lab, SAVINGS, str(folder))
    assert [row["account"] for row in document_folders.rows(lab)] == [SAVINGS, MAIN]
    set_document_folder(lab, SAVINGS, "")
    order_documents(lab, [statement["document_id"], document(told, SAVINGS)["document_id"]])
    sent(told)
    path = folder / statement["file_name"]
    content = document_content(lab, statement["document_id"])
    assert list(folder.iterdir()) == [path]
    assert path.read_bytes() == content
    assert save_document(lab, statement["document_id"]) == str(path)  # it is there
    path.write_bytes(b"notes")
    again = Path(save_document(lab, statement["document_id"]))
    assert (path.read_bytes(), again.read_bytes(), again.name) == (b"notes", content, f"{path.stem}-2.PDF")
    with pytest.raises(Refused, match="has no folder"):
        save_document(lab, document(told, SAVINGS)["document_id"])
    for one in folder.iterdir():
        one.unlink()
    target = tmp_path / "target"
    path.symlink_to(target)
    assert Path(save_document(lab, statement["document_id"])).name == f"{path.stem}-2.PDF"
    assert not target.exists()
    for one in folder.iterdir():
        one.unlink()
    folder.rmdir()
    order_documents(lab, [statement["document_id"]])
    sent(told)
    status, note = told.received(19)[-1]
    assert (status, "is kept, and not saved" in note) == (14, True)


@pytest.mark.spec("BNK-036")
def test_what_comes_is_kept_as_it_is_and_judged_by_its_content(pair: Pair, tmp_path: Path) -> None:
    file = write_file(BankFile(OLD.file_name, b"<script>alert(1)</script>"))
    assert came(pair, 1, file) == (14, f"document {OLD.file_name} is no readable PDF; it is kept, and can't be viewed")
    (row,) = documents.rows(pair.lab)
    assert (row["viewable"], row["availability"], row["made_on"], row["info"]) == (False, "both", None, "")
    assert document_content(pair.lab, row["document_id"]) == b"<script>alert(1)</script>"
    status, note = came(pair, 2, TELLS_OF_OLD, write_file(BankFile(OLD.file_name, PDF)))
    assert (status, "came before with another content" in note) == (14, True)
    (row,) = documents.rows(pair.lab)
    assert (row["viewable"], row["info"], row["made_on"]) == (True, "12.00 CZK", date(2005, 12, 31))
    assert document_content(pair.lab, row["document_id"]) == PDF
    for number, odd in enumerate(("notes.pdf", "XYZ_CZ9906000000000150000030_20051231_1.PDF"), start=3):
        status, note = came(pair, number, write_file(BankFile(odd, PDF)))
        assert (status, "no name of a document" in note or "kind of document" in note) == (13, True)
    assert len(documents.rows(pair.lab)) == 1
    folder = tmp_path / "documents"
    folder.mkdir()
    set_document_folder(pair.lab, MAIN, str(folder))
    good, odd = (write_file(BankFile(name, PDF)) for name in (OLD._replace(account=MAIN).file_name, "notes.pdf"))
    assert came(pair, 5, good, odd)[0] == 13  # as a whole
    assert list(folder.iterdir()) == []
    assert came(pair, 6, good)[0] == 14
    assert [path.name for path in folder.iterdir()] == [OLD._replace(account=MAIN).file_name]


def test_a_document_is_looked_at_as_pictures(pair: Pair) -> None:
    came(
        pair, 1, write_list([About(OLD._replace(number="5"), OLD.day, True, "1.00 CZK")]),
        *(
            write_file(BankFile(OLD._replace(number=str(n)).file_name, content))
            for n, content in enumerate((paper(60), PDF, b"<script>alert(1)</script>"))
        ),
    )  # fmt: skip
    number = {row["number"]: row["document_id"] for row in documents.rows(pair.lab)}
    first, second = (document_preview(pair.lab, number["0"], page) for page in (1, 2))
    assert (first["page"], first["pages"], second["page"]) == (1, 2, 2)
    assert first["png"].startswith(b"\x89PNG")
    assert first["png"] != second["png"]
    for one, why in (("1", "PDF is damaged or locked,"), ("2", "no readable PDF")):
        with pytest.raises(FormatError, match=f"{why} and can't be shown"):
            document_preview(pair.lab, number[one])
    with pytest.raises(FormatError, match="has 2 pages, and no page 3"):
        document_preview(pair.lab, number["0"], 3)
    with pytest.raises(UnknownName, match="local document"):
        document_preview(pair.lab, number["5"])


@pytest.mark.spec("SRV-023", "SRV-024", "SRV-025")
def test_examples_of_the_manual(pair: Pair) -> None:
    assert OLD.file_name == "STM_CZ9906000000000150000030_20051231_2005999999.PDF"
    assert read_name(OLD.file_name) == OLD
    assert DocumentName("ADV", MAIN, date(2014, 1, 24), "17").file_name == f"ADV_{MAIN}_20140124_17.PDF"
    told = [About(OLD._replace(number=str(n)), OLD.day, n <= 4, "1.00 CZK") for n in range(1, 7)]
    came(pair, 1, write_list(told), write_file(BankFile(told[0].name.file_name, PDF)))
    assert order_documents(pair.lab, numbers(pair)) == {
        "done": 4, "skipped": 2, "reasons": {"it is mailed or handed over in person": 2},
    }  # fmt: skip


def test_why_the_bank_does_not_deliver_is_kept_with_the_order(pair: Pair, tmp_path: Path) -> None:
    came(pair, 50, TELLS_OF_OLD)
    (number,) = numbers(pair)
    order_documents(pair.lab, [number])
    made = {row["record_type"]: row["records"] for row in balancing_types.rows(pair.lab)}
    assert made["document_orders"] == 1
    sent(pair)
    (row,) = documents.rows(pair.lab)
    assert (row["order_status"], row["why"]) == ("ER", "there is no such document of yours")
    assert came(pair, 51, write_refusal(OLD, "again")) == (
        14, f"document {OLD.file_name}: the bank refuses it (again), and it was not ordered",
    )  # fmt: skip
    order_documents(pair.lab, [number])
    came(pair, 52, write_file(BankFile(OLD.file_name, PDF)))  # by itself: nothing is left to order
    assert [row["records"] for row in balancing_types.rows(pair.lab) if row["record_type"] == "document_orders"] == [0]
    with pytest.raises(UnknownName):
        order_documents(pair.lab, [99])
    by_folder(pair.lab, tmp_path)
    with pytest.raises(Refused, match="by a folder"):
        order_documents(pair.lab, [number])


def test_commands(
    pair: Pair, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    by_mail = About(OLD._replace(number="2"), date(2006, 1, 2), False, "7.00 CZK")
    file = write_file(BankFile(f"STM_{MAIN}_20051231_1.PDF", PDF))
    came(pair, 50, TELLS_OF_OLD, write_list([by_mail]), file)
    pair.lab.close()
    monkeypatch.setenv("BANKKLIENT_LAB", str(pair.lab.path))

    def command(*arguments: object) -> tuple[int, str]:
        code = run(["documents", *map(str, arguments)])
        told = capsys.readouterr()
        return code, told.out + told.err

    def listed(*conditions: object) -> list[int]:
        return [row["document_id"] for row in json.loads(command("list", "--json", *conditions)[1])]

    assert listed() == [2, 1, 3]
    assert listed("--from", "2005-12-31", "--to", "2005-12-31", "--kind", "STM", "--available", "in_bank") == [1]
    assert listed("--text", "7.00", "--account", OLD.account) == [2]
    assert command("order", 1) == (0, "documents ordered: 1\n")
    assert command("order", "--all") == (
        0,
        "documents ordered: 1\nleft: 1, it is mailed or handed over in person\n"
        "left: 1, it is ordered already and waits to be balanced\n",
    )
    assert command("cancel", "--all", "--available", "local")[1] == "documents taken back: 1\n"
    assert command("cancel", 3)[0] == 1
    assert command("order")[0] == command("order", 1, "--all")[0] == 2
    assert command("folders")[1] == "documents of no account are saved by themselves\n"
    assert command("save", 3)[0] == 1
    assert command("folder", MAIN, tmp_path)[0] == 0
    assert json.loads(command("folders", "--json")[1]) == [{"account": MAIN, "folder": str(tmp_path)}]
    assert command("save", 3)[0] == command("save", 3, "-o", tmp_path / "own.pdf")[0] == 0
    assert (tmp_path / f"STM_{MAIN}_20051231_1.PDF").read_bytes() == (tmp_path / "own.pdf").read_bytes() == PDF
    assert command("folder", MAIN, "")[0] == 0
    assert command("preview", 3, "-o", tmp_path / "page.png")[0] == 1
    assert command("save", 3)[0] == 1
