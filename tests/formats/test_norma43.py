"""Norma 43 statements: records, concepts, totals, missing ends."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from bankklient_lab.errors import FormatError, HintNeeded
from tests.corpus import SAMPLES, corpus_files, expected_of, sample_files
from tests.formats.reading import differences, ids, read, recognised

FILES = [*sample_files("norma43"), *corpus_files("norma43")]
SAMPLE = (SAMPLES / "norma43" / "one_account.n43").read_bytes()
# csb43 reads it to its last line; the account has no record 33, so the file may have been cut.
REFUSED = {"norma43_parser__example2.n43": "before the end of an account, record 33"}
FINDINGS = {
    "norma43_parser__example1.n43": ["missing_field"],  # no record 88
    "oca__test.n43": ["bad_character", "declared_totals_differ", "missing_side"],
    "oca__testmulti.n43": ["missing_side", "missing_side"],  # the side of the final balance is 0
}


@pytest.mark.parametrize("path", FILES, ids=ids)
def test_corpus_file_gives_the_expected_figures_or_a_reason(path: Path) -> None:
    data = path.read_bytes()
    assert recognised(data).name == "norma43"
    if path.name in REFUSED:
        with pytest.raises(FormatError, match=REFUSED[path.name]):
            read("norma43", data)
        return
    found = read("norma43", data)
    assert sorted(found.findings) == FINDINGS.get(path.name, [])
    wanted = None if path.is_relative_to(SAMPLES) else expected_of(path)
    if wanted is not None:
        assert differences(found, wanted) == []
        return
    for statement in found.statements:  # expected.csv does not list it: the file's own totals must agree
        own = [row["amount"] for row in found.entries if row["statement_no"] == statement["statement_no"]]
        assert statement["opening"] + sum(own) == statement["closing"]
        assert statement["declared_credit"] - statement["declared_debit"] == sum(own)


def test_record_22_with_its_concepts_and_original_amount() -> None:
    transfer, card = read("norma43", SAMPLE).entries
    assert (transfer["amount"], transfer["currency"], transfer["transaction_code"]) == (
        Decimal("2500.5"),
        "EUR",
        "04/007",
    )
    assert (transfer["booking_day"], transfer["value_day"]) == (date(2026, 11, 3), date(2026, 11, 4))
    assert transfer["remittance"] == "FACTURA 2026-100 SEÑAL EJEMPLO DOS S.A."
    assert (transfer["bank_reference"], transfer["additional_info"]) == ("0000000017", "TRANSFERENCIA")
    assert (transfer["original_amount"], transfer["original_currency"]) == (Decimal("2700.54"), "USD")
    assert transfer["raw"].count("\n") == 2
    assert (card["amount"], card["remittance"], card["bank_reference"]) == (Decimal("-1200.1"), None, None)


def test_records_11_and_33() -> None:
    (statement,) = read("norma43", SAMPLE).statements
    assert (statement["account"], statement["bank"]) == ("004915001234567890", "0049")
    assert (statement["account_name"], statement["currency"]) == ("EJEMPLO S.L.", "EUR")
    assert (statement["opening"], statement["closing"]) == (10_000, Decimal("11300.4"))
    assert (statement["first_day"], statement["last_day"]) == (date(2026, 11, 1), date(2026, 11, 30))
    declared = [statement[name] for name in ("declared_entries", "declared_credit", "declared_debit")]
    assert declared == [2, Decimal("2500.5"), Decimal("1200.1")]


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (b"\r\n33", b"\r\n34", "no end, record 33"),
        (b"22    1500261103", b"11    1500261103", "no end, record 33"),
        (b"00000001000000978", b"0000000100000x978", "field amount"),
        (b"261130", b"261131", "field last_day"),
    ],
)
def test_damaged_file_is_refused_with_its_place(old: bytes, new: bytes, reason: str) -> None:
    assert old in SAMPLE
    with pytest.raises(FormatError, match=rf"line \d+.*{reason}"):
        read("norma43", SAMPLE.replace(old, new))


def test_a_file_that_is_cut_at_a_line_end_is_refused() -> None:
    lines = SAMPLE.splitlines(keepends=True)
    for end in range(1, len(lines) - 1):
        with pytest.raises(FormatError, match="record 33"):
            read("norma43", b"".join(lines[:end]))
    assert read("norma43", b"".join(lines[:-1])).findings == ["missing_field"]


def test_bad_values_and_another_account_are_findings() -> None:
    bad = SAMPLE.replace(b"261103261104", b"261131261104").replace(
        b"2" + b"00000000250050", b"7" + b"00000000250050", 1
    )
    assert read("norma43", bad).findings == ["bad_date", "bad_amount"]
    other = SAMPLE.replace(b"33004915001234567890", b"33004915001234567891")
    assert read("norma43", other).findings == ["account_differs"]
    count = SAMPLE.replace(b"99000006", b"99000009")
    assert read("norma43", count).findings == ["declared_totals_differ"]


def test_a_number_that_is_no_currency_asks_for_it() -> None:
    data = SAMPLE.replace(b"000000978", b"000000000")
    with pytest.raises(HintNeeded, match="--currency"):
        read("norma43", data)
