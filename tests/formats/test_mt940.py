"""MT940 and MT942: what banks write and what can't be read."""

from __future__ import annotations

import io
import random
import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from bankklient_lab.errors import FormatError, LimitExceeded, NotRecognised
from bankklient_lab.formats import format_named, mt940_scan
from bankklient_lab.formats.base import LIMITS, SNIFF_BYTES, Hints
from bankklient_lab.formats.schema import Kind
from tests.corpus import SAMPLES, corpus_files, expected_of, sample_files
from tests.formats.reading import Read, differences, ids, read, recognised

ONE = (SAMPLES / "mt940" / "one_statement.sta").read_bytes()
TWO_PAGES = (SAMPLES / "mt940" / "two_pages_in_blocks.txt").read_bytes()
REPORT = (SAMPLES / "mt942" / "report.sta").read_bytes()

# Files whose figures differ from expected.csv, and why.
DIFFERENT = {
    # The closing balances have no currency. expected.csv gives none; read in the opening's currency they add up
    # (105000, 145000, 95000), and a finding says so.
    "wolph__self-provided__raphaelm.sta": ("closing", "missing_field"),
}
# Fragments and cut-off files: a statement without its closing balance is refused.
REFUSED = {
    "php-mt940__Rabo__sample2.txt": "line 7",  # ends with the :20: of a second statement
    "wolph__betterplace__empty_line.sta": "line 2",  # one :20: and nothing else
    "wolph__self-provided__account_identification.sta": "line 1",  # :20: and :25: only
    "wolph__self-provided__gv_codes.sta": "line 1",  # ends behind the second entry
}
# Single fields, made to test a parser: no message at all.
FRAGMENTS = {
    "wolph__betterplace__amount_formats.sta",
    "wolph__betterplace__currency_in_25.sta",
    "wolph__betterplace__empty_86.sta",
    "wolph__betterplace__empty_entry_date.sta",
    "wolph__betterplace__missing_crlf_at_end.sta",
    "wolph__cmxl__available_balance_fragment.sta",
    "wolph__self-provided__empty_non_swift.sta",
    "wolph__self-provided__invalid_statement.sta",
    "wolph__self-provided__sparkassen.sta",
}
# Files with figures as expected and something that a reader should know.
FLAGGED = {
    "oca_l10n_ro_brd__test_brd_940.txt": ["currency_differs", "currency_differs"],  # RON opened, EUR closed
    "wolph__self-provided__february_30.sta": ["bad_date"],
    "wolph__self-provided__transaction_details_wrapped.sta": ["bad_date"],
    "wolph__self-provided__wrapped_timestamp.sta": ["bad_date"],
    "wolph__self-provided__multiline.sta": ["out_of_order"],  # an entry behind the end of the message
    "wolph__self-provided__raiffeisen-cmi.sta": ["encoding_assumed"],
    "wolph__self-provided__raphaelm.sta": ["missing_field"] * 3,
}


OWN = [*sample_files("mt940"), *sample_files("mt942")]


@pytest.mark.parametrize("path", [*OWN, *corpus_files("mt940"), *corpus_files("mt942")], ids=ids)
def test_file_gives_the_expected_figures_or_a_reason(path: Path) -> None:
    data = path.read_bytes()
    if path.name in FRAGMENTS:
        with pytest.raises(NotRecognised):
            recognised(data)
        return
    format_ = recognised(data)
    assert format_.name == path.parent.name
    if path.name in REFUSED:
        with pytest.raises(FormatError, match=REFUSED[path.name] + ".*no closing balance"):
            read(format_.name, data)
        return
    found = read(format_.name, data)
    wanted = [] if path in OWN else expected_of(path)  # the figures of our own are compared with their twins
    assert wanted is not None
    assert found.findings == FLAGGED.get(path.name, [])
    assert {row["interim"] for row in found.statements} == {format_.name == "mt942"}
    wrong = differences(found, wanted) if wanted else []
    if path.name in DIFFERENT:
        field, finding = DIFFERENT[path.name]
        assert finding in found.findings
        wrong = [line for line in wrong if field not in line]
    assert wrong == []
    assert_nothing_is_lost(data, found)


def assert_nothing_is_lost(data: bytes, found: Read) -> None:
    """Each :61: is in the raw text of one entry, with all that follows it up to the next other field."""
    raws = [row["raw"] for row in found.entries]
    assert len(raws) == len(re.findall(rb"^:61:", data, re.MULTILINE))
    assert all(raw.startswith(":61:") for raw in raws)
    if data.isascii():
        text = data.decode().replace("\r", "")
        assert all(raw in text for raw in raws)


@pytest.mark.parametrize("data", [ONE, TWO_PAGES, REPORT], ids=["one", "two pages", "report"])
def test_only_one_format_claims_a_file(data: bytes) -> None:
    assert len([name for name in ("mt940", "mt942") if format_named(name).sniff(data)]) == 1


@pytest.mark.parametrize(
    "before", [b"", b"\xef\xbb\xbf", b"\r\n\r\n", b"ABNANL2A\r\n940\r\nABNANL2A\r\n", b":940:\r\n", b"\x01\r\n"]
)
def test_what_stands_before_the_message_does_not_matter(before: bytes) -> None:
    assert recognised(before + ONE).name == "mt940"
    found = read("mt940", before + ONE)
    assert found.statements[0]["closing"] == Decimal("11001.51")
    assert len(found.entries) == 4


@pytest.mark.parametrize(
    "data",
    [
        b":20:REF\r\n:28D:1/1\r\n:50H:/123\r\n:30:090327\r\n",  # MT101
        b"{1:F01AAAABBCCAXXX0000000000}{2:I103AAAABBCCXXXXN}{4:\r\n:20:REF\r\n:23B:CRED\r\n:32A:260101EUR1,\r\n",
        b"account;amount\r\n:20;1\r\n",
        b"just :20: in a text",
    ],
)
def test_other_files_are_not_claimed(data: bytes) -> None:
    assert not format_named("mt940").sniff(data)
    assert not format_named("mt942").sniff(data)


def test_statement_fields() -> None:
    found = read("mt940", ONE)
    (statement,) = found.statements
    assert {name: value for name, value in statement.items() if value is not None} == {
        "statement_no": 1,
        "interim": False,
        "account": "CZ6508000000192000145399",
        "currency": "CZK",
        "number": "42",
        "page": 1,
        "reference": "STATEMENT1",
        "first_day": date(2026, 9, 30),  # an entry of January does not pull the period before the opening
        "last_day": date(2026, 10, 2),
        "opening": Decimal("10000.000"),
        "opening_day": date(2026, 9, 30),
        "closing": Decimal("11001.510"),
        "closing_day": date(2026, 10, 2),
        "available": Decimal("10900.000"),
        "raw": ":86:end of month",
        "place": "line 1",
    }
    assert [(row["balance_type"], row["day"].day, row["amount"]) for row in found.rows(Kind.BALANCE)] == [
        ("OPBD", 30, Decimal("10000.000")),
        ("CLBD", 2, Decimal("11001.510")),
        ("CLAV", 2, Decimal("10900.000")),
        ("FWAV", 3, Decimal("11001.510")),
    ]


def test_entry_with_german_details() -> None:
    entry = read("mt940", ONE).entries[0]
    assert entry["amount"] == Decimal("2500.5")
    assert entry["counterparty_name"] == "Northwind Traders International s.r.o."
    assert (entry["counterparty_account"], entry["counterparty_bank"]) == ("CZ5801000000000000000999", "KOMBCZPP")
    assert (entry["variable_symbol"], entry["constant_symbol"], entry["specific_symbol"]) == ("20260001", "308", "77")
    assert (entry["end_to_end_id"], entry["bank_reference"], entry["client_reference"]) == ("E2E-1", "BANK0001", None)
    assert (entry["transaction_code"], entry["additional_info"]) == ("051", "INCOMING PAYMENT")
    assert entry["remittance"] == "Invoice 2026001 VS:0020260001/KS:0308/SS:77"


def test_entry_with_free_text_and_with_dutch_details() -> None:
    _, free, dutch, bare = read("mt940", ONE).entries
    assert (free["remittance"], free["client_reference"]) == ("Monthly fee for keeping the account", "FEE-7")
    assert (dutch["counterparty_name"], dutch["counterparty_account"]) == ("J. Jansen", "NL91ABNA0417164300")
    assert (dutch["remittance"], dutch["end_to_end_id"]) == ("returned rent", None)
    assert (bare["remittance"], bare["raw"]) == (None, ":61:2512310102C1,01NINTNONREF")
    assert (bare["value_day"], bare["booking_day"]) == (date(2025, 12, 31), date(2026, 1, 2))


def test_pages_blocks_and_wrapped_times() -> None:
    found = read("mt940", TWO_PAGES)
    assert [(s["number"], s["page"], s["bank"]) for s in found.statements] == [
        ("7", 1, "TESTCZPP"),
        ("7", 2, "TESTCZPP"),
    ]
    assert [row["balance_type"] for row in found.rows(Kind.BALANCE)] == ["OPBD", "ITBD", "ITBD", "CLBD"]
    assert [(e["statement_no"], e["entry_no"]) for e in found.entries] == [(1, 1), (2, 1)]
    assert found.entries[1]["remittance"] == "Time of the booking 2026-02-28T16 :20:37 wrapped like a field"
    assert found.entries[1]["booking_day"] == found.entries[1]["value_day"] == date(2026, 2, 28)


def test_interim_report() -> None:
    found = read("mt942", REPORT)
    (statement,) = found.statements
    assert (statement["interim"], statement["opening"], statement["closing"]) == (True, None, None)
    assert (statement["declared_entries"], statement["declared_credit"], statement["declared_debit"]) == (2, 10, 4)
    assert statement["created_at"] == "2610021200+0100"
    assert [(e["amount"], e["status"]) for e in found.entries] == [(10, "BOOK"), (-4, "PDNG")]


def message(entries: str, *, account: str = "123456789") -> bytes:
    """Return a statement with the given fields between its balances."""
    head = f":20:X\r\n:25:{account}\r\n:28C:1/1\r\n:60F:C260101EUR0,00\r\n"
    return f"{head}{entries}:62F:C260131EUR0,00\r\n-\r\n".encode()


def entry_of(fields: str) -> dict[str, Any]:
    """Return the one entry of a statement."""
    (entry,) = read("mt940", message(fields)).entries
    return entry


@pytest.mark.parametrize(
    ("mark", "amount", "reversal", "status"),
    [
        ("C", 5, False, "BOOK"),
        ("D", -5, False, "BOOK"),
        ("RC", -5, True, "BOOK"),
        ("RD", 5, True, "BOOK"),
        ("CR", 5, False, "BOOK"),  # R of EUR, the third letter of the currency
        ("RCR", -5, True, "BOOK"),
        ("ED", -5, False, "PDNG"),
    ],
)
def test_marks(mark: str, amount: int, reversal: bool, status: str) -> None:
    entry = entry_of(f":61:2601020102{mark}5,00NTRFNONREF\r\n")
    assert (entry["amount"], entry["reversal"], entry["status"]) == (amount, reversal, status)


@pytest.mark.parametrize(
    ("text", "amount"),
    [("5,", "5"), ("5", "5"), ("0005.50", "5.5"), ("5,125", "5.125"), ("999999999999999,999", "999999999999999.999")],
)
def test_amounts(text: str, amount: str) -> None:
    assert entry_of(f":61:260102C{text}NTRFNONREF\r\n")["amount"] == Decimal(amount)


@pytest.mark.parametrize(
    ("line", "finding"),
    [
        ("260102C1,2345NTRFNONREF", "too_many_decimals"),
        ("260102C1,2,3NTRFNONREF", "bad_amount"),
        ("260102NTRFNONREF", "bad_amount"),
        ("2602300301C1,00NTRFNONREF", "bad_date"),
        ("2601020230C1,00NTRFNONREF", "bad_date"),
    ],
)
def test_what_cannot_be_read_is_kept_and_told(line: str, finding: str) -> None:
    found = read("mt940", message(f":61:{line}\r\n:86:text\r\n"))
    (entry,) = found.entries
    assert finding in found.findings
    assert entry["raw"] == f":61:{line}\n:86:text"
    row = next(row for row in found.rows(Kind.FINDING) if row["code"] == finding)
    assert (row["statement_no"], row["entry_no"], row["place"], row["value"]) == (1, 1, "line 5", f":61:{line}")
    if finding == "bad_date":
        assert None in (entry["value_day"], entry["booking_day"])
    else:
        assert entry["amount"] is None


@pytest.mark.parametrize(
    ("line", "columns"),
    [
        ("NTRFNONREF//B1", {"transaction_code": "NTRF", "client_reference": None, "bank_reference": "B1"}),
        ("NONREF", {"transaction_code": None, "client_reference": None}),
        ("NOV NONREF", {"transaction_code": "NOV"}),
        ("//19239782213", {"transaction_code": None, "bank_reference": "19239782213"}),
        ("NTRFA/1//B//2\r\nmore", {"client_reference": "A/1", "bank_reference": "B//2", "additional_info": "more"}),
        ("N060P000029225      KPN - MOBIEL", {"client_reference": "P000029225", "additional_info": "KPN - MOBIEL"}),
        ("NOVBNL29INGB0006475121\r\nj blom", {"counterparty_account": "NL29INGB0006475121", "client_reference": None}),
        ("NTRF2023-02-09-08.37.18.054696", {"client_reference": "2023-02-09-08.37.18.054696"}),
        ("NTRFNONREF\r\n/OCMT/USD4,5//CHGS/EUR0,5/", {"original_amount": Decimal("4.5"), "charges": Decimal("0.5")}),
    ],
)
def test_references(line: str, columns: dict[str, Any]) -> None:
    entry = entry_of(f":61:260102C1,00{line}\r\n")
    assert {name: entry[name] for name in columns} == columns


@pytest.mark.parametrize(
    ("details", "columns"),
    [
        ("", {"remittance": None}),
        ("166", {"remittance": "166", "transaction_code": "NTRF"}),
        ("000>100123>20HUUR>21 KANTOOR>310390123456", {"remittance": "HUUR KANTOOR", "transaction_code": "NTRF"}),
        ("166?20Is it so?21?Yes?32A", {"remittance": "Is it so ?Yes", "counterparty_name": "A"}),
        ("166?20\r\nwra\r\npped?2\r\n1text", {"remittance": "wrapped text"}),
        ("166?20before EREF+E 1KREF+K?21SVWZ+after", {"remittance": "before after", "end_to_end_id": "E 1"}),
        ("166?20MREF+M1CRED+DE98?21SVWZ+a+b=c", {"mandate_id": "M1", "creditor_id": "DE98", "remittance": "a+b=c"}),
        ("177?20x?60y?61z?64not remittance", {"remittance": "x y z"}),
        ("717.76.000.09 TERMYN", {"remittance": "717.76.000.09 TERMYN"}),
        ("/EREF/E2E//CNTP/NL91ABNA0417164300/ABNANL2A/A B///REMI/USTD//words/", {"remittance": "words"}),
        ("/EREF/E2E//CNTP/NL91ABNA0417164300/ABNANL2A/A B///REMI/USTD//words/", {"counterparty_name": "A B"}),
        ("/PREF/batch 7", {"remittance": "/PREF/batch 7", "client_reference": "batch 7"}),
        ("/VS/0012/KS/308 USS1", {"variable_symbol": "12", "constant_symbol": "308", "specific_symbol": None}),
        ("AJAX VS 2", {"variable_symbol": None}),
        ("one\r\n:86:two", {"remittance": "one two"}),
        ("x" * 65 + "\r\nyz\r\nnext", {"remittance": "x" * 65 + "yz next"}),
    ],
)
def test_details(details: str, columns: dict[str, Any]) -> None:
    entry = entry_of(f":61:260102C1,00NTRFNONREF\r\n:86:{details}\r\n")
    assert {name: entry[name] for name in columns} == columns


@pytest.mark.parametrize(
    ("text", "account", "bank"),
    [
        ("NL10BUNQ2290325473 EUR", "NL10BUNQ2290325473", None),
        ("MU17BOMM0101101030300200000MUR", "MU17BOMM0101101030300200000MUR", None),
        ("50880050/0194774600888", "0194774600888", "50880050"),
        ("51210600/9223382012EUR", "9223382012", "51210600"),
        ("UBRTHUHB/123456789150ABCDEF002/EUR", "123456789150ABCDEF002", "UBRTHUHB"),
        ("19-2000145399/0800", "19-2000145399", "0800"),
        ("1291.99.348EUR", "1291.99.348", None),
    ],
)
def test_accounts(text: str, account: str, bank: str | None) -> None:
    (statement,) = read("mt940", message("", account=text)).statements
    assert (statement["account"], statement["bank"], statement["currency"]) == (account, bank, "EUR")


def test_hints_are_taken_only_where_the_file_is_silent() -> None:
    hints = {"account": "999", "currency": "USD", "bank": "0800"}
    (statement,) = read("mt940", message(""), **hints).statements
    assert (statement["account"], statement["currency"], statement["bank"]) == ("123456789", "EUR", "0800")
    (statement,) = read("mt940", message("").replace(b":25:123456789\r\n", b""), **hints).statements
    assert statement["account"] == "999"


def test_text_that_is_not_utf8() -> None:
    found = read("mt940", message(":61:260102C1,00NTRFNONREF\r\n:86:Müller\r\n").decode().encode("cp1252"))
    assert found.entries[0]["remittance"] == "Müller"
    assert found.findings == ["encoding_assumed"]
    czech = message(":61:260102C1,00NTRFNONREF\r\n:86:Příkaz\r\n", account="CZ6508000000192000145399")
    assert read("mt940", czech.decode().encode("cp1250")).entries[0]["remittance"] == "Příkaz"


def cut_at(data: bytes, mark: bytes) -> bytes:
    return data[: data.index(mark)]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (cut_at(ONE, b":62F:"), "no closing balance"),
        (cut_at(ONE, b"1001,51"), None),  # still a number: the history says that it does not add up
        (cut_at(ONE, b"002CZK11001"), "can't be read"),
        (TWO_PAGES[:-3], "not closed by -}"),
        (TWO_PAGES.replace(b"-}\n{1", b"{1", 1), "not closed by -}"),
        (ONE + cut_at(ONE, b":61:"), "no closing balance"),
        (ONE.replace(b":60F:", b":60F:C260930CZK1,00\r\n:60F:"), "twice"),
        (b":61:260102C1,00NTRFNONREF\r\n" + ONE, "before the first :20:"),
        (ONE.replace(b":60F:C2609", b":60F:X2609"), "can't be read"),
    ],
)
def test_half_a_file_is_refused(data: bytes, reason: str | None) -> None:
    if reason is None:
        assert read("mt940", data).statements[0]["closing"] == 1
        return
    with pytest.raises(FormatError, match=reason) as refusal:
        read("mt940", data)
    assert refusal.value.place.startswith("line ")


def test_limits() -> None:
    with pytest.raises(LimitExceeded, match="field is longer"):
        read("mt940", message(":61:260102C1,00NTRFNONREF\r\n:86:" + "x" * (LIMITS.field_chars + 1) + "\r\n"))
    endless = io.BytesIO(b":20:X\r\n:25:1\r\n" + b"x" * (20 * 1024**2))
    with pytest.raises(LimitExceeded, match="without an entry or a balance"):
        list(format_named("mt940").read(endless, Hints()))
    assert endless.tell() < 10 * 1024**2


def test_blocks_make_no_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    data = b"".join((ONE + TWO_PAGES + ONE.replace(b"STATEMENT1", b"OTHER")) for _ in range(20))
    whole = read("mt940", data)
    monkeypatch.setattr(mt940_scan, "BLOCK_BYTES", 700)
    parted = read("mt940", data)
    assert len([part for part in parted.parts if part.kind == Kind.ENTRY]) > 20
    for kind in (Kind.STATEMENT, Kind.BALANCE, Kind.ENTRY):
        assert parted.table(kind).to_pylist() == whole.table(kind).to_pylist()


Change = Callable[[bytes, random.Random], bytes]


def at_a_byte(change: Callable[[tuple[bytes, bytes]], bytes]) -> Change:
    """Give a change the two parts of the data beside a position."""

    def changed(data: bytes, chance: random.Random) -> bytes:
        at = chance.randint(0, len(data))
        return change((data[:at], data[at:]))

    return changed


def at_a_line(change: Callable[[bytes], bytes]) -> Change:
    """Put something else in the place of one line."""

    def changed(data: bytes, chance: random.Random) -> bytes:
        lines = data.splitlines(keepends=True) or [b""]
        at = chance.randrange(len(lines))
        return b"".join([*lines[:at], change(lines[at]), *lines[at + 1 :]])

    return changed


INSERTS = (b":", b"\n:", b"?", b"?2", b"/", b"+", b"\r", b"\n-\n", b"EREF+", b"\xff", b"\0")
CHANGES: tuple[Change, ...] = (
    at_a_byte(lambda parts: parts[0][:-1] + parts[1]),
    at_a_byte(lambda parts: parts[0][:-1] + bytes([(parts[0][-1:] or b"\0")[0] ^ 16]) + parts[1]),
    at_a_byte(lambda parts: parts[0]),
    at_a_byte(lambda parts: parts[1] + parts[0]),
    *(at_a_byte(text.join) for text in INSERTS),
    at_a_line(lambda _: b""),
    at_a_line(lambda line: line * 2),
    at_a_line(lambda line: line.rstrip(b"\n") * 50 + b"\n"),
)


def outcome(data: bytes) -> str:
    """Read a file that may be damaged; any error but a refusal passes through."""
    try:
        found = read("mt940", data)
    except FormatError as refusal:
        return str(refusal)
    complete = all(row["closing"] is not None or row["interim"] for row in found.statements)
    return "read" if complete else ""


def test_mutated_files_are_read_or_refused(mutations: int) -> None:
    chance = random.Random(940)
    sources = [path.read_bytes() for path in corpus_files("mt940") + corpus_files("mt942")] + [ONE, TWO_PAGES, REPORT]
    for _ in range(mutations // 20):
        data = chance.choice(sources)
        for change in chance.choices(CHANGES, k=chance.randint(1, 4)):
            data = change(data, chance)
        for name in ("mt940", "mt942"):
            format_named(name).sniff(data[:SNIFF_BYTES])
        assert outcome(data)
