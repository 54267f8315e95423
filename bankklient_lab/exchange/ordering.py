"""Ordering electronic documents at the bank, any number of times, and taking orders back until they are balanced."""

from __future__ import annotations

from typing import Any

from bankklient_lab.actions import action
from bankklient_lab.balancing.document_orders import WAITS
from bankklient_lab.errors import Refused, UnknownName
from bankklient_lab.exchange.document_folders import folder_of, write_into
from bankklient_lab.exchange.documents import SEES, stored
from bankklient_lab.keys.points import BANK, FOLDER, point_of
from bankklient_lab.lab import Lab
from bankklient_lab.orders.steps import Outcome, check_chosen

# ruff: noqa: S608 - every text below is made of our own declarations

ORDERS = "901"
# Over a document `d`.
_HERE = "d.document_id IN (SELECT document_id FROM ops.document_content)"
_WAITING = f"d.document_id IN (SELECT document_id FROM ops.document_order WHERE {WAITS})"
_NOT_ORDERED = (
    f"CASE WHEN {_WAITING} THEN 'it is ordered already and waits to be balanced' WHEN NOT (d.orderable OR {_HERE})"
    " THEN 'it is mailed or handed over in person' END"
)
_NOT_CANCELLED = f"CASE WHEN NOT {_WAITING} THEN 'no order of it waits to be balanced' END"


@action(ORDERS)
def order_documents(lab: Lab, document_ids: list[int]) -> dict[str, Any]:
    """Order documents; the next balancing puts all orders into one batch, and the bank answers it with the documents.

    One that is mailed or handed over in person and one of which an order waits stay, counted by reason (done, skipped,
    reasons); one alone is Refused with the reason. UnknownName for a document that there is not; Refused while the bank
    is reached by a folder.
    """
    if point_of(lab, BANK).channel == FOLDER:
        raise Refused("the bank is reached by a folder, and takes no orders of documents from there")
    with lab.database.tx("ops") as cursor:
        outcome = _chosen(cursor, document_ids, _NOT_ORDERED)
        cursor.execute(
            "INSERT INTO ops.document_order BY NAME SELECT document_id,"
            " 1 + (SELECT count(*) FROM ops.document_order o WHERE o.document_id = d.document_id)::INTEGER AS order_no,"
            " '' AS answer, '' AS answer_text, $me AS ordered_by, $now AS ordered_at, $now AS changed_at"
            " FROM ops.document d WHERE document_id IN (SELECT unnest($ids::INTEGER[]))",
            {"ids": outcome.ids, "me": lab.caller.reference, "now": lab.clock()},
        )
        lab.log(cursor, "order_documents", str(len(outcome.ids)), documents=outcome.ids)
    return outcome.as_dict()


@action(ORDERS)
def cancel_document_orders(lab: Lab, document_ids: list[int]) -> dict[str, Any]:
    """Take orders of documents back that no balancing has taken; the rest as in `order_documents`."""
    with lab.database.tx("ops") as cursor:
        outcome = _chosen(cursor, document_ids, _NOT_CANCELLED)
        cursor.execute(
            f"DELETE FROM ops.document_order WHERE {WAITS} AND document_id IN (SELECT unnest($ids::INTEGER[]))",
            {"ids": outcome.ids},
        )
        lab.log(cursor, "cancel_document_orders", str(len(outcome.ids)), documents=outcome.ids)
    return outcome.as_dict()


@action(SEES, mode="standard")
def save_document(lab: Lab, document_id: int) -> str:
    """Save a document into the folder of its account and return its path there; a file of another content stays.

    UnknownName for a document that is not here; Refused for an account without a folder.
    """
    with lab.database.reading() as cursor:
        name, content = stored(cursor, document_id)
        folder = folder_of(cursor, name.account)
    if folder is None:
        raise Refused(f"account {name.account} has no folder for its documents; an administrator sets one")
    return str(write_into(folder, name, content))


def _chosen(cursor: Any, document_ids: list[int], reason: str) -> Outcome:
    """Return which documents are chosen, and of the others how many are left and why (SQL over a document `d`)."""
    check_chosen(document_ids, None)
    outcome = Outcome()
    rows = cursor.execute(
        f"SELECT d.document_id IS NOT NULL AS known, {reason} AS reason,"
        " list(c.document_id ORDER BY c.document_id)"
        " FROM (SELECT DISTINCT unnest($ids::BIGINT[]) AS document_id) c"
        " LEFT JOIN ops.document d ON d.document_id = c.document_id GROUP BY ALL ORDER BY known, reason",
        {"ids": document_ids},
    ).fetchall()
    for known, why, ids in rows:
        if not known:
            raise UnknownName("document", str(ids[0]), "`bankklient documents list` shows them")
        if why is None:
            outcome.ids += ids
        else:
            outcome.skip(why, len(ids))
    if len(document_ids) == 1 and outcome.skipped:
        raise Refused(f"document {document_ids[0]}: {next(iter(outcome.skipped))}")
    return outcome
