"""`bankklient services`: asked for, corrected, confirmed, and listed, by command."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bankklient_lab.cli import run as run_command
from tests.exchange.labs import Pair
from tests.orders.labs import MAIN
from tests.services.labs import DEAL, ORDER, deal, dealing, deposit, entered, in_state, monthly

NEW = [f"{name}={value}" for name, value in monthly(valid_from="2031-06-02", amount="5").items()]  # commands live now


@pytest.fixture
def run(pair: Pair, capsys: pytest.CaptureFixture[str]) -> Any:
    """Return what a command says: its exit, its text."""
    path = Path(pair.lab.path)
    in_state(pair, ORDER, "OK")
    pair.lab.close()

    def call(*words: str) -> tuple[int, str]:
        code = run_command(["services", *words, "--lab", str(path)])
        said = capsys.readouterr()
        return code, said.out + said.err

    return call


@pytest.mark.spec("SRV-073", "SRV-118")
def test_a_request_from_beginning_to_end(run: Any) -> None:
    code, said = run("list", ORDER, "--json")
    ((record,)) = json.loads(said)
    assert (code, record["record"], record["state"], record["amount"]) == (0, "SO1", "valid", "1000.000")
    assert "request 2 waits to be balanced" in run("new", ORDER, *NEW)[1]
    assert "request 3 waits to be balanced" in run("copy", "2", "amount=6")[1]
    assert run("unconfirm", "2", "3")[0] == 0
    assert run("confirm", "2")[0] == 0
    assert "request 3 waits to be balanced" in run("correct", "3", "amount=7.50")[1]
    assert "request 4 waits" in run("change", ORDER, "SO1", "amount=9")[1]
    code, said = run("revoke", ORDER, "SO1")
    assert (code, "request 4 already changes SO1" in said) == (1, True)
    assert run("delete", "4")[0] == 0
    assert "request 5 waits" in run("revoke", ORDER, "SO1")[1]
    rows = json.loads(run("requests", ORDER, "--json")[1])
    assert [(row["request_id"], row["request"], row["status"], row["amount"]) for row in rows] == [
        (5, "revocation", "CO", None), (3, "new", "CO", "7.500"), (2, "new", "CO", "5.000"),
        (1, "new", "OK", "1000.000"),
    ]  # fmt: skip
    assert run("clear", "1")[0] == 0
    assert "SO1" in run("list", ORDER)[1]


@pytest.mark.spec("SRV-040", "SRV-046", "SRV-052")
def test_a_forward_deal_is_agreed_to(pair: Pair, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = Path(pair.lab.path)
    dealing(pair, tmp_path)
    entered(pair.lab, DEAL, confirmed=True)
    pair.balance()
    pair.transmit()
    pair.lab.close()

    def told(*words: str) -> list[dict[str, Any]]:
        assert run_command(["services", *words, "--json", "--lab", str(path)]) == 0
        found: list[dict[str, Any]] = json.loads(capsys.readouterr().out)
        return found

    ((contract,),) = [told("contract")]
    assert (contract["limit"], contract["status"]) == ("2000000.00", "A")
    (value,) = told("values", "--on", "2026-11-23")
    assert (value["record"], value["bought"], value["current_rate"]) == ("FW1", "40000.000", "25.00000000")
    moved = [row for row in told("exposure", "--on", "2026-11-23") if row["deals"] != "0.000"]
    assert [(row["currency"], row["day"]) for row in moved] == [("CZK", "2027-02-23"), ("EUR", "2027-02-23")]
    given = [f"{name}={value}" for name, value in deal(maturity="2020-01-02").items()]
    code, said = run_command(["services", "new", DEAL, *given, "--lab", str(path)]), capsys.readouterr().err
    assert (code, said.partition(" until 16:00")[1]) == (1, " until 16:00") or (
        code == 2 and "maturity is 3 to 365 days ahead" in said  # the command goes by the clock on the wall
    )


@pytest.mark.spec("SRV-145")
def test_a_deposit_is_asked_for_by_the_rates_that_are_listed(run: Any) -> None:
    rows = json.loads(run("rates", "--json")[1])
    row = next(row for row in rows if row["currency"] == "CZK")
    given = [f"{name}={value}" for name, value in deposit(**{
        name: row[name] for name in ("variant", "length")
    }, amount=row["amount_from"]).items()]  # fmt: skip
    assert "request 2 waits to be balanced" in run("new", "time_deposit", *given)[1]
    assert "the bank has told of none" in run("list", "time_deposit")[1]
    assert run("revoke", "time_deposit", "TD1", "method=early with penalty", f"principal_account={MAIN}")[0] == 1


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("list", "loan"), "kind of request"),
        (("requests", ORDER, "--set", "some"), "there are all, open"),
        (("new", ORDER, "amount=5"), "is missing"),
        (("confirm", "99"), "bankklient services requests"),
        (("update", ORDER), "How the bank is reached"),
    ],
)
def test_what_can_not_be_is_said_in_a_sentence(run: Any, words: tuple[str, ...], says: str) -> None:
    code, said = run(*words)
    assert code
    assert says.lower() in said.lower()
    assert "Traceback" not in said
