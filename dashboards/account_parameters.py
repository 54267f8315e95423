"""Parameters of the own accounts at the bank: how statements come, how often, and who is told of documents."""

from __future__ import annotations

import bankklient_lab as bl

from . import ui
from .services import Services
from .state import State

SHOWN = ("own_account", "delivery", "frequency", "automatic", "emails")


def page(lab: bl.Lab, state: State) -> ui.Viewable:
    """Build the page."""
    return Services(lab, state, "account_parameters", SHOWN).view
