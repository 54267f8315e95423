"""Transactions of OFX to entries."""

from __future__ import annotations

import re

from bankklient_lab.errors import LimitExceeded
from bankklient_lab.formats.base import LIMITS, Hints, Rows, clean
from bankklient_lab.formats.ofx_checked import Checked, Place
from bankklient_lab.formats.ofx_parts import unescape
from bankklient_lab.formats.ofx_statement import Statement, currency_of
from bankklient_lab.formats.ofx_values import TYPES
from bankklient_lab.formats.schema import Kind

_LEAF = re.compile(r"<([\w.]+)>([^<]*)")
_ENTRY_COLUMNS = (
    "statement_no",
    "entry_no",
    "booking_day",
    "value_day",
    "amount",
    "currency",
    "status",
    "reversal",
    "counterparty_name",
    "counterparty_account",
    "counterparty_bank",
    "bank_reference",
    "client_reference",
    "transaction_code",
    "remittance",
    "original_currency",
    "exchange_rate",
    "raw",
    "place",
)


class Transactions:
    """Collects the entries of a file in `rows`."""

    def __init__(self, hints: Hints, values: Checked) -> None:
        self._hints = hints
        self._values = values
        self.rows = Rows(Kind.ENTRY, _ENTRY_COLUMNS)

    def add(self, statement: Statement, kind: str, body: str) -> None:
        """Add what stands within a STMTTRN or STMTTRNP."""
        statement.entries += 1
        place = f"STMTTRN {statement.entries} of {statement.place}"
        at = Place(statement.number, statement.entries, place)
        if len(body) > LIMITS.field_chars:
            raise LimitExceeded(f"the transaction has more than {LIMITS.field_chars} characters", place=place)
        leaves: dict[str, str] = {}
        for tag, text in _LEAF.findall(body):
            value = text.strip()
            if value:
                leaves.setdefault(tag.upper() if tag.islower() else tag, unescape(value))
        get = leaves.get
        type_ = get("TRNTYPE")
        if type_ is None or type_.upper() not in TYPES:
            code = "unknown_code" if type_ else "missing_field"
            self._values.note(code, at, "TRNTYPE", type_ or "")
        day = get("DTPOSTED") or get("DTTRAN")
        if day is None:
            self._values.note("missing_field", at, "DTPOSTED", "")
        currency, original = self._currencies(statement, leaves, body, at)
        self.rows.rows.append(
            (
                statement.number,
                at.entry_no,
                self._values.day(day, at, "DTPOSTED"),
                self._values.day(get("DTAVAIL"), at, "DTAVAIL"),
                self._values.amount(get("TRNAMT", ""), at, "TRNAMT"),
                currency,
                "PDNG" if len(kind) > len("STMTTRN") or type_ == "HOLD" else "BOOK",
                False,
                clean(get("NAME") or get("EXTDNAME")),
                get("ACCTID"),
                get("BANKID"),
                get("FITID"),
                get("CHECKNUM") or get("CHKNUM") or get("REFNUM"),
                type_,
                clean(get("MEMO")),
                original,
                get("CURRATE"),
                body.strip(),
                place,
            )
        )

    def _currencies(self, statement: Statement, leaves: dict[str, str], body: str, at: Place) -> tuple[str, str | None]:
        """Return the currency of TRNAMT and the one before conversion.

        Within CURRENCY the symbol is that of TRNAMT; within ORIGCURRENCY TRNAMT is converted already.
        """
        own = statement.currency or currency_of(statement, self._hints)
        symbol = leaves.get("CURSYM")
        if symbol is None or symbol == own:
            return own, None
        if "<ORIGCURRENCY>" in body.upper():
            return own, symbol
        self._values.note("currency_differs", at, "CURSYM", symbol)
        return symbol, None

    def add_security(self, statement: Statement, given: dict[str, str]) -> None:
        """Add a securities transaction as an entry for information; `given[""]` is its name."""
        statement.entries += 1
        statement.securities += 1
        place = f"{given['']} as entry {statement.entries} of {statement.place}"
        at = Place(statement.number, statement.entries, place)
        total = given.get("TOTAL")
        raw = " ".join(f"{name}={value}" for name, value in given.items() if name)
        values: dict[str, object] = dict.fromkeys(_ENTRY_COLUMNS)
        values |= {
            "statement_no": statement.number,
            "entry_no": statement.entries,
            "booking_day": self._values.day(given.get("DTTRADE"), at, "DTTRADE"),
            "value_day": self._values.day(given.get("DTSETTLE"), at, "DTSETTLE"),
            "amount": self._values.amount(total, at, "TOTAL") if total else None,
            "currency": statement.currency or currency_of(statement, self._hints),
            "status": "INFO",
            "reversal": False,
            "bank_reference": given.get("FITID"),
            "transaction_code": given[""],
            "remittance": clean(given.get("MEMO")),
            "raw": raw[: LIMITS.field_chars],
            "place": place,
        }
        self.rows.rows.append(tuple(values.values()))
