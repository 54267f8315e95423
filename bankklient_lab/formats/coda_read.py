"""The CODA reader: records to statements, entries and details."""

from __future__ import annotations

from typing import Any

from bankklient_lab.errors import FormatError, HintNeeded
from bankklient_lab.formats import coda_communication as communication
from bankklient_lab.formats import coda_layout as layout
from bankklient_lab.formats.base import Hints, clean
from bankklient_lab.formats.line_reader import LineReader, add_line
from bankklient_lab.formats.periods import earlier, first_day
from bankklient_lab.formats.schema import Kind

_DETAIL_OF_DETAIL = "9"


class Reader(LineReader):
    """Reads one file; `read` yields its parts."""

    encodings = ("cp1252", "cp850")

    def __init__(self, hints: Hints) -> None:
        super().__init__(hints)
        self._header: dict[str, Any] | None = None
        self._movement: dict[str, Any] | None = None  # the entry, or the detail that lines now add to
        self._records = 0

    def end_of_file(self, place: str) -> None:
        """Refuse a file that stops before the trailer of a statement."""
        if self._header or not self.last_no:
            raise FormatError("the file stops before the trailer, record 9", place=place)

    def take(self, line: str, place: str) -> None:
        """Take in one record."""
        kind = line[:2] if line[:1] in ("2", "3") else line[:1]
        if kind == "0":
            self._begin_file(line, place)
        elif self._header is None:
            raise FormatError("no header, record 0, stands before it", place=place, text=line)
        elif kind == "1":
            self._begin(self._header, line, place)
        elif self._statement is None:
            raise FormatError("no old balance, record 1, stands before it", place=place, text=line)
        elif kind == "8":
            self._new_balance(self._statement, line, place)
        elif kind == "9":
            self._end(self._header, self._statement, line, place)
        elif kind == "21":
            self._begin_movement(self._statement, line, place)
        else:
            self._further(self._statement, kind, line, place)
        if kind not in ("0", "9"):
            self._records += 1

    def _begin_file(self, line: str, place: str) -> None:
        if self._header:
            raise FormatError("the statement before has no trailer, record 9", place=place, text=line)
        said = layout.HEADER.read(line, place)
        if said["version"] != "2":
            raise FormatError("only version 2 of CODA can be read", place=place, field="version", text=line[127:])
        self._header = {**said, "raw": line}
        self._records = 0

    def _begin(self, header: dict[str, Any], line: str, place: str) -> None:
        if self._statement:
            raise FormatError("the statement before has no trailer, record 9", place=place, text=line)
        said = layout.OLD_BALANCE.read(line, place)
        if said["structure"] not in layout.ACCOUNT_PARTS:
            reason = "0 to 3 are the structures of an account number"
            raise FormatError(reason, place=place, field="structure", text=str(said["structure"]))
        account_end, currency_start = layout.ACCOUNT_PARTS[said["structure"]]
        account = said["account"][:account_end].replace(" ", "") or self.hints.account
        currency = said["account"][currency_start : currency_start + 3].strip() or self.hints.currency
        if not account:
            raise HintNeeded("account", "the old balance names no account", place=place)
        if not currency:
            raise HintNeeded("currency", "the old balance names no currency", place=place)
        self.last_no += 1
        self._statement = {
            "said": said,
            "account": account,
            "currency": currency,
            "raw": [header["raw"], line],
            "place": place,
            "entries": 0,
            "first_day": None,
            "closing": None,
        }

    def _begin_movement(self, statement: dict[str, Any], line: str, place: str) -> None:
        if statement["closing"] is not None:
            raise FormatError("a movement stands after the new balance", place=place, text=line)
        said = layout.MOVEMENT_1.read(line, place, self.noting(place))
        known = said["amount"] is not None and said["side"] is not None
        movement: dict[str, Any] = {
            "statement_no": self.last_no,
            "amount": said["amount"] * said["side"] if known else None,
            "currency": statement["currency"],
            "bank_reference": said["bank_reference"],
            "transaction_code": said["transaction_code"],
            "sequence": said["sequence"],
            "structured": said["structured"] == "1",
            "communication": said["communication"].ljust(53),
            "information": [],
        }
        is_detail = (said["detail"] or "").strip("0") != ""
        if is_detail and self._entry and self._entry["sequence"] == said["sequence"]:
            self._finish_detail()
            add_line(self._entry["raw"], line, place)
            self._movement = movement
            movement["counts"] = (said["transaction_code"] or "")[:1] != _DETAIL_OF_DETAIL
            return
        if is_detail:
            self.note("out_of_order", place, "detail", line[:10])
        self._finish_entry()
        statement["entries"] += 1
        statement["first_day"] = earlier(statement["first_day"], said["booking_day"])
        self._entry = self._movement = {
            **movement,
            "sequence": None if is_detail else said["sequence"],  # further lost details are no details of this one
            "entry_no": statement["entries"],
            "booking_day": said["booking_day"],
            "value_day": said["value_day"],
            "status": "BOOK",
            "reversal": False,
            "detail_count": 0,
            "raw": [line],
            "place": place,
        }

    def _further(self, statement: dict[str, Any], kind: str, line: str, place: str) -> None:
        """Add what a record 2.2, 2.3, 3.x or 4 says."""
        movement = self._movement
        if movement is None or self._entry is None or kind == "4":
            if kind != "4":
                code = "out_of_order" if kind[0] in "23" else "unknown_record"
                self.note(code, place, "type", line)
            add_line(statement["raw"], line, place)
            return
        add_line(self._entry["raw"], line, place)
        if kind == "22":
            said = layout.MOVEMENT_2.read(line, place)
            movement["communication"] += said.pop("communication").ljust(53)
            movement |= {name: said[name] for name in ("client_reference", "counterparty_bank")}
        elif kind == "23":
            said = layout.MOVEMENT_3.read(line, place)
            movement["communication"] += said.pop("communication")
            movement |= {name: said[name] for name in ("counterparty_account", "counterparty_name")}
        elif kind == "31":
            said = layout.INFORMATION_1.read(line, place)
            text = said["text"]
            if said["structured"] == "1" and text.startswith("001"):  # name and address of the counterparty
                text = text[3:]
                movement.setdefault("counterparty_name", clean(text))
            movement["information"].append(text)
        elif kind in ("32", "33"):
            said = (layout.INFORMATION_2 if kind == "32" else layout.INFORMATION_3).read(line, place)
            movement["information"].append(said["text"])
        else:
            self.note("unknown_record", place, "type", line)

    def _finish_detail(self) -> None:
        """Keep the detail that lines were added to, if it was one."""
        detail, entry = self._movement, self._entry
        if detail is None or entry is None or detail is entry:
            return
        self._movement = entry
        if detail["counts"]:
            entry["detail_count"] += 1
            detail |= communication.columns(detail) | {
                "entry_no": entry["entry_no"],
                "detail_no": entry["detail_count"],
            }
            self.keep(Kind.DETAIL, detail)

    def _finish_entry(self) -> None:
        self._finish_detail()
        entry = self._entry
        self._entry = self._movement = None
        if entry:
            self.keep(Kind.ENTRY, entry | communication.columns(entry))

    def _new_balance(self, statement: dict[str, Any], line: str, place: str) -> None:
        self._finish_entry()
        said = layout.NEW_BALANCE.read(line, place)
        add_line(statement["raw"], line, place)
        statement["closing"] = said["amount"] * said["side"]
        statement["closing_day"] = said["day"]

    def _end(self, header: dict[str, Any], statement: dict[str, Any], line: str, place: str) -> None:
        if statement["closing"] is None:
            raise FormatError("the statement has no new balance, record 8", place=place, text=line)
        opening, said = statement["said"], layout.TRAILER.read(line, place)
        if said["records"] != self._records:
            value = f"{said['records']}, counted {self._records}"
            self.note("declared_totals_differ", place, "number of records", value)
        last_day = statement["closing_day"]
        self.keep(
            Kind.STATEMENT,
            {
                "statement_no": self.last_no,
                "interim": False,
                "account": statement["account"],
                "bank": header["bic"] or self.hints.bank,
                "currency": statement["currency"],
                "account_name": clean(opening["name"]),
                "number": (opening["number"] or "").lstrip("0") or None,
                "reference": header["reference"],
                "created_at": header["created"],
                "first_day": first_day(opening["day"], statement["first_day"], last_day),
                "last_day": last_day,
                "opening": opening["amount"] * opening["side"],
                "opening_day": opening["day"],
                "closing": statement["closing"],
                "closing_day": last_day,
                "declared_credit": said["credit"],
                "declared_debit": said["debit"],
                "raw": [*statement["raw"], line],
                "place": statement["place"],
            },
        )
        self._header = self._statement = None
