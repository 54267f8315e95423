"""A list of few rows: read as a whole, sorted and paged in memory, filtered by words, a row opens beside it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from bankklient_lab.errors import LabError

from . import formatting, ui
from .formatting import escape
from .state import State, follow
from .table import Column, PagedTable, page_of
from .texts import counted, text

ROWS_HIGH = 16


class Listing:
    """The table with a field that searches its texts; `read` returns it with words for people."""

    def __init__(
        self,
        state: State,
        page: str,
        columns: Sequence[Column],
        read: Callable[[], pa.Table],
        *,
        on_open: Callable[[dict[str, Any]], None] | None = None,
        count: str,
        label: str,
        placeholder: str = "",
        rows_high: int = ROWS_HIGH,
    ) -> None:
        """`count` is the text that counts the rows."""
        self._columns, self._read, self._count = columns, read, count
        self.table: pa.Table | None = None
        self._shown: pa.Table | None = None
        self._search = ui.field(text("listing.search"), width=240)
        self._problem = ui.notice("", severity="error", visible=False)
        self._rows = PagedTable(
            columns, self._page, rows_high=rows_high, selectable=False, on_open=on_open, placeholder=placeholder,
            label=label,
        )  # fmt: skip
        self.search = self._search
        self.view = ui.column(self._problem, self._rows.view, gap=6)
        self._search.param.watch(lambda _event: self._show(), "value_input")
        state.param.watch(lambda event: self._rows.narrow(event.new), "narrow")
        self._rows.narrow(state.narrow)
        follow(state, page, (), self.refresh)

    @property
    def shown(self) -> pa.Table | None:
        """The rows that fit the search; None where they can't be read."""
        return None if self.table is None else self._shown

    def refresh(self) -> None:
        """Read anew; why that is not possible is a sentence in the place of the table."""
        try:
            self.table = self._read()
        except LabError as error:
            self.table = None
            self._problem.object = escape(error.message[:1].upper() + error.message[1:])
        self._problem.visible, self._rows.view.visible = self.table is None, self.table is not None
        self._show()

    def _show(self) -> None:
        if self.table is None:
            return
        words, shown = (self._search.value_input or "").strip().lower(), self.table
        if words:
            columns = [self.table[column.name].cast(pa.string()) for column in self._columns]
            texts = pc.utf8_lower(pc.binary_join_element_wise(*columns, " ", null_handling="replace"))
            shown = self.table.filter(pc.match_substring(texts, words))
        self._shown = shown
        number = shown.num_rows
        self._rows.show(number, escape(counted(self._count, number, formatting.count(number))) if number else "")

    def _page(self, order_by: Sequence[str], limit: int, offset: int) -> pa.Table:
        assert self._shown is not None
        return page_of(self._shown, order_by, limit, offset)


def in_words(
    rows: Sequence[dict[str, Any]], columns: Sequence[str], **told: Callable[[dict[str, Any]], Any]
) -> pa.Table:
    """Return rows as a table of texts; `told` gives the words of columns that are not texts as they are."""
    table: dict[str, list[Any]] = {name: [] for name in columns}
    for row in rows:
        for name in columns:
            value = told[name](row) if name in told else row[name]
            table[name].append("" if value is None else str(value))
    return pa.table({name: pa.array(values, pa.string()) for name, values in table.items()})
