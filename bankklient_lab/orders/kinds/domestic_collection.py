"""Domestic collection: a direct debit that the payee starts; the own account gets the money."""

from __future__ import annotations

from bankklient_lab.orders.kinds import domestic
from bankklient_lab.orders.kinds.kind import Kind, Rule

KIND = Kind(
    name="domestic_collection",
    family="domestic",
    letter="C",
    label="Domestic collection",
    plural="Domestic collections",
    batch_type=1,
    creates="51|56",
    sees="151",
    sees_all="156",
    own="credit",
    counter="debit",
    items=(
        *domestic.side_items("credit", "own", own=True),
        *domestic.side_items("debit", "counter", own=False),
        *domestic.shared_items(),
    ),
    rules=(
        *domestic.side_rules("debit", own=False),
        *domestic.side_rules("credit", own=True),
        *domestic.shared_rules("debit"),
        Rule(77, "express_payment IS NOT NULL AND express_payment_value IS NULL"),
        Rule(79, "express_payment_value"),
    ),
    warnings=(),
    relation=domestic.relation("credit", "debit"),
    own_account=domestic.account_text("credit"),
    counter_account=domestic.account_text("debit"),
    counter_name="coalesce(debit_abbreviation, debit_identification_line_1)",
    symbol="debit_variable_symbol",
    verified_setting="verified_items",
    verified_items=domestic.verified_items("credit", "debit"),
    duplicates=True,
)
