"""Exchange rates: the daily and yearly lists of the Czech National Bank, the reference rates of the ECB.

CNB: so many CZK for 1, 100 or 1000 units of a currency. ECB: so many units of a currency for 1 EUR
(`indirect`). A list is taken over whole or refused: one cell that can't be read refuses it.

A bank's own list is in the XML of the CNB with the bank's BIC in place of "CNB" (`banka`), which is its source, and,
unless it is CZK, the currency of its rates (`zaklad`).
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import BinaryIO

from bankklient_lab.errors import FormatError
from bankklient_lab.formats.archives import check_archive, unpacked
from bankklient_lab.formats.base import Format, Hints, Part, Rows, lines
from bankklient_lab.formats.schema import Kind

_COLUMNS = ("source", "day", "base", "currency", "units", "rate", "indirect")
_CNB_TITLES = ("země|měna|množství|kód|kurz", "Country|Currency|Amount|Code|Rate")
_CNB_DAY = re.compile(r"(\d{2}\.\d{2}\.\d{4}|\d{2} [A-Z][a-z]{2} \d{4}) #\d+")
_CNB_YEAR = re.compile(r"(Datum|Date)(\|\d+ [A-Z]{3})+\|?")
_CNB_XML = re.compile(r'<kurzy\s+banka="([A-Z0-9]{3,11})"')
_ECB_TITLE = re.compile(r"Date,\s*USD,\s*JPY(,\s*[A-Z]{3})*,?\s*")
_RATE = re.compile(r"\d{1,10}(?:[.,]\d{1,8})?")
_DAY_FORMS = ("%d.%m.%Y", "%Y-%m-%d", "%d %b %Y", "%d %B %Y")
_HTML = re.compile(rb"\s*(<!doctype html|<html)", re.IGNORECASE)
HTML_REASON = "this is a web page (HTML), probably an error page of the server, not a file of a bank; download it again"
_BOM = "\ufeff"

Rate = tuple[date, str, str, str, str]  # day, base, currency, units, rate as written


def looks_like_html(head: bytes) -> bool:
    """Tell whether a server sent a web page instead of a file."""
    return bool(_HTML.match(head.removeprefix(b"\xef\xbb\xbf")))


def _refuse_html(head: bytes) -> None:
    """Raise FormatError for a web page."""
    if looks_like_html(head):
        raise FormatError(HTML_REASON, place="line 1")


def sniff_cnb(head: bytes) -> str | None:
    """Return which list of the CNB this is."""
    text = head[:4096].decode("utf-8", "replace").removeprefix(_BOM)
    first, _, rest = text.partition("\n")
    if _CNB_DAY.fullmatch(first.strip()) and rest.startswith(_CNB_TITLES):
        return "CNB daily"
    if _CNB_YEAR.fullmatch(first.strip()):
        return "CNB year"
    return "CNB XML" if _CNB_XML.search(text) else None


def sniff_ecb(head: bytes) -> str | None:
    """Return which form of the ECB's reference rates this is."""
    if head.startswith(b"PK\x03\x04"):
        return "ECB ZIP" if head[30:].startswith(b"eurofxref") else None
    text = head[:4096].decode("utf-8", "replace").removeprefix(_BOM)
    if _ECB_TITLE.fullmatch(text.partition("\n")[0].rstrip("\r")):
        return "ECB CSV"
    return "ECB XML" if "http://www.ecb.int/vocabulary/2002-08-01/eurofxref" in text else None


def read_cnb(source: BinaryIO, _hints: Hints) -> Iterator[Part]:
    """Yield the rates of a CNB list, or of a bank's in its form."""
    head = _head(source)
    _refuse_html(head)
    whose = _CNB_XML.search(head.decode("utf-8", "replace"))
    if whose and sniff_cnb(head) == "CNB XML":
        return _parts(whose[1], _cnb_xml(source), indirect=False)
    if sniff_cnb(head) == "CNB year":
        return _parts("CNB", _cnb_year(source), indirect=False)
    return _parts("CNB", _cnb_daily(source), indirect=False)


def read_ecb(source: BinaryIO, _hints: Hints) -> Iterator[Part]:
    """Yield the rates of an ECB file."""
    head = _head(source)
    _refuse_html(head)
    if head.startswith(b"PK"):
        return _parts("ECB", _ecb_zip(source), indirect=True)
    return _parts("ECB", _ecb(source, head), indirect=True)


def _head(source: BinaryIO) -> bytes:
    head = source.read(4096)
    source.seek(0)
    return head


def _parts(bank: str, rates: Iterable[Rate], *, indirect: bool) -> Iterator[Part]:
    rows = Rows(Kind.RATE, _COLUMNS)
    found = False
    for day, base, currency, units, rate in rates:
        found = True
        rows.rows.append((bank, day, base, currency, int(units), Decimal(rate.replace(",", ".")), indirect))
        if rows.full():
            yield from rows.drain()
    if not found:
        raise FormatError("the list holds no rate; the day may not be published yet, download it again")
    yield from rows.drain()


def _rate(rate: Rate, place: str) -> Rate:
    """Return the rate; FormatError names the cell that is wrong."""
    _, _, currency, units, written = rate
    checks = (("currency", currency, r"[A-Z]{3}"), ("amount", units, r"10{0,6}"), ("rate", written, _RATE.pattern))
    for name, text, pattern in checks:
        if not re.fullmatch(pattern, text):
            raise FormatError(f"this is no {name} of an exchange rate", place=place, field=name, text=text)
    if not written.strip("0.,"):
        raise FormatError("an exchange rate is not zero", place=place, field="rate", text=written)
    return rate


def _day(text: str, place: str) -> date:
    for form in _DAY_FORMS:
        try:
            return datetime.strptime(text.strip(), form).date()
        except ValueError:
            continue
    raise FormatError("this is no day", place=place, field="day", text=text)


def _text_lines(source: BinaryIO) -> Iterator[tuple[str, str]]:
    """Yield (place, line) of each line that is not blank."""
    for number, raw in enumerate(lines(source), start=1):
        line = raw.decode("utf-8", "replace").removeprefix(_BOM).strip()
        if line:
            yield f"line {number}", line


# -- CNB


def _cnb_daily(source: BinaryIO) -> Iterator[Rate]:
    rows = _text_lines(source)
    place, first = next(rows, ("line 1", ""))
    head = _CNB_DAY.fullmatch(first)
    if not head:
        raise FormatError("a list of the CNB starts with its day and number", place=place, text=first)
    day = _day(head[1], place)
    for place, line in rows:
        if line in _CNB_TITLES:
            continue
        cells = line.split("|")
        if len(cells) != 5:
            raise FormatError(f"{len(cells)} cells where 5 are expected", place=place, text=line)
        yield _rate((day, "CZK", cells[3], cells[2], cells[4]), place)


def _cnb_year(source: BinaryIO) -> Iterator[Rate]:
    """Yield the rates of a year; the titles come again where the currencies change."""
    titles: list[list[str]] = []
    for place, line in _text_lines(source):
        if _CNB_YEAR.fullmatch(line):
            titles = [title.split(" ") for title in line.strip("|").split("|")[1:]]
            continue
        first, *cells = line.strip("|").split("|")
        day = _day(first, place)
        if len(cells) != len(titles):
            raise FormatError(f"{len(cells)} rates where {len(titles)} are expected", place=place, text=line)
        for (units, currency), cell in zip(titles, cells, strict=True):
            yield _rate((day, "CZK", currency, units, cell), place)


def _cnb_xml(source: BinaryIO) -> Iterator[Rate]:
    base = "CZK"

    def read(tag: str, given: dict[str, str], day: date | None, place: str) -> tuple[date | None, Rate | None]:
        nonlocal base
        if tag == "kurzy":
            base = given.get("zaklad", base)
            if not re.fullmatch(r"[A-Z]{3}", base):
                raise FormatError("this is no currency", place=place, field="zaklad", text=base)
            return (_day(given["datum"], place) if given.get("datum") else None), None
        if tag != "radek":
            return day, None
        if day is None:
            raise FormatError("the list says no day", place=place, field="datum")
        cells = given.get("kod", ""), given.get("mnozstvi", ""), given.get("kurz", "")
        return day, _rate((day, base, *cells), place)

    yield from _elements(source, read)


def write_bank_rates(bank: str, day: date, base: str, rates: Mapping[str, Decimal]) -> bytes:
    """Return a bank's own list: of each currency so many units of `base` for one unit; `bank` is its BIC."""
    rows = "".join(
        f'<radek kod="{currency}" mnozstvi="1" kurz="{str(rate).replace(".", ",")}"/>\n'
        for currency, rate in sorted(rates.items())
    )
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<kurzy banka="{bank}" datum="{day:%d.%m.%Y}" zaklad="{base}">\n'
        f"<tabulka>\n{rows}</tabulka>\n</kurzy>\n"
    ).encode("ascii")


# -- ECB


def _ecb(source: BinaryIO, head: bytes) -> Iterator[Rate]:
    return _ecb_xml(source) if head.lstrip(b"\xef\xbb\xbf\r\n\t ").startswith(b"<") else _ecb_csv(source)


def _ecb_csv(source: BinaryIO) -> Iterator[Rate]:
    """Yield the rates of a day or of the whole history; N/A: no rate on that day."""
    rows = _text_lines(source)
    place, first = next(rows, ("line 1", ""))
    if not _ECB_TITLE.fullmatch(first):
        raise FormatError("a list of the ECB starts with Date, USD, JPY and so on", place=place, text=first)
    currencies = [cell.strip() for cell in first.rstrip(", ").split(",")[1:]]
    for place, line in rows:
        start, *cells = (cell.strip() for cell in line.rstrip(", ").split(","))
        day = _day(start, place)
        if len(cells) != len(currencies):
            raise FormatError(f"{len(cells)} rates where {len(currencies)} are expected", place=place, text=line)
        for currency, cell in zip(currencies, cells, strict=True):
            if cell != "N/A":
                yield _rate((day, "EUR", currency, "1", cell), place)


def _ecb_xml(source: BinaryIO) -> Iterator[Rate]:
    def read(tag: str, given: dict[str, str], day: date | None, place: str) -> tuple[date | None, Rate | None]:
        if tag != "Cube" or not given:
            return day, None
        if "time" in given:
            return _day(given["time"], place), None
        if day is None:
            raise FormatError("a rate comes before its day", place=place)
        return day, _rate((day, "EUR", given.get("currency", ""), "1", given.get("rate", "")), place)

    yield from _elements(source, read)


def _ecb_zip(source: BinaryIO) -> Iterator[Rate]:
    with check_archive(source) as archive:
        members = [info for info in archive.infolist() if not info.is_dir()]
        if len(members) != 1:
            raise FormatError(f"the archive holds {len(members)} files where one is expected")
        try:
            with unpacked(archive, members[0]) as member:
                buffered = io.BufferedReader(member)
                yield from _ecb(buffered, buffered.peek(64))
        except zipfile.BadZipFile as error:
            raise FormatError(f"the archive is damaged ({error})", place=members[0].filename) from None


ReadElement = Callable[[str, dict[str, str], date | None, str], tuple[date | None, Rate | None]]


def _elements(source: BinaryIO, read: ReadElement) -> Iterator[Rate]:
    """Walk through the elements of a small XML without document type; `read` gets the tag and its attributes."""
    from lxml import etree

    day: date | None = None
    context = etree.iterparse(source, events=("start", "end"), resolve_entities=False, no_network=True, load_dtd=False)
    try:
        for event, element in context:
            if element.getroottree().docinfo.doctype:
                raise FormatError("a document type declaration is not accepted", place="head of the XML")
            if event == "end":
                element.clear()
                parent = element.getparent()  # none: what stands before the root stays
                while parent is not None and (before := element.getprevious()) is not None:
                    parent.remove(before)
                continue
            if isinstance(element.tag, str):
                tag = etree.QName(element).localname
                given = {str(name): str(value) for name, value in element.attrib.items()}
                day, rate = read(tag, given, day, f"line {element.sourceline}")
                if rate:
                    yield rate
    except ValueError as error:  # lxml, for a tag whose prefix has no namespace
        raise FormatError(f"this is no well-formed XML ({error})") from None
    except etree.XMLSyntaxError as error:
        raise FormatError(f"this is no well-formed XML ({error.msg})", place=f"line {error.lineno}") from None


FORMATS = (
    Format(
        "cnb_rates",
        "Exchange rates of the Czech National Bank (daily and yearly text, XML), and of banks in its XML",
        sniff_cnb,
        read_cnb,
    ),
    Format("ecb_rates", "Euro reference rates of the ECB (XML, CSV, ZIP)", sniff_ecb, read_ecb),
)
