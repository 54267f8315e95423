"""The page of codebooks without a browser: sorted by any column, searched in two ways, replaced, taken along."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from bankklient_lab.codebooks.bank import CODEBOOKS, shipped
from bankklient_lab.dashboards.codebooks import BEGINS, CONTAINS, Codebooks
from bankklient_lab.dashboards.create import Create
from bankklient_lab.dashboards.menu import offered
from bankklient_lab.dashboards.rates import Rates
from bankklient_lab.dashboards.shell import new_state
from bankklient_lab.formats.rates import write_bank_rates
from bankklient_lab.history.importing import import_file
from bankklient_lab.lab import Lab
from bankklient_lab.orders.codebooks import codebook, update_codebook
from tests.orders.codebook_files import codebook_file
from tests.orders.labs import FOREIGN, equip, hands


@pytest.fixture
def books(lab: Lab) -> Codebooks:
    return Codebooks(lab, new_state(lab, "?page=codebooks"))


def shown(page: Codebooks) -> list[str]:
    assert page._shown is not None
    return [str(code) for code in page._shown["code"].to_pylist()]


@pytest.mark.spec("ADM-023")
@pytest.mark.parametrize("name", CODEBOOKS)
def test_every_codebook_is_shown_as_a_whole(books: Codebooks, name: str) -> None:
    books.book.value = name
    assert sorted(shown(books)) == sorted(row.code for row in shipped(name))
    assert list(books.column.options.values()) == list(CODEBOOKS[name].header)


@pytest.mark.spec("ORD-030", "ORD-031")
def test_both_ways_of_searching(books: Codebooks) -> None:
    books.column.value = "bic"
    books.words.value_input = "ceko"
    assert shown(books) == ["0300"]
    books.words.value_input = ""
    assert len(shown(books)) == len(shipped("banks"))  # each search begins with the whole codebook
    books.how.value = BEGINS
    books.column.value = "name"
    books.words.value_input = "Fio"
    assert shown(books)[0] == "2010"
    place = shown(books)
    books.words.value_input = "Fiox"
    assert shown(books) == place
    books.how.value = CONTAINS
    assert shown(books) == []


@pytest.mark.spec("ORD-029")
def test_every_column_sorts_up_and_down(books: Codebooks) -> None:
    codes = sorted(row.code for row in shipped("banks"))
    for order, wanted in ((("code",), codes), (("-code",), codes[::-1])):
        assert books._page(order, 100, 0)["code"].to_pylist() == wanted


def test_a_file_replaces_the_codebook_and_comes_out_again(lab: Lab, books: Codebooks, tmp_path: Path) -> None:
    books.book.value = "charges"
    rows = [row for row in codebook.rows(lab, "charges") if row["code"] != "OUR"]
    books.dropped("charges.csv", codebook_file(tmp_path, rows))
    assert sorted(shown(books)) == ["BEN", "SHA"]
    sent: list[tuple[str, bytes]] = []
    books._state.send_file = lambda name, content: sent.append((name, content))  # type: ignore[method-assign]
    books.take(".csv")
    books.take(".pdf")
    assert [name for name, _ in sent] == ["charges.csv", "charges.pdf"]
    assert b"BEN,The recipient" in sent[0][1]
    assert sent[1][1].startswith(b"%PDF")


@pytest.mark.spec("ADM-022", "ADM-106")
def test_everybody_is_offered_the_page_and_administrators_the_file(lab: Lab) -> None:
    nobody = hands(lab, "NN", [])
    assert "codebooks" in offered(nobody)
    page = Codebooks(nobody, new_state(nobody, "?page=codebooks"))
    assert not [one for one in page.view.select() if getattr(one, "icon", "") == "upload_file" and one.visible]


@pytest.mark.spec("ORD-154")
def test_a_form_hides_what_an_empty_codebook_would_offer(lab: Lab, tmp_path: Path) -> None:
    equip(lab)
    assert hidden(lab) >= {"payment_title", "contractual_partner"}
    update_codebook(lab, "payment_titles", codebook_file(tmp_path, [{"code": "110", "name": "goods"}]))
    assert "payment_title" not in hidden(lab)
    assert "contractual_partner" in hidden(lab)


def hidden(lab: Lab) -> set[str]:
    page = Create(lab, new_state(lab, "?page=create"))
    page._kind.value = FOREIGN
    return set(page.form.view.hidden)


@pytest.mark.spec("BNK-152")
def test_rates_are_shown_on_a_day_with_their_source(lab: Lab, tmp_path: Path) -> None:
    path = tmp_path / "bank.xml"
    path.write_bytes(write_bank_rates("SIMBCZPP", date(2026, 11, 20), "CZK", {"EUR": Decimal("24.50000000")}))
    import_file(lab, path)
    page = Rates(lab, new_state(lab, "?page=rates"))
    page.list.refresh()
    assert page.list.table is not None
    (row,) = page.list.table.to_pylist()
    assert row == {"currency": "EUR", "source": "SIMBCZPP", "per_unit": "24.5", "base": "CZK", "day": "2026-11-20"}
    page.day.value = date(2026, 11, 19)
    assert page.list.table.num_rows == 0
