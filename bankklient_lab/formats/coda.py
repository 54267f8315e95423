"""CODA 2, the coded statement of Belgian banks: fixed records of 128 characters.

    0 header    1 old balance    2.1 2.2 2.3 movement    3.1 3.2 3.3 information    4 free message
    8 new balance    9 trailer

Amounts have three decimals and a digit for the side: 0 credit, 1 debit. A movement with detail number 0 is an
entry; one with another detail number is a detail of the globalised entry with the same sequence number, never
an entry of its own. Details of details (transaction type 9) stay in the raw text. A structured communication
101 or 102 becomes +++123/4567/89012+++, that of a SEPA direct debit (127) its creditor, mandate and text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, BinaryIO

from bankklient_lab.errors import FormatError, HintNeeded
from bankklient_lab.formats.base import Findings, Format, Hints, Part, Rows, clean
from bankklient_lab.formats.records import AMOUNT_3, DAY_DMY, NUMBER, TEXT, Codec, Field, Record, keep
from bankklient_lab.formats.schema import Kind

WIDTH = 128
_SIDES = {"0": 1, "1": -1}
_DETAIL_OF_DETAIL = "9"
_HEAD = re.compile(rb"(?:\xef\xbb\xbf)?00000\d{6}.{3}05[ D] {7}")


def _read_side(text: str) -> int:
    if text not in _SIDES:
        raise ValueError("0 for credit or 1 for debit is expected")
    return _SIDES[text]


_SIDE = Codec("missing_side", _read_side, lambda value, _width: "1" if value < 0 else "0")
_VERBATIM = Codec("missing_field", lambda text: text, lambda value, width: str(value).ljust(width))

HEADER = Record(
    WIDTH,
    Field("created", 6, 11, TEXT),
    Field("bank_code", 12, 14, TEXT),
    Field("reference", 25, 34, TEXT),
    Field("bic", 61, 71, TEXT),
    Field("version", 128, 128, TEXT),
)
OLD_BALANCE = Record(
    WIDTH,
    Field("structure", 2, 2, TEXT),
    Field("number", 3, 5, TEXT),
    Field("account", 6, 42, _VERBATIM),
    Field("side", 43, 43, _SIDE),
    Field("amount", 44, 58, AMOUNT_3),
    Field("day", 59, 64, DAY_DMY),
    Field("name", 65, 90, TEXT),
)
NEW_BALANCE = Record(
    WIDTH,
    Field("account", 5, 41, _VERBATIM),
    Field("side", 42, 42, _SIDE),
    Field("amount", 43, 57, AMOUNT_3),
    Field("day", 58, 63, DAY_DMY),
)
_ORDER_FIELDS = (Field("sequence", 3, 6, TEXT), Field("detail", 7, 10, TEXT))
MOVEMENT_1 = Record(
    WIDTH,
    *_ORDER_FIELDS,
    Field("bank_reference", 11, 31, TEXT),
    Field("side", 32, 32, _SIDE),
    Field("amount", 33, 47, AMOUNT_3),
    Field("value_day", 48, 53, DAY_DMY),
    Field("transaction_code", 54, 61, TEXT),
    Field("structured", 62, 62, TEXT),
    Field("communication", 63, 115, _VERBATIM),
    Field("booking_day", 116, 121, DAY_DMY),
)
MOVEMENT_2 = Record(
    WIDTH,
    *_ORDER_FIELDS,
    Field("communication", 11, 63, _VERBATIM),
    Field("client_reference", 64, 98, TEXT),
    Field("counterparty_bank", 99, 109, TEXT),
)
MOVEMENT_3 = Record(
    WIDTH,
    *_ORDER_FIELDS,
    Field("counterparty_account", 11, 44, TEXT),
    Field("counterparty_name", 48, 82, TEXT),
    Field("communication", 83, 125, _VERBATIM),
)
INFORMATION_1 = Record(WIDTH, *_ORDER_FIELDS, Field("structured", 40, 40, TEXT), Field("text", 41, 113, _VERBATIM))
INFORMATION_2 = Record(WIDTH, *_ORDER_FIELDS, Field("text", 11, 115, _VERBATIM))
INFORMATION_3 = Record(WIDTH, *_ORDER_FIELDS, Field("text", 11, 100, _VERBATIM))
TRAILER = Record(
    WIDTH,
    Field("records", 17, 22, NUMBER),
    Field("debit", 23, 37, AMOUNT_3),
    Field("credit", 38, 52, AMOUNT_3),
)
# Where account number and currency stand in the 37 characters, by the structure of the account.
_ACCOUNT_PARTS = {"0": (12, 13), "1": (34, 34), "2": (31, 34), "3": (34, 34)}

_SHARED_COLUMNS = (
    "statement_no",
    "entry_no",
    "amount",
    "currency",
    "counterparty_name",
    "counterparty_account",
    "counterparty_bank",
    "mandate_id",
    "creditor_id",
    "bank_reference",
    "client_reference",
    "transaction_code",
    "remittance",
    "additional_info",
)
ENTRY_COLUMNS = (*_SHARED_COLUMNS, "booking_day", "value_day", "status", "reversal", "detail_count", "raw", "place")
DETAIL_COLUMNS = (*_SHARED_COLUMNS, "detail_no")
STATEMENT_COLUMNS = (
    "statement_no",
    "interim",
    "account",
    "bank",
    "currency",
    "account_name",
    "number",
    "reference",
    "created_at",
    "first_day",
    "last_day",
    "opening",
    "opening_day",
    "closing",
    "closing_day",
    "declared_credit",
    "declared_debit",
    "raw",
    "place",
)


def sniff(head: bytes) -> str | None:
    """Return "CODA" for a file that starts with a header record."""
    return "CODA" if _HEAD.match(head) else None


def read(source: BinaryIO, hints: Hints) -> Iterator[Part]:
    """Yield the parts of a CODA file; FormatError for a statement without new balance or trailer."""
    return _Reader(hints).read(source)


class _Reader:
    def __init__(self, hints: Hints) -> None:
        self._hints = hints
        self._findings = Findings()
        self._entries = Rows(Kind.ENTRY, ENTRY_COLUMNS)
        self._details = Rows(Kind.DETAIL, DETAIL_COLUMNS)
        self._statements = Rows(Kind.STATEMENT, STATEMENT_COLUMNS)
        self._header: dict[str, Any] | None = None
        self._statement: dict[str, Any] | None = None
        self._entry: dict[str, Any] | None = None
        self._movement: dict[str, Any] | None = None  # the entry, or the detail that lines now add to
        self._last_no = 0
        self._records = 0

    def read(self, source: BinaryIO) -> Iterator[Part]:
        from bankklient_lab.formats.blocks import numbered_lines
        from bankklient_lab.formats.decoding import Decoder

        decoder = Decoder(("cp1252", "cp850"), "àâäçéèêëîïôöùûüñß")
        place = ""
        for number, line in numbered_lines(source, decoder):
            place = f"line {number}"
            self._take(line, place)
            if self._entries.full() or self._details.full() or self._statements.full():
                yield from self._drain()
        if self._header or not self._last_no:
            raise FormatError("the file stops before the trailer, record 9", place=place)
        if decoder.replaced:
            self._findings.add("bad_character", value=decoder.encoding)
        yield from self._drain()
        yield from self._findings.close()

    def _drain(self) -> Iterator[Part]:
        for rows in (self._entries, self._details, self._statements):
            yield from rows.drain()
        yield from self._findings.drain()

    def _take(self, line: str, place: str) -> None:
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
        said = HEADER.read(line, place)
        if said["version"] != "2":
            raise FormatError("only version 2 of CODA can be read", place=place, field="version", text=line[127:])
        self._header = {**said, "raw": line}
        self._records = 0

    def _begin(self, header: dict[str, Any], line: str, place: str) -> None:
        if self._statement:
            raise FormatError("the statement before has no trailer, record 9", place=place, text=line)
        said = OLD_BALANCE.read(line, place)
        if said["structure"] not in _ACCOUNT_PARTS:
            reason = "0 to 3 are the structures of an account number"
            raise FormatError(reason, place=place, field="structure", text=str(said["structure"]))
        account_end, currency_start = _ACCOUNT_PARTS[said["structure"]]
        account = said["account"][:account_end].replace(" ", "") or self._hints.account
        currency = said["account"][currency_start : currency_start + 3].strip() or self._hints.currency
        if not account:
            raise HintNeeded("account", "the old balance names no account", place=place)
        if not currency:
            raise HintNeeded("currency", "the old balance names no currency", place=place)
        self._last_no += 1
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

        def bad(code: str, field: str, text: str) -> None:
            code = "bad_amount" if field == "side" else code
            self._findings.add(code, statement_no=self._last_no, place=place, field=field, value=text)

        said = MOVEMENT_1.read(line, place, bad)
        known = said["amount"] is not None and said["side"] is not None
        movement: dict[str, Any] = {
            "statement_no": self._last_no,
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
            keep(self._entry["raw"], line, place)
            self._movement = movement
            movement["counts"] = (said["transaction_code"] or "")[:1] != _DETAIL_OF_DETAIL
            return
        if is_detail:
            self._findings.add("out_of_order", statement_no=self._last_no, place=place, field="detail", value=line[:10])
        self._finish_entry()
        statement["entries"] += 1
        day = said["booking_day"]
        if day and (statement["first_day"] is None or day < statement["first_day"]):
            statement["first_day"] = day
        self._entry = self._movement = {
            **movement,
            "sequence": None if is_detail else said["sequence"],  # further lost details are no details of this one
            "entry_no": statement["entries"],
            "booking_day": day,
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
                self._findings.add(code, statement_no=self._last_no, place=place, field="type", value=line)
            keep(statement["raw"], line, place)
            return
        keep(self._entry["raw"], line, place)
        if kind == "22":
            said = MOVEMENT_2.read(line, place)
            movement["communication"] += said.pop("communication").ljust(53)
            movement |= {name: said[name] for name in ("client_reference", "counterparty_bank")}
        elif kind == "23":
            said = MOVEMENT_3.read(line, place)
            movement["communication"] += said.pop("communication")
            movement |= {name: said[name] for name in ("counterparty_account", "counterparty_name")}
        elif kind == "31":
            said = INFORMATION_1.read(line, place)
            text = said["text"]
            if said["structured"] == "1" and text.startswith("001"):  # name and address of the counterparty
                text = text[3:]
                movement.setdefault("counterparty_name", clean(text))
            movement["information"].append(text)
        elif kind in ("32", "33"):
            said = (INFORMATION_2 if kind == "32" else INFORMATION_3).read(line, place)
            movement["information"].append(said["text"])
        else:
            self._findings.add("unknown_record", statement_no=self._last_no, place=place, field="type", value=line)

    def _finish_detail(self) -> None:
        """Keep the detail that lines were added to, if it was one."""
        detail, entry = self._movement, self._entry
        if detail is None or entry is None or detail is entry:
            return
        self._movement = entry
        if detail["counts"]:
            entry["detail_count"] += 1
            detail |= _communication(detail) | {"entry_no": entry["entry_no"], "detail_no": entry["detail_count"]}
            self._details.rows.append(tuple(detail.get(column) for column in DETAIL_COLUMNS))

    def _finish_entry(self) -> None:
        self._finish_detail()
        entry = self._entry
        self._entry = self._movement = None
        if entry:
            entry |= _communication(entry) | {"raw": "\n".join(entry["raw"])}
            self._entries.rows.append(tuple(entry.get(column) for column in ENTRY_COLUMNS))

    def _new_balance(self, statement: dict[str, Any], line: str, place: str) -> None:
        self._finish_entry()
        said = NEW_BALANCE.read(line, place)
        keep(statement["raw"], line, place)
        statement["closing"] = said["amount"] * said["side"]
        statement["closing_day"] = said["day"]

    def _end(self, header: dict[str, Any], statement: dict[str, Any], line: str, place: str) -> None:
        if statement["closing"] is None:
            raise FormatError("the statement has no new balance, record 8", place=place, text=line)
        opening, said = statement["said"], TRAILER.read(line, place)
        if said["records"] != self._records:
            value = f"{said['records']}, counted {self._records}"
            self._findings.add(
                "declared_totals_differ",
                statement_no=self._last_no,
                place=place,
                field="number of records",
                value=value,
            )
        last_day: date | None = statement["closing_day"]
        candidates: list[date | None] = [statement["first_day"], last_day]
        if opening["day"]:
            candidates.append(opening["day"] + timedelta(days=1))
        balance: Decimal = opening["amount"] * opening["side"]
        self._statements.rows.append(
            (
                self._last_no,
                False,
                statement["account"],
                header["bic"] or self._hints.bank,
                statement["currency"],
                clean(opening["name"]),
                (opening["number"] or "").lstrip("0") or None,
                header["reference"],
                header["created"],
                min((day for day in candidates if day), default=None),
                last_day,
                balance,
                opening["day"],
                statement["closing"],
                last_day,
                said["credit"],
                said["debit"],
                "\n".join([*statement["raw"], line]),
                statement["place"],
            )
        )
        self._header = self._statement = None


def _communication(movement: dict[str, Any]) -> dict[str, Any]:
    """Return the columns that the communication and the information of a movement fill."""
    text = movement["communication"]
    information = clean(" ".join(movement["information"]))
    if not movement["structured"]:
        return {"remittance": clean(text), "additional_info": information}
    code, content = text[:3], text[3:]
    if code in ("101", "102") and re.fullmatch(r"[0-9]{12}", content[:12]):
        digits = content[:12]
        reference = f"+++{digits[:3]}/{digits[3:7]}/{digits[7:]}+++"
        return {"remittance": clean(f"{reference} {content[12:]}"), "additional_info": information}
    if code == "127":  # day 6, type 1, scheme 1, reason 1, creditor 35, mandate 35, text 62
        return {
            "creditor_id": clean(content[9:44]),
            "mandate_id": clean(content[44:79]),
            "remittance": clean(content[79:141]),
            "additional_info": information,
        }
    return {"additional_info": clean(f"{code} {content} {information or ''}")}


FORMATS = (Format("coda", "CODA coded statement", sniff, read),)
