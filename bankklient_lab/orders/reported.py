"""The lists around orders that are printed: each with its title and the columns that people get."""

from __future__ import annotations

from bankklient_lab.access.listings import Listing
from bankklient_lab.orders.counterparties import COLUMNS, counterparty_register
from bankklient_lab.orders.headers import headers
from bankklient_lab.orders.pattern_groups import pattern_groups
from bankklient_lab.orders.patterns import patterns
from bankklient_lab.orders.regular_import import simulate_regular_payments
from bankklient_lab.orders.regular_payments import regular_payment_orders, regular_payments

_DUE = ("due_on", "maturity", "name", "amount", "currency", "counter_account", "status", "errors")
ORDER_LISTINGS = {
    "headers": Listing("Headers", headers, ("kind", "name", "items", "changed_by")),
    "pattern groups": Listing("Groups of patterns", pattern_groups, ("group_number", "name", "patterns")),
    "patterns": Listing(
        "Patterns", patterns,
        ("group_number", "name", "state", "own_account", "counter_account", "amount", "currency", "errors"),
        "pattern_id",
    ),
    "regular payments": Listing(
        "Regular payments", regular_payments,
        ("name", "state", "periodicity", "month", "day", "valid_from", "valid_until", "instalments", "remaining",
         "last_due", "next_due", "counter_account", "amount", "currency", "errors"),
        "regular_payment_id",
    ),
    "orders of regular payments": Listing(
        "Orders of regular payments", regular_payment_orders, ("order_id", *_DUE)
    ),
    "simulation of regular payments": Listing("What will be due", simulate_regular_payments, _DUE),
    "counterparties": Listing("Counterparties", counterparty_register, COLUMNS, "counterparty_id"),
}  # fmt: skip
