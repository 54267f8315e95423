"""Files for accounting systems: what a received batch says of the accounts that a system may know."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa

from bankklient_lab.actions import action
from bankklient_lab.errors import BadArgument, Refused, UnknownName
from bankklient_lab.formats.payments.base import Header
from bankklient_lab.formats.payments.table_csv import write
from bankklient_lab.lab import Lab
from bankklient_lab.orders.accounting_systems import AccountingSystem, system_numbered
from bankklient_lab.store.files import write_whole

# ruff: noqa: S608 - the texts below are made of our own names

# The identifications that orders brought from the accounting system, by which it knows its own records again (BAS-095).
_IDENTIFIED = " UNION ALL ".join(
    f"SELECT order_id, {day} AS client_transaction_date, client_transaction_id FROM {table}"
    for table, day in (("ops.domestic_order", "client_transaction_date"), ("ops.foreign_order", "NULL"))
)
# What is told before files are written once more (IMP-061).
WARNING = "the accounting system itself has to see that it takes nothing over twice"
_ENTRIES = f"""
    SELECT s.account, s.currency AS account_currency, s.number AS statement, e.booking_day, e.value_day, e.amount,
        e.currency, e.counterparty_account, e.counterparty_bank, e.counterparty_name, e.variable_symbol,
        e.constant_symbol, e.specific_symbol, e.end_to_end_id, e.bank_reference, e.client_reference, e.remittance,
        o.client_transaction_date, o.client_transaction_id
    FROM live_entry() e JOIN live_statement() s USING (import_id, statement_no)
    LEFT JOIN (
        SELECT import_id, statement_no, entry_no, string_agg(client_transaction_date, ' ' ORDER BY detail_no)
            AS client_transaction_date, string_agg(client_transaction_id, ' ' ORDER BY detail_no)
            AS client_transaction_id
        FROM ops.settlement JOIN ({_IDENTIFIED}) USING (order_id) GROUP BY ALL
    ) o USING (import_id, statement_no, entry_no)
    WHERE import_id = $import_id AND s.account_id IN (SELECT unnest($accounts)) AND e.status = 'BOOK'
    ORDER BY e.statement_no, e.entry_no
"""
_BALANCES = """
    SELECT account, currency AS account_currency, number AS statement, from_day, to_day, opening, closing
    FROM live_statement()
    WHERE import_id = $import_id AND account_id IN (SELECT unnest($accounts)) AND NOT interim
    ORDER BY statement_no
"""
FILES = {"posted": _ENTRIES, "balances": _BALANCES}


@action("41", mode="standard")
def export_to_accounting_system(lab: Lab, system: int, import_id: int, *, overwrite: bool = False) -> dict[str, Any]:
    """Write what an import says into the outgoing folder of an accounting system, as CSV: posted entries and balances.

    Only accounts that the system's filter lets pass. An entry that settled orders of a file from an accounting system
    has their identifications there; those of the orders of a batch booking are separated by spaces. The files are the
    same however often they are written, but for orders that were matched meanwhile. Returns
    files (their names with the number of rows). UnknownName for a system or an import that there is not, BadArgument
    for a system without an outgoing folder, Refused when a file is there already and `overwrite` is not given.
    """
    with lab.database.reading() as cursor:
        entry = system_numbered(cursor, system)
        folder = _folder(entry)
        if not cursor.execute(
            "SELECT 1 FROM ops.import WHERE import_id = ? AND state = 'imported'", [import_id]
        ).fetchone():
            raise UnknownName("import", import_id, "see `bankklient imports`")
        accounts = _accounts(cursor, entry)
    tables = {
        f"{name}-{import_id:06d}.csv": _texts(lab.query(sql, {"import_id": import_id, "accounts": accounts}))
        for name, sql in FILES.items()
    }
    there = [name for name in tables if (folder / name).exists()]
    if there and not overwrite:
        raise Refused(f"{', '.join(there)} is in {folder} already; say that it may be overwritten", files=there)
    header = Header("", lab.clock(), "", charset=entry.charset)
    for name, table in tables.items():
        write_whole(folder / name, b"".join(write(table, header)))
    with lab.database.tx("ops") as cursor:
        rows = {name: table.num_rows for name, table in tables.items()}
        lab.log(cursor, "export_to_accounting_system", str(system), import_id=import_id, files=rows)
    return {"folder": str(folder), "files": rows}


def _folder(entry: AccountingSystem) -> Path:
    if not entry.folder_out:
        raise BadArgument(f"accounting system {entry.number} has no folder for outgoing files")
    return Path(entry.folder_out)


def _accounts(cursor: Any, entry: AccountingSystem) -> list[int]:
    """Return the accounts that pass the filter: all when it names none."""
    rows = cursor.execute("SELECT account_id, number FROM ops.account ORDER BY 1").fetchall()
    return [account_id for account_id, number in rows if not entry.accounts or number in entry.accounts]


def _texts(table: pa.Table) -> pa.Table:
    return pa.table({name: table[name].cast(pa.string()) for name in table.column_names})
