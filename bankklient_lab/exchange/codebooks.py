"""Codebooks from the bank: each replaces the one that is here, and what the orders at hand are now is told."""

from __future__ import annotations

from typing import Any

from bankklient_lab.codebooks.bank import ROWS_MAX, Codebook, replacement
from bankklient_lab.exchange.rechecking import rechecked
from bankklient_lab.formats.bank_files import read_file
from bankklient_lab.formats.batches import Message
from bankklient_lab.formats.small_tables import table_of
from bankklient_lab.lab import Lab
from bankklient_lab.orders.numbers import bank_day
from bankklient_lab.rights.codebooks import FROM_BANK, note_content, replace_content


def take_codebook(book: Codebook, lab: Lab, cursor: Any, message: Message) -> list[str]:
    """Replace a codebook from the bank's day on, check orders anew, and return what became of them.

    FormatError leaves everything as it was (TRN-049).
    """
    given = table_of(read_file(message).content, book.check_header, rows_max=ROWS_MAX)
    changed = replace_content(cursor, book.name, replacement(book, [row for _, row in given]), bank_day(lab))
    note_content(cursor, book.name, FROM_BANK)
    lab.log(cursor, "bank_sends_codebook", book.name, **changed)
    return rechecked(lab, cursor, f"codebook {book.name} from the bank")
