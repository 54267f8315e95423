"""All formats of payment files: recognised by content, with the expected numbers or a reasoned refusal."""

from __future__ import annotations

from pathlib import Path

import pytest

from bankklient_lab.errors import BadArgument, FormatError, NotRecognised, UnknownName
from bankklient_lab.formats import detect as detect_statements
from bankklient_lab.formats.base import SNIFF_BYTES
from bankklient_lab.formats.payments import charsets, detect, format_named, formats
from bankklient_lab.formats.payments.schema import Kind
from tests import corpus_results
from tests.corpus import SAMPLES
from tests.formats.paying import CHARSETS, files, ids, parts_of, read_sample, rows, samples, written

REASONS = corpus_results.reasons()
NAMES = {"pain001": "pain.001", "pain008": "pain.008"}


@pytest.mark.parametrize("path", files(), ids=ids)
def test_a_file_is_recognised_by_one_format_and_by_none_of_statements(path: Path) -> None:
    head = path.read_bytes()[:SNIFF_BYTES]
    claims = [format_.name for format_ in formats().values() if format_.sniff(head)]
    assert claims == [NAMES.get(path.parent.name, path.parent.name)]
    with pytest.raises(NotRecognised, match="payment orders, not of statements"):
        detect_statements(head)


@pytest.mark.parametrize("path", sorted(path for path in SAMPLES.glob("*/*") if path.is_file()), ids=ids)
def test_no_file_of_statements_is_claimed(path: Path) -> None:
    with pytest.raises(NotRecognised):
        detect(path.read_bytes()[:SNIFF_BYTES])


@pytest.mark.parametrize("path", files(), ids=ids)
def test_a_file_gives_the_expected_numbers_or_a_reason(path: Path) -> None:
    result = corpus_results.payment_result(path, CHARSETS.get(path.name, "utf-8"))
    if ids(path) in REASONS:
        assert result.status == "refused"
        assert result.message
    else:
        assert (result.status, result.differences) == ("imported", ())


@pytest.mark.parametrize("path", [path for path in files() if ids(path) not in REASONS], ids=ids)
def test_payments_are_numbered_and_belong_to_a_group(path: Path) -> None:
    parts = read_sample(path)
    payments, groups = rows(parts), rows(parts, Kind.GROUP)
    if parts[0].kind is Kind.ITEMS:
        assert not payments + groups
        return
    assert [row["payment_no"] for row in payments] == list(range(1, len(payments) + 1))
    assert {row["group_no"] for row in payments} == {row["group_no"] for row in groups}
    assert all(row["raw"] and row["place"] and row["amount"] >= 0 for row in payments)


@pytest.mark.parametrize("path", samples(), ids=ids)
def test_a_file_read_in_small_blocks_is_the_same(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = read_sample(path)
    monkeypatch.setattr(charsets, "BLOCK_BYTES", 61)
    in_blocks = read_sample(path)
    for kind in Kind:
        assert rows(in_blocks, kind) == rows(whole, kind)


def test_an_empty_or_unknown_file_is_not_recognised() -> None:
    with pytest.raises(NotRecognised, match="empty"):
        detect(b"")
    with pytest.raises(NotRecognised, match="bankklient formats"):
        detect(b"hello")
    with pytest.raises(UnknownName, match="format of payment files 'abo'; known are kpc"):
        format_named("abo")


@pytest.mark.parametrize("name", [name for name, one in formats().items() if one.write and name not in ("csv", "xlsx")])
def test_a_writer_refuses_a_table_of_nothing(name: str) -> None:
    with pytest.raises(BadArgument, match="no payment"):
        written(name)


@pytest.mark.parametrize("name", [name for name in formats() if name != "xlsx"])
def test_an_empty_file_is_refused_by_each_reader(name: str) -> None:
    with pytest.raises(FormatError):
        parts_of(name, b"")
