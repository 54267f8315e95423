"""Messages for the tests of camt, and the ways to read them."""

from __future__ import annotations

import re
from typing import Any

from bankklient_lab.formats.base import SNIFF_BYTES
from bankklient_lab.formats.camt import FORMATS
from bankklient_lab.formats.schema import Kind
from tests import corpus
from tests.formats import reading
from tests.formats.reading import Read

FOLDERS = ("camt052", "camt053", "camt054")
SAMPLES = [path for folder in FOLDERS for path in corpus.sample_files(folder)]
FILES = [path for folder in FOLDERS for path in corpus.corpus_files(folder)]


def kind_of(data: bytes) -> str:
    claims = [format_.name for format_ in FORMATS if format_.sniff(data[:SNIFF_BYTES])]
    assert len(claims) <= 1, claims
    return claims[0] if claims else ""


def read(data: bytes, kind: str = "", **hints: str) -> Read:
    return reading.read(kind or kind_of(data), data, **hints)


def sample(name: str) -> bytes:
    (path,) = (path for path in SAMPLES if path.name == name)
    return path.read_bytes()


def codes(tables: Read) -> list[tuple[str, str | None, str | None]]:
    return [(row["code"], row["place"], row["value"]) for row in tables.rows(Kind.FINDING)]


def shown(row: dict[str, Any], *names: str) -> tuple[Any, ...]:
    return tuple(row[name] for name in names)


def whole(data: bytes) -> bytes:
    """Return the same message with a comment, so that the XML parser reads its entries."""
    return re.sub(rb"(<(?:\w+:)?GrpHdr[ >])", rb"<!-- -->\1", data, count=1)


ENTRY = (
    '<Ntry><Amt Ccy="EUR">5.10</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>BOOK</Sts><BookgDt><Dt>2026-10-05</Dt></BookgDt>'
    "<NtryDtls><TxDtls><RltdPties><Dbtr><Nm>A</Nm></Dbtr></RltdPties><RmtInf><Ustrd>text</Ustrd></RmtInf></TxDtls>"
    "</NtryDtls></Ntry>"
)
ACCOUNT = "<Acct><Id><IBAN>DE89370400440532013000</IBAN></Id><Ccy>EUR</Ccy></Acct>"
SPACE = "urn:iso:std:iso:20022:tech:xsd:camt.053.001.02"


def message(entries: str = ENTRY, account: str = ACCOUNT, space: str = SPACE, more: str = "") -> bytes:
    return (
        f'<Document xmlns="{space}"><BkToCstmrStmt><GrpHdr><MsgId>M</MsgId><CreDtTm>2026-10-05T00:00:00</CreDtTm>'
        f"</GrpHdr><Stmt><Id>S</Id>{account}{more}{entries}</Stmt></BkToCstmrStmt></Document>"
    ).encode()
