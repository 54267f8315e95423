"""Bank files for the tests of the pages: plain ones, and one whose every text tries to become a script."""

from __future__ import annotations

from pathlib import Path
from xml.sax.saxutils import escape

PAYLOADS = (
    "<img src=x onerror=window.hacked=1>",
    "<svg onload=window.hacked=1>",
    "</script><script>window.hacked=1</script>",
    "'\"><iframe srcdoc='<script>parent.hacked=1</script>'></iframe>",
    "javascript:window.hacked=1//",
    "{{constructor.constructor('window.hacked=1')()}}",
    "$$\\href{javascript:window.hacked=1}{x}$$",
    '=HYPERLINK("javascript:hacked=1")',
)
HOSTILE_NAME = "<img src=x onerror=window.hacked=1>.xml"
_ENTRY = """<Ntry><Amt Ccy="CZK">{amount}</Amt><CdtDbtInd>{side}</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts>
<BookgDt><Dt>{day}</Dt></BookgDt><ValDt><Dt>{day}</Dt></ValDt><AcctSvcrRef>{payload}</AcctSvcrRef>
<BkTxCd><Prtry><Cd>{payload}</Cd></Prtry></BkTxCd>
<NtryDtls><TxDtls><Refs><EndToEndId>{payload}</EndToEndId></Refs><RltdPties><{party}><Pty><Nm>{payload}</Nm></Pty></{party}>
</RltdPties><RmtInf><Ustrd>{payload}</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry>"""
_DOCUMENT = """<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt>
<GrpHdr><MsgId>1</MsgId><CreDtTm>2026-11-20T08:00:00</CreDtTm></GrpHdr>
<Stmt><Id>1</Id><ElctrncSeqNb>1</ElctrncSeqNb><CreDtTm>2026-11-20T08:00:00</CreDtTm>
<Acct><Id><IBAN>CZ6508000000192000145399</IBAN></Id><Ccy>CZK</Ccy><Nm>{name}</Nm></Acct>
<Bal><Tp><CdOrPrtry><Cd>OPBD</Cd></CdOrPrtry></Tp><Amt Ccy="CZK">0.00</Amt>
<CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>2026-11-02</Dt></Dt></Bal>
<Bal><Tp><CdOrPrtry><Cd>CLBD</Cd></CdOrPrtry></Tp><Amt Ccy="CZK">{closing}</Amt>
<CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>2026-11-20</Dt></Dt></Bal>
{entries}</Stmt></BkToCstmrStmt></Document>
"""


def hostile(folder: Path) -> Path:
    """Write a camt.053 statement that does not add up and holds a payload in every text, under a hostile name."""
    entries = [
        _ENTRY.format(
            amount="100.00" if at % 2 else "40.00",
            side="CRDT" if at % 2 else "DBIT",
            party="Dbtr" if at % 2 else "Cdtr",
            day=f"2026-11-{2 + at:02}", payload=escape(payload),
        )
        for at, payload in enumerate(PAYLOADS)
    ]  # fmt: skip
    path = folder / HOSTILE_NAME
    path.write_text(_DOCUMENT.format(name=escape(PAYLOADS[0]), closing="999.00", entries="\n".join(entries)))
    return path
