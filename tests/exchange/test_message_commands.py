"""`bankklient messages`: types and their forms, a message written, changed, shown and withdrawn, lists as files."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from pypdf import PdfReader

from bankklient_lab.bank import Wanted
from bankklient_lab.cli import run as run_command
from bankklient_lab.formats.bank_files import BankFile
from tests.exchange.labs import Pair
from tests.exchange.test_messages import received
from tests.orders.labs import MAIN

COMPLAINT = [
    word for one in (f"account={MAIN}", "day=20.11.2026", "amount=1250", "reason=sent twice", "explanation=Two\\nlines")
    for word in ("--field", one)
]  # fmt: skip


@pytest.fixture
def run(pair: Pair, capsys: pytest.CaptureFixture[str]) -> Any:
    """Return what a command says: its exit, its text. The bank has asked something."""
    received(
        pair, Wanted("Which one?", "Tell <b>us</b>.", kind="complaint", reply="one", html=True,
                     attachment=BankFile("terms.pdf", b"terms")),
    )  # fmt: skip
    path = Path(pair.lab.path)
    pair.lab.close()

    def call(*words: object) -> tuple[int, str]:
        code = run_command(["messages", *map(str, words), "--lab", str(path)])
        said = capsys.readouterr()
        return code, said.out + said.err

    return call


@pytest.mark.spec("SRV-302", "SRV-304", "SRV-305", "SRV-319", "SRV-321", "SRV-324", "SRV-326")
def test_messages_from_beginning_to_end(run: Any, tmp_path: Path) -> None:
    assert "balance confirmation" in run("types")[1]
    assert "a text" in run("form", "message")[1]
    assert [one["name"] for one in json.loads(run("form", "complaint", "--json")[1])][:2] == ["account", "day"]
    assert "reply: one" in run("show", 1)[1]
    assert run("save", 1, "-o", tmp_path / "terms.pdf")[0] == 0
    assert (tmp_path / "terms.pdf").read_bytes() == b"terms"
    code, said = run("reply", 1, "--field", "amount=much")
    assert (code, "Account is missing" in said, "Amount is an amount" in said) == (1, True, True)
    proof = tmp_path / "proof.png"
    proof.write_bytes(b"picture")
    assert run("reply", 1, *COMPLAINT, "--attach", proof) == (0, "message 1 waits to be balanced\n")
    assert "has its reply" in run("reply", 1, *COMPLAINT)[1]
    assert "replies: 1" in run("show", 1)[1]
    assert run("change", 1, "--field", "amount=99,5", "--subject", "That one") == (0, "message 1 is changed\n")
    shown = run("show-sent", 1)[1].splitlines()
    assert (shown[0], shown[-6:]) == (
        "That one", [
            "Account: CZ7706000006090150012947", "Day of the payment: 2026-11-20", "Amount: 99.50",
            "Reason: sent twice", "What happened: Two", "lines",
        ],
    )  # fmt: skip
    assert run("save-sent", 1, "-o", tmp_path / "again.png")[0] == 0
    assert (tmp_path / "again.png").read_bytes() == b"picture"
    assert "takes pdf, txt" in run("write", "Text", "--type", "advice", "--attach", proof)[1]
    assert run("write", "Text", "--type", "advice") == (0, "message 2 waits to be balanced\n")
    assert [one["subject"] for one in json.loads(run("sent", "--type", "advice", "--json")[1])] == [
        "Request for advice"
    ]
    assert run("change", 1, "--detach")[0] == 0
    assert "unknown attachment" in run("save-sent", 1, "-o", tmp_path / "none")[1]
    assert "--yes" in run("withdraw", 2)[1]
    assert run("withdraw", 2, "--yes") == (0, "message 2 is withdrawn\n")
    assert run("sent", "-o", tmp_path / "sent.pdf")[0] == 0
    assert "That one" in PdfReader(io.BytesIO((tmp_path / "sent.pdf").read_bytes())).pages[0].extract_text()
    assert run("list", "-o", tmp_path / "list.xlsx")[0] == 0
    sheet = openpyxl.load_workbook(tmp_path / "list.xlsx").active
    assert sheet is not None
    assert "Which one?" in [cell.value for row in sheet.iter_rows() for cell in row]
