"""CODA statements: globalised movements, communications, balances, trailers."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from bankklient_lab.errors import FormatError
from bankklient_lab.formats.schema import Kind
from tests.corpus import SAMPLES, corpus_files, expected_of, sample_files
from tests.formats.reading import Read, Row, differences, ids, read, recognised

FILES = [*sample_files("coda"), *corpus_files("coda")]
SAMPLE = (SAMPLES / "coda" / "globalised.cod").read_bytes()


class Movements(Read):
    """What pycoda counts: the details of a globalised movement beside the movement itself.

    expected.csv was read that way; its files with globalised movements therefore don't add up there.
    """

    @property
    def entries(self) -> list[Row]:
        """Return entries and details as movements."""
        return [*super().entries, *({**row, "status": "BOOK"} for row in self.rows(Kind.DETAIL))]


@pytest.mark.parametrize("path", FILES, ids=ids)
def test_corpus_file_gives_the_expected_figures_or_a_reason(path: Path) -> None:
    data = path.read_bytes()
    assert recognised(data).name == "coda"
    found = read("coda", data)
    assert set(found.findings) <= {"declared_totals_differ"}  # anonymised: lines were taken out
    wanted = None if path.is_relative_to(SAMPLES) else expected_of(path)
    if wanted is not None:
        assert differences(Movements(found.parts), wanted) == []
    for entry in found.entries:
        own = [row["amount"] for row in found.rows(Kind.DETAIL) if row["entry_no"] == entry["entry_no"]]
        assert len(own) == entry["detail_count"]
        assert not own or sum(own) == entry["amount"]


def test_details_of_a_globalised_movement_are_no_entries() -> None:
    found = read("coda", SAMPLE)
    assert [row["amount"] for row in found.entries] == [Decimal("250.5"), -100, -20]
    details = [(row["entry_no"], row["detail_no"], row["amount"], row["remittance"]) for row in found.rows(Kind.DETAIL)]
    assert details == [(2, 1, -60, "SALAIRE A"), (2, 2, -40, "SALAIRE B")]
    (statement,) = found.statements
    assert statement["opening"] + sum(row["amount"] for row in found.entries) == statement["closing"]
    assert found.findings == []


def test_communications_and_counterparty() -> None:
    transfer, salaries, debit = read("coda", SAMPLE).entries
    assert transfer["remittance"] == "+++000/0035/05158+++"
    assert (transfer["counterparty_name"], transfer["counterparty_account"]) == ("Client numéro un", "BE22313215646432")
    assert (transfer["counterparty_bank"], transfer["client_reference"]) == ("KREDBEBB", "E2E-1")
    assert (transfer["bank_reference"], transfer["transaction_code"]) == ("BANKREF0000000000001", "00150000")
    assert transfer["raw"].count("\n") == 3
    assert (salaries["remittance"], salaries["detail_count"]) == ("SALAIRES", 2)
    assert (debit["creditor_id"], debit["mandate_id"]) == ("BE12ZZZ0123456789", "MANDAT-7")
    assert debit["remittance"] == "Electricité novembre"


def test_records_0_1_8_and_9() -> None:
    (statement,) = read("coda", SAMPLE).statements
    assert (statement["account"], statement["bank"], statement["currency"]) == ("BE68539007547034", "TRIOBEBB", "EUR")
    assert (statement["number"], statement["account_name"]) == ("211", "EXEMPLE SA")
    assert (statement["opening"], statement["opening_day"]) == (1_000_000, date(2026, 10, 30))
    assert (statement["closing"], statement["closing_day"]) == (Decimal("1000130.5"), date(2026, 11, 2))
    assert (statement["declared_credit"], statement["declared_debit"]) == (Decimal("250.5"), 120)
    assert "MESSAGE LIBRE" in statement["raw"]


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (b"\r\n8211", b"\r\n7211", "no new balance"),
        (b"\r\n12211", b"\r\n72211", "no old balance"),
        (b"\r\n12211", b"\r\n17211", "structure"),
        (b"\r\n9 ", b"\r\n7 ", "before the trailer"),
        (b"0000001000000000301026", b"000000100000000x301026", "field amount"),
    ],
)
def test_damaged_file_is_refused_with_its_place(old: bytes, new: bytes, reason: str) -> None:
    assert old in SAMPLE
    with pytest.raises(FormatError, match=rf"line \d+.*{reason}"):
        read("coda", SAMPLE.replace(old, new))


def test_a_file_that_is_cut_at_a_line_end_is_refused() -> None:
    lines = SAMPLE.splitlines(keepends=True)
    for end in range(1, len(lines)):
        with pytest.raises(FormatError, match="record 9"):
            read("coda", b"".join(lines[:end]))


def test_two_statements_in_one_file() -> None:
    found = read("coda", SAMPLE + SAMPLE)
    assert [row["statement_no"] for row in found.statements] == [1, 2]
    assert [row["statement_no"] for row in found.entries] == [1, 1, 1, 2, 2, 2]


def test_a_detail_without_its_movement_is_an_entry_with_a_finding() -> None:
    lines = [line for line in SAMPLE.splitlines(keepends=True) if not line.startswith(b"2100020000")]
    found = read("coda", b"".join(lines))
    assert found.findings[0] == "out_of_order"
    assert [row["amount"] for row in found.entries] == [Decimal("250.5"), -60, -40, -20]
