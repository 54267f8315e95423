"""What a bank tells of documents, orders and refusals: written, read back, and what can't be is refused."""

from __future__ import annotations

from datetime import date

import pytest

from bankklient_lab.errors import BadArgument, FormatError
from bankklient_lab.formats.batches import DECLARATION, Message
from bankklient_lab.formats.documents import (
    LIST_MESSAGE,
    ORDER_MESSAGE,
    REFUSAL_MESSAGE,
    About,
    DocumentName,
    is_pdf,
    read_list,
    read_name,
    read_orders,
    read_refusal,
    write_list,
    write_orders,
    write_refusal,
)

NAME = DocumentName("STM", "CZ9906000000000150000030", date(2005, 12, 31), "2005999999")
ADVICE = NAME._replace(kind="ADV", number="17")
FILE = NAME.file_name


def test_what_is_written_is_read_back() -> None:
    told = [About(NAME, date(2006, 1, 2), True, "1.00 CZK", 'A & "B" <c>'), About(ADVICE, date(2006, 1, 2), False, "")]
    assert read_list(write_list(told)) == told
    assert read_orders(write_orders([NAME, ADVICE])) == [NAME, ADVICE]
    assert read_refusal(write_refusal(NAME, "it is < gone >")) == (NAME, "it is < gone >")


@pytest.mark.parametrize(
    "name",
    [
        "", "../STM_CZ9906000000000150000030_20051231_1.PDF", FILE.replace("_", "/"), FILE + "\n", FILE.lower(),
        FILE.replace("20051231", "20051331"), FILE.replace("2005999999", ""), FILE.replace(".PDF", ".PDF.exe"),
        FILE.replace("2005999999", "\u0661"), "A" * 1000,
    ],
)  # fmt: skip
def test_a_name_that_no_document_has_is_refused(name: str) -> None:
    with pytest.raises(FormatError):
        read_name(name)


def message(name: str, body: str) -> Message:
    text = f'<Document xmlns="urn:bankklient:message:{name}">{body}</Document>'
    return Message(name, DECLARATION + text.encode())


ABOUT = f'<About name="{FILE}" made="2006-01-02" orderable="true"><Text>a</Text><More>b</More></About>'


@pytest.mark.parametrize(
    "body",
    [
        "", "<Other/>", ABOUT + ABOUT, ABOUT.replace("true", "yes"), ABOUT.replace("2006-01-02", "soon"),
        ABOUT.replace("<More>b</More>", ""), ABOUT.replace("<More>b</More>", "<More>b</More><More>c</More>"),
        ABOUT.replace(">a<", f">{'a' * 141}<"), ABOUT.replace(">a<", "><i>a</i><"), ABOUT.replace(">a<", ">a\nb<"),
    ],
)  # fmt: skip
def test_what_tells_of_no_document_is_refused(body: str) -> None:
    with pytest.raises(FormatError):
        read_list(message(LIST_MESSAGE, body))


def test_orders_and_refusals_that_are_none_are_refused() -> None:
    order, refusal = f'<Order name="{FILE}"/>', f'<Refusal name="{FILE}">why</Refusal>'
    for body in ("", order + order, refusal, '<Order name="x"/>'):
        with pytest.raises(FormatError):
            read_orders(message(ORDER_MESSAGE, body))
    for body in ("", refusal + refusal, order):
        with pytest.raises(FormatError):
            read_refusal(message(REFUSAL_MESSAGE, body))
    with pytest.raises(FormatError):
        read_refusal(message(ORDER_MESSAGE, order))


def test_a_text_that_the_message_can_not_carry_is_refused() -> None:
    for text in ("a\x00", "a\nb", "a" * 141):
        with pytest.raises(BadArgument, match=r"STM_CZ99.*PDF"):
            write_list([About(NAME, NAME.day, True, text)])


@pytest.mark.spec("BNK-036")
def test_a_pdf_is_told_by_its_content() -> None:
    assert is_pdf(b"%PDF-1.7 ... %%EOF\n")
    for content in (b"", b"<html>%PDF-1.7 %%EOF", b"%PDF-1.7 cut", b"%PDF-1.7 %%EOF" + b" " * 2000):
        assert not is_pdf(content)
