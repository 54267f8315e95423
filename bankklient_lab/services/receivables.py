"""Receivables that a bank finances: checked by their rules, taken over from files, counted, deleted from the history.

Whoever enters one gets it saved when it breaks no rule. A file's receivables that are wrong can be taken over as such
(SRV-257); they stay out of balancing until somebody has corrected them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from bankklient_lab.actions import action, table_action
from bankklient_lab.codebooks.services import NEW
from bankklient_lab.errors import BadArgument, FormatError, Refused, UnknownName, WrongOrder
from bankklient_lab.formats.receivables import Line, ReceivablesFile, read_csv, read_workbook
from bankklient_lab.lab import Lab, Read
from bankklient_lab.orders import transmissions
from bankklient_lab.orders.accounting_systems import (
    FILE_NAME_CHARACTERS_MAX,
    check_file_name,
    file_within,
    incoming_folder,
    system_numbered,
)
from bankklient_lab.orders.checking import error_items, rule_parameters
from bankklient_lab.orders.content import rows_of
from bankklient_lab.orders.numbers import BANK_ZONE, bank_day
from bankklient_lab.orders.refusing import in_words
from bankklient_lab.orders.unfinished import values_of
from bankklient_lab.services.receivable_rules import KIND, checked_receivables, shown_at
from bankklient_lab.services.status import LAST_NUMBER, OVER, REQUESTS_WITH_STATUS, status_in

# ruff: noqa: S608 - every text below is made of our own declarations

NEEDS = "181"
TEXT_CHARS_MAX = 1_000
_NUMBER = "sequence_number"
_NOTHING = {"receivables": 0, "right": 0, "wrong": 0, "repeated": 0}
SPREADSHEET, ACCOUNTING_SYSTEM = "spreadsheet", "accounting_system"
_GIVEN = "checked_receivable"  # the table that is checked


def checked_receivable(lab: Lab, cursor: Any, values: Mapping[str, Any]) -> dict[str, str]:
    """Return the texts that a receivable keeps, a missing sequence number filled in; WrongOrder, UnknownName."""
    errors, items = checked_texts(lab, cursor, {_NUMBER: _next_number(cursor), **_filled(values)})
    if errors:
        raise WrongOrder(f"the receivable is not saved: {in_words(lab, errors)}", errors=wrong_items(errors))
    return items


def again(items: Mapping[str, str], *, copied: bool) -> dict[str, str]:
    """Return what somebody entered in a receivable that is corrected or copied, without what was filled in."""
    filled = {"invoice_number"} if items.get("invoice_number") == items.get("variable_symbol") else set()
    return {name: text for name, text in items.items() if name not in filled | ({_NUMBER} if copied else set())}


def checked_texts(lab: Lab, cursor: Any, values: Mapping[str, Any]) -> tuple[str, dict[str, str]]:
    """Return the errors (numbers with spaces) of entered values, and their texts in their one form; UnknownName."""
    ((errors, _formal, items),) = _checked(lab, cursor, [_texts(values)])
    return errors, values_of(items)


def wrong_items(errors: str) -> list[dict[str, Any]]:
    """Return of each error the code, the text, and the item of the form at which it is shown."""
    return [{**one, "item": shown_at(one["item"])} for one in _errors(errors)]


@action(NEEDS, mode="standard")
def receivables_sheet(lab: Lab, path: Path, *, sheet: str = "", account: str = "") -> dict[str, Any]:
    """Return what the sheet of a workbook says, before anything is taken over (SRV-254 to SRV-256).

    `sheet` is its name ("": the first one with the header), `account` the own account where the cell E4 is empty.
    Returns sheets (all names), sheet, account, rows: of each row_no, the items as texts, errors [code, item, text],
    formal (it can't be taken over) and repeated (one of this account, debtor and variable symbol is here, or stands in
    a row above). FormatError for what is no such workbook.
    """
    file = read_workbook(path, sheet)
    lines = _with_account(file, account)
    with lab.database.reading() as cursor:
        found = _checked(lab, cursor, [line.items for line in lines])
        repeated = _repeated(cursor, [items for *_, items in found])
    rows = [
        {"row_no": line.number, **line.items, "errors": _errors(errors), "formal": formal, "repeated": again}
        for line, (errors, formal, _items), again in zip(lines, found, repeated, strict=True)
    ]
    return {"sheets": list(file.sheets), "sheet": file.sheet, "account": file.account or account, "rows": rows}


@action(NEEDS)
def import_receivables(
    lab: Lab, path: Path, *, name: str = "", sheet: str = "", account: str = "", also_wrong: bool = False
) -> dict[str, Any]:
    """Take receivables over from a workbook, and return file_no, rows, taken, left_out, wrong and repeated (of taken).

    Right rows are taken over; with `also_wrong` those with logical errors too, as wrong ones; rows with formal errors
    never (SRV-257). Repeated ones are only told of, as in `receivables_sheet`. `name` is what the file is called ("":
    as its path says), the rest as in `receivables_sheet`. FormatError, and Refused when nothing would be taken over.
    """
    file, called = read_workbook(path, sheet), Path(name or path).name
    lines = _with_account(file, account)
    with lab.database.tx("ops") as cursor:
        found = _checked(lab, cursor, [line.items for line in lines])
        kept = [(errors, items) for errors, formal, items in found if not formal and (also_wrong or not errors)]
        if not kept:
            raise Refused(f"nothing is taken over: {len(lines)} of {len(lines)} rows have errors")
        repeated = sum(_repeated(cursor, [items for _, items in kept]))
        file_no = _keep_file(lab, cursor, (SPREADSHEET, called, file.sheet, None))
        _keep(lab, cursor, file_no, kept)
        told = {
            "file_no": file_no, "rows": len(lines), "taken": len(kept), "wrong": sum(bool(one) for one, _ in kept),
            "left_out": len(lines) - len(kept), "repeated": repeated,
        }  # fmt: skip
        lab.log(cursor, "import_receivables", called, **told)
    return told


@action(NEEDS, steps=True)
def receive_receivables(lab: Lab, system: int, name: str, *, path: Path | None = None) -> dict[str, Any]:
    """Take over the receivables of a CSV file from an accounting system, whole or not at all, and return the report.

    `name` is a file in the system's folder; for a system without one `path` is the file and `name` what it is called.
    A formal error refuses the file; receivables with logical errors are taken over as wrong ones. The report: status
    "received" or "refused", message and place (of the refusal), transmission_id, batch_order, file_no, receivables,
    right, wrong, repeated. A refusal is a line of the protocol too (type 0).
    """
    with lab.database.reading() as cursor:
        entry = system_numbered(cursor, system)
    file: transmissions.Measured | None = None
    report: dict[str, Any] = {"status": "refused", "file_no": None, **_NOTHING, "message": "", "place": ""}
    try:
        with lab.database.tx("ops") as cursor:
            _check_name(cursor, system, name)
            if path is not None and entry.folder_in:
                raise FormatError(f"files of accounting system {system} come from its folder alone", place="file name")
            file = transmissions.measure(path or file_within(incoming_folder(entry), name))
            lines = read_csv(file.path)
            found = _checked(lab, cursor, [line.items for line in lines])
            for line, (errors, formal, _items) in zip(lines, found, strict=True):
                if formal:
                    raise FormatError(in_words(lab, errors), place=f"line {line.number}")
            kept = [(errors, items) for errors, _formal, items in found]
            transmission_id, batch = transmissions.next_batch(lab, cursor, system)
            transmissions.archive_file(cursor, transmission_id, file)
            report["repeated"] = sum(_repeated(cursor, [items for _, items in kept]))
            report["file_no"] = _keep_file(lab, cursor, (ACCOUNTING_SYSTEM, name, "", system))
            _keep(lab, cursor, report["file_no"], kept)
            wrong = sum(bool(one) for one, _ in kept)
            report |= {"status": "received", "receivables": len(kept), "right": len(kept) - wrong, "wrong": wrong}
            _protocol(lab, cursor, (transmission_id, system, batch, name), file, report)
    except (FormatError, BadArgument) as error:
        report |= {"status": "refused", "file_no": None, **_NOTHING, "message": error.message}
        report["place"] = str(error.details.get("place", ""))
        with lab.database.tx("ops") as cursor:
            transmission_id, batch = transmissions.next_batch(lab, cursor, system)
            _protocol(lab, cursor, (transmission_id, system, batch, name), file, report)
    return report | {"transmission_id": transmission_id, "batch_order": batch}


@table_action(NEEDS)
def receivable_files(lab: Lab) -> Read:
    """Return the files that receivables came in and that no balancing has taken whole, the newest first.

    Columns: file_no, origin (spreadsheet, accounting_system), name, sheet, accounting_system, receivables (that wait),
    wrong (of them), taken_by, taken_at.
    """
    return lab.read(
        "SELECT file_no, f.origin, f.name, f.sheet, f.accounting_system, count(*) AS receivables,"
        " count(*) FILTER (m.errors <> '') AS wrong, f.taken_by, f.taken_at FROM ops.receivable_file f"
        " JOIN ops.service_request m USING (file_no) WHERE m.batch_id IS NULL GROUP BY ALL ORDER BY file_no DESC"
    )


@action(NEEDS)
def delete_receivable_file(lab: Lab, file_no: int) -> dict[str, int]:
    """Delete the receivables of a file that no batch has taken, and return how many; the caller has asked (SRV-259).

    UnknownName for a file without one.
    """
    with lab.database.tx("ops") as cursor:
        done = _delete(cursor, "file_no = $file_no AND batch_id IS NULL", {"file_no": file_no})
        if not done:
            raise UnknownName("file of receivables", str(file_no)[:30], "`bankklient receivables files` shows them")
        lab.log(cursor, "delete_receivable_file", str(file_no), receivables=done)
    return {"done": done}


@action(NEEDS)
def clear_receivables(lab: Lab, batch_order: int, *, older: bool = False) -> dict[str, int]:
    """Delete answered receivables of a batch from the history, with `older` those of all before it too (SRV-232).

    `batch_order` is that of its batch of type 15 (rrrrnnnn), as lists show it. Returns how many; those that the bank
    has not answered stay. UnknownName for a batch that there is not, Refused when nothing can be deleted.
    """
    ended = (
        f"SELECT request_id FROM {REQUESTS_WITH_STATUS} WHERE kind = '{KIND.name}' AND {status_in(OVER)}"
        f" AND batch_order {'<=' if older else '='} $order"
    )
    with lab.database.tx("ops") as cursor:
        known = cursor.execute(
            "SELECT 1 FROM ops.batch WHERE direction = 'send' AND batch_type = $type"
            " AND year * 10000 + number = $order",
            {"type": KIND.batch_type, "order": batch_order},
        ).fetchone()
        if not known:
            raise UnknownName(
                "batch of receivables", str(batch_order)[:30], "the history shows their orders (rrrrnnnn)"
            )
        done = _delete(cursor, f"request_id IN ({ended})", {"order": batch_order})
        if not done:
            raise Refused("the batch has no answered receivable here")
        lab.log(cursor, "clear_receivables", str(batch_order), receivables=done, older=older)
    return {"done": done}


@table_action(NEEDS)
def receivables_summary(lab: Lab) -> Read:
    """Return number and sum of the receivables by type, own account, currency, status and origin (SRV-233).

    Columns: receivable_type, own_account, currency, status, origin (creation, spreadsheet, accounting_system),
    receivables, amount (in the currency, of credit notes positive too). Their order is that of the columns.
    """
    texts = ", ".join(f"(items ->> '$.{name}') AS {name}" for name in ("receivable_type", "own_account", "currency"))
    amount = "coalesce(sum((items ->> '$.amount')::DECIMAL(18,3)), 0)::DECIMAL(18,3) AS amount"
    return lab.read(
        f"SELECT {texts}, status, coalesce(f.origin, 'creation') AS origin, count(*) AS receivables, {amount}"
        f" FROM {REQUESTS_WITH_STATUS} r LEFT JOIN ops.receivable_file f USING (file_no)"
        f" WHERE kind = '{KIND.name}' GROUP BY ALL ORDER BY ALL"
    )


def recheck_receivables(lab: Lab, cursor: Any, why: str) -> list[str]:
    """Check the receivables that wait anew because of `why`: one may become wrong, or right (SRV-340).

    Returns a sentence on those that became wrong, and one on those that became right.
    """
    _lend(
        cursor,
        "SELECT request_id AS entered_no, items, (changed_at AT TIME ZONE $zone)::DATE AS entered_on"
        f" FROM ops.service_request WHERE kind = '{KIND.name}' AND batch_id IS NULL",
        zone=BANK_ZONE,
    )
    changed = cursor.execute(
        "UPDATE ops.service_request m SET errors = n.errors, items = n.items, confirmed = n.errors = '',"
        " confirmed_by = if(n.errors = '', $me, NULL), confirmed_at = if(n.errors = '', $now, NULL),"
        f" version = version + 1 FROM ({checked_receivables(_GIVEN)}) n"
        " WHERE n.entered_no = m.request_id AND n.errors <> m.errors RETURNING m.errors = ''",
        rule_parameters(lab, bank_day(lab)) | {"me": lab.caller.reference, "now": lab.clock()},
    ).fetchall()
    right = sum(one for (one,) in changed)
    told = {"wrong": len(changed) - right, "right": right}
    if changed:
        lab.log(cursor, "recheck_receivables", why, **told)
    return [f"{count} receivables that wait are {state} now" for state, count in told.items() if count]


def _texts(values: Mapping[str, Any]) -> dict[str, str]:
    known = [item.name for item in KIND.entered(NEW)]
    texts: dict[str, str] = {}
    for name, value in values.items():
        if name not in known:
            raise UnknownName("item", str(name)[:40], f"a receivable has {', '.join(known)}")
        if isinstance(value, float):
            raise BadArgument(f"{name}: give {value} as a text or a Decimal, a float is not exact", parameter=name)
        if not isinstance(value, str | int | Decimal | date | None):
            raise BadArgument(f"{name} can't be a {type(value).__name__}; give a text", parameter=name)
        text = f"{value:%Y-%m-%d}" if isinstance(value, date) else f"{value:f}" if isinstance(value, Decimal) else value
        text = "" if text is None else str(text)
        if len(text) > TEXT_CHARS_MAX:
            raise BadArgument(f"{name} has more than {TEXT_CHARS_MAX} characters", parameter=name)
        if text:
            texts[name] = " ".join(text.split()) or text  # only spaces are an error of their own
    return texts


def _filled(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name != _NUMBER or value not in (None, "")}


def _next_number(cursor: Any) -> str:
    ((number,),) = cursor.execute(
        "SELECT least(coalesce(max(TRY_CAST(items ->> '$.sequence_number' AS BIGINT)), 0) + 1, 999999999)"
        " FROM ops.service_request"
        f" WHERE kind = '{KIND.name}' AND batch_id IS NULL"
    ).fetchall()
    return str(number)


def _checked(lab: Lab, cursor: Any, rows: Sequence[Mapping[str, str]]) -> list[tuple[str, bool, str]]:
    """Return of each row its errors, whether one is formal, and what is kept of it."""
    import pyarrow as pa

    given = pa.table({
        "entered_no": pa.array(range(len(rows)), pa.int64()),
        "items": pa.array([json.dumps(row, ensure_ascii=False) for row in rows], pa.string()),
    })  # fmt: skip
    cursor.register("given_receivable", given)
    _lend(cursor, "SELECT *, $today::DATE AS entered_on FROM given_receivable", today=bank_day(lab))
    cursor.unregister("given_receivable")
    found = cursor.execute(
        f"SELECT errors, formal, items FROM ({checked_receivables(_GIVEN)}) ORDER BY entered_no",
        rule_parameters(lab, bank_day(lab)),
    )
    return list(found.fetchall())


def _repeated(cursor: Any, receivables: Sequence[str]) -> list[bool]:
    """Tell of each (items) whether one of its account, debtor and symbol comes before it or is here and not ended."""
    keys = ("own_account", "debtor_id_type", "debtor_identification", "variable_symbol")
    texts = ", ".join(f"(items ->> '$.{name}') AS {name}" for name in keys)
    rows = cursor.execute(
        f"""
        WITH given AS (
            SELECT place, {texts} FROM (SELECT unnest(range(len($items::VARCHAR[]))) AS place,
                unnest($items::VARCHAR[]) AS items)),
        here AS (
            SELECT DISTINCT {texts} FROM {REQUESTS_WITH_STATUS}
            WHERE kind = '{KIND.name}' AND NOT {status_in(("ER", "DE"))})
        SELECT row_number() OVER (PARTITION BY {", ".join(keys)} ORDER BY place) > 1 OR place IN (
            SELECT place FROM given JOIN here USING ({", ".join(keys)}))
        FROM given ORDER BY place
        """,
        {"items": list(receivables)},
    ).fetchall()
    return [again for (again,) in rows]


def _lend(cursor: Any, query: str, **given: object) -> None:
    cursor.execute(f"CREATE OR REPLACE TEMP TABLE {_GIVEN} AS {query}", given)


def _errors(errors: str) -> list[dict[str, Any]]:
    items = error_items()
    return [{"code": code, "item": items[code][0], "text": items[code][2]} for code in map(int, errors.split())]


def _with_account(file: ReceivablesFile, account: str) -> list[Line]:
    """Return the lines with the own account of the sheet; BadArgument when it names none and none is given."""
    if file.account and account and file.account != account:
        raise BadArgument(f"the sheet is for {file.account}, as its cell E4 says", parameter="account")
    own = file.account or account
    if not own:
        raise BadArgument("the cell E4 of the sheet names no account; say which one it is for", parameter="account")
    return [Line(line.number, {**line.items, "own_account": own}) for line in file.lines]


def _keep_file(lab: Lab, cursor: Any, file: tuple[str, str, str, int | None]) -> int:
    ((file_no,),) = cursor.execute("SELECT coalesce(max(file_no), 0) + 1 FROM ops.receivable_file").fetchall()
    origin, name, sheet, system = file
    cursor.execute(
        "INSERT INTO ops.receivable_file VALUES (?, ?, ?, ?, ?, ?, ?)",
        [file_no, origin, name[: transmissions.FILE_NAME_KEPT], sheet, system, lab.caller.reference, lab.clock()],
    )
    return int(file_no)


def _keep(lab: Lab, cursor: Any, file_no: int, receivables: Sequence[tuple[str, str]]) -> None:
    """Keep checked receivables (errors, items) of a file; those without errors are confirmed."""
    ((last,),) = cursor.execute(LAST_NUMBER).fetchall()
    cursor.execute(
        "INSERT INTO ops.service_request BY NAME SELECT $last + row_number() OVER (ORDER BY place) AS request_id,"
        f" 1 AS version, '{KIND.name}' AS kind, '{NEW}' AS request, errors = '' AS confirmed, items, errors,"
        " $file_no AS file_no, '' AS answer, '' AS answer_text, $me AS created_by, $now AS created_at,"
        " $me AS changed_by, $now AS changed_at, if(errors = '', $me, NULL) AS confirmed_by,"
        " if(errors = '', $now, NULL) AS confirmed_at FROM (SELECT unnest(range(len($items::VARCHAR[]))) AS place,"
        " unnest($items::VARCHAR[]) AS items, unnest($errors::VARCHAR[]) AS errors)",
        {
            "last": last, "file_no": file_no, "me": lab.caller.reference, "now": lab.clock(),
            "items": [items for _, items in receivables], "errors": [errors for errors, _ in receivables],
        },
    )  # fmt: skip


def _delete(cursor: Any, which: str, given: Mapping[str, Any]) -> int:
    """Delete receivables, whose numbers are not used again, and return how many."""
    rows = rows_of(
        cursor.execute(
            f"DELETE FROM ops.service_request WHERE kind = '{KIND.name}' AND {which} RETURNING request_id", given
        )
    )
    ids = [row["request_id"] for row in rows]
    cursor.execute("INSERT INTO ops.used_request SELECT unnest($ids::INTEGER[])", {"ids": ids})
    return len(ids)


def _check_name(cursor: Any, system: int, name: str) -> None:
    check_file_name(name)
    if len(name) > FILE_NAME_CHARACTERS_MAX:
        raise FormatError(f"the name of a file has at most {FILE_NAME_CHARACTERS_MAX} characters", place="file name")
    if name.lower() in transmissions.names_received(cursor, system):
        raise FormatError("a file of this name was received from the accounting system before", place="file name")


def _protocol(
    lab: Lab, cursor: Any, head: tuple[int, int, str, str], file: transmissions.Measured | None, report: dict[str, Any]
) -> None:
    """Write the line of the protocol and the log's entry."""
    transmission_id, system, batch, name = head
    kept = name[: transmissions.FILE_NAME_KEPT]
    cursor.execute(
        "INSERT INTO ops.transmission VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            transmission_id, transmissions.FROM_ACCOUNTING_SYSTEM, system, batch, kept, file and file.bytes,
            file and file.sha256, "receivables", "1", report["receivables"], report["wrong"], 0, 0, report["message"],
            lab.caller.reference, lab.clock(),
        ],
    )  # fmt: skip
    lab.log(
        cursor, "receive_receivables", kept, accounting_system=system, batch=batch, error=report["message"],
        receivables=report["receivables"], wrong=report["wrong"],
    )  # fmt: skip
