"""GPC holds less than a lab: fitting leaves out texts and references, never amounts, days or symbols."""

from __future__ import annotations

import io
from datetime import date
from decimal import Decimal

import pyarrow as pa
import pytest

from bankklient_lab.errors import BadArgument
from bankklient_lab.formats.base import Hints, StatementSet
from bankklient_lab.formats.gpc import read, write
from bankklient_lab.formats.gpc_fit import fit
from bankklient_lab.formats.schema import SCHEMAS, Kind

STATEMENT = {
    "statement_no": 1, "interim": False, "account": "CZ6508000000192000145399", "currency": "CZK",
    "account_name": "A company with a very long name", "number": "2026/117", "first_day": date(2026, 11, 1),
    "last_day": date(2026, 11, 2), "opening": Decimal("10.000"), "opening_day": date(2026, 10, 31),
    "closing": Decimal("5.000"), "closing_day": date(2026, 11, 2),
}  # fmt: skip
ENTRY = {
    "statement_no": 1, "entry_no": 1, "booking_day": date(2026, 11, 1), "value_day": date(2026, 11, 1),
    "amount": Decimal("-5.000"), "currency": "CZK", "status": "BOOK", "reversal": False, "variable_symbol": "17",
    "detail_count": 0,
}  # fmt: skip


def given(**changes: object) -> StatementSet:
    return StatementSet(
        statements=pa.Table.from_pylist([STATEMENT], schema=SCHEMAS[Kind.STATEMENT]),
        entries=pa.Table.from_pylist([ENTRY | changes], schema=SCHEMAS[Kind.ENTRY]),
    )


def written(statements: StatementSet) -> dict[str, object]:
    source = io.BytesIO(b"".join(write(fit(statements))))
    parts = [part for part in read(source, Hints(bank="0800", currency="CZK")) if part.kind is Kind.ENTRY]
    return parts[0].batch.to_pylist()[0]


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"counterparty_account": "DE52370400442094998916", "counterparty_name": "Bäckerei"},
         {"counterparty_account": None, "additional_info": "Bäckerei"}),
        ({"bank_reference": "A1B2"}, {"bank_reference": None}),
        ({"bank_reference": "12"}, {"bank_reference": "12"}),
        ({"remittance": "x" * 150}, {"remittance": "x" * 140}),
        ({"additional_info": "a name with more than twenty"}, {"additional_info": "a name with more tha"}),
        ({"additional_info": "Ελλάς ō Žďár"}, {"additional_info": "o Žďár"}),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_left_out(changes: dict[str, object], found: dict[str, object]) -> None:
    with_all = written(given(**changes))
    assert {name: with_all[name] for name in found} == found
    assert (with_all["amount"], with_all["variable_symbol"]) == (Decimal("-5.000"), "17")


def test_amounts_are_never_changed() -> None:
    with pytest.raises(BadArgument, match="amount"):
        written(given(amount=Decimal("-5.001")))
