"""A document in its drawer, page by page, as pictures: nothing that a document holds is active in the window."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import bankklient_lab as bl
from bankklient_lab.exchange.documents import document_preview

from . import formatting, ui
from .formatting import escape
from .refresh import Refresh
from .state import State
from .styles import css
from .texts import text


class DocumentPreview:
    """The page that is shown, with ways to the others and a larger view; a sentence where it can't be shown."""

    def __init__(self, lab: bl.Lab, state: State) -> None:
        self._lab = lab
        self._document, self._page, self._pages, self._name, self._png = 0, 1, 1, "", ""
        self._large = False
        self.picture = ui.html("", style=css("document"))
        self.problem = ui.notice("", severity="warning", visible=False)
        self.back = ui.icon_button("chevron_left", text("documents.page_before"), lambda: self._turn(-1))
        self.on = ui.icon_button("chevron_right", text("documents.page_after"), lambda: self._turn(1))
        self.zoom = ui.button(text("documents.larger"), self._resize, icon="aspect_ratio", variant="text")
        self.where = ui.html("", sizing_mode=None)
        self._bar = ui.row(self.back, self.where, self.on, self.zoom, gap=4, visible=False)
        self.view = ui.column(self.problem, self._bar, self.picture, gap=6, visible=False)
        self._refresh = Refresh(state, self._prepare, self._show, self._failed)

    def open(self, document_id: int, name: str) -> None:
        """Show the first page of a document; `name` says which one it is."""
        self._document, self._page, self._pages, self._name, self._large = document_id, 1, 1, name, False
        self._empty()
        self.view.visible = True
        self._refresh.start()

    def close(self) -> None:
        """Show no document."""
        self._document = 0
        self._empty()
        self.view.visible = False

    def _empty(self) -> None:
        self._png, self.picture.object = "", ""
        self.problem.visible = self._bar.visible = False

    def _turn(self, pages: int) -> None:
        self._page = min(max(1, self._page + pages), self._pages)
        self._refresh.start()

    def _prepare(self) -> Callable[[], dict[str, Any] | None]:
        document, page = self._document, self._page
        return lambda: document_preview(self._lab, document, page) if document else None

    def _show(self, found: dict[str, Any] | None) -> None:
        if found is None:  # closed meanwhile
            return
        self._page, self._pages = found["page"], found["pages"]
        self._png = base64.b64encode(found["png"]).decode("ascii")
        self.where.object = escape(
            text("documents.page_of", page=formatting.count(self._page), pages=formatting.count(self._pages))
        )
        self.back.disabled, self.on.disabled = self._page == 1, self._page == self._pages
        self.problem.visible, self._bar.visible = False, True
        self._draw()

    def _failed(self, sentence: str) -> None:
        self._empty()
        self.problem.object = escape(formatting.sentence(sentence))
        self.problem.visible = True

    def _resize(self) -> None:
        self._large = not self._large
        self._draw()

    def _draw(self) -> None:
        """Show the picture as wide as the drawer, or as it was drawn, to be moved within a frame."""
        self.zoom.label = text("documents.smaller" if self._large else "documents.larger")
        told = text("documents.page_alt", name=self._name, page=self._page, pages=self._pages)
        picture = f"<img alt='{escape(told)}' src='data:image/png;base64,{self._png}'>"
        kind = "paper large" if self._large else "paper"
        self.picture.object = (
            f"<div class='{kind}' tabindex='0' role='region' aria-label='{escape(text('documents.preview'))}'>"
            f"{picture}</div>"
        )
