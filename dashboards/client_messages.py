"""Messages to the bank: their list, one beside it with what became of it, and the form in which one is written."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import bankklient_lab as bl
from bankklient_lab.exchange.message_types import GENERAL, message_types
from bankklient_lab.exchange.messages import bank_messages
from bankklient_lab.exchange.replies import (
    change_message,
    client_message_attachment,
    client_messages,
    read_client_message,
    withdraw_message,
    write_to_bank,
)
from bankklient_lab.formats.payments.accounts import as_written

from . import formatting, ui
from .formatting import escape
from .listing import Listing, in_words
from .message_form import WORDS, MessageForm, Written
from .message_list import TypeFilter, printed
from .state import State
from .styles import css
from .sure import Sure
from .table import Column
from .texts import text

WIDTH = 680


class ToBank:
    """The card with the messages to the bank, and their drawer; `open_original` shows a message of the bank."""

    def __init__(self, lab: bl.Lab, state: State, open_original: Callable[[str], None]) -> None:
        self._lab, self._state, self._open_original = lab, state, open_original
        self._raw: dict[str, dict[str, Any]] = {}
        self._types: dict[str, str] = {}
        self.message: dict[str, Any] | None = None
        self._facts = ui.html("", style=css("facts"))
        self.content = ui.html("", style=css("letter"))
        self.kind = ui.select(text("messages.kind"), {}, None, sizing_mode="stretch_width")
        self.kind.param.watch(lambda _event: self._begin(), "value")
        self.form = MessageForm(lab, state, self._save, button=text("messages.keep"))
        self.sure = Sure(text("messages.withdraw"), text("messages.withdraw_really"), self._withdraw)
        self.download = ui.button(text("messages.save"), self._download, icon="download", variant="text")
        self.original = ui.button(text("messages.original"), self._go, icon="reply", variant="text")
        self.drawer = ui.drawer(
            self._facts, self.content, ui.row(self.original, self.download, self.sure.view, gap=8),
            ui.column(self.kind, self.form.view, gap=20), width=WIDTH,
        )  # fmt: skip
        self.write = ui.button(text("messages.write"), self.begin, icon="edit", primary=True)
        self.types = TypeFilter(lambda: self.list.refresh())
        self.list = Listing(
            state, "messages", _columns(), self._read, count="messages.count", label=text("messages.to_bank"),
            on_open=lambda row: self.show(row["message_id"]), placeholder=text("messages.none_sent"), rows_high=10,
        )  # fmt: skip
        title, hint = ui.heading(text("messages.to_bank")), escape(text("messages.to_hint"))
        files = printed(lab, state, "client messages", lambda: self.types.chosen)
        self.view = ui.column(
            ui.card(
                ui.row(title, *files, self.write, gap=4), ui.html(f"<span class='muted'>{hint}</span>"),
                ui.row(self.types.widget, self.list.search, gap=10), self.list.view, gap=10,
            ),
            self.drawer, gap=0,
        )  # fmt: skip

    def begin(self) -> None:
        """Show an empty form, whose type is chosen first."""
        self.message = None
        names = {row["name"]: row["kind"] for row in message_types.rows(self._lab)}
        self._facts.object = formatting.facts((), text("messages.write"))
        self.content.object = ""
        self._show_parts(sure=False, download=False, original=False, kind=True, form=bool(names))
        first = GENERAL if GENERAL in names.values() else next(iter(names.values()), None)
        self.kind.param.update(options=names, value=first)
        self._begin()
        self.drawer.open = True

    def show(self, message_id: str) -> None:
        """Show a message, to be changed until it is balanced."""
        with ui.told():
            found = self.message = read_client_message(self._lab, int(message_id))
            open_still, original = not found["status"], self._original()
            self._facts.object = formatting.facts(self._lines(found), found["subject"])
            self.content.object = "" if open_still else _content(found)
            self._show_parts(
                sure=open_still, download=bool(found["attachment_name"]), original=original is not None, kind=False,
                form=open_still,
            )  # fmt: skip
            if open_still:
                values = {one["name"]: one["text"] for one in found["fields"]} or {WORDS: found["text"]}
                self.form.show(
                    found["kind"], values, subject=found["subject"], name=f"message {message_id}",
                    file=found["attachment_name"] or "",
                )  # fmt: skip
            self.sure.reset()
            self.drawer.open = True

    def _begin(self) -> None:
        """Show the form of the type that is chosen."""
        kind = self.kind.value
        if self.message is None and kind is not None:
            names = {of: name for name, of in self.kind.options.items()}
            self.form.show(kind, {}, subject=names[kind], name=f"message {kind}")

    def _show_parts(self, *, sure: bool, download: bool, original: bool, kind: bool, form: bool) -> None:
        self.sure.view.visible, self.download.visible, self.original.visible = sure, download, original
        self.kind.visible, self.form.view.visible = kind, form

    def _lines(self, found: dict[str, Any]) -> tuple[tuple[str, str], ...]:
        """Return what is known of a message: its state, its times, and its properties (SRV-305)."""
        times = ("sent_at", "confirmed_at", "received_at")
        return (
            (text("messages.status"), _status(found)),
            (text("messages.why"), found["why"] or ""),
            (text("messages.kind"), self._type(found)),
            (text("messages.format"), text("messages.as_form" if found["form"] else "messages.as_text")),
            (text("messages.number"), str(found["message_id"])),
            (text("messages.batch"), f"7/{found['batch_order']}" if found["batch_order"] else ""),
            (text("messages.attachment"), found["attachment_name"] or ""),
            (text("messages.by"), f"{found['created_by']}, {formatting.second(found['created_at'])}"),
            *((text(f"messages.own_{name}"), formatting.second(found[name]) if found[name] else "") for name in times),
        )  # fmt: skip

    def _original(self) -> str | None:
        """Return the message of the bank that is answered, as far as it is here and may be seen."""
        answers = (self.message or {}).get("answers")
        if answers is None:
            return None
        rows = bank_messages.rows(self._lab)
        return next((str(row["message_id"]) for row in rows if row["bank_number"] == answers), None)

    def _go(self) -> None:
        original = self._original()
        self.drawer.open = False
        if original is not None:
            self._open_original(original)

    def _type(self, row: dict[str, Any]) -> str:
        return self._types.get(row["kind"], str(row["kind"]))

    def _read(self) -> Any:
        rows = client_messages.rows(self._lab)
        self._types = {row["kind"]: row["name"] for row in message_types.rows(self._lab)}
        self.types.offer({row["kind"]: self._type(row) for row in rows})
        rows = [row for row in rows if self.types.fits(row["kind"])]
        self._raw = {str(row["message_id"]): row for row in rows}
        times = ("sent_at", "confirmed_at", "received_at")
        return in_words(
            rows, ["message_id", *(column.name for column in _columns())],
            subject=lambda row: f"\u21a9 {row['subject']}" if row["answers"] else row["subject"],
            status=_status, kind=self._type, marks=_marks,
            **{name: lambda row, name=name: formatting.moment(row[name]) if row[name] else "" for name in times},
        )  # fmt: skip

    def _save(self, written: Written) -> None:
        if self.message is None:
            write_to_bank(self._lab, **written.said, kind=self.kind.value)
        else:
            change_message(self._lab, self.message["message_id"], **written.changes)
        self._done(text("messages.waits"))

    def _withdraw(self) -> None:
        assert self.message is not None
        withdraw_message(self._lab, self.message["message_id"])
        self._done(text("messages.withdrawn"))

    def _download(self) -> None:
        assert self.message is not None
        content = client_message_attachment(self._lab, self.message["message_id"])
        self._state.send_file(self.message["attachment_name"], content)

    def _done(self, told: str) -> None:
        self.drawer.open = False
        ui.tell(told)
        self._state.data_version += 1


def _content(found: dict[str, Any]) -> str:
    """Return what a message says: its text, or the fields of its form, and beneath them the XML that the bank got."""
    said = f"<pre>{escape(found['text'])}</pre>"
    if not found["form"]:
        return said
    rows = "".join(
        f"<tr><th>{escape(one['label'])}</th><td><pre>{escape(as_written(one['text']))}</pre></td></tr>"
        for one in found["fields"]
    )
    return (
        f"<table class='form'>{rows}</table>"
        f"<details><summary>{escape(text('messages.xml'))}</summary><div class='xml'>{said}</div></details>"
    )


def _marks(row: dict[str, Any]) -> str:
    marks = {"as_form": row["form"], "has_attachment": bool(row["attachment_name"])}
    return " \u00b7 ".join(text(f"messages.{name}") for name, there in marks.items() if there)


def _status(row: dict[str, Any]) -> str:
    return text(f"messages.status_{row['status'] or 'blank'}")


def _columns() -> tuple[Column, ...]:
    return (
        Column("subject", text("messages.subject")),
        Column("kind", text("messages.kind"), width=190, essential=False),
        Column("status", text("messages.status"), width=170),
        Column("marks", text("messages.marks"), width=150, essential=False),
        Column("sent_at", text("messages.own_sent_at"), width=125, essential=False),
        Column("confirmed_at", text("messages.own_confirmed_at"), width=125, essential=False),
        Column("received_at", text("messages.own_received_at"), width=125, essential=False),
    )
