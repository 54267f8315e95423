"""Where the columns lie in a camt message: paths of ISO 20022 elements, over all versions from 001.01 on.

A path names its elements below the one that is read. Of several paths with one name the first that the document has
counts, as the variants of the versions exclude each other (BIC, then BICFI; Nm, then Pty/Nm).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import Enum
from typing import Any, NamedTuple

from lxml import etree

COLUMNS_NAMESPACE = "urn:bankklient-lab:columns"  # of our own supplementary data, see camt_write
ABSENT = frozenset({"NOTPROVIDED", "NONREF"})  # what the standard and its users write for "none"


class How(Enum):
    """What is kept of an element."""

    TEXTS = 1  # the text of each
    MONEY = 2  # text and currency of the first
    MONIES = 3  # text and currency of each
    ELEMENTS = 4  # each as it is


class Leaf(NamedTuple):
    """An element that is kept under `name`; a plain name in a table keeps the text of the first."""

    name: str
    how: How


Paths = Mapping[str, str | Leaf]
Tree = dict[str, Any]  # qualified tag -> name, Leaf or Tree
Found = dict[str, Any]  # name -> text, list of texts, (text, currency), list of elements


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

ENTRY: Paths = {
    "NtryRef": "entry_reference",
    "Amt": Leaf("amount", How.MONEY),
    "CdtDbtInd": "side",
    "RvslInd": "reversal",
    "Sts": Leaf("status", How.ELEMENTS),
    "BookgDt/Dt": "booking_day",
    "BookgDt/DtTm": "booking_day",
    "ValDt/Dt": "value_day",
    "ValDt/DtTm": "value_day",
    "AcctSvcrRef": "bank_reference",
    **_CODE,
    **_AMOUNTS,
    "Btch/PmtInfId": "batch_reference",
    "Btch/MsgId": "batch_reference",
    "TxDtls": Leaf("details", How.ELEMENTS),
    "NtryDtls/Btch/PmtInfId": "batch_reference",
    "NtryDtls/Btch/MsgId": "batch_reference",
    "NtryDtls/TxDtls": Leaf("details", How.ELEMENTS),
    "AddtlNtryInf": "entry_info",
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
    "RmtInf/Strd": Leaf("structured", How.ELEMENTS),
    "RtrInf": Leaf("returned", How.ELEMENTS),
    "AddtlTxInf": "detail_info",
    f"SplmtryData/Envlp/{{{COLUMNS_NAMESPACE}}}Columns": Leaf("own_columns", How.ELEMENTS),
}

STRUCTURED: Paths = {
    "CdtrRefInf/Tp/CdOrPrtry/Prtry": "kind",
    "CdtrRefInf/Tp/Prtry": "kind",
    "CdtrRefInf/CdtrRefTp/Prtry": "kind",
    "CdtrRefInf/Ref": "reference",
    "CdtrRefInf/CdtrRef": "reference",
    "AddtlRmtInf": Leaf("more", How.TEXTS),
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
    "Bal": Leaf("balances", How.ELEMENTS),
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
            branch = branch.setdefault(tag, {})
        branch[last] = leaf
    return tree


def _qualified(path: str, namespace: str) -> Iterable[str]:
    own, _, foreign = path.partition("{")  # at most one, last, in a namespace of its own
    for name in own.strip("/").split("/"):
        yield f"{{{namespace}}}{name}" if namespace else name
    if foreign:
        yield "{" + foreign


def gather(element: etree._Element, tree: Tree, found: Found) -> Found:
    """Add what `tree` names below `element` to `found`, and return it; names already found are kept."""
    for child in element:
        branch = tree.get(child.tag)
        if branch is None:
            continue
        kind = branch.__class__
        if kind is str:
            if found.get(branch) is None:
                found[branch] = child.text
        elif kind is dict:
            gather(child, branch, found)
        else:
            _keep(child, branch, found)
    return found


def _keep(child: etree._Element, leaf: Leaf, found: Found) -> None:
    name, how = leaf
    if how is How.MONEY:
        if name not in found:
            found[name] = (child.text, child.get("Ccy"))
    elif how is How.ELEMENTS:
        found.setdefault(name, []).append(child)
    elif how is How.TEXTS:
        found.setdefault(name, []).append(child.text or "")
    else:
        found.setdefault(name, []).append((child.text, child.get("Ccy")))
