"""Verification of payee: does an account belong to whom the orderer names? Asked and answered as JSON, version 1.

The answers have the codes of the EPC's scheme: MTCH (match), CMTC (close match, with the name that the bank has), NMTC
(no match), NOAP (not possible). The bank signs its answer, which repeats what it was asked.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, NamedTuple

from bankklient_lab.errors import FormatError
from bankklient_lab.formats.json_texts import read_json

VERSION = 1
PAYEES_MAX = 100  # of one question
NAME_CHARS_MAX = 140
MATCH, CLOSE, NO_MATCH, NOT_POSSIBLE = ANSWERS = ("MTCH", "CMTC", "NMTC", "NOAP")


class Payee(NamedTuple):
    """Whom an order pays: `account` is an IBAN."""

    account: str
    name: str


class PayeeAnswer(NamedTuple):
    """What the bank says of a payee; `bank_name` is empty unless the match is close."""

    payee: Payee
    answer: str
    bank_name: str


def write_question(payees: Sequence[Payee]) -> bytes:
    """Return a question."""
    return _written([payee._asdict() for payee in payees])


def read_question(content: bytes) -> list[Payee]:
    """Return whom a question is about; FormatError for what is none."""
    return [_payee(one) for one in _read(content)]


def write_answers(answers: Sequence[PayeeAnswer]) -> bytes:
    """Return what is answered, to be signed."""
    return _written([
        one.payee._asdict() | {"answer": one.answer, "bank_name": one.bank_name} for one in answers
    ])  # fmt: skip


def read_answers(content: bytes, asked: Sequence[Payee]) -> list[PayeeAnswer]:
    """Return what is answered to a question; FormatError for what is no answer to just that one."""
    found = _read(content)
    answers = [PayeeAnswer(_payee(one), _text(one, "answer"), _text(one, "bank_name")) for one in found]
    if [one.payee for one in answers] != list(asked):
        raise FormatError("the bank's answer is about other payees than were asked for")
    for one in answers:
        if one.answer not in ANSWERS or bool(one.bank_name) != (one.answer == CLOSE):
            raise FormatError(
                f"an answer is {', '.join(ANSWERS)}, and names the holder when it is close", text=one.answer
            )
    return answers


def _written(payees: list[dict[str, str]]) -> bytes:
    return json.dumps({"version": VERSION, "payees": payees}, ensure_ascii=False, sort_keys=True).encode()


def _read(content: bytes) -> list[Any]:
    try:
        said = read_json(content)
        payees = said["payees"]
        right = said["version"] == VERSION and isinstance(payees, list) and 1 <= len(payees) <= PAYEES_MAX
    except (ValueError, KeyError, TypeError):
        right = False
    if not right:
        raise FormatError(f"this is no list of 1 to {PAYEES_MAX} payees of version {VERSION}")
    return list(payees)


def _payee(said: Any) -> Payee:
    return Payee(_text(said, "account"), _text(said, "name"))


def _text(said: Any, name: str) -> str:
    value = said.get(name) if isinstance(said, dict) else None
    if not isinstance(value, str) or len(value) > NAME_CHARS_MAX:
        raise FormatError(f"it is a text of at most {NAME_CHARS_MAX} characters", field=name)
    return value
