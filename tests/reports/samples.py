"""Reports made by hand, in the schemas of the analysis functions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pyarrow as pa

from bankklient_lab.reports.model import CashPositionReport, StatementHead, StatementReport

AMOUNT = pa.decimal128(18, 3)
MADE_AT = datetime(2026, 11, 2, 7, 30, tzinfo=UTC)
ENTRIES = pa.schema(
    [
        ("position", pa.int64()),
        ("day", pa.date32()),
        ("booking_day", pa.date32()),
        ("value_day", pa.date32()),
        ("amount", AMOUNT),
        ("balance", AMOUNT),
        *(
            (name, pa.string())
            for name in (
                "currency",
                "counterparty_name",
                "counterparty_account",
                "counterparty_bank",
                "variable_symbol",
                "constant_symbol",
                "specific_symbol",
                "remittance",
                "additional_info",
                "transaction_code",
                "bank_reference",
                "client_reference",
                "end_to_end_id",
                "statement_number",
            )
        ),
    ]
)
TEXTS = [field.name for field in ENTRIES if field.type == pa.string() and field.name != "currency"]
PEOPLE = (
    ("Žluťoučký kůň s.r.o.", "CZ6508000000192000145399", "Faktura č. {n} za dodávku příkrmů, děkujeme za spolupráci"),
    ("Zażółć gęślą jaźń Sp. z o.o.", "PL61109010140000071219812874", "Zapłata za fakturę {n}"),
    ("Ξεσκεπάζω Τράπεζα Α.Ε.", "GR1601101250000000012300695", "Τιμολόγιο {n}"),
    ("Müller & Söhne GmbH", "DE89370400440532013000", "Rechnung {n} vom 3. Oktober, Lieferung frei Haus"),
    ("", "", ""),
)


def entries_of(
    rows: Iterable[Mapping[str, object]], opening: Decimal = Decimal("1000"), currency: str = "CZK"
) -> pa.Table:
    """Return a table of entries with the running balance; what a row does not give is null."""
    full: list[dict[str, object]] = []
    balance = opening
    for position, row in enumerate(rows, start=1):
        amount = row["amount"]
        assert isinstance(amount, Decimal)
        balance += amount
        day = row.get("day", date(2026, 10, 1))
        derived = {"position": position, "balance": balance, "currency": currency, "day": day, "booking_day": day}
        full.append({"value_day": day} | derived | dict(row))
    return pa.Table.from_pylist(full, schema=ENTRIES)


def statement_of(entries: pa.Table, opening: Decimal = Decimal("1000"), **changes: object) -> StatementReport:
    """Return a statement of these entries for October 2026."""
    amounts = entries["amount"].to_pylist()
    credit = sum((amount for amount in amounts if amount > 0), Decimal(0))
    debit = -sum((amount for amount in amounts if amount < 0), Decimal(0))
    values: dict[str, object] = {
        "account": "CZ6508000000192000145399",
        "currency": "CZK",
        "bank": "GIBACZPX",
        "name": "Provozní účet",
        "label": "Provozní účet",
        "owner": "Příbramské strojírny a.s.",
        "since": date(2026, 10, 1),
        "until": date(2026, 11, 1),
        "opening": opening,
        "sum_credit": credit,
        "sum_debit": debit,
        "closing": opening + credit - debit,
        "difference": Decimal(0),
        "entries": entries.num_rows,
        "numbers": "10",
        "known_since": date(2026, 10, 1),
        "known_until": date(2026, 10, 31),
        "stated": True,
    }
    return StatementReport(StatementHead(**(values | changes)), entries, MADE_AT)  # type: ignore[arg-type]


def a_statement(rows: int, **changes: object) -> StatementReport:
    """Return a statement of ordinary entries."""
    return statement_of(entries_of(_ordinary(number) for number in range(rows)), **changes)


def _ordinary(number: int) -> dict[str, object]:
    name, account, text = PEOPLE[number % len(PEOPLE)]
    day = date(2026, 10, 1) + timedelta(days=number % 31)
    return {
        "day": day,
        "value_day": day + timedelta(days=number % 3 // 2),
        "amount": Decimal(number * 48_271 % 1_000_003 - 480_000) / 100,
        "counterparty_name": name or None,
        "counterparty_account": account or None,
        "remittance": text.format(n=1000 + number) or None,
        "variable_symbol": str(2_026_000_000 + number) if number % 2 else None,
        "constant_symbol": "308" if number % 4 == 0 else None,
        "additional_info": "Poplatek za vedení účtu" if not name else None,
        "bank_reference": f"REF{number:08d}",
        "transaction_code": "PMNT/RCDT/ESCT",
    }


BALANCES = pa.schema(
    [
        *((name, pa.string()) for name in ("account", "currency", "bank", "name", "label")),
        ("balance", AMOUNT),
        ("balance_day", pa.date32()),
        ("converted", AMOUNT),
        ("rate_day", pa.date32()),
    ]
)
DAYS = pa.schema([("day", pa.date32()), ("balance", AMOUNT)])


def a_cash_position(**changes: object) -> CashPositionReport:
    """Return a cash position of five accounts in three currencies."""
    rows = [
        ("CZ6508000000192000145399", "CZK", "GIBACZPX", "Provozní účet", "1234567.89", "1234567.89"),
        ("CZ0906000000000150000030", "CZK", "AGBACZPP", "Mzdový účet", "-50000.00", "-50000.00"),
        ("CZ9455000000001011038930", "EUR", "RZBCCZPP", "Eurový účet", "80000.50", "1968012.30"),
        ("DE89370400440532013000", "EUR", "COBADEFF", "Müller & Söhne", "1200.00", "29520.00"),
        ("123456789", "USD", None, "Dolarový účet", "999.99", "20999.79"),
    ]
    table = pa.Table.from_pylist(
        [
            {
                "account": account,
                "currency": currency,
                "bank": bank,
                "name": name,
                "label": name,
                "balance": Decimal(balance),
                "balance_day": date(2026, 10, 31),
                "converted": Decimal(converted),
                "rate_day": None if currency == "CZK" else date(2026, 10, 30),
            }
            for account, currency, bank, name, balance, converted in rows
        ],
        schema=BALANCES,
    )
    days = [
        {
            "day": date(2025, 11, 1) + timedelta(days=n),
            "balance": Decimal(3_203_099 - (n * 7919 % 1_400_000)) + n * 2000,
        }
        for n in range(365)
    ]
    values: dict[str, object] = {
        "on": date(2026, 10, 31),
        "currency": "CZK",
        "balances": table,
        "days": pa.Table.from_pylist(days, schema=DAYS),
        "made_at": MADE_AT,
    }
    return CashPositionReport(**(values | changes))  # type: ignore[arg-type]
