"""MT101: parties, banks, several messages in a file, and refusals with their places."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from bankklient_lab.errors import FormatError
from bankklient_lab.formats.payments.schema import Kind
from tests.formats.paying import FOLDER, GERMAN, OWN, OWN_IBAN, bare, parts_of, read

SAMPLE = (FOLDER / "mt101" / "two_messages.txt").read_bytes()


def test_two_messages_with_their_payments() -> None:
    first, second, third = read("mt101", SAMPLE)
    assert bare(first) == {
        "kind": "foreign", "own_account": OWN_IBAN, "own_bank": "AAAACZPP", "own_name": "STROJIRNY POD LESEM",
        "counter_account": "123456789", "counter_bank": "CHASUS33", "counter_name": "ACME TOOLS INC",
        "counter_address": "1 MAIN STREET\nSPRINGFIELD", "amount": Decimal("1250.5"), "currency": "USD",
        "maturity": date(2026, 1, 20), "message": "INVOICE 1\nINVOICE 2", "client_reference": "INV-1",
        "charge_bearer": "SHAR", "instructions": "PHOB/CALL BEFORE PAYING\nCHQB",
    }  # fmt: skip
    assert (second["counter_bank"], second["counter_bank_name"]) == ("JP0001", "BANK OF SAMPLES\nTOKYO")
    assert (second["counter_name"], second["counter_address"]) == ("SAKURA KK", "GINZA 1\nJP TOKYO")
    assert (third["own_account"], third["counter_account"], third["charge_bearer"]) == (OWN, GERMAN, "CRED")
    assert (third["maturity"], third["place"], third["group_no"]) == (date(2026, 1, 21), "line 37", 2)
    groups = read("mt101", SAMPLE, Kind.GROUP)
    assert [(row["file_reference"], row["place"]) for row in groups] == [
        ("PAY-2026-01", "line 2"), ("PAY-2026-02", "line 34"),
    ]  # fmt: skip


def test_a_message_without_blocks_is_read() -> None:
    text = SAMPLE.decode().split("{4:")[1].split("-}")[0].strip().encode()
    assert [bare(row) for row in read("mt101", text)] == [bare(row) for row in read("mt101", SAMPLE)[:2]]


@pytest.mark.parametrize(
    ("before", "after", "place", "reason"),
    [
        (":32B:USD1250,5", ":32B:USD1250.5", "line 9", "an amount with a comma"),
        (":32B:USD1250,5", ":32B:USD1250,5001", "line 9", "too many digits"),
        (":32B:USD1250,5\r\n", "", "line 9", "32B is missing"),
        (":30:260120", ":30:260230", "line 2", "no day"),
        (":30:260120\r\n", "", "line 2", "30 is missing"),
        (":71A:SHA", ":71A:XXX", "line 9", "OUR, SHA or BEN"),
        (":71A:SHA", ":99Z:SHA", "line 20", "no such field"),
        (":71A:SHA", ":70:twice", "line 20", "comes twice"),
        (":57A:CHASUS33", ":57A:CHAS", "line 9", "no BIC"),
        (":20:PAY-2026-01\r\n", "", "line 2", "begins with the field 20"),
        (":21:INV-3\r\n:32B:EUR7,", ":30:260121", "line 37", "comes twice"),
        (":59A:/DE89370400440532013000\r\nCOBADEFF\r\n", "", "line 37", "59 or 59A or 59F is missing"),
        (":71A:BEN\r\n-}", ":71A:BEN\r\n", "line 44", "stops inside a message"),
        (":71A:OUR\r\n-}{5:{CHK:123456789ABC}}", ":71A:OUR", "line 32", "has not ended"),
        ("{4:\r\n:20:PAY-2026-01", "{4:\r\nx\r\n:20:PAY-2026-01", "line 2", "a field is expected"),
    ],
)
def test_a_formal_error_refuses_the_file(before: str, after: str, place: str, reason: str) -> None:
    assert before.encode() in SAMPLE
    with pytest.raises(FormatError) as caught:
        parts_of("mt101", SAMPLE.replace(before.encode(), after.encode(), 1))
    assert reason in str(caught.value)
    assert caught.value.place == place


def test_a_message_without_payments_is_refused() -> None:
    with pytest.raises(FormatError, match="no payment"):
        parts_of("mt101", b":20:X\n:28D:1/1\n:30:260120\n")
