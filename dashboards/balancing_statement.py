"""The balancing statement: what the last balancing, or one batch, put into batches; to read and to take along."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import partial
from typing import Any, NamedTuple

import pyarrow as pa

import bankklient_lab as bl
from bankklient_lab.balancing.statements import FAMILIES, balancing_statement, balancing_statement_totals
from bankklient_lab.jobs import Job
from bankklient_lab.reports.balancing import STATEMENT_SUFFIXES
from bankklient_lab.rights.permissions import needed

from . import formatting, ui
from .balancing_summary import orders_text, totals_html
from .formatting import escape
from .menu import allowed
from .order_words import kind_label
from .refresh import Refresh
from .state import State, follow
from .styles import css
from .table import Column, PagedTable, page_of
from .texts import text
from .work import Work

SUFFIXES = tuple(suffix for suffix in (".pdf", ".xlsx", ".csv") if suffix in STATEMENT_SUFFIXES)
BATCH_CHARS = 8  # rrrrnnnn


class Found(NamedTuple):
    """The orders of a statement, and their totals by account."""

    orders: pa.Table
    totals: list[dict[str, Any]]


class BalancingStatement:
    """The card; hidden until something was balanced."""

    def __init__(self, lab: bl.Lab, state: State) -> None:
        self._lab, self._state = lab, state
        held = lab.rights.held(lab.caller)
        families = [name for name, (_, needs) in FAMILIES.items() if needed(needs).holds(held)]
        self.family = ui.choice({text(f"balancing_statement.{name}"): name for name in families}, families[0])
        self.batch = ui.field(text("balancing_statement.batch"), width=220, max_length=BATCH_CHARS)
        self._orders: pa.Table | None = None
        self._problem = ui.notice("", severity="error", visible=False)
        self._totals = ui.html("", style=css("balancing"))
        self.table = PagedTable(
            _columns(), self._page, rows_high=12, selectable=False, label=text("balancing_statement.title"),
            placeholder=text("balancing_statement.none"),
        )  # fmt: skip
        self.work: Work[bytes] = Work()
        self.takes = ui.row(
            *(
                ui.button(suffix[1:].upper(), partial(self.take, suffix), icon="download", variant="text")
                for suffix in SUFFIXES
                if suffix == ".pdf" or allowed(lab, "analysis.exporting:note_export")
            ),
            gap=2, wrap=False, sizing_mode=None, width_policy="min",
        )  # fmt: skip
        self.view = ui.card(
            ui.heading(text("balancing_statement.title"), note=text("balancing_statement.hint")),
            ui.row(self.family, self.batch, ui.html(""), self.takes, gap=10),
            self.work.view, self._problem, self._totals, self.table.view, visible=False,
        )  # fmt: skip
        self._reading: Refresh[Found] = Refresh(state, self._prepare, self._show, self._fail)
        for widget in (self.family, self.batch):
            widget.param.watch(lambda _event: self.refresh(), "value")
        state.param.watch(lambda event: self.table.narrow(event.new), "narrow")
        self.table.narrow(state.narrow)
        follow(state, "balancing", (), self.refresh)

    def show(self, batch_type: int, batch_order: str) -> None:
        """Show the statement of one batch."""
        self.family.value = next(name for name, (number, _) in FAMILIES.items() if number == batch_type)
        self.batch.value = batch_order

    def refresh(self) -> None:
        """Read anew."""
        self._reading.start()

    @property
    def _chosen(self) -> dict[str, str]:
        return {"family": str(self.family.value), "batch": (self.batch.value or "").strip()}

    def _prepare(self) -> Callable[[], Found]:
        lab, chosen = self._lab, self._chosen

        def read() -> Found:
            return Found(balancing_statement.arrow(lab, **chosen), balancing_statement_totals.rows(lab, **chosen))

        return read

    def _show(self, found: Found) -> None:
        self._orders = found.orders
        self._problem.visible = False
        count = found.orders.num_rows
        self.view.visible = bool(count) or self.view.visible
        sums: dict[str, Decimal] = {}
        for row in found.totals:
            sums[row["currency"] or ""] = sums.get(row["currency"] or "", Decimal(0)) + row["amount"]
        kinds = {row["kind"]: kind_label(row["kind"]) for row in found.totals}
        several = len({row["own_account"] for row in found.totals}) > 1  # else its totals stand under the table
        self._totals.param.update(object=totals_html(found.totals, kinds) if several else "", visible=several)
        self.takes.visible = self.table.view.visible = True
        self.table.show(count, f"<b>{escape(orders_text(count, sums))}</b>" if count else "")

    def _fail(self, sentence: str) -> None:
        self._problem.param.update(object=escape(formatting.sentence(sentence)), visible=True)
        self.takes.visible = self.table.view.visible = self._totals.visible = False

    def _page(self, order_by: Sequence[str], limit: int, offset: int) -> pa.Table:
        assert self._orders is not None
        page = page_of(self._orders, order_by, limit, offset)
        names = pa.array([kind_label(kind) for kind in page["kind"].to_pylist()], pa.string())
        return page.set_column(page.schema.get_field_index("kind"), "kind", names)

    def take(self, suffix: str) -> None:
        """Make a file of what is shown and give it to the browser."""
        lab, chosen = self._lab, self._chosen

        def make(_job: Job) -> bytes:
            from bankklient_lab.reports.balancing import render_balancing_statement

            return render_balancing_statement(lab, suffix, family=chosen["family"], batch=chosen["batch"])

        name = "_".join(filter(None, ("balancing", chosen["family"], chosen["batch"]))) + suffix
        self.work.start(make, lambda content: self._state.send_file(name, content), text("export.reading"))


def _columns() -> tuple[Column, ...]:
    return (
        Column("batch_order", text("unsent.batch"), width=92, essential=False),
        Column("position", text("balancing_statement.position"), "count", width=64, essential=False),
        Column("kind", text("order_column.kind"), width=140, essential=False),
        Column("own_account", text("order_column.own_account"), "account", width=160, essential=False),
        Column("counter_account", text("order_column.counter_account")),
        Column("counter_name", text("order_column.counter_name"), essential=False, hidden=True),
        Column("amount", text("column.amount"), "amount", 120),
        Column("currency", text("column.currency"), width=80, essential=False),
        Column("maturity", text("order_column.maturity"), "day", 100),
        Column("variable_symbol", text("column.variable_symbol"), width=130, essential=False),
    )
