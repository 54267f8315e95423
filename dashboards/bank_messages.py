"""Messages from the bank: their list, one beside it, and its reply, which some demand before anything else."""

from __future__ import annotations

from typing import Any

import bankklient_lab as bl
from bankklient_lab.exchange.messages import (
    bank_message_attachment,
    bank_messages,
    delete_bank_message,
    read_bank_message,
)
from bankklient_lab.exchange.replies import write_to_bank
from bankklient_lab.formats.letters import NO_REPLY, ONE_REPLY, REPLIED, SUBJECT_CHARS_MAX

from . import formatting, ui
from .formatting import escape
from .listing import Listing, in_words
from .message_form import MessageForm, Written
from .message_list import TypeFilter, printed
from .state import State
from .styles import css
from .sure import Sure
from .table import Column
from .texts import text

WIDTH = 680


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
        self.demanded = ui.notice(text("messages.reply_first"), severity="warning", visible=False)
        self.reply = MessageForm(lab, state, self._reply, button=text("messages.reply"))
        self._answer = ui.column(ui.heading(text("messages.your_reply")), self.demanded, self.reply.view, gap=16)
        self.drawer = ui.drawer(
            self._facts, self.content,
            ui.row(self.save, self.sure.view, ui.html(""), self.newer, self.older, gap=8), self._answer,
            width=WIDTH, close=self.close,
        )  # fmt: skip
        self.types = TypeFilter(lambda: self.list.refresh())
        self.list = Listing(
            state, "messages", _columns(), self._read, count="messages.count", label=text("messages.from_bank"),
            on_open=lambda row: self.open(row["message_id"]), placeholder=text("messages.none"), rows_high=10,
        )  # fmt: skip
        self.view = ui.column(
            ui.card(
                ui.row(ui.heading(text("messages.from_bank")), *self._files(), gap=4),
                ui.html(f"<span class='muted'>{escape(text('messages.hint'))}</span>"),
                ui.row(self.types.widget, self.list.search, gap=10), self.list.view, gap=10,
            ),
            self.drawer, gap=0,
        )  # fmt: skip

    @property
    def held(self) -> bool:
        """Whether the message that was opened demands a reply, before which no other one opens (SRV-323)."""
        return bool(self.message.get("must_reply"))

    def open(self, message_id: str) -> None:
        """Show a message, which the user has read then; the one that demands a reply instead, as long as one does."""
        if self.held and str(self.message["message_id"]) != message_id:
            ui.tell(text("messages.held", subject=self.message["subject"]), kind="warning")
            self.drawer.open = True
            return
        with ui.told():
            found = self.message = read_bank_message(self._lab, int(message_id))
            lines = (
                (text("messages.sent_at"), formatting.second(found["sent_at"])),
                (text("messages.received_at"), formatting.second(found["received_at"])),
                (text("messages.valid_until"), formatting.day(found["valid_until"]) if found["valid_until"] else ""),
                (text("messages.kind"), found["type"]),
                (text("messages.marks"), _marks(found)),
                (text("messages.reply_asked"), text(f"messages.takes_{found['reply']}")),
                (text("messages.replies"), formatting.count(found["replies"]) if found["replies"] else ""),
                (text("messages.attachment"), found["attachment_name"] or ""),
            )
            self._facts.object = formatting.facts(lines, found["subject"])
            self.content.object = found["shown"] or f"<pre>{escape(found['text'])}</pre>"
            self.save.visible = found["has_attachment"]
            self.sure.reset()
            self.sure.view.visible = not self.held
            taken = found["reply"] == ONE_REPLY and found["replies"]
            self._answer.visible = self._may_write and found["reply"] != NO_REPLY and not taken
            self.demanded.visible = self.held
            if self._answer.visible:
                subject = f"{REPLIED}{found['subject']}"[:SUBJECT_CHARS_MAX]
                self.reply.show(found["kind"], {}, subject=subject, name=f"reply {message_id}")
            self.drawer.open = True
            self.list.refresh()
            self._mark_ends()

    def close(self) -> None:
        """Close the drawer, unless its message demands a reply."""
        if self.held:
            ui.tell(text("messages.held", subject=self.message["subject"]), kind="warning")
        else:
            self.drawer.open = False

    def _read(self) -> Any:
        rows = bank_messages.rows(self._lab)
        self.types.offer({row["kind"]: row["type"] for row in rows})
        rows = [row for row in rows if self.types.fits(row["kind"])]
        self._raw = {str(row["message_id"]): row for row in rows}
        return in_words(
            rows, ["message_id", *(column.name for column in _columns())],
            subject=lambda row: f"\u25cf {row['subject']}" if row["unread"] else row["subject"],
            status=lambda row: text("messages.read" if row["read_by"] else "messages.new"),
            marks=_marks,
            reply=lambda row: _reply_mark(row),
            received_at=lambda row: formatting.moment(row["received_at"]),
        )  # fmt: skip

    def _files(self) -> list[ui.Widget]:
        return printed(self._lab, self._state, "bank messages", lambda: self.types.chosen)

    def _go(self, by: int) -> None:
        """Show the message above or below in the list, as it was received."""
        keys = list(self._raw)
        here = str(self.message["message_id"])
        at = keys.index(here) + by if here in keys else -1
        if 0 <= at < len(keys):
            self.open(keys[at])

    def _mark_ends(self) -> None:
        keys = list(self._raw) or [""]
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

    def _reply(self, written: Written) -> None:
        write_to_bank(self._lab, **written.said, reply_to=self.message["message_id"])
        self.message = {}
        self.drawer.open = False
        ui.tell(text("messages.waits"))
        self._state.data_version += 1


def _marks(row: dict[str, Any]) -> str:
    names = ("confidential", "individual", "expired", "has_attachment")
    return " \u00b7 ".join(text(f"messages.{name}") for name in names if row[name])


def _reply_mark(row: dict[str, Any]) -> str:
    """Return whether a reply is demanded or possible, and how many there are."""
    if row["replies"]:
        return text("messages.replied", n=formatting.count(row["replies"]))
    return "" if row["reply"] == NO_REPLY else text(f"messages.asks_{row['reply']}")


def _columns() -> tuple[Column, ...]:
    return (
        Column("subject", text("messages.subject")),
        Column("type", text("messages.kind"), width=190, essential=False),
        Column("received_at", text("messages.received_at"), width=136),
        Column("status", text("messages.status"), width=70, essential=False),
        Column("reply", text("messages.reply"), width=110, essential=False),
        Column("marks", text("messages.marks"), width=230, essential=False),
    )
