"""CSV, JSON and Parquet of any table."""

from __future__ import annotations

import csv
import io
import json
from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bankklient_lab.errors import BadArgument
from bankklient_lab.reports import TABLE_SUFFIXES, render_table
from tests.reports.samples import AMOUNT, a_statement

HOSTILE = ("=1+1", "+1", "-1", "@x", "\t=1", "\r=1", "\n=1", "＝1")
GENTLE = ("1=1", " =1", "a@b", "'=1", "", "x")


def texts(values: list[str | None]) -> pa.Table:
    return pa.table({"text": pa.array(values, pa.string())})


def read_csv(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def test_csv_marks_texts_that_a_spreadsheet_would_calculate_and_only_texts() -> None:
    rows = read_csv(render_table(texts([*HOSTILE, *GENTLE]), ".csv", ""))[1:]
    assert [row[0] if row else "" for row in rows] == ["'" + text for text in HOSTILE] + list(GENTLE)
    numbers = pa.table({"amount": pa.array([Decimal("-1.5"), Decimal("+2")], AMOUNT), "count": [-1, 2]})
    assert read_csv(render_table(numbers, ".csv", ""))[1:] == [["-1.500", "-1"], ["2.000", "2"]]


def test_csv_is_as_in_rfc_4180_with_the_mark_that_excel_knows() -> None:
    content = render_table(pa.table({"a": ['x,"y"\r\nz', None], "day": [date(2026, 1, 2), None]}), ".csv", "")
    assert content == '\ufeffa,day\r\n"x,""y""\r\nz",2026-01-02\r\n,\r\n'.encode()


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1)))
def test_csv_read_back_is_the_same_but_for_the_apostrophe(values: list[str]) -> None:
    rows = read_csv(render_table(texts(list(values)), ".csv", ""))[1:]
    for (read,), written in zip(rows, values, strict=True):
        assert read in (written, "'" + written)
        assert read[0] not in "=+-@\t\r\n"


def test_csv_of_entries_is_read_by_others(tmp_path: Path) -> None:
    entries = a_statement(50).entries
    path = tmp_path / "entries.csv"
    path.write_bytes(render_table(entries, ".csv", ""))
    read = duckdb.read_csv(path, all_varchar=True).to_arrow_table()
    assert read["amount"].to_pylist() == [str(amount) for amount in entries["amount"].to_pylist()]
    assert read["counterparty_name"].to_pylist() == entries["counterparty_name"].to_pylist()


def test_json_keeps_amounts_exact() -> None:
    large = Decimal("123456789012345.678")
    table = pa.table({"amount": pa.array([large], AMOUNT), "day": [date(2026, 1, 2)], "name": ["</script>Ž"], "n": [1]})
    assert json.loads(render_table(table, ".json", "")) == [
        {"amount": str(large), "day": "2026-01-02", "name": "</script>Ž", "n": 1}
    ]


def test_parquet_is_the_table() -> None:
    entries = a_statement(50).entries
    assert pq.read_table(io.BytesIO(render_table(entries, ".parquet", ""))).equals(entries)


@pytest.mark.parametrize("suffix", TABLE_SUFFIXES)
def test_an_empty_table_is_written_with_its_columns(suffix: str) -> None:
    assert render_table(a_statement(0).entries, suffix, "Empty")


def test_an_unknown_suffix_is_refused_by_name() -> None:
    with pytest.raises(BadArgument, match=r"'\.doc' is no form of this report; known are \.csv"):
        render_table(texts([]), ".doc", "")
