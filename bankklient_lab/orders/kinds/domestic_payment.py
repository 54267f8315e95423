"""Domestic payment: an own account is debited, and an account at a domestic bank gets the money."""

from __future__ import annotations

from bankklient_lab.orders.kinds.domestic import domestic_kind
from bankklient_lab.orders.kinds.kind import Rule

KIND = domestic_kind(
    name="domestic_payment",
    letter="P",
    label="Domestic payment",
    plural="Domestic payments",
    own="debit",
    counter="credit",
    rules=(
        Rule(77, "express_payment_value AND currency <> c.national_currency"),
        Rule(78, "express_payment_value AND debit_bank = credit_bank"),
    ),
)
