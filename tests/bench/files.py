"""Bank files of any size for measuring; ours to write where the package writes the format, else plain text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import duckdb
import pyarrow as pa

from bankklient_lab.formats import formats
from bankklient_lab.formats.base import StatementSet
from tests.bench.business import Size, statement_set

SUFFIXES = {"mt940": ".sta", "camt.053": ".xml", "gpc": ".gpc", "bai2": ".bai", "ofx": ".ofx", "csv": ".csv"}
_CODES = {"mt940": "NTRF", "camt.053": "PMNT/RCDT/ESCT"}
GPC_BANK = "0800"


def write_file(folder: Path, format_name: str, entries: int, *, accounts: int = 10) -> Path:
    """Write one month of `accounts` with so many entries in all, and return the file."""
    path = folder / f"{format_name}-{entries}-{accounts}{SUFFIXES[format_name]}"
    with duckdb.connect(":memory:") as con:
        size = Size(entries, accounts=1 if format_name == "ofx" else accounts, months=1, currency="CZK")
        data = statement_set(con, size, _CODES.get(format_name, ""))
    with path.open("wb") as target:
        target.writelines(_bytes(format_name, data))
    return path


def _bytes(format_name: str, data: StatementSet) -> Iterator[bytes]:
    if format_name == "bai2":
        return _bai2(data)
    if format_name == "ofx":
        return _ofx(data)
    if format_name == "gpc":
        data = _for_gpc(data)
    write = formats()[format_name].write
    assert write is not None
    return write(data)


def _for_gpc(data: StatementSet) -> StatementSet:
    """Keep what a GPC record holds: numbers instead of IBANs, 20 characters of a name."""
    entries, statements = data.entries, data.statements
    numbers = [iban[-10:] for iban in entries["counterparty_account"].to_pylist()]
    names = [name[:20] for name in entries["counterparty_name"].to_pylist()]
    for column, values in (("counterparty_account", numbers), ("counterparty_name", names)):
        entries = entries.set_column(entries.schema.get_field_index(column), column, pa.array(values))
    banks = pa.array(["0300"] * entries.num_rows)
    entries = entries.set_column(entries.schema.get_field_index("counterparty_bank"), "counterparty_bank", banks)
    for column in ("bank_reference", "transaction_code"):
        empty = pa.nulls(entries.num_rows, pa.string())
        entries = entries.set_column(entries.schema.get_field_index(column), column, empty)
    own = pa.array([f"{int(iban[8:14])}-{iban[-10:]}" for iban in statements["account"].to_pylist()])
    statements = statements.set_column(statements.schema.get_field_index("account"), "account", own)
    return replace(data, entries=entries, statements=statements)


def _cents(amount: Decimal) -> int:
    return int(amount * 100)


def _bai2(data: StatementSet) -> Iterator[bytes]:
    entries = data.entries.to_pylist()
    by_statement: dict[int, list[dict[str, object]]] = {}
    for entry in entries:
        by_statement.setdefault(entry["statement_no"], []).append(entry)
    last_day = data.statements["last_day"][0].as_py()
    yield f"01,122099999,123456789,{last_day:%y%m%d},0700,1,,,2/\n".encode()
    yield f"02,123456789,122099999,1,{last_day:%y%m%d},2359,USD,2/\n".encode()
    total = records = 0
    for statement in data.statements.to_pylist():
        closing = _cents(statement["closing"])
        lines = [f"03,{statement['account']},USD,010,{_cents(statement['opening'])},,,015,{closing},,/"]
        control = _cents(statement["opening"]) + closing
        for entry in by_statement[statement["statement_no"]]:
            cents = _cents(entry["amount"])  # type: ignore[arg-type]
            code = 195 if cents > 0 else 495
            lines.append(
                f"16,{code},{abs(cents)},V,{entry['booking_day']:%y%m%d},,{entry['bank_reference']},{entry['variable_symbol']},"
                f"{entry['counterparty_name']}/\n88,{entry['remittance']}"
            )
            control += abs(cents)
        count = 2 + sum(line.count("\n") + 1 for line in lines) - 1
        lines.append(f"49,{control},{count}/")
        total, records = total + control, records + count
        yield ("\n".join(lines) + "\n").encode()
    yield f"98,{total},{data.statements.num_rows},{records + 2}/\n99,{total},1,{records + 4}/\n".encode()


def _ofx(data: StatementSet) -> Iterator[bytes]:
    (statement,) = data.statements.to_pylist()
    yield (
        "OFXHEADER:100\nDATA:OFXSGML\nVERSION:102\nSECURITY:NONE\nENCODING:USASCII\nCHARSET:1252\nCOMPRESSION:NONE\n"
        "OLDFILEUID:NONE\nNEWFILEUID:NONE\n\n<OFX>\n<SIGNONMSGSRSV1><SONRS><STATUS><CODE>0<SEVERITY>INFO</STATUS>"
        "<DTSERVER>20240201080000<LANGUAGE>ENG</SONRS></SIGNONMSGSRSV1>\n<BANKMSGSRSV1><STMTTRNRS><TRNUID>1"
        "<STATUS><CODE>0<SEVERITY>INFO</STATUS>\n<STMTRS>\n"
        f"<CURDEF>{statement['currency']}\n<BANKACCTFROM><BANKID>0800<ACCTID>{statement['account']}<ACCTTYPE>CHECKING</BANKACCTFROM>\n"
        f"<BANKTRANLIST>\n<DTSTART>{statement['first_day']:%Y%m%d}\n<DTEND>{statement['last_day']:%Y%m%d}\n"
    ).encode()
    for batch in data.entries.to_batches(10_000):
        yield "".join(
            f"<STMTTRN>\n<TRNTYPE>{'CREDIT' if entry['amount'] > 0 else 'DEBIT'}\n"
            f"<DTPOSTED>{entry['booking_day']:%Y%m%d}\n"
            f"<TRNAMT>{entry['amount']:.2f}\n<FITID>{entry['bank_reference']}-{entry['entry_no']}\n<NAME>{entry['counterparty_name']}\n"
            f"<MEMO>{entry['remittance']}\n</STMTTRN>\n"
            for entry in batch.to_pylist()
        ).encode()
    yield (
        f"</BANKTRANLIST>\n<LEDGERBAL><BALAMT>{statement['closing']:.2f}<DTASOF>{statement['last_day']:%Y%m%d}</LEDGERBAL>\n"
        "</STMTRS>\n</STMTTRNRS></BANKMSGSRSV1>\n</OFX>\n"
    ).encode()
