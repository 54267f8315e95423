"""The simulated bank's documents: what it makes, that they are always the same, and how it answers orders."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from pypdf import PdfReader

from bankklient_lab.bank import Account
from bankklient_lab.errors import BadArgument
from bankklient_lab.formats.bank_files import FILE_MESSAGE, read_file
from bankklient_lab.formats.batches import Batch, Message, write_batch
from bankklient_lab.formats.documents import (
    LIST_MESSAGE,
    REFUSAL_MESSAGE,
    About,
    DocumentName,
    read_list,
    read_refusal,
    write_orders,
)
from tests.bank.banks import CLIENT, EURO, MAIN, OTHER_CLIENT, World, a_world, abroad, iban, payment

TEXT = "Invoice #1 *bold* $x$ \u010d. 7"


def told(world: World, client: int = CLIENT) -> list[About]:
    """Return what the bank told of documents by now."""
    return [one for message in world.received(19, client) for one in read_list(message)]


def ordered(world: World, *names: DocumentName, client: int = CLIENT) -> list[list[Message]]:
    """Order documents, and return the messages of each batch that answers."""
    payload = write_batch(Batch(world.identity(19, client), False, (), [write_orders(names)]))
    world.bank.take(world.sealed(payload))
    return [list(batch.messages) for batch in world.batches(client) if batch.identity.batch_type == 19]


def month() -> World:
    """Return a bank whose first month has ended."""
    world = a_world()
    world.send(1, payment(message=TEXT))
    world.send(11, abroad(message=TEXT))
    world.go("2026-04-01 08:00")
    return world


def text_of(message: Message) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(read_file(message).content)).pages)


@pytest.mark.spec("BNK-020", "BAS-058", "TRN-038")
def test_a_month_gives_statements_a_payment_abroad_an_advice_and_both_are_always_the_same() -> None:
    world, other = month(), month()
    made = told(world)
    assert [(one.name.kind, one.name.account, one.text) for one in made[:2]] == [
        ("ADV", MAIN, "100.00 EUR"), ("STM", EURO, "998.04 EUR"),
    ]  # fmt: skip
    assert len(made) == 4
    assert told(world, OTHER_CLIENT) == []
    advice, statement = made[0].name, next(one.name for one in made if one.name[:2] == ("STM", MAIN))
    ((paper, page),) = ordered(world, advice, statement)
    assert [read_file(one).name for one in (paper, page)] == [advice.file_name, statement.file_name]
    assert TEXT in text_of(paper)
    assert "Muster GmbH" in text_of(paper)
    words = text_of(page)
    assert all(part in words for part in (TEXT, "Opening balance", "0.00 CZK", "-100.00", "Account fee"))
    assert ordered(world, statement) == [[page]]
    assert [one.name for one in told(other)] == [one.name for one in made]
    assert ordered(other, statement, advice) == [[page, paper]]
    world.go("2026-05-04 08:00")
    (later,) = (one for one in told(world) if one.name.account == MAIN)
    assert (later.name.number, later.more) == ("2026000002", "from 2026-04-01 to 2026-04-30")
    ((page,),) = ordered(world, later.name)
    assert made[-1].text in text_of(page)  # closing balance of March, which April begins with


@pytest.mark.spec("TRN-038", "BAS-058")
def test_what_is_not_to_be_had_is_refused_and_what_is_too_large_comes_in_several_batches() -> None:
    world = a_world()
    mailed = iban(51)
    world.bank.open_account(Account(mailed, "CZK", "Mailed", CLIENT, documents="person"))
    with pytest.raises(BadArgument, match="documents come by"):
        world.bank.open_account(Account(iban(69), "CZK", "Wrong", CLIENT, documents="pigeon"))
    world.go("2026-04-01 08:00")
    made = told(world)
    assert [one.orderable for one in made] == [one.name.account != mailed for one in made]
    (by_mail,) = (one.name for one in made if not one.orderable)
    statements = [one.name for one in made if one.orderable]
    unknown = (
        statements[0]._replace(number="1"), statements[0]._replace(format="TXT"), statements[0]._replace(kind="ARF"),
    )  # fmt: skip
    (messages,) = ordered(world, by_mail, *unknown)
    assert [one.name for one in messages] == [REFUSAL_MESSAGE] * 4
    assert read_refusal(messages[0])[1] == "documents of this account are mailed or handed over in person"
    assert {read_refusal(one)[1] for one in messages[1:]} == {"there is no such document of yours"}
    ((message,),) = ordered(world, statements[0], client=OTHER_CLIENT)  # of somebody else's account
    assert message.name == REFUSAL_MESSAGE
    world.bank.parameters = replace(world.bank.parameters, document_batch_bytes=60_000)
    assert [[one.name for one in batch] for batch in ordered(world, *statements)] == [
        [FILE_MESSAGE] * 2, [FILE_MESSAGE],
    ]  # fmt: skip
    world.bank.open_account(Account(iban(77), "CZK", "Automatic", CLIENT, documents="automatic"))
    world.go("2026-05-04 08:00")
    (batch,) = (batch for batch in world.batches() if batch.identity.batch_type == 19)
    assert [one.name for one in batch.messages] == [LIST_MESSAGE, FILE_MESSAGE]
    assert read_file(batch.messages[1]).name == f"STM_{iban(77)}_20260430_2026000001.PDF"
    assert world.whole()
