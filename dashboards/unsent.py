"""Batches that are made and not sent yet: their list, and discarding one as a whole, which is asked twice."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pyarrow as pa

import bankklient_lab as bl
from bankklient_lab.balancing.unsent import discard_batch, failing_orders, unsent_batches
from bankklient_lab.codebooks.codes import BatchType

from . import formatting, ui
from .batch_words import batch_type_label
from .formatting import escape
from .listing import Listing, in_words
from .state import State
from .styles import css
from .sure import Sure
from .table import Column
from .texts import counted, text


class UnsentBatches:
    """The card with the list, and the drawer of one batch; `on_statement` is told type and order of a batch."""

    def __init__(self, lab: bl.Lab, state: State, on_statement: Callable[[int, str], None]) -> None:
        self._lab, self._state, self._on_statement = lab, state, on_statement
        self._raw: dict[str, dict[str, Any]] = {}
        self._chosen: dict[str, Any] = {}
        self._facts = ui.html("", style=css("facts"))
        self.statement = ui.button(text("unsent.statement"), self._show_statement, icon="description")
        self.sure = Sure(text("unsent.discard"), text("unsent.discard_really"), self._ask_again)
        self.drawer = ui.drawer(self._facts, ui.row(self.statement, gap=8), self.sure.view)
        self._last_question = ui.html("")
        self._yes = ui.button(text("unsent.for_good"), self.discard, primary=True, icon="delete_forever")
        self.dialog = ui.dialog(
            text("unsent.sure"), self._last_question,
            ui.row(ui.button(text("unsent.keep"), self._keep), self._yes, gap=8),
        )  # fmt: skip
        self.card = ui.card(ui.heading(text("unsent.title"), note=text("unsent.hint")), visible=False)
        self.list = Listing(
            state, "balancing", _columns(), self._read, count="unsent.count", label=text("unsent.title"),
            on_open=lambda row: self.open(row["batch_id"]), rows_high=8,
        )  # fmt: skip
        self.card.append(self.list.view)
        self.view = ui.column(self.card, self.drawer, self.dialog, gap=0)

    def _read(self) -> pa.Table:
        rows = unsent_batches.rows(self._lab)
        self._raw = {str(row["batch_id"]): row for row in rows}
        self.card.visible = bool(rows)
        return in_words(
            rows, ["batch_id", *(column.name for column in _columns())],
            batch_type=lambda row: batch_type_label(row["batch_type"]),
            priority=lambda row: text("unsent.priority") if row["priority"] else "",
            records=lambda row: formatting.count(row["records"]),
            created_at=lambda row: formatting.moment(row["created_at"]),
        )  # fmt: skip

    def open(self, batch_id: str) -> None:
        """Show one batch beside the list."""
        batch = self._chosen = self._raw[batch_id]
        lines = (
            ("unsent.type", batch_type_label(batch["batch_type"])),
            ("unsent.records", formatting.count(batch["records"])),
            ("unsent.kind", text("unsent.priority") if batch["priority"] else ""),
            ("unsent.created_at", formatting.second(batch["created_at"])),
            ("unsent.created_by", batch["created_by"]),
            ("unsent.failing", ", ".join(str(one["order_id"]) for one in failing_orders.rows(self._lab)
                                         if one["batch_id"] == batch["batch_id"])),
        )  # fmt: skip
        title = text("unsent.one", order=batch["batch_order"])
        self._facts.object = formatting.facts(((text(name), told) for name, told in lines), title)
        self.statement.visible = batch["batch_type"] in (BatchType.DOMESTIC, BatchType.FOREIGN_PAYMENTS)
        self.sure.reset()
        self.sure.view.visible = batch["batch_type"] != BatchType.PUBLIC_KEY
        self.drawer.open = True

    def _show_statement(self) -> None:
        self.drawer.open = False
        self._on_statement(self._chosen["batch_type"], self._chosen["batch_order"])

    def _ask_again(self) -> None:
        """Put the second question."""
        records = self._chosen["records"]
        told = counted("unsent.lost", records, formatting.count(records))
        self._last_question.object = f"<p>{escape(told)}</p>"
        self.dialog.open = True

    def _keep(self) -> None:
        self.dialog.open = False

    def discard(self) -> None:
        """Discard the batch."""
        self.dialog.open = False
        done = discard_batch(self._lab, self._chosen["batch_id"])
        self.drawer.open = False
        ui.tell(text("unsent.discarded", order=done["batch_order"]))
        self._state.data_version += 1  # its orders have another status on all pages


def _columns() -> tuple[Column, ...]:
    return (
        Column("batch_order", text("unsent.batch"), width=104),
        Column("batch_type", text("unsent.type")),
        Column("priority", text("unsent.kind"), width=120, essential=False),
        Column("records", text("unsent.records"), width=90),
        Column("created_at", text("unsent.created_at"), width=136, essential=False),
        Column("created_by", text("unsent.created_by"), width=90, essential=False),
    )
