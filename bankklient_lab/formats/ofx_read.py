"""The OFX reader: walks through the elements and hands on transactions and complete statements."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO

from bankklient_lab.errors import FormatError, LimitExceeded
from bankklient_lab.formats.base import LIMITS, Findings, Hints, Part
from bankklient_lab.formats.ofx_checked import Checked
from bankklient_lab.formats.ofx_parts import Header, regions, unescape
from bankklient_lab.formats.ofx_statement import ACCOUNTS, WANTED, Statement, Statements
from bankklient_lab.formats.ofx_transactions import Transactions
from bankklient_lab.formats.ofx_values import SECURITIES

_STATEMENTS = frozenset({"STMTRS", "CCSTMTRS", "INVSTMTRS"})
_AGGREGATES = ACCOUNTS | {"LEDGERBAL", "AVAILBAL", "BAL", "STATUS", "SONRS", "BANKTRANLIST", "INVTRANLIST"}
_OPENER = re.compile(r"<(STMTTRNP?)>", re.IGNORECASE)
_CLOSER = re.compile(
    r"</STMTTRNP?\s*>|</?(?:BANKTRANLISTP?|INVBANKTRAN|STMTRS|CCSTMTRS|INVSTMTRS|LEDGERBAL)\b", re.IGNORECASE
)
_TOKEN = re.compile(r"<(/?)([\w.]+)\s*(/?)>([^<]*)")


class Reader:
    """Reads one file; `parts` yields what it holds."""

    def __init__(self, header: Header, hints: Hints) -> None:
        self._header = header
        self._findings = Findings()
        values = Checked(self._findings)
        self._transactions = Transactions(hints, values)
        self._statements = Statements(hints, self._findings, values)
        self._now: Statement | None = None
        self._count = 0
        self._path: list[str] = []
        self._security: dict[str, str] | None = None
        self._created: str | None = None
        self._answers: list[str] = []  # codes and messages of STATUS

    def parts(self, source: BinaryIO) -> Iterator[Part]:
        """Yield entries, statements and findings."""
        for region in regions(source, self._header.encoding, self._findings):
            self._region(region)
            if self._transactions.rows.full():
                yield from self._transactions.rows.drain()
                yield from self._findings.drain()
        self._close()
        if not self._count:
            answers = "; ".join(dict.fromkeys(self._answers))
            said = f", the bank answered: {answers}" if answers else ""
            raise FormatError(f"the file holds no statement of an account{said}")
        yield from self._transactions.rows.drain()
        yield from self._statements.drain()
        yield from self._findings.close()

    def _region(self, text: str) -> None:
        before, *transactions = _OPENER.split(text)
        self._tokens(before)
        for kind, body in zip(transactions[::2], transactions[1::2], strict=True):
            end = _CLOSER.search(body)
            if end is None:
                self._add(kind, body)
                continue
            self._add(kind, body[: end.start()])
            if end.end() < len(body):
                self._tokens(body[end.end() :] if end[0].upper().startswith("</STMTTRN") else body[end.start() :])

    def _add(self, kind: str, body: str) -> None:
        if self._now is None:
            raise FormatError("a transaction stands outside any statement", field="STMTTRN", text=body)
        self._transactions.add(self._now, kind, body)

    def _tokens(self, text: str) -> None:
        for slash, tag, empty, value in _TOKEN.findall(text):
            name = tag.upper()
            if slash:
                self._end(name)
            elif name in _STATEMENTS:
                self._open(name)
            elif name in _AGGREGATES:
                self._path.append(name)
            elif name in SECURITIES and "INVTRANLIST" in self._path:
                self._begin_security(name)
            elif not empty and (content := value.strip()):
                self._leaf(name, unescape(content))

    def _begin_security(self, name: str) -> None:
        self._end_security()
        self._security = {"": name}

    def _end(self, name: str) -> None:
        if name in _STATEMENTS:
            self._close()
        elif name in SECURITIES and self._security and self._security[""] == name:
            self._end_security()
        elif name in self._path:
            del self._path[self._path.index(name) :]

    def _leaf(self, name: str, value: str) -> None:
        if len(value) > LIMITS.field_chars:
            raise LimitExceeded(f"the value has more than {LIMITS.field_chars} characters", field=name, text=value)
        where = self._path[-1] if self._path else ""
        if self._security is not None:
            self._security.setdefault(name, value)
        elif where == "STATUS" and name in {"CODE", "SEVERITY", "MESSAGE"}:
            self._answer(name, value)
        elif self._now is None:
            if name == "DTSERVER":
                self._created = value
        elif (where, name) in WANTED:
            self._now.values.setdefault((where, name), value)
            if (where, name) == ("", "CURDEF"):
                self._now.currency = value.upper()
        else:
            self._now.rest.append(f"{name}={value}")

    def _answer(self, name: str, value: str) -> None:
        if name == "CODE" and value != "0":
            self._answers.append(f"code {value}")
        elif name == "SEVERITY" and value != "INFO":
            self._answers.append(value)
        elif name == "MESSAGE":
            self._answers.append(value[:200])

    def _open(self, kind: str) -> None:
        self._close()
        self._count += 1
        if self._count > LIMITS.statements:
            raise LimitExceeded(f"the file has more than {LIMITS.statements} statements")
        self._now = Statement(self._count, f"{kind} {self._count}", kind)

    def _end_security(self) -> None:
        given, self._security = self._security, None
        if given and self._now:
            self._transactions.add_security(self._now, given)

    def _close(self) -> None:
        self._end_security()
        self._path.clear()
        statement, self._now = self._now, None
        if statement:
            self._statements.keep(statement, self._created)
