"""Lists of orders of all kinds, states and origins: what the caller may see, in sets, by conditions, page by page.

`which` is one of SETS; `where` are conditions by column or item (orders.filters); both only narrow what the caller may
see (orders.views). Amounts are unsigned, in the order's currency.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from bankklient_lab.actions import action, table_action
from bankklient_lab.errors import BadArgument, Refused, UnknownName
from bankklient_lab.lab import Lab, Read
from bankklient_lab.orders.columns import COLUMNS, SENT, column_sql, compared
from bankklient_lab.orders.duplicates import DUPLICATE
from bankklient_lab.orders.filters import conditions
from bankklient_lab.orders.kinds import TABLES
from bankklient_lab.orders.kinds.kind import Kind
from bankklient_lab.orders.lifecycle import (
    CONFIRMED_ONCE,
    CONFIRMED_WHOLE,
    CREATED,
    DISCARDED,
    ERROR,
    INCLUDED,
    REJECTED,
    VERIFIED,
    is_created,
)
from bankklient_lab.orders.numbers import BANK_ZONE
from bankklient_lab.orders.views import NEXT_STEPS, ORDERS, SEES, SUMS, View, bound, possible, views
from bankklient_lab.rights.settings import read_setting

# ruff: noqa: S608 - every text below is made of our own declarations, values are bound

ROWS_MAX = 1_050_000
OFFSET_MAX = 1_000_000_000
# What sums can be narrowed by for those who see sums alone.
SUMMED_BY = frozenset({"kind", "status", "own_account", "currency", "maturity"})
PAGE_ROWS_MAX = 2_000  # that DuckDB finds by the index, one by one
_OWN_COLUMNS = tuple(name for name in COLUMNS if name not in SENT)  # the others are joined to a page at once
_IN_PROCESS = "o.order_id IN (SELECT order_id FROM ops.sent_order WHERE in_process)"
WAITING, REJECTIONS = "waiting", "rejected"
_LISTED = "o.order_id NOT IN (SELECT order_id FROM ops.deleted_rejection)"
NEXT_SETS = {"next_verify": "verify", "next_confirm": "confirm"}  # what waits, by the caller's next step


def _in(*states: str) -> str:
    return "o.status IN ('" + "', '".join(states) + "')"


_KEPT = f"NOT {_in(DISCARDED)}"
# The sets that pages switch between, as SQL over an order `o`; a label for people.
SETS: dict[str, tuple[str, str]] = {
    "all": ("All", _KEPT),
    "created": ("Created", f"{is_created()} AND {_KEPT}"),
    "in_process": ("In process", _IN_PROCESS),  # watched until the bank settles them; domestic orders only
    "history": ("Sent and done", f"NOT {is_created()}"),  # every order that a batch has taken, also those in process
    REJECTIONS: ("Rejected by the bank", f"{_in(REJECTED)} AND {_LISTED}"),
    WAITING: ("Waiting for me", "true"),  # what the caller can verify or confirm
    "next_verify": ("Waiting for me to verify", "true"),
    "next_confirm": ("Waiting for me to confirm", "true"),
    "errors": ("Errors", _in(ERROR)),
    "to_verify": ("To verify", _in(CREATED)),
    "verified": ("Verified", _in(VERIFIED)),
    "to_confirm": ("To confirm", _in(VERIFIED, CONFIRMED_ONCE)),
    "confirmed": ("Confirmed", _in(*CONFIRMED_WHOLE)),
    "included": ("Included", _in(INCLUDED)),
    "duplicates": ("Suspected duplicates", f"list_contains(string_split(o.errors, ' '), '{DUPLICATE}')"),
    "allowed_duplicates": (
        "Allowed duplicates",
        f"o.duplicate_reason IS NOT NULL AND NOT {_in(ERROR)} AND {is_created()}",
    ),
    "unsaved": ("Not saved yet", f"NOT o.saved AND {_KEPT}"),
    "mine": ("Entered by me", f"$me IN (o.created_by, coalesce(o.corrected_by, '')) AND {_KEPT}"),
    "discarded": ("Discarded", _in(DISCARDED)),
}


@table_action(SEES)
def orders(
    lab: Lab,
    *,
    which: str = "all",
    where: Mapping[str, str] | None = None,
    order_by: Sequence[str] = ("-order_id",),
    limit: int = 1000,
    offset: int = 0,
) -> Read:
    """Return orders: `limit` rows after the first `offset`, in the order of `order_by` ("-column" goes down).

    Columns: those of orders.columns.COLUMNS, own_account_name, next_step (verify or confirm, when the caller can).
    Raises UnknownName for a set, column or item that there is not, BadArgument.
    """
    return _page(lab, which, where or {}, order_by, limit=limit, offset=offset)


payment_orders = orders  # its public name: bankklient_lab.orders is the room


@action(SEES, mode="standard")
def order_ids(lab: Lab, *, which: str = "all", where: Mapping[str, str] | None = None) -> list[int]:
    """Return the ids of all orders that fit, as steps on a whole table take them, the oldest first."""
    keys, values = _keys(lab, views(lab), which, where or {}, ("order_id",))
    return [order_id for (order_id, *_) in lab.rows(keys, bound(keys, values))]


@table_action(SEES)
def order_versions(lab: Lab, *, which: str = "all", where: Mapping[str, str] | None = None) -> Read:
    """Return all orders that fit, the oldest first, as somebody sees them who is to agree to a step on all of them.

    Columns: order_id, version, currency, amount. A step that gets these ids and versions does what was agreed to, or is
    Refused when somebody changed one of the orders meanwhile.
    """
    told, values = _bound_conditions(lab, where or {})
    rows = relation(lab, views(lab), ["order_id", "version", "currency", "amount", *(where or {})], which)
    sql = f"SELECT order_id, version, currency, amount FROM ({rows}) l WHERE {told} ORDER BY order_id"
    return lab.read(sql, bound(sql, values))


@table_action(SEES)
def orders_waiting(lab: Lab, *, limit: int = 1000, offset: int = 0) -> Read:
    """Return the orders that wait for the caller: those that they can verify or confirm (next_step), as `orders`."""
    return _page(lab, WAITING, {}, ("maturity", "order_id"), limit=limit, offset=offset)


@table_action(SEES)
def order_counts(lab: Lab, *, where: Mapping[str, str] | None = None) -> Read:
    """Return how many orders each set has, in the order of SETS. Columns: which, label, orders."""
    seen = views(lab)
    told, values = _bound_conditions(lab, where or {})
    flags = ", ".join(f"s{number}" for number in range(len(SETS)))
    parts = [
        f"SELECT {_names(view.kind, ['order_id', *(where or {})])}, "
        + ", ".join(f"({_set(lab, view, name)}) AS s{number}" for number, name in enumerate(SETS))
        + f" FROM {view.relation()}"
        for view in seen
    ]
    counted = ", ".join(f"count(*) FILTER (WHERE s{number}) AS s{number}" for number in range(len(SETS)))
    labels = ", ".join(f"({number}, '{name}', '{label}')" for number, (name, (label, _)) in enumerate(SETS.items()))
    sql = f"""
        WITH counted AS (SELECT {counted} FROM ({" UNION ALL ".join(parts)}) l WHERE {told}),
        sets AS (UNPIVOT counted ON {flags} INTO NAME flag VALUE orders)
        SELECT s.which, s.label, c.orders FROM (VALUES {labels}) s(place, which, label)
            JOIN sets c ON c.flag = 's' || s.place ORDER BY s.place"""
    return lab.read(sql, bound(sql, values))


@table_action(SEES)
def order_totals(lab: Lab, *, which: str = "all", where: Mapping[str, str] | None = None) -> Read:
    """Return number and amount of the orders that fit, by kind, status, own account and currency, with their totals.

    Columns: level (account, status, kind, all), kind, letter, status, status_name, own_account, own_account_name,
    currency, orders, amount, without_amount (orders in that number whose amount can't be read). Null in the columns
    that a level adds up; amounts of different currencies are never added. Permissions 11 and 16 count what they do not
    show one by one (TXN-141), as long as all conditions are on columns of SUMMED_BY: with others, which could single an
    order out, only what is shown counts. Refused when none is.
    """
    single = not SUMMED_BY.issuperset(where or {})
    seen = views(lab, ORDERS if single else SUMS)
    if single and all(view.visible == "false" for view in seen):
        known = ", ".join(sorted(SUMMED_BY))
        raise Refused(f"you see sums of orders, not single ones; set conditions on {known} only")
    told, values = _bound_conditions(lab, where or {})
    columns = ("kind", "letter", "status", "status_name", "own_account", "currency", "amount")
    rows = relation(lab, seen, [*columns, *(where or {})], which)
    # Texts are made of the few groups, not of each order.
    sql = f"""
        WITH grouped AS (
            SELECT kind, any_value(letter) AS letter, status, any_value(status_name) AS status_name, own_account,
                coalesce(currency, '') AS currency, count(*) AS orders, sum(amount) AS amount,
                count(*) - count(amount) AS without_amount
            FROM ({rows}) l WHERE {told} GROUP BY kind, status, own_account, coalesce(currency, '')),
        totals AS (
            SELECT CASE GROUPING(kind, status, own_account) WHEN 0 THEN 'account' WHEN 1 THEN 'status' WHEN 3 THEN
                    'kind' ELSE 'all' END AS level,
                kind, CASE WHEN kind IS NOT NULL THEN any_value(letter) END AS letter, status,
                CASE WHEN status IS NOT NULL THEN any_value(status_name) END AS status_name, own_account, currency,
                sum(orders)::BIGINT AS orders, coalesce(sum(amount), 0)::DECIMAL(18,3) AS amount,
                sum(without_amount)::BIGINT AS without_amount
            FROM grouped
            GROUP BY GROUPING SETS ((kind, status, own_account, currency), (kind, status, currency), (kind, currency),
                (currency)))
        SELECT t.level, t.kind, t.letter, t.status, t.status_name, t.own_account, a.name AS own_account_name,
            nullif(t.currency, '') AS currency, t.orders, t.amount, t.without_amount
        FROM totals t LEFT JOIN ({OWN_NAMES}) a USING (own_account)
        ORDER BY t.kind NULLS LAST, t.status NULLS LAST, t.own_account NULLS LAST, t.currency"""
    return lab.read(sql, bound(sql, values))


def relation(
    lab: Lab,
    seen: Sequence[View],
    names: Iterable[str],
    which: str,
    *,
    next_step: bool = False,
    sources: Mapping[str, str] | None = None,
) -> str:
    """Return SQL of the orders of a set that the caller sees, with some columns, and with what they can do next.

    `sources` are relations in place of the tables that keep orders.
    """
    held, parts = lab.rights.held(lab.caller), []
    for view in seen:
        columns = _names(view.kind, names)
        if next_step:
            steps = " ".join(f"WHEN {possible(view.kind, step, held)} THEN '{step}'" for step in NEXT_STEPS)
            columns += f", CASE {steps} END AS next_step"
        source = (sources or {}).get(view.kind.table, "")
        parts.append(f"SELECT {columns} FROM {view.relation(_set(lab, view, which), source)}")
    return " UNION ALL ".join(parts)


def parameters(lab: Lab) -> dict[str, Any]:
    """Return what the columns of lists are bound with."""
    point = read_setting(lab.database, "client_identification")
    return {"me": lab.caller.reference, "connection_point": point, "zone": BANK_ZONE}


def _page(lab: Lab, which: str, where: Mapping[str, str], order_by: Sequence[str], *, limit: int, offset: int) -> Read:
    if not 0 < limit <= ROWS_MAX or not 0 <= offset <= OFFSET_MAX:
        raise BadArgument(f"limit must be 1 to {ROWS_MAX} and offset 0 to {OFFSET_MAX}")
    seen = views(lab)
    keys, values = _keys(lab, seen, which, where, order_by)
    keys += f" LIMIT {int(limit)} OFFSET {int(offset)}"
    if limit <= PAGE_ROWS_MAX:  # rows by their numbers come from the index, as long as nothing else is asked of them
        ids = ", ".join(str(order_id) for (order_id,) in lab.rows(keys, bound(keys, values))) or "NULL"
        sources = {table: f"{table.rpartition('.')[2]}_on_page" for table in TABLES}
        picked = ", ".join(
            f"{name} AS MATERIALIZED (SELECT * FROM {table} WHERE order_id IN ({ids}))"
            for table, name in sources.items()
        )
        page = f"WITH {picked} FROM ({relation(lab, seen, _OWN_COLUMNS, which, next_step=True, sources=sources)}) l"
    else:
        rows = relation(lab, seen, _OWN_COLUMNS, which, next_step=True)
        page = f"FROM ({rows}) l SEMI JOIN ({keys}) k ON k.order_id = l.order_id"
    sent = ", ".join(f"{sql} AS {name}" for name, (sql, _) in SENT.items())
    sql = f"""
        SELECT l.*, a.name AS own_account_name
        FROM (SELECT l.*, {sent} FROM ({page}) l LEFT JOIN ops.sent_order s ON s.order_id = l.order_id) l
            LEFT JOIN ({OWN_NAMES}) a ON a.own_account = l.own_account
        ORDER BY {_order(order_by)}"""
    return lab.read(sql, bound(sql, values))


def _keys(
    lab: Lab, seen: Sequence[View], which: str, where: Mapping[str, str], order_by: Sequence[str]
) -> tuple[str, dict[str, Any]]:
    """Return SQL for the ids that fit, in order, and what it is bound with: sorting whole rows costs several times."""
    names = dict.fromkeys(["order_id", *where, *(term.removeprefix("-") for term in order_by)])
    told, values = _bound_conditions(lab, where)
    rows = relation(lab, seen, names, which)
    return f"SELECT order_id FROM ({rows}) l WHERE {told} ORDER BY {_order(order_by)}", values


def _bound_conditions(lab: Lab, where: Mapping[str, str]) -> tuple[str, dict[str, Any]]:
    told, values = conditions(where)
    return " AND ".join(told) or "true", values | parameters(lab)


def _set(lab: Lab, view: View, which: str) -> str:
    """Return SQL that is true of the orders of a set."""
    if which not in SETS:
        raise UnknownName("set of orders", which, f"there are {', '.join(SETS)}")
    if which != WAITING and which not in NEXT_SETS:
        return SETS[which][1]
    held = lab.rights.held(lab.caller)
    steps = NEXT_STEPS if which == WAITING else (NEXT_SETS[which],)
    return " OR ".join(possible(view.kind, step, held) for step in steps)


def _names(kind: Kind, names: Iterable[str]) -> str:
    return ", ".join(f"{column_sql(kind, name)} AS {name}" for name in dict.fromkeys(names))


def _order(order_by: Sequence[str]) -> str:
    terms = []
    for term in order_by:
        name = term.removeprefix("-")
        compared(name)  # UnknownName
        terms.append(f"l.{name} {'DESC' if term.startswith('-') else 'ASC'} NULLS LAST")
    return ", ".join(dict.fromkeys([*terms, "l.order_id DESC NULLS LAST"]))


# Accounts with several currencies have a row each; lists name them by the number.
OWN_NAMES = """
    SELECT concat(nullif(prefix, '0') || '-', base, '/', bank_code) AS own_account, min(name) AS name
    FROM own_accounts() GROUP BY ALL"""
