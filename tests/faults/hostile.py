"""Files made to harm whoever reads them: name -> a function that writes the file."""

from __future__ import annotations

import bz2
import gzip
import io
import os
import random
import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import xlsxwriter

from bankklient_lab.formats import flat
from tests.corpus import SAMPLES
from tests.formats.camt_messages import ENTRY, message

Writer = Callable[[Path], object]
GIGABYTE = 1024**3
LONG = 60_000  # characters before something that a reader of the head alone would miss
SHEET = "xl/worksheets/sheet1.xml"
HEADER = ("Datum", "Popis", "Betrag", "Waehrung", "Konto", "Saldo")

LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
BILLION_LAUGHS = f'<!DOCTYPE Document [<!ENTITY l0 "ha"> {LAUGHS} <!ENTITY e "&l9;">]>'
QUADRATIC = f'<!DOCTYPE Document [<!ENTITY e "{"a" * 50_000}">]>'
EXTERNAL = '<!DOCTYPE Document [<!ENTITY e SYSTEM "file:///etc/passwd">]>'
PARAMETER = '<!DOCTYPE Document [<!ENTITY % p SYSTEM "file:///etc/passwd"> %p; <!ENTITY e "x">]>'
NETWORK = '<!DOCTYPE Document PUBLIC "-//X//X" "http://192.0.2.1/x.dtd">'
CNB = '<kurzy banka="CNB" datum="20.11.2026" poradi="224"><tabulka/></kurzy>'
ECB = '<gesmes:Envelope xmlns:gesmes="x" xmlns="http://www.ecb.int/vocabulary/2002-08-01/eurofxref"/>'


def camt(doctype: str, text: str = "&e;", before: str = "", encoding: str = "utf-8") -> Writer:
    data = (before + doctype + message(ENTRY.replace("text", text)).decode()).encode(encoding)
    return lambda path: path.write_bytes(data)


def plain(data: bytes) -> Writer:
    return lambda path: path.write_bytes(data)


def with_entries(entry: str) -> Writer:
    return plain(message(ENTRY + entry))


def member_of_zeros(name: str, size: int) -> Writer:
    def write(path: Path) -> None:
        with (
            zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
            archive.open(name, "w", force_zip64=True) as member,
        ):
            for _ in range(size // 2**24):
                member.write(bytes(2**24))

    return write


def zipped(*members: tuple[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return out.getvalue()


def nested(name: str, data: bytes, depth: int) -> bytes:
    for _ in range(depth):
        data = zipped((name, data))
    return data


def workbook() -> bytes:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        book.add_worksheet().write_row(0, 0, HEADER)
    return out.getvalue()


def changed_workbook(member: str, change: Callable[[bytes], bytes]) -> bytes:
    with zipfile.ZipFile(io.BytesIO(workbook())) as old:
        members = [(info.filename, old.read(info)) for info in old.infolist()]
    return zipped(*((name, change(data) if name == member else data) for name, data in members))


def far_cell(data: bytes) -> bytes:
    return data.replace(b"</row>", b'</row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>', 1)


def shared_strings(path: Path) -> None:
    """A sheet of 100,000 cells that all say the same text of 100,000 characters."""
    rows = "".join(f'<row r="{n}"><c r="A{n}" t="s"><v>0</v></c></row>' for n in range(2, 100_002)).encode()
    data = changed_workbook(SHEET, lambda sheet: sheet.replace(b"</sheetData>", rows + b"</sheetData>"))
    with zipfile.ZipFile(io.BytesIO(data)) as old:
        members = [(info.filename, old.read(info)) for info in old.infolist()]
    long = b"<si><t>" + random.Random(1).randbytes(50_000).hex().encode() + b"</t></si>"
    path.write_bytes(
        zipped(
            *(
                (name, re.sub(rb"<si>.*?</si>", long, text, count=1) if name == "xl/sharedStrings.xml" else text)
                for name, text in members
            )
        )
    )


def parquet_bomb(path: Path) -> None:
    """A few bytes that stand for 40 GB of text."""
    count = 400_000
    columns = {item.name: pa.nulls(count, item.type) for item in flat.SCHEMA}
    columns["record"] = pa.repeat("entry", count)
    columns["s_statement_no"] = pa.repeat(pa.scalar(1, pa.int32()), count)
    columns["remittance"] = pa.DictionaryArray.from_arrays(pa.repeat(0, count).cast(pa.int32()), ["x" * 100_000])
    table = pa.table(columns).replace_schema_metadata({b"bankklient": b"1"})
    pq.write_table(table, path, compression="zstd", store_schema=False)


def sparse(start: bytes) -> Writer:
    """`start` and then zeros, one gigabyte in all."""

    def write(path: Path) -> None:
        path.write_bytes(start)
        os.truncate(path, GIGABYTE)

    return write


def endless_cell(path: Path) -> None:
    """A CSV whose first cell is opened by a quotation mark and never closed."""
    header = (SAMPLES / "csv" / "first_direct.csv").read_bytes().splitlines()[0]
    with path.open("wb") as target:
        target.write(header + b'\n"')
        for _ in range(200):
            target.write(b"0123456789,abcde\n" * 61_680)


FILES: dict[str, Writer] = {
    "billion laughs": camt(BILLION_LAUGHS),
    "quadratic blow-up": camt(QUADRATIC, "&e;" * 20_000),
    "external entity": camt(EXTERNAL),
    "parameter entity": camt(PARAMETER),
    "document type from the network": camt(NETWORK),
    "document type in UTF-16": camt(EXTERNAL, encoding="utf-16"),
    "document type in UTF-16 without mark": camt(EXTERNAL, encoding="utf-16-be"),
    "document type after a long comment": camt(EXTERNAL, before=f"<!--{'x' * LONG}-->"),
    "document type beyond the head": camt(EXTERNAL, before=f"<!--{'x' * 2 * LONG}-->"),
    "document type in a list of the CNB": plain((EXTERNAL + CNB).encode()),
    "document type in a list of the ECB": plain((BILLION_LAUGHS + ECB).encode()),
    "document type in OFX": plain(
        b'<?xml version="1.0"?><?OFX OFXHEADER="200" VERSION="211"?>' + EXTERNAL.encode() + b"<OFX>&e;</OFX>"
    ),
    "entity without document type": camt("", "&e;"),
    "UTF-7": plain(b'<?xml version="1.0" encoding="UTF-7"?>' + message()),
    "deep XML": with_entries("<Ntry>" + "<a>" * 200_000),
    "deep XML, closed": with_entries("<Ntry>" + "<a>" * 200 + "</a>" * 200 + "</Ntry>"),
    "huge attribute": with_entries(f'<Ntry a="{"x" * 30_000_000}"></Ntry>'),
    "many attributes": with_entries("<Ntry " + " ".join(f'a{n}="1"' for n in range(2_000_000)) + "></Ntry>"),
    "huge text": with_entries(ENTRY.replace("text", "x" * 30_000_000)),
    "many children": with_entries("<Ntry>" + "<x/>" * 6_000_000 + "</Ntry>"),
    "workbook with a bomb": member_of_zeros("xl/media/x.bin", GIGABYTE),
    "list of the ECB with a bomb": member_of_zeros("eurofxref-hist.csv", GIGABYTE),
    "archives in archives": plain(nested("eurofxref-hist.csv", b"Date, USD, JPY, \n", 40)),
    "workbooks in workbooks": plain(nested(SHEET, workbook(), 40)),
    "far cell": plain(changed_workbook(SHEET, far_cell)),
    "shared strings": shared_strings,
    "workbook with a document type": plain(
        changed_workbook(SHEET, lambda data: data.replace(b"<worksheet", EXTERNAL.encode() + b"<worksheet", 1))
    ),
    "Parquet bomb": parquet_bomb,
    "a gigabyte of zeros": sparse(b""),
    "endless cell": endless_cell,
    "gzip": plain(gzip.compress(message())),
    "bzip2": plain(bz2.compress(message())),
    "empty": plain(b""),
    "white space": plain(b"\r\n \t" * 1000),
    "program": plain(b"\x7fELF" + bytes(1000)),
    "web page": plain(b"<!doctype html><html><body>503</body></html>"),
}
LINES = {path.parent.name: path for path in sorted(SAMPLES.rglob("*")) if path.is_file()}
FILES |= {f"{name} with a line of a gigabyte": sparse(path.read_bytes()) for name, path in LINES.items()}
