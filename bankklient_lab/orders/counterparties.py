"""The register of counterparties: whom the client pays, with what is filled into an order.

A counterparty is known by its account: prefix-number/bank of a domestic bank, an IBAN, or the form of its country.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

from bankklient_lab.actions import action, table_action
from bankklient_lab.errors import BadArgument, Refused, UnknownName
from bankklient_lab.formats.payments.accounts import compact, country, typed
from bankklient_lab.lab import Lab, Read
from bankklient_lab.orders.checking import checked, rule_parameters
from bankklient_lab.orders.entering import entered_texts
from bankklient_lab.orders.kinds import domestic_payment, foreign_payment, kind_named
from bankklient_lab.orders.kinds.domestic import ABBREVIATION_CHARACTERS, TEXT_CHARACTERS
from bankklient_lab.orders.kinds.kind import Kind
from bankklient_lab.orders.lifecycle import DISCARDED
from bankklient_lab.orders.numbers import bank_day
from bankklient_lab.orders.refusing import refuse
from bankklient_lab.orders.unfinished import entered, kept, wrong
from bankklient_lab.orders.views import View, bound, views

# ruff: noqa: S608 - every text below is made of our own declarations

NEEDS = "51|56|96|120|121"
DOMESTIC, FOREIGN = domestic_payment.KIND, foreign_payment.KIND
NAME_CHARS_MAX = 140
ROWS_MAX = 1_000_000  # that a limit may say
# What is kept of each beside name and account, with the longest text.
TEXTS = {
    "bic": 11,
    "country": 2,
    "currency": 3,
    "variable_symbol": 10,
    "specific_symbol": 10,
    "constant_symbol": 4,
    "bank": 143,
    "address": 71,
    "message": 143,
}
COLUMNS = ("name", "account", *TEXTS)


@action(NEEDS)
def save_counterparty(
    lab: Lab, name: str, account: str, values: dict[str, Any] | None = None, *, counterparty_id: int | None = None
) -> int:
    """Add a counterparty, or change the one with an id, and return its id.

    `values` has texts by TEXTS; what is not given is empty. Raises WrongOrder for an account or text that no order
    would take, Refused when another counterparty has the account.
    """
    row = cleaned({"name": name, "account": account} | (values or {}))
    with lab.database.tx("ops") as cursor:
        for _, errors in wrong_rows(lab, cursor, [row]):
            refuse(lab, errors, "counterparty")
        known = cursor.execute(
            "SELECT counterparty_id FROM ops.counterparty WHERE account = ?", [row["account"]]
        ).fetchone()
        if counterparty_id is not None:
            _stored(cursor, counterparty_id)
        if known and known[0] != counterparty_id:
            raise Refused(f"counterparty {known[0]} has the account {row['account']} already; change that one")
        if counterparty_id is not None:
            cursor.execute("DELETE FROM ops.counterparty WHERE counterparty_id = ?", [counterparty_id])
        add_rows(lab, cursor, [row], "entered", counterparty_id)
        lab.log(cursor, "save_counterparty", row["name"])
        ((saved,),) = cursor.execute(
            "SELECT counterparty_id FROM ops.counterparty WHERE account = ?", [row["account"]]
        ).fetchall()
    return int(saved)


@action(NEEDS, record="counterparty_id")
def delete_counterparty(lab: Lab, counterparty_id: int) -> None:
    """Delete a counterparty; orders and patterns stay as they are."""
    with lab.database.tx("ops") as cursor:
        before = _stored(cursor, counterparty_id)
        cursor.execute("DELETE FROM ops.counterparty WHERE counterparty_id = ?", [counterparty_id])
        lab.log(cursor, "delete_counterparty", before["name"])


@table_action(NEEDS)
def counterparty_register(lab: Lab, search: str = "", *, limit: int | None = None) -> Read:
    """Return the counterparties whose name, account or address has `search` in it, by name; at most `limit` if given.

    Columns: counterparty_id, name, account, bic, country, currency, variable_symbol, specific_symbol, constant_symbol,
    bank, address and message (lines), source (entered, file, orders, history), changed_by, changed_at. BadArgument for
    a limit that is not 1 to 1,000,000.
    """
    if limit is not None and not 0 < limit <= ROWS_MAX:
        raise BadArgument(f"limit must be 1 to {ROWS_MAX}, or none", parameter="limit")
    return lab.read(
        """
        SELECT counterparty_id, name, account, bic, country, currency, variable_symbol, specific_symbol,
            constant_symbol, bank, address, message, source, changed_by, changed_at
        FROM ops.counterparty WHERE contains(lower(concat_ws(' ', name, account, address)), lower($search))
        ORDER BY name, account LIMIT $limit
        """,
        {"search": search.strip(), "limit": limit},
    )


@action(NEEDS, mode="standard")
def counterparty_values(lab: Lab, counterparty_id: int, kind: str) -> dict[str, str]:
    """Return what a counterparty fills into a new order of a kind, by item; UnknownName.

    Refused when its account can't stand in such an order.
    """
    one = kind_named(kind)
    with lab.database.reading() as cursor:
        row = _stored(cursor, counterparty_id)
    values = _values(one, row)
    if not values:
        raise Refused(f"the account {row['account']} can't stand in a {one.label.lower()}")
    return {name: text for name, text in entered_texts(one, values).items() if text is not None}


@action(NEEDS)
def learn_counterparties(lab: Lab) -> dict[str, int]:
    """Add to the register whom orders pay and who is not in it yet.

    Orders are those that the caller may see, right and not discarded. Of several to one account the last gives name,
    symbols and texts. Returns added, and left_out: those with an account or texts that no order would take.
    """
    seen = " UNION ALL ".join(_paid(view) for view in views(lab) if view.kind in (DOMESTIC, FOREIGN))
    last = f"FROM ({seen}) QUALIFY row_number() OVER (PARTITION BY account ORDER BY order_id DESC) = 1"
    with lab.database.tx("ops") as cursor:
        return learn(lab, cursor, last, "orders", bound(seen, {"me": lab.caller.reference}))


def learn(
    lab: Lab, cursor: Any, relation: str, source: str, parameters: Mapping[str, Any] | None = None
) -> dict[str, int]:
    """Add whom SQL gives, a row an account (columns of COLUMNS), and who is not in the register; log and count it."""
    found = cursor.execute(
        f"SELECT {', '.join(COLUMNS)} FROM ({relation}) WHERE account NOT IN (SELECT account FROM ops.counterparty)"
        " ORDER BY account",
        parameters or {},
    ).fetchall()
    new: dict[str, dict[str, Any]] = {}
    for values in found:
        row = dict(zip(COLUMNS, values, strict=True))
        row["account"] = clean_account(row["account"])
        row["name"] = (row["name"] or row["account"])[:NAME_CHARS_MAX]
        new.setdefault(row["account"], row)
    known = cursor.execute(
        "SELECT account FROM ops.counterparty WHERE account IN (SELECT unnest($accounts::VARCHAR[]))",
        {"accounts": list(new)},
    ).fetchall()
    for (account,) in known:
        del new[account]
    fitting = [row for row in new.values() if _fits(row)]
    bad = {number for number, _ in wrong_rows(lab, cursor, fitting)}
    right = [row for number, row in enumerate(fitting) if number not in bad]
    add_rows(lab, cursor, right, source)
    lab.log(cursor, "learn_counterparties", str(len(right)), source=source)
    return {"added": len(right), "left_out": len(new) - len(right)}


def cleaned(values: dict[str, Any]) -> dict[str, Any]:
    """Return a row of the register by COLUMNS from texts; BadArgument, UnknownName."""
    unknown = values.keys() - set(COLUMNS)
    if unknown:
        raise UnknownName("item of a counterparty", min(unknown), f"there are {', '.join(COLUMNS)}")
    row: dict[str, Any] = {name: str(values.get(name) or "").strip() or None for name in COLUMNS}
    if not 0 < len(row["name"] or "") <= NAME_CHARS_MAX:
        raise BadArgument(f"a counterparty needs a name of 1 to {NAME_CHARS_MAX} characters", parameter="name")
    if not row["account"]:
        raise BadArgument("a counterparty needs an account", parameter="account")
    for name, most in TEXTS.items():
        if len(row[name] or "") > most:
            raise BadArgument(f"{name} has {len(row[name])} characters; it takes at most {most}", parameter=name)
    row["account"] = clean_account(row["account"])
    for name in ("bic", "country", "currency"):
        row[name] = row[name] and row[name].upper()
    return row


def clean_account(account: str) -> str:
    """Return an account as the register keeps it: an IBAN without blanks, a national one without leading zeros.

    A right Czech IBAN becomes the national number, so that nobody stands in the register twice.
    """
    plain = compact(account)
    number = typed(plain)
    return str(number) if number else plain


def wrong_rows(lab: Lab, cursor: Any, rows: Sequence[dict[str, Any]]) -> list[tuple[int, str]]:
    """Return the places of the rows that no order would take, counted from 0, each with the numbers of errors."""
    found: list[tuple[int, str]] = []
    for kind in (DOMESTIC, FOREIGN):
        chosen = [(number, _texts(kind, row)) for number, row in enumerate(rows) if _kind_of(row) is kind]
        if not chosen:
            continue
        relation = "(SELECT unnest($numbers::BIGINT[]) AS number, unnest($texts::VARCHAR[]) AS items)"
        sql = checked(kind, entered(kind, relation, number="number"))
        bound = rule_parameters(lab, bank_day(lab))
        bound |= {"numbers": [number for number, _ in chosen], "texts": [kept(texts) for _, texts in chosen]}
        found += cursor.execute(
            f"SELECT entered_no, wrong FROM (SELECT entered_no, {wrong(kind)} AS wrong FROM ({sql})) WHERE wrong <> ''",
            bound,
        ).fetchall()
    return sorted(found)


def add_rows(
    lab: Lab, cursor: Any, rows: Sequence[dict[str, Any]], source: str, counterparty_id: int | None = None
) -> None:
    """Add rows (by COLUMNS) that are right and whose accounts are not in the register."""
    columns = ", ".join(f"unnest(${name}::VARCHAR[]) AS {name}" for name in COLUMNS)
    cursor.execute(
        f"""
        INSERT INTO ops.counterparty BY NAME
        SELECT *, $source AS source, $me AS changed_by, $now::TIMESTAMPTZ AS changed_at,
            coalesce($id, (SELECT coalesce(max(counterparty_id), 0) FROM ops.counterparty)
                + row_number() OVER (ORDER BY name, account)) AS counterparty_id
        FROM (SELECT {columns})
        """,
        {name: [row[name] for row in rows] for name in COLUMNS}
        | {"source": source, "me": lab.caller.reference, "now": lab.clock(), "id": counterparty_id},
    )


def _paid(view: View) -> str:
    """Return SQL of whom the orders of a view pay, by order_id and COLUMNS."""
    kind = view.kind
    right = f"o.errors = '' AND o.status <> '{DISCARDED}'"
    texts = {"name": kind.counter_name, "account": kind.counter_account}
    if kind.family == "domestic":
        texts |= {"variable_symbol": kind.symbol, "constant_symbol": "constant_symbol"}
        texts["message"] = _lines("client_message", 4)
    else:
        texts |= {"name": "recipient_line_1", "bic": "swift_bic", "country": "country", "currency": "currency"}
        texts["message"] = _lines("recipient_info", 4)
    columns = ", ".join(f"({texts.get(name, 'NULL')})::VARCHAR AS {name}" for name in COLUMNS)
    return f"SELECT * FROM (SELECT order_id, {columns} FROM {view.relation(right)}) WHERE account IS NOT NULL"


def _lines(name: str, count: int) -> str:
    return f"nullif(concat_ws(chr(10), {', '.join(f'{name}_line_{n}' for n in range(1, count + 1))}), '')"


def _kind_of(row: dict[str, Any]) -> Kind:
    """Return the kind of order whose rules an account must obey."""
    return DOMESTIC if "/" in row["account"] else FOREIGN


def _values(kind: Kind, row: dict[str, Any]) -> dict[str, Any]:
    """Return the values of an order of a kind; none when the account can't stand in it."""
    if kind.family == "foreign":
        return _foreign_values(row) if _kind_of(row) is FOREIGN else {}
    if _kind_of(row) is FOREIGN:
        return {}
    values = {"counter_account": row["account"], "client_message": row["message"]}
    values |= {name: row[name] for name in ("variable_symbol", "specific_symbol", "constant_symbol")}
    if len(row["name"]) <= ABBREVIATION_CHARACTERS:
        values["abbreviation"] = row["name"]
    return {name: text for name, text in values.items() if text}


def _foreign_values(row: dict[str, Any]) -> dict[str, Any]:
    lines = [*textwrap.wrap(row["name"], TEXT_CHARACTERS), *(row["address"] or "").splitlines()]
    values = {
        "recipient_account": row["account"],
        "recipient": "\n".join(lines),
        "swift_bic": row["bic"],
        "country": row["country"] or (country(row["account"])),
        "currency": row["currency"],
        "bank_connection": row["bank"],
        "recipient_info": row["message"],
    }
    return {name: text for name, text in values.items() if text}


def _fits(row: dict[str, Any]) -> bool:
    """Tell whether the texts of a row have room in an order."""
    try:
        _texts(_kind_of(row), row)
    except BadArgument:
        return False
    return True


def _texts(kind: Kind, row: dict[str, Any]) -> dict[str, str | None]:
    return entered_texts(kind, _values(kind, row))


def _stored(cursor: Any, counterparty_id: int) -> dict[str, Any]:
    found = cursor.execute(
        f"SELECT {', '.join(COLUMNS)} FROM ops.counterparty WHERE counterparty_id = ?", [counterparty_id]
    ).fetchone()
    if found is None:
        raise UnknownName("counterparty", str(counterparty_id), "`bankklient counterparties list` shows them")
    return dict(zip(COLUMNS, found, strict=True))
