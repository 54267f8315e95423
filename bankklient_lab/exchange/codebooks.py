"""Codebooks from the bank: each replaces the one that is here, and what the orders at hand are now is told."""

from __future__ import annotations

from typing import Any

from bankklient_lab.codebooks.bank import CODEBOOKS, ROWS_MAX, Codebook, file_of, replacement
from bankklient_lab.errors import FormatError
from bankklient_lab.exchange.rechecking import rechecked
from bankklient_lab.formats.bank_files import read_file
from bankklient_lab.formats.batches import Message
from bankklient_lab.formats.small_tables import table_of
from bankklient_lab.lab import Lab
from bankklient_lab.orders.numbers import bank_day
from bankklient_lab.rights.codebooks import FROM_BANK, note_content, replace_content


def take_codebook(batch_type: int, lab: Lab, cursor: Any, message: Message) -> list[str]:
    """Replace the codebook that the file is named after, from the bank's day on, check orders anew, and tell of them.

    FormatError for a file that is no codebook of this type of batches, or has a wrong row; it leaves everything as it
    was (TRN-049).
    """
    file = read_file(message)
    book = _book(batch_type, file.name)
    given = table_of(file.content, book.check_header, rows_max=ROWS_MAX)
    changed = replace_content(cursor, book.name, replacement(book, [row for _, row in given]), bank_day(lab))
    note_content(cursor, book.name, FROM_BANK)
    lab.log(cursor, "bank_sends_codebook", book.name, **changed)
    return rechecked(lab, cursor, f"codebook {book.name} from the bank")


def _book(batch_type: int, file_name: str) -> Codebook:
    books = {file_of(one): one for one in CODEBOOKS.values() if one.batch_type == batch_type}
    if file_name not in books:
        raise FormatError(f"the file here is {' or '.join(books)}", field="name", text=file_name)
    return books[file_name]
