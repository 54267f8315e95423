"""Domestic collection: a direct debit that the payee starts; the own account gets the money."""

from __future__ import annotations

from bankklient_lab.orders.kinds.domestic import domestic_kind
from bankklient_lab.orders.kinds.kind import Rule

KIND = domestic_kind(
    name="domestic_collection",
    letter="C",
    label="Domestic collection",
    plural="Domestic collections",
    own="credit",
    counter="debit",
    rules=(Rule(79, "express_payment_value"),),
)
