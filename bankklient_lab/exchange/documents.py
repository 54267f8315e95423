"""Electronic documents of the bank: what it told of them, and those that it delivered, kept exactly as they came.

A document is known by its name; a name leads into no folder (formats.documents). What came is judged by its content: a
document that is no PDF is kept, and told to be not viewable.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from hashlib import sha256
from typing import Any

from bankklient_lab.actions import action, table_action
from bankklient_lab.balancing.document_orders import WAITS
from bankklient_lab.codebooks import name_sql, names
from bankklient_lab.errors import FormatError, UnknownName
from bankklient_lab.formats.bank_files import read_file
from bankklient_lab.formats.batches import Message
from bankklient_lab.formats.documents import DocumentName, is_pdf, read_list, read_name, read_refusal
from bankklient_lab.formats.reading import reader
from bankklient_lab.lab import Lab, Read
from bankklient_lab.services.status import STATUS

# ruff: noqa: S608 - every text below is made of our own declarations

SEES = "231"
LOCAL, IN_BANK, ALL = "local", "in_bank", "all"
AVAILABLE = {LOCAL: "c.document_id IS NOT NULL", IN_BANK: "d.orderable", ALL: "true"}  # of SRV-011
# Documents `d` with what came of them, `c`, and their last order, `o`.
DOCUMENTS = f"""ops.document d LEFT JOIN ops.document_content c USING (document_id)
    LEFT JOIN (SELECT m.document_id, {STATUS} AS order_status, m.answer_text FROM ops.document_order m
        LEFT JOIN ops.batch b USING (batch_id)
        QUALIFY row_number() OVER (PARTITION BY m.document_id ORDER BY m.order_no DESC) = 1) o USING (document_id)"""
_AVAILABILITY = (
    "CASE WHEN c.document_id IS NULL THEN if(d.orderable, 'in_bank', 'informative')"
    " WHEN d.orderable THEN 'both' ELSE 'local' END"
)
_KNOWN = """
    INSERT INTO ops.document BY NAME
    SELECT (SELECT coalesce(max(document_id), 0) FROM ops.document) + (row_number() OVER ())::INTEGER AS document_id,
        kind, account, day, number, format, file_name, made_on, orderable, info, more, $now AS told_at
    FROM (SELECT unnest($told::STRUCT(kind VARCHAR, account VARCHAR, day DATE, number VARCHAR, format VARCHAR,
        file_name VARCHAR, made_on DATE, orderable BOOLEAN, info VARCHAR, more VARCHAR)[], recursive := true))
    ON CONFLICT (file_name) DO """


def take_list(lab: Lab, cursor: Any, message: Message) -> list[str]:
    """Keep what the bank tells of documents; what it says of a known one anew takes the place of what it said."""
    told = read_list(message)
    given = [
        _given(one.name) | {"made_on": one.made, "orderable": one.orderable, "info": one.text, "more": one.more}
        for one in told
    ]
    update = ", ".join(f"{name} = excluded.{name}" for name in ("made_on", "orderable", "info", "more"))
    cursor.execute(f"{_KNOWN} UPDATE SET {update}", {"told": given, "now": lab.clock()})
    return []


def take_document(lab: Lab, cursor: Any, message: Message) -> list[str]:
    """Keep a document, and answer its orders by it; return what is odd about it."""
    file = read_file(message)
    name = read_name(file.name)
    document_id = _known(lab, cursor, name)
    findings = []
    before = cursor.execute("SELECT sha256 FROM ops.document_content WHERE document_id = ?", [document_id]).fetchone()
    digest, viewable = sha256(file.content).hexdigest(), is_pdf(file.content)
    if before and before[0] != digest:
        findings.append(f"document {file.name} came before with another content, which its batch still has")
    if not viewable:
        findings.append(f"document {file.name} is no readable PDF; it is kept, and can't be viewed")
    cursor.execute(
        "INSERT OR REPLACE INTO ops.document_content VALUES (?, ?, ?, ?, ?, ?)",
        [document_id, file.content, len(file.content), digest, viewable, lab.clock()],
    )
    cursor.execute(f"DELETE FROM ops.document_order WHERE document_id = ? AND {WAITS}", [document_id])
    _answer(lab, cursor, document_id, "OK", "")
    return findings


def take_refusal(lab: Lab, cursor: Any, message: Message) -> list[str]:
    """Keep why the bank does not deliver a document; one that was not ordered is told."""
    name, why = read_refusal(message)
    if not _answer(lab, cursor, _known(lab, cursor, name), "ER", why):
        return [f"document {name.file_name}: the bank refuses it ({why}), and it was not ordered"]
    return []


@table_action(SEES)
def documents(
    lab: Lab,
    kind: str | None = None,
    account: str | None = None,
    *,
    since: date | None = None,
    until: date | None = None,
    text: str = "",
    available: str = ALL,
) -> Read:
    """Return the documents of all accounts, the last made first.

    `kind` is a code of document_types, `account` an IBAN, [since, until) the days on which the bank made them, `text` a
    part of what the bank says of them (capitals do not matter), `available` local, in_bank or all.

    Columns: document_id, kind, kind_name, account, day (that it is of), number, file_name, made_on, availability
    (local, in_bank, both, informative: mailed or handed over in person), order_status (of its last order: "" waits to
    be balanced, then NS, SE, RV, OK, ER, DE; null: none), why (of ER), info (closing balance or amount), more,
    viewable, bytes, sha256, received_at (UTC; null until it is here). UnknownName for another kind or availability.
    """
    if available not in AVAILABLE:
        raise UnknownName("availability", available, f"there are {', '.join(AVAILABLE)}")
    if kind is not None:
        _check_kind(kind)
    conditions = {
        "kind": "d.kind = $kind", "account": "d.account = $account", "since": "d.made_on >= $since",
        "until": "d.made_on < $until", "text": "contains(lower(d.info || ' ' || d.more), lower($text))",
    }  # fmt: skip
    given = {"kind": kind, "account": account, "since": since, "until": until, "text": text or None}
    bound = {name: value for name, value in given.items() if value is not None}
    chosen = " AND ".join([AVAILABLE[available], *(conditions[name] for name in bound)])
    return lab.read(
        f"SELECT d.document_id, d.kind, {name_sql('document_types', 'd.kind')} AS kind_name, d.account, d.day,"
        f" d.number, d.file_name, d.made_on, {_AVAILABILITY} AS availability, o.order_status,"
        " if(o.answer_text = '', NULL, o.answer_text) AS why, d.info, d.more, c.viewable, c.bytes, c.sha256,"
        f" c.received_at FROM {DOCUMENTS} WHERE {chosen} ORDER BY d.made_on DESC NULLS LAST, d.document_id DESC",
        bound,
    )


@action(SEES, mode="standard")
def document_content(lab: Lab, document_id: int) -> bytes:
    """Return a document as the bank delivered it; UnknownName for one that is not here."""
    with lab.database.reading() as cursor:
        return stored(cursor, document_id)[1]


@action(SEES, mode="standard")
def document_preview(lab: Lab, document_id: int, page: int = 1) -> dict[str, Any]:
    """Return a page of a document as a picture, which nothing in the document can make active.

    Keys: page (from 1), pages, png. It is drawn in the process that reads files (formats.worker). UnknownName for a
    document that is not here; FormatError for one that is damaged, locked or no PDF, and for a page that it has not.
    """
    content = document_content.function(lab, document_id)
    if not is_pdf(content):
        raise FormatError("the document is no readable PDF and can't be shown; it can be saved as it came")
    with reader() as one:
        pages, picture = one.read_page(content, page)
    return {"page": page, "pages": pages, "png": picture}


def stored(cursor: Any, document_id: int) -> tuple[DocumentName, bytes]:
    """Return name and content of a document that is here; UnknownName."""
    row = cursor.execute(
        "SELECT file_name, content FROM ops.document JOIN ops.document_content USING (document_id)"
        " WHERE document_id = ?",
        [document_id],
    ).fetchone()
    if row is None:
        raise UnknownName("local document", str(document_id)[:30], "`bankklient documents list` shows them")
    return read_name(row[0]), bytes(row[1])


def _known(lab: Lab, cursor: Any, name: DocumentName) -> int:
    """Return the number of a document, which is kept as one in the bank when the bank did not tell of it before."""
    given = _given(name) | {"made_on": None, "orderable": True, "info": "", "more": ""}
    cursor.execute(f"{_KNOWN} NOTHING", {"told": [given], "now": lab.clock()})
    ((number,),) = cursor.execute(
        "SELECT document_id FROM ops.document WHERE file_name = ?", [name.file_name]
    ).fetchall()
    return int(number)


def _answer(lab: Lab, cursor: Any, document_id: int, answer: str, text: str) -> int:
    """Give the sent orders of a document that have no answer one, and return how many there were."""
    found: Sequence[Any] = cursor.execute(
        "UPDATE ops.document_order SET answer = ?, answer_text = ?, changed_at = ?"
        f" WHERE document_id = ? AND NOT {WAITS} AND answer = '' RETURNING order_no",
        [answer, text, lab.clock(), document_id],
    ).fetchall()
    return len(found)


def _given(name: DocumentName) -> dict[str, Any]:
    try:
        _check_kind(name.kind)
    except UnknownName as error:
        raise FormatError(error.message, field="name", text=name.file_name) from None
    return name._asdict() | {"file_name": name.file_name}


def _check_kind(kind: str) -> None:
    kinds = names("document_types")
    if kind not in kinds:
        raise UnknownName("kind of document", kind, f"there are {', '.join(kinds)}")
