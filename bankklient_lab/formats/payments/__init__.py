"""Formats of files with payment orders: one pure module each, bytes to Arrow record batches and back.

`detect` finds the format of a file by its content. Formats from other packages join through the entry point group
`bankklient_lab.payment_formats`: each entry point names a module with a tuple `FORMATS`.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from typing import NamedTuple

from bankklient_lab.errors import NotRecognised, UnknownName
from bankklient_lab.formats.payments.base import PaymentFormat

# Order does not matter: two formats never claim one file, which a test proves over all samples.
MODULES = ("kpc", "fixed", "pain", "mt101", "table_csv", "table_xlsx")
ENTRY_POINTS = "bankklient_lab.payment_formats"


class Detected(NamedTuple):
    """The format of a file and the version of the format that its head names."""

    format: PaymentFormat
    version: str


@cache
def formats() -> dict[str, PaymentFormat]:
    """Return all formats by name, our own and those of installed plug-ins."""
    modules = [import_module(f"{__name__}.{name}") for name in MODULES]
    modules += [point.load() for point in entry_points(group=ENTRY_POINTS)]
    found: dict[str, PaymentFormat] = {}
    for module in modules:
        for format_ in module.FORMATS:
            assert format_.name not in found, format_.name
            found[format_.name] = format_
    return found


def format_named(name: str) -> PaymentFormat:
    """Return the format called `name`; UnknownName otherwise."""
    try:
        return formats()[name]
    except KeyError:
        raise UnknownName("format of payment files", name, "known are " + ", ".join(formats())) from None


def detect(head: bytes) -> Detected:
    """Return the format that recognises the first bytes of a file; NotRecognised when none does."""
    for format_ in formats().values():
        version = format_.sniff(head)
        if version:
            return Detected(format_, version)
    start = head[:40].decode("latin-1")
    reason = "the content is of no known format of payment files; `bankklient formats` lists them"
    raise NotRecognised(reason if head.strip() else "the file is empty", place="start of the file", text=start)
