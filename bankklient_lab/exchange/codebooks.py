"""Codebooks from the bank: each replaces the one that is here, and what the orders at hand are now is told."""

from __future__ import annotations

from typing import Any

from bankklient_lab.balancing.unsent import failing_sql
from bankklient_lab.codebooks.bank import ROWS_MAX, Codebook, replacement
from bankklient_lab.formats.bank_files import read_file
from bankklient_lab.formats.batches import Message
from bankklient_lab.formats.small_tables import table_of
from bankklient_lab.lab import Lab
from bankklient_lab.orders.numbers import bank_day
from bankklient_lab.orders.rechecking import recheck
from bankklient_lab.rights.codebooks import FROM_BANK, note_content, replace_content


def take_codebook(book: Codebook, lab: Lab, cursor: Any, message: Message) -> list[str]:
    """Replace a codebook from the bank's day on, check orders anew, and return what became of them.

    Orders that wait take their step (TRN-050, TRN-051). Those in batches that are not sent stay as they are and are
    told by their batch, which can be discarded (TRN-191). FormatError leaves everything as it was (TRN-049).
    """
    given = table_of(read_file(message).content, book.check_header, rows_max=ROWS_MAX)
    changed = replace_content(cursor, book.name, replacement(book, [row for _, row in given]), bank_day(lab))
    note_content(cursor, book.name, FROM_BANK)
    lab.log(cursor, "bank_sends_codebook", book.name, **changed)
    counts = recheck(lab, f"codebook {book.name} from the bank")
    waiting = [f"{count} orders that wait are {state} now" for state, count in counts.items() if count]
    return [*waiting, *_told_of_batches(lab, cursor)]


def _told_of_batches(lab: Lab, cursor: Any) -> list[str]:
    sql, values = failing_sql(lab)
    batches: dict[str, list[str]] = {}
    for batch_type, order, order_id in cursor.execute(
        f"SELECT batch_type, batch_order, order_id FROM ({sql})",  # noqa: S608 - our own text
        values,
    ).fetchall():
        batches.setdefault(f"{batch_type} {order}", []).append(str(order_id))
    for name, orders in batches.items():
        lab.log(cursor, "batch_fails", name, orders=orders)
    return [
        f"batch {name}, which is not sent, has orders that fail now: {', '.join(orders)}; discard it before it is sent"
        for name, orders in batches.items()
    ]
