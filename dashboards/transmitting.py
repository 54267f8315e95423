"""Sending the batches that wait and taking over what waits at the bank, with the password of the key if it is asked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import bankklient_lab as bl
from bankklient_lab.codebooks.codes import TO_SEND
from bankklient_lab.exchange.listing import protocol
from bankklient_lab.exchange.transmitting import transmit

from . import formatting, ui
from .bank_form import BankForm
from .batch_words import ARROWS, batch_type_label, status_text
from .formatting import escape
from .state import State, follow
from .styles import css
from .texts import counted, text


class Transmitting:
    """The card."""

    def __init__(self, lab: bl.Lab, state: State) -> None:
        self._lab, self._state = lab, state
        self._told = ui.html("", style=css("balancing"))
        self.form = BankForm(
            lab, state, lambda password, job: transmit(lab, password, job=job), self._ended, icon="sync_alt",
            under_way=text("transmissions.under_way"),
        )  # fmt: skip
        self.result = ui.html("", style=css("balancing"), visible=False)
        self.view = ui.card(
            ui.heading(text("transmissions.title"), note=text("transmissions.hint")),
            self._told, *self.form.parts, self.result,
            gap=10,
        )  # fmt: skip
        follow(state, "transmissions", (), self.refresh)

    def refresh(self) -> None:
        """Say what waits, and how it would go to the bank."""
        lines = protocol.rows(self._lab, direction="send")
        unsigned = sum(row["unsigned"] for row in lines)
        waiting = sum(row["status"] in TO_SEND for row in lines) - unsigned
        told = counted("transmissions.waiting", waiting, formatting.count(waiting))
        lacking = counted("transmissions.unsigned", unsigned, formatting.count(unsigned)) if unsigned else ""
        said = f"{told if waiting else text('transmissions.nothing_waits')} {lacking}"
        self._told.object = f"<p class='signs'>{escape(said)}</p>"
        self.form.refresh()
        self.form.button.label = text("transmissions.do" if waiting else "transmissions.ask")

    def _ended(self, outcome: dict[str, Any]) -> None:
        if not outcome["complete"]:
            self.form.refuse(text("transmissions.incomplete", why=outcome["message"]))
        elif outcome["state"]:
            self.form.refuse(text("transmissions.no_state", why=outcome["state"]))
        self.result.param.update(object=_result(outcome), visible=True)
        self._state.data_version += 1  # orders, balances and statements may have come


def _result(outcome: Mapping[str, Any]) -> str:
    """Return what became of each batch and file."""
    lines = [
        (f"{ARROWS[row['direction']]} {row['batch_order']}", batch_type_label(row["batch_type"]),
         status_text(row["status"]), row["note"])
        for row in outcome["batches"]
    ] + [
        (f"{ARROWS['receive']} {row['name']}", text("transmissions.file"), text(f"transmissions.file_{row['status']}"),
         row["note"])
        for row in outcome["files"]
    ]  # fmt: skip
    if not lines:
        return f"<h2>{escape(text('transmissions.nothing'))}</h2>" if outcome["complete"] else ""
    mark = "<span class='good'>\u2713</span> " if outcome["complete"] else ""
    counts = {"transmissions.done": len(outcome["batches"]), "transmissions.files": len(outcome["files"])}
    title = ", ".join(counted(name, count, formatting.count(count)) for name, count in counts.items() if count)
    shown = 4 if any(note for *_, note in lines) else 3
    titles = ("unsent.batch", "unsent.type", "column.state", "transmissions.note")[:shown]
    head = "".join(f"<th scope='col'>{escape(text(name))}</th>" for name in titles)
    rows = "".join(
        "<tr><td class='nowrap'>" + "</td><td>".join(escape(cell) for cell in line[:shown]) + "</td></tr>"
        for line in lines
    )
    return (
        f"<h2>{mark}{escape(title)}</h2><table aria-label='{escape(title)}'><thead><tr>{head}</tr></thead>"
        f"<tbody>{rows}</tbody></table>"
    )
