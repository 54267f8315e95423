"""Standing orders at the bank."""

from __future__ import annotations

import bankklient_lab as bl

from . import ui
from .services import Services
from .state import State

SHOWN = ("order_name", "own_account", "counter_account", "amount", "period", "valid_from", "last_payment")


def page(lab: bl.Lab, state: State) -> ui.Viewable:
    """Build the page."""
    return Services(lab, state, "standing_order", SHOWN).view
