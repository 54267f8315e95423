"""Confirmed orders as files that a bank or another program takes, in any format that can be written."""

from __future__ import annotations

import re
from datetime import date
from functools import cache
from typing import Any

import pyarrow as pa

from bankklient_lab.actions import action
from bankklient_lab.errors import BadArgument, Refused, UnknownName
from bankklient_lab.formats.payments import format_named, formats
from bankklient_lab.formats.payments.base import Header
from bankklient_lab.formats.payments.schema import PAYMENT
from bankklient_lab.lab import Lab
from bankklient_lab.orders.content import canonical
from bankklient_lab.orders.kinds import KINDS
from bankklient_lab.orders.kinds.kind import Item, Kind
from bankklient_lab.orders.lifecycle import CONFIRMED_WHOLE, INCLUDED
from bankklient_lab.orders.numbers import bank_day
from bankklient_lab.orders.payment_files import template
from bankklient_lab.orders.views import bound, views
from bankklient_lab.rights.settings import read_setting

# ruff: noqa: S608 - every text below is made of our own declarations

WRITTEN_STATES = (*CONFIRMED_WHOLE, INCLUDED)
TABLES_OF_ITEMS = ("csv", "xlsx")
# As banks want SEPA payments marked; the same condition as the rules' is_sepa.
_SEPA = (
    "coalesce(currency = 'EUR' AND country IN"
    " (SELECT code FROM codebook('countries', $today) WHERE attributes['sepa'] = 'yes'), false)"
)
_OF_THE_ORDER = "creation_date"  # tells nothing of the payment
_DOMESTIC = {"domestic_payment": "payment", "domestic_collection": "collection"}


def order_formats() -> dict[str, tuple[str, tuple[str, ...]]]:
    """Return the formats that orders can be written in, each with its suffix and versions."""
    return {f.name: (f.write_suffix, f.versions) for f in formats().values() if f.write is not None}


@action("36|11|16", mode="standard")
def order_template(lab: Lab, kind: str, format: str = "csv") -> bytes:  # noqa: A002 - the term of the field
    """Return a table (csv, xlsx) with the columns of the layout for a kind of order and no order."""
    if format not in TABLES_OF_ITEMS:
        raise UnknownName("format of a template", format, f"there are {', '.join(TABLES_OF_ITEMS)}")
    empty = pa.table({name: pa.array([], pa.string()) for name in template(kind)})
    return _written(lab, format, empty, "", "utf-8")


@action("11|16", mode="standard")
def export_orders(
    lab: Lab,
    order_ids: list[int],
    format: str,  # noqa: A002 - the term of the field
    *,
    version: str = "",
    charset: str = "utf-8",
) -> bytes:
    """Return confirmed orders as one file for a bank; they stay as they are, and the export is logged.

    `format` is a key of `order_formats`, `version` one of its versions (empty: the oldest). A table
    (csv, xlsx) has amounts, rates and days as they are meant. UnknownName for an order that there is not or that the
    caller does not see whole; Refused for one that is not confirmed, or does not say what was; BadArgument, naming
    order and field, for what the format can't hold: nothing is left out but the day of creation.
    """
    with lab.database.reading() as cursor:
        _require_confirmed(lab, cursor, order_ids)
        if format in TABLES_OF_ITEMS:
            table = _items(cursor, order_ids)
        else:
            _require_held(cursor, order_ids, format)
            table = _payments(cursor, order_ids, bank_day(lab))
    content = _written(lab, format, table, version, charset)
    with lab.database.tx("ops") as cursor:
        lab.log(cursor, "export_orders", str(len(set(order_ids))), format=format, orders=order_ids[:100])
    return content


def _written(lab: Lab, name: str, table: pa.Table, version: str, charset: str) -> bytes:
    form = format_named(name)
    if form.write is None:
        raise UnknownName("format to write", name, f"there are {', '.join(order_formats())}")
    now = lab.clock()
    header = Header(
        message_id=f"{now:%Y%m%d%H%M%S%f}",
        created_at=now,
        initiator=read_setting(lab.database, "client_name") or lab.user,
        client_number=read_setting(lab.database, "client_identification"),
        version=version,
        charset=charset,
    )
    return b"".join(form.write(table, header))


def _require_confirmed(lab: Lab, cursor: Any, order_ids: list[int]) -> None:
    """Raise unless the caller sees all of each order, and it is confirmed and says what its steps have seen."""
    if not order_ids:
        raise BadArgument("there is no order to write")
    orders = " UNION ALL ".join(
        f"{view.whole(f'order_id, status, digest, sha256({canonical(view.kind)}) AS content')} AND order_id IN (FROM w)"
        for view in views(lab)
    )
    sql = f"""
        WITH w AS MATERIALIZED (SELECT DISTINCT unnest($ids::BIGINT[]) AS order_id),
        seen AS (SELECT order_id, arg_max(digest, version) AS seen FROM ops.order_step SEMI JOIN w USING (order_id)
            GROUP BY order_id)
        SELECT w.order_id, o.status, o.status IN (SELECT unnest($confirmed)) AS confirmed
        FROM w LEFT JOIN ({orders}) o USING (order_id) LEFT JOIN seen USING (order_id)
        WHERE NOT coalesce(confirmed AND o.digest = o.content AND o.digest = seen.seen, false) ORDER BY 1 LIMIT 1"""
    values = {"ids": order_ids, "confirmed": list(WRITTEN_STATES), "me": lab.caller.reference}
    for order_id, status, confirmed in cursor.execute(sql, bound(sql, values)).fetchall():
        if status is None:
            raise UnknownName("order", str(order_id))
        if not confirmed:
            raise Refused(f"order {order_id} is not confirmed; only confirmed orders are written for a bank")
        raise Refused(f"order {order_id} does not say what was confirmed; it was changed past its steps")


def _require_held(cursor: Any, order_ids: list[int], name: str) -> None:
    """Raise BadArgument for an item that says something and that files of payments have no field for."""
    for kind in KINDS.values():
        unheld = _unheld(kind)
        if not unheld:
            continue
        items = " ".join(f"WHEN {says} THEN '{item}'" for item, says in unheld.items())
        found = cursor.execute(
            f"SELECT order_id, CASE {items} END AS item FROM {kind.table} WHERE kind = '{kind.name}'"
            " AND order_id IN (SELECT unnest($ids)) AND item IS NOT NULL ORDER BY 1 LIMIT 1",
            {"ids": order_ids},
        ).fetchone()
        if found:
            told = f"order {found[0]}, {kind.item(found[1]).label}: {name} has no place for it"
            raise BadArgument(told, field=found[1], place=f"order {found[0]}")


def _payments(cursor: Any, order_ids: list[int], today: date) -> pa.Table:
    """Return the orders in the schema of payment files, in the order of their ids."""
    parts = " UNION ALL BY NAME ".join(
        f"SELECT order_id, {', '.join(f'{sql} AS {field}' for field, sql in payment_fields(kind).items())}"
        f" FROM {kind.table} o"
        f" WHERE kind = '{kind.name}' AND order_id IN (SELECT unnest($ids))"
        for kind in KINDS.values()
    )
    found = cursor.execute(
        "SELECT * EXCLUDE (order_id), row_number() OVER (ORDER BY order_id)::INTEGER AS payment_no, 1 AS group_no,"
        f" 'order ' || order_id AS place FROM ({parts}) ORDER BY order_id",
        {"ids": order_ids, "today": today},
    ).to_arrow_table()
    return as_payments(found)


def as_payments(found: pa.Table) -> pa.Table:
    """Return a table in the schema of payment files; its columns that it does not have are null."""
    columns = [
        found[field.name].cast(field.type) if field.name in found.column_names else pa.nulls(found.num_rows, field.type)
        for field in PAYMENT
    ]
    return pa.table(columns, schema=PAYMENT)


def _items(cursor: Any, order_ids: list[int]) -> pa.Table:
    """Return the orders as texts of those items that any of them has."""
    parts = " UNION ALL BY NAME ".join(
        f"SELECT order_id, kind, {', '.join(f'{_meant(item)} AS {item.name}' for item in kind.items)}"
        f" FROM {kind.table} o WHERE kind = '{kind.name}' AND order_id IN (SELECT unnest($ids))"
        for kind in KINDS.values()
    )
    found = cursor.execute(f"SELECT * EXCLUDE (order_id) FROM ({parts}) ORDER BY order_id", {"ids": order_ids})
    table = found.to_arrow_table()
    return table.select([name for name in table.column_names if table[name].null_count < table.num_rows])


def payment_fields(kind: Kind) -> dict[str, str]:
    """Return SQL for the fields of a payment file from the items of a kind; the other way of payment_files.

    It binds $today, the bank's day.
    """
    shared = {
        "own_account": kind.own_account,
        "amount": "amount_value",
        "currency": "currency",
        "maturity": "maturity_date_value",
        "client_reference": "client_transaction_id",
    }
    if kind.name not in _DOMESTIC:
        words = [f"instruction_code_{n} || coalesce('/' || instruction_description_{n}, '')" for n in range(1, 5)]
        return shared | {
            "kind": "'foreign'",
            "counter_account": "recipient_account",
            "counter_bank": "swift_bic",
            "counter_bank_name": f"{_lines('bank_connection', 1, 4)} || chr(10) || country",  # as an address ends
            "counter_bank_country": "country",
            "counter_name": "recipient_line_1",
            "counter_address": _lines("recipient", 2, 3),
            "message": _lines("recipient_info", 1, 4),
            "service_level": f"CASE WHEN {_SEPA} THEN 'SEPA' END",
            "charge_bearer": "CASE charges WHEN 'OUR' THEN 'DEBT' WHEN 'BEN' THEN 'CRED'"
            f" WHEN 'SHA' THEN if({_SEPA}, 'SLEV', 'SHAR') END",
            "end_to_end_id": "payer_reference",
            "instructions": f"nullif(concat_ws(chr(10), {', '.join(words)}), '')",
            "exchange_rate": _meant(kind.item("agreed_rate")),
        }
    own, counter = kind.own, kind.counter
    return shared | {
        "kind": f"'{_DOMESTIC[kind.name]}'",
        "own_name": f"{own}_abbreviation",
        "own_variable_symbol": _significant(f"{own}_variable_symbol"),
        "own_specific_symbol": _significant(f"{own}_specific_symbol"),
        "own_text": _lines(f"{own}_identification", 1, 4),
        "counter_account": kind.counter_account,
        "counter_name": f"{counter}_abbreviation",
        "counter_text": _lines(f"{counter}_identification", 1, 4),
        "variable_symbol": _significant(f"{counter}_variable_symbol"),
        "constant_symbol": _significant("constant_symbol"),
        "specific_symbol": _significant(f"{counter}_specific_symbol"),
        "message": _lines("client_message", 1, 4),
        "client_day": "client_transaction_date_value",
        "urgent": "express_payment_value",
    }


def _significant(item: str) -> str:
    return f"nullif(significant({item}), '')"


def _lines(name: str, first: int, last: int) -> str:
    """Return SQL for lines as one text; an empty line between others stays one."""
    lines = ", ".join(f"coalesce({name}_line_{line}, '')" for line in range(first, last + 1))
    return f"nullif(rtrim(concat_ws(chr(10), {lines}), chr(10)), '')"


def _meant(item: Item) -> str:
    """Return SQL for an item as a text that says what it means, however it was entered."""
    value = f"o.{item.name}_value"
    meant = {
        "amount": f"if({value} = {value}::DECIMAL(18,2), {value}::DECIMAL(18,2)::VARCHAR, {value}::VARCHAR)",
        "rate": f"rtrim(rtrim({value}::VARCHAR, '0'), '.')",
        "date": f"{value}::VARCHAR",
        "yes_no": f"if({value}, 'yes', NULL)",
    }
    return f"coalesce({meant[item.type]}, o.{item.name})" if item.valued else f"o.{item.name}"


@cache
def _unheld(kind: Kind) -> dict[str, str]:
    """Return the items that `payment_fields` does not read, each with SQL that tells that it says something."""
    used = set(re.findall(r"\w+", " ".join(payment_fields(kind).values()))) | {_OF_THE_ORDER}
    found = {
        item.name: f"{item.name} <> {item.default}" if item.default else f"{item.name} IS NOT NULL"
        for item in kind.items
        if used.isdisjoint({item.name, f"{item.name}_value"})
    }
    if "agreed_rate_marked" in found:  # a rate says it too
        found["agreed_rate_marked"] = "agreed_rate_marked_value AND agreed_rate IS NULL"
    return found
