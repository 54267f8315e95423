"""The codes that the program decides by are those of the codebooks."""

from __future__ import annotations

from enum import IntEnum

import pytest

from bankklient_lab.codebooks import names, rows
from bankklient_lab.codebooks.codes import (
    BatchType,
    ForeignRejection,
    Received,
    Rejection,
    Revocation,
    Sent,
)


def _words(member: IntEnum) -> str:
    return member.name.lower().replace("_", " ")


def _told(codes: type[IntEnum]) -> dict[int, str]:
    return {int(member): _words(member) for member in codes}


@pytest.mark.parametrize(("codes", "direction"), [(Sent, "send"), (Received, "receive")])
def test_statuses_of_batches_are_those_of_the_codebook(codes: type[IntEnum], direction: str) -> None:
    book = {int(row["code"]): row["name"] for row in rows("transmission_statuses") if row["direction"] == direction}
    assert _told(codes) == book


def test_statuses_of_revocations_are_those_of_the_codebook() -> None:
    assert _told(Revocation) == {int(row["code"]): row["name"] for row in rows("revocation_statuses")}


def test_reasons_of_rejection_are_those_of_the_codebook() -> None:
    book = {int(row["code"]): row["meaning"].lower() for row in rows("bank_rejections")}
    named = [*Rejection, *ForeignRejection]
    assert [int(one) for one in named] == list(book)
    assert [one for one in named if _words(one) not in book[one]] == []


def test_types_of_batches_are_of_the_codebook() -> None:
    book = names("batch_types")
    assert [one for one in BatchType if _words(one) not in book[str(int(one))]] == []
