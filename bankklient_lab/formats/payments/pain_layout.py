"""Where the columns lie in a pain message: paths of ISO 20022 elements, over the versions that are read.

pain.001 asks to transfer (versions 03 to 13), pain.008 to collect (02 to 11). What a payment does not say itself its
group (PmtInf) says for all.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from bankklient_lab.formats.camt_layout import STRUCTURED, How, Leaf, Paths


class Message(NamedTuple):
    """One kind of message: its elements, and which party is the client."""

    name: str
    document: str
    payment: str
    own: str
    counter: str
    day: str
    methods: tuple[str, ...]
    kind: str  # of the payments; pain.001 looks at the accounts
    versions: re.Pattern[str]


MESSAGES = {
    message.name: message
    for message in (
        Message(
            "pain.001", "CstmrCdtTrfInitn", "CdtTrfTxInf", "Dbtr", "Cdtr", "ReqdExctnDt", ("TRF", "TRA"), "",
            re.compile(r"urn:iso:std:iso:20022:tech:xsd:pain\.001\.001\.(0[3-9]|1[0-3])"),
        ),
        Message(
            "pain.008", "CstmrDrctDbtInitn", "DrctDbtTxInf", "Cdtr", "Dbtr", "ReqdColltnDt", ("DD",), "collection",
            re.compile(r"urn:iso:std:iso:20022:tech:xsd:pain\.008\.001\.(0[2-9]|1[01])"),
        ),
    )
}  # fmt: skip

HEADER: Paths = {
    "MsgId": "message_id",
    "CreDtTm": "created_at",
    "NbOfTxs": "count",
    "CtrlSum": "sum",
    "InitgPty/Nm": "initiator",
}
_TYPE: Paths = {
    "PmtTpInf/InstrPrty": "priority",
    "PmtTpInf/SvcLvl/Cd": "service_level",
    "PmtTpInf/SvcLvl/Prtry": "service_level",
    "PmtTpInf/LclInstrm/Cd": "local_instrument",
    "PmtTpInf/LclInstrm/Prtry": "local_instrument",
    "PmtTpInf/SeqTp": "sequence_type",
    "PmtTpInf/CtgyPurp/Cd": "category_purpose",
    "PmtTpInf/CtgyPurp/Prtry": "category_purpose",
}
_ADDRESS: Paths = {
    "StrtNm": "street",
    "BldgNb": "building",
    "AdrLine": Leaf("lines", How.TEXTS),
    "PstCd": "post_code",
    "TwnNm": "town",
    "Ctry": "country",
}
ORDER_NAMESPACE = "urn:bankklient:order:1"  # of our own supplementary data: the canonical text of an order
_CREDITOR_ID = "CdtrSchmeId/Id/PrvtId/Othr/Id"


def _side(role: str, name: str) -> Paths:
    agent = f"{role}Agt/FinInstnId"
    return {
        f"{role}/Nm": f"{name}_name",
        f"{role}/PstlAdr": Leaf(f"{name}_address", How.GROUPS, _ADDRESS),
        f"{role}Acct/Id/IBAN": f"{name}_iban",
        f"{role}Acct/Id/Othr/Id": f"{name}_other",
        f"{agent}/BIC": f"{name}_bic",
        f"{agent}/BICFI": f"{name}_bic",
        f"{agent}/ClrSysMmbId/ClrSysId/Cd": f"{name}_clearing",
        f"{agent}/ClrSysMmbId/MmbId": f"{name}_member",
        f"{agent}/Othr/Id": f"{name}_agent",
        f"{agent}/Nm": f"{name}_bank_name",
        f"{agent}/PstlAdr": Leaf(f"{name}_bank_address", How.GROUPS, _ADDRESS),
    }


def group_paths(message: Message) -> Paths:
    """Return where the head of a group has what."""
    return {
        "PmtInfId": "reference",
        "PmtMtd": "method",
        "NbOfTxs": "count",
        "CtrlSum": "sum",
        **_TYPE,
        message.day: "maturity",
        f"{message.day}/Dt": "maturity",
        f"{message.day}/DtTm": "maturity",
        **_side(message.own, "own"),
        "ChrgBr": "charge_bearer",
        _CREDITOR_ID: "creditor_id",
    }


def payment_paths(message: Message) -> Paths:
    """Return where a payment has what."""
    return {
        "PmtId/InstrId": "client_reference",
        "PmtId/EndToEndId": "end_to_end_id",
        **_TYPE,
        "Amt/InstdAmt": Leaf("amount", How.MONEY),
        "InstdAmt": Leaf("amount", How.MONEY),
        "Amt/EqvtAmt/Amt": Leaf("equivalent", How.MONEY),
        "Amt/EqvtAmt/CcyOfTrf": "equivalent_currency",
        "XchgRateInf/XchgRate": "exchange_rate",
        "ChrgBr": "charge_bearer",
        "DrctDbtTx/MndtRltdInf/MndtId": "mandate_id",
        "DrctDbtTx/MndtRltdInf/DtOfSgntr": "mandate_day",
        f"DrctDbtTx/{_CREDITOR_ID}": "creditor_id",
        **_side(message.counter, "counter"),
        "InstrForCdtrAgt": Leaf("instructions", How.GROUPS, {"Cd": "code", "InstrInf": "words"}),
        "Purp/Cd": "purpose",
        "Purp/Prtry": "purpose",
        "RmtInf/Ustrd": Leaf("unstructured", How.TEXTS),
        "RmtInf/Strd": Leaf("structured", How.GROUPS, STRUCTURED),
        f"SplmtryData/Envlp/{{{ORDER_NAMESPACE}}}Order": "order_text",
    }
