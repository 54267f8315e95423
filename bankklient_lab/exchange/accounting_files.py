"""Files for accounting systems: what a batch from the bank says of the accounts that a system may know."""

from __future__ import annotations

import re
from hashlib import sha256
from pathlib import Path
from typing import Any

import pyarrow as pa

from bankklient_lab.actions import action
from bankklient_lab.errors import BadArgument, Refused, UnknownName
from bankklient_lab.formats.batches import STATEMENT_MESSAGE, Batch, read_batch
from bankklient_lab.formats.order_answers import STATUS_MESSAGE, read_status
from bankklient_lab.formats.payments.base import Header
from bankklient_lab.formats.payments.table_csv import write
from bankklient_lab.lab import Lab
from bankklient_lab.orders.accounting_systems import AccountingSystem, system_numbered
from bankklient_lab.orders.columns import column_sql
from bankklient_lab.orders.kinds import KINDS
from bankklient_lab.orders.kinds.kind import Kind
from bankklient_lab.orders.lifecycle import REJECTED
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


def _symbols(kind: Kind) -> str:
    names = ("variable_symbol", "constant_symbol", "specific_symbol")
    return ", ".join(f"{column_sql(kind, name)} AS {name}" for name in names)


_REJECTED = " UNION ALL BY NAME ".join(
    f"""SELECT {kind.own_account} AS account, o.order_id, o.kind, o.amount_value AS amount, o.currency,
        {kind.counter_account} AS counterparty_account, {kind.counter_name} AS counterparty_name, {_symbols(kind)},
        s.reason, s.reason_text, o.client_transaction_date, o.client_transaction_id
    FROM {kind.table} o JOIN ops.sent_order s USING (order_id)
    WHERE o.kind = '{kind.name}' AND o.status = '{REJECTED}' AND list_contains($rejected::BIGINT[], o.order_id)"""
    for kind in KINDS.values()
    if kind.family == "domestic"
)
_REJECTIONS = f"""
    FROM ({_REJECTED}) WHERE canonical_account(account, NULL) IN
        (SELECT number FROM ops.account WHERE account_id IN (SELECT unnest($accounts)))
    ORDER BY order_id
"""
_FILES = {"posted": _ENTRIES, "balances": _BALANCES, "rejected": _REJECTIONS}
_OF_BATCH = re.compile(r"(?P<year>[0-9]{2})(?P<number>[0-9]{4})(?P<type>[0-9]{2})-[0-9]+\..*", re.ASCII)


@action("41", mode="standard")
def export_to_accounting_system(lab: Lab, system: int, import_id: int, *, overwrite: bool = False) -> dict[str, Any]:
    """Write what an import says into the outgoing folder of an accounting system, as CSV.

    Posted entries, balances, and the orders that the bank rejected in the batch which brought the import; only of
    accounts that the system's filter lets pass. An entry that settled orders of a file from an accounting system has
    their identifications there; those of the orders of a batch booking are separated by spaces. The files are the same
    however often they are written, but for orders that were matched meanwhile. Returns files (their names with the
    number of rows). UnknownName for a system or an import that there is not, BadArgument for a system without an
    outgoing folder, Refused when a file is there already and `overwrite` is not given.
    """
    with lab.database.reading() as cursor:
        entry = system_numbered(cursor, system)
        folder = _folder(entry)
    tables = _tables(lab, entry, import_id)
    there = [name for name in tables if (folder / name).exists()]
    if there and not overwrite:
        raise Refused(f"{', '.join(there)} is in {folder} already; say that it may be overwritten", files=there)
    for name, table in tables.items():
        write_whole(folder / name, _content(lab, entry, table))
    with lab.database.tx("ops") as cursor:
        rows = {name: table.num_rows for name, table in tables.items()}
        lab.log(cursor, "export_to_accounting_system", str(system), import_id=import_id, files=rows)
    return {"folder": str(folder), "files": rows}


def write_for_accounting(lab: Lab, cursor: Any, batch: Batch) -> list[str]:
    """Write the files of each import of a batch for each accounting system that has a folder for them (TRN-036).

    A file that is there already stays. Returns what was not written, and why: the batch is applied all the same.
    """
    systems = cursor.execute("SELECT number FROM ops.accounting_system WHERE folder_out <> '' ORDER BY 1").fetchall()
    if not systems:
        return []
    imports = cursor.execute(
        "SELECT import_id FROM ops.import WHERE state = 'imported' AND list_contains(?, file_sha256) ORDER BY 1",
        [_statements(batch)],
    ).fetchall()
    findings = []
    for (system,) in systems:
        entry = system_numbered(cursor, system)
        for (import_id,) in imports:
            findings += _written(lab, cursor, entry, import_id)
    return findings


def _written(lab: Lab, cursor: Any, entry: AccountingSystem, import_id: int) -> list[str]:
    findings, rows = [], {}
    for name, table in _tables(lab, entry, import_id).items():
        path = _folder(entry) / name
        try:
            content = _content(lab, entry, table)
            if not path.exists():
                write_whole(path, content)
                rows[name] = table.num_rows
            elif path.read_bytes() != content:
                findings.append(f"{path} is there with another content, and stays; export it again to replace it")
        except (BadArgument, OSError) as error:
            findings.append(f"nothing is written for accounting system {entry.number}: {error}")
            break
    if rows:
        lab.log(cursor, "export_to_accounting_system", str(entry.number), import_id=import_id, files=rows)
    return findings


def _tables(lab: Lab, entry: AccountingSystem, import_id: int) -> dict[str, pa.Table]:
    """Return the content of each file, by its name."""
    with lab.database.reading() as cursor:
        found = cursor.execute(
            "SELECT file_name, file_sha256 FROM ops.import WHERE import_id = ? AND state = 'imported'", [import_id]
        ).fetchone()
        if not found:
            raise UnknownName("import", import_id, "see `bankklient imports`")
        accounts, rejected = _accounts(cursor, entry), _rejected(cursor, *found)
    given: dict[str, dict[str, Any]] = {
        "posted": {"import_id": import_id}, "balances": {"import_id": import_id}, "rejected": {"rejected": rejected},
    }  # fmt: skip
    return {
        f"{name}-{import_id:06d}.csv": _texts(lab.query(sql, {"accounts": accounts} | given[name]))
        for name, sql in _FILES.items()
    }


def _content(lab: Lab, entry: AccountingSystem, table: pa.Table) -> bytes:
    return b"".join(write(table, Header("", lab.clock(), "", charset=entry.charset)))


def _rejected(cursor: Any, name: str, digest: str) -> list[int]:
    """Return the orders that the batch from the bank rejects which brought an import; none for a file of other origin.

    The name leads to the batch, and its content proves it. They are told with the first statements of a batch alone.
    """
    named = _OF_BATCH.fullmatch(name)
    found = (
        named
        and cursor.execute(
            "SELECT payload FROM ops.batch JOIN ops.batch_content USING (batch_id) WHERE direction = 'receive'"
            " AND batch_type = ? AND year % 100 = ? AND number = ?",
            [int(named["type"]), int(named["year"]), int(named["number"])],
        ).fetchone()
    )
    if not found:
        return []
    batch = read_batch(bytes(found[0]))
    if _statements(batch)[:1] != [digest]:
        return []
    told = [read_status(message) for message in batch.messages if message.name == STATUS_MESSAGE]
    return [answer.order_id for one in told for answer in one.answers if answer.status == REJECTED]


def _statements(batch: Batch) -> list[str]:
    """Return the SHA-256 of the statements that a batch brings, as their imports keep them."""
    return [sha256(message.content).hexdigest() for message in batch.messages if message.name == STATEMENT_MESSAGE]


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
