"""Receiving files of orders from accounting systems: the whole file or nothing, each order checked by all rules.

The formal check is the reader's: one error refuses the file. The orders are then taken over in parts, in one
transaction: past maturities moved, texts replaced, checked, stored; and, when all are in, searched for duplicates.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa

from bankklient_lab.actions import action
from bankklient_lab.errors import BadArgument, FormatError
from bankklient_lab.formats.payments.base import Options
from bankklient_lab.formats.payments.schema import Kind as Shape
from bankklient_lab.formats.reading import ProgressingPayments, reader
from bankklient_lab.jobs import Job
from bankklient_lab.lab import Lab
from bankklient_lab.orders import payment_files, transmissions
from bankklient_lab.orders.accounting_systems import (
    FILE_NAME_CHARACTERS_MAX,
    START_STATUSES,
    AccountingSystem,
    check_file_name,
    file_within,
    incoming_folder,
    system_numbered,
)
from bankklient_lab.orders.checking import checked, defaults, rule_parameters
from bankklient_lab.orders.content import one_row, rows_of
from bankklient_lab.orders.kinds import KINDS
from bankklient_lab.orders.kinds.kind import Kind
from bankklient_lab.orders.numbers import bank_day, take_numbers
from bankklient_lab.orders.payment_files import INCOMING
from bankklient_lab.orders.refusing import error_list
from bankklient_lab.orders.storing import Source, Storing
from bankklient_lab.orders.text_replacements import replaced

# ruff: noqa: S608 - every text below is made of our own declarations and of names of columns that were checked

RECEIVED, REFUSED = "received", "refused"
PART_ROWS = 122_880  # orders that are checked by one statement: a row group of DuckDB
ORIGIN = "accounting_system"


@action("36", mode="batch", record="order_id", steps=True)
def receive_file(
    lab: Lab, system: int, name: str, *, path: Path | None = None, job: Job | None = None
) -> dict[str, Any]:
    """Take over the orders of a file from an accounting system, whole or not at all, and return the report.

    `name` is a file in the system's folder. For a system without a folder `path` is the file itself and `name` what it
    is called. The report: status "received" or "refused", message (why, empty unless refused), place, field and text
    (of the refusal), transmission_id, batch_order, file_name, format, version, orders, right, wrong (duplicates too),
    duplicates, moved (maturities that were past and are today), repeated (client identifications that came before),
    left_out [kind, field, orders] (what an order has no item for), errors [code, item, text, orders], accounts [kind,
    account, currency, orders, amount (Decimal)] and findings [payment_no, code, place, field, value]. A refusal is a
    report too, and a line of the protocol; Cancelled is raised.
    """
    with lab.database.reading() as cursor:
        entry = system_numbered(cursor, system)
    receipt = _Receipt(lab, entry, name, job or Job())
    try:
        with reader() as one, lab.database.tx("ops") as cursor:
            receipt.take(cursor, path, one)
    except FormatError as error:
        with lab.database.tx("ops") as cursor:
            receipt.refuse(cursor, error)
    return receipt.report


@dataclass(slots=True)
class _Kinds:
    """What is known of the orders of one kind in the file."""

    storing: Storing
    defaults: dict[str, str | None]
    replaced: dict[str, str]
    values: dict[str, Any]
    left_out: dict[str, int] = field(default_factory=dict)


class _Incoming(NamedTuple):
    """Orders of one kind in a part of the file: a relation with these columns; `before` is the id before the file's."""

    relation: str
    shape: Shape
    columns: list[str]
    before: int


class _Receipt:
    """One receipt under way."""

    def __init__(self, lab: Lab, system: AccountingSystem, name: str, job: Job) -> None:
        self._lab, self._system, self._job = lab, system, job
        self._today: date = bank_day(lab)
        self._kinds: dict[str, _Kinds] = {}
        self._file: transmissions.Measured | None = None
        self._counts = dict.fromkeys(("orders", "right", "wrong", "duplicates", "moved", "repeated"), 0)
        self._findings: list[dict[str, Any]] = []
        self._name = name
        self.report: dict[str, Any] = {"file_name": name, "format": None, "version": None}

    def take(self, cursor: Any, path: Path | None, one: Any) -> None:
        """Take the file over; FormatError refuses it."""
        self._check_name(cursor)
        self._file = transmissions.measure(self._located(path))
        self._parameters = rule_parameters(self._lab, self._today)
        transmission_id, self._batch = transmissions.next_batch(self._lab, cursor, self._system.number)
        self._job.step(f"opening {self._name}")
        options = Options(self._system.charset, payment_files.columns())
        self.report["format"], self.report["version"], parts = one.read_payments(self._file.path, options)
        if self._system.format not in ("", self.report["format"]):
            said = (
                f"accounting system {self._system.number} sends {self._system.format}, this is {self.report['format']}"
            )
            raise FormatError(said, place="start of the file")
        for shape, table in self._tables(parts):
            self._take_part(cursor, shape, table)
        if not self._counts["orders"]:
            raise FormatError("the file has no order", place="whole file")
        self._job.step("searching for duplicates")
        for kind in self._kinds.values():
            stored = kind.storing.finish()
            for count in ("right", "wrong", "duplicates"):
                self._counts[count] += getattr(stored, count)
        self._job.step("keeping the file")
        transmissions.archive_file(cursor, transmission_id, self._file)
        self._summarise(cursor)
        self._record(cursor, transmission_id, "")

    def refuse(self, cursor: Any, error: FormatError) -> None:
        """Write the line of the protocol for a file that is refused, and the report."""
        self._counts = dict.fromkeys(self._counts, 0)
        self.report |= {"place": error.place, "field": error.field, "text": error.text}
        self.report |= {"left_out": [], "errors": [], "accounts": []}
        transmission_id, self._batch = transmissions.next_batch(self._lab, cursor, self._system.number)
        self._record(cursor, transmission_id, error.message)

    def _check_name(self, cursor: Any) -> None:
        try:
            check_file_name(self._name)
        except BadArgument as error:
            raise FormatError(error.message, place="file name") from None
        if len(self._name) > FILE_NAME_CHARACTERS_MAX:
            raise FormatError(
                f"the name of a file has at most {FILE_NAME_CHARACTERS_MAX} characters", place="file name"
            )
        if self._name.lower() in transmissions.names_received(cursor, self._system.number):
            raise FormatError("a file of this name was received from the accounting system before", place="file name")

    def _located(self, path: Path | None) -> Path:
        """Return where the file is; FormatError for one that does not lie where files of the system may."""
        try:
            if not self._system.folder_in and path is not None:
                return path
            if path is not None:
                raise BadArgument(f"files of accounting system {self._system.number} come from its folder alone")
            return file_within(incoming_folder(self._system), self._name)
        except BadArgument as error:
            raise FormatError(error.message, place="file name") from None

    def _tables(self, parts: Iterator[ProgressingPayments]) -> Iterator[tuple[Shape, pa.Table]]:
        """Give the orders in tables of about PART_ROWS rows."""
        held: list[pa.RecordBatch] = []
        shape = Shape.PAYMENT
        for (kind, batch), position in parts:
            if kind is Shape.FINDING:
                self._findings += batch.to_pylist()
            if kind not in (Shape.PAYMENT, Shape.ITEMS):
                continue
            shape = kind
            held.append(batch)
            count = sum(one.num_rows for one in held)
            if count >= PART_ROWS:
                self._job.step(f"checking, {self._counts['orders'] + count} orders", self._share(position))
                yield shape, pa.Table.from_batches(held)
                held = []
        if held:
            yield shape, pa.Table.from_batches(held)

    def _share(self, position: int) -> float:
        assert self._file is not None
        return min(1.0, position / max(1, self._file.bytes))

    def _take_part(self, cursor: Any, shape: Shape, table: pa.Table) -> None:
        """Check some orders by all rules and store them; their numbers follow their order in the file."""
        given = table.schema.names
        cursor.register(INCOMING, table)
        which = payment_files.kind_of(shape, given, self._parameters["national_currency"])
        found = cursor.execute(f"SELECT {which}, count(*), min(payment_no) FROM {INCOMING} GROUP BY 1").fetchall()
        payment_files.require_known_kinds({name: first for name, _, first in found})
        before = take_numbers(cursor, self._today, table.num_rows) - self._counts["orders"]
        for name, count, _ in found:
            only = "" if count == table.num_rows else f" WHERE {which} = '{name}'"
            self._take_kind(cursor, KINDS[name], _Incoming(f"{INCOMING}{only}", shape, given, before))
        self._counts["orders"] += table.num_rows
        cursor.unregister(INCOMING)

    def _take_kind(self, cursor: Any, kind: Kind, part: _Incoming) -> None:
        known = self._kinds.get(kind.name) or self._begin(cursor, kind)
        items = payment_files.items(kind, part.shape, part.columns, known.defaults)
        if kind.family == "domestic":
            past = f"date_value({items['maturity_date']}) < $today"
            ((moved,),) = cursor.execute(
                f"SELECT count(*) FILTER ({past}) FROM {part.relation}", {"today": self._today}
            ).fetchall()
            if moved:
                items["maturity_date"] = f"CASE WHEN {past} THEN $today::VARCHAR ELSE {items['maturity_date']} END"
            self._counts["moved"] += moved
        self._count_left_out(cursor, known, payment_files.left_out(kind, part.shape, part.columns), part.relation)
        entered = (
            f"SELECT payment_no AS entered_no, '{ORIGIN}' AS origin, $today::DATE AS created_on,"
            f" {', '.join(f'{sql} AS {item}' for item, sql in items.items())} FROM {part.relation}"
        )
        if known.replaced:
            texts = ", ".join(f"{sql} AS {item}" for item, sql in known.replaced.items())
            entered = f"SELECT * REPLACE ({texts}) FROM ({entered})"
        columns = {
            "accounting_system": str(self._system.number),
            "batch_order": f"'{self._batch}'",
            "order_in_batch": "entered_no",
        }
        values = self._parameters | known.values
        known.storing.add(f"({checked(kind, entered)})", part.before, columns=columns, values=values)

    def _begin(self, cursor: Any, kind: Kind) -> _Kinds:
        if kind.family == "foreign":
            source = Source(ORIGIN, "foreign", {"receive": "true"}, "receive", "receive", saved=False)
        else:
            right = {START_STATUSES[self._system.start_status]: "true"}
            source = Source(ORIGIN, "imported", right, "receive_wrong", "receive")
        texts = one_row(cursor.execute(defaults(kind), self._parameters))
        storing = Storing(self._lab, cursor, kind, source, self._today)
        known = _Kinds(storing, texts, *replaced(cursor, self._system.number, kind))
        self._kinds[kind.name] = known
        return known

    def _count_left_out(self, cursor: Any, known: _Kinds, conditions: dict[str, str], incoming: str) -> None:
        if not conditions:
            return
        counts = ", ".join(f"count(*) FILTER ({condition})" for condition in conditions.values())
        (found,) = cursor.execute(f"SELECT {counts} FROM {incoming}").fetchall()
        for name, count in zip(conditions, found, strict=True):
            if count:
                known.left_out[name] = known.left_out.get(name, 0) + count

    def _summarise(self, cursor: Any) -> None:
        """Put into the report what became of the orders."""
        received = f"accounting_system = {self._system.number} AND batch_order = '{self._batch}'"
        accounts, errors = [], []
        for name in self._kinds:
            kind = KINDS[name]
            new = f"{kind.table} o WHERE kind = '{name}' AND {received}"
            found = cursor.execute(
                f"SELECT '{name}' AS kind, {kind.own_account} AS account, currency, count(*) AS orders,"
                f" coalesce(sum(amount_value), 0)::DECIMAL(18,3) AS amount FROM {new} GROUP BY ALL ORDER BY 2, 3"
            )
            accounts += rows_of(found)
            found = cursor.execute(
                f"SELECT code, count(*) AS orders FROM (SELECT unnest(string_split(errors, ' '))::INTEGER AS code"
                f" FROM {new} AND errors <> '') GROUP BY 1 ORDER BY 1"
            )
            errors += rows_of(found)
            self._counts["repeated"] += _repeated_identifications(cursor, kind, self._system.number, self._batch)
        self.report["accounts"] = accounts
        self.report["errors"] = [
            error | {"orders": row["orders"]} for row in errors for error in error_list(self._lab, str(row["code"]))
        ]
        self.report["left_out"] = [
            {"kind": name, "field": column, "orders": count}
            for name, known in self._kinds.items()
            for column, count in known.left_out.items()
        ]

    def _record(self, cursor: Any, transmission_id: int, error: str) -> None:
        """Write the line of the protocol, the log's entry and the rest of the report."""
        system, counts, file = self._system.number, self._counts, self._file
        cursor.execute(
            "INSERT INTO ops.transmission VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                transmission_id, transmissions.FROM_ACCOUNTING_SYSTEM, system, self._batch,
                self._name[: transmissions.FILE_NAME_KEPT], file and file.bytes, file and file.sha256,
                self.report["format"], self.report["version"],
                counts["orders"], counts["wrong"], counts["duplicates"], counts["moved"], error,
                self._lab.caller.reference, self._lab.clock(),
            ],
        )  # fmt: skip
        self.report |= counts | {
            "status": REFUSED if error else RECEIVED,
            "message": error,
            "transmission_id": transmission_id,
            "batch_order": self._batch,
            "findings": self._findings,
        }
        self._lab.log(
            cursor, "receive_file", self._name[: transmissions.FILE_NAME_KEPT], accounting_system=system,
            batch=self._batch, error=error, **counts,
        )  # fmt: skip


def _repeated_identifications(cursor: Any, kind: Kind, system: int, batch: str) -> int:
    """Return how many orders of a batch have a client identification that another one of the system has already."""
    ((repeated,),) = cursor.execute(
        f"""
        SELECT count(*) FILTER (new) - (count(DISTINCT client_transaction_id)
            - count(DISTINCT client_transaction_id) FILTER (NOT new))
        FROM (SELECT client_transaction_id, batch_order = $batch AS new FROM {kind.table}
            WHERE kind = $kind AND accounting_system = $system AND client_transaction_id IS NOT NULL)
        """,
        {"batch": batch, "kind": kind.name, "system": system},
    ).fetchall()
    return int(repeated)
