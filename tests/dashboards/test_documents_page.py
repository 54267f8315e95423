"""The page Documents without a browser: what is here and in the bank, conditions, orders, a document taken."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from bankklient_lab.dashboards.documents import Documents
from bankklient_lab.dashboards.menu import offered
from bankklient_lab.dashboards.shell import new_state
from bankklient_lab.exchange.document_folders import set_document_folder
from bankklient_lab.exchange.documents import documents
from bankklient_lab.formats.bank_files import BankFile, write_file
from bankklient_lab.formats.documents import About, write_list
from bankklient_lab.lab import Lab
from tests.exchange.conftest import clock, company, orders_file, pair
from tests.exchange.labs import Pair
from tests.exchange.test_documents import MAIN, OLD, PDF, came
from tests.orders.labs import hands

__all__ = ["clock", "company", "orders_file", "pair"]

ADVICE = OLD._replace(kind="ADV", account=MAIN, number="17")
BY_MAIL = OLD._replace(number="3")
TOLD = (
    About(OLD, date(2006, 1, 2), True, "12.00 CZK", "<b>bold</b>"),
    About(ADVICE, date(2006, 1, 3), True, "5.00 EUR", "Muster GmbH"),
    About(BY_MAIL, date(2006, 1, 4), False, "7.00 CZK"),
)


def page_of(lab: Lab) -> Documents:
    return Documents(lab, new_state(lab, "?page=documents"))


def states(page: Documents) -> list[str]:
    assert page.list.table is not None
    return page.list.table["state"].to_pylist()  # type: ignore[no-any-return]


@pytest.mark.spec("BNK-019", "BNK-022", "BNK-023", "BNK-024", "BNK-025", "BNK-026", "BNK-027", "BNK-028", "BNK-029")
@pytest.mark.spec("BNK-033", "SRV-013", "SRV-014", "SRV-019", "SRV-020")
def test_documents_are_found_ordered_and_taken(pair: Pair, tmp_path: Path) -> None:
    came(pair, 50, write_list(TOLD), write_file(BankFile(OLD.file_name, PDF)))
    page = page_of(pair.lab)
    assert states(page) == ["here and in the bank"]  # what is here comes first
    assert page.list.table is not None
    assert page.list.table["info"].to_pylist() == ["12.00\xa0CZK"]
    page.available.value = "all"
    assert states(page) == ["mailed or handed over", "in the bank", "here and in the bank"]
    page.words.value_input = "muster"
    assert states(page) == ["in the bank"]
    page.clear_all()
    page.available.value = "in_bank"
    page.kind.value = "ADV"
    assert page.clear.visible
    assert states(page) == ["in the bank"]
    page.kind.value, page.last.value = "any", date(2006, 1, 2)
    assert states(page) == ["here and in the bank"]
    page.last.value, page.account.value = None, MAIN
    assert states(page) == ["in the bank"]
    page.account.value, page.available.value = "any", "all"
    page.order_all.clicks += 1
    assert states(page) == [
        "mailed or handed over", "in the bank \u00b7 ordered, not balanced",
        "here and in the bank \u00b7 ordered, not balanced",
    ]  # fmt: skip
    assert page.order_all.disabled
    advice = next(number for number, row in page._raw.items() if row["kind"] == "ADV")
    page.open(advice)
    assert (page.download.visible, page.order.visible, page.cancel.visible) == (False, False, True)
    page.cancel.clicks += 1
    page.open(advice)
    assert (page.order.visible, page.cancel.visible) == (True, False)
    page.cancel_all.clicks += 1
    assert {row["order_status"] for row in documents.rows(pair.lab)} == {None}
    by_mail = next(number for number, row in page._raw.items() if row["availability"] == "informative")
    page.open(by_mail)
    assert [page.order.visible, page.cancel.visible, page.download.visible] == [False] * 3
    sent: list[tuple[str, bytes]] = []
    page._state.send_file = lambda name, content: sent.append((name, content))
    page.available.value = "local"
    (here,) = page._raw
    page.open(here)
    assert "&lt;b&gt;bold&lt;/b&gt;" in page._facts.object
    page.download.clicks += 1
    assert sent == [(OLD.file_name, PDF)]
    assert not page.save.visible
    with pair.lab.database.tx("ops") as cursor:  # the account of the manual, whose number is wrong, is nobody's
        cursor.execute("INSERT INTO ops.account (account_id, number, currency) VALUES (99, ?, 'CZK')", [OLD.account])
    set_document_folder(pair.lab, OLD.account, str(tmp_path))
    page.list.refresh()
    page.open(here)
    page.save.clicks += 1
    assert (tmp_path / OLD.file_name).read_bytes() == PDF


@pytest.mark.spec("BNK-161", "SRV-022")
def test_who_may_not_look_has_no_page_and_who_may_not_order_is_not_offered_it(pair: Pair) -> None:
    came(pair, 50, write_list(TOLD))
    assert "documents" not in offered(hands(pair.lab, "AA", {901}))
    looks = hands(pair.lab, "BB", {231})
    assert "documents" in offered(looks)
    page = page_of(looks)
    page.available.value = "all"
    assert not page.every.visible
    page.open(next(iter(page._raw)))
    assert not page.order.visible
