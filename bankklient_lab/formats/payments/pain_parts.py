"""Parts of a pain message from the columns of a payment; what an element can't hold is refused."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from xml.sax.saxutils import escape

from bankklient_lab.formats.camt_entry import REMITTANCE_CHARS
from bankklient_lab.formats.camt_tags import check_text, tag
from bankklient_lab.formats.payments.accounts import czech, iban, is_iban
from bankklient_lab.formats.payments.base import place_of, refused
from bankklient_lab.formats.payments.pain_layout import ORDER_NAMESPACE, Message

CHARGE_BEARERS = {"DEBT", "CRED", "SHAR", "SLEV"}
SEQUENCE_TYPES = {"FRST", "RCUR", "FNAL", "OOFF"}
INSTRUCTIONS = {"CHQB", "HOLD", "PHOB", "TELB"}
ADDRESS_LINES = 7
_BIC = re.compile(r"[A-Z0-9]{4}[A-Z]{2}[A-Z0-9]{2}([A-Z0-9]{3})?", re.ASCII)
_OLD_BIC = re.compile(r"[A-Z]{6}[A-Z2-9][A-NP-Z0-9]([A-Z0-9]{3})?", re.ASCII)
_RATE = re.compile(r"\d{1,11}|(?=[\d.]{3,12}$)\d+\.\d{1,10}", re.ASCII)
_COUNTRY = re.compile(r"[A-Z]{2}", re.ASCII)
_KEPT = {"\r": "&#13;"}  # which a reader would take for a line feed
_CODE = re.compile(r"[A-Z0-9]{1,4}", re.ASCII)

Row = Mapping[str, Any]


class Parts:
    """Writes the parts for one message; `bic` is the name that its version gives the element of a BIC."""

    def __init__(self, message: Message, bic: str) -> None:
        self.message = message
        self._bic_tag = bic
        self._bic = _OLD_BIC if bic == "BIC" else _BIC

    def text(self, row: Row, field: str, characters: int) -> str:
        """Return a text, escaped, "" when there is none."""
        text: str | None = row[field]
        if not text:
            return ""
        if len(text) > characters:
            raise refused(row, field, f"longer than the {characters} characters that {self.message.name} has for it")
        if not (text.isascii() and text.isprintable()):
            check_text(text, place_of(row), field)
        return escape(text)

    def code(self, row: Row, field: str, name: str, characters: int) -> str:
        """Return a choice of a code or of a bank's own word."""
        text = self.text(row, field, 35)
        if not text:
            return ""
        return tag(name, tag("Cd" if _CODE.fullmatch(text) or len(text) <= characters else "Prtry", text))

    def payment_type(self, row: Row) -> str:
        """Return how the payment is to be settled."""
        priority = {None: "", True: "HIGH", False: "NORM"}[row["urgent"]]
        sequence = row["sequence_type"] or ""
        if sequence and sequence not in SEQUENCE_TYPES:
            raise refused(row, "sequence_type", f"there are {', '.join(sorted(SEQUENCE_TYPES))}")
        return tag(
            "PmtTpInf",
            tag("InstrPrty", priority),
            self.code(row, "service_level", "SvcLvl", 4),
            self.code(row, "local_instrument", "LclInstrm", 35),
            tag("SeqTp", sequence),
            self.code(row, "category_purpose", "CtgyPurp", 4),
        )

    def charge_bearer(self, row: Row) -> str:
        """Return who pays the charges."""
        bearer = row["charge_bearer"] or ""
        if bearer and bearer not in CHARGE_BEARERS:
            raise refused(row, "charge_bearer", f"there are {', '.join(sorted(CHARGE_BEARERS))}")
        return tag("ChrgBr", bearer)

    def account(self, row: Row, side: str) -> str:
        """Return the account of a side ("own", "counter") by its IBAN where it has one."""
        number: str = row[f"{side}_account"] or ""
        if national := czech(number):
            number = iban(national)
        role = self.message.own if side == "own" else self.message.counter
        if not number:
            raise refused(row, f"{side}_account", f"{self.message.name} needs it")
        if is_iban(number):
            return f"<{role}Acct><Id><IBAN>{number}</IBAN></Id></{role}Acct>"
        return tag(f"{role}Acct", tag("Id", tag("Othr", tag("Id", self.text(row, f"{side}_account", 34)))))

    def agent(self, row: Row, side: str, *, needed: bool = False) -> str:
        """Return the bank of a side; one that is needed and not known is said to be not provided."""
        role = self.message.own if side == "own" else self.message.counter
        bank: str = row[f"{side}_bank"] or ""
        national = czech(row[f"{side}_account"])
        more = ""
        if self._bic.fullmatch(bank):
            code = tag(self._bic_tag, bank)
        elif bank or (national and needed):
            system = tag("ClrSysId", tag("Cd", "CZNCC")) if national else ""
            member = self.text(row, f"{side}_bank", 35) or (national.bank if national else "")
            code = tag("ClrSysMmbId", system, tag("MmbId", member))
        else:
            code = ""
        if side == "counter":
            more = self._bank_address(row)
        if needed and not code + more:
            more = tag("Othr", tag("Id", "NOTPROVIDED"))
        return tag(f"{role}Agt", tag("FinInstnId", code, more))

    def _bank_address(self, row: Row) -> str:
        if row["counter_bank_name"] is None and row["counter_bank_country"] is None:
            return ""
        name, *lines = (row["counter_bank_name"] or "").split("\n")
        if len(name) > 140:
            raise refused(row, "counter_bank_name", "longer than 140 characters")
        country = row["counter_bank_country"] or ""
        if country and not _COUNTRY.fullmatch(country):
            raise refused(row, "counter_bank_country", "a country has two letters")
        if country and lines and lines[-1] == country:
            lines.pop()  # reading gives it back as the last line
        elif country and row["counter_bank_name"]:
            raise refused(row, "counter_bank_name", f"its last line must be the country {country}")
        check_text(name, place_of(row), "counter_bank_name")
        address = tag("Ctry", country) + self._lines(row, "counter_bank_name", lines)
        return tag("Nm", escape(name)) + tag("PstlAdr", address)

    def _lines(self, row: Row, field: str, lines: list[str]) -> str:
        if len(lines) > ADDRESS_LINES or not all(0 < len(line) <= 70 for line in lines):
            raise refused(row, field, f"an address has at most {ADDRESS_LINES} lines of 1 to 70 characters")
        check_text("".join(lines), place_of(row), field)
        return "".join(tag("AdrLine", escape(line)) for line in lines)

    def counter(self, row: Row) -> str:
        """Return the other party and its account."""
        role = self.message.counter
        lines = (row["counter_address"] or "").split("\n")
        address = self._lines(row, "counter_address", lines) if lines != [""] else ""
        name = self.text(row, "counter_name", 140)
        if self.message.name == "pain.008" and not name:
            raise refused(row, "counter_name", "a direct debit needs the name of the debtor")
        return tag(role, tag("Nm", name), tag("PstlAdr", address)) + self.account(row, "counter")

    def mandate(self, row: Row) -> str:
        """Return what allows a direct debit."""
        day = row["mandate_day"]
        identification = tag("MndtId", self.text(row, "mandate_id", 35))
        creditor = self.text(row, "creditor_id", 35)
        scheme = tag("SchmeNm", tag("Prtry", "SEPA"))
        return tag(
            "DrctDbtTx",
            tag("MndtRltdInf", identification, tag("DtOfSgntr", str(day) if day else "")),
            tag("CdtrSchmeId", tag("Id", tag("PrvtId", tag("Othr", tag("Id", creditor), scheme)))) if creditor else "",
        )

    def instructions(self, row: Row) -> str:
        """Return the instructions for the other bank."""
        if not row["instructions"]:
            return ""
        found = []
        for line in row["instructions"].split("\n"):
            code, _, words = line.partition("/")
            if code not in INSTRUCTIONS or len(words) > 140:
                raise refused(row, "instructions", f"there are {', '.join(sorted(INSTRUCTIONS))}, with 140 characters")
            check_text(words, place_of(row), "instructions")
            found.append(tag("InstrForCdtrAgt", tag("Cd", code), tag("InstrInf", escape(words))))
        return "".join(found)

    def rate(self, row: Row) -> str:
        """Return the rate agreed with the bank."""
        text = row["exchange_rate"] or ""
        if text and not _RATE.fullmatch(text):
            raise refused(row, "exchange_rate", "a rate has at most eleven digits, ten of them decimals")
        return tag("XchgRateInf", tag("XchgRate", text))

    def remittance(self, row: Row, text: str) -> str:
        """Return the message for the other party."""
        if len(text) > REMITTANCE_CHARS:
            raise refused(row, "message", f"longer than {REMITTANCE_CHARS} characters, with the symbols before it")
        if text and not (text.isascii() and text.isprintable()):
            check_text(text, place_of(row), "message")
        return tag("RmtInf", tag("Ustrd", escape(text)))

    def order_text(self, row: Row) -> str:
        """Return the order whole, as supplementary data of ours, which other readers pass over."""
        text: str | None = row["order_text"]
        if not text:
            return ""
        check_text(text.replace("\n", ""), place_of(row), "order_text")
        return (
            f'<SplmtryData><Envlp><Order xmlns="{ORDER_NAMESPACE}">{escape(text, _KEPT)}</Order></Envlp></SplmtryData>'
        )


def symbols_text(row: Row) -> str:
    """Return the symbols as the Czech standard writes them in one text."""
    found = []
    for label, field, digits in (
        ("VS", "variable_symbol", 0),
        ("SS", "specific_symbol", 0),
        ("KS", "constant_symbol", 4),
    ):
        text: str | None = row[field]
        if text is None:
            continue
        if not (text.isascii() and text.isdigit() and len(text) <= 10):
            raise refused(row, field, "a symbol has at most ten digits")
        found.append(f"/{label}{text:0>{digits}}")
    return "".join(found)
