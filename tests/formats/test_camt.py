"""camt.052, .053 and .054 as they are read: samples, the corpus, findings."""

from __future__ import annotations

import io
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from bankklient_lab.errors import FormatError, HintNeeded, NotRecognised
from bankklient_lab.formats import detect
from bankklient_lab.formats.base import SNIFF_BYTES, Hints
from bankklient_lab.formats.schema import SCHEMAS, Kind
from tests import corpus
from tests.formats.camt_messages import (
    ENTRY,
    FILES,
    SAMPLES,
    SPACE,
    codes,
    message,
    read,
    sample,
    shown,
    whole,
)

# The corpus where the reading differs from expected.csv, or is refused: what, and why a reader agrees.
REFUSED = {
    "hbci4java__test-camt-parse-invalid.xml": (FormatError, "holds no statement"),
    "hbci4java__test-camt-parse-none.xml": (FormatError, "holds no statement"),
    "genkgo__camt053.v2.wrong.xml": (FormatError, "holds no statement"),
    "bankstatementparser__invalid.xml": (NotRecognised, "no known format"),  # an empty Document
}
FLAGGED = {
    # Balances with 13 decimals: null and a finding instead of the inexact figures.
    "hbci4java__test-camt-parse-5200108-invalid-saldo.xml": ("too_many_decimals", ("opening", "closing")),
}


# Samples


def test_statement_and_its_balances() -> None:
    tables = read(sample("two_accounts.v8.xml"))
    first, second = tables.rows(Kind.STATEMENT)
    assert shown(first, "interim", "account", "bank", "currency", "account_name", "number", "page") == (
        False, "CZ6508000000192000145399", "GIBACZPX", "CZK", "Provozní účet", "10", 1,
    )  # fmt: skip
    assert shown(first, "reference", "created_at") == ("CZK-2026-010 MSG-20261031", "2026-10-31T22:10:00+01:00")
    assert shown(first, "first_day", "last_day") == (date(2026, 10, 1), date(2026, 10, 31))
    assert shown(first, "opening", "opening_day") == (Decimal(1000), date(2026, 9, 30))
    assert shown(first, "closing", "closing_day", "available") == (
        Decimal("-249.50"), date(2026, 10, 31), Decimal("750.50"),
    )  # fmt: skip
    assert shown(first, "declared_entries", "declared_credit", "declared_debit") == (4, Decimal("2000.50"), 3250)
    assert shown(second, "number", "account_name", "opening", "created_at") == (
        "10", "Firma", Decimal("5442.09"), "2026-10-31T22:15:00+01:00",
    )  # fmt: skip
    assert [shown(row, "statement_no", "balance_type", "amount") for row in tables.rows(Kind.BALANCE)] == [
        (1, "PRCD", Decimal(1000)),
        (1, "CLBD", Decimal("-249.50")),
        (1, "CLAV", Decimal("750.50")),
        (2, "OPBD", Decimal("5442.09")),
        (2, "CLBD", Decimal("5442.09")),
    ]
    assert codes(tables) == [("missing_side", "Bal OPBD of Stmt 2", None)]


def test_statement_keeps_what_no_column_holds() -> None:
    first, second = read(sample("two_accounts.v8.xml")).rows(Kind.STATEMENT)
    assert first["raw"].startswith("<GrpHdr>")
    assert "<LastPgInd>true</LastPgInd>" in first["raw"]
    assert "<Ntry" not in first["raw"]
    assert second["raw"].startswith("<Stmt>")
    assert shown(second, "place") == ("Stmt 2",)


def test_entry_with_one_transaction() -> None:
    entry = read(sample("two_accounts.v8.xml")).rows(Kind.ENTRY)[0]
    assert shown(entry, "statement_no", "entry_no", "place") == (1, 1, "Ntry 1 of Stmt 1")
    assert shown(entry, "booking_day", "value_day", "amount", "currency", "status", "reversal") == (
        date(2026, 10, 2), date(2026, 10, 3), Decimal("2000.50"), "CZK", "BOOK", False,
    )  # fmt: skip
    assert shown(entry, "counterparty_name", "counterparty_account", "counterparty_bank") == (
        "Žluťoučký kůň & syn", "SK3112000000198742637541", "TATRSKBX",
    )  # fmt: skip
    assert shown(entry, "variable_symbol", "specific_symbol", "constant_symbol") == ("12345678", None, "308")
    assert shown(entry, "end_to_end_id", "client_reference", "bank_reference") == (
        "/VS0012345678/SS/KS0308", "INSTR-1", "B-1",
    )  # fmt: skip
    assert shown(entry, "transaction_code", "remittance", "additional_info") == (
        "PMNT/RCDT/DMCT", "faktura 2026/17 RF18539007547034", "Příchozí úhrada",
    )  # fmt: skip
    assert shown(entry, "original_amount", "original_currency", "exchange_rate") == (
        Decimal("80.02"), "EUR", "25.00",
    )  # fmt: skip
    assert entry["detail_count"] == 1
    assert entry["raw"].startswith("<Ntry>")
    assert "kůň &amp; syn" in entry["raw"]


def test_batch_booking() -> None:
    tables = read(sample("two_accounts.v8.xml"))
    entry = tables.rows(Kind.ENTRY)[1]
    assert shown(entry, "amount", "detail_count", "client_reference", "charges", "transaction_code") == (
        -3000, 2, "MZDY-10", Decimal("7.50"), "PAYROLL",
    )  # fmt: skip
    assert entry["counterparty_name"] is None
    first, second = tables.rows(Kind.DETAIL)
    assert shown(first, "statement_no", "entry_no", "detail_no", "amount", "currency") == (1, 2, 1, -1800, "CZK")
    assert shown(first, "counterparty_account", "counterparty_bank", "variable_symbol", "remittance") == (
        "19-2000145399/0800", "0800", "1", None,
    )  # fmt: skip
    assert shown(second, "detail_no", "counterparty_name", "end_to_end_id") == (2, "Zaměstnanec B", None)


def test_reversal_has_the_sign_of_its_side_and_the_party_of_the_first_booking() -> None:
    entry = read(sample("two_accounts.v8.xml")).rows(Kind.ENTRY)[2]
    assert shown(entry, "amount", "reversal", "counterparty_name") == (-250, True, "Odběratel")
    assert shown(entry, "mandate_id", "creditor_id") == ("MANDATE-7", "CZ12ZZZ10001")


def test_report_with_prefix_and_another_encoding() -> None:
    data = sample("latin1_prefixed.v2.xml")
    tables = read(data)
    assert detect(data).version == "camt.052.001.02"
    assert shown(tables.rows(Kind.STATEMENT)[0], "interim", "opening", "closing", "number") == (True, None, None, None)
    entry = tables.rows(Kind.ENTRY)[0]
    assert shown(entry, "status", "counterparty_name", "amount") == ("PDNG", "Bäckerei Müller", Decimal("-12.3"))


def test_notification_without_namespace() -> None:
    data = sample("no_namespace.xml")
    tables = read(data)
    assert detect(data).version == "camt.054"
    assert shown(tables.rows(Kind.STATEMENT)[0], "interim", "account", "reference") == (True, "123456-7", "N")


# The corpus


if FILES:

    @pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
    def test_corpus_file_gives_the_expected_figures(path: Path) -> None:
        if path.name in REFUSED:
            error, reason = REFUSED[path.name]
            with pytest.raises(error, match=reason):
                detect(path.read_bytes()[:SNIFF_BYTES]).format.read(io.BytesIO(path.read_bytes()), Hints()).__next__()
            return
        tables = read(path.read_bytes())
        expected = corpus.expected_of(path)
        assert expected is not None, "a file outside expected.csv: say in REFUSED or FLAGGED what it gives"
        assert len(tables.rows(Kind.STATEMENT)) == len(expected)
        code, inexact = FLAGGED.get(path.name, ("", ()))
        assert not code or code in {row["code"] for row in tables.rows(Kind.FINDING)}
        for statement, figures in zip(tables.rows(Kind.STATEMENT), expected, strict=True):
            for name in ("opening", "closing"):
                assert statement[name] == (None if name in inexact else getattr(figures, name)), name
            entries = [e for e in tables.rows(Kind.ENTRY) if e["statement_no"] == statement["statement_no"]]
            booked = [e["amount"] for e in entries if e["status"] == "BOOK" and e["amount"] is not None]
            assert len(entries) == figures.entries
            assert sum(amount for amount in booked if amount > 0) == figures.sum_credit
            assert -sum(amount for amount in booked if amount < 0) == figures.sum_debit
            assert statement["currency"] == figures.currency
            assert [e["entry_no"] for e in entries] == list(range(1, len(entries) + 1))
        of_batches = [e for e in tables.rows(Kind.ENTRY) if e["detail_count"] > 1]
        assert len(tables.rows(Kind.DETAIL)) == sum(e["detail_count"] for e in of_batches)


@pytest.mark.parametrize("path", [*SAMPLES, *FILES], ids=lambda path: path.name)
def test_entries_cut_out_of_the_text_are_those_of_the_parser(path: Path) -> None:
    data = path.read_bytes()
    if path.name in REFUSED:
        return
    cut, parsed = read(data), read(whole(data))
    for kind in Kind:
        names = [name for name in SCHEMAS[kind].names if name != "raw"]
        assert cut.table(kind).select(names) == parsed.table(kind).select(names)


# Findings and refusals


def balance(text: str) -> str:
    return f"<Bal><Tp><CdOrPrtry><Cd>OPBD</Cd></CdOrPrtry></Tp>{text}<Dt><Dt>2026-10-05</Dt></Dt></Bal>"


PLACE = "Ntry 1 of Stmt 1"


@pytest.mark.parametrize("spaced", [False, True], ids=["cut", "parsed"])
@pytest.mark.parametrize(
    ("old", "new", "finding"),
    [
        ("5.10", "12..34", ("bad_amount", "Ntry 1 of statement 1", "12..34")),
        ("5.10", "-5.10", ("bad_amount", "Ntry 1 of statement 1", "-5.10")),
        ("5.10", "1e5", ("bad_amount", "Ntry 1 of statement 1", "1e5")),
        ("5.10", "1234567890123456", ("bad_amount", "Ntry 1 of statement 1", "1234567890123456")),
        ("5.10", "5.12345", ("too_many_decimals", "Ntry 1 of statement 1", "5.12345")),
        ('<Amt Ccy="EUR">5.10</Amt>', "", ("missing_field", PLACE, None)),
        ("CRDT", "CREDIT", ("missing_side", PLACE, "CREDIT")),
        ("<CdtDbtInd>CRDT</CdtDbtInd>", "", ("missing_side", PLACE, None)),
        ("BOOK", "DONE", ("unknown_code", PLACE, "DONE")),
        ("<Sts>BOOK</Sts>", "", ("missing_field", "Stmt 1", "in 1 entries, read as BOOK")),
        ("2026-10-05", "2026-02-30", ("bad_date", "Ntry 1 of statement 1", "2026-02-30")),
        ("2026-10-05", "5.10.2026", ("bad_date", "Ntry 1 of statement 1", "5.10.2026")),
    ],
)
def test_what_an_entry_says_wrong_is_a_finding(
    old: str, new: str, finding: tuple[str, str, str | None], spaced: bool
) -> None:
    data = message(ENTRY.replace(old, new))
    tables = read(whole(data) if spaced else data)
    assert codes(tables) == [finding]
    (entry,) = tables.rows(Kind.ENTRY)
    assert new in entry["raw"]
    if "amount" in finding[0] or "decimals" in finding[0]:
        assert entry["amount"] is None
    if "date" in finding[0]:
        assert entry["booking_day"] is None


@pytest.mark.parametrize(
    ("more", "finding"),
    [
        (balance('<Amt Ccy="EUR">1</Amt>'), ("missing_side", "Bal OPBD of Stmt 1", None)),
        (balance('<Amt Ccy="EUR">1.0001</Amt><CdtDbtInd>DBIT</CdtDbtInd>'),
         ("too_many_decimals", "Bal OPBD of Stmt 1", "1.0001")),
        (balance('<Amt Ccy="USD">1</Amt><CdtDbtInd>DBIT</CdtDbtInd>'), ("currency_differs", "Stmt 1", "USD")),
        (balance("<CdtDbtInd>DBIT</CdtDbtInd>"), ("missing_field", "Bal OPBD of Stmt 1", None)),
        ("<StmtPgntn><PgNb>one</PgNb></StmtPgntn>", ("unknown_code", "Stmt 1", "one")),
        ("<FrToDt><FrDtTm>soon</FrDtTm></FrToDt>", ("bad_date", "Stmt 1", "soon")),
    ],
)  # fmt: skip
def test_what_a_statement_says_wrong_is_a_finding(more: str, finding: tuple[str, str, str | None]) -> None:
    assert codes(read(message(more=more))) == [finding]


def test_a_version_that_is_not_known_is_read_with_a_finding() -> None:
    space = SPACE.replace("001.02", "001.99")
    tables = read(message(space=space))
    assert codes(tables) == [("unknown_code", "Document", space)]
    assert len(tables.rows(Kind.ENTRY)) == 1


def test_what_the_file_does_not_say_is_asked_for() -> None:
    silent = message(account="", entries="")
    with pytest.raises(HintNeeded, match="--account"):
        read(silent)
    with pytest.raises(HintNeeded, match="--currency"):
        read(silent, account="1")
    (statement,) = read(silent, account="1", currency="EUR", bank="0800").rows(Kind.STATEMENT)
    assert shown(statement, "account", "currency", "bank") == ("1", "EUR", "0800")
    (statement,) = read(message(), account="1", currency="USD").rows(Kind.STATEMENT)
    assert shown(statement, "account", "currency") == ("DE89370400440532013000", "EUR")


@pytest.mark.parametrize(
    ("text", "symbols"),
    [
        ("/VS123/SS456/KS0308", ("123", "456", "308")),
        ("/VS/0123/SS/456/KS/0308/", ("123", "456", "308")),
        ("VS:123 KS:0308", ("123", None, "308")),
        ("platba VS:0 SS:7", (None, "7", None)),
        ("KS 5, VS 12, balení 5 KS", (None, None, None)),
        ("/VS12345678901", (None, None, None)),
        ("NESS:12", (None, None, None)),
    ],
)
def test_czech_symbols(text: str, symbols: tuple[str | None, ...]) -> None:
    (entry,) = read(message(ENTRY.replace("text", text))).rows(Kind.ENTRY)
    assert shown(entry, "variable_symbol", "specific_symbol", "constant_symbol") == symbols
    assert entry["remittance"] == text


def test_a_full_line_of_remittance_goes_on_in_the_next() -> None:
    pieces = "</Ustrd><Ustrd>".join(("x" * 140, "y " * 10, "z"))
    (entry,) = read(message(ENTRY.replace("text", pieces))).rows(Kind.ENTRY)
    assert entry["remittance"] == "x" * 140 + "y " * 10 + "z"


def test_the_own_account_is_never_the_other_party() -> None:
    own = "<DbtrAcct><Id><IBAN>DE89370400440532013000</IBAN></Id></DbtrAcct>"
    parties = f"{own}<Cdtr><Nm>B</Nm></Cdtr></RltdPties>"
    (entry,) = read(message(ENTRY.replace("</RltdPties>", parties))).rows(Kind.ENTRY)
    assert entry["counterparty_name"] == "B"


def test_comments_and_cdata_are_no_way_to_hide_text() -> None:
    (entry,) = read(message(ENTRY.replace("text", "a<!-- <Ntry> -->b<![CDATA[<Ntry>c</Ntry>]]><?pi d?>e"))).rows(
        Kind.ENTRY
    )
    assert entry["remittance"] == "ab<Ntry>c</Ntry>e"


def test_entries_outside_of_the_statement_do_not_count() -> None:
    foreign = f"<SplmtryData><Envlp>{ENTRY}</Envlp></SplmtryData>"
    assert len(read(message(entries=ENTRY + foreign + ENTRY)).rows(Kind.ENTRY)) == 2
