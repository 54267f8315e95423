"""GPC (ABO statement), the account statement of Czech and Slovak banks: fixed records of 128 characters.

    074 statement    075 entry    078, 079 message of the entry before

The layout is in gpc_layout, reading and writing in gpc_read and gpc_write. Amounts are in hundredths, days
DDMMYY, text in cp1250, cp852, ISO 8859-2 or UTF-8. There is no closing record: a file cut at a line end is found by the
history, as a statement that does not add up.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO

from bankklient_lab.formats.base import Format, Hints, Part, StatementSet
from bankklient_lab.formats.gpc_fit import LOSSES, fit

_HEAD = re.compile(rb"(?:\xef\xbb\xbf)?074\d{16}[^\r\n]{20}")


def sniff(head: bytes) -> str | None:
    """Return "GPC" for a file that starts with a record 074 with an account number."""
    return "GPC" if _HEAD.match(head) else None


def read(source: BinaryIO, hints: Hints) -> Iterator[Part]:
    """Yield the parts of a GPC file; HintNeeded for a currency or bank that only the caller knows."""
    from bankklient_lab.formats.gpc_read import Reader

    return Reader(source, hints).read()


def write(statements: StatementSet) -> Iterator[bytes]:
    """Yield the bytes of a GPC file; BadArgument for what its fields can't hold."""
    from bankklient_lab.formats.gpc_write import lines

    return lines(statements)


FORMATS = (Format("gpc", "GPC (ABO) statement", sniff, read, write, ".gpc", fit=fit, losses=LOSSES),)
