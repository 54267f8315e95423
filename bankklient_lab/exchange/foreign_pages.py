"""The five pages of a foreign payment (BNK-104): which field stands on which, for pages, paper and commands alike.

A field is named by its key; whoever shows it gives it its words.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

BASIC, ADDITIONAL, CHARGES, BANKS, REFERENCES = PAGES = ("basic", "additional", "charges", "banks", "references")
# As orders name who bears the charges.
BEARERS = {"DEBT": "OUR", "CRED": "BEN", "SHAR": "SHA", "SLEV": "SHA"}
STEPS = ("created", "corrected", "verified", "confirmed", "confirmed_again", "taken")


class Fact(NamedTuple):
    """A field of a detail: an amount beside its currency, a day, or a text (of lines).

    `name` is a key; `note` is what the bank calls it, where there may be several of it.
    """

    name: str
    value: Decimal | date | str
    currency: str = ""
    note: str = ""


def detail_pages(detail: Mapping[str, Any]) -> dict[str, list[Fact]]:
    """Return the fields of what `foreign_detail` tells by page, in their order; what says nothing is left out."""
    makers = (_basic, _additional, _charges, _banks, _references)
    return {
        page: [fact for fact in make(detail) if fact.value not in (None, "")]
        for page, make in zip(PAGES, makers, strict=True)
    }


def rate_text(detail: Mapping[str, Any]) -> str:
    """Return the rate, such as "20.91873 CZK / USD"; "" where no currency was changed."""
    if detail["rate"] is None:
        return ""
    return f"{format(detail['rate'].normalize(), 'f')} {detail['rate_currency']} / {detail['payment_currency']}"


def rate_name(detail: Mapping[str, Any]) -> str:
    """Return the name of the rate: what goes abroad the bank sells, what comes it buys (BNK-116)."""
    return f"rate_{'sale' if detail['outgoing'] else 'purchase'}{'_agreed' if detail['rate_agreed'] else ''}"


def total_name(detail: Mapping[str, Any]) -> str:
    """Return the name of the total amount."""
    return "total_debited" if detail["outgoing"] else "total_credited"


def _basic(detail: Mapping[str, Any]) -> Iterator[Fact]:
    yield Fact("account", detail["account"])
    yield Fact("orderer", _party(detail, "orderer"))
    yield Fact("recipient", _party(detail, "recipient"))
    yield Fact("payment", detail["payment"], detail["payment_currency"])
    yield Fact(total_name(detail), detail["total"], detail["account_currency"])
    yield Fact("booking_day", detail["booking_day"])
    yield Fact("value_day", detail["value_day"])
    yield Fact("bank_reference", detail["bank_reference"])
    yield Fact("transaction_code", detail["transaction_code"])
    yield Fact("batch", detail["batch"])


def _additional(detail: Mapping[str, Any]) -> Iterator[Fact]:
    for name in ("remittance", "instructions", "confirmation", "end_to_end_id", "client_identification"):
        yield Fact(name, detail[name])


def _charges(detail: Mapping[str, Any]) -> Iterator[Fact]:
    own = detail["account_currency"]
    yield Fact("ordered", detail["ordered"], detail["ordered_currency"] or "")
    yield Fact("payment", detail["payment"], detail["payment_currency"])
    yield Fact(rate_name(detail), rate_text(detail))
    yield Fact("equivalent", detail["equivalent"], own)
    yield Fact("charge_bearer", BEARERS.get(detail["charge_bearer"], ""))
    for charge in detail["charge_list"]:
        yield Fact("charge", charge["amount"], charge["currency"], charge["name"])
    yield Fact(total_name(detail), detail["total"], own)


def _banks(detail: Mapping[str, Any]) -> Iterator[Fact]:
    for name in ("orderer_bank", "recipient_bank", "senders_correspondent", "receivers_correspondent"):
        yield Fact(name, _lines(detail[f"{name}_bic"], detail[f"{name}_name"]))


def _references(detail: Mapping[str, Any]) -> Iterator[Fact]:
    """Yield what is known of the order from here that the payment is of."""
    order = detail["order"]
    if order is None:
        yield Fact("order_number", detail["order_number"])
        return
    yield Fact("order_number", order["transmission_id"])
    yield Fact("order_status", f"{order['status']} {order['status_name'] or ''}".strip())
    yield Fact("order_errors", order["errors"])
    group = order["accounting_system"]
    yield Fact("order_group", f"{group} {order['batch_order'] or ''}".strip() if group is not None else "")
    yield Fact("sent_batch", f"{order['sent_batch']} / {order['position']}")
    for step in STEPS:
        if order[f"{step}_by"]:
            yield Fact(step, f"{order[f'{step}_by']} {_moment(order[f'{step}_at'])}")


def _moment(at: datetime) -> str:
    return at.astimezone().strftime("%Y-%m-%d %H:%M")


def _party(detail: Mapping[str, Any], side: str) -> str:
    return _lines(*(detail[f"{side}_{part}"] for part in ("name", "address", "account")))


def _lines(*texts: str) -> str:
    return "\n".join(filter(None, texts))
