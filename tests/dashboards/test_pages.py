"""Pages without a browser: what parameters and presses make of them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest

import bankklient_lab as bl
from bankklient_lab.dashboards.browser import Browser
from bankklient_lab.dashboards.content import reload
from bankklient_lab.dashboards.explorer import Explorer
from bankklient_lab.dashboards.overview import Overview
from bankklient_lab.dashboards.refresh import Refresh
from bankklient_lab.dashboards.runs import Runs
from bankklient_lab.dashboards.shell import Shell, new_state
from bankklient_lab.dashboards.state import State
from bankklient_lab.dashboards.statements import Statements
from bankklient_lab.dashboards.table import PagedTable
from bankklient_lab.dashboards.texts import text
from bankklient_lab.dashboards.work import Work
from bankklient_lab.errors import Cancelled, LabError
from bankklient_lab.jobs import Job
from bankklient_lab.lab import Lab
from bankklient_lab.money import parse_amount
from bankklient_lab.runs.schedules import schedules
from tests.corpus import SAMPLES
from tests.dashboards.samples import PAYLOADS, hostile
from tests.statements import ACCOUNT, mt940

OTHER = "CZ4906000000000150000030"


@pytest.fixture
def filled(lab: Lab, tmp_path: Path) -> State:
    bl.import_file(lab, mt940(tmp_path))
    bl.import_file(lab, mt940(tmp_path, "eur.sta", account=OTHER, currency="EUR", opening="10,00", closing="160,00"))
    return new_state(lab, "?currency=CZK")


def test_an_empty_lab_says_what_will_stand_here(lab: Lab) -> None:
    page = Overview(lab, new_state(lab))
    assert page.empty.visible
    assert not page.full.visible


def test_without_rates_the_overview_shows_one_currency_and_says_so(lab: Lab, filled: State) -> None:
    page = Overview(lab, filled)
    assert page.full.visible
    assert "1\u202f150.00" in page._tiles[0].object
    assert page._notice.visible
    assert "CZK only" in page._notice.object
    filled.currency = "EUR"
    assert "160.00" in page._tiles[0].object


def test_a_balance_that_no_bank_states_is_marked(lab: Lab, filled: State, tmp_path: Path) -> None:
    head = (SAMPLES / "csv" / "ceska_sporitelna.csv").read_bytes().splitlines()[0]
    row = b'"Platba";"2026/11/02";"-5,00";"";"2026/11/02";;;"Partner";;;;;"R1";;;'
    path = tmp_path / "counted.csv"
    path.write_bytes(head + b"\r\n" + row + b"\r\n")
    report = bl.import_file(lab, path, account="CZ7603000000000076327632", currency="CZK")
    assert report["status"] == "imported"
    reload(lab, filled)
    page = Overview(lab, filled)
    shown = page._accounts.load([], 1)["name_and_basis"].to_list()
    assert sorted("counted" in name for name in shown) == [False, False, True]
    assert "1 balance is counted from zero" in page._accounts._totals.object


def test_a_page_that_is_not_looked_at_does_no_work_until_it_is(lab: Lab, filled: State) -> None:
    page = Overview(lab, filled)
    filled.page = "explorer"
    before = page._tiles[0].object
    filled.currency = "EUR"
    assert page._tiles[0].object == before
    filled.page = "overview"
    assert page._tiles[0].object != before


def test_a_window_offers_what_another_has_changed(lab: Lab, filled: State, tmp_path: Path) -> None:
    shell = Shell(lab, filled, Browser(scheme="", narrow=False, prefers_dark=False))
    shell.look_for_news()
    assert not shell._news.visible
    end = filled.end
    more = mt940(tmp_path, "more.sta", number="2", first="261103", last="261103", opening="1150,00", closing="1140,00",
                 entries=(("261103", "D10,00", "REF9"),))  # fmt: skip
    bl.import_file(lab, more)
    shell.look_for_news()
    assert shell._news.visible
    shell._take_news()
    assert not shell._news.visible
    assert filled.end > end
    bl.save_selection(lab, "of another window", {})
    shell.look_for_news()
    assert not shell._news.visible


def test_what_was_read_is_shown_and_errors_are_sentences(state: State) -> None:
    shown: list[int] = []
    said: list[str] = []
    wishes = iter((lambda: 1, lambda: parse_amount("x"), lambda: 1 // 0))
    reading = Refresh(state, lambda: next(wishes), shown.append, said.append)
    for _ in range(3):
        reading.start()
    assert shown == [1]
    assert len(said) == 2
    assert "x" in said[0]
    assert said[1] == text("work.failed")


def test_the_explorer_shows_chart_table_and_totals_of_one_selection(lab: Lab, filled: State) -> None:
    filled.page = "explorer"
    page = Explorer(lab, filled)
    assert page._table.total == 4
    filled.side = "credit"
    assert page._table.total == 2
    filled.text = "ref1"
    assert page._table.total == 2
    filled.accounts = [ACCOUNT]
    assert page._table.total == 1
    frame = page._table.load([], 1)
    assert frame["amount"].to_list() == ["200.00"]
    assert [shown for shown in page._bars.hits.data["v0"] if shown != "0.00\u00a0CZK"] == ["200.00\u00a0CZK"]


def test_a_bar_opens_its_days(lab: Lab, filled: State) -> None:
    filled.page = "explorer"
    page = Explorer(lab, filled)
    at = next(at for at, (since, until) in enumerate(page._bars._periods) if since <= date(2026, 11, 1) < until)
    page._bars.hits.selected.indices = [at]
    assert (filled.since, filled.until) == (max(page._bars._periods[0][0], date(2026, 11, 1)), filled.end)


def test_selections_are_kept_shown_and_forgotten(lab: Lab, filled: State) -> None:
    filled.page = "explorer"
    bar = Explorer(lab, filled)._selections
    filled.param.update(text="REF2", accounts=[ACCOUNT])
    bar._name.value = "  two   things "
    bar.save()
    filled.param.update(text="", accounts=[])
    bar.choose("two things")
    assert (filled.text, filled.accounts) == ("REF2", [ACCOUNT])
    bar._chosen.value = "two things"
    bar.forget()
    assert bl.selections.arrow(lab).num_rows == 0


def test_pages_of_the_table_are_the_entries_in_order(lab: Lab, tmp_path: Path) -> None:
    days = tuple((f"2611{1 + at // 8:02}", "C1,00", f"R{at:03}") for at in range(160))
    bl.import_file(lab, mt940(tmp_path, opening="0,00", closing="160,00", first="261101", last="261120", entries=days))
    state = new_state(lab, "?page=explorer")
    page = Explorer(lab, state)
    shown: list[str] = []
    for number in (1, 2, 3, 4):
        page._table.widget.page = number
        shown += [row["bank_reference"] for row in page._table._here]
    assert shown == bl.entries.arrow(lab)["bank_reference"].to_pylist()
    page._table.widget.sorters = [{"field": "amount", "dir": "asc"}, {"field": "day", "dir": "desc"}]
    assert page._table.order_by == ("amount", "-day")
    page._table.widget.sorters = [{"field": "bank_reference); DROP TABLE history.entry", "dir": "asc"}]
    assert page._table.order_by == ("-day",)


def test_marked_rows_are_counted_and_summed_over_pages() -> None:
    rows = pa.table(
        {"amount": pa.array([Decimal(at) for at in range(120)], pa.decimal128(18, 3)), "currency": ["CZK"] * 120}
    )
    table = PagedTable((), lambda _order, limit, offset: rows.slice(offset, limit))
    table.show(120, "all")
    table.mark([1, 2], added=True, flush=False)
    table.widget.page = 2
    table.mark([0], added=True, flush=False)
    assert sorted(table.marked) == [1, 2, 50]
    assert "53.00" in table._totals.object
    assert table.marked_here() == [0]
    table.mark([0], added=False, flush=False)
    assert "3.00" in table._totals.object


def test_a_statement_is_previewed_shut_in(lab: Lab, tmp_path: Path) -> None:
    bl.import_file(lab, hostile(tmp_path))
    state = new_state(lab, "?page=statements")
    page = Statements(lab, state)
    page.preview_work.wait()
    shown = page._preview.object
    assert shown.startswith("<iframe sandbox=''")
    assert not any(payload in shown for payload in PAYLOADS if "<" in payload)
    assert "differs by" in page._head.object
    taken: list[tuple[str, bytes]] = []
    state.send_file = lambda name, content: taken.append((name, content))
    for suffix in (".pdf", ".xlsx", ".camt053.xml"):
        page.take(suffix)
        page.file_work.wait()
    assert [content[:4] for _, content in taken] == [b"%PDF", b"PK\x03\x04", b"<?xm"]


def test_work_tells_errors_as_sentences_and_can_be_cancelled() -> None:
    work: Work[int] = Work()
    done: list[int] = []

    def stops(job: Job) -> int:
        work.cancel()
        job.step("counting")
        return 1

    work.start(stops, done.append, "counting")
    work.wait()
    assert done == []
    work.start(lambda _job: 2, done.append, "counting")
    work.wait()
    assert done == [2]

    def fails(_job: Job) -> int:
        raise Cancelled("stopped")

    work.start(fails, done.append, "counting")
    work.wait()
    assert not work.running


def test_a_run_is_kept_as_a_schedule_in_a_folder_beside_the_lab(lab: Lab) -> None:
    page = Runs(lab, new_state(lab, "?page=runs"))
    page._notebook.value = "cash_position"
    page._fields["on"].value = "{yesterday}"
    page._cron.value, page._output.value = "0 7 * * 1-5", "runs/{today}"
    page.keep()
    (kept,) = schedules.arrow(lab).to_pylist()
    assert kept["output"] == str(lab.path.parent / "runs" / "{today}")
    assert page._schedules.total == 1
    page._output.value = " "
    with pytest.raises(LabError, match="folder"):
        page.run()
