"""Messages from the bank and to it: a list of each, one message beside its list, replies and new ones."""

from __future__ import annotations

from typing import Any

import bankklient_lab as bl
from bankklient_lab.exchange.messages import (
    bank_message_attachment,
    bank_messages,
    delete_bank_message,
    read_bank_message,
)
from bankklient_lab.exchange.replies import (
    change_message,
    client_messages,
    withdraw_message,
    write_to_bank,
)
from bankklient_lab.formats.letters import NO_REPLY, ONE_REPLY, SUBJECT_CHARS_MAX, TEXT_CHARS_MAX

from . import formatting, ui
from .form import Field, Form
from .formatting import escape
from .listing import Listing, in_words
from .menu import allowed
from .state import State
from .styles import css
from .sure import Sure
from .table import Column
from .texts import text

WIDTH = 680


class Messages:
    """The page; what goes to the bank is there for those who may write."""

    def __init__(self, lab: bl.Lab, state: State) -> None:
        may_write = allowed(lab, "exchange.replies:write_to_bank")
        self.to_bank = ToBank(lab, state) if may_write else None
        self.from_bank = FromBank(lab, state, may_write=may_write)
        parts = (self.from_bank, self.to_bank)
        self.view = ui.column(*(part.view for part in parts if part is not None), stylesheets=[ui.WHOLE])


class FromBank:
    """The card with the bank's messages, and the drawer of one."""

    def __init__(self, lab: bl.Lab, state: State, *, may_write: bool) -> None:
        self._lab, self._state, self._may_write = lab, state, may_write
        self._raw: dict[str, dict[str, Any]] = {}
        self.message: dict[str, Any] = {}
        self._facts = ui.html("", style=css("facts"))
        self.content = ui.html("", style=css("letter"))
        self.save = ui.button(text("messages.save"), self._save, icon="download", variant="text")
        self.sure = Sure(text("messages.delete"), text("messages.delete_really"), self._delete)
        self.newer = ui.icon_button("arrow_upward", text("messages.newer"), lambda: self._go(-1))
        self.older = ui.icon_button("arrow_downward", text("messages.older"), lambda: self._go(1))
        answer = Field("text", text("messages.reply_text"), required=True, chars=TEXT_CHARS_MAX, multiline=True)
        self.reply = Form(state, [answer], self._reply, button=text("messages.reply"))
        self.drawer = ui.drawer(
            self._facts, self.content,
            ui.row(self.save, self.sure.view, ui.html(""), self.newer, self.older, gap=8), self.reply.view, width=WIDTH,
        )  # fmt: skip
        self.list = Listing(
            state, "messages", _from_columns(), self._read, count="messages.count", label=text("messages.from_bank"),
            on_open=lambda row: self.open(row["message_id"]), placeholder=text("messages.none"), rows_high=12,
        )  # fmt: skip
        self.view = ui.column(
            ui.card(ui.heading(text("messages.from_bank"), note=text("messages.hint")), self.list.view),
            self.drawer, gap=0,
        )  # fmt: skip

    def open(self, message_id: str) -> None:
        """Show a message, which the user has read then."""
        with ui.told():
            found = self.message = read_bank_message(self._lab, int(message_id))
            lines = (
                (text("messages.sent_at"), formatting.second(found["sent_at"])),
                (text("messages.received_at"), formatting.second(found["received_at"])),
                (text("messages.valid_until"), formatting.day(found["valid_until"]) if found["valid_until"] else ""),
                (text("messages.kind"), found["kind"]),
                (text("messages.marks"), _marks(found)),
                (text("messages.reply_asked"), text(f"messages.takes_{found['reply']}")),
                (text("messages.replies"), formatting.count(found["replies"]) if found["replies"] else ""),
                (text("messages.attachment"), found["attachment_name"] or ""),
            )
            self._facts.object = formatting.facts(lines, found["subject"])
            self.content.object = found["shown"] or f"<pre>{escape(found['text'])}</pre>"
            self.save.visible = found["has_attachment"]
            self.sure.reset()
            taken = found["reply"] == ONE_REPLY and found["replies"]
            self.reply.view.visible = self._may_write and found["reply"] != NO_REPLY and not taken
            self.reply.fill({}, name=f"reply {message_id}")
            self.drawer.open = True
            self.list.refresh()
            self._mark_ends()

    def _read(self) -> Any:
        rows = bank_messages.rows(self._lab)
        self._raw = {str(row["message_id"]): row for row in rows}
        return in_words(
            rows, ["message_id", *(column.name for column in _from_columns())],
            subject=lambda row: f"\u25cf {row['subject']}" if row["unread"] else row["subject"],
            status=lambda row: text("messages.read" if row["read_by"] else "messages.new"),
            marks=_marks,
            received_at=lambda row: formatting.moment(row["received_at"]),
        )  # fmt: skip

    def _go(self, by: int) -> None:
        """Show the message above or below in the list, as it was received."""
        keys = list(self._raw)
        at = keys.index(str(self.message["message_id"])) + by
        if 0 <= at < len(keys):
            self.open(keys[at])

    def _mark_ends(self) -> None:
        keys = list(self._raw)
        here = str(self.message["message_id"])
        self.newer.disabled, self.older.disabled = here == keys[0], here == keys[-1]

    def _save(self) -> None:
        content = bank_message_attachment(self._lab, self.message["message_id"])
        self._state.send_file(self.message["attachment_name"], content)

    def _delete(self) -> None:
        delete_bank_message(self._lab, self.message["message_id"])
        self.drawer.open = False
        ui.tell(text("messages.deleted"))
        self.list.refresh()

    def _reply(self, values: dict[str, Any]) -> None:
        write_to_bank(self._lab, values["text"], reply_to=self.message["message_id"])
        self.drawer.open = False
        ui.tell(text("messages.waits"))
        self._state.data_version += 1


class ToBank:
    """The card with the messages to the bank, and the drawer in which one is written, changed or looked at."""

    def __init__(self, lab: bl.Lab, state: State) -> None:
        self._lab, self._state = lab, state
        self._raw: dict[str, dict[str, Any]] = {}
        self.message: dict[str, Any] | None = None
        self._facts = ui.html("", style=css("facts"))
        self._content = ui.html("", style=css("letter"))
        fields = [
            Field("subject", text("messages.subject"), required=True, chars=SUBJECT_CHARS_MAX),
            Field("text", text("messages.text"), required=True, chars=TEXT_CHARS_MAX, multiline=True),
        ]
        self.form = Form(state, fields, self._save, button=text("messages.keep"))
        self.sure = Sure(text("messages.withdraw"), text("messages.withdraw_really"), self._withdraw)
        self.drawer = ui.drawer(self._facts, self._content, self.form.view, self.sure.view, width=WIDTH)
        self.write = ui.button(text("messages.write"), lambda: self.show(None), icon="edit")
        self.list = Listing(
            state, "messages", _to_columns(), self._read, count="messages.count", label=text("messages.to_bank"),
            on_open=lambda row: self.show(self._raw[row["message_id"]]), placeholder=text("messages.none_sent"),
            rows_high=8,
        )  # fmt: skip
        title = ui.heading(text("messages.to_bank"), note=text("messages.to_hint"))
        self.view = ui.column(ui.card(ui.row(title, self.write), self.list.view), self.drawer, gap=0)

    def show(self, message: dict[str, Any] | None) -> None:
        """Show a message, to be changed until it is balanced; None: a new one."""
        self.message = message
        told = message or {"message_id": "", "status": "", "subject": "", "text": ""}
        changeable = not told["status"]
        lines = () if message is None else (
            (text("messages.status"), _status(message)),
            (text("messages.why"), message["why"] or ""),
            (text("messages.batch"), message["batch_order"] or ""),
            (text("messages.by"), f"{message['created_by']}, {formatting.moment(message['created_at'])}"),
        )  # fmt: skip
        self._facts.object = formatting.facts(lines, told["subject"] or text("messages.write"))
        self._content.object = "" if changeable else f"<pre>{escape(told['text'])}</pre>"
        self.form.view.visible = changeable
        self.form.fill(told, name=f"message {told['message_id']}")
        self.sure.reset()
        self.sure.view.visible = changeable and message is not None
        self.drawer.open = True

    def _read(self) -> Any:
        rows = client_messages.rows(self._lab)
        self._raw = {str(row["message_id"]): row for row in rows}
        return in_words(
            rows, ["message_id", *(column.name for column in _to_columns())],
            subject=lambda row: f"\u21a9 {row['subject']}" if row["answers"] else row["subject"],
            status=_status,
            created_at=lambda row: formatting.moment(row["created_at"]),
        )  # fmt: skip

    def _save(self, values: dict[str, Any]) -> None:
        if self.message is None:
            write_to_bank(self._lab, values["text"], subject=values["subject"])
        else:
            change_message(self._lab, self.message["message_id"], values["text"], subject=values["subject"])
        self._done(text("messages.waits"))

    def _withdraw(self) -> None:
        assert self.message is not None
        withdraw_message(self._lab, self.message["message_id"])
        self._done(text("messages.withdrawn"))

    def _done(self, told: str) -> None:
        self.drawer.open = False
        ui.tell(told)
        self._state.data_version += 1


def page(lab: bl.Lab, state: State) -> ui.Viewable:
    """Build the page."""
    return Messages(lab, state).view


def _marks(row: dict[str, Any]) -> str:
    names = ("confidential", "individual", "expired", "has_attachment")
    return " \u00b7 ".join(text(f"messages.{name}") for name in names if row[name])


def _status(row: dict[str, Any]) -> str:
    return text(f"messages.status_{row['status'] or 'blank'}")


def _from_columns() -> tuple[Column, ...]:
    return (
        Column("subject", text("messages.subject")),
        Column("received_at", text("messages.received_at"), width=136),
        Column("status", text("messages.status"), width=90, essential=False),
        Column("marks", text("messages.marks"), width=260, essential=False),
    )


def _to_columns() -> tuple[Column, ...]:
    return (
        Column("subject", text("messages.subject")),
        Column("status", text("messages.status"), width=190),
        Column("created_at", text("messages.written_at"), width=136, essential=False),
        Column("created_by", text("messages.who"), width=90, essential=False),
    )
