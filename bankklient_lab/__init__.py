"""Treasury workbench: bank files in, exact balances, statements, charts, Excel and PDF out.

    import bankklient_lab as bl
    lab = bl.open("company.duckdb")
    bl.import_file(lab, Path("statement.xml"))
    bl.balances(lab, on=date(2026, 10, 31), in_currency="CZK")

Every name of `__all__` is a function of a lab, loaded when first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from bankklient_lab.errors import LabError

if TYPE_CHECKING:
    from bankklient_lab.access.alone import roles_alone, who_alone
    from bankklient_lab.access.configuration import configuration, configure
    from bankklient_lab.access.granting import cancel_permissions, grant_free_permissions, grant_permissions
    from bankklient_lab.access.log import application_log, verify_log
    from bankklient_lab.access.logins import prove
    from bankklient_lab.access.permission_views import permission_holders, permissions
    from bankklient_lab.access.roles import change_role, create_role, delete_role, roles, users_of_role
    from bankklient_lab.access.tokens import create_token, give_consent, tokens, withdraw_token
    from bankklient_lab.access.users import change_password, change_user, create_user, set_password, unlock_user, users
    from bankklient_lab.analysis.accounts import accounts, identify_account, rename_account
    from bankklient_lab.analysis.after_orders import balances_after_orders
    from bankklient_lab.analysis.balances import available_balances, balance_series, balances
    from bankklient_lab.analysis.cashflow import cash_flow, counterparties
    from bankklient_lab.analysis.current import current_balances, current_entries, current_orders, current_state
    from bankklient_lab.analysis.entries import entries, entry_detail, entry_parts, entry_totals, pending_entries
    from bankklient_lab.analysis.entry_flow import entry_flow
    from bankklient_lab.analysis.expected_flows import forecast_flows
    from bankklient_lab.analysis.exporting import export_statement
    from bankklient_lab.analysis.findings import findings
    from bankklient_lab.analysis.forecast import forecast_errors, liquidity_forecast
    from bankklient_lab.analysis.forwards import currency_exposure, forward_values
    from bankklient_lab.analysis.known_counterparties import learn_counterparties_from_statements
    from bankklient_lab.analysis.rates import convert_amount, rate_series, rates
    from bankklient_lab.analysis.selections import delete_selection, save_selection, selections
    from bankklient_lab.analysis.sql import published_relations, sql, sql_functions
    from bankklient_lab.analysis.statement import statement, statement_head, statements
    from bankklient_lab.balancing.announcing import announce_key
    from bankklient_lab.balancing.balance import balance, key_for_balancing
    from bankklient_lab.balancing.revocations import mark_for_revocation, revocable_orders, unmark_for_revocation
    from bankklient_lab.balancing.signature_rights import (
        give_signature_right,
        signature_rights,
        take_signature_right,
    )
    from bankklient_lab.balancing.signatures import orders_to_sign, sign_batch, sums_to_sign, waiting_signatures
    from bankklient_lab.balancing.statements import balancing_statement, balancing_statement_totals
    from bankklient_lab.balancing.summaries import balancing_duplicates, balancing_summary, balancing_types
    from bankklient_lab.balancing.unsent import discard_batch, failing_orders, unsent_batches
    from bankklient_lab.exchange.accounting_files import export_to_accounting_system
    from bankklient_lab.exchange.current import update_current_state
    from bankklient_lab.exchange.discarding import discard_aborted
    from bankklient_lab.exchange.document_folders import document_folders, set_document_folder
    from bankklient_lab.exchange.documents import document_content, document_preview, documents
    from bankklient_lab.exchange.foreign_listing import foreign_detail, foreign_detail_batches, foreign_details
    from bankklient_lab.exchange.installing import inspect_configuration, take_configuration
    from bankklient_lab.exchange.listing import protocol, protocol_changes
    from bankklient_lab.exchange.message_types import message_form, message_types
    from bankklient_lab.exchange.messages import (
        bank_message_attachment,
        bank_messages,
        delete_bank_message,
        read_bank_message,
    )
    from bankklient_lab.exchange.ordering import cancel_document_orders, order_documents, save_document
    from bankklient_lab.exchange.payees import payee_checks, verify_payees
    from bankklient_lab.exchange.recording import record_answer
    from bankklient_lab.exchange.rejections import delete_rejections
    from bankklient_lab.exchange.replies import (
        change_message,
        client_message_attachment,
        client_messages,
        read_client_message,
        withdraw_message,
        write_to_bank,
    )
    from bankklient_lab.exchange.service_lists import update_service_records
    from bankklient_lab.exchange.transmitting import transmit, way_to_bank
    from bankklient_lab.exchange.watching import stop_watching
    from bankklient_lab.history.backups import backups, rotate_backup
    from bankklient_lab.history.bookings import bookings_to_match, match_booking, settlements, unmatch_booking
    from bankklient_lab.history.importing import import_file, imports, inspect_file, withdraw_import
    from bankklient_lab.history.reduction import archives, delete_archived, reduce_history, reducible
    from bankklient_lab.keys.banks import inspect_bank_key, register_bank_key
    from bankklient_lab.keys.cards import chip_cards, create_card_key
    from bankklient_lab.keys.creating import create_key
    from bankklient_lab.keys.delivering import create_pass, hand_over_key, record_key_delivery
    from bankklient_lab.keys.expiring import key_warnings
    from bankklient_lab.keys.points import change_connection_point, connection_points
    from bankklient_lab.keys.register import key_register
    from bankklient_lab.keys.unlocking import change_key_password
    from bankklient_lab.lab import Lab
    from bankklient_lab.opening import open  # noqa: A004 - bankklient_lab.open() is the door
    from bankklient_lab.orders.accounting_systems import (
        accounting_systems,
        add_accounting_system,
        change_accounting_system,
        delete_accounting_system,
        files_waiting,
    )
    from bankklient_lab.orders.accounts import own_accounts, set_account_position
    from bankklient_lab.orders.codebooks import codebook, codebook_register, search_codebook, update_codebook
    from bankklient_lab.orders.confirmation import (
        cancel_confirmation,
        confirm_and_sign,
        confirm_orders,
        discard_orders,
        exclude_orders,
        include_orders,
    )
    from bankklient_lab.orders.counterparties import (
        counterparty_register,
        counterparty_values,
        delete_counterparty,
        learn_counterparties,
        save_counterparty,
    )
    from bankklient_lab.orders.counterparty_files import import_counterparties
    from bankklient_lab.orders.creating import check_order, correct_order, create_order, delete_orders, order_defaults
    from bankklient_lab.orders.detail import order_detail
    from bankklient_lab.orders.evidence import order_evidence
    from bankklient_lab.orders.exporting import export_orders, order_template
    from bankklient_lab.orders.headers import delete_header, header_values, headers, save_header
    from bankklient_lab.orders.layouts import (
        current_layout,
        delete_form_layout,
        form_layouts,
        save_form_layout,
        use_form_layout,
    )
    from bankklient_lab.orders.listing import order_counts, order_ids, order_totals, orders_waiting, payment_orders
    from bankklient_lab.orders.locked import locked_items
    from bankklient_lab.orders.pattern_groups import (
        create_pattern_group,
        delete_pattern_group,
        pattern_groups,
        rename_pattern_group,
    )
    from bankklient_lab.orders.patterns import (
        change_pattern,
        create_pattern,
        delete_pattern,
        pattern_values,
        patterns,
        save_from_pattern,
        take_over_patterns,
    )
    from bankklient_lab.orders.receiving import receive_file
    from bankklient_lab.orders.rechecking import recheck_orders
    from bankklient_lab.orders.regular_import import (
        decline_regular_payments,
        import_regular_payments,
        regular_payments_offer,
        simulate_regular_payments,
    )
    from bankklient_lab.orders.regular_payments import (
        change_regular_payment,
        create_regular_payment,
        delete_regular_payment,
        end_regular_payment,
        regular_payment_orders,
        regular_payments,
    )
    from bankklient_lab.orders.signing import create_personal_key, personal_keys, withdraw_personal_key
    from bankklient_lab.orders.text_replacements import replace_texts, stop_replacing_texts, text_replacements
    from bankklient_lab.orders.timeline import order_steps
    from bankklient_lab.orders.transmissions import received_file, transmissions
    from bankklient_lab.orders.verification import cancel_verification, items_to_type, verify_by_typing, verify_orders
    from bankklient_lab.runs.automated import (
        automated_transmission,
        start_automated_transmission,
        stop_automated_transmission,
        transmit_when_due,
    )
    from bankklient_lab.runs.records import run_history
    from bankklient_lab.runs.schedules import add_schedule, remove_schedule, schedules
    from bankklient_lab.services.debtors import debtors, delete_debtors, keep_debtor
    from bankklient_lab.services.deposits import deposit_rates
    from bankklient_lab.services.forwards import forward_contract, forward_summary
    from bankklient_lab.services.listing import service_records, service_requests
    from bankklient_lab.services.receivables import (
        clear_receivables,
        delete_receivable_file,
        import_receivables,
        receivable_files,
        receivables_sheet,
        receivables_summary,
        receive_receivables,
    )
    from bankklient_lab.services.requests import (
        clear_service_requests,
        confirm_service_requests,
        copy_service_request,
        correct_service_request,
        create_service_request,
        delete_service_requests,
        unconfirm_service_requests,
    )

_MODULES = {
    "access.alone": ("roles_alone", "who_alone"),
    "access.configuration": ("configuration", "configure"),
    "access.granting": ("cancel_permissions", "grant_free_permissions", "grant_permissions"),
    "access.log": ("application_log", "verify_log"),
    "access.logins": ("prove",),
    "access.permission_views": ("permission_holders", "permissions"),
    "access.roles": ("change_role", "create_role", "delete_role", "roles", "users_of_role"),
    "access.tokens": ("create_token", "give_consent", "tokens", "withdraw_token"),
    "access.users": ("change_password", "change_user", "create_user", "set_password", "unlock_user", "users"),
    "analysis.accounts": ("accounts", "identify_account", "rename_account"),
    "analysis.after_orders": ("balances_after_orders",),
    "analysis.balances": ("available_balances", "balance_series", "balances"),
    "analysis.cashflow": ("cash_flow", "counterparties"),
    "analysis.entries": ("entries", "entry_detail", "entry_parts", "entry_totals", "pending_entries"),
    "analysis.entry_flow": ("entry_flow",),
    "analysis.current": ("current_balances", "current_entries", "current_orders", "current_state"),
    "analysis.expected_flows": ("forecast_flows",),
    "analysis.exporting": ("export_statement",),
    "analysis.findings": ("findings",),
    "analysis.forecast": ("forecast_errors", "liquidity_forecast"),
    "analysis.forwards": ("currency_exposure", "forward_values"),
    "analysis.rates": ("convert_amount", "rate_series", "rates"),
    "analysis.selections": ("delete_selection", "save_selection", "selections"),
    "analysis.sql": ("published_relations", "sql", "sql_functions"),
    "analysis.statement": ("statement", "statement_head", "statements"),
    "balancing.announcing": ("announce_key",),
    "balancing.balance": ("balance", "key_for_balancing"),
    "balancing.revocations": ("mark_for_revocation", "revocable_orders", "unmark_for_revocation"),
    "balancing.signature_rights": ("give_signature_right", "signature_rights", "take_signature_right"),
    "balancing.signatures": ("orders_to_sign", "sign_batch", "sums_to_sign", "waiting_signatures"),
    "balancing.statements": ("balancing_statement", "balancing_statement_totals"),
    "balancing.summaries": ("balancing_duplicates", "balancing_summary", "balancing_types"),
    "balancing.unsent": ("discard_batch", "failing_orders", "unsent_batches"),
    "exchange.accounting_files": ("export_to_accounting_system",),
    "exchange.current": ("update_current_state",),
    "exchange.discarding": ("discard_aborted",),
    "exchange.foreign_listing": ("foreign_detail", "foreign_detail_batches", "foreign_details"),
    "exchange.document_folders": ("document_folders", "set_document_folder"),
    "exchange.documents": ("document_content", "document_preview", "documents"),
    "exchange.listing": ("protocol", "protocol_changes"),
    "exchange.message_types": ("message_form", "message_types"),
    "exchange.messages": (
        "bank_message_attachment",
        "bank_messages",
        "delete_bank_message",
        "read_bank_message",
    ),
    "exchange.ordering": ("cancel_document_orders", "order_documents", "save_document"),
    "exchange.payees": ("payee_checks", "verify_payees"),
    "exchange.recording": ("record_answer",),
    "exchange.rejections": ("delete_rejections",),
    "exchange.replies": (
        "change_message",
        "client_message_attachment",
        "client_messages",
        "read_client_message",
        "withdraw_message",
        "write_to_bank",
    ),
    "exchange.service_lists": ("update_service_records",),
    "exchange.transmitting": ("transmit", "way_to_bank"),
    "exchange.watching": ("stop_watching",),
    "history.backups": ("backups", "rotate_backup"),
    "history.bookings": ("bookings_to_match", "match_booking", "settlements", "unmatch_booking"),
    "history.importing": ("import_file", "imports", "inspect_file", "withdraw_import"),
    "history.reduction": ("archives", "delete_archived", "reduce_history", "reducible"),
    "exchange.installing": ("inspect_configuration", "take_configuration"),
    "keys.banks": ("inspect_bank_key", "register_bank_key"),
    "keys.cards": ("chip_cards", "create_card_key"),
    "keys.creating": ("create_key",),
    "keys.delivering": ("create_pass", "hand_over_key", "record_key_delivery"),
    "keys.expiring": ("key_warnings",),
    "keys.points": ("change_connection_point", "connection_points"),
    "keys.register": ("key_register",),
    "keys.unlocking": ("change_key_password",),
    "lab": ("Lab",),
    "opening": ("open",),
    "orders.creating": ("check_order", "correct_order", "create_order", "delete_orders", "order_defaults"),
    "orders.accounting_systems": (
        "accounting_systems",
        "add_accounting_system",
        "change_accounting_system",
        "delete_accounting_system",
        "files_waiting",
    ),
    "orders.accounts": ("own_accounts", "set_account_position"),
    "orders.evidence": ("order_evidence",),
    "orders.exporting": ("export_orders", "order_template"),
    "orders.locked": ("locked_items",),
    "orders.receiving": ("receive_file",),
    "orders.signing": ("create_personal_key", "personal_keys", "withdraw_personal_key"),
    "orders.text_replacements": ("replace_texts", "stop_replacing_texts", "text_replacements"),
    "orders.transmissions": ("received_file", "transmissions"),
    "orders.codebooks": ("codebook", "codebook_register", "search_codebook", "update_codebook"),
    "orders.confirmation": (
        "cancel_confirmation",
        "confirm_and_sign",
        "confirm_orders",
        "discard_orders",
        "exclude_orders",
        "include_orders",
    ),
    "orders.verification": ("cancel_verification", "items_to_type", "verify_by_typing", "verify_orders"),
    "orders.detail": ("order_detail",),
    "orders.listing": ("order_counts", "order_ids", "order_totals", "orders_waiting", "payment_orders"),
    "analysis.known_counterparties": ("learn_counterparties_from_statements",),
    "orders.counterparties": (
        "counterparty_register",
        "counterparty_values",
        "delete_counterparty",
        "learn_counterparties",
        "save_counterparty",
    ),
    "orders.counterparty_files": ("import_counterparties",),
    "orders.headers": (
        "delete_header",
        "header_values",
        "headers",
        "save_header",
    ),
    "orders.layouts": (
        "current_layout",
        "delete_form_layout",
        "form_layouts",
        "save_form_layout",
        "use_form_layout",
    ),
    "orders.pattern_groups": (
        "create_pattern_group",
        "delete_pattern_group",
        "pattern_groups",
        "rename_pattern_group",
    ),
    "orders.patterns": (
        "change_pattern",
        "create_pattern",
        "delete_pattern",
        "pattern_values",
        "patterns",
        "save_from_pattern",
        "take_over_patterns",
    ),
    "orders.rechecking": ("recheck_orders",),
    "orders.regular_import": (
        "decline_regular_payments",
        "import_regular_payments",
        "regular_payments_offer",
        "simulate_regular_payments",
    ),
    "orders.regular_payments": (
        "change_regular_payment",
        "create_regular_payment",
        "delete_regular_payment",
        "end_regular_payment",
        "regular_payment_orders",
        "regular_payments",
    ),
    "orders.timeline": ("order_steps",),
    "runs.automated": (
        "automated_transmission",
        "start_automated_transmission",
        "stop_automated_transmission",
        "transmit_when_due",
    ),
    "runs.records": ("run_history",),
    "runs.schedules": ("add_schedule", "remove_schedule", "schedules"),
    "services.debtors": ("debtors", "delete_debtors", "keep_debtor"),
    "services.deposits": ("deposit_rates",),
    "services.forwards": ("forward_contract", "forward_summary"),
    "services.listing": ("service_records", "service_requests"),
    "services.receivables": (
        "clear_receivables",
        "delete_receivable_file",
        "import_receivables",
        "receivable_files",
        "receivables_sheet",
        "receivables_summary",
        "receive_receivables",
    ),
    "services.requests": (
        "clear_service_requests",
        "confirm_service_requests",
        "copy_service_request",
        "correct_service_request",
        "create_service_request",
        "delete_service_requests",
        "unconfirm_service_requests",
    ),
}
_HOME = {name: module for module, names in _MODULES.items() for name in names}

__version__ = "0.1.0"
__all__ = [
    "Lab",
    "LabError",
    "accounting_systems",
    "accounts",
    "add_accounting_system",
    "add_schedule",
    "announce_key",
    "application_log",
    "archives",
    "automated_transmission",
    "available_balances",
    "backups",
    "balance",
    "balance_series",
    "balances",
    "balances_after_orders",
    "balancing_duplicates",
    "balancing_statement",
    "balancing_statement_totals",
    "balancing_summary",
    "balancing_types",
    "bank_message_attachment",
    "bank_messages",
    "bookings_to_match",
    "cancel_confirmation",
    "cancel_document_orders",
    "cancel_permissions",
    "cancel_verification",
    "cash_flow",
    "change_accounting_system",
    "change_connection_point",
    "change_key_password",
    "change_message",
    "change_password",
    "change_pattern",
    "change_regular_payment",
    "change_role",
    "change_user",
    "check_order",
    "chip_cards",
    "clear_receivables",
    "clear_service_requests",
    "client_message_attachment",
    "client_messages",
    "codebook",
    "codebook_register",
    "configuration",
    "configure",
    "confirm_and_sign",
    "confirm_orders",
    "confirm_service_requests",
    "connection_points",
    "convert_amount",
    "copy_service_request",
    "correct_order",
    "correct_service_request",
    "counterparties",
    "counterparty_register",
    "counterparty_values",
    "create_card_key",
    "create_key",
    "create_order",
    "create_pass",
    "create_pattern",
    "create_pattern_group",
    "create_personal_key",
    "create_regular_payment",
    "create_role",
    "create_service_request",
    "create_token",
    "create_user",
    "currency_exposure",
    "current_balances",
    "current_entries",
    "current_layout",
    "current_orders",
    "current_state",
    "debtors",
    "decline_regular_payments",
    "delete_accounting_system",
    "delete_archived",
    "delete_bank_message",
    "delete_counterparty",
    "delete_debtors",
    "delete_form_layout",
    "delete_header",
    "delete_orders",
    "delete_pattern",
    "delete_pattern_group",
    "delete_receivable_file",
    "delete_regular_payment",
    "delete_rejections",
    "delete_role",
    "delete_selection",
    "delete_service_requests",
    "deposit_rates",
    "discard_aborted",
    "discard_batch",
    "discard_orders",
    "document_content",
    "document_folders",
    "document_preview",
    "documents",
    "end_regular_payment",
    "entries",
    "entry_detail",
    "entry_flow",
    "entry_parts",
    "entry_totals",
    "exclude_orders",
    "export_orders",
    "export_statement",
    "export_to_accounting_system",
    "failing_orders",
    "files_waiting",
    "findings",
    "forecast_errors",
    "forecast_flows",
    "foreign_detail",
    "foreign_detail_batches",
    "foreign_details",
    "form_layouts",
    "forward_contract",
    "forward_summary",
    "forward_values",
    "give_consent",
    "give_signature_right",
    "grant_free_permissions",
    "grant_permissions",
    "hand_over_key",
    "header_values",
    "headers",
    "identify_account",
    "import_counterparties",
    "import_file",
    "import_receivables",
    "import_regular_payments",
    "imports",
    "include_orders",
    "inspect_bank_key",
    "inspect_configuration",
    "inspect_file",
    "items_to_type",
    "keep_debtor",
    "key_for_balancing",
    "key_register",
    "key_warnings",
    "learn_counterparties",
    "learn_counterparties_from_statements",
    "liquidity_forecast",
    "locked_items",
    "mark_for_revocation",
    "match_booking",
    "message_form",
    "message_types",
    "open",
    "order_counts",
    "order_defaults",
    "order_detail",
    "order_documents",
    "order_evidence",
    "order_ids",
    "order_steps",
    "order_template",
    "order_totals",
    "orders_to_sign",
    "orders_waiting",
    "own_accounts",
    "pattern_groups",
    "pattern_values",
    "patterns",
    "payee_checks",
    "payment_orders",
    "pending_entries",
    "permission_holders",
    "permissions",
    "personal_keys",
    "protocol",
    "protocol_changes",
    "prove",
    "published_relations",
    "rate_series",
    "rates",
    "read_bank_message",
    "read_client_message",
    "receivable_files",
    "receivables_sheet",
    "receivables_summary",
    "receive_file",
    "receive_receivables",
    "received_file",
    "recheck_orders",
    "record_answer",
    "record_key_delivery",
    "reduce_history",
    "reducible",
    "register_bank_key",
    "regular_payment_orders",
    "regular_payments",
    "regular_payments_offer",
    "remove_schedule",
    "rename_account",
    "rename_pattern_group",
    "replace_texts",
    "revocable_orders",
    "roles",
    "roles_alone",
    "rotate_backup",
    "run_history",
    "save_counterparty",
    "save_document",
    "save_form_layout",
    "save_from_pattern",
    "save_header",
    "save_selection",
    "schedules",
    "search_codebook",
    "selections",
    "service_records",
    "service_requests",
    "set_account_position",
    "set_document_folder",
    "set_password",
    "settlements",
    "sign_batch",
    "signature_rights",
    "simulate_regular_payments",
    "sql",
    "sql_functions",
    "start_automated_transmission",
    "statement",
    "statement_head",
    "statements",
    "stop_automated_transmission",
    "stop_replacing_texts",
    "stop_watching",
    "sums_to_sign",
    "take_configuration",
    "take_over_patterns",
    "take_signature_right",
    "text_replacements",
    "tokens",
    "transmissions",
    "transmit",
    "transmit_when_due",
    "unconfirm_service_requests",
    "unlock_user",
    "unmark_for_revocation",
    "unmatch_booking",
    "unsent_batches",
    "update_codebook",
    "update_current_state",
    "update_service_records",
    "use_form_layout",
    "users",
    "users_of_role",
    "verify_by_typing",
    "verify_log",
    "verify_orders",
    "verify_payees",
    "waiting_signatures",
    "way_to_bank",
    "who_alone",
    "withdraw_import",
    "withdraw_message",
    "withdraw_personal_key",
    "withdraw_token",
    "write_to_bank",
]


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
