"""Balancing: confirmed orders go into signed batches for the bank; what waits to be sent, and what was balanced."""

from __future__ import annotations

import bankklient_lab as bl
from bankklient_lab.balancing.statements import READS
from bankklient_lab.rights.permissions import needed

from . import ui
from .balancing_statement import BalancingStatement
from .balancing_wizard import BalancingWizard
from .menu import allowed
from .state import State
from .unsent import UnsentBatches


class Balancing:
    """The page; its parts are there for those who may use them."""

    def __init__(self, lab: bl.Lab, state: State) -> None:
        self.wizard = BalancingWizard(lab, state) if allowed(lab, "balancing.balance:balance") else None
        self.statement = BalancingStatement(lab, state)
        self.unsent = (
            UnsentBatches(lab, state, self.statement.show) if allowed(lab, "balancing.unsent:unsent_batches") else None
        )
        parts = (self.wizard, self.unsent, self.statement)
        self.view = ui.column(*(part.view for part in parts if part is not None), stylesheets=[ui.WHOLE])


def page(lab: bl.Lab, state: State) -> ui.Viewable:
    """Build the page."""
    lab.rights.demand(lab.caller, needed(READS), "balancing")
    return Balancing(lab, state).view
