"""pain.001 and pain.008: what is read of which version, totals, hostile files, and files that the schemas accept."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from bankklient_lab.errors import BadArgument, FormatError, LimitExceeded
from bankklient_lab.formats.payments import format_named
from bankklient_lab.formats.payments.accounts import czech, iban
from bankklient_lab.formats.payments.schema import Kind
from tests.corpus import corpus
from tests.formats.paying import (
    FOLDER,
    GERMAN,
    HEADER,
    OTHER,
    OWN_IBAN,
    Row,
    a_collection,
    a_payment,
    bare,
    parts_of,
    read,
    rows,
    samples,
    table,
    written,
)

TRANSFERS = (FOLDER / "pain001" / "domestic_and_sepa.xml").read_bytes()
DEBITS = (FOLDER / "pain008" / "one_fee.xml").read_bytes()
VERSIONS = [(name, version) for name in ("pain.001", "pain.008") for version in format_named(name).versions]


def refusal(data: bytes, name: str = "pain.001") -> FormatError:
    with pytest.raises(FormatError) as caught:
        parts_of(name, data)
    return caught.value


def check_schema(name: str, version: str, data: bytes) -> None:
    """Validate a message by the schema of its version, where the corpus has it."""
    root = corpus()
    if root is not None:
        schema = etree.XMLSchema(etree.parse(root / "xsd" / f"{name}.001.{version}.xsd"))
        schema.assertValid(etree.fromstring(data))


def test_transfers_with_symbols_addresses_and_references() -> None:
    parts = parts_of("pain.001", TRANSFERS)
    first, second, third = rows(parts)
    assert bare(first) == {
        "kind": "payment", "own_account": OWN_IBAN, "own_name": "Strojírny pod lesem", "counter_account": OTHER,
        "counter_name": "Truhlářství Žák & syn", "amount": Decimal("1500.50"), "currency": "CZK",
        "maturity": date(2026, 1, 20), "variable_symbol": "2026001", "specific_symbol": "77", "constant_symbol": "308",
        "message": "Faktura za leden", "client_reference": "A-1", "urgent": False,
    }  # fmt: skip
    assert not {"end_to_end_id", "message", "variable_symbol"} & second.keys()
    assert bare(third)["counter_address"] == "Weg 1\n10115 Berlin\nDE"
    assert (third["kind"], third["urgent"], third["service_level"], third["charge_bearer"]) == (
        "foreign", True, "SEPA", "SLEV",
    )  # fmt: skip
    assert (third["message"], third["end_to_end_id"]) == ("RF18539007547034", "E2E-3")
    assert [(row["reference"], row.get("stated_count")) for row in rows(parts, Kind.GROUP)] == [
        ("PAY-2026-01-1", 2), ("PAY-2026-01-2", None),
    ]  # fmt: skip


def test_a_debit_with_its_mandate() -> None:
    (row,) = read("pain.008", DEBITS)
    assert (row["kind"], row["own_account"], row["counter_name"]) == ("collection", GERMAN, "Eva Zahradníková")
    assert (row["mandate_id"], row["mandate_day"], row["creditor_id"]) == (
        "M-7", date(2025, 2, 3), "DE98ZZZ09999999999",
    )  # fmt: skip
    assert (row["sequence_type"], row["local_instrument"]) == ("RCUR", "CORE")
    assert "counter_bank" not in row


@pytest.mark.parametrize("version", [f"{number:02}" for number in range(3, 14)])
def test_every_version_is_read_without_a_finding(version: str) -> None:
    data = TRANSFERS.replace(b"pain.001.001.09", f"pain.001.001.{version}".encode())
    assert [part.kind for part in parts_of("pain.001", data)] == [Kind.PAYMENT, Kind.GROUP]


def test_an_unknown_version_is_read_with_a_finding() -> None:
    data = TRANSFERS.replace(b"pain.001.001.09", b"pain.001.001.99")
    (found,) = read("pain.001", data, Kind.FINDING)
    assert (found["code"], found["value"]) == ("unknown_code", "urn:iso:std:iso:20022:tech:xsd:pain.001.001.99")


@pytest.mark.parametrize(
    ("before", "after", "place", "reason"),
    [
        ("<NbOfTxs>3<", "<NbOfTxs>4<", "GrpHdr", "4 payments are stated, there are 3"),
        ("<CtrlSum>3501.75<", "<CtrlSum>3501.76<", "GrpHdr", "the sum 3501.76 is stated"),
        ("<NbOfTxs>2<", "<NbOfTxs>1<", "PmtInf 1", "1 payments are stated, there are 2"),
        ("<CtrlSum>3500.75<", "<CtrlSum>1<", "PmtInf 1", "the payments make 3500.75"),
        ("<CtrlSum>3500.75<", "<CtrlSum>x<", "PmtInf 1", "no sum"),
        ("<NbOfTxs>2<", "<NbOfTxs>two<", "PmtInf 1", "no number of payments"),
        (">1500.50<", ">1500.5001<", "PmtInf 1, CdtTrfTxInf 1", "more than three decimals"),
        (">1500.50<", ">-1<", "PmtInf 1, CdtTrfTxInf 1", "no unsigned amount"),
        (">1500.50<", "><", "PmtInf 1, CdtTrfTxInf 1", "no amount with a currency"),
        (' Ccy="CZK">1500', ">1500", "PmtInf 1, CdtTrfTxInf 1", "no amount with a currency"),
        ("<Dt>2026-01-20<", "<Dt>2026-02-30<", "PmtInf 1, CdtTrfTxInf 1", "no day"),
        ("<PmtMtd>TRF<", "<PmtMtd>CHK<", "PmtInf 1", "only TRF and TRA"),
        (
            '<InstdAmt Ccy="EUR">1</InstdAmt>',
            '<EqvtAmt><Amt Ccy="CZK">1</Amt><CcyOfTrf>EUR</CcyOfTrf></EqvtAmt>',
            "PmtInf 2, CdtTrfTxInf 1",
            "another currency",
        ),
        ("</Document>", "", "after CdtTrfTxInf 3 of the file", "not well formed or cut off"),
        ("<Document", "<Documents", "after CdtTrfTxInf 3", "not well formed"),
    ],
)  # fmt: skip
def test_a_formal_error_refuses_the_message(before: str, after: str, place: str, reason: str) -> None:
    assert before.encode() in TRANSFERS
    found = refusal(TRANSFERS.replace(before.encode(), after.encode(), 1))
    assert found.place.startswith(place), str(found)
    assert reason in str(found)


def test_a_message_without_payments_is_refused() -> None:
    empty = b'<Document xmlns="x"><CstmrCdtTrfInitn><GrpHdr/></CstmrCdtTrfInitn></Document>'
    assert "no payment" in str(refusal(empty))
    group = empty.replace(b"<GrpHdr/>", b"<PmtInf><PmtMtd>TRF</PmtMtd></PmtInf>")
    assert refusal(group).place == "PmtInf 1"


def test_entities_and_depth_are_refused() -> None:
    bomb = b'<!DOCTYPE x [<!ENTITY a "aaaa">]>' + TRANSFERS.partition(b"?>\n")[2]
    assert "DOCTYPE" in str(refusal(bomb))
    deep = TRANSFERS.replace(b"<Ustrd>", b"<a>" * 80 + b"</a>" * 80 + b"<Ustrd>")
    with pytest.raises(LimitExceeded, match="nested deeper"):
        parts_of("pain.001", deep)


def test_comments_and_cdata_are_read_as_text() -> None:
    plain = [bare(row) for row in read("pain.001", TRANSFERS)]
    odd = TRANSFERS.replace(b"Faktura za leden", b"<![CDATA[Faktura]]> za<!-- c --> leden")
    assert [bare(row) for row in read("pain.001", odd)] == plain


@pytest.mark.parametrize(
    ("text", "symbols", "message"),
    [
        ("/VS/123/KS/0308/SS/4", ("123", "308", "4"), None),
        ("/VS123/SS4/KS0308", ("123", "308", "4"), None),
        ("VS:123 KS:0308 rest", ("123", "308", None), "rest"),
        ("/VS/123 for VS:5", ("123", None, None), "for VS:5"),
        ("VS 123", (None, None, None), "VS 123"),
        ("/VS/12345678901", (None, None, None), "/VS/12345678901"),
        ("KS:1A", (None, None, None), "KS:1A"),
    ],
)
def test_symbols_before_a_message(text: str, symbols: tuple[str | None, ...], message: str | None) -> None:
    data = TRANSFERS.replace(b"/VS2026001/SS77/KS0308", b"X").replace(b"Faktura za leden", text.encode())
    row = read("pain.001", data)[0]
    assert tuple(row.get(f"{name}_symbol") for name in ("variable", "constant", "specific")) == symbols
    assert row.get("message") == message


# Writing


@pytest.mark.parametrize(("name", "version"), VERSIONS)
@pytest.mark.parametrize("path", [path for path in samples() if path.suffix == ".xml"], ids=lambda path: path.stem)
def test_a_sample_is_written_as_its_schema_wants_and_read_back(path: Path, name: str, version: str) -> None:
    if name.replace(".", "") != path.parent.name:
        return
    parts = parts_of(name, path.read_bytes())
    given = [row for part in parts if part.kind is Kind.PAYMENT for row in part.batch.to_pylist()]
    data = b"".join(format_named(name).write(table(*given), replace(HEADER, version=version)))
    check_schema(name, version, data)
    assert [_as_iban(bare(row)) for row in read(name, data)] == [_as_iban(bare(row)) for row in given]


def _as_iban(row: Row) -> Row:
    """Return a payment with its Czech numbers as IBANs, as a message writes them."""
    found = {side: czech(row.get(side)) for side in ("own_account", "counter_account")}
    return row | {side: iban(account) for side, account in found.items() if account}


def test_payments_are_grouped_by_account_day_currency_and_priority() -> None:
    payments = [
        a_payment(1), a_payment(2, maturity=date(2026, 1, 21)), a_payment(3), a_payment(4, urgent=True),
        a_payment(5, currency="EUR"), a_payment(6, own_account=GERMAN),
    ]  # fmt: skip
    data = written("pain.001", *payments)
    groups = read("pain.001", data, Kind.GROUP)
    assert [(row["reference"], row["stated_count"], row["stated_sum"]) for row in groups] == [
        ("MSG-1-1", 2, Decimal(201)),
        *[(f"MSG-1-{number}", 1, Decimal("100.5")) for number in (2, 3, 4, 5)],
    ]
    check_schema("pain.001", "03", data)


def test_symbols_go_into_the_identification_or_before_the_message() -> None:
    symbols = {"variable_symbol": "123", "constant_symbol": "308", "specific_symbol": "4"}
    data = written(
        "pain.001", a_payment(1, **symbols, message="x"), a_payment(2, **symbols, end_to_end_id="E", message="y")
    )
    assert b"<EndToEndId>/VS123/SS4/KS0308</EndToEndId>" in data
    assert b"<EndToEndId>E</EndToEndId>" in data
    assert b"<Ustrd>/VS123/SS4/KS0308 y</Ustrd>" in data
    assert all(row["variable_symbol"] == "123" and row["constant_symbol"] == "308" for row in read("pain.001", data))


@pytest.mark.parametrize(
    ("payment", "reason"),
    [
        (a_payment(7, kind="collection"), "no such payments"),
        (a_payment(7, maturity=None), "needs it"),
        (a_payment(7, own_account=None), "needs it"),
        (a_payment(7, counter_account=None), "needs it"),
        (a_payment(7, message="x" * 141), "longer than 140"),
        (a_payment(7, message="x" * 135, end_to_end_id="E", variable_symbol="12345"), "with the symbols before it"),
        (a_payment(7, message="/VS1 x"), "read as symbols"),
        (a_payment(7, end_to_end_id="/VS1"), "read as symbols"),
        (a_payment(7, end_to_end_id="x" * 36), "longer than the 35"),
        (a_payment(7, variable_symbol="1x"), "ten digits"),
        (a_payment(7, currency="czk"), "three letters"),
        (a_payment(7, charge_bearer="OUR"), "CRED, DEBT, SHAR, SLEV"),
        (a_payment(7, instructions="SDVA"), "CHQB, HOLD, PHOB, TELB"),
        (a_payment(7, counter_address="\n".join("abcdefgh")), "at most 7 lines"),
        (a_payment(7, exchange_rate="0,9"), "eleven digits"),
        (a_payment(7, message="\x01"), "U\\+0001"),
        (a_payment(7, counter_bank_country="cz", counter_bank_name="B"), "two letters"),
        (a_payment(7, counter_bank_country="CZ", counter_bank_name="B"), "last line must be the country"),
        (a_payment(7, own_text="x"), "has no place for it"),
        (a_payment(7, mandate_id="x"), "has no place for it"),
    ],
)  # fmt: skip
def test_what_a_message_cannot_hold_is_refused_with_payment_and_field(payment: Row, reason: str) -> None:
    with pytest.raises(BadArgument, match=reason) as caught:
        written("pain.001", payment)
    assert "payment 7" in str(caught.value)


def test_a_debit_needs_the_name_of_the_debtor() -> None:
    with pytest.raises(BadArgument, match="name of the debtor"):
        written("pain.008", a_collection(counter_name=None))
    with pytest.raises(BadArgument, match="FNAL, FRST, OOFF, RCUR"):
        written("pain.008", a_collection(sequence_type="X"))


def test_an_unknown_version_or_too_long_an_identification_is_refused() -> None:
    with pytest.raises(BadArgument, match="not written in version '05'; there are 03, 09"):
        written("pain.001", a_payment(), header=replace(HEADER, version="05"))
    with pytest.raises(BadArgument, match="1 to 28 characters"):
        written("pain.001", a_payment(), header=replace(HEADER, message_id="x" * 29))


def texts(characters: int) -> st.SearchStrategy[str]:
    """Return texts as a message gives them back: single blanks, none at the ends."""
    alphabet = st.characters(min_codepoint=33, max_codepoint=0x2FF, exclude_categories=["Cc", "Zs", "Cf"])
    words = st.lists(st.text(alphabet, min_size=1, max_size=characters // 3), min_size=1, max_size=3)
    return words.map(" ".join).filter(lambda t: 0 < len(t) <= characters and "S" not in t and t not in {"NONREF"})


NUMBERS = st.integers(1, 10**10 - 1).map(str)
SHARED = {
    "counter_address": st.lists(texts(60), min_size=1, max_size=4).map("\n".join),
    "message": texts(90), "end_to_end_id": texts(35), "client_reference": texts(35), "variable_symbol": NUMBERS,
    "specific_symbol": NUMBERS, "constant_symbol": st.integers(1, 9999).map(str),
    "charge_bearer": st.sampled_from(["DEBT", "CRED", "SHAR", "SLEV"]),
    "service_level": st.sampled_from(["SEPA", "NURG"]),
    "category_purpose": st.sampled_from(["SALA", "SUPP"]), "purpose": st.sampled_from(["SALA", "RENT"]),
    "urgent": st.booleans(), "counter_bank": st.sampled_from(["COBADEFF", "GIBACZPXXXX", "123456"]),
    "own_bank": st.sampled_from(["GIBACZPX", "COBADEFF"]),
}  # fmt: skip
ALWAYS = {
    "own_account": st.sampled_from([OWN_IBAN, GERMAN, "US-1234"]),
    "counter_account": st.sampled_from([OWN_IBAN, GERMAN, "12-34 X"]),
    "amount": st.integers(1, 10**15).map(lambda units: Decimal(units).scaleb(-3)),
    "currency": st.sampled_from(["CZK", "EUR", "JPY", "KWD"]),
    "maturity": st.dates(date(2000, 1, 1), date(2100, 1, 1)),
}
TRANSFER = st.fixed_dictionaries(
    ALWAYS,
    optional=SHARED | {
        "counter_name": texts(140), "exchange_rate": st.sampled_from(["25.31", "1"]),
        "instructions": st.sampled_from(["PHOB/call", "CHQB\nHOLD/wait"]),
    },
)  # fmt: skip
DEBIT = st.fixed_dictionaries(
    ALWAYS | {"kind": st.just("collection"), "counter_name": texts(140)},
    optional=SHARED | {
        "mandate_id": texts(35), "mandate_day": st.dates(date(2000, 1, 1), date(2100, 1, 1)), "creditor_id": texts(35),
        "sequence_type": st.sampled_from(["FRST", "RCUR"]), "local_instrument": st.sampled_from(["CORE", "B2B"]),
    },
)  # fmt: skip


def check_round_trip(name: str, version: str, payments: list[Row]) -> None:
    """Write payments, hold the file against its schema, and read the same payments."""
    data = written(name, *payments, header=replace(HEADER, version=version))
    check_schema(name, version, data)
    found = [bare(row, "kind") for row in read(name, data)]
    expected = [bare(row, "kind") for row in payments]
    assert sorted(found, key=_key) == sorted(expected, key=_key)


def _key(row: Row) -> list[tuple[str, str]]:
    return sorted((name, str(value).rstrip("0")) for name, value in row.items())


@settings(max_examples=60, deadline=None)
@given(st.lists(TRANSFER, min_size=1, max_size=4), st.sampled_from(["03", "09"]))
def test_written_transfers_are_valid_and_read_back_equal(given_rows: list[Row], version: str) -> None:
    payments = [a_payment(at, **values) for at, values in enumerate(given_rows, start=1)]
    check_round_trip("pain.001", version, payments)


@settings(max_examples=60, deadline=None)
@given(st.lists(DEBIT, min_size=1, max_size=4), st.sampled_from(["02", "08"]))
def test_written_debits_are_valid_and_read_back_equal(given_rows: list[Row], version: str) -> None:
    payments = [a_payment(at, **values) for at, values in enumerate(given_rows, start=1)]
    check_round_trip("pain.008", version, payments)
