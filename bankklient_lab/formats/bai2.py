"""BAI2, the cash management report of American banks: records of comma-separated fields, closed by a slash.

    01 file    02 group    03 account    16 transaction    49, 98, 99 trailers    88 continuation

Each account of a group is a statement. Decisions:

- Amounts have the decimals of their currency; the group's currency counts where the account names none, then
  the hint, then USD, the default of the specification.
- Type codes 100 to 399 are credits, 400 to 699 debits, 720 to 759 loan payments (credits), 760 a loan
  disbursement, 920 to 959 and 960 to 999 the bank's own credits and debits.
- A transaction is booked on the as-of day of its group. The totals 100 and 400 are declared totals only where
  the account has transactions: a summary report has none.
- Several records in one line are read one by one; a line without a record code belongs to the text before.
- A group that deletes or tests (status 2, 4) is refused: it is no report to take over.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO

from bankklient_lab.formats.base import Format, Hints, Part

_HEAD = re.compile(
    rb"(?:\xef\xbb\xbf)?01,[^,\r\n]{0,60},[^,\r\n]{0,60},\d{6},\d{0,4},[^,\r\n]{0,20},\d{0,4},\d{0,4},\s?\d\s*/"
)


def sniff(head: bytes) -> str | None:
    """Return "BAI2" for a file that starts with a file header record."""
    return "BAI2" if _HEAD.match(head) else None


def read(source: BinaryIO, hints: Hints) -> Iterator[Part]:
    """Yield the parts of a BAI2 file; FormatError for a file without its trailers."""
    from bankklient_lab.formats.bai2_read import Reader

    return Reader(source, hints).read()


FORMATS = (Format("bai2", "BAI2 cash management report", sniff, read),)
