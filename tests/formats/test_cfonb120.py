"""CFONB 120 statements: overpunched amounts, further information, pairs of balances."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from bankklient_lab.errors import FormatError, HintNeeded
from bankklient_lab.formats.cfonb120 import BALANCE
from tests.corpus import SAMPLES, corpus_files, expected_of, sample_files
from tests.formats.reading import differences, ids, read, recognised

FILES = [*sample_files("cfonb"), *corpus_files("cfonb")]
SAMPLE = (SAMPLES / "cfonb" / "two_days.cfonb").read_bytes()
REFUSED = {"cfonb-parser__cfonb.240-complex-test.txt": "CFONB 240, which carries payment orders"}


@pytest.mark.parametrize("path", FILES, ids=ids)
def test_corpus_file_gives_the_expected_figures_or_a_reason(path: Path) -> None:
    data = path.read_bytes()
    assert recognised(data).name == "cfonb120"
    if path.name in REFUSED:
        with pytest.raises(FormatError, match=REFUSED[path.name]):
            read("cfonb120", data)
        return
    found = read("cfonb120", data)
    assert found.findings == []
    wanted = None if path.is_relative_to(SAMPLES) else expected_of(path)
    if wanted is not None:
        assert differences(found, wanted) == []


def test_movement_and_what_records_05_add() -> None:
    transfer, debit = read("cfonb120", SAMPLE).entries
    assert (transfer["amount"], transfer["currency"], transfer["transaction_code"]) == (Decimal("2500.5"), "EUR", "18")
    assert (transfer["remittance"], transfer["counterparty_name"]) == ("Facture 2026-100 payée", "Exemple SA")
    assert (transfer["end_to_end_id"], transfer["client_reference"]) == ("E2E-100", "REF-18")
    assert (transfer["original_amount"], transfer["original_currency"]) == (Decimal("2700.54"), "USD")
    assert transfer["raw"].count("\n") == 4
    assert (debit["amount"], debit["value_day"]) == (Decimal("-1200.1"), date(2026, 11, 3))
    assert (debit["mandate_id"], debit["creditor_id"]) == ("MANDAT-7", "FR12ZZZ123456")


def test_statement_of_each_pair_of_balances() -> None:
    first, second = read("cfonb120", SAMPLE).statements
    assert (first["account"], first["bank"]) == ("300040082100010123456", "30004")
    assert (first["opening"], first["closing"]) == (10_000, Decimal("11300.4"))
    assert (first["first_day"], first["last_day"]) == (date(2026, 11, 1), date(2026, 11, 2))
    assert second["opening"] == first["closing"]


@pytest.mark.parametrize("units", [0, 1, 9, 10, 12_345, -1, -9, -10, -12_340])
def test_the_table_writes_what_it_reads(units: int) -> None:
    line = BALANCE.write({"type": "01", "amount": units, "day": date(2026, 11, 2)}, "line 1")
    said = BALANCE.read(line, "line 1")
    assert (len(line), said["amount"], said["day"]) == (120, units, date(2026, 11, 2))


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (b"\r\n07", b"\r\n08", "before has no new balance"),
        (b"EUR2 ", b"EUR5 ", "decimals"),
        (b"0000000100000{", b"00000001000000", "field amount"),
        (b"{                \r\n0430004", b"{                \r\n0730004", "no old balance"),
    ],
)
def test_damaged_file_is_refused_with_its_place(old: bytes, new: bytes, reason: str) -> None:
    assert old in SAMPLE
    with pytest.raises(FormatError, match=rf"line \d+.*{reason}"):
        read("cfonb120", SAMPLE.replace(old, new))


def test_every_cut_at_a_line_end_is_refused_or_whole() -> None:
    lines = SAMPLE.splitlines(keepends=True)
    for end in range(1, len(lines)):
        data = b"".join(lines[:end])
        if lines[end - 1].startswith(b"07"):
            assert len(read("cfonb120", data).statements) == 1
        else:
            with pytest.raises(FormatError, match="before the new balance"):
                read("cfonb120", data)


def test_bad_values_of_a_movement_are_findings() -> None:
    data = SAMPLE.replace(b"021126021126"[:6] + b"  021126VIREMENT", b"310226  021126VIREMENT")
    found = read("cfonb120", data.replace(b"0000000025005{", b"000000002500?0"))
    assert found.findings == ["bad_date", "bad_amount"]
    assert (found.entries[0]["booking_day"], found.entries[0]["amount"]) == (None, None)


def test_an_old_balance_without_currency_asks_for_it() -> None:
    data = SAMPLE.replace(b"EUR2", b"   2")
    with pytest.raises(HintNeeded, match="--currency"):
        read("cfonb120", data)
    assert read("cfonb120", data, currency="EUR").entries[0]["currency"] == "EUR"
