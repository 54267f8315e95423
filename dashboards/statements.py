"""Statements: make one of any account and days, look at it, take it in any form."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import pyarrow as pa

import bankklient_lab as bl
from bankklient_lab.analysis.exporting import writers
from bankklient_lab.jobs import Job
from bankklient_lab.reports.texts import runs_text

from . import formatting, ui
from .formatting import escape
from .state import State, follow
from .styles import css
from .table import Column, PagedTable, page_of
from .texts import counted, section, text
from .work import Work

REPORTS = (".pdf", ".xlsx", ".html")
MONTHS_OFFERED = 36
PREVIEW_ENTRIES = 2_000


class Statements:
    """The page."""

    def __init__(self, lab: bl.Lab, state: State) -> None:
        self._lab, self._state = lab, state
        self._account = ui.select(text("statements.account"), {"": ""}, "", width=300)
        self._month = ui.select(text("statements.month"), {"": ""}, "", width=170)
        self._dates: Any = ui.date_range(text("statements.days"), (state.since, state.last_day))
        self._head = ui.html("", style=css("statement"))
        self._preview = ui.html("", style=css("preview"))
        self.preview_work: Work[str] = Work()
        self.file_work: Work[bytes] = Work()
        self._banks = PagedTable(
            _BANK_COLUMNS, self._bank_rows, rows_high=8, selectable=False, on_open=self._choose_bank_statement,
            placeholder=text("statements.no_bank"),
        )  # fmt: skip
        self._bank_table: pa.Table | None = None
        self._quiet = False
        self.full = ui.column(
            ui.card(ui.row(self._account, self._month, self._dates, gap=10), self._head),
            ui.card(
                ui.heading(text("statements.take")),
                ui.row(*self._buttons(), gap=6),
                self.file_work.view,
            ),
            ui.card(ui.heading(text("statements.preview")), self.preview_work.view, self._preview),
            ui.card(ui.heading(text("statements.bank"), note=text("statements.bank_hint")), self._banks.view),
        )
        self.empty = ui.empty(
            text("statements.empty_title"), text("statements.empty"),
            ui.import_button(state),
        )  # fmt: skip
        self.view = ui.column(self.empty, self.full, gap=0)
        self._account.param.watch(lambda _event: self._account_chosen(), "value")
        self._month.param.watch(lambda event: self._month_chosen(event.new), "value")
        self._dates.param.watch(lambda _event: self._changed(), "value")
        state.param.watch(lambda event: self._banks.narrow(event.new), "narrow")
        self._banks.narrow(state.narrow)
        follow(state, "statements", ("accounts",), self.refresh)

    @property
    def period(self) -> tuple[date, date]:
        """The chosen days, half-open."""
        first, last = self._dates.value or (self._state.since, self._state.last_day)
        return ui.as_date(first), ui.as_date(last) + timedelta(days=1)

    def refresh(self) -> None:
        """Offer the accounts; begin with the one of the filter and its last month."""
        content = self._state.content
        self.full.visible, self.empty.visible = bool(content.accounts), not content.accounts
        if not content.accounts:
            return
        labels = content.labels
        chosen = labels[self._state.accounts[0]] if self._state.accounts else self._account.value
        options = {_account_name(account): account["label"] for account in content.accounts}
        label = chosen if chosen in options.values() else content.accounts[0]["label"]
        self._quiet = True
        self._account.param.update(options=options, value=label)
        self._quiet = False
        self._account_chosen()

    def _buttons(self) -> list[ui.Viewable]:
        names = section("suffix")
        reports = [self._button(suffix, names, primary=suffix == ".pdf") for suffix in REPORTS]
        others = [suffix for suffix in (".csv", *writers()) if suffix not in (*REPORTS, ".xlsx")]
        return reports + [self._button(suffix, names) for suffix in dict.fromkeys(others)]

    def _button(self, suffix: str, names: dict[str, str], *, primary: bool = False) -> ui.Viewable:
        return ui.button(
            names.get(suffix[1:].replace(".", "_"), suffix), lambda: self.take(suffix), primary=primary, icon="download"
        )

    def _account_chosen(self) -> None:
        if self._quiet:
            return
        account = self._row()
        last = account["last_day"] or self._state.last_day
        first = account["first_day"] or last
        months = _months(first, last)
        self._quiet = True
        self._month.param.update(
            options={f"{month:%B %Y}": month.isoformat() for month in months}, value=months[0].isoformat()
        )
        self._quiet = False
        self._month_chosen(months[0].isoformat())

    def _month_chosen(self, month: str) -> None:
        if self._quiet or not month:
            return
        first = date.fromisoformat(month)
        before, self._dates.value = self._dates.value, (first, _month_end(first))
        if before == self._dates.value:
            self._changed()

    def _row(self) -> dict[str, Any]:
        return next(account for account in self._state.content.accounts if account["label"] == self._account.value)

    def _changed(self) -> None:
        if self._quiet or not self._account.value or self._dates.value is None:
            return
        with ui.told():
            since, until = self.period
            head = bl.statement_head.arrow(self._lab, self._account.value, since=since, until=until).to_pylist()[0]
            self._head.object = _head(head)
            self._show_preview(head["entries"])
            self._bank_table = bl.statements.arrow(self._lab, accounts=[self._account.value])
            self._banks.show(self._bank_table.num_rows, counted("statements.sent", self._bank_table.num_rows))

    def _show_preview(self, entries: int) -> None:
        if entries > PREVIEW_ENTRIES:
            self._preview.object = (
                f"<p class='muted'>{escape(text('statements.too_long', n=formatting.count(entries)))}</p>"
            )
            return
        label, (since, until) = self._account.value, self.period

        def make(_job: Job) -> str:
            from bankklient_lab.reports import render_statement

            return render_statement(self._lab, [label], since=since, until=until, suffix=".html").decode()

        if self.preview_work.running:
            self.preview_work.cancel()
            self.preview_work.forget()
        self.preview_work.start(make, self._previewed, text("statements.making"))

    def _previewed(self, page: str) -> None:
        # The report is shut in: the sandbox runs no script and knows nothing of this page.
        self._preview.object = (
            f"<iframe sandbox='' title='{escape(text('statements.preview'))}' srcdoc='{escape(page)}'></iframe>"
        )

    def take(self, suffix: str) -> None:
        """Make the file and give it to the browser."""
        label, (since, until) = self._account.value, self.period
        row = self._row()
        name = f"statement_{row['account']}_{row['currency']}_{since}_{until - timedelta(days=1)}{suffix}"

        def make(job: Job) -> bytes:
            if suffix in writers() and suffix not in (".csv", ".parquet"):
                return bl.export_statement(self._lab, label, since=since, until=until, suffix=suffix)
            from bankklient_lab.reports import render_statement

            return render_statement(self._lab, [label], since=since, until=until, suffix=suffix, job=job)

        self.file_work.start(make, lambda content: self._state.send_file(name, content), text("statements.making"))

    def _bank_rows(self, order_by: Sequence[str], limit: int, offset: int) -> pa.Table:
        assert self._bank_table is not None
        return page_of(self._bank_table, order_by, limit, offset)

    def _choose_bank_statement(self, row: dict[str, Any]) -> None:
        self._dates.value = (row["from_day"], row["to_day"])


def _account_name(account: dict[str, Any]) -> str:
    label = account["name"] or formatting.iban(account["account"])
    return f"{label} \u00b7 {account['currency']}" if account["currency"] not in label else label


def _month_end(first: date) -> date:
    return date(first.year + first.month // 12, first.month % 12 + 1, 1) - timedelta(days=1)


def _months(first: date, last: date) -> list[date]:
    """Return the first days of the months from `last` back to `first`, at most MONTHS_OFFERED."""
    numbers = range(last.year * 12 + last.month - 1, first.year * 12 + first.month - 2, -1)
    return [date(number // 12, number % 12 + 1, 1) for number in numbers[:MONTHS_OFFERED]]


def _head(row: dict[str, Any]) -> str:
    cells = (
        ("opening", row["opening"], False), ("credits", row["sum_credit"], True), ("debits", -row["sum_debit"], True),
        ("closing", row["closing"], False),
    )  # fmt: skip
    figures = "".join(
        f"<div><span class='muted'>{escape(text(f'statements.{name}'))}</span>"
        f"<b>{escape(formatting.money(value, row['currency'], sign=sign))}</b></div>"
        for name, value, sign in cells
    )
    number = counted("explorer.total", row["entries"], formatting.count(row["entries"]))
    facts = [
        formatting.iban(row["account"]),
        row["owner"],
        number,
        text("statements.numbers", n=runs_text(row["numbers"])) if row["numbers"] else "",
    ]
    wrong = ""
    if row["difference"]:
        difference = formatting.money(row["difference"], row["currency"], sign=True)
        wrong = f"<p class='bad'>{escape(text('statements.difference', difference=difference))}</p>"
    line = escape(" \u00b7 ".join(part for part in facts if part))
    return f"<div class='figures'>{figures}</div><p class='muted'>{line}</p>{wrong}"


def page(lab: bl.Lab, state: State) -> ui.Viewable:
    """Build the page."""
    return Statements(lab, state).view


_BANK_COLUMNS = (
    Column("number", text("column.number"), width=110),
    Column("from_day", text("column.from"), "day", width=104),
    Column("to_day", text("column.to"), "day", width=104),
    Column("opening", text("column.opening"), "amount", essential=False),
    Column("closing", text("column.closing"), "amount"),
    Column("currency", text("column.currency"), width=82, essential=False),
    Column("entries", text("column.entries"), "count", width=84, essential=False),
    Column("errors", text("column.errors"), "flaws", width=74, essential=False),
    Column("warnings", text("column.warnings"), "flaws", width=90, essential=False),
    Column("file_name", text("column.file"), essential=False),
)
