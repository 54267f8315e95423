"""Labs for the tests of orders: own accounts, the codebook rows that they need, people, and orders that are right."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from typing import Any

from bankklient_lab.access.logins import digest
from bankklient_lab.lab import Lab
from bankklient_lab.orders.checking import checked, rule_parameters
from bankklient_lab.orders.creating import create_order
from bankklient_lab.orders.evidence import content_checks
from bankklient_lab.orders.kinds import kind_named
from bankklient_lab.orders.numbers import bank_day
from bankklient_lab.orders.storing import Source, Stored, store_orders
from bankklient_lab.rights.identity import Identity
from bankklient_lab.rights.permissions import everything, written
from bankklient_lab.store.checks import run_checks

DOMESTIC, COLLECTION, FOREIGN = "domestic_payment", "domestic_collection", "foreign_payment"
# The client's accounts: number as people write it, IBAN, currency, side of orders on which it may stand.
MAIN, SAVINGS, EURO, INCOMING = "609-150012947/0600", "150000030/0600", "202016-303634/0600", "123-424524/0600"
_OWN = (
    ("CZ7706000006090150012947", "CZK", "Main", "both"),
    ("CZ4906000000000150000030", "CZK", "Savings", "both"),
    ("CZ8406002020160000303634", "EUR", "Euro", "both"),
    ("CZ2306000001230000424524", "CZK", "Incoming", "credit"),
)
# Accounts of others whose numbers are right.
SUPPLIER, LANDLORD, STATE = "19-2000145399/0800", "3703-921811/0710", "150006432/0600"
_CODEBOOKS: tuple[tuple[str, str, dict[str, str]], ...] = (
    ("banks", "0600", {}),
    ("banks", "0800", {}),
    ("banks", "0710", {}),
    ("banks", "0100", {}),
    ("currencies", "CZK", {"abroad": "yes", "decimals": "2", "eea": "yes"}),
    ("currencies", "EUR", {"abroad": "yes", "decimals": "2", "eea": "yes"}),
    ("currencies", "USD", {"abroad": "yes", "decimals": "2", "eea": "no"}),
    ("currencies", "JPY", {"abroad": "yes", "decimals": "0", "eea": "no"}),
    ("countries", "CZ", {"iban_length": "24", "sepa": "yes", "eu": "yes", "eea": "yes"}),
    ("countries", "DE", {"iban_length": "22", "sepa": "yes", "eu": "yes", "eea": "yes"}),
    ("bank_operations", "CRED", {"instructions": "all"}),
)


def equip(lab: Lab) -> Lab:
    """Add own accounts, and the codebook rows that the lab does not have, and return the lab."""
    with lab.database.tx("ops") as cursor:
        ((last,),) = cursor.execute("SELECT coalesce(max(account_id), 0) FROM ops.account").fetchall()
        for number, (iban, currency, name, position) in enumerate(_OWN, last + 1):
            cursor.execute(
                "INSERT INTO ops.account (account_id, number, currency, bank, name, position)"
                " VALUES (?, ?, ?, '0600', ?, ?)",
                [number, iban, currency, name, position],
            )
        for book, code, attributes in _CODEBOOKS:
            cursor.execute(
                "INSERT INTO ops.codebook SELECT $book, $code, $code, map($names, $texts), DATE '2000-01-01', NULL"
                " WHERE NOT EXISTS (FROM ops.codebook WHERE codebook = $book AND code = $code)",
                {"book": book, "code": code, "names": list(attributes), "texts": list(attributes.values())},
            )
    return lab


def hands(lab: Lab, reference: str, permissions: Iterable[int] | None = None) -> Lab:
    """Return the lab in the hands of the user `reference`, who is logged in and has just these permissions (or all).

    Any set will do, also one that roles could not have. A user who is there already gets the new permissions. From the
    first call on everybody has to log in, so that the lab itself may do nothing any more.
    """
    held = written(everything() if permissions is None else permissions)
    with lab.database.tx("ops") as cursor:
        found = cursor.execute(
            "SELECT u.user_id, s.session_id FROM ops.user u JOIN ops.session s USING (user_id) WHERE u.reference = ?",
            [reference],
        ).fetchone()
        if found:
            cursor.execute(
                "UPDATE ops.role SET permissions = ? WHERE role_id = (SELECT role_id FROM ops.user WHERE user_id = ?)",
                [held, found[0]],
            )
        user_id, session_id = found or _new_user(lab, cursor, reference, held)
    lab.rights.forget()
    return lab.acting(Identity(user_id, f"user {reference}", reference, "api", session_id))


def _new_user(lab: Lab, cursor: Any, reference: str, held: str) -> tuple[int, int]:
    role = ["role of " + reference, held]
    cursor.execute("INSERT INTO ops.role SELECT max(role_id) + 1, ?, '', false, true, ? FROM ops.role", role)
    cursor.execute(
        "INSERT INTO ops.user SELECT u.* REPLACE ((SELECT max(user_id) + 1 FROM ops.user) AS user_id, $name AS name,"
        " $reference AS reference, (SELECT max(role_id) FROM ops.role) AS role_id, NULL AS password_hash,"
        " '' AS permissions, 'operational' AS kind) FROM ops.user u WHERE user_id = 1",
        {"name": f"user {reference}", "reference": reference},
    )
    ((user_id,),) = cursor.execute("SELECT max(user_id) FROM ops.user").fetchall()
    cursor.execute(
        "INSERT INTO ops.session (session_id, digest, user_id, channel, workstation, opened_at, locked)"
        " SELECT coalesce(max(session_id), 0) + 1, ?, ?, 'api', '', ?, false FROM ops.session",
        [digest(secrets.token_urlsafe(32)), user_id, lab.clock()],
    )
    ((session_id,),) = cursor.execute("SELECT max(session_id) FROM ops.session").fetchall()
    return user_id, session_id


def domestic_values(**other: object) -> dict[str, Any]:
    """Return the values of a domestic payment that is right, with others put in."""
    return {"own_account": MAIN, "counter_account": SUPPLIER, "amount": "1500.00", "variable_symbol": "2026001"} | other


def collection_values(**other: object) -> dict[str, Any]:
    """Return the values of a domestic collection that is right, with others put in."""
    return {"own_account": MAIN, "counter_account": LANDLORD, "amount": "700.00", "variable_symbol": "77"} | other


def foreign_values(**other: object) -> dict[str, Any]:
    """Return the values of a foreign payment that is right, with others put in."""
    return {
        "own_account": EURO, "recipient_account": "DE89370400440532013000", "recipient": "Muster GmbH\nKoeln",
        "amount": "500.00", "currency": "EUR", "country": "DE", "bank_connection": "Commerzbank\nKoeln",
        "recipient_info": "Invoice 1", "charges": "SHA",
    } | other  # fmt: skip


_VALUES = {DOMESTIC: domestic_values, COLLECTION: collection_values, FOREIGN: foreign_values}


def created(lab: Lab, kind: str = DOMESTIC, **other: object) -> int:
    """Create an order that is right, also when it pays the same as another one, and return its id."""
    return int(create_order(lab, kind, _VALUES[kind](**other), reason="test")["order_id"])


def many(lab: Lab, count: int, state: str = "verified", *, different: int = 0) -> Stored:
    """Take over so many right domestic payments from an accounting system, of which `different` (0: all) differ."""
    kind, today = kind_named(DOMESTIC), bank_day(lab)
    texts = {
        "debit_account_prefix": "'609'", "debit_account_base": "'150012947'", "debit_bank": "'0600'",
        "credit_account_prefix": "'19'", "credit_account_base": "'2000145399'", "credit_bank": "'0800'",
        "credit_variable_symbol": "(n % $different)::VARCHAR", "amount": "'100.00'", "currency": "'CZK'",
        "maturity_date": "'2026-11-22'",
    }  # fmt: skip
    items = ", ".join(f"{texts.get(name, 'NULL::VARCHAR')} AS {name}" for name in kind.names)
    entered = f"SELECT n AS entered_no, 'accounting_system' AS origin, $today::DATE AS created_on, {items}"
    source = Source("accounting_system", "imported", {f"receive_{state}": "true"}, "receive_wrong", "receive")
    with lab.database.tx("ops") as cursor:
        cursor.execute(
            "CREATE OR REPLACE TEMP TABLE new_order AS " + checked(kind, f"{entered} FROM range(1, $count + 1) t(n)"),
            rule_parameters(lab, today) | {"count": count, "different": different or count},
        )
        return store_orders(lab, cursor, kind, "new_order", source, today=today)


def status(lab: Lab, order_id: int) -> str | None:
    """Return the status of an order; None when it is gone."""
    found = lab.rows(
        "SELECT status FROM ops.domestic_order WHERE order_id = $id"
        " UNION ALL SELECT status FROM ops.foreign_order WHERE order_id = $id",
        {"id": order_id},
    )
    return found[0][0] if found else None


def broken_checks(lab: Lab) -> dict[str, str]:
    """Return name and example of the invariants that do not hold."""
    return {one.name: one.example for one in run_checks(lab.database, content_checks()) if one.broken}
