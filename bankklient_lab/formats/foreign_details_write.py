"""Writes details of booked foreign payments as a camt.054.001.08."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from itertools import groupby
from xml.sax.saxutils import escape

from bankklient_lab.formats.batches import DECLARATION, ISO_NAMESPACE, Message
from bankklient_lab.formats.camt_tags import account as account_tag
from bankklient_lab.formats.camt_tags import check_text, leaf, money, tag
from bankklient_lab.formats.foreign_details import (
    NOTIFICATION_MESSAGE,
    RECEIVERS,
    SENDERS,
    Charge,
    ForeignDetail,
    Institution,
    Party,
)

_LINE_CHARS, _LINES_MAX = 70, 7  # of an address


def write_details(details: Sequence[ForeignDetail], message_id: str, created_at: datetime) -> Message:
    """Return the message; details of one account follow each other. BadArgument for characters that XML has not."""
    for detail in details:
        check_text(_texts(detail), f"payment {detail.bank_reference}", "text")
    at = tag("CreDtTm", created_at.isoformat(timespec="seconds"))
    accounts = groupby(details, key=lambda one: (one.account, one.account_currency))
    notifications = "".join(
        tag(
            "Ntfctn",
            tag("Id", escape(f"{message_id}-{number}")),
            at,
            account_tag("Acct", account).replace("</Acct>", f"{tag('Ccy', currency)}</Acct>"),
            "\n",
            *(f"{_entry(one)}\n" for one in of_account),
        )
        for number, ((account, currency), of_account) in enumerate(accounts, start=1)
    )
    head = tag("GrpHdr", tag("MsgId", escape(message_id)), at)
    text = (
        f'<Document xmlns="{ISO_NAMESPACE}{NOTIFICATION_MESSAGE}">\n<BkToCstmrDbtCdtNtfctn>\n{head}\n{notifications}\n'
        "</BkToCstmrDbtCdtNtfctn>\n</Document>\n"
    )
    return Message(NOTIFICATION_MESSAGE, DECLARATION + text.encode())


def _texts(values: Iterable[object]) -> str:
    """Return all texts of a detail."""
    found = (_texts(one) if isinstance(one, tuple | list) else one for one in values)
    return " ".join(one for one in found if isinstance(one, str))


def _entry(one: ForeignDetail) -> str:
    side = tag("CdtDbtInd", "DBIT" if one.outgoing else "CRDT")
    total = money("Amt", one.total, one.account_currency)
    domain, family, subfamily = one.transaction_code.split("/")
    code = tag("Domn", tag("Cd", domain), tag("Fmly", tag("Cd", family), tag("SubFmlyCd", subfamily)))
    return tag(
        "Ntry", total, side, tag("Sts", tag("Cd", "BOOK")), tag("BookgDt", tag("Dt", str(one.booking_day))),
        tag("ValDt", tag("Dt", str(one.value_day))), leaf("AcctSvcrRef", one.bank_reference, 35),
        tag("BkTxCd", code), tag("NtryDtls", tag("TxDtls", _references(one), total, side, _transaction(one))),
    )  # fmt: skip


def _references(one: ForeignDetail) -> str:
    return tag(
        "Refs", leaf("AcctSvcrRef", one.bank_reference, 35), leaf("InstrId", one.order_number, 35),
        leaf("EndToEndId", one.end_to_end_id, 35), leaf("AcctOwnrTxId", one.client_identification, 35),
    )  # fmt: skip


def _transaction(one: ForeignDetail) -> str:
    where = (("EMAL" if "@" in one.confirmation else "FAXI"), one.confirmation)
    confirmation = tag("RmtLctnDtls", tag("Mtd", where[0]), leaf("ElctrncAdr", where[1], 2048)) if where[1] else ""
    return "".join((
        _amounts(one),
        _charges(one),
        tag("RltdPties", *_party("Dbtr", one.orderer), *_party("Cdtr", one.recipient)),
        tag(
            "RltdAgts", _institution("DbtrAgt", one.orderer_bank), _institution("CdtrAgt", one.recipient_bank),
            _correspondent(SENDERS, one.senders_correspondent), _correspondent(RECEIVERS, one.receivers_correspondent),
        ),
        tag("RltdRmtInf", confirmation),
        tag("RmtInf", *(leaf("Ustrd", line, 140) for line in one.remittance.split("\n"))),
        leaf("AddtlTxInf", one.instructions, 500),
    ))  # fmt: skip


def _amounts(one: ForeignDetail) -> str:
    exchange = ""
    if one.rate is not None:
        exchange = tag(
            "CcyXchg", tag("SrcCcy", one.payment_currency), tag("TrgtCcy", one.rate.currency),
            tag("UnitCcy", one.payment_currency), tag("XchgRate", _plain_rate(one.rate.rate)),
            leaf("CtrctId", one.bank_reference if one.rate.agreed else "", 35),
        )  # fmt: skip
    return tag(
        "AmtDtls",
        tag("InstdAmt", money("Amt", one.ordered, one.ordered_currency)),
        tag("TxAmt", money("Amt", one.payment, one.payment_currency)),
        tag("CntrValAmt", money("Amt", one.equivalent, one.account_currency), exchange),
    )


def _charges(one: ForeignDetail) -> str:
    """Return the charges; who bears them is said also when there is none, by a charge of 0."""
    charges = one.charges or [Charge("", Decimal(0), one.account_currency, one.charge_bearer)]
    return tag("Chrgs", *(
        tag(
            "Rcrd", money("Amt", charge.amount, charge.currency), tag("CdtDbtInd", "DBIT"),
            tag("Tp", tag("Prtry", leaf("Id", charge.name, 35))), tag("Br", charge.bearer),
        )
        for charge in charges
    ))  # fmt: skip


def _party(name: str, party: Party) -> tuple[str, str]:
    who = tag("Pty", leaf("Nm", party.name, 140), _address(party.address)) if party.name or party.address else ""
    return tag(name, who), account_tag(f"{name}Acct", party.account)


def _institution(name: str, bank: Institution) -> str:
    first, _, rest = bank.name.partition("\n")
    return tag(name, tag("FinInstnId", leaf("BICFI", bank.bic, 11), leaf("Nm", first, 140), _address(rest)))


def _correspondent(kind: str, bank: Institution) -> str:
    who = _institution("Agt", bank)
    return tag("Prtry", tag("Tp", kind), who) if who else ""


def _address(lines: str) -> str:
    return tag("PstlAdr", *(leaf("AdrLine", line, _LINE_CHARS) for line in lines.split("\n")[:_LINES_MAX]))


def _plain_rate(rate: Decimal) -> str:
    text = format(rate, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
