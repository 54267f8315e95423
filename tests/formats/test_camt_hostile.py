"""Damaged and hostile camt files: refused with their place, in bounded memory, and never by another exception."""

from __future__ import annotations

import random
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bankklient_lab.errors import FormatError, LabError, LimitExceeded
from bankklient_lab.formats.base import SNIFF_BYTES
from bankklient_lab.formats.schema import SCHEMAS, Kind
from tests.formats.camt_messages import ENTRY, FILES, SAMPLES, kind_of, message, read, sample, shown, whole

COMPARED = [name for name in SCHEMAS[Kind.ENTRY].names if name != "raw"]


def bomb(doctype: str, before: str = "") -> bytes:
    return (before + doctype).encode() + message(ENTRY.replace("text", "&e;"))


DOCTYPES = {
    "bomb": '<!DOCTYPE Document [<!ENTITY a "aaaaaaaaaa"><!ENTITY e "&a;&a;&a;&a;&a;&a;&a;&a;">]>',
    "external": '<!DOCTYPE Document [<!ENTITY e SYSTEM "file:///etc/passwd">]>',
    "network": '<!DOCTYPE Document SYSTEM "http://192.0.2.1/x.dtd">',
    "parameter": '<!DOCTYPE Document [<!ENTITY % p SYSTEM "http://192.0.2.1/x.dtd"> %p;]>',
    "empty": "<!DOCTYPE Document>",
}


@pytest.mark.parametrize("doctype", DOCTYPES.values(), ids=DOCTYPES)
@pytest.mark.parametrize("before", ["", "<?xml version='1.0'?>\n<!-- > --><?a <!-- ?>\n"], ids=["first", "later"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_any_document_type_is_refused(doctype: str, before: str, encoding: str) -> None:
    data = bomb(doctype, before).decode().encode(encoding)
    assert kind_of(data) == "camt.053"
    with pytest.raises(FormatError, match="DOCTYPE"):
        read(data)


def test_a_document_type_behind_a_long_comment_is_refused() -> None:
    before = f"<!-- {'x' * SNIFF_BYTES} -->"
    with pytest.raises(LimitExceeded, match="no element starts"):
        read(bomb(DOCTYPES["bomb"], before), kind="camt.053")


@pytest.mark.parametrize("encoding", ["UTF-7", "utf-32", "idna", "IBM037", "rot13", "nonsense"])
def test_an_encoding_that_no_bank_uses_is_refused(encoding: str) -> None:
    with pytest.raises(FormatError, match="encoding"):
        read(f'<?xml version="1.0" encoding="{encoding}"?>'.encode() + message(), kind="camt.053")


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        (ENTRY.replace("text", "&e;"), "not well formed"),
        (ENTRY.replace("text", "\x01"), "not well formed"),
        (ENTRY.replace("text", "]]>"), "not well formed"),
        (ENTRY.replace("</Nm>", ""), "not well formed"),
        (ENTRY.replace("text", "<a>" * 70 + "</a>" * 70), "deeper than 60"),
        (ENTRY.replace("text", "<a>" * 300 + "</a>" * 300), "not well formed|deeper than 60"),
        (ENTRY.replace("text", "x" * 100_001), "longer than 100000"),
        (ENTRY.replace("text", "x" * 17_000_000), "larger than 16777216|huge text|not well formed"),
        (ENTRY.replace("text", "<x/>" * 5_000_000), "larger than 16777216"),
    ],
    ids=["entity", "control", "cdata-end", "unclosed", "deep", "deeper", "long", "huge", "many"],
)
@pytest.mark.parametrize("spaced", [False, True], ids=["cut", "parsed"])
def test_hostile_entries_are_refused_with_their_place(entry: str, reason: str, spaced: bool) -> None:
    data = message(ENTRY + entry)
    with pytest.raises(FormatError, match=reason) as refusal:
        read(whole(data) if spaced else data)
    assert refusal.value.place or "larger than" in str(refusal.value)


def test_the_marks_of_the_reader_are_nothing_special_in_a_file() -> None:
    marked = '<Ntry bankklient-run="0"><Amt Ccy="EUR">7</Amt><CdtDbtInd>CRDT</CdtDbtInd></Ntry>'
    entries = read(message(ENTRY + marked + ENTRY)).entries
    assert [str(entry["amount"]) for entry in entries] == ["5.100", "7.000", "5.100"]


def test_bytes_that_are_not_text_are_refused_with_their_place() -> None:
    data = message(ENTRY).replace(b"text", b"te\xffxt")
    with pytest.raises(FormatError, match=f"byte {data.index(0xFF)}: the bytes are not utf-8"):
        read(data)


def test_half_a_file_is_refused_with_its_place() -> None:
    data = sample("two_accounts.v8.xml")
    for length in range(len(data) // 10, len(data.rstrip()), 97):
        with pytest.raises(FormatError, match=r"cut off|the bytes are not") as refusal:
            read(data[:length], kind="camt.053")
        assert refusal.value.place


@pytest.mark.parametrize("repeat", ["<Stmt>", "<Bal><x/></Bal>", "\n" * 64, "<x/>"])
def test_the_memory_between_entries_is_bounded(repeat: str) -> None:
    data = message(more=repeat * (18_000_000 // len(repeat)))
    with pytest.raises(FormatError):
        read(data)


def mutated(data: bytes, seed: int) -> bytes:
    """Return `data` with bytes flipped, cut, or whole elements deleted or doubled."""
    chance = random.Random(seed)
    elements = [found.span() for found in re.finditer(rb"<([\w:]+)[^<>]*>[^<>]*</\1>", data)]
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(data))
        way = chance.randrange(5)
        if way == 0:
            data = data[:at] + bytes([chance.randrange(256)]) + data[at + 1 :]
        elif way == 1:
            data = data[: max(at, 60)] if chance.random() < 0.2 else data[:at] + data[at + chance.randint(1, 9) :]
        elif way == 2:
            data = data[:at] + chance.choice((b"<", b">", b"&", b"\0", b"9", b"]]>", b"<!--", b"\xc3")) + data[at:]
        else:
            start, end = chance.choice(elements)
            data = data[:start] + (b"" if way == 3 else data[start:end] * 2) + data[end:]
    return data


@pytest.mark.parametrize("path", [*SAMPLES, *FILES[::7]], ids=lambda path: path.name)
def test_mutated_files_are_refused_or_flagged_and_both_ways_agree(path: Path, mutations: int) -> None:
    data = path.read_bytes()
    kind = kind_of(data)
    for seed in range(mutations // 200 if kind else 0):
        changed = mutated(data, seed)
        outcomes: list[list[tuple[Any, ...]] | None] = []
        for variant in (changed, whole(changed)):
            try:
                tables = read(variant, kind=kind)
            except LabError:
                outcomes.append(None)
            else:
                outcomes.append([shown(row, *COMPARED) for row in tables.rows(Kind.ENTRY)])
        assert outcomes[0] == outcomes[1], seed


def big_message(entries: int) -> Iterator[bytes]:
    head, tail = message(entries="@").split(b"@")
    yield head
    entry = ENTRY.encode() * 1000
    for _ in range(entries // 1000):
        yield entry
    yield tail


def peak_kilobytes(path: Path) -> int:
    """Return the peak memory of another process that reads a file."""
    program = (
        "import sys, resource, pathlib\n"
        "from bankklient_lab.formats.camt import FORMATS\n"
        "from bankklient_lab.formats.base import Hints\n"
        "with pathlib.Path(sys.argv[1]).open('rb') as source:\n"
        "    rows = sum(part.batch.num_rows for part in FORMATS[0].read(source, Hints()))\n"
        "print(rows, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)\n"
    )
    done = subprocess.run([sys.executable, "-c", program, path], capture_output=True, text=True, check=True)
    return int(done.stdout.split()[1])


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    peaks = []
    for entries in (40_000, 160_000):
        path = tmp_path / f"{entries}.xml"
        with path.open("wb") as out:
            out.writelines(big_message(entries))
        peaks.append(peak_kilobytes(path))
    assert peaks[1] - peaks[0] < 30_000, peaks
