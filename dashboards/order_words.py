"""Names of kinds, statuses and steps of orders in the language spoken here."""

from __future__ import annotations

from bankklient_lab.codebooks import names
from bankklient_lab.orders.kinds import kind_named
from bankklient_lab.orders.lifecycle import status_name
from bankklient_lab.orders.listing import SETS

from .texts import section


def kind_label(name: str) -> str:
    """Return the name of a kind, such as "Domestic payment"."""
    return section("kind").get(name, kind_named(name).label)


def status_label(status: str) -> str:
    """Return the name of a status, such as "verified"."""
    return section("status").get(status or "created", status_name(status))


def set_label(name: str) -> str:
    """Return the name of a set of orders, such as "To verify"."""
    return section("set").get(name, SETS[name][0])


def origin_label(origin: str) -> str:
    """Return the name of where orders come from, such as "creation"."""
    return section("origin").get(origin, origin.replace("_", " "))


def step_label(action: str) -> str:
    """Return the name of a step of the lifecycle, such as "confirm"."""
    return section("step").get(action, action.replace("_", " "))


def reason_label(code: int) -> str:
    """Return why the bank rejects an order, such as "Insufficient funds on the debited account"."""
    return _named("rejection", "bank_rejections", code, "meaning")


def revocation_label(code: int) -> str:
    """Return the status of a revocation, such as "sent"."""
    return _named("revocation", "revocation_statuses", code, "name")


def _named(words: str, book: str, code: int, column: str) -> str:
    own = section(words).get(str(code))
    return own or names(book, column).get(str(code), str(code))
