"""The demo company: generated from a seed, written as bank files of several formats, imported like any file."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bankklient_lab.jobs import Job

if TYPE_CHECKING:
    from bankklient_lab.demo.files import BankFile
    from bankklient_lab.lab import Lab

ENTRIES = 100_000
MONTHS = 24
SEED = 20_260_101


def fill(
    lab: Lab,
    folder: Path,
    *,
    today: date,
    entries: int = ENTRIES,
    months: int = MONTHS,
    seed: int = SEED,
    job: Job | None = None,
) -> dict[str, Any]:
    """Write the company's bank files into `folder` and import them into `lab`; returns what came of it.

    The company has 12 accounts in CZK, EUR and USD at three banks; its `months` end the day before `today`. About
    `entries`
    entries (own transfers come on top). The same arguments give the same files. Result: files, imported, statements,
    entries, first_day, until (not included).
    """
    from bankklient_lab.analysis.accounts import rename_account
    from bankklient_lab.demo.company import own_accounts
    from bankklient_lab.demo.files import write_files
    from bankklient_lab.demo.generate import Company

    job = job or Job()
    job.step("making up the company's business")
    company = Company(today=today, entries=entries, months=months, seed=seed)
    files = list(write_files(company, folder, job))
    imported = _import(lab, files, job)
    for account in own_accounts():
        rename_account(lab, account.iban, account.name, account.currency)
    statements, lines = company.counts()
    return {
        "files": len(files),
        "imported": imported,
        "statements": statements,
        "entries": lines,
        "first_day": company.first_day,
        "until": today,
    }


def _import(lab: Lab, files: list[BankFile], job: Job) -> int:
    """Import the files, those that need the same said together; returns how many brought something new."""
    from bankklient_lab.formats.base import Hints
    from bankklient_lab.history.several import import_files

    imported = done = 0
    said = sorted({(file.bank or "", file.currency or "") for file in files})
    for bank, currency in said:
        paths = [file.path for file in files if (file.bank or "", file.currency or "") == (bank, currency)]
        for report in import_files(lab, paths, Hints(bank=bank or None, currency=currency or None), Job()):
            assert report["status"] != "refused", report["message"]
            imported += report["status"] == "imported"
            done += 1
            job.step(f"importing, {done} of {len(files)} files", done / len(files))
    return imported
