"""Codebooks of the bank: sorted by any column, searched in two ways, printed, and replaced from a file."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import pyarrow as pa

import bankklient_lab as bl
from bankklient_lab.codebooks.bank import CODE, CODEBOOKS, NAME
from bankklient_lab.orders.codebooks import codebook_register, search_codebook, update_codebook
from bankklient_lab.reports.codebooks import render_codebook
from bankklient_lab.rights.permissions import needed

from . import formatting, ui
from .dropper import DiskDropper
from .formatting import escape
from .listing import in_words
from .state import State, follow
from .table import Column, PagedTable, page_of
from .texts import counted, text

CONTAINS, BEGINS = "contains", "begins"
FIRST = "banks"
SUFFIXES = (".pdf", ".csv")
_NARROW = 120


class Codebooks:
    """The page."""

    def __init__(self, lab: bl.Lab, state: State) -> None:
        self._lab, self._state = lab, state
        self._shown: pa.Table | None = None
        self.book = ui.select(
            text("codebooks.codebook"), {one.label: one.name for one in CODEBOOKS.values()}, FIRST, width=220
        )
        self.column = ui.select(text("codebooks.column"), {}, None, width=160)
        self.how = ui.choice({text(f"codebooks.{way}"): way for way in (CONTAINS, BEGINS)}, CONTAINS)
        self.words = ui.field(text("listing.search"), width=200)
        self._note = ui.html("")
        self._place = ui.column(gap=0)
        self.dropper = DiskDropper(
            self.dropped, lambda _name: None, lambda _name, _share: None, margin=0, sizing_mode="stretch_width"
        )
        self._hint = ui.html("")
        self.files = ui.drawer(ui.heading(text("codebooks.update")), self._hint, self.dropper)
        update = ui.button(text("codebooks.update"), self.ask_for_file, icon="upload_file", variant="text")
        update.visible = needed(update_codebook.declared.needs).holds(lab.rights.held(lab.caller))
        takes = [
            ui.button(suffix[1:].upper(), partial(self.take, suffix), icon="download", variant="text")
            for suffix in SUFFIXES
        ]
        self.view = ui.column(
            ui.card(
                ui.row(self.book, self.column, self.how, self.words, ui.html(""), *takes, update, gap=10),
                self._note,
                self._place,
            ),
            self.files,
        )
        self.book.param.watch(lambda _event: self._open(), "value")
        self.column.param.watch(lambda _event: self.find(), "value")
        self.how.param.watch(lambda _event: self.find(), "value")
        self.words.param.watch(lambda _event: self.find(), "value_input")
        state.param.watch(lambda event: self.table.narrow(event.new), "narrow")
        self._open()
        follow(state, "codebooks", (), self.refresh)

    @property
    def name(self) -> str:
        """The codebook that is shown."""
        return str(self.book.value)

    def refresh(self) -> None:
        """Read anew."""
        with ui.told():
            (told,) = [row for row in codebook_register.rows(self._lab) if row["codebook"] == self.name]
            since = f" · {text('codebooks.since', day=formatting.day(told['since']))}" if told["since"] else ""
            self._note.object = f"<p class='muted'>{escape(text('codebooks.' + told['source']) + since)}</p>"
            self.find()

    def find(self) -> None:
        """Show what the search finds: the rows with the words, or all from the first one that begins with them."""
        words, column = (self.words.value_input or "").strip(), self.column.value or NAME
        begins = self.how.value == BEGINS and words
        with ui.told():
            rows = search_codebook.rows(self._lab, self.name, "" if begins else words, column=column)
            if begins:
                first = search_codebook.rows(self._lab, self.name, words, column=column, first=True)
                if not first:
                    return  # the place stays
                rows = rows[[row[CODE] for row in rows].index(first[0][CODE]) :]
            self._shown = in_words(rows, CODEBOOKS[self.name].header)
            self.table.show(len(rows), escape(counted("codebooks.count", len(rows), formatting.count(len(rows)))))

    def ask_for_file(self) -> None:
        """Offer the place for a file."""
        columns = ", ".join(CODEBOOKS[self.name].header)
        self._hint.object = f"<p class='muted'>{escape(text('codebooks.update_hint', columns=columns))}</p>"
        self.files.open = True

    def dropped(self, _name: str, path: Path) -> None:
        """Replace the codebook by a file that is there."""
        with ui.told():
            told = update_codebook(self._lab, self.name, path)
            self.files.open = False
            self.refresh()
            ui.tell(text("codebooks.updated", **{name: formatting.count(number) for name, number in told.items()}))

    def take(self, suffix: str) -> None:
        """Give the codebook to the browser as a file."""
        with ui.told():
            self._state.send_file(f"{self.name}{suffix}", render_codebook(self._lab, self.name, suffix))

    def _open(self) -> None:
        """Show another codebook from its beginning."""
        book = CODEBOOKS[self.name]
        labels = {CODE: book.code.label, NAME: book.title.label} | {one.name: one.label for one in book.columns}
        columns = [
            Column(name, label) if name == NAME else Column(name, label, width=_NARROW)
            for name, label in labels.items()
        ]
        self.table = PagedTable(
            columns, self._page, rows_high=18, selectable=False, placeholder=text("codebooks.none"), label=book.label
        )
        self.table.narrow(self._state.narrow)
        self._place.objects = [self.table.view]
        self.words.param.update(value="", value_input="")
        self.column.param.update(options={label: name for name, label in labels.items()}, value=NAME)
        self.refresh()

    def _page(self, order_by: Sequence[str], limit: int, offset: int) -> pa.Table:
        assert self._shown is not None
        return page_of(self._shown, order_by, limit, offset)


def page(lab: bl.Lab, state: State) -> ui.Viewable:
    """Build the page."""
    return Codebooks(lab, state).view
