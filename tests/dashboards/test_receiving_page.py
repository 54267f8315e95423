"""The page on files of accounting systems without a browser: choose, receive, see what became of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from bankklient_lab.dashboards.menu import offered
from bankklient_lab.dashboards.receiving import Receiving
from bankklient_lab.dashboards.shell import new_state
from bankklient_lab.jobs import Job
from bankklient_lab.lab import Lab
from bankklient_lab.orders.accounting_systems import add_accounting_system
from bankklient_lab.orders.receiving import receive_file
from tests.orders.labs import equip, hands

LINES = (
    "own_account;counter_account;amount;maturity_date;variable_symbol",
    "609-150012947/0600;19-2000145399/0800;5.00;2026-11-22;1",
    "609-150012947/0600;19-2000145399/0800;0;2026-11-20;<u>2</u>",
)


def page_of(lab: Lab) -> Receiving:
    page = Receiving(lab, new_state(lab, "?page=receiving"))
    page.refresh()
    return page


def test_without_a_system_the_page_says_what_is_missing(lab: Lab) -> None:
    page = page_of(lab)
    assert page._notice.visible
    assert "no accounting system" in page._notice.object
    assert not page._from_folder.visible
    assert not page._drop_place.visible


def test_a_system_is_added_and_its_files_are_offered(lab: Lab, tmp_path: Path) -> None:
    page = page_of(lab)
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "one.csv").write_text("\n".join(LINES), "utf-8")
    page._open_form()
    page.form.widgets["number"].value = "7"
    page.form.widgets["name"].value = "Wages"
    page.form.widgets["folder_in"].value = str(tmp_path / "in")
    page.form.save()
    assert page.system.value == 7
    assert list(page.file.options.values()) == ["one.csv"]
    assert not page.take.disabled


@pytest.mark.spec("IMP-005", "IMP-025")
def test_one_system_alone_is_chosen_and_the_summary_is_shown(lab: Lab, tmp_path: Path) -> None:
    equip(lab)
    (tmp_path / "one.csv").write_text("\n".join(LINES), "utf-8")
    add_accounting_system(lab, 7, "Wages")
    page = page_of(lab)
    assert page.system.value == 7
    assert page._drop_place.visible
    page._received(receive_file(lab, 7, "one.csv", path=tmp_path / "one.csv", job=Job()))
    shown = page.result.object
    assert "609-150012947/0600" in shown
    assert "Moved to today" in shown
    assert ">73<" in shown
    assert "<u>2</u>" not in shown
    assert page._to_orders.visible
    assert page.protocol.table is not None
    assert page.protocol.table["file_name"].to_pylist() == ["one.csv"]


def test_a_refusal_is_told_with_its_place(lab: Lab, tmp_path: Path) -> None:
    (tmp_path / "<i>.csv").write_text(LINES[0] + "\n<script>", "utf-8")
    add_accounting_system(lab, 7, "Wages")
    page = page_of(lab)
    page._received(receive_file(lab, 7, "<i>.csv", path=tmp_path / "<i>.csv"))
    assert "Nothing of it was kept" in page.result.object
    assert "line 2" in page.result.object
    assert "<script>" not in page.result.object
    assert "<i>" not in page.result.object


def test_who_may_not_receive_is_not_offered_the_page(lab: Lab) -> None:
    assert "receiving" in offered(lab)
    assert "receiving" in offered(hands(lab, "AA", {36}))
    assert "receiving" not in offered(hands(lab, "BB", {51}))
