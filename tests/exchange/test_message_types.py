"""Types of messages to the bank: its codebook says what each may carry, and what its form asks for."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from bankklient_lab.bank import Wanted
from bankklient_lab.errors import BadArgument, FormatError, Refused, UnknownName, WrongForm
from bankklient_lab.exchange.message_types import message_form, message_types
from bankklient_lab.exchange.messages import bank_messages
from bankklient_lab.exchange.replies import (
    change_message,
    client_message_attachment,
    client_messages,
    read_client_message,
    write_to_bank,
)
from bankklient_lab.formats.batches import read_batch
from bankklient_lab.formats.forms import Filled, read_form, write_form
from bankklient_lab.formats.letters import attachment_name, read_letter
from bankklient_lab.lab import Lab
from tests.exchange.labs import Pair
from tests.exchange.test_messages import received, statuses
from tests.orders.labs import MAIN, broken_checks

MAIN_IBAN = "CZ7706000006090150012947"
COMPLAINT: dict[str, Any] = {
    "account": MAIN, "day": date(2026, 11, 20), "amount": Decimal("1250.5"), "reason": "sent twice",
    "explanation": "Twice:\n<b>& once</b>",
}  # fmt: skip
KEPT = {
    "account": MAIN_IBAN, "day": "2026-11-20", "amount": "1250.50", "reason": "sent twice",
    "explanation": "Twice:\n<b>& once</b>",
}  # fmt: skip
TYPES = b"""code,name,format,attachments,suffixes,kilobytes
small,Small files,text,yes,pdf txt,2
big,Big files,text,yes,bin,9000
plain,Words,text,no,pdf,
complaint,Complaints,text,no,,
survey,A survey,form,no,,
empty,Nothing to fill in,form,no,,
"""
FIELDS = b"""code,name,place,kind,length,required,choices
survey/name,Your <name>,2,text,10,yes,
survey/age,Age,1,number,2,no,
survey/colour,Colour,10,choice,,no,red|green
"""


def file(folder: Path, name: str, size: int = 10) -> Path:
    path = folder / name
    path.write_bytes(b"x" * size)
    return path


def from_the_bank(pair: Pair) -> None:
    """Let the bank send other types of messages."""
    pair.bank.send_codebook("message_types", TYPES)
    pair.bank.send_codebook("message_fields", FIELDS)
    told = pair.transmit()
    assert told["complete"], told["message"]


def fields(lab: Lab, number: int) -> dict[str, str]:
    return {one["name"]: one["text"] for one in read_client_message(lab, number)["fields"]}


@pytest.mark.spec("SRV-301", "SRV-304", "SRV-308")
def test_the_types_and_their_forms_are_those_of_the_banks_codebooks(pair: Pair, tmp_path: Path) -> None:
    shipped = {row["kind"]: row for row in message_types.rows(pair.lab)}
    assert {kind for kind, row in shipped.items() if row["format"] == "form"} == {
        "balance confirmation", "complaint", "contact",
    }  # fmt: skip
    assert (shipped["message"]["suffixes"], shipped["document"]["bytes_max"]) == ("", 5000 * 1024)
    assert shipped["complaint"]["bytes_max"] == 1024**2  # the type has no size
    for kind, row in shipped.items():
        assert bool(message_form(pair.lab, kind)) == (row["format"] == "form")
    first = write_to_bank(pair.lab, "Text", kind="advice")
    from_the_bank(pair)
    assert [row["kind"] for row in message_types.rows(pair.lab)] == [
        "survey", "big", "complaint", "empty", "small", "plain",
    ]  # fmt: skip
    form = message_form(pair.lab, "survey")
    assert [(one["label"], one["kind"], one["length"], one["required"]) for one in form] == [
        ("Age", "number", 2, False), ("Your <name>", "text", 10, True), ("Colour", "choice", 140, False),
    ]  # fmt: skip
    assert form[2]["choices"] == ["red", "green"]
    number = write_to_bank(pair.lab, kind="survey", fields={"name": "Jan", "age": 7})
    assert (read_client_message(pair.lab, number)["subject"], fields(pair.lab, number)) == (
        "A survey", {"age": "7", "name": "Jan"},
    )  # fmt: skip
    with pytest.raises(UnknownName, match="big, complaint, empty, plain, small, survey"):
        write_to_bank(pair.lab, "Text")
    with pytest.raises(Refused, match="has not sent their fields"):
        write_to_bank(pair.lab, kind="empty")
    with pytest.raises(BadArgument, match="no attachment"):
        write_to_bank(pair.lab, "Text", kind="plain", attachment=file(tmp_path, "a.pdf"))
    change_message(pair.lab, first, "Other text")  # of a type that there is no more


@pytest.mark.parametrize(
    "row",
    [
        b"survey/a,A,1,choice,,no,", b"survey/a,A,1,text,,no,red", b"survey/a,A,1,script,,no,", b"survey,A,1,text,,no,",
        b"survey/a,A,1,text,0,no,", b"survey/A b,A,1,text,,no,", b"survey/a,A,,text,,no,",
        b"survey/a,A,1,choice,,no,a||b",
    ],
)  # fmt: skip
def test_a_field_that_can_be_none_is_refused(pair: Pair, row: bytes) -> None:
    with pytest.raises(FormatError, match="row 1"):
        pair.bank.send_codebook("message_fields", FIELDS.splitlines()[0] + b"\n" + row + b"\n")


@pytest.mark.spec("SRV-300", "SRV-305", "SRV-318")
def test_a_form_is_checked_kept_as_xml_and_read_again_by_the_bank(pair: Pair) -> None:
    number = write_to_bank(pair.lab, kind="complaint", fields=COMPLAINT)
    found = read_client_message(pair.lab, number)
    assert fields(pair.lab, number) == KEPT
    assert [one["label"] for one in found["fields"]][:3] == ["Account", "Day of the payment", "Amount"]
    root = etree.fromstring(found["text"])
    assert (root.get("type"), root[2].text) == ("complaint", "1250.50")
    assert (found["form"], found["status"], found["batch_order"], found["kind"]) == (True, "", None, "complaint")
    change_message(pair.lab, number, subject="Twice", fields={"amount": "99,90", "variable_symbol": "0123"})
    change_message(pair.lab, number, fields={"variable_symbol": ""})
    (batch,) = pair.balance()["batches"]
    (payload,) = pair.lab.rows("SELECT payload FROM ops.batch_content WHERE batch_id = $id", {"id": batch["batch_id"]})
    (message,) = read_batch(bytes(payload[0])).messages
    letter = read_letter(message)
    assert (letter.form, letter.kind, letter.subject) == (True, "complaint", "Twice")
    pair.transmit()
    pair.transmit()
    (taken,) = pair.bank.messages()
    assert (taken.form, taken.kind, taken.status) == (True, "complaint", "PR")
    assert {one.name: one.text for one in read_form(taken.text)} == KEPT | {"amount": "99.90"}
    assert read_client_message(pair.lab, number)["batch_order"] == "20260001"
    assert broken_checks(pair.lab) == {}


@pytest.mark.spec("SRV-300")
def test_all_fields_that_are_wrong_are_told_at_once_and_nothing_is_kept(pair: Pair) -> None:
    wrong = {
        "account": "19-2000145399/0800", "amount": 1.5, "variable_symbol": "12345678901", "reason": "bad luck",
        "explanation": "x" * 1001,
    }  # fmt: skip
    with pytest.raises(WrongForm) as refused:
        write_to_bank(pair.lab, kind="complaint", fields=wrong)
    said: Any = refused.value.details["errors"]
    assert {one["item"]: one["text"] for one in said} == {
        "account": "Account is none of your accounts: '19-2000145399/0800'",
        "day": "Day of the payment is missing",
        "amount": "Amount is given as a text or a Decimal, since a float is not exact",
        "variable_symbol": "Variable symbol is a number of up to 10 digits, not '12345678901'",
        "reason": "Reason is one of wrong amount, wrong recipient, sent twice, not carried out, unknown payment,"
        " not 'bad luck'",
        "explanation": "What happened has 1001 characters and takes 1000",
    }
    assert client_messages.rows(pair.lab) == []


@pytest.mark.parametrize(
    ("field", "value", "kept"),
    [
        ("amount", "1 250,50", "1250.50"), ("amount", "0", "0.00"), ("amount", "-1", None), ("amount", "1.005", None),
        ("amount", "much", None), ("day", "20.11.2026", "2026-11-20"), ("day", "2026-02-30", None),
        ("account", MAIN_IBAN, MAIN_IBAN), ("variable_symbol", "\u0661", None), ("explanation", "a\x07b", None),
        ("explanation", " \n ", None), ("reason", "Sent twice", None), ("amount", ["1"], None),
    ],
)  # fmt: skip
def test_a_value_has_one_form_or_is_refused(pair: Pair, field: str, value: Any, kept: str | None) -> None:
    given = {**COMPLAINT, field: value}
    if kept is None:
        with pytest.raises(WrongForm) as refused:
            write_to_bank(pair.lab, kind="complaint", fields=given)
        (error,) = refused.value.details["errors"]  # type: ignore[misc, attr-defined]
        assert error["item"] == field
    else:
        assert fields(pair.lab, write_to_bank(pair.lab, kind="complaint", fields=given))[field] == kept


def test_what_is_no_part_of_a_type_is_refused(pair: Pair) -> None:
    with pytest.raises(UnknownName, match="account, day, amount"):
        write_to_bank(pair.lab, kind="complaint", fields={**COMPLAINT, "<script>": "x"})
    with pytest.raises(BadArgument, match="fields and no text"):
        write_to_bank(pair.lab, "Text", kind="complaint", fields=COMPLAINT)
    with pytest.raises(BadArgument, match="a text and no fields"):
        write_to_bank(pair.lab, "Text", fields={"a": "b"})
    with pytest.raises(UnknownName):
        message_form(pair.lab, "no such type")
    with pytest.raises(WrongForm, match="is one line"):
        write_to_bank(pair.lab, kind="contact", fields={"person": "Jan\nNovak", "valid_from": "2026-12-01"})


@pytest.mark.spec("SRV-303", "SRV-325", "BNK-140")
def test_a_reply_has_the_format_of_the_type_of_what_it_answers(pair: Pair) -> None:
    asked = Wanted("Which payment?", "Tell us.", kind="complaint", reply="many")
    received(pair, asked, asked._replace(kind="", subject="x" * 140))
    plain, form = (row["message_id"] for row in bank_messages.rows(pair.lab))
    assert bank_messages.rows(pair.lab, "complaint")[0]["type"] == "Complaint about a payment"
    with pytest.raises(BadArgument, match="are forms"):
        write_to_bank(pair.lab, "That one", reply_to=form)
    with pytest.raises(BadArgument, match="has the type of the message that it answers"):
        write_to_bank(pair.lab, "That one", kind="message", reply_to=form)
    first = write_to_bank(pair.lab, fields=COMPLAINT, reply_to=form)
    second = write_to_bank(pair.lab, "That one", reply_to=plain)
    rows = {row["message_id"]: row for row in client_messages.rows(pair.lab)}
    assert (rows[first]["form"], rows[first]["kind"], rows[first]["subject"], rows[first]["answers"]) == (
        True, "complaint", "RE Which payment?", 1,
    )  # fmt: skip
    assert (rows[second]["form"], rows[second]["subject"]) == (False, f"RE {'x' * 137}")
    assert [row["message_id"] for row in client_messages.rows(pair.lab, "complaint")] == [first]


def test_a_message_whose_type_became_a_form_is_written_anew(pair: Pair) -> None:
    number = write_to_bank(pair.lab, kind="complaint", fields=COMPLAINT)
    from_the_bank(pair)
    with pytest.raises(Refused, match="withdraw it and write it anew"):
        change_message(pair.lab, number, fields={"amount": "1"})
    assert fields(pair.lab, number) == KEPT  # it stays what it says
    pair.balance()
    assert statuses(pair) == ["NS"]


@pytest.mark.spec("SRV-302", "SRV-301")
def test_an_attachment_goes_as_its_type_permits_and_comes_back_as_it_was(pair: Pair, tmp_path: Path) -> None:
    from_the_bank(pair)
    lab = pair.lab
    ok = write_to_bank(lab, "Text", kind="small", attachment=file(tmp_path, "Smlouva č. 5.PDF", 2048))
    for name, size, why in (
        ("a.exe", 10, "a.exe can't go with it: the type Small files takes pdf, txt"),
        ("a.pdf.exe", 10, "takes pdf, txt"), ("pdf", 10, "takes pdf, txt"),
        ("b.pdf", 2049, "b.pdf is too large: the type Small files takes up to 2 kB"), ("c.txt", 0, "c.txt is empty"),
    ):  # fmt: skip
        with pytest.raises(BadArgument) as refused:
            write_to_bank(lab, "Text", kind="small", attachment=file(tmp_path, name, size))
        assert why in refused.value.message
    with pytest.raises(BadArgument, match="up to 7 MB"):
        write_to_bank(lab, "Text", kind="big", attachment=file(tmp_path, "d.bin", 7 * 1024**2 + 1))
    assert client_message_attachment(lab, ok) == b"x" * 2048
    assert client_messages.rows(lab)[0]["attachment_name"] == "Smlouva_c._5.PDF"
    change_message(lab, ok, detach=True)
    with pytest.raises(UnknownName):
        client_message_attachment(lab, ok)
    change_message(lab, ok, attachment=file(tmp_path, "e.txt"), name="../../etc/passwd.txt")
    pair.balance()
    pair.transmit()
    pair.transmit()
    (taken,) = pair.bank.messages()
    assert taken.attachment is not None
    assert (taken.attachment, taken.kind, taken.text) == (("passwd.txt", b"x" * 10), "small", "Text")
    assert client_message_attachment(lab, ok) == b"x" * 10
    assert broken_checks(lab) == {}


def test_without_a_size_of_its_type_an_attachment_has_up_to_1_mb(pair: Pair, tmp_path: Path) -> None:
    write_to_bank(pair.lab, kind="complaint", fields=COMPLAINT, attachment=file(tmp_path, "a.png", 1024**2))
    with pytest.raises(BadArgument, match="up to 1 MB"):
        write_to_bank(pair.lab, kind="complaint", fields=COMPLAINT, attachment=file(tmp_path, "b.png", 1024**2 + 1))
    with pytest.raises(FormatError, match="folder"):
        write_to_bank(pair.lab, kind="complaint", fields=COMPLAINT, attachment=tmp_path, name="c.png")


@pytest.mark.spec("SRV-315")
def test_a_virus_in_an_attachment_and_a_broken_form_come_back(pair: Pair, tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"X5O!P%@AP EICAR-STANDARD-ANTIVIRUS-TEST-FILE!")
    write_to_bank(pair.lab, "Harmless", kind="advice", attachment=path)
    broken = write_to_bank(pair.lab, kind="complaint", fields=COMPLAINT)
    with pair.lab.database.tx("ops") as cursor:
        cursor.execute("UPDATE ops.client_message SET content = '<Form/>' WHERE message_id = ?", [broken])
    pair.balance()
    pair.transmit()
    pair.transmit()
    assert [(row["status"], row["why"]) for row in client_messages.rows(pair.lab)] == [
        ("ER", "its form can't be read"), ("ER", "it carries a virus"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("given", "called"),
    [
        ("a.pdf", "a.pdf"), ("/etc/../x y.txt", "x_y.txt"), ("C:\\folder\\Účet.xlsx", "Ucet.xlsx"),
        (".hidden.txt", "hidden.txt"), ("a\u202efdp.exe", "a_fdp.exe"),
        ("x" * 300 + ".txt", "x" * 80 + ".txt"), ("<img src=x>.png", "img_src_x_.png"),
    ],
)  # fmt: skip
def test_a_hostile_name_becomes_a_name(given: str, called: str) -> None:
    assert attachment_name(given) == called


@pytest.mark.parametrize("given", ["", "..", "///", "...", "\u202e", "__"])
def test_what_is_no_name_is_refused(given: str) -> None:
    with pytest.raises(BadArgument):
        attachment_name(given)


def test_a_form_is_read_as_it_was_written_and_loads_nothing() -> None:
    entries = [Filled("a", 'L"<&>', "one\ntwo\r]]>"), Filled("b", "Č", " ")]
    assert read_form(write_form("kind", entries)) == entries
    good = write_form("kind", entries)
    for bad in (
        "", "<Form/>", good.replace('name="b"', 'name="a"'), good.replace("Field", "Other"),
        '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>' + good, good.replace('label="Č"', 'label=""'),
    ):  # fmt: skip
        with pytest.raises(FormatError):
            read_form(bad)
