"""Details of foreign payments as files: their list, and advices in the form of the bank's payment advice."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from bankklient_lab.access.configuration import client_name
from bankklient_lab.analysis.exporting import note_export
from bankklient_lab.errors import BadArgument
from bankklient_lab.exchange.foreign_listing import LAST, foreign_detail, foreign_details
from bankklient_lab.exchange.foreign_pages import ADDITIONAL, BANKS, CHARGES, Fact, detail_pages, total_name
from bankklient_lab.lab import Lab
from bankklient_lab.reports import texts
from bankklient_lab.reports.doors import TABLE_SUFFIXES, known_suffix, render_table
from bankklient_lab.reports.listings import part, parts_pdf

DETAIL_SUFFIXES = (".pdf", *TABLE_SUFFIXES)
LIST_TITLE, ADVICE_TITLE = "Foreign payments", "Payment advice"
ADVICES_MAX = 500  # of one file
NOT_THE_BANKS = "Made from the bank's data; it does not replace the bank's own advice."
_LIST = {
    "status": "Status", "type": "Type", "transaction_code": "Code", "booking_day": "Booked", "label": "Account",
    "orderer": "Orderer", "recipient": "Recipient", "bic": "SWIFT/BIC", "purpose": "Payment details",
    "amount": "Amount", "currency": "Currency", "total": "Total", "account_currency": "in",
}  # fmt: skip
WORDS = {
    "account": "Account", "orderer": "Orderer", "recipient": "Recipient", "payment": "Payment amount",
    "total_debited": "Total debited", "total_credited": "Total credited", "booking_day": "Booked on",
    "value_day": "Value day", "bank_reference": "Bank's reference", "transaction_code": "Transaction code",
    "batch": "Batch of details", "remittance": "Payment details", "instructions": "Instructions",
    "confirmation": "Confirmation to", "end_to_end_id": "Payer's reference",
    "client_identification": "Client identification", "ordered": "Ordered amount",
    "rate_sale": "Exchange rate (sale)", "rate_purchase": "Exchange rate (purchase)",
    "rate_sale_agreed": "Agreed exchange rate (sale)", "rate_purchase_agreed": "Agreed exchange rate (purchase)",
    "equivalent": "Equivalent", "charge_bearer": "Charges borne", "charge": "Charge", "orderer_bank": "Orderer's bank",
    "recipient_bank": "Recipient's bank", "senders_correspondent": "Sender's correspondent",
    "receivers_correspondent": "Receiver's correspondent", "order_number": "Order", "order_status": "State",
    "order_errors": "Errors", "order_group": "Accounting system and batch", "sent_batch": "Sent in batch",
    "created": "Created", "corrected": "Corrected", "verified": "Verified", "confirmed": "Confirmed",
    "confirmed_again": "Confirmed again", "taken": "Taken into the batch",
}  # fmt: skip


def render_foreign_details(lab: Lab, suffix: str, *, batch: str = LAST, direction: str = "") -> bytes:
    """Return the list that `foreign_details` gives as a file; `suffix` is one of DETAIL_SUFFIXES.

    Raises BadArgument (another suffix or direction), UnknownName (a batch that is not here), NotAllowed.
    """
    known_suffix(suffix, DETAIL_SUFFIXES)
    table = foreign_details.arrow(lab, batch, direction=direction)
    if suffix in TABLE_SUFFIXES:
        note_export(lab, "foreign payments", suffix=suffix, rows=table.num_rows)
        return render_table(table, suffix, LIST_TITLE)
    shown = part("", table, _LIST)
    amounts = [texts.amount_text(row["total"], row["account_currency"]) for row in table.to_pylist()]
    place = list(_LIST).index("total")
    rows = [[*row[:place], amount, *row[place + 1 :]] for row, amount in zip(shown.rows, amounts, strict=True)]
    return parts_pdf([replace(shown, names=list(_LIST.values()), rows=rows)], LIST_TITLE, client_name(lab), lab.clock())


def render_advices(lab: Lab, detail_ids: Sequence[int]) -> bytes:
    """Return details as a PDF, each on a page of its own in the form of the bank's payment advice.

    Raises UnknownName for a detail that is not here, BadArgument for none or more than ADVICES_MAX, NotAllowed.
    """
    from bankklient_lab.reports.pdf import FONT, compiled

    if not 1 <= len(detail_ids) <= ADVICES_MAX:
        raise BadArgument(f"a file has 1 to {ADVICES_MAX} advices, not {len(detail_ids)}")
    made_at = lab.clock()
    data = {
        "font": FONT,
        "title": ADVICE_TITLE,
        "client": client_name(lab),
        "mark": NOT_THE_BANKS,
        "made": texts.made_text(made_at),
        "advices": [_advice(foreign_detail(lab, detail_id)) for detail_id in detail_ids],
    }
    return compiled("advice.typ", json.dumps(data, ensure_ascii=False), made_at)


def fact_name(fact: Fact) -> str:
    """Return the words for a field."""
    return f"{WORDS[fact.name]} ({fact.note})" if fact.note else WORDS[fact.name]


def fact_text(fact: Fact) -> str:
    """Return the value of a field as people read it."""
    if isinstance(fact.value, Decimal):
        return f"{texts.amount_text(fact.value, fact.currency)} {fact.currency}"
    return fact.value.isoformat() if isinstance(fact.value, date) else fact.value


def _advice(detail: dict[str, Any]) -> dict[str, Any]:
    pages = detail_pages(detail)
    facts = {fact.name: fact_text(fact) for page in pages.values() for fact in page}
    sides = ("orderer", "recipient")
    number = ("order_number",) if detail["order"] else ()
    return {
        "kind": f"{'Outgoing' if detail['outgoing'] else 'Incoming'} foreign payment",
        "head": [[WORDS[name], facts[name]] for name in ("bank_reference", "booking_day", "value_day", *number)],
        "account": facts["account"],
        "total_name": WORDS[total_name(detail)],
        "total": facts[total_name(detail)],
        "parties": [[WORDS[side], facts.get(side, "")] for side in sides],
        "amounts": [[fact_name(one), fact_text(one)] for one in pages[CHARGES]],
        "more": [[fact_name(one), fact_text(one)] for page in (BANKS, ADDITIONAL) for one in pages[page]],
    }
