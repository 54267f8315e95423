"""Files that go with messages to the bank: taken only as the type of the message permits (SRV-301, SRV-302)."""

from __future__ import annotations

from pathlib import Path

from bankklient_lab.errors import BadArgument
from bankklient_lab.exchange.message_types import MessageType
from bankklient_lab.formats.bank_files import BankFile
from bankklient_lab.formats.letters import attachment_name
from bankklient_lab.formats.sources import open_ordinary

_KIB, _MIB = 1024, 1024**2


def read_attachment(of: MessageType, path: Path, name: str | None) -> BankFile:
    """Return a file as a message of a type carries it, called `name` (None: as its path says) in letters of ASCII.

    BadArgument for a type that takes none, and for a file of another suffix, without content, or too large.
    """
    if not of.suffixes:
        raise _wrong(f"messages of the type {of.name} take no attachment")
    called = attachment_name(name or path.name)
    suffix = called.rpartition(".")[2].lower()
    if suffix not in of.suffixes or "." not in called:
        raise _wrong(f"{called} can't go with it: the type {of.name} takes {', '.join(of.suffixes)}")
    with open_ordinary(path) as file:
        content = file.read(of.bytes_max + 1)
    if not content:
        raise _wrong(f"{called} is empty")
    if len(content) > of.bytes_max:
        raise _wrong(f"{called} is too large: the type {of.name} takes up to {size_text(of.bytes_max)}")
    return BankFile(called, content)


def size_text(count: int) -> str:
    """Return a number of bytes for people."""
    return f"{count // _MIB} MB" if count >= _MIB and count % _MIB == 0 else f"{count // _KIB} kB"


def _wrong(why: str) -> BadArgument:
    return BadArgument(why, parameter="attachment")
