"""`bankklient balance`: from what is ready to batches, their list, discarding and the statement."""

from __future__ import annotations

import json
import shutil
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bankklient_lab.cli import run
from bankklient_lab.codebooks.services import KINDS as SERVICES
from bankklient_lab.exchange.replies import write_to_bank
from bankklient_lab.keys.creating import create_key
from bankklient_lab.lab import open_here
from tests.clocks import NOON
from tests.orders.labs import FOREIGN, SAVINGS, created

PASSWORD = "Eight-8x"
YEAR = datetime.now(ZoneInfo("Europe/Prague")).year  # commands go by the clock of the machine


class Said:
    """Runs commands and keeps what they said."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys
        self.errors = ""

    def __call__(self, *arguments: object, code: int = 0) -> str:
        """Run `bankklient balance` with arguments and return what it printed."""
        assert run(["balance", *map(str, arguments)]) == code, self._capsys.readouterr()
        told = self._capsys.readouterr()
        self.errors = told.err
        return told.out

    def json(self, *arguments: object) -> Any:
        """Run a command with --json and return the value."""
        return json.loads(self(*arguments, "--json"))


@pytest.fixture
def balance(
    orders_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Said:
    """Return the command over a lab with a key and five confirmed orders, of which one is an allowed duplicate."""
    path = Path(shutil.copy(orders_file, tmp_path / "commands.lab"))
    with open_here(path, clock=lambda: NOON) as lab:
        create_key(lab, "operational", PASSWORD)
        for values in ({}, {}, {"own_account": SAVINGS, "amount": "2"}, {"express_payment": True, "amount": "3"}):
            created(lab, **values)
        created(lab, FOREIGN)
    (tmp_path / "password").write_text(PASSWORD + "\n")
    (tmp_path / "password").chmod(0o600)
    monkeypatch.setenv("BANKKLIENT_LAB", str(path))
    monkeypatch.chdir(tmp_path)
    return Said(capsys)


@pytest.mark.spec("BAL-011")
def test_the_summary_of_one_type_is_printed_and_an_expiring_key_told_before_balancing(
    balance: Said, tmp_path: Path
) -> None:
    balance("summary", "--type", "domestic_orders", "--output", "orders.csv")
    rows = (tmp_path / "orders.csv").read_text("utf-8-sig").splitlines()
    assert {row.split(",")[0] for row in rows[1:]} == {"domestic_orders"}
    balance("summary", "--type", "foreign_payments", "--output", "foreign.pdf")
    assert (tmp_path / "foreign.pdf").read_bytes().startswith(b"%PDF")
    balance("summary", "--type", "none", "--output", "none.pdf", code=1)
    assert "unknown type of record 'none'; there are revocations" in balance.errors
    with open_here(tmp_path / "commands.lab") as lab, lab.database.tx("ops") as cursor:
        cursor.execute("UPDATE ops.key SET expires_on = '2999-01-01', warn_days = 730000")
    balance("run", "--type", "domestic_orders", "--password-file", "password")
    assert "the operational key 20260001 expires on 2999-01-01" in balance.errors


@pytest.mark.spec("BAL-012")
def test_from_a_summary_to_batches_and_their_statement(balance: Said, tmp_path: Path) -> None:
    waiting = {row["record_type"]: row["records"] for row in balance.json("summary") if row["records"]}
    assert waiting == {"priority_payments": 1, "domestic_orders": 3, "foreign_payments": 1}
    assert "150000030/0600" in balance("summary", "--details")
    told = balance("run", "--type", "priority_payments", "--type", "domestic_orders", "--password-file", "password")
    assert told.splitlines() == [
        f"batch 1 {YEAR}0001 is made: 1 orders, priority payments", f"batch 1 {YEAR}0002 is made: 3 orders",
    ]  # fmt: skip
    assert "1 of them are allowed duplicates" in balance.errors
    assert [row["batch_order"] for row in balance.json("batches")] == [f"{YEAR}0001", f"{YEAR}0002"]
    statement = balance.json("statement")
    assert [row["orders"] for row in statement["totals"]] == [1, 3]
    assert len(statement["orders"]) == 4
    assert len(balance("statement", "--part", "totals").splitlines()) == 3
    assert balance("statement", "--foreign") == "nothing was balanced yet\n"
    balance("statement", "--batch", f"{YEAR}0001", "-o", "batch.csv")
    assert len((tmp_path / "batch.csv").read_text("utf-8-sig").splitlines()) == 2


@pytest.mark.spec("BAL-074")
def test_discarding_asks_twice_and_once_no_is_no(balance: Said, monkeypatch: pytest.MonkeyPatch) -> None:
    balance("run", "--type", "foreign_payments", "--password-file", "password")
    balance("discard", 1, code=2)  # there is nobody to ask
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    for answers in (["no"], ["yes", "no"], ["", "yes"]):
        given = iter(answers)
        monkeypatch.setattr("builtins.input", lambda _prompt, given=given: next(given))
        balance("discard", 1, code=1)
        assert "nothing was changed" in balance.errors
    assert len(balance.json("batches")) == 1
    monkeypatch.setattr("builtins.input", lambda _prompt: "yes")
    assert balance("discard", 1) == f"batch 11 {YEAR}0001 is discarded, with 1 orders\n"
    assert balance.json("batches") == []


@pytest.mark.spec("FLW-057", "FLW-060", "FLW-061", "FLW-065", "FLW-066", "FLW-070", "FLW-074", "FLW-076", "FLW-081")
@pytest.mark.spec("FLW-082")
@pytest.mark.spec(
    "BAL-007", "BAL-008", "FLW-062", "FLW-063", "FLW-064", "FLW-069", "FLW-071", "FLW-072", "FLW-073", "FLW-083"
)
def test_at_a_terminal_each_type_is_shown_and_asked_for(balance: Said, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "choose what is balanced by --type" in (balance("run", code=2) or balance.errors)
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    asked: list[str] = []

    def answer(prompt: str) -> str:
        asked.append(prompt)
        return "yes" if "Foreign" in prompt else "no"

    monkeypatch.setattr("builtins.input", lambda _prompt: "no")
    balance("run", code=1)  # ends without asking for a password
    assert balance.errors.splitlines()[-1] == "bankklient: nothing was chosen, and nothing was balanced"
    assert balance.json("batches") == []
    monkeypatch.setattr("builtins.input", answer)
    told = balance("run", "--password-file", "password")
    assert "1 of them are allowed duplicates" in balance.errors
    assert "150000030/0600" in told
    assert [prompt.partition(":")[0] for prompt in asked] == [
        "Priority payments", "Domestic orders", "Foreign payments",
    ]  # fmt: skip
    assert told.splitlines()[-1] == f"batch 11 {YEAR}0001 is made: 1 orders"
    balance("run", "--type", "foreign_payments", "--password-file", "password", code=1)
    assert "Foreign payments: there is nothing to balance" in balance.errors
    balance("run", "--type", "priority_payments", "--type", "domestic_orders", "--password-file", "password")
    balance("run", code=1)  # each is told, and the walk goes on to the last
    assert [line.removesuffix(": there is nothing to balance") for line in balance.errors.splitlines()[:-1]] == [
        "Revocations", "Priority payments", "Domestic orders", "Foreign payments",
        *(kind.plural for kind in SERVICES.values() if kind.kept), "Electronic documents", "Client messages",
        "Receivables",
    ]  # fmt: skip


@pytest.mark.spec("FLW-077", "FLW-078", "FLW-079", "FLW-080", "FLW-082")
def test_at_a_terminal_other_records_are_shown_and_asked_for_too(
    balance: Said, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with open_here(tmp_path / "commands.lab") as lab:
        write_to_bank(lab, "Text", subject="Hours")
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    for agreed, made in (("Foreign", "batch 11 20260001 is made: 1 orders"), ("Client", "batch 7 20260001 is made")):
        asked: list[str] = []
        monkeypatch.setattr(
            "builtins.input", lambda prompt, a=asked, y=agreed: a.append(prompt) or "yes" * (y in prompt)
        )
        told = balance("run", "--password-file", "password")
        assert "Client messages" in told
        assert asked[-1].startswith("Client messages: balance 1")
        assert told.splitlines()[-1].startswith(made)


@pytest.mark.spec("BAL-040", "BAL-043", "FLW-085", "FLW-124", "FLW-125")
def test_at_a_terminal_a_wrong_password_is_asked_for_again(balance: Said, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    run_foreign = ("run", "--type", "foreign_payments")
    prompts: list[str] = []

    def types(*passwords: str) -> None:
        given = iter(passwords)
        prompts.clear()
        monkeypatch.setattr("bankklient_lab.cli.asked.getpass", lambda prompt: prompts.append(prompt) or next(given))

    types("Wrong-8x", "")
    balance(*run_foreign, code=1)
    assert balance.errors.splitlines()[-1] == "bankklient: cancelled; nothing was balanced"
    assert "tries left: 2" in balance.errors
    types("Wrong-8x", PASSWORD)
    assert balance(*run_foreign) == f"batch 11 {YEAR}0001 is made: 1 orders\n"
    assert "tries left: 1" in balance.errors  # cancelling did not change the count
    assert prompts == ["Password of the operational key 20260001 (empty: cancel): "] * 2
    types(*["Wrong-8x"] * 3)
    balance("run", "--type", "domestic_orders", code=1)
    assert len(prompts) == 3
    assert "was wrong 3 times" in balance.errors


def test_what_is_wrong_is_one_sentence(balance: Said) -> None:
    for arguments, code in (
        (("run", "--type", "coins", "--password-file", "password"), 2),
        (("run", "--type", "foreign_payments"), 2),
        (("discard", 7, "--yes"), 1),
        (("statement", "--batch", f"{YEAR}0001"), 1),
        (("statement", "--part", "some"), 2),
        (("statement", "-o", "statement.doc"), 2),
    ):
        balance(*arguments, code=code)
        assert len(balance.errors.splitlines()) == 1, arguments
