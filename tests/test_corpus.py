"""The tests' own tools: the corpus and its expected figures, the lines of the specification."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from tests import corpus, spec

ROWS = """path,statements,entries,opening,closing,sum_credit,sum_debit,currency,how_obtained
mt940/a.sta,2,1|6,10.50|,12|,1.50|0,0|0,EUR,"by hand; adds up: yes|n/a"
mt940/b.sta,2,1|2,,,3,,EUR|USD,by hand; adds up: NO(diff -1)|yes
"""


@pytest.fixture
def small_corpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "mt940").mkdir()
    for name in ("b.sta", "a.sta"):
        (tmp_path / "mt940" / name).touch()
    (tmp_path / "expected.csv").write_text(ROWS, "utf-8")
    monkeypatch.setenv("BANKKLIENT_CORPUS", str(tmp_path))
    monkeypatch.setattr(corpus, "expected", corpus.expected.__wrapped__)
    return tmp_path


def test_expected_figures_of_each_statement(small_corpus: Path) -> None:
    first, second = corpus.expected()["mt940/a.sta"]
    assert (first.entries, first.opening, first.closing, first.adds_up) == (1, Decimal("10.50"), 12, True)
    assert (second.entries, second.opening, second.closing, second.adds_up) == (6, None, None, None)
    assert (first.currency, second.currency) == ("EUR", "EUR")


def test_a_cell_with_another_count_tells_nothing(small_corpus: Path) -> None:
    first, second = corpus.expected_of(small_corpus / "mt940" / "b.sta") or []
    assert (first.sum_credit, second.sum_credit) == (None, None)
    assert (first.currency, second.currency) == ("EUR", "USD")
    assert (first.adds_up, second.adds_up) == (False, True)


def test_corpus_files_are_sorted_and_a_wrong_folder_fails(small_corpus: Path) -> None:
    assert [path.name for path in corpus.corpus_files("mt940")] == ["a.sta", "b.sta"]
    with pytest.raises(AssertionError, match="no folder"):
        corpus.corpus_files("mt94")


def test_without_a_corpus_there_is_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BANKKLIENT_CORPUS", raising=False)
    monkeypatch.setattr(corpus, "expected", corpus.expected.__wrapped__)
    assert corpus.corpus_files("mt940") == []
    assert corpus.expected() == {}


def test_every_line_of_the_specification_is_known_once() -> None:
    lines = [number for path in spec.areas() for number, _ in spec.lines_of(path)]
    assert len(lines) == len(set(lines)) == len(spec.lines())
    assert all(spec.lines_of(path) for path in spec.areas())
    assert {"BNK-001", "TXN-001", "CB-001", "CO-001"} <= spec.lines().keys()
