"""What a time deposit can be: its variants with their rates (codebooks.deposits), opened and terminated."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bankklient_lab.actions import table_action
from bankklient_lab.codebooks.deposits import REGULAR, RENEWED, TO_ACCOUNT, rate_of, variant_named, variants
from bankklient_lab.codebooks.services import KINDS, as_amount, as_day
from bankklient_lab.lab import Lab, Read
from bankklient_lab.orders.numbers import bank_day
from bankklient_lab.services.wrong import is_own, wrong


@table_action(KINDS["time_deposit"].rights.sees)
def deposit_rates(lab: Lab) -> Read:
    """Return the variants of time deposits that the bank has, with rates in percent a year.

    Columns: variant, renewal (revolving, one-time), currency, length, amount_from, rate, penalty (percent a year, for
    the days that are left when a deposit is terminated early).
    """
    offers = [(variant, offer) for variant in variants().values() for offer in variant.offers]
    return lab.read(
        "SELECT unnest($variant::VARCHAR[]) AS variant, unnest($renewal::VARCHAR[]) AS renewal,"
        " unnest($currency::VARCHAR[]) AS currency, unnest($length::VARCHAR[]) AS length,"
        " unnest($amount_from::DECIMAL(18,3)[]) AS amount_from, unnest($rate::DECIMAL(5,2)[]) AS rate,"
        " unnest($penalty::DECIMAL(5,2)[]) AS penalty",
        {
            "variant": [variant.name for variant, _ in offers],
            **{name: [getattr(variant, name) for variant, _ in offers] for name in ("renewal", "currency")},
            **{
                name: [getattr(offer, name) for _, offer in offers]
                for name in ("length", "amount_from", "rate", "penalty")
            },
        },
    )


def check_deposit(lab: Lab, cursor: Any, items: Mapping[str, str], *, new: bool) -> None:
    """Refuse a deposit that the bank does not have, at its item."""
    del new  # a deposit is never corrected
    variant = variant_named(items["variant"])
    own = items["own_account"]
    if not is_own(cursor, own, variant.currency, "debit", "both"):
        raise wrong("own_account", f"is an own account in {variant.currency} that can be debited, for this variant")
    if items["length"] not in variant.lengths:
        raise wrong("length", f"of {variant.name} is one of {', '.join(variant.lengths)}")
    amount = as_amount(items["amount"])
    assert amount is not None
    if rate_of(variant, items["length"], amount) is None:
        least = variant.least(items["length"])
        raise wrong("amount", f"is at least {least} {variant.currency} for {items['length']} of {variant.name}")
    if variant.renewal != RENEWED and items["interest_to"] != TO_ACCOUNT:
        raise wrong("interest_to", f"of a one-time deposit is the {TO_ACCOUNT}")
    first, today = as_day(items.get("valid_from")), bank_day(lab)
    if first is not None and first < today:
        raise wrong("valid_from", f"is {today} at the earliest, or empty: as soon as possible")


def check_termination(_lab: Lab, cursor: Any, items: Mapping[str, str], record: Mapping[str, str]) -> None:
    """Refuse a termination that the kind of the deposit does not allow, at its item."""
    variant = variant_named(record["variant"])
    if items["method"] == REGULAR and variant.renewal != RENEWED:
        raise wrong("method", "of a one-time deposit is early with penalty: it is never renewed")
    for name in ("principal_account", "interest_account"):
        if name in items and not is_own(cursor, items[name], variant.currency, "debit", "credit", "both"):
            raise wrong(name, f"is an own account in {variant.currency}")
