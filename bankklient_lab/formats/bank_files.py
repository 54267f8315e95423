"""A file as a message of a batch, byte by byte: for what no standard message says, such as a codebook or rates.

<Document xmlns="urn:bankklient:message:file.1"><File name="banks.csv">(its bytes in base64)</File></Document>
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import NamedTuple

from bankklient_lab.errors import BadArgument, FormatError
from bankklient_lab.formats.batches import DECLARATION, Message, namespace_of, root_of

FILE_MESSAGE = "file.1"
FILE_BYTES_MAX = 7 * 1024**2  # in base64 it is a text that readers of XML still take
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}", re.ASCII)


class BankFile(NamedTuple):
    """A file: its name, of letters, digits, "_", "-" and "." without a folder, and its bytes."""

    name: str
    content: bytes


def is_file_name(name: str) -> bool:
    """Tell whether a name can be that of a file from a bank: one that leads into no folder and hides nothing."""
    return bool(_NAME.fullmatch(name))


def write_file(file: BankFile) -> Message:
    """Return the message; BadArgument for a name that a file can't have there, and for one that is too large."""
    if not is_file_name(file.name):
        raise BadArgument(f"{file.name[:40]!r} is no name of a file without a folder")
    if len(file.content) > FILE_BYTES_MAX:
        raise BadArgument(f"{file.name} has {len(file.content)} bytes; a file has at most {FILE_BYTES_MAX}")
    text = base64.b64encode(file.content).decode("ascii")
    name = namespace_of(FILE_MESSAGE)
    body = f'<Document xmlns="{name}"><File name="{file.name}">{text}</File></Document>\n'
    return Message(FILE_MESSAGE, DECLARATION + body.encode("ascii"))


def read_file(message: Message) -> BankFile:
    """Return the file of a message; FormatError for what is none."""
    (*files,) = root_of(message)
    if len(files) != 1 or files[0].tag != f"{{{namespace_of(FILE_MESSAGE)}}}File" or len(files[0]):
        raise FormatError("the message has one file", field="File")
    name = str(files[0].get("name", ""))
    if not is_file_name(name):
        raise FormatError("this is no name of a file", field="name", text=name[:100])
    try:
        content = base64.b64decode(files[0].text or "", validate=True)
    except binascii.Error:
        raise FormatError("the file is not in base64", field="File", place=name) from None
    if len(content) > FILE_BYTES_MAX:
        raise FormatError(f"a file has at most {FILE_BYTES_MAX} bytes", place=name)
    return BankFile(name, content)
