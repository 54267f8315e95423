"""GPC statements: layouts, bank profiles, account order, encodings, and what the writer refuses."""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bankklient_lab.errors import BadArgument, FormatError, HintNeeded
from bankklient_lab.formats import blocks, format_named
from bankklient_lab.formats.base import StatementSet
from bankklient_lab.formats.schema import SCHEMAS, Kind
from tests.corpus import SAMPLES, corpus_files, expected_of, sample_files
from tests.formats.reading import Read, differences, ids, read, recognised

FILES = [*sample_files("gpc"), *corpus_files("gpc")]
PLAIN = (SAMPLES / "gpc" / "kb_two_statements.gpc").read_bytes()
INTERNAL = (SAMPLES / "gpc" / "internal_order_utf8.gpc").read_bytes()
EXTENDED = (SAMPLES / "gpc" / "cs_extended_cp852.gpc").read_bytes()

# Files whose positions 119-122 name no ISO 4217 currency: it is asked for and given.
WITHOUT_CURRENCY = (
    "bank-statements__negative_reversals.gpc",
    "bank-statements__positive_with_076.gpc",
    "kbsk_export_074_075.gpc",
    "kbsk_export_074_075_078.gpc",
)
# Files whose figures differ from expected.csv, and why.
DIFFERENT = {
    "bank-statements__negative_reversals.gpc": (
        ["statement 1 sum_credit: 600.000, expected -400", "statement 1 sum_debit: 400.000, expected -600"],
        "expected.csv gives turnovers: there a reversal lowers its own side, here it counts on the other one",
    ),
}
REFUSED = {
    "php-abo-parser__basic_format.abo": "line 1, field opening_day",  # the name is two characters too long
    "php-abo-parser__extended_format.abo": "line 1, field opening_day",
    "php-abo-parser__empty.abo": "the file is empty",
    "php-abo-parser__malformed.abo": "no known format",
}
FINDINGS = {
    "bank-statements__negative_reversals.gpc": ["bad_check_digit"],
    "bank-statements__positive_with_076.gpc": ["bad_check_digit", "unknown_record"],
}


@pytest.mark.parametrize("path", FILES, ids=ids)
def test_corpus_file_gives_the_expected_figures_or_a_reason(path: Path) -> None:
    data = path.read_bytes()
    if path.name in REFUSED:
        with pytest.raises(FormatError, match=REFUSED[path.name]):
            read(recognised(data).name, data)
        return
    assert recognised(data).name == "gpc"
    hints = {}
    if path.name in WITHOUT_CURRENCY:
        with pytest.raises(HintNeeded, match="--currency"):
            read("gpc", data)
        hints["currency"] = "CZK"
    found = read("gpc", data, **hints)
    assert sorted(found.findings) == FINDINGS.get(path.name, [])
    wanted = None if path.is_relative_to(SAMPLES) else expected_of(path)
    if wanted is not None:
        assert differences(found, wanted) == DIFFERENT.get(path.name, ([], ""))[0]
    for statement in found.statements:
        own = [row["amount"] for row in found.entries if row["statement_no"] == statement["statement_no"]]
        assert statement["opening"] + sum(own) == statement["closing"]


def _turnovers(found: Read) -> tuple[Decimal, Decimal]:
    """Return credit and debit turnover of the first statement; a reversal lowers its own side."""
    own = [row for row in found.entries if row["statement_no"] == 1]
    credit = sum((row["amount"] for row in own if (row["amount"] > 0) is not row["reversal"]), Decimal(0))
    return credit, credit - sum(row["amount"] for row in own)


def test_record_075_field_by_field() -> None:
    found = read("gpc", PLAIN)
    first, second, third = found.entries
    assert first["counterparty_account"] == "2000145305"
    assert (first["counterparty_bank"], first["counterparty_name"]) == ("0800", "Dodavatel Žižka")
    assert (first["amount"], first["currency"], first["reversal"]) == (Decimal("-5000.5"), "CZK", False)
    symbols = [first[name] for name in ("variable_symbol", "constant_symbol", "specific_symbol")]
    assert symbols == ["2026001", "308", None]
    assert first["remittance"] == "Faktura 2026001, dodávka uhlí"
    assert first["raw"].split("\r\n")[1].startswith("078Faktura")
    assert (second["counterparty_account"], second["value_day"]) == ("51-8765432100", date(2026, 11, 2))
    assert second["remittance"] == (
        "První část zprávy pro příjemce, která má přesně sedmdesát znaků délky,a druhá část"
    )
    assert (third["counterparty_account"], third["counterparty_name"]) == (None, None)
    assert (third["additional_info"], third["amount"], third["reversal"]) == ("Oprava úroku", Decimal(-300), True)
    assert (third["place"], third["transaction_code"]) == ("line 7", "5")


def test_record_074_field_by_field() -> None:
    found = read("gpc", PLAIN, bank="0100")
    first, second = found.statements
    assert (first["account"], first["account_name"], first["bank"]) == ("19-1234567805", "Příklad s.r.o.", "0100")
    assert (first["number"], first["opening_day"], first["last_day"]) == ("11", date(2026, 10, 30), date(2026, 11, 2))
    assert first["first_day"] == date(2026, 10, 31)
    assert (first["declared_credit"], first["declared_debit"]) == _turnovers(found)
    assert (second["opening"], second["closing"], second["currency"]) == (Decimal("98699.5"), Decimal("98699.5"), "CZK")


def test_internal_order_and_encodings_read_the_same() -> None:
    plain = read("gpc", PLAIN)
    as_cp852 = PLAIN.decode("cp1250").encode("cp852")
    without_line_ends = b"".join(line.ljust(128) for line in PLAIN.splitlines())
    for data in (INTERNAL, as_cp852, without_line_ends, b"\xef\xbb\xbf" + INTERNAL, PLAIN + b"\x1a"):
        other = read("gpc", data)
        assert _without_raw(other.entries) == _without_raw(plain.entries)
        assert _without_raw(other.statements) == _without_raw(plain.statements)


def _with_text(text: str, encoding: str) -> bytes:
    """Return the plain sample with these letters beyond ASCII alone, in the text of its first entry."""
    ascii_only = unicodedata.normalize("NFKD", PLAIN.decode("cp1250")).encode("ascii", "ignore").decode()
    at = ascii_only.index("075") + 97
    return (ascii_only[:at] + text.ljust(20) + ascii_only[at + 20 :]).encode(encoding)


@pytest.mark.parametrize("encoding", ["cp1250", "cp852", "iso8859-2"])
def test_one_polish_word_tells_the_code_page(encoding: str) -> None:
    found = read("gpc", _with_text("Łódź", encoding))
    assert "Łódź" in (found.entries[0]["counterparty_name"], found.entries[0]["additional_info"])
    assert "encoding_assumed" not in found.findings


def test_code_page_that_nothing_tells_is_a_finding() -> None:
    found = read("gpc", _with_text("Výplata", "cp1250"))
    assert "Výplata" in (found.entries[0]["counterparty_name"], found.entries[0]["additional_info"])
    assert "encoding_assumed" in found.findings


def _without_raw(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{name: value for name, value in row.items() if name != "raw"} for row in rows]


def test_blocks_do_not_change_what_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = read("gpc", PLAIN)
    for size in (140, 300, 777):
        monkeypatch.setattr(blocks, "BLOCK_BYTES", size)
        found = read("gpc", PLAIN)
        assert found.entries == whole.entries
        assert found.statements == whole.statements


def test_extended_record_of_ceska_sporitelna() -> None:
    (entry,) = read("gpc", EXTENDED).entries
    assert (entry["original_amount"], entry["original_currency"]) == (Decimal("200.02"), "EUR")
    assert entry["counterparty_name"] == "Dodavatel Žižka a synové"
    assert (entry["client_reference"], entry["remittance"]) == ("REF0000000000001", "Faktura 2026001")


def _with_code(code: str) -> bytes:
    return PLAIN.replace(b"0000000300005", b"000000030000" + code.encode())


def test_reversals_are_the_profile_s() -> None:
    assert read("gpc", _with_code("4"), bank="0100").entries[2]["amount"] == 300
    assert read("gpc", _with_code("4"), bank="KOMBCZPP").entries[2]["amount"] == 300
    assert read("gpc", _with_code("4"), bank="0800").entries[2]["amount"] == -300
    assert read("gpc", _with_code("3"), bank="0800").entries[2]["amount"] == 300
    assert read("gpc", _with_code("3")).entries[2]["amount"] == 300  # 3 is Česká spořitelna's alone
    unknown = read("gpc", _with_code("3"), bank="0100")
    assert (unknown.entries[2]["amount"], unknown.findings) == (None, ["unknown_code"])


def test_a_lone_code_4_asks_for_the_bank() -> None:
    with pytest.raises(HintNeeded, match=r"line 7.*--bank"):
        read("gpc", _with_code("4"))
    with pytest.raises(FormatError, match="bank 9999 has no profile"):
        read("gpc", _with_code("4"), bank="9999")


def test_the_marker_of_fio_proves_the_bank() -> None:
    marked = re.sub(rb"(074[^\r]{111}) {3}", rb"\1FIO", _with_code("4"), count=1)
    found = read("gpc", marked)
    assert (found.statements[0]["bank"], found.entries[2]["amount"]) == ("2010", 300)


@pytest.mark.parametrize(
    ("data", "place"),
    [
        (PLAIN[: PLAIN.rindex(b"075") + 100], "last line"),
        (PLAIN.replace(b"074", b"075", 1), "line 1"),
        (PLAIN.replace(b"00000010000000+", b"0000001000000x+", 1), "line 1, field opening"),
        (PLAIN.replace(b"00000010000000+", b"00000010000000 ", 1), "line 1, field opening_sign"),
        (PLAIN[: 130 + 50] + b"\r\n" + PLAIN[130:], "line 2"),
    ],
)
def test_damaged_file_is_refused_with_its_place(data: bytes, place: str) -> None:
    with pytest.raises(FormatError, match=place):
        read("gpc", data)


def test_bad_values_of_an_entry_are_findings_with_their_place() -> None:
    data = PLAIN.replace(b"000000500050" + b"1", b"00000050005x" + b"1").replace(b"0203021126", b"0203310226", 1)
    found = read("gpc", data)
    rows = [(row["code"], row["place"], row["entry_no"], row["value"]) for row in found.rows(Kind.FINDING)]
    assert rows == [("bad_date", "line 2", 1, "310226"), ("bad_amount", "line 2", 1, "00000050005x")]
    assert (found.entries[0]["amount"], found.entries[0]["booking_day"]) == (None, None)
    other = PLAIN.replace(b"0750000191234567805", b"0750000191234567806", 1)
    assert read("gpc", other).findings == ["account_differs"]


def _weighted(digits: int, weights: tuple[int, ...]) -> bool:
    text = str(digits).zfill(len(weights))
    return sum(int(digit) * weight for digit, weight in zip(text, weights, strict=True)) % 11 == 0


_BASES = st.integers(10, 9_999_999_900).map(
    lambda start: next(n for n in range(start, start + 100) if _weighted(n, (6, 3, 7, 9, 10, 5, 8, 4, 2, 1)))
)
_PREFIXES = st.sampled_from([0, 19, 35, 51, 107])
_ACCOUNTS = st.builds(lambda prefix, base: f"{prefix}-{base}" if prefix else str(base), _PREFIXES, _BASES)
# Words, as the file does not name its encoding: random letters beyond ASCII would say nothing about it.
_WORDS = (
    *("Příklad", "účet", "Dvořák", "PŘÍKAZ", "Kůň", "č.", "Ďáblice", "nájemné", "Šťastný", "ŽĎÁR", "Žižka"),
    *("Ľubomír", "Kráľ", "Mesačný", "kôň", "stĺpec", "POISŤOVŇA", "Łódź", "Győr", "Übertrag", "Straße"),
)
_ASCII = st.characters(codec="ascii", exclude_categories=("C", "Z"))


def _texts(longest: int) -> st.SearchStrategy[str]:
    words = st.lists(st.sampled_from(_WORDS) | st.text(_ASCII, min_size=1, max_size=longest), min_size=1, max_size=12)
    return words.map(lambda words: _while_it_fits(words, longest))


def _while_it_fits(words: list[str], longest: int) -> str:
    text = words[0]
    for word in words[1:]:
        if len(text) + 1 + len(word) <= longest:
            text += " " + word
    return text


def _symbols(longest: int) -> st.SearchStrategy[str | None]:
    return st.none() | st.integers(1, 10**longest - 1).map(str)


_DAYS = st.dates(date(1970, 1, 2), date(2069, 12, 31))
_ENTRIES = st.fixed_dictionaries(
    {
        "booking_day": _DAYS,
        "value_day": _DAYS,
        "amount": st.integers(-(10**12) + 1, 10**12 - 1).filter(bool).map(lambda cents: Decimal(cents).scaleb(-2)),
        "reversal": st.booleans(),
        "counterparty_account": _ACCOUNTS,
        "counterparty_bank": st.none() | st.sampled_from(["0100", "5500"]),
        "counterparty_name": st.none() | _texts(20),
        "variable_symbol": _symbols(10),
        "constant_symbol": _symbols(4),
        "specific_symbol": _symbols(10),
        "bank_reference": _symbols(13),
        "remittance": st.none() | _texts(140),
    }
)
_BALANCES = st.integers(-(10**14) + 1, 10**14 - 1).map(lambda cents: Decimal(cents).scaleb(-2))
_STATEMENTS = st.fixed_dictionaries(
    {
        "account": _ACCOUNTS,
        "account_name": st.none() | _texts(20),
        "bank": st.just("0100"),
        "number": _symbols(3),
        "opening": _BALANCES,
        "opening_day": _DAYS,
        "closing": _BALANCES,
        "closing_day": _DAYS,
    }
)


def _statement_set(statements: list[tuple[dict[str, Any], list[dict[str, Any]]]]) -> StatementSet:
    rows = [{**given, "statement_no": at} for at, (given, _) in enumerate(statements, start=1)]
    entries = [
        {**given, "statement_no": at, "entry_no": no, "currency": "CZK", "status": "BOOK"}
        for at, (_, own) in enumerate(statements, start=1)
        for no, given in enumerate(own, start=1)
    ]
    return StatementSet(
        pa.Table.from_pylist(rows, SCHEMAS[Kind.STATEMENT]), pa.Table.from_pylist(entries, SCHEMAS[Kind.ENTRY])
    )


def _written(statements: StatementSet) -> bytes:
    write = format_named("gpc").write
    assert write
    return b"".join(write(statements))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(_STATEMENTS, st.lists(_ENTRIES, max_size=4)), min_size=1, max_size=3))
def test_round_trip(given_: list[tuple[dict[str, Any], list[dict[str, Any]]]]) -> None:
    statements = _statement_set(given_)
    data = _written(statements)
    assert recognised(data).name == "gpc"
    assert set(map(len, data.decode("cp1250").splitlines())) <= {128, 73}
    found = read("gpc", data, bank="0100", currency="CZK")
    assert set(found.findings) <= {"encoding_assumed"}
    for wanted, row in zip(statements.statements.to_pylist(), found.statements, strict=True):
        assert {name: row[name] for name in given_[0][0]} == {name: wanted[name] for name in given_[0][0]}
    for wanted, row in zip(statements.entries.to_pylist(), found.entries, strict=True):
        names = ("statement_no", "entry_no", "currency", *_entry_names())
        assert {name: row[name] for name in names} == {name: wanted[name] for name in names}


def _entry_names() -> tuple[str, ...]:
    return (
        "booking_day",
        "value_day",
        "amount",
        "reversal",
        "counterparty_account",
        "counterparty_bank",
        "counterparty_name",
        "variable_symbol",
        "constant_symbol",
        "specific_symbol",
        "bank_reference",
        "remittance",
    )


STATEMENT: dict[str, Any] = {
    "account": "19-1234567805",
    "opening": Decimal(0),
    "closing": Decimal(0),
    "opening_day": date(2026, 1, 1),
    "closing_day": date(2026, 1, 31),
}
ENTRY: dict[str, Any] = {
    "booking_day": date(2026, 1, 2),
    "amount": Decimal(1),
    "counterparty_account": "2000145305",
    "reversal": False,
}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("amount", Decimal("1.005")),
        ("amount", Decimal("10000000000")),
        ("amount", None),
        ("booking_day", None),
        ("booking_day", date(2070, 1, 1)),
        ("counterparty_account", "DE89370400440532013000"),
        ("counterparty_account", "1234567-1"),
        ("counterparty_account", "12345678901234567"),
        ("counterparty_bank", "KOMBCZPP"),
        ("counterparty_name", "longer than twenty characters"),
        ("counterparty_name", "日本"),
        ("counterparty_name", "two\nlines"),
        ("variable_symbol", "12345678901"),
        ("variable_symbol", "A1"),
        ("constant_symbol", "12345"),
        ("remittance", "x" * 141),
        ("status", "PDNG"),
        ("currency", "???"),
    ],
)
def test_writer_refuses_what_a_field_can_t_hold(name: str, value: object) -> None:
    statements = _statement_set([(STATEMENT, [ENTRY])])
    at = statements.entries.schema.get_field_index(name)
    column = pa.array([value], statements.entries.schema.field(name).type)
    changed = StatementSet(
        statements.statements, statements.entries.set_column(at, statements.entries.field(at), column)
    )
    with pytest.raises(BadArgument, match="statement 1, entry 1"):
        _written(changed)


@pytest.mark.parametrize(
    ("name", "value"), [("account", "ACCOUNT"), ("opening", None), ("number", "2026/1"), ("opening", Decimal("0.001"))]
)
def test_writer_refuses_a_statement_that_it_can_t_hold(name: str, value: object) -> None:
    with pytest.raises(BadArgument, match=f"statement 1.*{name}"):
        _written(_statement_set([({**STATEMENT, name: value}, [ENTRY])]))


def test_an_iban_gives_account_and_bank() -> None:
    iban = "CZ6508000000192000145399"
    found = read("gpc", _written(_statement_set([(STATEMENT, [{**ENTRY, "counterparty_account": iban}])])))
    assert (found.entries[0]["counterparty_account"], found.entries[0]["counterparty_bank"]) == (
        "19-2000145399",
        "0800",
    )
