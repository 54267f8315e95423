"""Verification of payee: what the bank says of a name, kept with the order while it says the same, deciding nothing."""

from __future__ import annotations

from decimal import Decimal

import pytest

from bankklient_lab.bank import Account
from bankklient_lab.bank.faults import Fault
from bankklient_lab.errors import BadArgument, FormatError, LabError, NotAllowed, Refused, UnknownName
from bankklient_lab.exchange.channels import Link
from bankklient_lab.exchange.payees import payee_checks, verify_over, verify_payees
from bankklient_lab.formats.payee_answers import Payee, PayeeAnswer, read_answers, read_question, write_answers
from bankklient_lab.keys.register import bank_trust
from bankklient_lab.orders.creating import correct_order
from tests.balancing.labs import KEY, OWN_POINT
from tests.bank.banks import iban
from tests.exchange.inprocess import OverALine
from tests.exchange.labs import Pair
from tests.orders.labs import COLLECTION, FOREIGN, created, hands, status

HERE = "19-1000000005/0600"


@pytest.fixture
def paid(pair: Pair) -> Pair:
    """The pair, whose bank keeps an account of somebody."""
    number = pair.lab.rows("SELECT canonical_account($a, NULL)", {"a": HERE})[0][0]
    pair.bank.open_account(Account(number, "CZK", "Dvořák & syn, s.r.o.", opening=Decimal(0)))
    return pair


def to(pair: Pair, name: str, account: str = HERE, **values: object) -> int:
    """Create a payment to a name."""
    return created(pair.lab, counter_account=account, abbreviation=name, **values)


def ask(pair: Pair, *orders: int, faults: tuple[Fault | None, ...] = ()) -> dict[int, tuple[str, str | None]]:
    pair.faults[:] = faults
    link = Link(OverALine(pair.line, OWN_POINT), KEY, bank_trust(pair.lab))
    return {row["order_id"]: (row["answer"], row["bank_name"]) for row in verify_over(pair.lab, link, orders)}


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("Dvořák & syn, s.r.o.", ("MTCH", None)),
        ("SYN DVORAK, S R O", ("MTCH", None)),
        ("Dvorak syn sro", ("CMTC", "Dvořák & syn, s.r.o.")),
        ("Novák a dcera", ("NMTC", None)),
        ("", ("NOAP", None)),
    ],
)
def test_the_bank_says_how_a_name_fits_and_tells_its_own_only_when_it_is_close(
    paid: Pair, name: str, answer: tuple[str, str | None]
) -> None:
    order = to(paid, name)
    assert ask(paid, order) == {order: answer}


def test_nothing_is_asked_of_collections_and_elsewhere_it_is_not_possible(paid: Pair) -> None:
    elsewhere, abroad, collection = (
        to(paid, "Somebody", "2000145399/0800"),
        created(paid.lab, FOREIGN),
        created(paid.lab, COLLECTION),
    )
    assert ask(paid, elsewhere, abroad, collection) == {elsewhere: ("NOAP", None), abroad: ("NOAP", None)}


def test_the_answer_is_kept_until_the_order_says_otherwise_and_blocks_nothing(paid: Pair) -> None:
    order = created(hands(paid.lab, "CR", {56, 121}), counter_account=HERE, abbreviation="Novák a dcera")
    lab = hands(paid.lab, "AA")
    paid.lab = lab
    ask(paid, order)
    (row,) = payee_checks.rows(lab)
    assert (row["name"], row["answer"], row["asked_by"], row["asked_at"]) == (
        "Novák a dcera",
        "NMTC",
        "AA",
        paid.clock(),
    )
    assert paid.logged("verify_payees") == ["payees"]
    correct_order(lab, order, {"abbreviation": "Dvořák & syn, s.r.o."}, version=1)
    assert payee_checks.rows(lab) == []
    assert ask(paid, order) == {order: ("MTCH", None)}


def test_an_order_that_does_not_match_can_be_confirmed(paid: Pair) -> None:
    order = to(paid, "Novák a dcera")
    ask(paid, order)
    paid.balance()
    paid.transmit()
    assert status(paid.lab, order) == "OK"


@pytest.mark.parametrize("fault", [Fault.LOST, Fault.TAMPERED, Fault.TRUNCATED])
def test_an_answer_that_does_not_come_or_that_the_bank_did_not_sign_is_not_kept(paid: Pair, fault: Fault) -> None:
    order = to(paid, "Novák a dcera")
    with pytest.raises(LabError):
        ask(paid, order, faults=(fault,))
    assert payee_checks.rows(paid.lab) == []


def test_who_may_not_confirm_may_not_ask_and_what_nobody_sees_is_not_asked_about(paid: Pair) -> None:
    order = to(paid, "Novák a dcera")
    for orders in ([], [order] * 101):
        with pytest.raises(BadArgument):
            ask(paid, *orders)
    with pytest.raises(UnknownName):
        ask(paid, 1)
    with pytest.raises(Refused, match="reached"):
        verify_payees(paid.lab, [order])  # over the channel of the lab, which has none
    with pytest.raises(NotAllowed):
        verify_payees(hands(paid.lab, "BB", {26, 56}), [order])


@pytest.mark.spec("ADM-241")
def test_an_answer_for_who_lost_the_right_meanwhile_is_not_kept(paid: Pair) -> None:
    order = to(paid, "Novák a dcera")
    paid.lab = hands(paid.lab, "BB", {56, 121})  # after the call was admitted
    with pytest.raises(NotAllowed):
        ask(paid, order)
    assert payee_checks.rows(paid.lab) == []


@pytest.mark.parametrize(
    "content",
    [
        b"", b"[]", b'{"version": 2, "payees": []}', b'{"version": 1, "payees": []}',
        b'{"version": 1, "payees": [{"account": 1, "name": ""}]}', b'{"version": 1, "payees": [{"account": "x"}]}',
        rb'{"version": 1, "payees": [{"account": "x", "name": "\ud800"}]}', b"[" * 100_000,
    ],
)  # fmt: skip
def test_what_is_no_question_is_refused(paid: Pair, content: bytes) -> None:
    with pytest.raises(FormatError):
        read_question(content)
    with pytest.raises(FormatError):
        paid.bank.verify_payees(content)


def test_an_answer_is_to_what_was_asked_and_names_nobody_without_need() -> None:
    one, other = Payee(iban(19), "A"), Payee(iban(27), "A")
    right = PayeeAnswer(one, "CMTC", "B")
    assert read_answers(write_answers([right]), [one]) == [right]
    for wrong, asked in (
        (right, other), (PayeeAnswer(one, "MTCH", "B"), one), (PayeeAnswer(one, "CMTC", ""), one),
        (PayeeAnswer(one, "WHAT", ""), one),
    ):  # fmt: skip
        with pytest.raises(FormatError):
            read_answers(write_answers([wrong]), [asked])
