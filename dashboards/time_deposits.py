"""Time deposits: what is invested, requests for new ones and terminations, and the rates of the bank."""

from __future__ import annotations

import pyarrow as pa

import bankklient_lab as bl
from bankklient_lab.formats.schema import AMOUNT
from bankklient_lab.services.deposits import deposit_rates

from . import ui
from .listing import Listing
from .services import Services
from .state import State
from .table import Column
from .texts import section, text

SHOWN = ("variant", "own_account", "amount", "length", "rate", "matures_on")


def page(lab: bl.Lab, state: State) -> ui.Viewable:
    """Build the page."""
    services = Services(lab, state, "time_deposit", SHOWN)
    listing = Listing(
        state, "time_deposits", _columns(), lambda: _read(lab), count="services.rates_count",
        label=text("services.rates"), rows_high=12,
    )  # fmt: skip
    rates = ui.card(
        ui.row(ui.heading(text("services.rates"), note=text("services.rates_hint")), listing.search, gap=10),
        listing.view, gap=10,
    )  # fmt: skip
    return ui.column(services.view, rates, stylesheets=[ui.WHOLE])


def _read(lab: bl.Lab) -> pa.Table:
    words = section("service_option")
    rows = deposit_rates.rows(lab)
    texts = {
        name: pa.array([words.get(row[name].replace(" ", "_"), row[name]) for row in rows], pa.string())
        for name in ("variant", "length")
    }
    numbers = {name: pa.array([f"{row[name]} %" for row in rows], pa.string()) for name in ("rate", "penalty")}
    amounts = pa.array([row["amount_from"] for row in rows], AMOUNT)
    currency = pa.array([row["currency"] for row in rows], pa.string())
    return pa.table(texts | {"amount_from": amounts, "currency": currency} | numbers)


def _columns() -> tuple[Column, ...]:
    return (
        Column("variant", text("service_item.variant")),
        Column("length", text("service_item.length"), width=110),
        Column("amount_from", text("services.amount_from"), "amount", width=130, essential=False),
        Column("currency", text("column.currency"), width=80, essential=False),
        Column("rate", text("service_item.rate"), "number", width=110),
        Column("penalty", text("services.penalty"), "number", width=110, essential=False),
    )
