"""Exchange rates of the CNB and the ECB."""

from __future__ import annotations

import io
import re
import zipfile
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from bankklient_lab.errors import FormatError, LimitExceeded, NotRecognised
from bankklient_lab.formats.base import Hints
from bankklient_lab.formats.rates import read_ecb
from bankklient_lab.formats.schema import Kind
from tests.corpus import SAMPLES, corpus_files, expected_of, sample_files
from tests.formats.reading import Row, ids, read, recognised

COUNTS = {
    "daily.txt": 2,
    "year.txt": 8,
    "hist.csv": 5,
    "hist.xml": 3,
    "denni_kurz_2024-08-08.xml": 31,
    "eurofxref.csv": 29,
    "eurofxref-hist.zip": 221_702,
}
REFUSED = {"denni_kurz_empty.xml": "holds no rate", "denni_kurz_server_error.html.txt": "web page (HTML)"}
FILES = [(name, path) for name in ("cnb_rates", "ecb_rates") for path in (*sample_files(name), *corpus_files(name))]
YEAR = (SAMPLES / "cnb_rates" / "year.txt").read_bytes()
DAILY = (SAMPLES / "cnb_rates" / "daily.txt").read_bytes()
HIST = (SAMPLES / "ecb_rates" / "hist.csv").read_bytes()
HIST_XML = (SAMPLES / "ecb_rates" / "hist.xml").read_bytes()


def _rates(name: str, data: bytes) -> list[Row]:
    return read(name, data).rows(Kind.RATE)


@pytest.mark.parametrize(("name", "path"), FILES, ids=[ids(path) for _, path in FILES])
def test_each_list_gives_all_its_rates_or_a_reason(name: str, path: Path) -> None:
    data = path.read_bytes()
    if path.name in REFUSED:
        with pytest.raises(FormatError, match=re.escape(REFUSED[path.name])):
            read(name, data)
        return
    assert recognised(data).name == name
    found = read(name, data)
    wanted = None if path.is_relative_to(SAMPLES) else expected_of(path)
    assert found.table(Kind.RATE).num_rows == (wanted[0].entries if wanted else COUNTS[path.name])
    assert found.statements == []
    if wanted and (stated := re.findall(r"(EUR|HUF) ([\d,]+) per (\d+)", wanted[0].how_obtained)):
        rates = {(row["currency"], row["units"]): row["rate"] for row in found.rows(Kind.RATE)}
        for currency, rate, units in stated:
            assert rates[currency, int(units)] == Decimal(rate.replace(",", "."))


def test_cnb_year_with_titles_that_change() -> None:
    rates = _rates("cnb_rates", YEAR)
    hungarian = [row for row in rates if row["currency"] == "HUF"]
    assert [(row["day"], row["units"], row["rate"]) for row in hungarian] == [
        (date(2026, 1, 2), 100, Decimal("6.177")),
        (date(2026, 1, 5), 100, Decimal("6.180")),
    ]
    assert {(row["source"], row["base"], row["indirect"]) for row in rates} == {("CNB", "CZK", False)}
    assert rates[-1]["day"] == date(2026, 1, 6)


def test_ecb_history_leaves_out_days_without_a_rate() -> None:
    rates = _rates("ecb_rates", HIST)
    assert [(row["day"].day, row["rate"]) for row in rates if row["currency"] == "CYP"] == [(2, Decimal("0.5823"))]
    assert {(row["source"], row["base"], row["units"], row["indirect"]) for row in rates} == {("ECB", "EUR", 1, True)}


def test_zip_and_csv_give_the_same() -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("eurofxref-hist.csv", HIST)
    assert recognised(packed.getvalue()).name == "ecb_rates"
    assert _rates("ecb_rates", packed.getvalue()) == _rates("ecb_rates", HIST)


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("cnb_rates", DAILY.replace(b"24.930", b"24.9x"), "line 3, field rate, found '24.9x'"),
        ("cnb_rates", DAILY.replace(b"24.930", b"0.000"), "not zero"),
        ("cnb_rates", DAILY.replace(b"|100|", b"|99|"), "field amount"),
        ("cnb_rates", DAILY.replace(b"EUR", b"EURO"), "field currency"),
        ("cnb_rates", DAILY.replace(b"02 Jan", b"31 Feb"), "no day"),
        ("cnb_rates", DAILY[:60], "cells where 5|holds no rate"),
        ("cnb_rates", YEAR.replace(b"|6,180", b""), "2 rates where 3"),
        ("cnb_rates", b"", "starts with its day"),
        ("ecb_rates", HIST.replace(b"175.68", b"-"), "field rate"),
        ("ecb_rates", HIST.replace(b",175.68", b""), "2 rates where 3"),
        ("ecb_rates", HIST_XML[:-40], "well-formed"),
        ("ecb_rates", HIST_XML.replace(b"2026-01-05", b"2026-13-05"), "no day"),
        ("ecb_rates", b"<html>", "web page"),
    ],
)
def test_damaged_lists_are_refused_with_the_place(name: str, data: bytes, message: str) -> None:
    with pytest.raises(FormatError, match=message):
        read(name, data)


def test_a_web_page_is_called_one() -> None:
    with pytest.raises(NotRecognised, match=r"web page \(HTML\)"):
        recognised(b"\n<!DOCTYPE html>\n<html><body>Error 500</body></html>")


@pytest.mark.parametrize(
    "declaration",
    [
        b'<!DOCTYPE a [<!ENTITY x "y">]>',
        b'<!DOCTYPE a SYSTEM "http://127.0.0.1/a.dtd">',
        b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
        b'<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;">]>',
    ],
)
def test_document_types_are_refused(declaration: bytes) -> None:
    with pytest.raises(FormatError):
        read("ecb_rates", HIST_XML.replace(b"<gesmes:Envelope", declaration + b"<gesmes:Envelope", 1))


def _zip(*members: tuple[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return packed.getvalue()


def test_bombs_are_refused() -> None:
    with pytest.raises(LimitExceeded, match="times its size"):
        read("ecb_rates", _zip(("eurofxref-hist.csv", HIST + b"\n" * 50_000_000)))
    honest = _zip(("eurofxref-hist.csv", HIST + b"\n" * 50_000_000))
    size = (len(HIST) + 50_000_000).to_bytes(4, "little")
    assert honest.count(size) == 2
    with pytest.raises(FormatError):
        read("ecb_rates", honest.replace(size, (5000).to_bytes(4, "little")))


def test_archives_of_another_kind_are_refused() -> None:
    with pytest.raises(FormatError, match="2 files"):
        read("ecb_rates", _zip(("eurofxref.csv", HIST), ("eurofxref-hist.csv", HIST)))
    with pytest.raises(FormatError, match="starts with Date"):
        read("ecb_rates", _zip(("eurofxref.csv", _zip(("eurofxref.csv", HIST)))))
    data = _zip(("eurofxref.csv", HIST))
    for end in range(0, len(data), 5):
        with pytest.raises(FormatError):
            read("ecb_rates", data[:end])


def test_what_stands_before_the_root_does_not_matter() -> None:
    path = next(path for path in sample_files("ecb_rates") if path.suffix == ".xml")
    head, _, rest = path.read_bytes().partition(b"?>")
    found = [
        part.batch.num_rows
        for data in (path.read_bytes(), head + b"?><!-- a remark --><?note?>" + rest)
        for part in read_ecb(io.BytesIO(data), Hints())
    ]
    assert len(found) == 2
    assert found[0] == found[1]
