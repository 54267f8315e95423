"""OFX and QFX, SGML and XML."""

from __future__ import annotations

import contextlib
import re
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from bankklient_lab.errors import FormatError, HintNeeded, LimitExceeded
from bankklient_lab.formats.base import LIMITS
from bankklient_lab.formats.schema import Kind
from tests.corpus import SAMPLES, corpus_files, expected_of, sample_files
from tests.formats.reading import differences, ids, read, recognised

FILES = [*sample_files("ofx"), *corpus_files("ofx")]
SGML = (SAMPLES / "ofx" / "sgml_current_account.ofx").read_bytes()
XML = (SAMPLES / "ofx" / "xml_two_accounts.ofx").read_bytes()

# Files whose figures differ from expected.csv: what differs, and why.
DIFFERENT = {
    "ofxparse__fidelity-savings.ofx": ("sum_credit", "115.8331 has more decimals than the money of any currency"),
}
# Files that are refused, with what the reason says.
REFUSED = {
    "ofxparse__account_listing_aggregation.ofx": "no statement",
    "ofxparse__bank_small.ofx": "no statement",
    "ofxparse__error_message.ofx": "General Server Error",
    "ofxparse__signon_fail.ofx": "code 15500",
    "ofxparse__signon_success.ofx": "no statement",
    "ofxparse__signon_success_no_message.ofx": "no statement",
    "ofxtools__profrs.ofx": "Signon invalid",
    "bankfile__unnamed-bank__empty-tags-curdef-fitid-name.ofx": "--currency",
    "ofxparse__ofx-v102-empty-tags.ofx": "--currency",
    "oca__test_ofx_wrong.ofx": "--currency",  # currency and account stand in a comment
}
# Files that expected.csv does not list, our own among them: their findings.
FLAGGED: dict[str, list[str]] = {
    "sgml_current_account.ofx": [],
    "xml_two_accounts.ofx": [],
    "ofxparse__date_missing.ofx": ["missing_field", "missing_field", "bad_date"],
    "ofxparse__decimal_error.ofx": ["bad_date", "bad_amount"],
    "ofxparse__empty_balance.ofx": [],
}


@pytest.mark.parametrize("path", FILES, ids=ids)
def test_corpus_file_gives_the_expected_figures_or_a_reason(path: Path) -> None:
    data = path.read_bytes()
    assert recognised(data).name == "ofx"
    if path.name in REFUSED:
        with pytest.raises(FormatError, match=re.escape(REFUSED[path.name])):
            read("ofx", data)
        return
    found = read("ofx", data)
    wanted = None if path.is_relative_to(SAMPLES) else expected_of(path)
    if wanted is None:
        assert found.findings == FLAGGED[path.name]
    elif path.name in DIFFERENT:
        assert any(DIFFERENT[path.name][0] in line for line in differences(found, wanted))
        assert "too_many_decimals" in found.findings
    else:
        assert differences(found, wanted) == []


INVESTMENT = b"""OFXHEADER:100
<OFX><INVSTMTMSGSRSV1><INVSTMTTRNRS><INVSTMTRS><DTASOF>20260131<CURDEF>USD
<INVACCTFROM><BROKERID>broker.example<ACCTID>X1</INVACCTFROM>
<INVTRANLIST><DTSTART>20260101<DTEND>20260131
<BUYSTOCK><INVBUY><INVTRAN><FITID>S1<DTTRADE>20260110<DTSETTLE>20260112</INVTRAN><UNITS>10<TOTAL>-500.25</INVBUY></BUYSTOCK>
<INVBANKTRAN><STMTTRN><TRNTYPE>DEP<DTPOSTED>20260120<TRNAMT>600<FITID>B1</STMTTRN><SUBACCTFUND>CASH</INVBANKTRAN>
</INVTRANLIST></INVSTMTRS></INVSTMTTRNRS></INVSTMTMSGSRSV1></OFX>"""


def test_securities_are_kept_and_do_not_count() -> None:
    found = read("ofx", INVESTMENT)
    stock, cash = found.entries
    assert (stock["status"], stock["amount"], stock["transaction_code"]) == ("INFO", Decimal("-500.25"), "BUYSTOCK")
    assert (stock["booking_day"], stock["value_day"]) == (date(2026, 1, 10), date(2026, 1, 12))
    assert (cash["status"], cash["amount"]) == ("BOOK", 600)
    assert found.findings == ["securities"]


def test_sgml_statement() -> None:
    found = read("ofx", SGML)
    (statement,) = found.statements
    assert statement["account"] == "CZ6508000000192000145399"
    assert (statement["bank"], statement["currency"], statement["interim"]) == ("0800", "EUR", False)
    assert (statement["first_day"], statement["last_day"]) == (date(2026, 1, 1), date(2026, 1, 31))
    assert (statement["opening"], statement["closing"]) == (None, Decimal("1749.600"))
    assert (statement["closing_day"], statement["available"]) == (date(2026, 1, 31), 1700)
    assert [row["balance_type"] for row in found.rows(Kind.BALANCE)] == ["CLBD", "CLAV"]
    assert found.findings == []


def test_sgml_entries() -> None:
    first, second = read("ofx", SGML).entries
    assert (first["amount"], first["booking_day"], first["value_day"]) == (
        Decimal("-1250.400"),
        date(2026, 1, 5),
        date(2026, 1, 6),
    )
    assert (first["bank_reference"], first["client_reference"], first["transaction_code"]) == ("A-1", "77", "DEBIT")
    assert (first["counterparty_name"], first["remittance"]) == ("Baker & Sons", "Invoice 2026/1")
    assert (second["amount"], second["counterparty_account"], second["counterparty_bank"]) == (
        3000,
        "123456789",
        "0300",
    )
    assert (second["currency"], second["original_currency"], second["exchange_rate"]) == ("EUR", "CZK", "25.1")
    assert "<COLOUR>blue" in second["raw"]


def test_xml_accounts_comment_and_cdata() -> None:
    found = read("ofx", XML)
    assert [row["account"] for row in found.statements] == ["1", "4000123412341234"]
    assert [(row["statement_no"], row["entry_no"]) for row in found.entries] == [(1, 1), (2, 1)]
    assert [row["counterparty_name"] for row in found.entries] == ["Účet, vedení", "Café <Centrum>"]


@pytest.mark.parametrize(
    ("written", "amount", "findings"),
    [
        (b"-10.00", "-10", []),
        (b"+10", "10", []),
        (b"2000,5", "2000.5", []),
        (b"1 006,60", "1006.60", []),
        (b"1,234.56", "1234.56", []),
        (b"-00000000001500.0000", "-1500", []),
        (b"115.8331", None, ["too_many_decimals"]),
        (b"$120", None, ["bad_amount"]),
        (b"12..34", None, ["bad_amount"]),
        (b"1,23,456", None, ["bad_amount"]),
        (b"9" * 16, None, ["bad_amount"]),
        (b"NaN", None, ["bad_amount"]),
        (b"1e5", None, ["bad_amount"]),
        (b"", None, ["bad_amount"]),
    ],
)
def test_amounts(written: bytes, amount: str | None, findings: list[str]) -> None:
    found = read("ofx", SGML.replace(b"-1 250,40", written))
    assert found.entries[0]["amount"] == (Decimal(amount) if amount else None)
    assert found.findings == findings


@pytest.mark.parametrize(
    ("written", "day", "findings"),
    [
        (b"20260131235959.999[-8:PST]", date(2026, 1, 31), []),
        (b"31012026", date(2026, 1, 31), ["unusual_date"]),
        (b"310126", date(2026, 1, 31), ["unusual_date"]),
        (b"20260231", None, ["bad_date"]),
        (b"00000000", None, ["bad_date"]),
        (b"soon", None, ["bad_date"]),
    ],
)
def test_days(written: bytes, day: date | None, findings: list[str]) -> None:
    found = read("ofx", SGML.replace(b"<DTEND>20260131", b"<DTEND>" + written))
    assert found.statements[0]["last_day"] == day
    assert found.findings == findings


@pytest.mark.parametrize(
    ("charset", "encoding"),
    [(b"1252", "cp1252"), (b"8859-1", "latin-1"), (b"ISO-8859-2", "iso8859-2"), (b"1250", "cp1250")],
)
def test_charset_names(charset: bytes, encoding: str) -> None:
    data = SGML.replace(b"CHARSET:1252", b"CHARSET:" + charset).replace(b"Miller", "Müller".encode(encoding))
    assert read("ofx", data).entries[1]["counterparty_name"] == "Müller"


def test_charset_none_reports_what_is_no_ascii() -> None:
    data = SGML.replace(b"CHARSET:1252", b"CHARSET:NONE").replace(b"Miller", b"M\xfcller")
    found = read("ofx", data)
    assert found.entries[1]["counterparty_name"] == "M\ufffdller"
    assert found.findings == ["bad_character"]


@pytest.mark.parametrize("charset", [b"ZIP", b"HEX", b"KLINGON"])
def test_charset_that_does_not_exist_is_refused(charset: bytes) -> None:
    with pytest.raises(FormatError, match="encoding that does not exist"):
        read("ofx", SGML.replace(b"CHARSET:1252", b"CHARSET:" + charset))


def test_header_on_one_line_and_no_line_ends() -> None:
    assert read("ofx", SGML.replace(b"\n", b"")).statements[0]["closing"] == Decimal("1749.600")


def test_other_currency_of_an_entry() -> None:
    found = read("ofx", SGML.replace(b"ORIGCURRENCY", b"CURRENCY"))
    assert found.entries[1]["currency"] == "CZK"
    assert found.findings == ["currency_differs"]


def test_unknown_type_is_kept_and_reported() -> None:
    found = read("ofx", SGML.replace(b"<TRNTYPE>DEBIT", b"<TRNTYPE>Barter"))
    assert found.entries[0]["transaction_code"] == "Barter"
    assert found.findings == ["unknown_code"]


def test_hints_fill_only_what_the_file_lacks() -> None:
    bare = SGML.replace(b"<CURDEF>EUR", b"").replace(b"<ACCTID>CZ65 0800 0000 1920 0014 5399", b"")
    with pytest.raises(HintNeeded, match="--currency"):
        read("ofx", bare, account="1")
    with pytest.raises(HintNeeded, match="--account"):
        read("ofx", bare, currency="USD")
    (statement,) = read("ofx", bare, account="1", currency="USD").statements
    assert (statement["account"], statement["currency"]) == ("1", "USD")
    (statement,) = read("ofx", SGML, account="1", currency="USD").statements
    assert (statement["account"], statement["currency"]) == ("CZ6508000000192000145399", "EUR")


@pytest.mark.parametrize("declaration", [b"<!DOCTYPE x [<!ENTITY a 'b'>]>", b"<!ENTITY a SYSTEM 'file:///etc/passwd'>"])
def test_declarations_are_refused(declaration: bytes) -> None:
    with pytest.raises(FormatError, match="declaration is not accepted"):
        read("ofx", XML.replace(b"<OFX>", declaration + b"<OFX>"))


def test_entities_that_nobody_declared_stay_as_they_are() -> None:
    found = read("ofx", SGML.replace(b"Miller", b"&lol; &#x110000; &#65;"))
    assert found.entries[1]["counterparty_name"] == "&lol; &#x110000; A"


@pytest.mark.parametrize("filler", [b"x", b"<!-- ", b"<![CDATA["])
def test_an_endless_element_is_refused(filler: bytes) -> None:
    data = SGML.replace(b"<NAME>Miller", b"<NAME>" + filler + b"a" * (3 * LIMITS.line_bytes))
    with pytest.raises(LimitExceeded):
        read("ofx", data)


def test_many_transactions_over_block_ends() -> None:
    head, _, rest = SGML.partition(b"<STMTTRN>")
    first, _, rest = rest.partition(b"<STMTTRN>")
    _, _, tail = rest.partition(b"</STMTTRN>")
    count = 45_000
    body = b"".join(b"<STMTTRN>" + first.replace(b"A-1", b"A-%d" % number) for number in range(count))
    found = read("ofx", head + body + tail)
    assert found.table(Kind.ENTRY)["bank_reference"].to_pylist() == [f"A-{number}" for number in range(count)]
    assert found.table(Kind.ENTRY)["entry_no"].to_pylist() == list(range(1, count + 1))


def test_half_a_file_is_read_or_refused() -> None:
    for end in range(0, len(SGML), 7):
        with contextlib.suppress(FormatError):
            read("ofx", SGML[:end])
