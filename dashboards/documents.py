"""Electronic documents of the bank: what is here and what can be ordered, by conditions, and one beside the list."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa

import bankklient_lab as bl
from bankklient_lab.codebooks import names
from bankklient_lab.exchange.document_folders import document_folders
from bankklient_lab.exchange.documents import ALL, IN_BANK, LOCAL, document_content, documents
from bankklient_lab.exchange.ordering import cancel_document_orders, order_documents, save_document

from . import formatting, ui
from .document_preview import DocumentPreview
from .formatting import escape
from .listing import Listing, in_words
from .menu import allowed
from .state import State
from .styles import css
from .table import Column
from .texts import section, text

_AMOUNT = re.compile(r"(-?[0-9]{1,15}\.[0-9]{2,3}) ([A-Z]{3})", re.ASCII)
DRAWER_PX = 720  # a page of a document can be read
ANY = "any"  # the widget takes "" for nothing chosen


class Documents:
    """The page: conditions, the list, and the drawer of one document."""

    def __init__(self, lab: bl.Lab, state: State) -> None:
        self._lab, self._state = lab, state
        self._raw: dict[str, dict[str, Any]] = {}
        self._folders: dict[str, str] = {}
        self.document: dict[str, Any] = {}
        availability = {text(f"documents.show_{one}"): one for one in (LOCAL, IN_BANK, ALL)}
        self.available = ui.choice(availability, LOCAL)  # what is here comes first (BNK-019)
        self.kind = ui.select(
            text("documents.kind"), _any() | {_kind(one): one for one in names("document_types")}, ANY
        )
        self.account = ui.select(text("documents.account"), _any(), ANY, width=230)
        self.since = ui.date(text("documents.since"), width=165)
        self.last = ui.date(text("documents.last"), width=165)
        self.words = ui.field(text("documents.words"), width=200)
        self.clear = ui.button(
            text("explorer.clear"), self.clear_all, icon="filter_alt_off", variant="text", visible=False
        )
        self._facts = ui.html("", style=css("facts"))
        self.download = ui.button(text("documents.download"), self._download, icon="download", primary=True)
        self.save = ui.button(text("documents.save"), self._save, icon="save")
        self.order = ui.button(text("documents.order"), lambda: self._order([self.number]), icon="outbox")
        self.cancel = ui.button(text("documents.cancel"), lambda: self._cancel([self.number]), icon="undo")
        self.preview = DocumentPreview(lab, state)
        self.drawer = ui.drawer(
            self._facts, ui.row(self.download, self.save, self.order, self.cancel, gap=8), self.preview.view,
            width=DRAWER_PX,
        )  # fmt: skip
        self.may_order = allowed(lab, "exchange.ordering:order_documents")
        self.order_all = ui.button(text("documents.order_all"), lambda: self._order(self._all()), icon="outbox")
        self.cancel_all = ui.button(
            text("documents.cancel_all"), lambda: self._cancel(self._all()), icon="undo", variant="text"
        )
        self.every = ui.row(self.order_all, self.cancel_all, gap=8, visible=self.may_order)
        self.list = Listing(
            state, "documents", _columns(), self._read, count="documents.count", label=text("page.documents"),
            on_open=lambda row: self.open(row["document_id"]), placeholder=text("documents.none"),
        )  # fmt: skip
        self.view = ui.column(
            ui.card(
                ui.html(f"<p class='muted'>{escape(text('documents.hint'))}</p>"),
                ui.row(
                    self.available, self.kind, self.account, self.since, self.last, self.words, self.clear, gap=10
                ),
                self.list.view, self.every, gap=10,
            ),
            self.drawer, gap=0,
        )  # fmt: skip
        for widget, event in self._conditions.values():
            widget.param.watch(lambda _event: self._chosen_anew(), event)

    @property
    def number(self) -> int:
        """The document that is shown."""
        return int(self.document["document_id"])

    @property
    def _conditions(self) -> dict[str, tuple[ui.Widget, str]]:
        return {
            "available": (self.available, "value"), "kind": (self.kind, "value"), "account": (self.account, "value"),
            "since": (self.since, "value"), "until": (self.last, "value"), "text": (self.words, "value_input"),
        }  # fmt: skip

    @property
    def chosen(self) -> dict[str, Any]:
        """The conditions that are set, as arguments of `documents`."""
        given = {name: getattr(widget, event) for name, (widget, event) in self._conditions.items()}
        found = {name: value for name, value in given.items() if value not in (ANY, None, "")}
        found |= {name: ui.as_date(found[name]) for name in ("since", "until") if name in found}
        return found | {name: found[name] + timedelta(days=1) for name in ("until",) if name in found}

    def clear_all(self) -> None:
        """Show all documents that are here."""
        self.kind.value = self.account.value = ANY
        self.since.value = self.last.value = None
        self.words.param.update(value="", value_input="")
        self.available.value = LOCAL

    def _chosen_anew(self) -> None:
        self.clear.visible = self.chosen != {"available": LOCAL}
        self.list.refresh()

    def _read(self) -> pa.Table:
        rows = documents.rows(self._lab, **self.chosen)
        self._raw = {str(row["document_id"]): row for row in rows}
        self._folders = {row["account"]: row["folder"] for row in document_folders.rows(self._lab)}
        known = {row["account"] for row in documents.rows(self._lab)}
        self.account.options = _any() | {formatting.short_account(one): one for one in sorted(known)}
        can = [row for row in rows if row["availability"] != "informative" and row["order_status"] != ""]
        self.order_all.disabled = not can
        self.cancel_all.disabled = all(row["order_status"] != "" for row in rows)
        return in_words(
            rows, ["document_id", *(column.name for column in _columns())],
            kind=lambda row: _kind(row["kind"]),
            account=lambda row: formatting.short_account(row["account"]),
            day=lambda row: formatting.day(row["day"]),
            info=lambda row: _amount(row["info"]),
            made_on=lambda row: formatting.day(row["made_on"]),
            state=_state,
        )  # fmt: skip

    def open(self, document_id: str) -> None:
        """Show what is known of a document, and what can be done with it."""
        row = self.document = self._raw[document_id]
        lines = (
            (text("documents.account"), formatting.iban(row["account"])),
            (text("documents.number"), row["number"]),
            (text("documents.day"), formatting.day(row["day"])),
            (text("documents.info"), _amount(row["info"])),
            (text("documents.more"), row["more"]),
            (text("documents.made_on"), formatting.day(row["made_on"])),
            (text("documents.state"), text(f"documents.{row['availability']}")),
            (text("documents.last_order"), _order_state(row)),
            (text("documents.why"), row["why"]),
            (text("documents.received_at"), formatting.second(row["received_at"]) if row["received_at"] else ""),
            (text("documents.file"), row["file_name"]),
            (text("documents.folder"), self._folders.get(row["account"], "")),
            (text("documents.viewable"), "" if row["viewable"] in (True, None) else text("documents.not_viewable")),
        )
        self._facts.object = formatting.facts(lines, _kind(row["kind"]))
        here, waits = row["sha256"] is not None, row["order_status"] == ""
        self.download.visible = here
        self.save.visible = here and row["account"] in self._folders
        self.order.visible = self.may_order and row["availability"] != "informative" and not waits
        self.cancel.visible = self.may_order and waits
        self.drawer.open = True
        if row["viewable"]:
            self.preview.open(self.number, f"{_kind(row['kind'])} {row['number']}")
        else:
            self.preview.close()

    def _download(self) -> None:
        self._state.send_file(self.document["file_name"], document_content(self._lab, self.number))

    def _save(self) -> None:
        ui.tell(text("documents.saved", path=save_document(self._lab, self.number)))

    def _all(self) -> list[int]:
        return [row["document_id"] for row in self._raw.values()]

    def _order(self, document_ids: list[int]) -> None:
        self._done(order_documents, document_ids, "documents.ordered")

    def _cancel(self, document_ids: list[int]) -> None:
        self._done(cancel_document_orders, document_ids, "documents.cancelled")

    def _done(self, action: Callable[[bl.Lab, list[int]], dict[str, Any]], document_ids: list[int], told: str) -> None:
        outcome = action(self._lab, document_ids)
        self.drawer.open = False
        ui.tell(text(told, n=formatting.count(outcome["done"]), left=formatting.count(outcome["skipped"])))
        self._state.data_version += 1


def page(lab: bl.Lab, state: State) -> ui.Viewable:
    """Build the page."""
    return Documents(lab, state).view


def _any() -> dict[str, Any]:
    return {text("transmissions.any"): ANY}


def _kind(code: str) -> str:
    return section("document_type").get(code, names("document_types")[code])


def _state(row: dict[str, Any]) -> str:
    """Return where a document is, and whether it is ordered (until the order is answered)."""
    ordered = _order_state(row) if row["order_status"] in ("", "NS", "SE", "RV", "ER") else ""
    return " \u00b7 ".join(filter(None, (text(f"documents.{row['availability']}"), ordered)))


def _amount(told: str) -> str:
    """Return the balance or amount that the bank tells, grouped; another text of the bank as it is."""
    found = _AMOUNT.fullmatch(told)
    return formatting.money(Decimal(found[1]), found[2]) if found else told


def _order_state(row: dict[str, Any]) -> str:
    status = row["order_status"]
    return "" if status is None else text(f"documents.order_{status or 'blank'}")


def _columns() -> tuple[Column, ...]:
    return (
        Column("kind", text("documents.kind")),
        Column("account", text("documents.account"), width=160, essential=False),
        Column("day", text("documents.day"), width=92),
        Column("info", text("documents.info"), "number", width=130),
        Column("more", text("documents.more"), essential=False),
        Column("state", text("documents.state"), width=210, essential=False),
        Column("made_on", text("documents.made_on"), width=100, essential=False),
    )
