"""Reads details of booked foreign payments out of a camt.054.001.08."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

from bankklient_lab.errors import FormatError
from bankklient_lab.formats.batches import Message, root_of
from bankklient_lab.formats.camt_tags import is_currency
from bankklient_lab.formats.camt_values import exact_amount, exact_day
from bankklient_lab.formats.foreign_details import (
    BEARERS,
    NOTIFICATION_MESSAGE,
    RECEIVERS,
    SENDERS,
    Charge,
    ForeignDetail,
    Institution,
    Party,
    Rate,
)
from bankklient_lab.money import AMOUNT_MAX, exact

if TYPE_CHECKING:
    from lxml import etree

_RATE = re.compile(r"\d{1,10}(?:\.\d{1,8})?", re.ASCII)


def read_details(message: Message) -> list[ForeignDetail]:
    """Return the details of a message in its order; FormatError, with the place, for one that can't be told."""
    if message.name != NOTIFICATION_MESSAGE:
        raise FormatError(f"a {NOTIFICATION_MESSAGE} is needed", text=message.name)
    found = []
    for number, notification in enumerate(root_of(message).iterfind(".//{*}Ntfctn"), start=1):
        for position, entry in enumerate(notification.iterfind("{*}Ntry"), start=1):
            found.append(_Reader(entry, f"Ntfctn {number}, Ntry {position}").detail(notification))
    return found


class _Reader:
    """Reads one entry; `place` is told where it can't be."""

    def __init__(self, entry: etree._Element, place: str) -> None:
        self._entry, self._place = entry, place
        found = list(entry.iterfind("{*}NtryDtls/{*}TxDtls"))
        if len(found) != 1:
            raise self._wrong("an entry has the details of one payment", "TxDtls", str(len(found)))
        self._details = found[0]

    def detail(self, notification: etree._Element) -> ForeignDetail:
        """Return what the entry says, of the account of its notification."""
        entry = self._entry
        side, status = self._text(entry, "CdtDbtInd"), self._text(entry, "Sts/Cd")
        if side not in ("DBIT", "CRDT"):
            raise self._wrong("an entry is a debit or a credit", "CdtDbtInd", side)
        if status != "BOOK":
            raise self._wrong("an entry is booked", "Sts", status)
        account = self._account(notification, "Acct")
        if not account:
            raise self._wrong("a notification names its account", "Acct", "")
        total, currency = self._money(entry, "Amt")
        charges, bearer = self._charges()
        payment, payment_currency = self._money(self._details, "AmtDtls/TxAmt/Amt")
        equivalent, of_equivalent = self._money(self._details, "AmtDtls/CntrValAmt/Amt")
        if of_equivalent != currency:
            raise self._wrong("the equivalent is in the currency of the account", "CntrValAmt", of_equivalent)
        ordered, ordered_currency = (
            self._money(self._details, "AmtDtls/InstdAmt/Amt")
            if self._details.find("{*}AmtDtls/{*}InstdAmt") is not None
            else (Decimal(0), "")
        )
        code = (self._text(entry, f"BkTxCd/Domn/{part}") for part in ("Cd", "Fmly/Cd", "Fmly/SubFmlyCd"))
        return ForeignDetail(
            account=account,
            account_currency=currency,
            outgoing=side == "DBIT",
            booking_day=self._day("BookgDt/Dt"),
            value_day=self._day("ValDt/Dt"),
            bank_reference=self._needed(entry, "AcctSvcrRef"),
            transaction_code="/".join(code).strip("/"),
            ordered=ordered,
            ordered_currency=ordered_currency,
            payment=payment,
            payment_currency=payment_currency,
            rate=self._rate(),
            equivalent=equivalent,
            charges=charges,
            charge_bearer=bearer,
            total=total,
            orderer=self._party("Dbtr"),
            recipient=self._party("Cdtr"),
            orderer_bank=self._institution("RltdAgts/DbtrAgt"),
            recipient_bank=self._institution("RltdAgts/CdtrAgt"),
            senders_correspondent=self._correspondent(SENDERS),
            receivers_correspondent=self._correspondent(RECEIVERS),
            order_number=self._said("Refs/InstrId"),
            client_identification=self._said("Refs/AcctOwnrTxId"),
            end_to_end_id=self._said("Refs/EndToEndId"),
            instructions=self._said("AddtlTxInf"),
            remittance="\n".join(one.text or "" for one in self._details.iterfind("{*}RmtInf/{*}Ustrd")),
            confirmation=self._said("RltdRmtInf/RmtLctnDtls/ElctrncAdr"),
        )

    def _charges(self) -> tuple[list[Charge], str]:
        """Return the charges that are more than 0, and who bears them; their sum is one that the history holds."""
        found = []
        for record in self._details.iterfind("{*}Chrgs/{*}Rcrd"):
            bearer = self._text(record, "Br")
            if bearer and bearer not in BEARERS:
                raise self._wrong(f"who bears charges is one of {', '.join(BEARERS)}", "Br", bearer)
            found.append(Charge(self._text(record, "Tp/Prtry/Id"), *self._money(record, "Amt"), bearer))
        bearers = {one.bearer for one in found}
        if len(bearers) > 1:
            raise self._wrong("the charges of a payment are borne in one way", "Br", " ".join(sorted(bearers)))
        if sum(one.amount for one in found) > AMOUNT_MAX:
            raise self._wrong(f"the charges of a payment are at most {AMOUNT_MAX} together", "Chrgs", "")
        return [one for one in found if one.amount], next(iter(bearers), "")

    def _rate(self) -> Rate | None:
        exchange = self._details.find("{*}AmtDtls/{*}CntrValAmt/{*}CcyXchg")
        if exchange is None:
            return None
        text, currency = self._text(exchange, "XchgRate"), self._text(exchange, "TrgtCcy")
        if not _RATE.fullmatch(text) or not Decimal(text) or not is_currency(currency):
            raise self._wrong("a rate is a number with at most 8 decimals, and has a currency", "CcyXchg", text)
        return Rate(Decimal(text), currency, bool(self._text(exchange, "CtrctId")))

    def _party(self, name: str) -> Party:
        path = f"RltdPties/{name}/Pty"
        return Party(self._said(f"{path}/Nm"), self._lines(path), self._account(self._details, f"RltdPties/{name}Acct"))

    def _institution(self, path: str, within: etree._Element | None = None) -> Institution:
        place = self._details if within is None else within
        path = f"{path}/FinInstnId"
        name = "\n".join(filter(None, (self._text(place, f"{path}/Nm"), self._lines(path, place))))
        return Institution(self._text(place, f"{path}/BICFI"), name)

    def _correspondent(self, kind: str) -> Institution:
        for one in self._details.iterfind("{*}RltdAgts/{*}Prtry"):
            if self._text(one, "Tp") == kind:
                return self._institution("Agt", one)
        return Institution()

    def _lines(self, path: str, within: etree._Element | None = None) -> str:
        place = self._details if within is None else within
        return "\n".join(one.text or "" for one in place.iterfind(_path(f"{path}/PstlAdr/AdrLine")))

    def _account(self, within: etree._Element, path: str) -> str:
        return self._text(within, f"{path}/Id/IBAN") or self._text(within, f"{path}/Id/Othr/Id")

    def _money(self, within: etree._Element, path: str) -> tuple[Decimal, str]:
        found = within.find(_path(path))
        text = "" if found is None else (found.text or "").strip()
        currency = "" if found is None else str(found.get("Ccy", ""))
        amount = exact_amount(text)
        if isinstance(amount, str) or not is_currency(currency):
            raise self._wrong("an amount has a number, with at most 3 decimals, and a currency", path, text)
        return exact(amount), currency

    def _day(self, path: str) -> date:
        text = self._text(self._entry, path)
        day = exact_day(text)
        if day is None:
            raise self._wrong("a day is written like 2026-11-22", path, text)
        return day

    def _needed(self, within: etree._Element, path: str) -> str:
        text = self._text(within, path)
        if not text:
            raise self._wrong("an entry has the bank's reference", path, "")
        return text

    def _said(self, path: str) -> str:
        return self._text(self._details, path)

    def _text(self, within: etree._Element, path: str) -> str:
        return (within.findtext(_path(path)) or "").strip()

    def _wrong(self, reason: str, field: str, text: str) -> FormatError:
        return FormatError(reason, place=self._place, field=field, text=text)


def _path(path: str) -> str:
    return "/".join(f"{{*}}{part}" for part in path.split("/"))
