"""Permissions to collect from own accounts."""

from __future__ import annotations

import bankklient_lab as bl

from . import ui
from .services import Services
from .state import State

SHOWN = ("description", "own_account", "counter_account", "limit", "period", "valid_from", "valid_until")


def page(lab: bl.Lab, state: State) -> ui.Viewable:
    """Build the page."""
    return Services(lab, state, "permitted_collection", SHOWN).view
