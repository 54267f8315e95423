"""camt.053, camt.052 and camt.054: the statement, report and notification messages of ISO 20022, all versions.

Source: the message definitions of ISO 20022 (bank to customer cash management), versions 001.01 to 001.13.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from typing import BinaryIO

from bankklient_lab.errors import FormatError
from bankklient_lab.formats.base import Format, Hints, Part, Sniff
from bankklient_lab.formats.camt_read import Reader
from bankklient_lab.formats.camt_write import write
from bankklient_lab.formats.camt_xml import opening_text

_MESSAGES = {
    "camt.053": "BkToCstmrStmt",
    "camt.052": "BkToCstmrAcctRpt",
    "camt.054": "BkToCstmrDbtCdtNtfctn",
}


def _sniff(kind: str) -> Sniff:
    message = re.compile(rf"<(?:[\w.-]+:)?{_MESSAGES[kind]}(?:V\d\d)?[\s/>]")

    def sniff(head: bytes) -> str | None:
        if not re.match(rb"[\s\xef\xbb\xbf\xff\xfe\0]*<", head):
            return None
        try:
            text = opening_text(head)
        except FormatError:  # of an encoding that the reader refuses with its reason
            text = head.decode("latin-1")
        if not message.search(text):
            return None
        version = re.search(r"camt\.05[234]\.\d{3}\.\d{2}", text)
        return version[0] if version else kind

    return sniff


def _read(kind: str, source: BinaryIO, hints: Hints) -> Iterator[Part]:
    return Reader(kind, hints).read(source)


FORMATS = (
    Format(
        name="camt.053",
        title="ISO 20022 camt.053 statement",
        sniff=_sniff("camt.053"),
        read=partial(_read, "camt.053"),
        write=write,
        write_suffix=".camt053.xml",
    ),
    Format(
        name="camt.052",
        title="ISO 20022 camt.052 report during the day",
        sniff=_sniff("camt.052"),
        read=partial(_read, "camt.052"),
    ),
    Format(
        name="camt.054",
        title="ISO 20022 camt.054 notification",
        sniff=_sniff("camt.054"),
        read=partial(_read, "camt.054"),
    ),
)
