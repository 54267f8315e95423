"""BAI2 reports: continuations, funds types, balances, control totals, several groups."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from bankklient_lab.errors import FormatError, HintNeeded, NotRecognised
from bankklient_lab.formats import blocks
from bankklient_lab.formats.schema import Kind
from tests.corpus import SAMPLES, corpus_files, expected_of, sample_files
from tests.formats.reading import differences, ids, read, recognised

FILES = [*sample_files("bai2"), *corpus_files("bai2")]
SAMPLE = (SAMPLES / "bai2" / "two_groups.bai").read_bytes()
HEAD = b"01,122099999,123456789,261102,0700,1,80,10,2/\n02,123456789,122099999,1,261101,2359,USD,2/\n"

REFUSED = {"moov__sample-parseError.txt": "no known format"}  # the file header's code is 00
# Trailers that differ from what was counted; both banks' files are cut and pasted fixtures.
FINDINGS = {
    "two_groups.bai": ["missing_balance"],
    "moov__sample1.txt": ["missing_balance"],
    "moov__sample2.txt": [],
    "moov__sample3.txt": ["unknown_record"],  # a text that goes on in a line without record code
    "moov__sample4-continuations-newline-delimited.txt": ["declared_totals_differ", "missing_balance"],
    "moov__sample5-issue113.txt": ["declared_totals_differ", "missing_balance", "unknown_record"],
}


@pytest.mark.parametrize("path", FILES, ids=ids)
def test_corpus_file_gives_the_expected_figures_or_a_reason(path: Path) -> None:
    data = path.read_bytes()
    if path.name in REFUSED:
        with pytest.raises(NotRecognised, match=REFUSED[path.name]):
            recognised(data)
        return
    assert recognised(data).name == "bai2"
    found = read("bai2", data)
    assert sorted(set(found.findings)) == FINDINGS[path.name]
    wanted = None if path.is_relative_to(SAMPLES) else expected_of(path)
    if wanted is not None:
        assert differences(found, wanted) == []


def test_transactions_of_every_funds_type() -> None:
    wire, ach, check, refund = read("bai2", SAMPLE).entries
    assert (wire["amount"], wire["value_day"], wire["booking_day"]) == (2000, date(2026, 11, 2), date(2026, 11, 1))
    assert (wire["bank_reference"], wire["client_reference"], wire["transaction_code"]) == ("WIRE1", "CUST1", "195")
    assert wire["additional_info"] == "INCOMING WIRE FROM EXAMPLE INC INVOICE 2026/100"
    assert wire["raw"].count("\n") == 1
    assert (ach["amount"], ach["bank_reference"], ach["client_reference"]) == (1000, "ACH1", None)
    assert (check["amount"], check["additional_info"], check["value_day"]) == (-500, "CHECK PAID", None)
    assert (refund["amount"], refund["currency"], refund["bank_reference"]) == (2500, "JPY", "REFD")


def test_balances_and_declared_totals() -> None:
    found = read("bai2", SAMPLE)
    first, yen, summary = found.statements
    assert (first["opening"], first["closing"], first["available"]) == (10_000, 12_500, 12_000)
    assert (first["declared_credit"], first["declared_debit"], first["declared_entries"]) == (3000, 500, 3)
    assert (yen["opening"], yen["closing"]) == (5000, 7500)  # the yen has no decimals
    assert (summary["declared_credit"], summary["interim"], first["interim"]) == (None, True, False)
    kinds = [(row["statement_no"], row["balance_type"]) for row in found.rows(Kind.BALANCE)]
    assert kinds == [(1, "OPBD"), (1, "CLBD"), (1, "CLAV"), (2, "OPBD"), (2, "CLBD"), (3, "OPAV"), (3, "CLAV")]


def test_blocks_do_not_change_what_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = read("bai2", SAMPLE)
    for size in (90, 200, 333):
        monkeypatch.setattr(blocks, "BLOCK_BYTES", size)
        found = read("bai2", SAMPLE)
        assert found.entries == whole.entries
        assert found.statements == whole.statements
        assert found.findings == whole.findings


def test_a_missing_slash_and_several_records_in_a_line() -> None:
    whole = read("bai2", SAMPLE)
    bare = b"\n".join(line.removesuffix(b"/") if line.startswith(b"16") else line for line in SAMPLE.splitlines())
    joined = SAMPLE.replace(b"/\n02,", b"/  02,").replace(b"/\n98,", b"/ 98,")
    for data in (bare, joined, SAMPLE.replace(b"\n", b"\r\n"), SAMPLE.replace(b"/\n", b"/   \n")):
        found = read("bai2", data)
        assert [row["amount"] for row in found.entries] == [row["amount"] for row in whole.entries]
        assert [row["additional_info"] for row in found.entries] == [row["additional_info"] for row in whole.entries]
        assert found.findings == whole.findings


def test_fields_go_on_in_a_continuation() -> None:
    account = b"03,1,,010,100,,/\n88,015,300,,/\n16,195,200,V/\n88,261102,,REF,CUST,TEXT/\n49,600,5/\n"
    data = HEAD + account + b"98,600,1,7/\n99,600,1,9/\n"
    found = read("bai2", data)
    (entry,) = found.entries
    assert (entry["value_day"], entry["bank_reference"], entry["additional_info"]) == (date(2026, 11, 2), "REF", "TEXT")
    assert (found.statements[0]["closing"], found.findings) == (3, [])


def test_the_currency_is_the_group_s_the_hint_s_or_the_dollar() -> None:
    silent = SAMPLE.replace(b"2359,USD,2", b"2359,,2")
    assert read("bai2", SAMPLE.replace(b",USD,010", b",,010"), currency="EUR").statements[0]["currency"] == "USD"
    without = silent.replace(b"0000123456,USD", b"0000123456,").replace(b"0000123456,,010", b"0000123456,,010")
    assert read("bai2", without, currency="EUR").statements[0]["currency"] == "EUR"
    assert read("bai2", without).statements[0]["currency"] == "USD"


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        (b"49,4150000,7/", b"49,4150001,7/", "control total"),
        (b"49,4150000,7/", b"49,4150000,8/", "number of records"),
        (b"98,4165000,2,12/", b"98,4165000,3,12/", "number of accounts"),
        (b"99,4225000,2,18/", b"99,4225000,3,18/", "number of groups"),
        (b"16,475,50000,Z,CHK77,,CHECK PAID/\n", b"", "control total"),
    ],
)
def test_trailers_that_do_not_agree_are_findings(old: bytes, new: bytes, field: str) -> None:
    assert old in SAMPLE
    rows = read("bai2", SAMPLE.replace(old, new)).rows(Kind.FINDING)
    assert ("declared_totals_differ", field) in [(row["code"], row["field"]) for row in rows]


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (b"99,4225000,2,18/\n", b"", "before its trailer record 99"),
        (b"98,60000,1,4/\n", b"", "before the trailer 98"),
        (b"49,60000,2/\n", b"", "before the trailer 49"),
        (b"03,0000123456", b"16,195,1,Z,,,", "outside of an account"),
        (b"1,80,10,2/", b"1,80,10,3/", "version"),
        (b"122099999,1,261101,2359,CAD", b"122099999,2,261101,2359,CAD", "deletes"),
        (b"122099999,1,261101,2359,CAD", b"122099999,4,261101,2359,CAD", "test"),
        (b"1,261101,2359,CAD", b"1,261301,2359,CAD", "as-of date"),
        (b"0000777777,JPY", b"0000777777,J", "currency"),
    ],
)
def test_damaged_file_is_refused_with_its_place(old: bytes, new: bytes, reason: str) -> None:
    assert old in SAMPLE
    with pytest.raises(FormatError, match=rf"record \d+.*{reason}"):
        read("bai2", SAMPLE.replace(old, new))


def test_an_account_without_number_asks_for_it() -> None:
    data = SAMPLE.replace(b"03,0000888888", b"03,")
    with pytest.raises(HintNeeded, match="--account"):
        read("bai2", data)
    assert read("bai2", data, account="7").statements[2]["account"] == "7"


def test_unknown_type_codes_and_amounts_are_kept_as_findings() -> None:
    data = SAMPLE.replace(b"16,165,100000", b"16,890,1000x0")
    found = read("bai2", data)
    assert {"bad_amount", "unknown_code"} <= set(found.findings)
    assert (found.entries[1]["amount"], found.entries[1]["raw"][:6]) == (None, "16,890")
    assert found.entries[0]["amount"] == Decimal(2000)
