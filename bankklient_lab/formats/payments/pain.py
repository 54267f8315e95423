"""pain.001 credit transfers and pain.008 direct debits: the messages of ISO 20022 in which a client orders payments."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from typing import BinaryIO

from bankklient_lab.errors import FormatError
from bankklient_lab.formats.camt_xml import opening_text
from bankklient_lab.formats.payments.base import Options, Part, PaymentFormat, Sniff
from bankklient_lab.formats.payments.pain_layout import MESSAGES, Message
from bankklient_lab.formats.payments.pain_read import Reader
from bankklient_lab.formats.payments.pain_write import VERSIONS, write


def _sniff(message: Message) -> Sniff:
    element = re.compile(rf"<(?:[\w.-]+:)?{message.document}[\s/>]")
    number = re.compile(rf"{re.escape(message.name)}\.\d{{3}}\.\d{{2}}")

    def sniff(head: bytes) -> str | None:
        if not re.match(rb"[\s\xef\xbb\xbf\xff\xfe\0]*<", head):
            return None
        try:
            text = opening_text(head)
        except FormatError:  # of an encoding that the reader refuses with its reason
            text = head.decode("latin-1")
        if not element.search(text):
            return None
        version = number.search(text)
        return version[0] if version else message.name

    return sniff


def _read(message: Message, source: BinaryIO, _options: Options) -> Iterator[Part]:
    return Reader(message).read(source)


FORMATS = tuple(
    PaymentFormat(
        message.name,
        title,
        _sniff(message),
        partial(_read, message),
        partial(write, message),
        f".{message.name.replace('.', '')}.xml",
        tuple(version.number for version in VERSIONS[message.name]),
    )
    for message, title in (
        (MESSAGES["pain.001"], "ISO 20022 pain.001 credit transfers"),
        (MESSAGES["pain.008"], "ISO 20022 pain.008 direct debits"),
    )
)
