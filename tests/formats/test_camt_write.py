"""camt.053 written: valid by its schema, refused where it can't carry a value, and the same when it is read back."""

from __future__ import annotations

import os
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from bankklient_lab.errors import BadArgument
from bankklient_lab.formats import format_named
from bankklient_lab.formats.base import StatementSet, clean
from bankklient_lab.formats.camt_write import CARRIED
from bankklient_lab.formats.schema import SCHEMAS, Kind
from tests import corpus
from tests.formats import camt_messages, reading, strategies
from tests.formats.reading import Read

KINDS = (Kind.STATEMENT, Kind.ENTRY, Kind.BALANCE, Kind.DETAIL)  # as StatementSet has them
FILES = [path for path in (*camt_messages.SAMPLES, *camt_messages.FILES) if b"</Id>" in path.read_bytes()]


def schema() -> etree.XMLSchema | None:
    """Return the schema of what is written; None without a corpus."""
    folder = corpus.corpus()
    return etree.XMLSchema(file=str(folder / "xsd" / "camt.053.001.08.xsd")) if folder else None


SCHEMA = schema()


def written(statements: StatementSet) -> bytes:
    write = format_named("camt.053").write
    assert write is not None
    data = b"".join(write(statements))
    document = etree.fromstring(data)
    if SCHEMA is not None:
        SCHEMA.assertValid(document)
    return data


def carried(table: pa.Table, kind: Kind) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = table.select(list(CARRIED[kind])).to_pylist()
    for row in rows:
        if "detail_count" in row and (row["detail_count"] or 0) < 2:
            row["detail_count"] = None  # 0 and 1 are the same: the details are in the entry
    return rows


def differences(back: pa.Table, table: pa.Table, kind: Kind) -> list[tuple[str, object, object]]:
    """Say which columns came back otherwise: name, as read, as written."""
    assert len(back) == len(table)
    pairs = zip(carried(back, kind), carried(table, kind), strict=True)
    return [(name, got[name], wanted[name]) for got, wanted in pairs for name in wanted if got[name] != wanted[name]]


def tables_of(statements: StatementSet) -> dict[Kind, pa.Table]:
    tables = (statements.statements, statements.entries, statements.balances, statements.details)
    return dict(zip(KINDS, tables, strict=True))


def set_of(tables: dict[Kind, pa.Table]) -> StatementSet:
    return StatementSet(*(tables[kind] for kind in KINDS))


def same_when_read_back(statements: StatementSet) -> Read:
    found = reading.read("camt.053", written(statements))
    for kind, table in tables_of(statements).items():
        assert differences(found.table(kind), table, kind) == []
    assert found.findings == []
    return found


# Generated statements

CHARACTERS = st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff")
TEXTS = st.one_of(
    st.sampled_from(["NOTPROVIDED", "NONREF", "a&b<c>]]>", "/VS123/SS4", "VS:7", "PMNT/RCDT/ESCT", "0"]),
    st.sampled_from(["x" * 141, "ř" * 600]),
    st.text(CHARACTERS, min_size=1, max_size=20),
    st.text(CHARACTERS, min_size=100, max_size=320),
).map(clean)  # fmt: skip
CODES = st.one_of(
    st.sampled_from(["DE89370400440532013000", "19-2000145399/0800", "GIBACZPX", "DEUTDEFF500", "0800", "12", "000"]),
    TEXTS,
)
SHORT = st.text(CHARACTERS, min_size=1, max_size=12).map(clean)
DAYS = st.dates(date(1900, 1, 1), date(2100, 12, 31))
AMOUNTS = st.decimals(Decimal(-(10**15) + 1), Decimal(10**15 - 1), places=3)
UNSIGNED = st.decimals(0, Decimal(10**15 - 1), places=3)
CURRENCIES = st.sampled_from(["CZK", "EUR", "JPY", "KWD"])

PARTY = {
    "counterparty_name": TEXTS,
    "counterparty_account": CODES,
    "counterparty_bank": CODES,
    "variable_symbol": st.one_of(st.integers(1, 10**10 - 1).map(str), TEXTS),
    "constant_symbol": st.integers(1, 9999).map(str),
    "specific_symbol": st.integers(1, 10**10 - 1).map(str),
    "end_to_end_id": TEXTS,
    "mandate_id": TEXTS,
    "creditor_id": TEXTS,
    "bank_reference": TEXTS,
    "client_reference": TEXTS,
    "transaction_code": TEXTS,
    "remittance": TEXTS,
    "additional_info": TEXTS,
    "original_amount": UNSIGNED,
    "original_currency": CURRENCIES,
    "exchange_rate": st.sampled_from(["25.305", "1", "0.0000000001", "1 EUR = 25,30", "12345678901234"]) | TEXTS,
    "charges": UNSIGNED,
}  # fmt: skip


@st.composite
def statement_sets(draw: st.DrawFn) -> StatementSet:
    rows: dict[Kind, list[dict[str, Any]]] = {kind: [] for kind in KINDS}
    for number in range(1, draw(st.integers(1, 3)) + 1):
        currency = draw(CURRENCIES)
        balances = [
            draw_row(draw, {"day": DAYS, "amount": AMOUNTS}, nullable=False) for _ in range(draw(st.integers(1, 4)))
        ]
        kinds = draw(
            st.lists(
                st.sampled_from(["OPBD", "CLBD", "CLAV", "FWAV", "XTRA-BANK"]), min_size=4, max_size=4, unique=True
            )
        )
        for balance, kind in zip(balances, kinds, strict=False):
            keys = {"statement_no": number, "balance_type": kind, "currency": currency}
            rows[Kind.BALANCE].append(balance | keys)
        of_kind = dict(zip(kinds, balances, strict=False))
        rows[Kind.STATEMENT].append(draw_statement(draw, number, currency, of_kind))
        for entry_no in range(1, draw(st.integers(0, 3)) + 1):
            count = draw(st.sampled_from([None, 0, 1, 2, 3]))
            keys = {"statement_no": number, "entry_no": entry_no, "detail_count": count}
            rows[Kind.ENTRY].append(draw_entry(draw) | keys)
            for detail_no in range(1, (count or 0) + 1 if (count or 0) > 1 else 1):
                detail = draw_row(draw, {"amount": AMOUNTS, "currency": CURRENCIES}, nullable=False)
                keys = {"statement_no": number, "entry_no": entry_no, "detail_no": detail_no}
                rows[Kind.DETAIL].append(detail | draw_row(draw, PARTY) | keys)
    tables = {kind: pa.Table.from_pylist(found, SCHEMAS[kind]) for kind, found in rows.items()}
    return set_of(tables)


def draw_row(draw: st.DrawFn, fields: dict[str, st.SearchStrategy[Any]], *, nullable: bool = True) -> dict[str, Any]:
    return {name: draw(st.none() | values if nullable else values) for name, values in fields.items()}


def draw_statement(draw: st.DrawFn, number: int, currency: str, balances: dict[str, dict[str, Any]]) -> dict[str, Any]:
    nothing: dict[str, Any] = {"amount": None, "day": None}
    return {
        "statement_no": number,
        "interim": False,
        "account": draw(CODES.map(lambda text: (text or "1")[:60])),
        "currency": currency,
        "opening": balances.get("OPBD", nothing)["amount"],
        "opening_day": balances.get("OPBD", nothing)["day"],
        "closing": balances.get("CLBD", nothing)["amount"],
        "closing_day": balances.get("CLBD", nothing)["day"],
        "available": balances.get("CLAV", nothing)["amount"],
        "created_at": draw(st.sampled_from(["2026-10-31T22:10:00+01:00", "2026-10-31T22:10:00.123Z", "31.10.2026"])),
        **draw_row(
            draw,
            {
                "bank": CODES.map(lambda text: text and text[:40]),
                "account_name": SHORT,
                "number": st.one_of(st.integers(1, 10**18 - 1).map(str), SHORT),
                "page": st.integers(0, 10**9 - 1),
                "reference": SHORT,
                "first_day": DAYS,
                "last_day": DAYS,
                "declared_entries": st.integers(0, 10**15 - 1),
                "declared_credit": UNSIGNED,
                "declared_debit": UNSIGNED,
            },
        ),
    }  # fmt: skip


def draw_entry(draw: st.DrawFn) -> dict[str, Any]:
    return {
        "amount": draw(AMOUNTS),
        "currency": draw(CURRENCIES),
        "reversal": draw(st.booleans()),
        "status": draw(st.sampled_from(["BOOK", "PDNG", "INFO", "FUTR", None])),
        **draw_row(draw, {"booking_day": DAYS, "value_day": DAYS, **PARTY}),
    }


@settings(max_examples=int(os.environ.get("HYPOTHESIS_EXAMPLES", "150")), deadline=None)
@given(statement_sets())
def test_what_was_written_is_the_same_when_read_back(statements: StatementSet) -> None:
    same_when_read_back(statements)


def test_every_column_is_carried_but_these() -> None:
    left = {kind: set(SCHEMAS[kind].names) - set(CARRIED[kind]) for kind in KINDS}
    place = {"raw", "place"}
    assert left == {Kind.STATEMENT: place, Kind.ENTRY: place, Kind.BALANCE: set(), Kind.DETAIL: set()}


@pytest.mark.parametrize("path", FILES, ids=reading.ids)
def test_files_of_banks_survive_being_written(path: Path) -> None:
    statements = as_booked(camt_messages.read(path.read_bytes()).statement_set())
    if not has_what_camt_requires(statements):
        with pytest.raises(BadArgument, match=r"no balance|no amount|no day"):
            written(statements)
        return
    back = reading.read("camt.053", written(statements))
    for kind in (Kind.ENTRY, Kind.DETAIL):
        assert differences(back.table(kind), tables_of(statements)[kind], kind) == []


def as_booked(statements: StatementSet) -> StatementSet:
    """Return the set with reports as statements."""
    tables = tables_of(statements)
    rows = [row | {"interim": False} for row in statements.statements.to_pylist()]
    return set_of(tables | {Kind.STATEMENT: pa.Table.from_pylist(rows, SCHEMAS[Kind.STATEMENT])})


def has_what_camt_requires(statements: StatementSet) -> bool:
    balances, entries = statements.balances.to_pylist(), statements.entries.to_pylist()
    with_balance = {row["statement_no"] for row in balances}
    days = ("first_day", "last_day", "opening_day", "closing_day")
    dated = {r["statement_no"] for r in statements.statements.to_pylist() if any(r[name] for name in days)}
    known = all(row["amount"] is not None for row in (*balances, *entries))
    placed = all(row["day"] or row["statement_no"] in dated for row in balances)
    return known and placed and len(with_balance) == len(statements.statements)


# Refusals


def one_statement() -> StatementSet:
    (path,) = (path for path in corpus.sample_files("camt053") if path.name == "two_accounts.v8.xml")
    return reading.read("camt.053", path.read_bytes()).statement_set()


def changed(statements: StatementSet, kind: Kind, **values: object) -> StatementSet:
    """Return the set with other values in the first row of one kind."""
    tables = tables_of(statements)
    rows = tables[kind].to_pylist()
    rows[0] |= values
    tables[kind] = pa.Table.from_pylist(rows, SCHEMAS[kind])
    return set_of(tables)


def test_own_sample_is_the_same_when_read_back() -> None:
    same_when_read_back(one_statement())


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        ("5.1", "EUR", "5.10"),
        ("5.123", "EUR", "5.123"),
        ("5", "JPY", "5"),
        ("5.5", "JPY", "5.500"),
        ("5", "KWD", "5.000"),
    ],
)
def test_amounts_have_the_decimals_of_their_currency(amount: str, currency: str, text: str) -> None:
    statements = changed(one_statement(), Kind.ENTRY, amount=Decimal(amount), currency=currency)
    assert f'<Ntry><Amt Ccy="{currency}">{text}</Amt>'.encode() in written(statements)


@pytest.mark.parametrize(
    ("kind", "values", "reason"),
    [
        (Kind.STATEMENT, {"interim": True}, "interim report"),
        (Kind.STATEMENT, {"account": None}, "no account"),
        (Kind.STATEMENT, {"currency": "Euro"}, "no currency code"),
        (Kind.STATEMENT, {"account_name": "a\x01"}, "statement 1, account_name.*U\\+0001"),
        (Kind.STATEMENT, {"reference": "x" * 500}, "reference are too long"),
        (Kind.STATEMENT, {"opening": Decimal(1)}, "differs"),
        (Kind.STATEMENT, {"statement_no": 9}, "an entry is of no statement"),
        (Kind.ENTRY, {"amount": None}, "entry 1 of statement 1 has no amount"),
        (Kind.ENTRY, {"currency": None}, "entry 1 of statement 1 has no currency"),
        (Kind.ENTRY, {"status": "DONE"}, "entry 1 of statement 1: status 'DONE'"),
        (Kind.ENTRY, {"remittance": "a\x00b"}, "entry 1 of statement 1, remittance.*U\\+0000"),
        (Kind.DETAIL, {"amount": None}, "entry 2 of statement 1 has no amount"),
        (Kind.DETAIL, {"entry_no": 1}, "a single detail"),
        (Kind.BALANCE, {"currency": "x"}, "no currency code"),
        (Kind.BALANCE, {"balance_type": "x" * 36}, "too long a type|differs"),
    ],
)  # fmt: skip
def test_what_camt_can_not_carry_is_refused(kind: Kind, values: dict[str, object], reason: str) -> None:
    with pytest.raises(BadArgument, match=reason):
        written(changed(one_statement(), kind, **values))


def test_a_statement_without_balance_is_refused() -> None:
    statements = one_statement()
    silent = changed(statements, Kind.STATEMENT, opening=None, closing=None, available=None)
    with pytest.raises(BadArgument, match="statement 1 has no balance"):
        written(StatementSet(silent.statements, silent.entries))


def test_balances_that_only_the_statement_says_are_written() -> None:
    statements = one_statement()
    found = reading.read("camt.053", written(StatementSet(statements.statements, statements.entries)))
    kept = [(row["balance_type"], row["amount"]) for row in found.rows(Kind.BALANCE)]
    assert kept[:3] == [("OPBD", Decimal(1000)), ("CLBD", Decimal("-249.50")), ("CLAV", Decimal("750.50"))]


@settings(max_examples=100, deadline=None)
@given(strategies.statement_sets())
def test_anything_else_is_written_exactly_or_refused(statements: StatementSet) -> None:
    try:
        data = written(statements)
    except BadArgument:
        return
    found = reading.read("camt.053", data)
    for kind in (Kind.ENTRY, Kind.DETAIL):
        assert differences(found.table(kind), tables_of(statements)[kind], kind) == []
