"""What clients learn of the foreign payments that were booked on a day: a batch of type 12 when it is closed."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from bankklient_lab.bank.answers import send
from bankklient_lab.bank.statements import CODES
from bankklient_lab.bank.work import Work
from bankklient_lab.codebooks.codes import BatchType
from bankklient_lab.formats.foreign_details import Charge, ForeignDetail, Institution, Party, Rate
from bankklient_lab.formats.foreign_details_write import write_details

# ruff: noqa: S608 - every text below is our own

_CHARGE = "Foreign payment"
_BIC = re.compile(r"[A-Z0-9]{8}([A-Z0-9]{3})?", re.ASCII)
_DAYS = "b.day > coalesce((SELECT max(day) FROM closing WHERE day < $day), DATE '0001-01-01') AND b.day <= $day"
_OWN_SIDE = (
    "SELECT b.transaction_id, b.day, b.amount, b.currency, b.rate, b.message, b.debited, b.debited_name, b.credited,"
    " b.credited_name, b.end_to_end_id, s.account, s.amount AS moved, s.currency AS account_currency, a.point, b.kind,"
    " b.payment_id, a.name AS account_name FROM booking b JOIN posting s USING (transaction_id)"
    f" JOIN account a USING (account) WHERE a.point IS NOT NULL AND {_DAYS}"
)
# Foreign payments booked since the last closing, each seen from an account of a client: those that clients ordered,
# from the side of the orderer, which pays the fee, or of another customer of the bank; and those from other banks.
_BOOKED = f"""
    SELECT t.*, p.point = t.point AND p.own_account = t.account AS ordered_here, p.order_id, p.client_identification,
        p.instructions, p.confirmation, coalesce(p.charge_bearer, 'SHAR') AS charge_bearer, p.counter_address,
        p.counter_bank, p.counter_bank_name, p.agreed_rate IS NOT NULL AS agreed,
        if(t.moved < 0, coalesce(f.fee, 0), 0)::DECIMAL(18,3) AS fee,
        NOT EXISTS (FROM account c WHERE c.account = p.counter_account AND NOT c.own) AS through_another_bank
    FROM ({_OWN_SIDE}) t JOIN payment p USING (payment_id)
    LEFT JOIN (SELECT payment_id, sum(amount) AS fee FROM booking WHERE kind = 'fee' GROUP BY ALL) f USING (payment_id)
    WHERE t.kind = 'foreign'
    UNION ALL BY NAME
    SELECT t.*, false AS ordered_here, i.charge_bearer, i.payer_address, i.payer_bank, false AS agreed, i.fee,
        true AS through_another_bank
    FROM ({_OWN_SIDE}) t JOIN incoming i USING (transaction_id) WHERE t.kind = 'from_abroad'
"""


def send_details(work: Work) -> None:
    """Send each client the details of the foreign payments that were booked on its accounts since the last closing."""
    for (point,) in work.store.rows("SELECT point FROM client ORDER BY point"):
        found = work.store.table(
            f"SELECT * FROM ({_BOOKED}) WHERE point = $point ORDER BY account, transaction_id",
            {"point": point, "day": work.day},
        ).to_pylist()
        if found:
            details = [_detail(work, row) for row in found]
            message = write_details(details, f"{work.at:%Y%m%d%H%M%S}-{BatchType.FOREIGN_PAYMENT_DETAILS}", work.at)
            send(work, point, BatchType.FOREIGN_PAYMENT_DETAILS, [message])


def _detail(work: Work, row: dict[str, Any]) -> ForeignDetail:
    p = work.parameters
    outgoing = row["moved"] < 0
    equivalent, fee, ours = abs(row["moved"]), row["fee"], Institution(p.bic, f"{p.name}\n{p.country}")
    between = p.rates.get(row["currency"]) if row["through_another_bank"] else None
    by_bic = Institution(between.correspondent) if between else Institution()
    by_name = Institution(name=between.correspondent_name) if between else Institution()
    here = not row["through_another_bank"]
    payers = ours if row["payment_id"] else _bank(row["payer_bank"], "")
    payees = ours if here or not row["payment_id"] else _bank(row["counter_bank"], row["counter_bank_name"])
    return ForeignDetail(
        account=row["account"],
        account_currency=row["account_currency"],
        outgoing=outgoing,
        booking_day=row["day"],
        value_day=row["day"],
        bank_reference=str(row["transaction_id"]),
        transaction_code=CODES[row["kind"]][0 if outgoing else 1],
        ordered=row["amount"] if outgoing else Decimal(0),
        ordered_currency=row["currency"] if outgoing else "",
        payment=row["amount"],
        payment_currency=row["currency"],
        rate=Rate(row["rate"], p.currency, row["agreed"]) if row["currency"] != row["account_currency"] else None,
        equivalent=equivalent,
        charges=[Charge(_CHARGE, fee, row["account_currency"], row["charge_bearer"])] if fee else [],
        charge_bearer=row["charge_bearer"],
        total=equivalent + fee if outgoing else equivalent - fee,
        orderer=Party(row["debited_name"] or "", row["payer_address"] or "", _account(row["debited"])),
        recipient=Party(row["credited_name"] or "", row["counter_address"] or "", _account(row["credited"])),
        orderer_bank=payers,
        recipient_bank=payees,
        senders_correspondent=by_bic if outgoing else by_name,
        receivers_correspondent=by_name if outgoing else by_bic,
        order_number=str(row["order_id"]) if row["ordered_here"] and outgoing else "",
        client_identification=(row["client_identification"] or "") if row["ordered_here"] else "",
        end_to_end_id=row["end_to_end_id"] or "",
        instructions=(row["instructions"] or "") if outgoing else "",
        remittance=row["message"] or "",
        confirmation=(row["confirmation"] or "") if outgoing else "",
    )


def _bank(code: str | None, name: str | None) -> Institution:
    """Return a bank by its BIC and what else is known of it; a code that is none is part of its name."""
    if code and not _BIC.fullmatch(code):
        return Institution("", "\n".join(filter(None, (code, name))))
    return Institution(code or "", name or "")


def _account(number: str) -> str:
    """Return an account of a party; the bank's own accounts are words and nobody's."""
    return "" if " " in number else number
