"""Entries by any selection, their totals and details."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import TypedDict, Unpack

from bankklient_lab.actions import table_action
from bankklient_lab.analysis.parameters import known_accounts
from bankklient_lab.errors import BadArgument, UnknownName
from bankklient_lab.lab import Lab, Read

ROWS_MAX = 1_050_000
PAGE_ROWS_MAX = 5_000
_KEY = "import_id, statement_no, entry_no"
COLUMNS = (
    "import_id", "statement_no", "entry_no", "day", "booking_day", "value_day", "account", "label", "amount",
    "currency",
    "category", "counterparty_name", "counterparty_account", "counterparty_bank", "variable_symbol", "constant_symbol",
    "specific_symbol", "remittance", "additional_info", "transaction_code", "bank_reference", "client_reference",
    "end_to_end_id",
)  # fmt: skip


class Selection(TypedDict, total=False):
    """Which entries are meant, but for the days; what is not given, or empty, does not narrow the choice.

    `text` and `counterparty` are found anywhere in them, without regard to case, `containing` (SEARCHED: a column, a
    part of its text) in one column each; `amount_from` and `amount_to` are included, signed, credit positive; `side` is
    "any", "credit" or "debit".
    """

    accounts: Collection[str]
    text: str
    counterparty: str
    category: str
    variable_symbol: str
    amount_from: Decimal | None
    amount_to: Decimal | None
    side: str
    currency: str
    containing: Mapping[str, str] | None


class Criteria(Selection, total=False):
    """Which entries are meant: a selection of the days [since, until)."""

    since: date | None
    until: date | None


# Each criterion is one predicate over an entry `e`; text is found anywhere, without regard to case (BNK-077).
CRITERIA: dict[str, str] = {
    "since": "e.day >= $since",
    "until": "e.day < $until",
    "text": "contains(lower(concat_ws(' ', e.counterparty_name, e.counterparty_account, e.remittance,"
    " e.additional_info, e.variable_symbol, e.specific_symbol, e.bank_reference, e.client_reference,"
    " e.end_to_end_id)), lower($text))",
    "counterparty": "contains(lower(concat_ws(' ', e.counterparty_name, e.counterparty_account)),"
    " lower($counterparty))",
    "category": "e.category = $category",
    "variable_symbol": "e.variable_symbol = ltrim($variable_symbol, '0')",
    "amount_from": "e.amount >= $amount_from",
    "amount_to": "e.amount <= $amount_to",
    "currency": "e.currency = upper($currency)",
}
# Columns whose text can be searched on its own; a day is as 2026-10-31, an account has its name and its number.
SEARCHED: dict[str, str] = {name: f"e.{name}" for name in COLUMNS[9:]} | {
    **{name: f"e.{name}::VARCHAR" for name in ("day", "booking_day", "value_day")},
    "account": "concat_ws(' ', e.label, e.account)",
    "label": "concat_ws(' ', e.label, e.account)",
}
SIDES = {"any": "true", "credit": "e.amount > 0", "debit": "e.amount < 0"}


def fitting(lab: Lab, criteria: Criteria) -> tuple[str, dict[str, object]]:
    """Return the predicate over an entry `e` of `booked_entry($accounts)` and the values it is bound with."""
    given = {name: value for name, value in criteria.items() if value not in (None, "")}
    if unknown := criteria.keys() - Criteria.__annotations__:
        known = ", ".join(Criteria.__annotations__)
        raise BadArgument(f"entries can't be chosen by {', '.join(sorted(unknown))}; criteria are {known}")
    side = criteria.get("side", "any")
    if side not in SIDES:
        raise BadArgument(f"side must be one of {', '.join(SIDES)}, not {side!r}")
    names = known_accounts(lab, criteria.get("accounts", ()))
    used = {name: value for name, value in given.items() if name in CRITERIA}
    predicates = [SIDES[side], *(CRITERIA[name] for name in used)]
    for name, part in (criteria.get("containing") or {}).items():
        if name not in SEARCHED:
            raise BadArgument(f"entries can't be searched by {name!r}; columns are {', '.join(SEARCHED)}")
        if not part:
            continue
        predicates.append(f"contains(lower({SEARCHED[name]}), lower($containing_{name}))")
        used[f"containing_{name}"] = part
    if names:  # an account filter on the entries themselves lets DuckDB skip what can't match
        ids = [row[0] for row in lab.rows("SELECT account_id FROM chosen_account($accounts)", {"accounts": names})]
        predicates.append(f"e.account_id IN ({', '.join(map(str, ids))})")
    return " AND ".join(predicates), used | {"accounts": names}


def _order(order_by: Sequence[str]) -> str:
    terms = []
    for term in order_by:
        name = term.removeprefix("-")
        if name not in COLUMNS:
            raise BadArgument(f"entries can't be ordered by {name!r}; columns are {', '.join(COLUMNS)}")
        terms.append(f"e.{name} {'DESC' if term.startswith('-') else 'ASC'}")
    return ", ".join([*terms, "e.import_id", "e.statement_no", "e.entry_no"])


@table_action("161")
def entries(
    lab: Lab,
    *,
    order_by: Sequence[str] = ("-day",),
    limit: int = 1000,
    offset: int = 0,
    **criteria: Unpack[Criteria],
) -> Read:
    """Return booked entries that fit all criteria: `limit` rows after the first `offset`, in the order of `order_by`.

    A column in `order_by` with a leading "-" goes down. Columns: COLUMNS and statement_number. Raises UnknownName,
    BadArgument (also for more than 1,050,000 rows at once).
    """
    if not 0 < limit <= ROWS_MAX or offset < 0:
        raise BadArgument(f"limit must be 1 to {ROWS_MAX} and offset not negative")
    where, values = fitting(lab, criteria)
    order = _order(order_by)
    kept = f"booked_entry($accounts) e WHERE {where} ORDER BY {order} LIMIT {int(limit)} OFFSET {int(offset)}"
    page = f"FROM {kept}"
    if limit <= PAGE_ROWS_MAX:  # find a page by its keys first: sorting whole entries costs several times as much
        page = f"FROM booked_entry($accounts) e SEMI JOIN (SELECT {_KEY} FROM {kept}) k USING ({_KEY})"  # noqa: S608
    sql = f"""
        SELECT {", ".join(f"e.{name}" for name in COLUMNS)}, s.number AS statement_number
        FROM ({page}) e
            LEFT JOIN history.statement s ON s.import_id = e.import_id AND s.statement_no = e.statement_no
        ORDER BY {order}
    """  # noqa: S608 - predicates and columns are our own texts, values are bound
    return lab.read(sql, values)


@table_action("161")
def entry_totals(lab: Lab, **criteria: Unpack[Criteria]) -> Read:
    """Return number and sums of all booked entries that fit the criteria of `entries`, by currency.

    Columns: currency, entries, credit and debit (unsigned), net.
    """
    if all(name in _OF_DAY_SUMS for name, value in criteria.items() if value not in (None, "", {})):
        return _totals_of_days(lab, criteria)
    where, values = fitting(lab, criteria)
    return lab.read(
        f"""
        SELECT currency, count(*) AS entries, coalesce(sum(amount) FILTER (WHERE amount > 0), 0)::DECIMAL(18,3) AS
        credit,
            coalesce(-sum(amount) FILTER (WHERE amount < 0), 0)::DECIMAL(18,3) AS debit, sum(amount)::DECIMAL(18,3) AS
            net
        FROM booked_entry($accounts) e WHERE {where} GROUP BY currency ORDER BY currency
        """,  # noqa: S608 - as above
        values,
    )


_OF_DAY_SUMS = ("since", "until", "accounts", "category", "currency", "side")


def _totals_of_days(lab: Lab, criteria: Criteria) -> Read:
    """Answer from the day sums, which hold what a selection by days, accounts, category, currency and side needs."""
    side = criteria.get("side", "any")
    where, values = fitting(lab, {**criteria, "side": "any"})
    if side not in SIDES:
        raise BadArgument(f"side must be one of {', '.join(SIDES)}, not {side!r}")
    credit, debit = ("0" if side == "debit" else "e.credit"), ("0" if side == "credit" else "e.debit")
    count = {"any": "e.entries", "credit": "e.credit_entries", "debit": "e.debit_entries"}
    return lab.read(
        f"""
        SELECT currency, sum({count[side]})::BIGINT AS entries, sum({credit})::DECIMAL(18,3) AS credit,
            sum({debit})::DECIMAL(18,3) AS debit, sum({credit} - {debit})::DECIMAL(18,3) AS net
        FROM (SELECT d.*, a.currency FROM live_day_sum() d JOIN chosen_account($accounts) a USING (account_id)) e
        WHERE {where} GROUP BY currency HAVING sum({count[side]}) > 0 ORDER BY currency
        """,  # noqa: S608 - as above
        values,
    )


@table_action("161")
def entry_detail(lab: Lab, import_id: int, statement_no: int, entry_no: int) -> Read:
    """Return one entry with every column that is kept, its raw text, place and file; UnknownName when there is none."""
    found = lab.read(
        """
        SELECT e.* EXCLUDE (account_id), a.account, a.label, s.number AS statement_number, i.file_name, i.format
        FROM live_entry() e JOIN labelled_account() a USING (account_id) JOIN ops.import i USING (import_id)
            JOIN history.statement s ON s.import_id = e.import_id AND s.statement_no = e.statement_no
        WHERE e.import_id = $import_id AND e.statement_no = $statement_no AND e.entry_no = $entry_no
        """,
        {"import_id": import_id, "statement_no": statement_no, "entry_no": entry_no},
    )
    if not found.rows():
        raise UnknownName("entry", f"{import_id}/{statement_no}/{entry_no}")
    return found


@table_action("161")
def entry_parts(lab: Lab, import_id: int, statement_no: int, entry_no: int) -> Read:
    """Return the details of a batch booking, in file order; no row for an entry without."""
    return lab.read(
        """
        SELECT * EXCLUDE (account_id) FROM live_detail()
        WHERE import_id = $import_id AND statement_no = $statement_no AND entry_no = $entry_no ORDER BY detail_no
        """,
        {"import_id": import_id, "statement_no": statement_no, "entry_no": entry_no},
    )


@table_action("161")
def pending_entries(lab: Lab, *, accounts: Collection[str] = ()) -> Read:
    """Return the entries not booked yet (interim reports, pending entries) that no booked statement has, newest first.

    Columns as in `entries`, without the statement's number, and status.
    """
    columns = ", ".join(f"e.{name}" for name in COLUMNS if name not in ("account", "label"))
    return lab.read(
        f"""
        SELECT {columns}, a.account, a.label, e.status
        FROM pending_entry() e JOIN chosen_account($accounts) a USING (account_id)
        ORDER BY e.day DESC, e.import_id, e.statement_no, e.entry_no
        """,  # noqa: S608 - our own columns
        {"accounts": known_accounts(lab, accounts)},
    )
