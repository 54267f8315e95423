"""Domestic payment: an own account is debited, and an account at a domestic bank gets the money."""

from __future__ import annotations

from bankklient_lab.orders.kinds import domestic
from bankklient_lab.orders.kinds.kind import Kind, Rule

KIND = Kind(
    name="domestic_payment",
    family="domestic",
    letter="P",
    label="Domestic payment",
    plural="Domestic payments",
    batch_type=1,
    creates="51|56",
    sees="151",
    sees_all="156",
    own="debit",
    counter="credit",
    items=(
        *domestic.side_items("debit", "own", own=True),
        *domestic.side_items("credit", "counter", own=False),
        *domestic.shared_items(),
    ),
    rules=(
        *domestic.side_rules("debit", own=True),
        *domestic.side_rules("credit", own=False),
        *domestic.shared_rules("credit"),
        Rule(77, "express_payment_value AND currency <> c.national_currency"),
        Rule(77, "express_payment IS NOT NULL AND express_payment_value IS NULL"),
        Rule(78, "express_payment_value AND debit_bank = credit_bank"),
    ),
    warnings=(),
    relation=domestic.relation("debit", "credit"),
    own_account=domestic.account_text("debit"),
    counter_account=domestic.account_text("credit"),
    counter_name="coalesce(credit_abbreviation, credit_identification_line_1)",
    symbol="credit_variable_symbol",
    verified_setting="verified_items",
    verified_items=domestic.verified_items("debit", "credit"),
    duplicates=True,
)
