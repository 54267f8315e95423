"""The current state: what the bank says of the running day, asked for without sending or taking over a batch (BNK-045).

A new state replaces the one before as a whole, and one that can't be had or is no newer leaves it (BNK-047).
"""

from __future__ import annotations

import tempfile
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from bankklient_lab.actions import action
from bankklient_lab.errors import FormatError, Refused, SealBroken
from bankklient_lab.exchange.channels import Link
from bankklient_lab.exchange.connecting import opened_link
from bankklient_lab.formats.base import Hints
from bankklient_lab.formats.batches import QUERY, REPORT_MESSAGE, Batch, read_batch_of
from bankklient_lab.formats.order_answers import STATUS_MESSAGE, OrderAnswer, read_status
from bankklient_lab.formats.reading import reader
from bankklient_lab.formats.schema import SCHEMAS, Kind
from bankklient_lab.jobs import Job
from bankklient_lab.keys.points import BANK, OWN, point_of
from bankklient_lab.lab import Lab

AHEAD_MAX = timedelta(hours=1)  # of our clock: a state of a later time would keep out every true one until then
_KINDS = (Kind.STATEMENT, Kind.BALANCE, Kind.ENTRY)
_REPLACED = ("current_state", "current_balance", "current_entry", "current_order")
_BALANCES = """
    INSERT INTO ops.current_balance
    SELECT s.account, s.currency, max(b.amount) FILTER (b.balance_type = 'ITBD'),
        max(b.amount) FILTER (b.balance_type = 'ITAV'),
        max(s.declared_entries) FILTER (s.declared_entries > coalesce(given, 0))
    FROM statement s LEFT JOIN balance b USING (statement_no)
    LEFT JOIN (SELECT statement_no, count(*) AS given FROM entry GROUP BY statement_no) USING (statement_no)
    GROUP BY s.account, s.currency
"""
_ENTRIES = """
    INSERT INTO ops.current_entry
    SELECT s.account, e.entry_no, e.status = 'PDNG', e.booking_day, e.amount, e.currency, e.counterparty_name,
        e.counterparty_account, e.variable_symbol,
        CASE WHEN regexp_full_match(e.client_reference, '[1-9][0-9]{0,17}') THEN e.client_reference::BIGINT END,
        e.bank_reference, e.remittance, e.additional_info
    FROM entry e JOIN statement s USING (statement_no)
"""
_ANSWERED = ("order_id", "status", "reason", "text", "bank_reference")
_ORDERS = """
    INSERT INTO ops.current_order
    SELECT unnest(?::BIGINT[]), unnest(?::VARCHAR[]), unnest(?::INTEGER[]), unnest(?::VARCHAR[]), unnest(?::VARCHAR[])
"""


@action("26&231", mode="batch", record="current_state", steps=True)
def update_current_state(lab: Lab, password: str = "", *, job: Job | None = None) -> None:
    """Ask the bank for the current state of accounts and orders and keep it in place of the one before.

    `password` is that of the key which `way_to_bank` names, if it asks for one; a wrong one is Refused and counted.
    Raises Unreachable, SealBroken for what the bank did not sign, FormatError for what can't be told or is of a time
    later than AHEAD_MAX from now, and Refused for a state that is older than the one kept; that one stays.
    """
    job = job or Job()
    job.step("asking for the current state")
    with opened_link(lab, password) as link:
        take_current_state(lab, link)


def take_current_state(lab: Lab, link: Link) -> None:
    """Ask over a link, as `update_current_state` says."""
    batch = _asked(lab, link)
    report = [message for message in batch.messages if message.name == REPORT_MESSAGE]
    answers = [
        one for message in batch.messages if message.name == STATUS_MESSAGE for one in read_status(message).answers
    ]
    if len(report) != 1:
        raise FormatError(f"a current state has one report of accounts, not {len(report)}", field=REPORT_MESSAGE)
    tables = _tables(report[0].content)
    stated_at = _stated_at(tables[Kind.STATEMENT])
    if stated_at > lab.clock() + AHEAD_MAX:
        raise FormatError("a current state of a time to come; is a clock wrong?", text=str(stated_at))
    with lab.database.tx("ops") as cursor:
        kept = cursor.execute("SELECT max(stated_at) FROM ops.current_state").fetchone()
        if kept is not None and kept[0] is not None and kept[0] > stated_at:
            raise Refused(f"the bank gives a state of {stated_at:%Y-%m-%d %H:%M:%S}, older than the one that is here")
        _replace(lab, cursor, stated_at, tables, answers)


def _asked(lab: Lab, link: Link) -> Batch:
    """Return what the bank sealed for us as a current state; SealBroken for anything else."""
    found = link.opened(link.service.current(), lab.clock())
    own, bank = point_of(lab, OWN).point, point_of(lab, BANK).point
    if (found.identity.sender, found.identity.recipient, found.identity.batch_type) != (bank, own, QUERY):
        raise SealBroken("identity", f"what came is batch {found.identity.line}, not a current state")
    return read_batch_of(found.identity, found.payload)


def _tables(content: bytes) -> dict[Kind, pa.Table]:
    """Return the tables of a report, read in a process apart as every file of a bank."""
    parts: dict[Kind, list[pa.RecordBatch]] = {kind: [] for kind in _KINDS}
    with tempfile.TemporaryDirectory(prefix="bankklient-") as folder, reader() as one:
        path = Path(folder) / f"{REPORT_MESSAGE}.xml"
        path.write_bytes(content)
        for kind, batch in (progressing.part for progressing in one.read(path, Hints())[2]):
            if kind in parts:
                parts[kind].append(batch)
    return {kind: pa.Table.from_batches(batches, SCHEMAS[kind]) for kind, batches in parts.items()}


def _stated_at(statements: pa.Table) -> datetime:
    """Return when the bank made the report; FormatError for one without an account or without its time."""
    said = {str(one) for one in statements["created_at"].to_pylist()}
    try:
        (stated_at,) = {datetime.fromisoformat(one) for one in said}
        if stated_at.tzinfo is None:
            raise ValueError
    except ValueError:
        raise FormatError(
            "a current state says once when it was made, with its time zone", text=" ".join(said)
        ) from None
    return stated_at


def _replace(
    lab: Lab, cursor: Any, stated_at: datetime, tables: dict[Kind, pa.Table], answers: list[OrderAnswer]
) -> None:
    for table in _REPLACED:
        cursor.execute(f"DELETE FROM ops.{table}")  # noqa: S608 - of our own names
    for kind, table in tables.items():
        cursor.register(kind, table)
    try:
        cursor.execute(_BALANCES)
        cursor.execute(_ENTRIES)
        if answers:
            cursor.execute(_ORDERS, [[getattr(one, name) for one in answers] for name in _ANSWERED])
    except duckdb.ConstraintException:
        raise FormatError(
            "a current state names each account, with its currency, the amount of each posting, and each order once"
        ) from None
    finally:
        for kind in tables:
            cursor.unregister(kind)
    cursor.execute("INSERT INTO ops.current_state VALUES (?, ?, ?)", [stated_at, lab.clock(), lab.caller.reference])
    lab.log(
        cursor, "update_current_state", "current state", accounts=tables[Kind.STATEMENT].num_rows, orders=len(answers)
    )
