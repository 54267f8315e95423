"""Entries of an account as bank files: what the writers of the formats take."""

from __future__ import annotations

from datetime import date

import pyarrow as pa

from bankklient_lab.actions import action
from bankklient_lab.analysis.parameters import one_account, period
from bankklient_lab.errors import BadArgument
from bankklient_lab.formats import formats
from bankklient_lab.formats.base import StatementSet
from bankklient_lab.formats.schema import SCHEMAS, Kind
from bankklient_lab.lab import Lab

NAME_CHARS_MAX = 40


def writers() -> dict[str, str]:
    """Return suffix -> format name of all formats that can be written."""
    return {f.write_suffix: f.name for f in formats().values() if f.write is not None}


@action("231&241", mode="standard")
def export_statement(
    lab: Lab, account: str, *, since: date, until: date, suffix: str, currency: str | None = None
) -> bytes:
    """Return one statement of [since, until) as a bank file in the format of `suffix` (a key of `writers`).

    Opening and closing balance are those of the lab, and the entries all that are booked in these days; the bank's
    number and reference are there when the days hold exactly one of its statements. A format that holds less than a
    lab leaves out what its `losses` say. Raises UnknownName, and BadArgument also for what the format can't hold.
    """
    period(since, until)
    names = writers()
    if suffix not in names:
        raise BadArgument(f"{suffix!r} is no format to write; known are {', '.join(sorted(names))}")
    format_ = formats()[names[suffix]]
    assert format_.write is not None
    data = statement_set(lab, one_account(lab, account, currency), since, until)
    content = b"".join(format_.write(format_.fit(data) if format_.fit else data))
    with lab.database.tx("ops") as cursor:
        lab.log(cursor, "export_statement", account, since=since, until=until, suffix=suffix)
    return content


@action("241", mode="standard")
def note_export(lab: Lab, what: str, *, suffix: str, rows: int | None = None) -> None:
    """Log that the caller takes a table (of `rows` rows) or a file out of the lab, made elsewhere; ask before.

    `what` names the table, `suffix` the form. Raises NotAllowed without the permission for exports, BadArgument for a
    name or a form of more than 40 characters or a number below 0.
    """
    if (rows or 0) < 0 or not 0 < len(what) <= NAME_CHARS_MAX or not 0 < len(suffix) <= NAME_CHARS_MAX:
        raise BadArgument(f"an export needs a name and a form of 1 to {NAME_CHARS_MAX} characters and a number of rows")
    with lab.database.tx("ops") as cursor:
        lab.log(cursor, "note_export", what, rows=rows, suffix=suffix)


def statement_set(lab: Lab, account_id: int, since: date, until: date) -> StatementSet:
    """Return the booked entries of an account in [since, until) as one statement, in the writers' schemas."""
    values = {"account": account_id, "since": since, "until": until}
    return StatementSet(
        statements=_cast(lab.query(_STATEMENT, values), Kind.STATEMENT),
        entries=_cast(lab.query(_ENTRIES, values), Kind.ENTRY),
        balances=_cast(lab.query(_BALANCES, values), Kind.BALANCE),
        details=_cast(lab.query(_DETAILS, values), Kind.DETAIL),
    )


def _cast(table: pa.Table, kind: Kind) -> pa.Table:
    schema = SCHEMAS[kind]
    columns = [
        table[field.name].cast(field.type) if field.name in table.column_names else pa.nulls(table.num_rows, field.type)
        for field in schema
    ]
    return pa.table(columns, schema=schema)


_OPENING = "(SELECT opening_by(last_before, first_opening, $since) FROM statement_frame($account, $since, $until))"
_CLOSING = "(SELECT balance FROM balance_on($until - 1, wanted := $account))"
# The bank's number and reference name the bank's statement: what holds another period must not carry them.
_STATEMENT = f"""
    SELECT 1 AS statement_no, false AS interim, a.account, a.bank, a.currency, s.account_name, s.number,
        coalesce(s.reference, strftime($since, '%Y%m%d') || '-' || strftime($until - 1, '%y%m%d')) AS reference,
        $since AS first_day, $until - 1 AS last_day, {_OPENING} AS opening, $since AS opening_day,
        coalesce({_CLOSING}, {_OPENING}) AS closing, $until - 1 AS closing_day
    FROM labelled_account() a, (
        SELECT max_by(account_name, to_day) AS account_name, max(number) FILTER (WHERE whole) AS number,
            max(reference) FILTER (WHERE whole) AS reference
        FROM (
            SELECT *, from_day >= $since AND to_day < $until AND count(*) OVER () = 1 AS whole
            FROM live_statement()
            WHERE account_id = $account AND NOT interim AND from_day < $until AND to_day >= $since
        )
    ) s WHERE a.account_id = $account
"""  # noqa: S608 - our own texts
_CHOSEN = """
    SELECT e.* REPLACE (row_number() OVER (ORDER BY e.day, c.seq, e.entry_no) AS entry_no), e.entry_no AS own_no,
        e.statement_no AS own_statement
    FROM booked_entry([]) e JOIN statement_chain(wanted := $account) c
        ON c.import_id = e.import_id AND c.statement_no = e.statement_no
    WHERE e.account_id = $account AND e.day >= $since AND e.day < $until
"""
_ENTRIES = f"SELECT * REPLACE (1 AS statement_no) FROM ({_CHOSEN}) ORDER BY entry_no"  # noqa: S608
_DETAILS = f"""
    SELECT d.* REPLACE (1 AS statement_no, e.entry_no AS entry_no)
    FROM live_detail() d JOIN ({_CHOSEN}) e
        ON e.import_id = d.import_id AND e.own_statement = d.statement_no AND e.own_no = d.entry_no
    ORDER BY e.entry_no, d.detail_no
"""  # noqa: S608
_BALANCES = f"""
    SELECT 1 AS statement_no, 'OPBD' AS balance_type, $since AS day, {_OPENING} AS amount, currency
    FROM labelled_account() WHERE account_id = $account
    UNION ALL
    SELECT 1, 'CLBD', $until - 1, coalesce({_CLOSING}, {_OPENING}), currency FROM labelled_account() WHERE account_id
    = $account
"""  # noqa: S608
