"""One entry as camt.053.001.08, with its details, and read back at once: see camt_write for what that is for."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any
from xml.sax.saxutils import escape

from lxml import etree

from bankklient_lab.errors import BadArgument
from bankklient_lab.formats import camt_layout as layout
from bankklient_lab.formats.camt_entry import (
    PARTY_AND_REFERENCES,
    REMITTANCE_CHARS,
    SYMBOLS,
    is_debtor,
    party_and_references,
)
from bankklient_lab.formats.camt_layout import COLUMNS_NAMESPACE, Found
from bankklient_lab.formats.camt_shapes import Shapes
from bankklient_lab.formats.camt_tags import account, agent, check_text, is_currency, leaf, money, side, tag
from bankklient_lab.formats.camt_values import exact_amount

Row = Mapping[str, Any]


class EntryWriter:
    """Writes the entries of one statement; `own_account` is the statement's."""

    def __init__(self, namespace: str, own_account: str) -> None:
        self._own_account = own_account
        element = etree.fromstring(f'<Ntry xmlns="{namespace}"/>')
        self._shapes = Shapes(layout.ENTRY, element)

    def write(self, row: Row, details: Sequence[Row], place: str) -> str:
        """Return one entry; BadArgument when camt.053 can't carry it."""
        _check(row, place)
        for detail in details:
            _check(detail, place, entry=row)
        if len(details) == 1:
            raise BadArgument(f"{place}: a single detail belongs into the entry itself")
        none = [""] * (len(details) or 1)
        found = self._shapes.find(_entry(row, details, none), place)
        parts: list[Found] = found.get("details", [{}])
        if not details:
            found = parts[0] | found
        columns = self._back(found, row, row)
        own = [_own("Entry", row, columns), *none[1:]]
        for at, detail in enumerate(details):
            own[at] += _own("Detail", detail, self._back(parts[at], detail, row))
        return _entry(row, details, own) + "\n"

    def _back(self, found: Found, row: Row, entry: Row) -> tuple[Any, ...]:
        """Return the columns that reading gives back."""
        currency = row["currency"] or entry["currency"]
        return party_and_references(found, _credit(row), bool(entry["reversal"]), currency, self._own_account)


def _check(row: Row, place: str, *, entry: Row | None = None) -> None:
    for name in PARTY_AND_REFERENCES:
        if isinstance(row[name], str):
            check_text(row[name], place, name)
    if row["amount"] is None:
        raise BadArgument(f"{place} has no amount, which camt.053 requires")
    if not is_currency(row["currency"] or (entry or row)["currency"]):
        raise BadArgument(f"{place} has no currency code, which camt.053 requires")
    if entry is None and row["status"] not in layout.STATUSES | {None}:
        raise BadArgument(f"{place}: status {row['status']!r} is none of {', '.join(sorted(layout.STATUSES))}")


def _credit(row: Row) -> bool:
    amount: Decimal = row["amount"]
    return amount >= 0


def _entry(row: Row, details: Sequence[Row], own: Sequence[str]) -> str:
    status = tag("Cd", row["status"]) if row["status"] else tag("Prtry", "NOTPROVIDED")
    count = row["detail_count"] or 0
    batch = tag(
        "Btch",
        leaf("PmtInfId", row["client_reference"], 35) if details else "",
        tag("NbOfTxs", str(count) if count > 1 else ""),
    )
    if details:
        parts = "".join(_detail(detail, row, text) for detail, text in zip(details, own, strict=True))
    else:
        references = _references(row, bank_reference=False)
        parts = tag("TxDtls", references, *_parties(row, row), _remittance(row), own[0])
    return tag(
        "Ntry",
        money("Amt", abs(row["amount"]), row["currency"]),
        side(row["amount"]),
        tag("RvslInd", "true") if row["reversal"] else "",
        tag("Sts", status),
        _day("BookgDt", row["booking_day"]),
        _day("ValDt", row["value_day"]),
        leaf("AcctSvcrRef", row["bank_reference"], 35),
        _code(row) or "<BkTxCd/>",
        _original(row, row["currency"]),
        _charges(row, row["currency"]),
        tag("NtryDtls", batch, parts),
        leaf("AddtlNtryInf", row["additional_info"], 500),
    )


def _detail(row: Row, entry: Row, own: str) -> str:
    currency = row["currency"] or entry["currency"]
    return tag(
        "TxDtls",
        _references(row, bank_reference=True),
        money("Amt", abs(row["amount"]), currency),
        side(row["amount"]),
        _original(row, currency),
        _code(row),
        _charges(row, currency),
        *_parties(row, entry),
        _remittance(row),
        leaf("AddtlTxInf", row["additional_info"], 500),
        own,
    )


def _references(row: Row, *, bank_reference: bool) -> str:
    return tag(
        "Refs",
        leaf("AcctSvcrRef", row["bank_reference"], 35) if bank_reference else "",
        leaf("InstrId", row["client_reference"], 35),
        leaf("EndToEndId", row["end_to_end_id"], 35),
        leaf("MndtId", row["mandate_id"], 35),
    )


def _parties(row: Row, entry: Row) -> tuple[str, str]:
    debtor = is_debtor(_credit(row), bool(entry["reversal"]))
    role = "Dbtr" if debtor else "Cdtr"
    name = leaf("Nm", row["counterparty_name"], 140)
    scheme = tag("SchmeNm", tag("Prtry", "SEPA"))
    creditor = row["creditor_id"]
    identified = tag("Id", tag("PrvtId", tag("Othr", leaf("Id", creditor, 35), scheme))) if creditor else ""
    number = account(f"{role}Acct", row["counterparty_account"])
    if debtor:
        parties = tag("Dbtr", tag("Pty", name)) + number + tag("Cdtr", tag("Pty", identified))
    else:
        parties = tag("Cdtr", tag("Pty", name, identified)) + number
    return tag("RltdPties", parties), tag("RltdAgts", agent(f"{role}Agt", row["counterparty_bank"]))


def _remittance(row: Row) -> str:
    text: str = row["remittance"] or ""
    starts = range(0, len(text), REMITTANCE_CHARS)
    pieces = [leaf("Ustrd", text[start:], REMITTANCE_CHARS) for start in starts]
    symbols = [
        tag("Strd", tag("CdtrRefInf", _symbol_type(kind), leaf("Ref", f"{kind}:{row[column]}", 35)))
        for kind, column in SYMBOLS.items()
        if row[column]
    ]
    return tag("RmtInf", *pieces, *symbols)


def _symbol_type(kind: str) -> str:
    return tag("Tp", tag("CdOrPrtry", tag("Prtry", kind)))


def _code(row: Row) -> str:
    code: str = row["transaction_code"] or ""
    parts = code.split("/")
    if len(parts) == 3 and all(1 <= len(part) <= 4 for part in parts):
        domain, family, subfamily = map(escape, parts)
        return tag(
            "BkTxCd",
            tag("Domn", tag("Cd", domain), tag("Fmly", tag("Cd", family), tag("SubFmlyCd", subfamily))),
        )
    return tag("BkTxCd", tag("Prtry", leaf("Cd", code, 35)))


def _original(row: Row, currency: str) -> str:
    amount = money("Amt", row["original_amount"], row["original_currency"])
    rate: str = row["exchange_rate"] or ""
    exchange = ""
    if amount and _is_rate(rate):
        exchange = tag(
            "CcyXchg", tag("SrcCcy", row["original_currency"]), tag("TrgtCcy", currency), tag("XchgRate", rate)
        )
    return tag("AmtDtls", tag("InstdAmt", amount, exchange if amount else ""))


def _is_rate(text: str) -> bool:
    """Tell whether a text is a number of at most 11 digits, 10 of them decimals."""
    whole, _, decimals = text.partition(".")
    digits = whole + decimals
    return digits.isascii() and digits.isdigit() and bool(whole) and len(digits) <= 11


def _charges(row: Row, currency: str) -> str:
    return tag("Chrgs", money("TtlChrgsAndTaxAmt", row["charges"], currency))


def _day(name: str, day: date | None) -> str:
    return tag(name, tag("Dt", str(day))) if day else ""


def _own(name: str, row: Row, back: Sequence[Any]) -> str:
    """Return the columns that come back otherwise as supplementary data, "" when none does."""
    own: dict[str, str | None] = {}
    for column, read in zip(PARTY_AND_REFERENCES, back, strict=True):
        value = row[column]
        if isinstance(value, Decimal):
            if read is None or exact_amount(read) != value:
                own[column] = format(value, "f")
        elif (value or None) != read:
            own[column] = value or None
    if not own:
        return ""
    text = escape(json.dumps(own, ensure_ascii=False))
    return tag("SplmtryData", tag("Envlp", f'<{name} xmlns="{COLUMNS_NAMESPACE}">{text}</{name}>'))
