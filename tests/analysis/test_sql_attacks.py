"""Questions of hostile users: refused with the expected code, nothing read or changed, others served meanwhile."""

from __future__ import annotations

import random
import resource
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import bankklient_lab as bl
from bankklient_lab.access.roles import create_role
from bankklient_lab.access.users import create_user
from bankklient_lab.analysis.sql import AT_ONCE
from bankklient_lab.analysis.sql_check import functions, published
from bankklient_lab.errors import MESSAGE_CHARS_MAX, LabError, NotAllowed, StoreError
from bankklient_lab.lab import Lab, open_here
from bankklient_lab.rights.permissions import needed
from tests.access.people import PASSWORD, of, with_users
from tests.analysis.questions import ENDLESS, GROWING, HOSTILE
from tests.statements import mt940

ASKED_SECONDS_MAX, OTHERS_SECONDS_MAX = 30.0, 5.0  # on a machine that is busy


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """Give a lab with a statement; questions only look at it."""
    folder = tmp_path_factory.mktemp("asked")
    with open_here(folder / "asked.lab", create=True, user="tester") as lab:
        bl.import_file(lab, mt940(folder))
        yield lab


def everything(lab: Lab) -> dict[str, Any]:
    """Return a digest of every table of the lab but its log, which names the questions."""
    tables = lab.rows("SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = 'lab' ORDER BY ALL")
    return {
        f"{schema}.{name}": lab.rows(f'SELECT count(*), bit_xor(hash(t)) FROM lab."{schema}"."{name}" t')
        for schema, name in tables
        if not name.startswith("log")
    }


def refusal(lab: Lab, text: str, seconds: int = 30) -> LabError:
    """Ask and return the refusal, which must be one sentence."""
    with pytest.raises(LabError) as caught:
        bl.sql.arrow(lab, text, seconds=seconds)
    message = caught.value.message
    assert message
    assert "\n" not in message
    assert len(message) <= MESSAGE_CHARS_MAX
    return caught.value


@pytest.mark.parametrize(("text", "code"), HOSTILE, ids=[text[:60] for text, _ in HOSTILE])
def test_what_is_no_lawful_question_is_refused(filled: Lab, text: str, code: str) -> None:
    assert refusal(filled, text).code == code


def test_nothing_is_changed_by_any_of_them(filled: Lab) -> None:
    before = everything(filled)
    for text, _ in HOSTILE:
        refusal(filled, text)
    assert everything(filled) == before
    assert filled.rows("SELECT count(*) FROM ops.log WHERE action = 'sql'")[0][0] >= len(HOSTILE) - 2  # no texts


class Others:
    """Callers at work while somebody asks."""

    def __init__(self, lab: Lab) -> None:
        self._lab, self._stop = lab, threading.Event()
        self.seconds: list[float] = []
        self.errors: list[BaseException] = []
        self._thread = threading.Thread(target=self._work)

    def _work(self) -> None:
        while not self._stop.wait(0.02):
            began = time.monotonic()
            try:
                self._ask()
            except BaseException as error:
                self.errors.append(error)
            self.seconds.append(time.monotonic() - began)

    def _ask(self) -> None:
        """Ask for balances; once more when the memory of the process was all taken for a moment."""
        for last in (False, True):
            try:
                assert bl.balances.arrow(self._lab, on=date(2026, 11, 2)).num_rows == 1
                return
            except StoreError as error:
                if last or "Out of Memory" not in str(error):
                    raise
            time.sleep(0.2)

    def __enter__(self) -> Others:
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._stop.set()
        self._thread.join()


@pytest.mark.parametrize("text", ENDLESS + GROWING, ids=lambda text: text[:60])
def test_a_question_without_end_ends_and_others_are_served(filled: Lab, text: str) -> None:
    limit, began = resource.getrlimit(resource.RLIMIT_AS), time.monotonic()
    with Others(filled) as others:
        assert refusal(filled, text, seconds=1).code == "limit_exceeded"
        asked = time.monotonic() - began
    assert asked < ASKED_SECONDS_MAX
    assert others.errors == []
    assert max(others.seconds) < OTHERS_SECONDS_MAX
    assert resource.getrlimit(resource.RLIMIT_AS) == limit


NEEDED = {
    "account": "", "balance_day": "236", "bank_balance": "236", "entry": "161", "entry_part": "161",
    "finding": "920|231", "import": "920|231", "payment_order": "141&156", "pending_entry": "161", "rate": "",
    "statement": "231",
}  # fmt: skip


def given_only(lab: Lab, numbers: set[int]) -> Lab:
    """Return the lab in the hands of a user who may ask in SQL and has these permissions besides."""
    create_role(of(lab, "tester"), "Role", permissions=sorted({940, *numbers}))
    create_user(of(lab, "tester"), "asker", reference="AS", role="Role", password=PASSWORD)
    return of(lab, "asker")


def test_the_table_says_what_each_relation_needs() -> None:
    assert {name: one.needs.text for name, one in published().items()} == NEEDED


@pytest.mark.parametrize("numbers", [set(), {161}, {231}, {236}, {920}, {156}, {141, 156, 161, 231, 236, 920}], ids=str)
def test_a_user_reads_what_the_permissions_allow_and_nothing_else(lab: Lab, tmp_path: Path, numbers: set[int]) -> None:
    bl.import_file(lab, mt940(tmp_path))
    with_users(lab, berta="VIEW")
    asker = given_only(lab, numbers)
    listed = {row["relation"]: row["allowed"] for row in bl.published_relations.arrow(asker).to_pylist()}
    for name, needs in NEEDED.items():
        may = needed(needs).holds(frozenset(numbers))
        assert listed[name] is may
        texts = (
            f"FROM {name}",
            f"SELECT 1 WHERE EXISTS (FROM {name})",
            f"WITH x AS (FROM {name}) SELECT count(*) FROM x",
        )
        for text in texts:
            if may:
                bl.sql.arrow(asker, text)
                continue
            error = refusal(asker, text)
            assert isinstance(error, NotAllowed)
            assert error.message.startswith(f"{name} needs permission {needed(needs)} (")
            assert error.details["relation"] == name


def test_sql_itself_needs_its_permission(lab: Lab) -> None:
    with_users(lab, clerk="TYPING 1")
    error = refusal(of(lab, "clerk"), "SELECT 1")
    assert isinstance(error, NotAllowed)
    assert "940: SQL" in error.message


def test_others_are_told_when_all_turns_are_taken(filled: Lab) -> None:
    endless = ENDLESS[0]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        asked = [pool.submit(refusal, filled, endless, 4) for _ in range(AT_ONCE)]
        while sum(thread.name == "bounds of a question" for thread in threading.enumerate()) < AT_ONCE:
            time.sleep(0.01)
        assert refusal(filled, "SELECT 1", seconds=1).code == "blocked"
        assert [one.result().code for one in asked] == ["limit_exceeded"] * AT_ONCE


def test_no_function_reads_anything_but_its_arguments(filled: Lab) -> None:
    told = filled.rows("SELECT DISTINCT function_name FROM duckdb_functions() WHERE stability = 'VOLATILE'")
    may = {"error"}  # fails, and does nothing else
    assert {name for (name,) in told} & functions().keys() <= may
    known = {name.lower() for (name,) in filled.rows("SELECT function_name FROM duckdb_functions()")}
    assert functions().keys() <= known


_WORDS = [
    "SELECT", "FROM", "entry", "account", "ops.user", "history.entry", "statement", "balance_day", "WHERE",
    "(", ")", "(", ")", ",", "*", "1", "'x'", "amount", "name", "AS", "WITH", "UNION ALL", "JOIN", "ON", "true",
    "LATERAL", "unnest", "[", "]", "{'a': 1}", "GROUP BY ALL", "ORDER BY", "LIMIT", "CASE", "WHEN", "THEN", "END",
    "count(*)", "sum(amount)", "OVER", "PARTITION BY", "PIVOT", "FOR", "IN", "EXISTS", "getenv", "query", "read_text",
    "'/etc/passwd'", ";", "--", "$1", "::", "VARCHAR", "DATE", "INTERVAL", "lambda x: x", "COLUMNS", "EXCLUDE", ".",
    "DISTINCT", "VALUES", "TABLE", "DESCRIBE", "duckdb_settings", "()", "NULL", "IS", "NOT", "||", "+", "QUALIFY",
    "FILTER", "WINDOW", "w", "ASOF", "SEMI", "POSITIONAL", "TABLESAMPLE", "10%", "COLLATE", "nocase", "grouping sets",
]  # fmt: skip


def answered_or_refused(lab: Lab, text: str) -> None:
    try:
        bl.sql.arrow(lab, text, seconds=2)
    except LabError as refused:
        assert "\n" not in refused.message  # noqa: PT017 - an answer is right, too


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(words=st.lists(st.sampled_from(_WORDS), max_size=25))
def test_words_in_any_order_are_answered_or_refused(filled: Lab, words: list[str]) -> None:
    answered_or_refused(filled, " ".join(["SELECT", *words]))


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(max_size=200))
def test_any_text_is_answered_or_refused(filled: Lab, text: str) -> None:
    answered_or_refused(filled, text)


class Maker:
    """Makes up questions whose form is right, of every function with arguments of every type."""

    def __init__(self, lab: Lab, seed: int) -> None:
        self._random = random.Random(seed)
        self._functions = sorted(name for name in functions() if name.isidentifier() and name != "error")
        self._columns: list[str] = [
            row["column"] for row in bl.published_relations.arrow(lab).to_pylist() if row["relation"] == "entry"
        ]

    def question(self) -> str:
        pick = self._random
        chosen = ", ".join(self._value(3) for _ in range(pick.randint(1, 3)))
        tail = pick.choice(["", f" WHERE {self._value(2)}", " GROUP BY ALL", f" ORDER BY {self._value(2)} LIMIT 5", ""])
        source = pick.choice(
            ["entry", "entry JOIN account USING (account_id)", "entry, range(3) r(n)", "(FROM entry LIMIT 1) e"]
        )
        return f"SELECT {chosen} FROM {source}{tail}"

    def _value(self, depth: int) -> str:
        pick = self._random
        kinds = (
            ["column", "plain"]
            if not depth
            else ["column", "plain", "call", "call", "call", "case", "cast", "window", "query"]
        )
        match pick.choice(kinds):
            case "column":
                return pick.choice(self._columns)
            case "call":
                arguments = ", ".join(self._value(depth - 1) for _ in range(pick.randint(0, 3)))
                return f"{pick.choice(self._functions)}({arguments})"
            case "case":
                when, then, other = (self._value(depth - 1) for _ in range(3))
                return f"CASE WHEN {when} THEN {then} ELSE {other} END"
            case "cast":
                return f"TRY_CAST({self._value(depth - 1)} AS {pick.choice(_TYPES)})"
            case "window":
                return f"{pick.choice(self._functions)}({self._value(0)}) OVER (ORDER BY {self._value(0)})"
            case "query":
                return f"(SELECT {self._value(depth - 1)} FROM entry LIMIT 1)"
        return pick.choice(_PLAIN)


_TYPES = [
    "VARCHAR", "INTEGER", "HUGEINT", "DECIMAL(18,3)", "DATE", "TIMESTAMPTZ", "INTERVAL", "BLOB", "BIT", "UUID",
    "VARCHAR[]", "STRUCT(a INTEGER)", "MAP(VARCHAR, INTEGER)", "DOUBLE", "TIME", "JSON", "BOOLEAN", "UTINYINT",
]  # fmt: skip
_PLAIN = [
    "NULL", "0", "-1", "9223372036854775807", "1e308", "'x'", "''", "'ř'", "DATE '2026-11-02'", "INTERVAL 1 DAY",
    "[1, 2]", "[]", "{'a': 1}", "MAP {'k': 1}", "true", "'{\"a\": [1]}'", "TIMESTAMP '2026-11-02 10:00:00'",
    "'\\xAA'::BLOB", "0.000", "'NaN'::DOUBLE", "'infinity'::DATE", "'101'::BIT",
]  # fmt: skip


def test_made_up_questions_over_all_functions_leave_the_lab_whole(filled: Lab) -> None:
    maker, before = Maker(filled, 20261122), everything(filled)
    for _ in range(200):
        text = maker.question()
        try:
            answered_or_refused(filled, text)
        except BaseException as error:
            error.add_note(text)
            raise
    assert everything(filled) == before
    assert bl.balances.arrow(filled, on=date(2026, 11, 2)).num_rows == 1


def test_no_file_is_left_behind(filled: Lab) -> None:
    folder = Path(filled.path).parent
    refusal(filled, "COPY (SELECT 1) TO 'x.csv'")
    assert not [path for path in folder.iterdir() if path.suffix == ".csv"]
