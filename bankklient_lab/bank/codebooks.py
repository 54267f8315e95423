"""Codebooks that the bank gives its clients, each in a batch of its own type."""

from __future__ import annotations

from bankklient_lab.bank.answers import send
from bankklient_lab.bank.work import Work
from bankklient_lab.codebooks.bank import CODEBOOKS, ROWS_MAX, codebook_named, file_of, replacement
from bankklient_lab.errors import UnknownName
from bankklient_lab.formats.bank_files import BankFile, write_file
from bankklient_lab.formats.small_tables import table_of


def send_codebook(work: Work, name: str, content: bytes) -> None:
    """Send each client a codebook as CSV; FormatError for a content that can't be, UnknownName for one never sent."""
    book = codebook_named(name)
    if not book.batch_type:
        sent = ", ".join(one.name for one in CODEBOOKS.values() if one.batch_type)
        raise UnknownName("codebook of the bank", name, f"it sends {sent}")
    replacement(book, [row for _, row in table_of(content, book.check_header, rows_max=ROWS_MAX)])
    message = write_file(BankFile(file_of(book), content))
    for (point,) in work.store.rows("SELECT point FROM client ORDER BY point"):
        send(work, point, book.batch_type, [message])
