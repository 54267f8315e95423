"""What a bank answers on orders, and wishes to revoke them: written and read.

pain.002.001.10 has the states of orders, camt.055.001.08 asks to cancel some, camt.029.001.09 says what became of that.
An order is named by its InstrId. The statuses of pain.002 stand for those of the codebook order_statuses:

    ACCP  RV  checked, waits for its maturity        ACSC  OK  posted
    ACSP  PR  in processing; funds may be held        RJCT  ER  rejected, with a number of bank_rejections
    PDNG  IS  waits for funds

and those of camt.029 for revocation_statuses: CNCL 4 (done), RJCR with the reason ARDT 6 (already posted), NOOR 7 (not
found) or CUST 5 (refused as wrong).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple
from xml.sax.saxutils import escape

from bankklient_lab.errors import BadArgument, FormatError
from bankklient_lab.formats.batches import DECLARATION, ISO_NAMESPACE, Message, root_of
from bankklient_lab.formats.camt_tags import check_text, plain, tag
from bankklient_lab.money import exact

if TYPE_CHECKING:
    from lxml import etree

STATUS_MESSAGE = "pain.002.001.10"
CANCELLATION_MESSAGE = "camt.055.001.08"
RESOLUTION_MESSAGE = "camt.029.001.09"
STATUSES = {"RV": "ACCP", "PR": "ACSP", "IS": "PDNG", "OK": "ACSC", "ER": "RJCT"}
RESOLUTIONS = {4: ("CNCL", ""), 5: ("RJCR", "CUST"), 6: ("RJCR", "ARDT"), 7: ("RJCR", "NOOR")}
REASON_CHARACTERS = 105

_STATUS_OF = {iso: code for code, iso in STATUSES.items()}
_RESOLUTION_OF = {words: code for code, words in RESOLUTIONS.items()}
_HELD = "HELD"  # the bank's own reason in which it reports a hold
_HELD_TEXT = re.compile(r"([A-Z]{3}) (\d{1,15}(?:\.\d{1,3})?)", re.ASCII)
_ORDER_ID = re.compile(r"[1-9]\d{0,17}", re.ASCII)
_REJECTION = re.compile(r"[1-9]\d{2}", re.ASCII)


class OrderAnswer(NamedTuple):
    """What became of one order: `status` is RV, PR, IS, OK or ER, `reason` a number of bank_rejections for ER.

    `held` is what the bank blocked for it, in `held_currency`, that of the debited account.
    """

    order_id: int
    status: str
    reason: int | None = None
    text: str | None = None
    bank_reference: str | None = None
    held: Decimal | None = None
    held_currency: str | None = None


class RevocationAnswer(NamedTuple):
    """What became of a wish to revoke: `result` is 4, 5, 6 or 7 of revocation_statuses."""

    order_id: int
    result: int
    text: str | None = None


class Answered(NamedTuple):
    """The answers of one message to the batch `original` ("1/20260007")."""

    original: str
    answers: list[OrderAnswer]


def write_status(original: str, answers: Sequence[OrderAnswer], message_id: str, created_at: datetime) -> Message:
    """Return a pain.002; BadArgument for an answer without its reason."""
    header = tag("GrpHdr", tag("MsgId", escape(message_id)), tag("CreDtTm", _instant(created_at)))
    group = tag(
        "OrgnlGrpInfAndSts", tag("OrgnlMsgId", escape(original)), tag("OrgnlMsgNmId", "pain.001.001.09"),
        tag("OrgnlNbOfTxs", str(len(answers))),
    )  # fmt: skip
    orders = "\n".join(_status(answer) for answer in answers)
    payments = tag("OrgnlPmtInfAndSts", tag("OrgnlPmtInfId", escape(original)), orders) if answers else ""
    return _message(STATUS_MESSAGE, "CstmrPmtStsRpt", header, group, payments)


def write_cancellation(order_ids: Sequence[int], message_id: str, created_at: datetime) -> Message:
    """Return a camt.055 that asks to cancel orders."""
    party = tag("Pty", tag("Nm", "NOTPROVIDED"))
    assignment = tag(
        "Assgnmt", tag("Id", escape(message_id)), tag("Assgnr", party), tag("Assgne", party),
        tag("CreDtTm", _instant(created_at)),
    )  # fmt: skip
    orders = "\n".join(tag("TxInf", tag("OrgnlInstrId", str(order_id))) for order_id in order_ids)
    payments = tag("Undrlyg", tag("OrgnlPmtInfAndCxl", tag("OrgnlPmtInfId", escape(message_id)), orders))
    total = tag("CtrlData", tag("NbOfTxs", str(len(order_ids))))
    return _message(CANCELLATION_MESSAGE, "CstmrPmtCxlReq", assignment, total, payments)


def write_resolution(
    original: str, answers: Sequence[RevocationAnswer], message_id: str, created_at: datetime
) -> Message:
    """Return a camt.029 that answers a camt.055."""
    party = tag("Pty", tag("Nm", "NOTPROVIDED"))
    assignment = tag(
        "Assgnmt", tag("Id", escape(message_id)), tag("Assgnr", party), tag("Assgne", party),
        tag("CreDtTm", _instant(created_at)),
    )  # fmt: skip
    orders = "\n".join(_resolution(answer) for answer in answers)
    details = tag("CxlDtls", tag("OrgnlPmtInfAndSts", tag("OrgnlPmtInfId", escape(original)), orders))
    return _message(RESOLUTION_MESSAGE, "RsltnOfInvstgtn", assignment, tag("Sts", tag("Conf", "INFO")), details)


def read_status(message: Message) -> Answered:
    """Return the answers of a pain.002; FormatError, with the place, for one that can't be told."""
    root = _root(message, STATUS_MESSAGE)
    original = root.findtext(".//{*}OrgnlGrpInfAndSts/{*}OrgnlMsgId") or ""
    found = [_read_status(element, place) for element, place in _elements(root, "TxInfAndSts")]
    stated = root.findtext(".//{*}OrgnlGrpInfAndSts/{*}OrgnlNbOfTxs")
    if stated != str(len(found)):
        reason = f"the message states another number of orders than its {len(found)}"
        raise FormatError(reason, field="OrgnlNbOfTxs", text=stated or "")
    return Answered(original, found)


def read_cancellation(message: Message) -> list[int]:
    """Return the orders that a camt.055 asks to cancel; FormatError, with the place, otherwise."""
    root = _root(message, CANCELLATION_MESSAGE)
    found = [_order_id(element, place) for element, place in _elements(root, "TxInf")]
    stated = root.findtext(".//{*}CtrlData/{*}NbOfTxs")
    if stated != str(len(found)):
        reason = f"the message states another number of orders than its {len(found)}"
        raise FormatError(reason, field="NbOfTxs", text=stated or "")
    return found


def read_resolution(message: Message) -> list[RevocationAnswer]:
    """Return the answers of a camt.029; FormatError, with the place, for one that can't be told."""
    found = []
    for element, place in _elements(_root(message, RESOLUTION_MESSAGE), "TxInfAndSts"):
        words = (_text(element, "TxCxlSts"), _text(element, "CxlStsRsnInf/Rsn/Cd"))
        if words not in _RESOLUTION_OF:
            raise FormatError("this is no known result", place=place, field="TxCxlSts", text=" ".join(words))
        text = _text(element, "CxlStsRsnInf/AddtlInf") or None
        found.append(RevocationAnswer(_order_id(element, place), _RESOLUTION_OF[words], text))
    return found


def _message(name: str, element: str, *parts: str) -> Message:
    body = "\n".join(filter(None, parts))
    text = f'<Document xmlns="{ISO_NAMESPACE}{name}">\n<{element}>\n{body}\n</{element}>\n</Document>\n'
    return Message(name, DECLARATION + text.encode())


def _instant(at: datetime) -> str:
    return at.isoformat(timespec="seconds")


def _status(answer: OrderAnswer) -> str:
    if (answer.reason is None) == (answer.status == "ER"):
        raise BadArgument(f"order {answer.order_id}: a rejected order has a reason, another one has none")
    text = answer.text or ""
    check_text(text, f"order {answer.order_id}", "text")
    reasons = ""
    if answer.reason is not None or text:
        code = tag("Rsn", tag("Prtry", str(answer.reason))) if answer.reason is not None else ""
        pieces = [text[at : at + REASON_CHARACTERS] for at in range(0, len(text), REASON_CHARACTERS)]
        reasons = tag("StsRsnInf", code, *(tag("AddtlInf", escape(piece)) for piece in pieces))
    if answer.held is not None:
        assert answer.held_currency is not None
        held = f"{answer.held_currency} {plain(answer.held, answer.held_currency)}"
        reasons += tag("StsRsnInf", tag("Rsn", tag("Prtry", _HELD)), tag("AddtlInf", held))
    return tag(
        "TxInfAndSts",
        tag("OrgnlInstrId", str(answer.order_id)),
        tag("TxSts", STATUSES[answer.status]),
        reasons,
        tag("AcctSvcrRef", escape(answer.bank_reference or "")),
    )


def _resolution(answer: RevocationAnswer) -> str:
    status, code = RESOLUTIONS[answer.result]
    reason = tag("Rsn", tag("Cd", code)) if code else ""
    text = tag("AddtlInf", escape((answer.text or "")[:REASON_CHARACTERS]))
    return tag(
        "TxInfAndSts",
        tag("OrgnlInstrId", str(answer.order_id)),
        tag("TxCxlSts", status),
        tag("CxlStsRsnInf", reason, text),
    )


def _read_status(element: etree._Element, place: str) -> OrderAnswer:
    iso = _text(element, "TxSts")
    if iso not in _STATUS_OF:
        raise FormatError(f"there are {', '.join(_STATUS_OF)}", place=place, field="TxSts", text=iso)
    reason: int | None = None
    held: tuple[Decimal, str] | None = None
    text = ""
    for one in element.iterfind("{*}StsRsnInf"):
        code = _text(one, "Rsn/Prtry")
        words = "".join(part.text or "" for part in one.iterfind("{*}AddtlInf"))
        if code == _HELD:
            held = _held(words, place)
            continue
        text += words
        if code and not _REJECTION.fullmatch(code):
            raise FormatError("a reason is a number of three digits", place=place, field="StsRsnInf", text=code)
        reason = int(code) if code else reason
    if (reason is None) == (iso == "RJCT"):
        raise FormatError("a rejected order has a reason, another one has none", place=place, field="TxSts", text=iso)
    return OrderAnswer(
        _order_id(element, place), _STATUS_OF[iso], reason, text or None, _text(element, "AcctSvcrRef") or None,
        held[0] if held else None, held[1] if held else None,
    )  # fmt: skip


def _held(words: str, place: str) -> tuple[Decimal, str]:
    found = _HELD_TEXT.fullmatch(words)
    if found is None:
        raise FormatError("a hold is a currency and an amount", place=place, field="AddtlInf", text=words)
    return exact(Decimal(found[2])), found[1]


def _root(message: Message, name: str) -> etree._Element:
    if message.name != name:
        raise FormatError(f"a {name} is needed", text=message.name)
    return root_of(message)


def _elements(root: etree._Element, name: str) -> Iterator[tuple[etree._Element, str]]:
    for number, element in enumerate(root.iterfind(f".//{{*}}{name}"), start=1):
        yield element, f"{name} {number}"


def _text(element: etree._Element, path: str) -> str:
    found = element.findtext("/".join(f"{{*}}{part}" for part in path.split("/")))
    return (found or "").strip()


def _order_id(element: etree._Element, place: str) -> int:
    text = _text(element, "OrgnlInstrId")
    if not _ORDER_ID.fullmatch(text):
        raise FormatError("an order has a number", place=place, field="OrgnlInstrId", text=text)
    return int(text)
