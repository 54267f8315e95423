"""CODA 2, the coded statement of Belgian banks: fixed records of 128 characters.

    0 header    1 old balance    2.1 2.2 2.3 movement    3.1 3.2 3.3 information    4 free message
    8 new balance    9 trailer

Amounts have three decimals and a digit for the side: 0 credit, 1 debit. A movement with detail number 0 is an
entry; one with another detail number is a detail of the globalised entry with the same sequence number, never
an entry of its own. Details of details (transaction type 9) stay in the raw text. A structured communication
101 or 102 becomes +++123/4567/89012+++, that of a SEPA direct debit (127) its creditor, mandate and text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO

from bankklient_lab.formats.base import Format, Hints, Part

_HEAD = re.compile(rb"(?:\xef\xbb\xbf)?00000\d{6}.{3}05[ D] {7}")


def sniff(head: bytes) -> str | None:
    """Return "CODA" for a file that starts with a header record."""
    return "CODA" if _HEAD.match(head) else None


def read(source: BinaryIO, hints: Hints) -> Iterator[Part]:
    """Yield the parts of a CODA file; FormatError for a statement without new balance or trailer."""
    from bankklient_lab.formats.coda_read import Reader

    return Reader(hints).read(source)


FORMATS = (Format("coda", "CODA coded statement", sniff, read),)
