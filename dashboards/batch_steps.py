"""What a person does with a batch to the bank: records the answer of a bank that gives none here, discards it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import bankklient_lab as bl
from bankklient_lab.codebooks.codes import UNANSWERED, BatchType, Sent
from bankklient_lab.errors import Refused
from bankklient_lab.exchange.discarding import discard_aborted
from bankklient_lab.exchange.recording import ANSWERS, NOTE_CHARS_MAX, record_answer
from bankklient_lab.exchange.transmitting import way_to_bank
from bankklient_lab.keys.points import FOLDER

from . import ui
from .bank_form import BankForm
from .menu import allowed
from .state import State
from .sure import Sure
from .texts import text


class BatchSteps:
    """The parts of the drawer; `done` is called when a batch has another status."""

    def __init__(self, lab: bl.Lab, state: State, done: Callable[[], None]) -> None:
        self._lab, self._done = lab, done
        self._batch_id = 0
        self._answers = allowed(lab, "exchange.recording:record_answer")
        self._discards = allowed(lab, "exchange.discarding:discard_aborted")
        said = {text(f"transmissions.answer_{one}"): one for one in ANSWERS}
        self.answer = ui.select(text("transmissions.answer"), said, ANSWERS[0], width=230)
        self.note = ui.field(text("transmissions.note"), width=330, max_length=NOTE_CHARS_MAX)
        self.record = Sure(
            text("transmissions.record"), text("transmissions.record_really"), self._record, icon="rate_review"
        )
        self.answering = ui.column(ui.row(self.answer, self.note, gap=10), self.record.view, gap=8)
        self.sure = Sure(text("unsent.discard"), text("unsent.discard_really"), self._ask_bank)
        self.form = BankForm(
            lab, state, lambda password, job: discard_aborted(lab, self._batch_id, password, job=job), self._discarded,
            icon="delete_forever", under_way=text("transmissions.under_way"),
        )  # fmt: skip
        self.asking = ui.column(*self.form.parts, gap=8, visible=False)
        self.discarding = ui.column(self.sure.view, self.asking, gap=8)
        self.view = ui.column(self.answering, self.discarding, gap=12)

    def open(self, row: Mapping[str, Any]) -> None:
        """Offer what can be done with a line of the protocol."""
        self._batch_id = row["batch_id"] or 0
        sent = row["direction"] == "send"
        self.answering.visible = self._answers and sent and row["status"] in UNANSWERED and self._by_folder()
        aborted = row["status"] == Sent.ABORTED and row["batch_type"] != BatchType.PUBLIC_KEY
        self.discarding.visible = self._discards and sent and aborted
        self.note.value = ""
        self.record.reset()
        self.sure.reset()
        self.asking.visible = self.form.problem.visible = False

    def _by_folder(self) -> bool:
        try:
            return bool(way_to_bank(self._lab)["channel"] == FOLDER)
        except Refused:
            return False

    def _record(self) -> None:
        record_answer(self._lab, self._batch_id, str(self.answer.value), self.note.value.strip())
        ui.tell(text("transmissions.recorded"))
        self._done()

    def _ask_bank(self) -> None:
        """Put the second question: a bank that answers is asked by it."""
        self.form.refresh()
        self.form.button.label = text("unsent.for_good" if self._by_folder() else "transmissions.discard")
        self.asking.visible = True

    def _discarded(self, told: dict[str, Any]) -> None:
        ui.tell(text("unsent.discarded", order=told["batch_order"]))
        self._done()
