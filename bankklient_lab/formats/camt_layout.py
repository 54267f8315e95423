"""Where the columns lie in a camt message: paths of ISO 20022 elements, over all versions from 001.01 on.

A path names its elements below the one that is read. Of several paths with one name the first that the document has
counts, as the variants of the versions exclude each other (BIC, then BICFI; Nm, then Pty/Nm).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import Enum
from types import MappingProxyType
from typing import Any, NamedTuple

from lxml import etree

COLUMNS_NAMESPACE = "urn:bankklient-lab:columns"  # of our own supplementary data, see camt_write
STATUSES = frozenset({"BOOK", "PDNG", "INFO", "FUTR"})
ABSENT = frozenset({"NOTPROVIDED", "NONREF"})  # what the standard and its users write for "none"


class How(Enum):
    """What is kept of an element, when it is not just the text of the first."""

    TEXTS = 1  # the text of each
    MONEY = 2  # text and currency of the first
    MONIES = 3  # text and currency of each
    GROUPS = 4  # of each what `paths` find in it
    PRESENT = 5  # that there is one


class Leaf(NamedTuple):
    """An element that is kept under `name`; a plain name in a table keeps the text of the first."""

    name: str
    how: How
    paths: Mapping[str, Any] = MappingProxyType({})


Paths = Mapping[str, str | Leaf]
Tree = dict[str, Any]  # qualified tag -> name, Leaf (its paths compiled) or Tree; "" -> name of the own text
Found = dict[str, Any]  # name -> text, list of texts, (text, currency), list of Found, True


def _agent(name: str) -> Paths:
    return {
        f"FinInstnId/{path}": name
        for path in (
            "BICFI",
            "BIC",
            "CmbndId/BIC",
            "ClrSysMmbId/MmbId",
            "ClrSysMmbId/Prtry",
            "PrtryId/Id",
            "Othr/Id",
        )
    }


def _account(name: str) -> Paths:
    return {f"Id/{path}": name for path in ("IBAN", "Othr/Id", "BBAN", "UPIC", "PrtryAcct/Id")}


def _below(parent: str, paths: Paths) -> Paths:
    return {f"{parent}/{path}": leaf for path, leaf in paths.items()}


def _party(role: str) -> Paths:
    return {
        **{f"RltdPties/{role}/{path}": f"{role}.name" for path in ("Nm", "Pty/Nm", "Agt/FinInstnId/Nm")},
        **_below(f"RltdPties/{role}Acct", _account(f"{role}.account")),
        **_below(f"RltdAgts/{role}Agt", _agent(f"{role}.bank")),
    }


_CODE = {
    "BkTxCd/Domn/Cd": "domain",
    "BkTxCd/Domn/Fmly/Cd": "family",
    "BkTxCd/Domn/Fmly/SubFmlyCd": "subfamily",
    "BkTxCd/Prtry/Cd": "proprietary_code",
}
_AMOUNTS: Paths = {
    "AmtDtls/InstdAmt/Amt": Leaf("instructed", How.MONEY),
    "AmtDtls/InstdAmt/CcyXchg/XchgRate": "exchange_rate",
    "AmtDtls/TxAmt/CcyXchg/XchgRate": "exchange_rate",
    "AmtDtls/CntrValAmt/CcyXchg/XchgRate": "exchange_rate",
    "Chrgs/TtlChrgsAndTaxAmt": Leaf("total_charges", How.MONEY),
    "Chrgs/Rcrd/Amt": Leaf("charges", How.MONIES),
    "Chrgs/Amt": Leaf("charges", How.MONIES),
}

STRUCTURED: Paths = {
    "CdtrRefInf/Tp/CdOrPrtry/Prtry": "kind",
    "CdtrRefInf/Tp/Prtry": "kind",
    "CdtrRefInf/CdtrRefTp/Prtry": "kind",
    "CdtrRefInf/Ref": "reference",
    "CdtrRefInf/CdtrRef": "reference",
    "AddtlRmtInf": Leaf("more", How.TEXTS),
}

DETAIL: Paths = {
    "Refs/MsgId": "message_id",
    "Refs/AcctSvcrRef": "bank_reference",
    "Refs/PmtInfId": "payment_id",
    "Refs/InstrId": "instruction_id",
    "Refs/EndToEndId": "end_to_end_id",
    "Refs/MndtId": "mandate_id",
    "Amt": Leaf("detail_amount", How.MONEY),
    "AmtDtls/TxAmt/Amt": Leaf("detail_amount", How.MONEY),
    "CdtDbtInd": "detail_side",
    **_CODE,
    **_AMOUNTS,
    **_party("Dbtr"),
    **_party("Cdtr"),
    "RltdPties/Cdtr/Id/PrvtId/Othr/Id": "creditor_id",
    "RltdPties/Cdtr/Pty/Id/PrvtId/Othr/Id": "creditor_id",
    "RltdPties/Cdtr/Id/PrvtId/OthrId/Id": "creditor_id",
    "RltdPties/Cdtr/Id/PrvtId/Othr/SchmeNm/Prtry": "creditor_scheme",
    "RltdPties/Cdtr/Pty/Id/PrvtId/Othr/SchmeNm/Prtry": "creditor_scheme",
    "RmtInf/Ustrd": Leaf("unstructured", How.TEXTS),
    "RmtInf/Strd": Leaf("structured", How.GROUPS, STRUCTURED),
    "RtrInf": Leaf("returned", How.PRESENT),
    "AddtlTxInf": "detail_info",
    f"SplmtryData/Envlp/{{{COLUMNS_NAMESPACE}}}Entry": "own_entry",
    f"SplmtryData/Envlp/{{{COLUMNS_NAMESPACE}}}Detail": "own_detail",
}

ENTRY: Paths = {
    "NtryRef": "entry_reference",
    "Amt": Leaf("amount", How.MONEY),
    "CdtDbtInd": "side",
    "RvslInd": "reversal",
    "Sts": "status",
    "Sts/Cd": "status",
    "Sts/Prtry": "status",
    "BookgDt/Dt": "booking_day",
    "BookgDt/DtTm": "booking_day",
    "ValDt/Dt": "value_day",
    "ValDt/DtTm": "value_day",
    "AcctSvcrRef": "bank_reference",
    **_CODE,
    **_AMOUNTS,
    "Btch/PmtInfId": "batch_reference",
    "Btch/MsgId": "batch_reference",
    "TxDtls": Leaf("details", How.GROUPS, DETAIL),
    "NtryDtls/Btch/PmtInfId": "batch_reference",
    "NtryDtls/Btch/MsgId": "batch_reference",
    "NtryDtls/TxDtls": Leaf("details", How.GROUPS, DETAIL),
    "AddtlNtryInf": "entry_info",
}

BALANCE: Paths = {
    "Tp/CdOrPrtry/Cd": "kind",
    "Tp/CdOrPrtry/Prtry": "kind",
    "Tp/Cd": "kind",
    "Tp/Prtry": "kind",
    "Amt": Leaf("amount", How.MONEY),
    "CdtDbtInd": "side",
    "Dt/Dt": "day",
    "Dt/DtTm": "day",
}

ACCOUNT: Paths = {
    **_below("Acct", _account("account")),
    "Acct/Ccy": "currency",
    "Acct/Nm": "account_name",
    "Acct/Ownr/Nm": "owner",
    **_below("Acct/Svcr", _agent("bank")),
}

STATEMENT: Paths = {
    "Id": "id",
    "StmtPgntn/PgNb": "page",
    "RptPgntn/PgNb": "page",
    "NtfctnPgntn/PgNb": "page",
    "ElctrncSeqNb": "number",
    "LglSeqNb": "legal_number",
    "CreDtTm": "created_at",
    "FrToDt/FrDtTm": "first_day",
    "FrToDt/ToDtTm": "last_day",
    **ACCOUNT,
    "Bal": Leaf("balances", How.GROUPS, BALANCE),
    "TxsSummry/TtlNtries/NbOfNtries": "declared_entries",
    "TxsSummry/TtlCdtNtries/Sum": "declared_credit",
    "TxsSummry/TtlDbtNtries/Sum": "declared_debit",
    "AddtlStmtInf": "statement_info",
}

GROUP_HEADER: Paths = {"MsgId": "message_id", "CreDtTm": "created_at", "MsgPgntn/PgNb": "page"}


def compile_paths(paths: Paths, namespace: str) -> Tree:
    """Return `paths` as a tree of qualified tags."""
    tree: Tree = {}
    for path, leaf in paths.items():
        *parents, last = _qualified(path, namespace)
        branch = tree
        for tag in parents:
            below = branch.get(tag)
            if not isinstance(below, dict):  # an element with text of its own, or children ("Sts")
                below = branch[tag] = {} if below is None else {"": below}
            branch = below
        branch[last] = leaf if isinstance(leaf, str) else leaf._replace(paths=compile_paths(leaf.paths, namespace))
    return tree


def _qualified(path: str, namespace: str) -> Iterator[str]:
    own, _, foreign = path.partition("{")  # at most one, last, in a namespace of its own
    for name in own.strip("/").split("/"):
        yield f"{{{namespace}}}{name}" if namespace else name
    if foreign:
        yield "{" + foreign


def gather(element: etree._Element, tree: Mapping[str, Any], found: Found) -> Found:
    """Add what `tree` names below `element` to `found`, and return it; texts already found are kept."""
    for child in element:
        branch = tree.get(child.tag)
        if branch is None:
            continue
        if isinstance(branch, str):
            if found.get(branch) is None:
                found[branch] = child.text
        elif isinstance(branch, dict):
            if "" in branch and child.text and not child.text.isspace():
                found.setdefault(branch[""], child.text)
            gather(child, branch, found)
        else:
            _keep(child, branch, found)
    return found


def _keep(child: etree._Element, leaf: Leaf, found: Found) -> None:
    name, how, paths = leaf
    if how is How.MONEY:
        found.setdefault(name, (child.text, child.get("Ccy")))
    elif how is How.PRESENT:
        found[name] = True
    elif how is How.TEXTS:
        found.setdefault(name, []).append(child.text or "")
    elif how is How.MONIES:
        found.setdefault(name, []).append((child.text, child.get("Ccy")))
    else:
        found.setdefault(name, []).append(gather(child, paths, {}))
