"""Bank files and labs that the fault tests work on, made once a session."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

from bankklient_lab.demo.files import BankFile, write_files
from bankklient_lab.demo.generate import Company
from bankklient_lab.history.importing import import_file
from bankklient_lab.jobs import Job
from bankklient_lab.lab import Lab, open_here
from bankklient_lab.store.checks import run_checks
from tests.statements import mt940

MONTHS = 3
LARGE_ENTRIES = 20_000


class Contents(NamedTuple):
    """What an import of one file puts into a lab."""

    statements: int
    entries: int
    amounts: Decimal
    day_sums: Decimal
    balances: int
    details: int
    rates: int


class Material(NamedTuple):
    """`lists`: a list of files a month, each with a large one; `contents`: per file name; `lab`: holds all of them."""

    lists: list[Path]
    contents: dict[str, Contents]
    lab: Path


def make(folder: Path) -> Material:
    """Write the files, import all of them once and note what each puts into a lab."""
    company = Company(today=date(2026, 11, 1), entries=9_000, months=MONTHS, seed=7)
    files = list(write_files(company, folder / "files", Job()))
    lists = []
    for month in range(MONTHS):
        chosen = [files[0]] if month == 0 else []
        chosen += [item for item in files if item.path.name.startswith(f"2026-{8 + month:02}-")]
        chosen.insert(2, BankFile(large(folder / "files", month + 1), None, None))
        lists.append(folder / f"{month}.json")
        lists[-1].write_text(json.dumps([[str(item.path), item.bank, item.currency] for item in chosen]), "utf-8")
    with open_here(folder / "all.lab", create=True) as lab:
        for path in lists:
            for file, bank, currency in json.loads(path.read_text("utf-8")):
                report = import_file(lab, Path(file), bank=bank, currency=currency)
                assert report["status"] == "imported", report
        return Material(lists, {name: found for name, _, found in contents(lab).values()}, lab.path)


def large(folder: Path, number: int, entries: int = LARGE_ENTRIES) -> Path:
    """Write a large file: the statement with that number (1 to 9), of one crown an entry."""
    lines = tuple((f"26110{number}", "C1,00", f"R{number}N{at}") for at in range(entries))
    opening, closing = (number - 1) * entries, number * entries
    return mt940(
        folder, f"large{number}.sta", number=str(number), opening=f"{opening},00", closing=f"{closing},00",
        first=f"26110{number}", last=f"26110{number}", entries=lines,
    )  # fmt: skip


def contents(lab: Lab) -> dict[int, tuple[str, str, Contents]]:
    """Return file name, state and contents of every import of a lab by its number."""
    found = {}
    for import_id, name, state, *numbers in lab.rows(
        """
        SELECT import_id, file_name, state,
            (SELECT count(*) FROM history.statement t WHERE t.import_id = i.import_id),
            (SELECT count(*) FROM history.entry t WHERE t.import_id = i.import_id),
            (SELECT coalesce(sum(amount), 0) FROM history.entry t WHERE t.import_id = i.import_id),
            (SELECT coalesce(sum(credit - debit), 0) FROM history.day_sum t WHERE t.import_id = i.import_id),
            (SELECT count(*) FROM history.balance t WHERE t.import_id = i.import_id),
            (SELECT count(*) FROM history.detail t WHERE t.import_id = i.import_id),
            (SELECT count(*) FROM history.rate t WHERE t.import_id = i.import_id)
        FROM ops.import i
        """
    ):
        found[import_id] = (name, state, Contents(*numbers))
    return found


def broken(lab: Lab) -> list[str]:
    """Return what is not as it must always be in a lab, and accounts that no import brought."""
    wrong = [f"{check.name}: {check.broken} ({check.example})" for check in run_checks(lab.database) if check.broken]
    stray = lab.rows("SELECT number FROM ops.account ANTI JOIN history.statement USING (account_id)")
    return wrong + [f"account {number} has no statement" for (number,) in stray]
