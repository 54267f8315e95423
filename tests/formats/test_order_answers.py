"""Answers on orders: written messages come back and are valid by their schemas; what can't be told is refused."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from bankklient_lab.errors import BadArgument, FormatError
from bankklient_lab.formats.batches import Message
from bankklient_lab.formats.order_answers import (
    RESOLUTIONS,
    STATUSES,
    OrderAnswer,
    RevocationAnswer,
    read_cancellation,
    read_resolution,
    read_status,
    write_cancellation,
    write_resolution,
    write_status,
)
from tests.corpus import corpus_files

AT = datetime(2026, 3, 3, 9, 0, tzinfo=UTC)
ANSWERS = [
    OrderAnswer(2026030300000001, "OK", bank_reference="17"),
    OrderAnswer(2, "ER", 205, "the account <of> nobody & more " * 9 + "end", "18"),
    OrderAnswer(3, "PR", held=Decimal("110.200"), held_currency="EUR"),
    OrderAnswer(4, "PR", held=Decimal("1000.125"), held_currency="KWD"),
    OrderAnswer(5, "IS", text="waits"),
    OrderAnswer(6, "RV"),
]


def test_answers_come_back() -> None:
    found = read_status(write_status("1/20260007", ANSWERS, "M1", AT))
    assert (found.original, found.answers) == ("1/20260007", ANSWERS)
    assert read_status(write_status("1/20260007", [], "M1", AT)).answers == []


@given(
    st.lists(
        st.builds(
            OrderAnswer,
            st.integers(1, 10**18 - 1),
            st.sampled_from(sorted(set(STATUSES) - {"ER"})),
            text=st.none()
            | st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=1, max_size=300),
            reason=st.none(),
            held=st.none(),
            held_currency=st.none(),
            bank_reference=st.none() | st.text("0123456789", min_size=1, max_size=35),
        ),
        max_size=5,
    )
)
def test_any_answer_comes_back(answers: list[OrderAnswer]) -> None:
    assert read_status(write_status("1/20260007", answers, "M1", AT)).answers == answers


def test_revocations_and_their_results_come_back() -> None:
    assert read_cancellation(write_cancellation([3, 1, 2], "R1", AT)) == [3, 1, 2]
    results = [RevocationAnswer(n, result, None if n % 2 else "why") for n, result in enumerate(RESOLUTIONS, 1)]
    assert read_resolution(write_resolution("13/20260001", results, "R1", AT)) == results


def test_messages_are_valid_by_the_schemas_of_the_standard() -> None:
    """Of those schemas that the corpus has."""
    made = {
        "pain.002.001.10.xsd": write_status("1/20260007", ANSWERS, "M1", AT),
        "camt.055.001.08.xsd": write_cancellation([1, 2], "R1", AT),
        "camt.029.001.09.xsd": write_resolution("13/20260001", [RevocationAnswer(1, 6)], "R1", AT),
    }
    for path in corpus_files("xsd"):
        if path.name in made:
            etree.XMLSchema(etree.parse(str(path))).assertValid(etree.fromstring(made[path.name].content))


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        (b"<TxSts>ACSC", b"<TxSts>XXXX", "TxInfAndSts 1, field TxSts"),
        (b"<OrgnlInstrId>2<", b"<OrgnlInstrId>0<", "TxInfAndSts 2, field OrgnlInstrId"),
        (b"<Prtry>205", b"<Prtry>20", "a number of three digits"),
        (b"<Rsn><Prtry>205</Prtry></Rsn>", b"", "TxInfAndSts 2.*a rejected order has a reason"),
        (b"EUR 110.20", b"EUR -1", "a hold is a currency and an amount"),
        (b"<OrgnlNbOfTxs>6", b"<OrgnlNbOfTxs>7", "another number of orders than its 6"),
        (b"</Document>", b"", "no well-formed XML"),
        (b"<CstmrPmtStsRpt>", b"<!DOCTYPE x><CstmrPmtStsRpt>", "DOCTYPE"),
    ],
)
def test_an_answer_that_cannot_be_told_is_refused(old: bytes, new: bytes, says: str) -> None:
    message = write_status("1/20260007", ANSWERS, "M1", AT)
    assert old in message.content
    with pytest.raises(FormatError, match=says):
        read_status(message._replace(content=message.content.replace(old, new, 1)))


def test_another_message_is_refused() -> None:
    with pytest.raises(FormatError, match=r"a pain.002.001.10 is needed"):
        read_status(Message("camt.053.001.08", b""))
    wrong = write_resolution("13/20260001", [RevocationAnswer(1, 6)], "R1", AT)
    with pytest.raises(FormatError, match="no known result"):
        read_resolution(wrong._replace(content=wrong.content.replace(b"ARDT", b"XXXX")))
    wrong = write_cancellation([1], "R1", AT)
    with pytest.raises(FormatError, match="another number of orders"):
        read_cancellation(wrong._replace(content=wrong.content.replace(b"<NbOfTxs>1", b"<NbOfTxs>2")))


def test_a_rejected_order_has_a_reason() -> None:
    for answer in (OrderAnswer(1, "ER"), OrderAnswer(1, "OK", 205)):
        with pytest.raises(BadArgument, match="a rejected order has a reason"):
            write_status("1/20260007", [answer], "M1", AT)
