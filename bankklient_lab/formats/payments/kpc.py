"""KPC, the ABO format of Czech payment orders (payments and collections in CZK): see kpc_layout.

Readings: the first account of an item, or that of its group, is the client's own, of a collection too. A group
whose items make another sum than it states refuses the file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO

from bankklient_lab.formats.payments.base import Options, Part, PaymentFormat
from bankklient_lab.formats.payments.kpc_read import Reader
from bankklient_lab.formats.payments.kpc_write import write

_HEAD = re.compile(rb"(\xef\xbb\xbf)?UHL1|(\xef\xbb\xbf)?1 15\d\d \d{1,6} \d{4}\s")


def sniff(head: bytes) -> str | None:
    """Return "KPC" for a file that starts with its header or an accounting file."""
    return "KPC" if _HEAD.match(head) else None


def read(source: BinaryIO, options: Options) -> Iterator[Part]:
    """Yield the payments of one data file."""
    return Reader(source, options).read()


FORMATS = (
    PaymentFormat("kpc", "KPC (ABO) payments and collections in CZK", sniff, read, write, ".kpc", takes_charset=True),
)
