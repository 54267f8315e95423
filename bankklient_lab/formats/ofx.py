"""OFX and QFX: bank and credit card statements of OFX 1.x (SGML) and 2.x (XML); investment statements by their cash.

Each STMTRS, CCSTMTRS and INVSTMTRS is a statement. LEDGERBAL is its closing balance, AVAILBAL what is available;
OFX has no opening balance. FITID is the bank's reference. Securities transactions are kept as INFO, which does
not count in balances. Days are the first eight digits: the bank's local day.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from bankklient_lab.errors import FormatError
from bankklient_lab.formats.base import SNIFF_BYTES, Format, Hints, Part
from bankklient_lab.formats.ofx_parts import read_header


def sniff(head: bytes) -> str | None:
    """Return "OFX 102" and the like."""
    header = read_header(head)
    return f"OFX {header.version}".strip() if header else None


def read(source: BinaryIO, hints: Hints) -> Iterator[Part]:
    """Yield entries and statements in file order."""
    header = read_header(source.read(SNIFF_BYTES))
    source.seek(0)
    if header is None:
        raise FormatError("this is no OFX file: it starts neither with OFXHEADER nor with <?OFX", place="line 1")
    from bankklient_lab.formats.ofx_read import Reader

    return Reader(header, hints).parts(source)


FORMATS = (Format("ofx", "OFX and QFX (1.x SGML, 2.x XML)", sniff, read),)
