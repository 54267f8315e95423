"""The pages: their names, icons and groups, and which of them a user is offered."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import NamedTuple

from bankklient_lab.actions import action_named
from bankklient_lab.codebooks.services import KINDS
from bankklient_lab.lab import Lab
from bankklient_lab.rights.permissions import needed

from .state import PAGES


class Entry(NamedTuple):
    """One page. `asks` are actions (module:name in the package): who may do one of them is offered it; none: all.

    `key` after g goes there. `needs` is a permission, for a page whose actions are those of others as well.
    """

    icon: str
    group: str
    asks: Sequence[str] = ()
    key: str = ""
    needs: str = ""


LOOK, PAY, WORK, ADMINISTRATION, OWN = "look", "pay", "work", "administration", "own"
ENTRIES = {
    "overview": Entry("dashboard", LOOK, ["analysis.balances:balances", "analysis.cashflow:cash_flow"], key="o"),
    "explorer": Entry("query_stats", LOOK, ["analysis.entries:entries"], key="e"),
    "statements": Entry("description", LOOK, ["analysis.statement:statement"], key="s"),
    "forecast": Entry("timeline", LOOK, ["analysis.forecast:liquidity_forecast"], key="f"),
    "online": Entry("cell_tower", LOOK, ["analysis.current:current_balances"], key="n"),
    "foreign": Entry("public", LOOK, ["exchange.foreign_listing:foreign_details"]),
    "messages": Entry("mail", LOOK, key="m"),
    "documents": Entry("folder_open", LOOK, ["exchange.documents:documents"], key="d"),
    "rates": Entry("show_chart", LOOK, ["analysis.rates:rates"]),
    "create": Entry("add_card", PAY, ["orders.creating:create_order"], key="c"),
    "todo": Entry(
        "task_alt", PAY, ["orders.verification:verify_orders", "orders.confirmation:confirm_orders"], key="t"
    ),
    "orders": Entry("list_alt", PAY, ["orders.listing:orders"], key="p"),
    "balancing": Entry(
        "balance", PAY, ["balancing.balance:balance", "balancing.statements:balancing_statement"], key="b"
    ),
    "signatures": Entry("draw", PAY, ["balancing.signature_rights:signature_rights"]),
    "transmissions": Entry("sync_alt", PAY),
    "patterns": Entry("bookmarks", PAY, ["orders.patterns:patterns"]),
    "regular": Entry("event_repeat", PAY, ["orders.regular_payments:regular_payments"]),
    "standing_orders": Entry("event_available", PAY, needs=KINDS["standing_order"].rights.sees),
    "permitted_collections": Entry("price_check", PAY, needs=KINDS["permitted_collection"].rights.sees),
    "time_deposits": Entry("savings", PAY, needs=KINDS["time_deposit"].rights.sees),
    "forward_deals": Entry("currency_exchange", PAY, needs=KINDS["forward_deal"].rights.sees),
    "account_parameters": Entry("tune", PAY, needs=KINDS["account_parameters"].rights.sees),
    "receivables": Entry("request_quote", PAY, needs=KINDS["receivable"].rights.sees),
    "counterparties": Entry("contacts", PAY, ["orders.counterparties:counterparty_register"]),
    "receiving": Entry(
        "move_to_inbox",
        PAY,
        [
            "orders.receiving:receive_file",
            "services.receivables:receive_receivables",
            "orders.accounting_systems:add_accounting_system",
        ],
    ),
    "codebooks": Entry("menu_book", PAY),
    "imports": Entry("upload_file", WORK, ["history.importing:import_file"], key="i"),
    "runs": Entry("schedule", WORK, ["runs.records:run_history"], key="r"),
    "users": Entry("group", ADMINISTRATION, ["access.users:users"]),
    "permissions": Entry("rule", ADMINISTRATION, ["access.alone:who_alone"]),
    "keys": Entry("vpn_key", ADMINISTRATION),
    "configuration": Entry("tune", ADMINISTRATION, ["access.configuration:configuration"]),
    "log": Entry("receipt_long", ADMINISTRATION),
    "activity": Entry("monitor_heart", ADMINISTRATION, ["access.activity:activity"]),
    "system": Entry("dns", ADMINISTRATION, ["history.backups:backups", "access.system_information:system_information"]),
    "account": Entry("manage_accounts", OWN),
}
assert tuple(ENTRIES) == PAGES


def offered(lab: Lab) -> list[str]:
    """Return the pages that the caller may use now, in their order."""
    return [
        page
        for page, entry in ENTRIES.items()
        if (not entry.asks or any(allowed(lab, asks) for asks in entry.asks)) and may(lab, entry.needs)
    ]


def may(lab: Lab, permission: str) -> bool:
    """Tell whether the caller holds what a permission expression asks for now."""
    return needed(permission).holds(lab.rights.held(lab.caller))


def allowed(lab: Lab, asks: str) -> bool:
    """Tell whether the caller has the permissions for an action (module:name in the package) now."""
    module, _, name = asks.partition(":")
    import_module(f"bankklient_lab.{module}")
    return may(lab, action_named(name).declared.needs)
