"""Details of booked foreign payments, as a bank tells them in a camt.054.001.08.

Each notification is of one account and each entry of one payment, with one TxDtls that says the rest. Where ISO 20022
has several places for a thing, it stands here:

    TxDtls/Refs/InstrId          number of the client's order       AcctOwnrTxId    its own identification of it
    AmtDtls/InstdAmt, TxAmt      amount as ordered, as it moves between the banks
    AmtDtls/CntrValAmt           the equivalent in the account's currency; CcyXchg has the rate, CtrctId when agreed
    RltdAgts/Prtry               the correspondents of sender and receiver, which camt.054 has no element for
    RltdRmtInf                   fax number or e-mail address that a confirmation goes to
    AddtlTxInf                   instructions: codes with their words after a slash, separated by semicolons
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import NamedTuple

NOTIFICATION_MESSAGE = "camt.054.001.08"
BEARERS = ("DEBT", "CRED", "SHAR", "SLEV")
SENDERS, RECEIVERS = "SNDRCRSP", "RCVRCRSP"  # correspondents, as RltdAgts/Prtry names them


class Party(NamedTuple):
    """Who pays or is paid: name, address (lines), account; empty where it is not known."""

    name: str = ""
    address: str = ""
    account: str = ""


class Institution(NamedTuple):
    """A bank: its BIC, or name and address (lines)."""

    bic: str = ""
    name: str = ""


class Charge(NamedTuple):
    """One charge, more than 0; `bearer` is one of BEARERS."""

    name: str
    amount: Decimal
    currency: str
    bearer: str


class Rate(NamedTuple):
    """What one unit of the payment's currency cost or gave in `currency`; agreed with the bank, or of its list."""

    rate: Decimal
    currency: str
    agreed: bool


class ForeignDetail(NamedTuple):
    """What the bank says of one booked foreign payment, seen from an account of the client. Amounts are unsigned.

    `payment` moves between the banks, `ordered` is what the client asked for (0 with an empty currency: of an incoming
    one); `equivalent` and `total` are in the currency of the account.
    """

    account: str
    account_currency: str
    outgoing: bool
    booking_day: date
    value_day: date
    bank_reference: str
    transaction_code: str  # domain/family/subfamily
    ordered: Decimal
    ordered_currency: str
    payment: Decimal
    payment_currency: str
    rate: Rate | None
    equivalent: Decimal
    charges: Sequence[Charge]
    charge_bearer: str  # one of BEARERS; empty: the bank does not say it
    total: Decimal
    orderer: Party
    recipient: Party
    orderer_bank: Institution
    recipient_bank: Institution
    senders_correspondent: Institution
    receivers_correspondent: Institution
    order_number: str = ""
    client_identification: str = ""
    end_to_end_id: str = ""
    instructions: str = ""
    remittance: str = ""
    confirmation: str = ""

    @property
    def adds_up(self) -> bool:
        """Tell whether the total is the equivalent with (outgoing) or without (incoming) the charges."""
        if any(charge.currency != self.account_currency for charge in self.charges):
            return False
        charges = sum((charge.amount for charge in self.charges), Decimal(0))
        return self.total == (self.equivalent + charges if self.outgoing else self.equivalent - charges)
