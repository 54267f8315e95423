"""Messages from the bank and to it: a list of each, one message beside its list, replies and new ones."""

from __future__ import annotations

import bankklient_lab as bl

from . import ui
from .bank_messages import FromBank
from .client_messages import ToBank
from .menu import allowed
from .state import State


class Messages:
    """The page; what goes to the bank is there for those who may write."""

    def __init__(self, lab: bl.Lab, state: State) -> None:
        may_write = allowed(lab, "exchange.replies:write_to_bank")
        self.from_bank = FromBank(lab, state, may_write=may_write)
        self.to_bank = ToBank(lab, state, self.from_bank.open) if may_write else None
        parts = (self.from_bank, self.to_bank)
        self.view = ui.column(*(part.view for part in parts if part is not None), stylesheets=[ui.WHOLE])


def page(lab: bl.Lab, state: State) -> ui.Viewable:
    """Build the page."""
    return Messages(lab, state).view
