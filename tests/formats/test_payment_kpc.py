"""KPC payment files: variants of the banks, totals, refusals with their places, and writing."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bankklient_lab.errors import BadArgument, FormatError
from bankklient_lab.formats.payments.schema import Kind
from tests.formats.paying import FOLDER, HEADER, OTHER, OWN, a_payment, bare, parts_of, read, rows, written

SAMPLE = (FOLDER / "kpc" / "payments_and_collections_cp1250.kpc").read_bytes()


def kpc(*items: str, group: str = "2 19-2000145399 100 200126", kind: str = "1501") -> bytes:
    """Return a file with one group."""
    lines = ["UHL1150126", f"1 {kind} 000001 0800", group, *items, "3 +", "5 +", ""]
    return "\r\n".join(lines).encode()


def refusal(data: bytes) -> FormatError:
    with pytest.raises(FormatError) as caught:
        parts_of("kpc", data)
    return caught.value


def test_a_file_of_payments_and_collections() -> None:
    parts = parts_of("kpc", SAMPLE, charset="windows-1250")
    first, second, alone, collection = rows(parts)
    assert bare(first) == {
        "kind": "payment", "own_account": OWN, "counter_account": OTHER, "counter_name": "Truhlářství Žák",
        "amount": Decimal("1500.50"), "currency": "CZK", "maturity": date(2026, 1, 20), "variable_symbol": "2026001",
        "constant_symbol": "308", "specific_symbol": "77", "message": "Faktura za leden", "own_text": "Mzdy a sluzby",
    }  # fmt: skip
    assert "specific_symbol" not in second
    assert (alone["own_account"], alone["counter_account"]) == ("2000145399/0800", "3703921811/0100")
    assert (collection["kind"], collection["own_account"], collection["message"]) == ("collection", OWN, "Příspěvek")
    assert [row["place"] for row in (first, second, alone, collection)] == ["line 4", "line 5", "line 8", "line 13"]
    assert [(row["file_reference"], row["kind"], row["stated_sum"]) for row in rows(parts, Kind.GROUP)] == [
        ("000001", "payment", Decimal("3500.75")),
        ("000001", "payment", Decimal("3500.50")),
        ("000002", "collection", Decimal("1234.56")),
    ]


@pytest.mark.parametrize(
    ("written_as", "account"),
    [
        ("19-19", "19-19/0300"),
        ("000019-0000000019", "19-19/0300"),
        ("0000190000000019", "19-19/0300"),
        ("1230000000123", "123-123/0300"),
        ("0000000123", "123/0300"),
        ("123", "123/0300"),
    ],
)
def test_accounts_are_read_with_and_without_dash_and_zeros(written_as: str, account: str) -> None:
    (row,) = read("kpc", kpc(f"{written_as} 100 1 03000558"))
    assert row["counter_account"] == account


@pytest.mark.parametrize(
    ("rest", "expected"),
    [
        ("", {}),
        (" 9999", {"specific_symbol": "9999"}),
        ("  AV:text", {"message": "text"}),
        (" AV:text", {"message": "text"}),
        (" 0 AV:text|own|more", {"message": "text", "own_text": "own\nmore"}),
        ("  no mark", {"message": "no mark"}),
        (" 1 AV:text NP:A Name", {"specific_symbol": "1", "message": "text", "counter_name": "A Name"}),
        (" 1 NP:A Name", {"specific_symbol": "1", "counter_name": "A Name"}),
        (" 1 AV:|only own", {"specific_symbol": "1", "own_text": "only own"}),
        (" 1 a|||", {"specific_symbol": "1", "message": "a"}),
    ],
)
def test_what_may_follow_the_constant_symbol(rest: str, expected: dict[str, str]) -> None:
    (row,) = read("kpc", kpc(f"123 100 1 03000558{rest}"))
    names = ("specific_symbol", "message", "own_text", "counter_name")
    assert {name: row[name] for name in names if name in row} == expected


@pytest.mark.parametrize("day", ["200126", "20260120"])
def test_both_forms_of_the_day(day: str) -> None:
    (row,) = read("kpc", kpc("123 100 1 03000558", group=f"2 19-2000145399 100 {day}"))
    assert row["maturity"] == date(2026, 1, 20)


@pytest.mark.spec("IMP-013")
@pytest.mark.parametrize(
    ("data", "place", "reason"),
    [
        (kpc("123 99 1 03000558"), "line 3", "make 0.99, its head states 1.00"),
        (kpc("123 100 1 03000558", group="2 19-1 100 310226"), "line 3", "does not exist"),
        (kpc("123 100 1 03000558", group="2 19-1 x 200126"), "line 3", "are expected"),
        (kpc("123 1x0 1 03000558"), "line 4", "missing or has characters"),
        (kpc("12A 100 1 03000558"), "line 4", "field counter"),
        (kpc("123 100 12345678901 03000558"), "line 4", "field variable_symbol"),
        (kpc("123 100 1 0558"), "line 4", "field constant_field"),
        (kpc("123 1000000000000 1 03000558"), "line 4", "field amount"),
        (kpc("123 100 1 03000558 12345678901"), "line 4", "specific symbol"),
        (kpc(f"123 100 1 03000558  AV:{'x' * 141}"), "line 4", "longer than 140 characters"),
        (kpc(f"123 100 1 03000558  AV:x|{'x' * 141}"), "line 4", "field own_text"),
        (kpc("123 100"), "line 4", "field constant_field"),
        (kpc(), "line 3", "no item"),
        (kpc("123 100 1 03000558", kind="1503"), "line 2", "1501 and 1502"),
        (b"UHL1\r\n123 100 1 03000558\r\n", "line 2", "outside of a group"),
        (b"UHL1\r\n1 1501 1 0800\r\n2 100 200126\r\n", "last line", "stops before the end"),
        (b"UHL1\r\n2 100 200126\r\n", "line 2", "inside an accounting file"),
        (b"UHL1\r\n1 1501 1 0800\r\n5 +\r\n", "whole file", "no payment"),
        (b"UHL1\r\n3 +\r\n", "line 2", "none is open"),
        (kpc("1 1501 1 0800"), "line 4", "has not ended"),
    ],
)
def test_a_formal_error_refuses_the_file_with_its_place(data: bytes, place: str, reason: str) -> None:
    found = refusal(data)
    assert (found.place, reason in str(found)) == (place, True), str(found)


@pytest.mark.spec("IMP-011")
def test_a_byte_outside_the_character_set_is_refused_with_its_place() -> None:
    found = refusal(kpc("123 100 1 03000558  AV:x").replace(b"AV:x", b"AV:\xe1"))
    assert found.place == "line 4, byte 24"
    assert "0xE1 is no character of the set utf-8" in found.reason


def test_a_written_file_is_grouped_by_account_and_day() -> None:
    first = a_payment(1, message="Faktura\nza leden", counter_name="Žák", own_text="mzdy")
    data = written("kpc", first, a_payment(2, maturity=date(2026, 1, 21)), a_payment(3, amount=Decimal(1)))
    assert data.decode().splitlines() == [
        "UHL1150126Strojírny           0000012345001999",
        "1 1501 000001 0800",
        "2 19-2000145399 10150 200126",
        "123-3703921811 10050 0 01000000  AV:Faktura                            za leden|mzdy NP:Žák",
        "123-3703921811 100 0 01000000",
        "3 +",
        "2 19-2000145399 10050 210126",
        "123-3703921811 10050 0 01000000",
        "3 +",
        "5 +",
    ]


def test_a_payment_that_is_not_urgent_is_an_ordinary_one() -> None:
    (row,) = read("kpc", written("kpc", a_payment(urgent=False)))
    assert "urgent" not in row


def test_a_written_file_has_the_chosen_character_set() -> None:
    data = written(
        "kpc", a_payment(message="Žluťoučký kůň"), header=HEADER.__class__("M", HEADER.created_at, "S", charset="cp852")
    )
    assert read("kpc", data, charset="cp852")[0]["message"] == "Žluťoučký kůň"


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"kind": "foreign"}, "payments and collections only"),
        ({"currency": "EUR"}, "CZK only"),
        ({"counter_account": "DE89370400440532013000"}, "Czech accounts only"),
        ({"own_account": None}, "Czech accounts only"),
        ({"maturity": None}, "needs it"),
        ({"amount": Decimal("0.001")}, "two decimals"),
        ({"amount": Decimal("10000000000")}, "12 digits"),
        ({"variable_symbol": "12345678901"}, "at most 10 digits"),
        ({"constant_symbol": "12345"}, "at most 4 digits"),
        ({"specific_symbol": "1a"}, "at most 10 digits"),
        ({"message": "x" * 141}, "longer than 140"),
        ({"message": "a|b"}, "a bar"),
        ({"message": "a NP:b"}, "NP:"),
        ({"counter_name": "x" * 36}, "longer than 35"),
        ({"urgent": True}, "has no place for it"),
        ({"end_to_end_id": "E"}, "has no place for it"),
        ({"message": "€ 日"}, "the character '日' is not in the character set windows-1250"),
    ],
)
def test_what_kpc_cannot_hold_is_refused_with_payment_and_field(values: dict[str, object], reason: str) -> None:
    header = HEADER.__class__("M", HEADER.created_at, "S", charset="windows-1250")
    with pytest.raises(BadArgument, match=reason) as caught:
        written("kpc", a_payment(7, **values), header=header)
    assert "payment 7" in str(caught.value)


TEXTS = st.text(
    st.characters(min_codepoint=32, max_codepoint=0x17F, exclude_characters="|", exclude_categories=["Cc", "Cf"]),
    max_size=35,
).map(lambda text: " ".join(text.split()))
NUMBERS = st.integers(1, 10**10 - 1).map(str)
PAYMENTS = st.fixed_dictionaries(
    {
        "kind": st.sampled_from(["payment", "collection"]),
        "counter_account": st.builds(
            lambda prefix, base, bank: f"{prefix}-{base}/{bank:04}" if prefix else f"{base}/{bank:04}",
            st.integers(0, 999_999), st.integers(10, 10**10 - 1), st.integers(1, 9999),
        ),
        "amount": st.integers(0, 10**12 - 1).map(lambda units: Decimal(units).scaleb(-2)),
        "maturity": st.dates(date(1970, 1, 1), date(2069, 12, 31)),
    },
    optional={
        "variable_symbol": NUMBERS, "specific_symbol": NUMBERS, "constant_symbol": st.integers(1, 9999).map(str),
        "message": TEXTS.filter(lambda t: t and "NP:" not in t and not t.startswith("AV:")),
        "counter_name": TEXTS.filter(lambda t: t and "NP:" not in t),
    },
)  # fmt: skip


@settings(max_examples=100, deadline=None)
@given(st.lists(PAYMENTS, min_size=1, max_size=5))
def test_what_was_written_is_read_back(given_rows: list[dict[str, object]]) -> None:
    payments = [a_payment(at, **values) for at, values in enumerate(given_rows, start=1)]
    found = read("kpc", written("kpc", *payments))
    key = repr
    assert sorted((bare(row) for row in found), key=lambda r: key(sorted(r.items(), key=str))) == sorted(
        (bare(row, "own_name") for row in payments), key=lambda r: key(sorted(r.items(), key=str))
    )
