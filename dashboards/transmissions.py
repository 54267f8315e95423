"""Transmissions: sending and receiving, also by itself, booked lines to match, and the protocol."""

from __future__ import annotations

import bankklient_lab as bl

from . import ui
from .automated import Automated
from .bookings import Bookings
from .menu import allowed
from .protocol import Protocol
from .state import State
from .transmitting import Transmitting


class Transmissions:
    """The page; everybody sees the protocol."""

    def __init__(self, lab: bl.Lab, state: State) -> None:
        self.transmitting = Transmitting(lab, state) if allowed(lab, "exchange.transmitting:transmit") else None
        automated = allowed(lab, "runs.automated:automated_transmission")
        self.automated = Automated(lab, state) if automated else None
        self.protocol = Protocol(lab, state)
        self.bookings = Bookings(lab, state) if allowed(lab, "history.bookings:bookings_to_match") else None
        parts = (self.transmitting, self.automated, self.bookings, self.protocol)
        self.view = ui.column(*(part.view for part in parts if part is not None), stylesheets=[ui.WHOLE])


def page(lab: bl.Lab, state: State) -> ui.Viewable:
    """Build the page."""
    return Transmissions(lab, state).view
