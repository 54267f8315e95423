"""Each invariant finds the violation that is planted for it, and no other one speaks up without reason."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

import bankklient_lab as bl
from bankklient_lab.errors import DamagedLab
from bankklient_lab.history.upkeep import check
from bankklient_lab.lab import Lab, open_here
from bankklient_lab.store.checks import CHECKS, FULL_READ
from bankklient_lab.store.witness import witness_path
from tests.server.conftest import SAMPLES
from tests.statements import mt940, mt942

# ruff: noqa: E501 - a table of statements


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the file of a lab with statements, details, rates and a withdrawn import; it is only copied."""
    folder = tmp_path_factory.mktemp("checks")
    files = (mt940(folder), mt942(folder), SAMPLES / "camt053" / "two_accounts.v8.xml",
             SAMPLES / "cnb_rates" / "daily.txt", mt940(folder, "b.sta", number="2", closing="1151,00"))  # fmt: skip
    with open_here(folder / "made.lab", create=True) as lab:
        for file in files:
            assert bl.import_file(lab, file)["status"] == "imported", file
        bl.withdraw_import(lab, len(files), reason="test")
    return folder / "made.lab"


@pytest.fixture
def filled(made: Path, tmp_path: Path) -> Iterator[Lab]:
    """Give a filled lab."""
    shutil.copy(witness_path(made), tmp_path)
    with open_here(Path(shutil.copy(made, tmp_path))) as lab:
        yield lab


def broken(lab: Lab) -> dict[str, str]:
    """Return name and example of the checks that do not hold."""
    return {row["name"]: row["example"] for row in check.arrow(lab).to_pylist() if row["broken"]}


# The newest entry is removed and every other trace of it too, but for the witness beside the lab.
CUT_END = """
    DELETE FROM ops.log WHERE chain = 'operational' AND number = (SELECT number FROM ops.log_tail WHERE chain = 'operational');
    UPDATE ops.log_tail t SET number = l.number, hash = l.hash, log_id = l.log_id
    FROM (FROM ops.log WHERE chain = 'operational' ORDER BY number DESC LIMIT 1) l WHERE t.chain = l.chain
"""
# What breaks which invariant; the others that it breaks too stand behind it.
PLANTED: list[tuple[str, tuple[str, ...], str]] = [
    ("migrations", (), "UPDATE ops.migration SET checksum = 'x' WHERE number = 1"),
    ("migrations", (), "INSERT INTO ops.migration VALUES (999, 'later', 'x', now())"),
    ("rows_have_import", ("imports_logged",), "INSERT INTO history.rate VALUES (77, 'CNB', '2026-01-01', 'CZK', 'EUR', 1, 25, false)"),
    ("parts_have_statement", (), "INSERT INTO history.balance VALUES (1, 99, 1, 'CLBD', NULL, 1, 'CZK')"),
    ("archived_once", (), "INSERT INTO ops.archived_import VALUES (1, 1)"),
    ("details_have_entry", (), "UPDATE history.detail SET entry_no = 99 WHERE import_id = 3"),
    ("accounts_known", ("sums_of_statements", "day_sums"), "UPDATE history.statement SET currency = 'USD' WHERE import_id = 2"),
    ("parts_agree_with_statement", (), "UPDATE history.day_sum SET account_id = 99 WHERE import_id = 1"),
    ("parts_agree_with_statement", (), "UPDATE history.entry SET interim = true WHERE import_id = 1"),
    ("numbers_unique", (), "UPDATE history.entry SET entry_no = 1 WHERE import_id = 1"),
    ("sums_of_statements", ("day_sums",), "UPDATE history.entry SET amount = amount + 0.001 WHERE import_id = 1 AND entry_no = 1"),
    ("sums_of_statements", (), "UPDATE history.statement SET entries = 3 WHERE import_id = 1"),
    ("sums_of_statements", ("day_sums",), "DELETE FROM history.entry WHERE import_id = 1 AND entry_no = 1"),
    ("day_sums", (), "UPDATE history.day_sum SET credit = credit + 0.001 WHERE import_id = 1"),
    ("day_sums", (), "DELETE FROM history.day_sum WHERE import_id = 1"),
    ("day_sums", (), "UPDATE history.entry SET category = 'Other' WHERE import_id = 1 AND entry_no = 1"),
    ("days_in_statement", (), "UPDATE history.statement SET from_day = '2026-11-02' WHERE import_id = 1"),
    ("repeats_count", ("sums_of_statements", "day_sums"), "UPDATE history.entry SET repeats = 99 WHERE import_id = 1 AND entry_no = 1"),
    ("arithmetic_found", (), "UPDATE history.statement SET closing = closing + 1 WHERE import_id = 1"),
    ("arithmetic_found", (), "DELETE FROM history.finding WHERE code = 'does_not_add_up'"),
    ("missing_amounts_found", ("sums_of_statements", "day_sums"), "UPDATE history.entry SET amount = NULL WHERE import_id = 1 AND entry_no = 1"),
    ("finding_codes", (), "UPDATE history.finding SET code = 'nonsense' WHERE import_id = 1"),
    ("no_statement_twice", ("log_chain",), "INSERT INTO ops.import SELECT * REPLACE (77 AS import_id) FROM ops.import WHERE import_id = 1;"
     "INSERT INTO history.statement SELECT * REPLACE (77 AS import_id) FROM history.statement WHERE import_id = 1;"
     "INSERT INTO history.entry SELECT * REPLACE (77 AS import_id) FROM history.entry WHERE import_id = 1;"
     "INSERT INTO history.day_sum SELECT * REPLACE (77 AS import_id) FROM history.day_sum WHERE import_id = 1;"
     "INSERT INTO ops.log SELECT * REPLACE ((SELECT max(log_id) + 1 FROM ops.log) AS log_id, '{\"import_id\": 77}' AS details)"
     " FROM ops.log WHERE log_id = 1"),
    ("rates", (), "UPDATE history.rate SET rate = 0 WHERE currency = 'EUR'"),
    ("log_chain", ("imports_logged",), "DELETE FROM ops.log WHERE log_id = 2"),
    ("log_chain", (), "UPDATE ops.log SET by_user = 'nobody' WHERE log_id = 2"),
    ("log_chain", (), "UPDATE ops.log SET done_at = done_at + INTERVAL 1 SECOND WHERE log_id = 2"),
    ("log_chain", (), "UPDATE ops.log SET subject = 'other' WHERE log_id = 1"),
    ("log_chain", ("log_witness", "imports_logged"), "DELETE FROM ops.log WHERE number = (SELECT number FROM ops.log_tail WHERE chain = 'operational')"
     " AND chain = 'operational'"),
    ("log_chain", (), "INSERT INTO ops.log SELECT * REPLACE (number + 1 AS number, log_id + 1 AS log_id) FROM ops.log"
     " WHERE log_id = (SELECT max(log_id) FROM ops.log)"),
    ("log_witness", ("imports_logged",), CUT_END),
    ("imports_logged", (), "UPDATE ops.import SET state = 'withdrawn' WHERE import_id = 1"),
    ("imports_logged", (), "UPDATE ops.import SET state = 'imported' WHERE import_id = 5"),
]  # fmt: skip


def test_a_lab_in_order_breaks_nothing(filled: Lab) -> None:
    assert broken(filled) == {}


def test_every_check_has_a_violation_and_a_name_of_its_own() -> None:
    names = [one.name for one in CHECKS]
    assert len(set(names)) == len(names)
    assert {name for name, _, _ in PLANTED} == set(names)


@pytest.mark.parametrize(("name", "also", "sql"), PLANTED, ids=lambda value: value if isinstance(value, str) else "")
def test_a_planted_violation_is_found(filled: Lab, name: str, also: tuple[str, ...], sql: str) -> None:
    with filled.database.tx("history") as cursor:
        for statement in sql.split(";"):
            cursor.execute(statement)
    found = broken(filled)
    assert name in found
    assert found[name]
    assert set(found) <= {name, *also}


def test_a_block_that_cannot_be_read_is_found(filled: Lab) -> None:
    path = filled.path
    filled.close()
    content = bytearray(path.read_bytes())
    # One changed byte of a block that holds rows breaks the block's checksum.
    content[content.index(b"Payment")] ^= 0xFF
    path.write_bytes(content)
    outcomes = []
    try:
        with open_here(path) as damaged:
            outcomes += broken(damaged)
    except DamagedLab as error:
        outcomes.append(error.code)
    assert {FULL_READ.name, DamagedLab.code} & set(outcomes)
