"""The lists around services that are printed: each with its title and the columns that people get."""

from __future__ import annotations

from bankklient_lab.access.listings import Listing
from bankklient_lab.services.debtors import ITEMS, debtors
from bankklient_lab.services.listing import service_requests

SERVICE_LISTINGS = {
    "receivables": Listing(
        "Receivables", service_requests,
        ("status", "receivable_type", "variable_symbol", "original_variable_symbol", "own_account", "amount",
         "currency", "issue_date", "due_date", "debtor_identification", "debtor_name", "errors", "batch_order"),
        "request_id",
    ),
    "debtors": Listing("Debtors", debtors, ITEMS, "debtor_id"),
}  # fmt: skip
