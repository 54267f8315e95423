"""`bankklient orders`: what it prints, what it exits with, and that every error is a line with its number."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from bankklient_lab.cli import run
from tests.orders.labs import MAIN, SUPPLIER

PAYMENT = ["domestic_payment", f"own_account={MAIN}", f"counter_account={SUPPLIER}"]


@pytest.fixture(autouse=True)
def lab_file(orders_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Name a copy of the lab for all commands of a test."""
    path = Path(shutil.copy(orders_file, tmp_path / "commands.lab"))
    monkeypatch.setenv("BANKKLIENT_LAB", str(path))
    monkeypatch.chdir(tmp_path)
    return path


class Said:
    """Runs commands and keeps what they said."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys
        self.errors = ""

    def __call__(self, *arguments: object, code: int = 0) -> str:
        """Run `bankklient orders` with arguments and return what it printed."""
        assert run(["orders", *map(str, arguments)]) == code, self._capsys.readouterr()
        told = self._capsys.readouterr()
        self.errors = told.err
        return told.out

    def json(self, *arguments: object, code: int = 0) -> Any:
        """Run a command with --json and return the value."""
        return json.loads(self(*arguments, "--json", code=code))


@pytest.fixture
def orders(capsys: pytest.CaptureFixture[str]) -> Said:
    return Said(capsys)


@pytest.mark.spec("FLW-037")
@pytest.mark.spec("ORD-089", "ORD-354")
def test_every_broken_rule_is_a_line_with_its_number(orders: Said) -> None:
    assert (
        orders("create", "domestic_payment", f"own_account={MAIN}", "counter_account=5/0100", "amount=0", code=1) == ""
    )
    assert [line.split(":")[:2] for line in orders.errors.splitlines()] == [
        ["bankklient", " 31 credit_account_base"],
        ["bankklient", " 73 amount"],
    ]
    told = orders.json("create", *PAYMENT, "amount=-1", code=1)
    assert [error["code"] for error in told[0]["errors"]] == [74]
    assert orders.json("list") == []


def test_a_confirmation_is_signed_with_ones_own_key(
    orders: Said, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (created,) = orders.json("create", *PAYMENT, "amount=120.50")
    number = created["order_id"]
    orders("cancel-confirmation", number)
    secret = tmp_path / "key-password"
    secret.write_text("Correct-Horse-7x\n")
    secret.chmod(0o600)
    orders("confirm", number, "--key-password-file", secret, code=1)
    assert "you have no key for signing" in orders.errors
    assert run(["signing-key", "make", "--password-file", str(secret)]) == 0
    assert re.fullmatch(r"([0-9a-f]{4} ){7}[0-9a-f]{4}\n", capsys.readouterr().out)
    orders("confirm", number, "--sign", code=2)
    assert "give it with --key-password-file" in orders.errors
    assert orders("confirm", number, "--key-password-file", secret) == "orders confirmed: 1\n"
    assert [step["signed"] for step in orders.json("steps", number)] == [False, False, True]
    assert run(["signing-key", "withdraw"]) == 0
    assert run(["signing-key", "list", "--json"]) == 0
    assert json.loads(capsys.readouterr().out.partition("\n")[2])[0]["withdrawn_at"]


def test_the_way_of_an_order(orders: Said, tmp_path: Path) -> None:
    (created,) = orders.json("create", *PAYMENT, "amount=120.50", "client_message=Two\\nlines")
    number = created["order_id"]
    assert created["status"] == "F"
    assert "120.50" in orders("list", "--where", "amount=100..130", "--set", "confirmed")
    assert orders("list", "--where", "amount=> 130") == "no order is like that\n"
    shown = orders("show", number)
    assert re.search(r"^Message 2 +lines$", shown, re.MULTILINE)
    assert orders("cancel-confirmation", number) == "orders no longer confirmed: 1\n"
    assert orders("confirm", "--set", "to_confirm") == "orders confirmed: 1\n"
    assert orders("include", number) == "orders included: 1\n"
    orders("delete", number, code=1)
    assert "included for balancing; exclude it first" in orders.errors
    orders("exclude", "--where", "amount=120.50")
    assert "order" in orders("correct", number, "amount=121")
    assert [row["action"] for row in orders.json("steps", number)] == [
        "create", "cancel_confirmation", "confirm", "include", "exclude", "correct",
    ]  # fmt: skip
    assert orders("totals").splitlines()[-1] == "total: 1 orders, 121.00 CZK"
    orders("list", "-o", tmp_path / "orders.csv")
    day = re.sub(r"(\d{4})(\d\d)(\d\d)\d{8}", r"\1-\2-\3", str(number))
    assert (tmp_path / "orders.csv").read_text("utf-8-sig").splitlines()[1].startswith(f"{number},{day}")
    assert orders("delete", number) == "orders deleted: 1\n"
    orders("show", number, code=1)
    assert f"unknown order '{number}'" in orders.errors


def test_verification_by_typing_names_what_differs_and_never_tells_it(orders: Said) -> None:
    number = orders.json("create", *PAYMENT, "amount=120.50")[0]["order_id"]
    orders("cancel-confirmation", number)
    orders("cancel-verification", number)
    orders("verify", number, code=1)
    assert "its items are to be typed again" in orders.errors
    orders("verify", number, "--type", f"counter_account={SUPPLIER}", "--type", "amount=120", code=1)
    assert "Amount" in orders.errors
    assert "120.5" not in orders.errors
    told = orders("verify", number, "--type", f"counter_account={SUPPLIER}", "--type", "amount=120,50")
    assert told == "orders verified: 1\n"


@pytest.mark.spec("BAS-279", "BAS-280")
def test_orders_from_a_file_are_each_taken_or_refused(orders: Said, tmp_path: Path) -> None:
    file = tmp_path / "orders.json"
    rows = [
        {"amount": 10.5, "counter_account": SUPPLIER},
        {"amount": "x"},
        {"amount": 10.5, "counter_account": SUPPLIER},
    ]
    file.write_text(json.dumps(rows))
    orders("create", "domestic_payment", f"own_account={MAIN}", "--from", file, code=1)
    assert "it pays the same as order" in orders.errors
    told = orders.json("create", "domestic_payment", f"own_account={MAIN}", "--from", file, "--keep-as-error", code=1)
    assert [one["status"] for one in told] == ["E", None, "E"]
    assert [row["label"] for row in orders.json("counts") if row["orders"] == 2] == ["Errors", "Suspected duplicates"]


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["list", "--where", "amount"], 2, "is no condition"),
        (["list", "--where", "amount=1", "--where", "amount=2"], 2, "two conditions on amount"),
        (["list", "--set", "theirs"], 1, "unknown set of orders 'theirs'"),
        (["list", "--selection", "none"], 1, "unknown selection 'none'"),
        (["confirm"], 2, "no order is named"),
        (["confirm", "1", "--set", "all"], 2, "not both"),
        (["confirm", "--set", "to_confirm"], 2, "no order is like that"),
        (["verify", "1"], 1, "unknown order '1'"),
        (["create", "transfer"], 1, "unknown kind of order 'transfer'"),
        (["create", "domestic_payment", "amount"], 2, "is no value"),
        (["create", "domestic_payment", "amount=1", "amount=2"], 2, "given twice"),
        (["create", "domestic_payment", "--from", "nowhere.json"], 2, "can't be read as JSON"),
        (["create", "domestic_payment", "colour=red"], 1, "unknown item 'colour'"),
        (["list", "-o", "orders.doc"], 2, "is no form of this report"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_can_not_be_done_is_one_sentence(orders: Said, arguments: list[str], code: int, said: str) -> None:
    orders(*arguments, code=code)
    assert said in orders.errors
    assert len(orders.errors.splitlines()) == 1


@pytest.mark.spec("ORD-037", "ORD-038")
def test_a_selection_is_kept_used_and_forgotten(orders: Said) -> None:
    for amount in (5, 50):
        orders("create", *PAYMENT, f"amount={amount}")
    orders("select", "Small", "--where", "amount=< 10", "--set", "confirmed")
    assert [row["amount"] for row in orders.json("list", "--selection", "Small")] == ["5.000"]
    assert orders.json("list", "--selection", "Small", "--set", "included") == []
    assert len(orders.json("list")) == 2
    orders("select", "Small", "--delete")
    assert orders("selections") == "no selection is saved\n"
