"""Questions of analysts: what they get, how it compares with the functions, and how it is logged."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import bankklient_lab as bl
from bankklient_lab.analysis.sql import LOGGED_CHARS, ROWS_MAX
from bankklient_lab.errors import BadArgument, LimitExceeded
from bankklient_lab.lab import Lab, open_here
from tests.server.conftest import SAMPLES
from tests.statements import ACCOUNT, mt940, mt942


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """Give a lab with two accounts, details, an interim report, findings and rates."""
    folder = tmp_path_factory.mktemp("company")
    with open_here(folder / "company.lab", create=True, user="tester") as lab:
        bl.import_file(lab, mt940(folder))
        bl.import_file(lab, mt942(folder))
        bl.import_file(lab, SAMPLES / "camt053" / "two_accounts.v8.xml")
        bl.import_file(lab, SAMPLES / "cnb_rates" / "daily.txt")
        yield lab


def rows(lab: Lab, text: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = bl.sql.arrow(lab, text).to_pylist()
    return found


def test_answers_are_those_of_the_functions(company: Lab) -> None:
    since, until = date(2020, 1, 1), date(2030, 1, 1)
    entries = bl.entries.arrow(company, since=since, until=until, order_by=("day",)).drop_columns(["statement_number"])
    names = ", ".join(entries.column_names)
    asked = rows(company, f"SELECT {names} FROM entry ORDER BY day, import_id, statement_no, entry_no")
    assert asked == entries.to_pylist()
    assert asked
    totals = rows(
        company,
        "SELECT currency, count(*)::BIGINT AS entries, sum(amount)::DECIMAL(18,3) AS net FROM entry"
        " GROUP BY ALL ORDER BY 1",
    )
    known = bl.entry_totals.arrow(company).select(["currency", "entries", "net"]).to_pylist()
    assert totals == known
    on = date(2026, 11, 2)
    balances = {row["account"]: row["balance"] for row in bl.balances.arrow(company, on=on).to_pylist()}
    asked = rows(company, f"SELECT account, balance FROM balance_day WHERE day = DATE '{on}'")
    assert asked
    assert all(balances[row["account"]] == row["balance"] for row in asked)
    assert rows(company, "SELECT count(*)::BIGINT AS n FROM statement WHERE NOT interim") == [
        {"n": bl.statements.arrow(company).num_rows}
    ]
    assert rows(company, "SELECT code, count(*) AS n FROM finding GROUP BY ALL ORDER BY ALL") == [
        {"code": code, "n": n} for code, n in counted(bl.findings.arrow(company)["code"].to_pylist())
    ]
    for name, least in {
        "account": 1,
        "bank_balance": 1,
        "entry_part": 1,
        "import": 4,
        "pending_entry": 1,
        "rate": 1,
    }.items():
        assert bl.sql.arrow(company, f"FROM {name}").num_rows >= least


def counted(codes: list[str]) -> list[tuple[str, int]]:
    return [(code, codes.count(code)) for code in sorted(set(codes))]


@pytest.mark.parametrize(
    "text",
    [
        "SELECT account, amount FROM entry ORDER BY ALL",
        "SELECT e FROM entry e ORDER BY e.day, e.entry_no",
        "SELECT entry FROM entry ORDER BY entry.day, entry.entry_no",
        "SELECT account FROM account ORDER BY 1",
        "SELECT a.account, sum(e.amount) FROM entry e NATURAL JOIN account a GROUP BY ALL ORDER BY ALL",
        "SELECT amount FROM entry JOIN statement USING (import_id, statement_no, account_id, label) ORDER BY ALL",
        "SELECT x FROM entry e(x) ORDER BY 1",
        "SELECT #3 FROM account ORDER BY 1",
        "SELECT COLUMNS('^(day|amount)$') FROM entry ORDER BY ALL",
        "SELECT * EXCLUDE (remittance) REPLACE (amount * 2 AS amount) FROM entry ORDER BY ALL",
        "FROM (SELECT day, currency, amount FROM entry) PIVOT (sum(amount) FOR currency IN ('CZK', 'EUR')) ORDER BY 1",
        "FROM (SELECT import_id, amount, charges FROM entry) UNPIVOT (v FOR n IN (amount, charges)) ORDER BY ALL",
        "WITH big AS (SELECT * FROM entry WHERE amount > 0) SELECT a.day, b.amount FROM big a, big b ORDER BY ALL",
        "SELECT day, sum(amount) OVER (PARTITION BY account ORDER BY day, entry_no) FROM entry ORDER BY ALL",
        "SELECT d, (SELECT sum(amount) FROM entry WHERE day <= d) FROM"
        " generate_series(DATE '2026-11-01', DATE '2026-11-05', INTERVAL 1 DAY) t(d) ORDER BY 1",
        "SELECT count(*) FROM entry",
        "SELECT unnest(list(day ORDER BY day)) FROM entry",
        "SELECT account, currency FROM entry GROUP BY ROLLUP (account, currency) ORDER BY ALL",
        "SELECT DISTINCT ON (account) account, day FROM entry ORDER BY account, day DESC",
        "SELECT CASE WHEN amount < 0 THEN 'out' ELSE 'in' END, max_by(day, amount) FROM entry GROUP BY 1 ORDER BY 1",
        "SELECT jaro_winkler_similarity(counterparty_name, 'Payer') > 0.5 FROM entry ORDER BY ALL",
        "SELECT 'it''s ř; -- no comment' /* one /* within */ another */ -- and the end",
        "(SELECT 1 AS a UNION ALL SELECT 2) ORDER BY 1;",
        "VALUES (1, 'x'), (2, NULL)",
    ],
)  # fmt: skip
def test_lawful_questions_get_what_the_engine_itself_answers(company: Lab, text: str) -> None:
    asked = bl.sql.arrow(company, text)
    with company.database.reading() as cursor:
        for relation in ("entry", "account", "statement"):
            cursor.execute(f"CREATE TEMP TABLE {relation} AS FROM app.published.{relation}()")
        cursor.execute("SET search_path = 'temp'")
        direct = cursor.execute(text).to_arrow_table()
    assert asked.to_pylist() == direct.to_pylist()
    assert asked.column_names == direct.column_names


def test_people_get_a_frame_with_exact_decimals(company: Lab) -> None:
    frame = company.sql("SELECT 0.1::DECIMAL(18,3) + 0.2::DECIMAL(18,3) AS amount, DATE '2026-11-02' AS day")
    assert str(frame["amount"].iloc[0]) == "0.300"
    assert frame["day"].dtype == "datetime64[s]"
    assert bl.sql.arrow(company, "SELECT sum(amount) AS s FROM entry").schema.field("s").type == pa.decimal128(38, 3)


def test_every_question_is_logged_with_its_digest(company: Lab) -> None:
    text = "SELECT 1 AS " + "x" * 300
    bl.sql.arrow(company, text)
    subject, details = company.rows(
        "SELECT subject, details FROM ops.log WHERE action = 'sql' ORDER BY log_id DESC LIMIT 1"
    )[0]
    assert subject == hashlib.sha256(text.encode()).hexdigest()
    assert json.loads(details) == {"text": text[:LOGGED_CHARS]}


def test_what_was_asked_is_copied_nowhere_else(company: Lab) -> None:
    bl.sql.arrow(company, "FROM entry")
    assert not list(company.database.temporary.glob("sql-*"))
    assert company.rows(
        "SELECT count(*) FROM duckdb_tables() WHERE temporary OR database_name NOT IN ('lab', 'app')"
    ) == [(0,)]


@pytest.mark.parametrize("passphrase", [None, "a long passphrase"])
def test_what_does_not_fit_into_memory_goes_to_disk_and_away(tmp_path: Path, passphrase: str | None) -> None:
    text = (
        "SELECT count(*) AS n FROM (SELECT hash(n), lpad(n::VARCHAR, 100, 'x') FROM range(4000000) t(n) GROUP BY ALL)"
    )
    with open_here(tmp_path / "a.lab", create=True, passphrase=passphrase) as lab:
        assert rows(lab, text) == [{"n": 4_000_000}]
        assert not list(lab.database.temporary.glob("sql-*"))


def test_limits_hold_on_both_sides(company: Lab) -> None:
    assert bl.sql.arrow(company, f"FROM range({ROWS_MAX})").num_rows == ROWS_MAX
    with pytest.raises(LimitExceeded, match=r"^the answer has more than 1,050,000 rows"):
        bl.sql.arrow(company, f"FROM range({ROWS_MAX + 1})")
    with pytest.raises(LimitExceeded, match=r"^the answer has more than 256 MB"):
        bl.sql.arrow(company, "SELECT n::VARCHAR || lpad('', 1000, 'x') FROM range(300000) t(n)")
    with pytest.raises(LimitExceeded, match=r"^the question took more than 1 seconds"):
        bl.sql.arrow(company, "SELECT count(*) FROM range(10000000) a, range(10000000) b", seconds=1)
    for seconds in (0, 301):
        with pytest.raises(BadArgument, match="seconds must be 1 to 300"):
            bl.sql.arrow(company, "SELECT 1", seconds=seconds)


def command(lab: Path, *arguments: str, given: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "bankklient_lab.cli", "sql", *arguments, "--lab", str(lab)],
        check=False, capture_output=True, text=True, input=given,
    )  # fmt: skip


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the file of a lab with one statement that no process holds."""
    folder = tmp_path_factory.mktemp("file")
    with open_here(folder / "a.lab", create=True) as lab:
        bl.import_file(lab, mt940(folder))
    return folder / "a.lab"


def test_the_command_prints_and_writes_answers(file: Path, tmp_path: Path) -> None:
    text = "SELECT account, amount FROM entry ORDER BY amount"
    amounts = [row["amount"] for row in json.loads(command(file, text, "--json").stdout)]
    assert [Decimal(amount) for amount in amounts] == sorted(map(Decimal, amounts))
    shown = command(file, "-", given=text).stdout.splitlines()
    assert shown[0].split() == ["account", "amount"]
    assert len(shown) == 1 + len(amounts)
    assert command(file, text, "--csv").stdout.lstrip("\ufeff").splitlines()[0] == "account,amount"
    for suffix in (".parquet", ".csv", ".xlsx", ".json"):
        done = command(file, text, "-o", str(tmp_path / f"answer{suffix}"))
        assert (done.returncode, done.stderr) == (0, "")
    kept = pq.read_table(tmp_path / "answer.parquet")
    assert [str(amount) for amount in kept["amount"].to_pylist()] == amounts
    assert kept["account"].to_pylist() == [ACCOUNT] * len(amounts)


def test_the_command_lists_what_can_be_read(file: Path) -> None:
    listed = json.loads(command(file, "--list", "--json").stdout)
    assert {
        "relation": "entry",
        "column": "amount",
        "type": "DECIMAL(18,3)",
        "needs": "161",
        "allowed": True,
    }.items() <= next(
        row for row in listed["relations"] if (row["relation"], row["column"]) == ("entry", "amount")
    ).items()
    assert {"function": "sum", "kind": "aggregate"} in listed["functions"]
    assert "functions: " in command(file, "--list").stdout


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        ([], 2, "give one SELECT, or --list"),
        (["SELECT 1", "--list"], 2, "give one SELECT, or --list"),
        (["SELECT 1", "--csv", "--json"], 2, "the answer goes one way"),
        (["SELECT 1", "-o", "x.doc"], 2, ".doc"),
        (["SELECT 1", "-o", "/no/such/folder/x.csv"], 2, "can't be written"),
        (["FROM ops.user"], 1, "unknown table 'ops.user'"),
        (["SELEC 1"], 2, "the question can't be answered: Parser Error: syntax error"),
    ],
)
def test_the_command_says_in_one_sentence_what_is_wrong(
    file: Path, arguments: list[str], code: int, sentence: str
) -> None:
    done = command(file, *arguments)
    assert done.returncode == code
    assert sentence in done.stderr
    assert done.stderr.count("\n") == 1
