"""Bank file formats: one pure module each, bytes to Arrow record batches and back.

`detect` finds the format of a file by its content. Formats from other packages join through the entry point group
`bankklient_lab.formats`: each entry point names a module with a tuple `FORMATS`.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from typing import NamedTuple

from bankklient_lab.errors import NotRecognised, UnknownName
from bankklient_lab.formats.base import Format

# Order does not matter: two formats never claim one file, which a test proves over all samples.
MODULES = (
    "mt940",
    "camt",
    "gpc",
    "bai2",
    "ofx",
    "coda",
    "cfonb120",
    "norma43",
    "delimited",
    "workbook",
    "rates",
    "parquet",
)
ENTRY_POINTS = "bankklient_lab.formats"


class Detected(NamedTuple):
    """The format of a file and the version of the format that its head names."""

    format: Format
    version: str


@cache
def formats() -> dict[str, Format]:
    """Return all formats by name, our own and those of installed plug-ins."""
    modules = [import_module(f"bankklient_lab.formats.{name}") for name in MODULES]
    modules += [point.load() for point in entry_points(group=ENTRY_POINTS)]
    found: dict[str, Format] = {}
    for module in modules:
        for format_ in module.FORMATS:
            assert format_.name not in found, format_.name
            found[format_.name] = format_
    return found


def format_named(name: str) -> Format:
    """Return the format called `name`; UnknownName otherwise."""
    try:
        return formats()[name]
    except KeyError:
        raise UnknownName("format", name, "known are " + ", ".join(formats())) from None


def detect(head: bytes) -> Detected:
    """Return the format that recognises the first bytes of a file; NotRecognised when none does."""
    for format_ in formats().values():
        version = format_.sniff(head)
        if version:
            return Detected(format_, version)
    if not head.strip(b"\0\r\n\t \xef\xbb\xbf"):
        raise NotRecognised("the file is empty")
    start = head[:40].decode("latin-1")
    raise NotRecognised(_why_not(head), place="start of the file", text=start)


def _why_not(head: bytes) -> str:
    """Say what a file that no format recognises looks like."""
    from bankklient_lab.formats import delimited, payments, rates

    if any(format_.sniff(head) for format_ in payments.formats().values() if format_.name != "xlsx"):
        return "this is a file of payment orders, not of statements; receive it for its accounting system"
    if rates.looks_like_html(head):
        return rates.HTML_REASON
    return delimited.describe(head) or (
        "the content is of no known format; `bankklient formats` lists them, a CSV or XLSX file needs a mapping"
    )
