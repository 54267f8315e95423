"""Statements from the bank, taken over as `bankklient import` would: each once."""

from __future__ import annotations

import tempfile
from pathlib import Path

from bankklient_lab.errors import FormatError
from bankklient_lab.exchange.protocol import shortened
from bankklient_lab.formats.base import Hints
from bankklient_lab.history.importing import ALREADY, REFUSED, report_on
from bankklient_lab.jobs import Job
from bankklient_lab.lab import Lab


def take_statements(lab: Lab, name: str, content: bytes) -> list[str]:
    """Take over the statements of a message, called `name`, and return its findings; FormatError when it is refused.

    Taking it over again changes nothing.
    """
    with tempfile.TemporaryDirectory(prefix="bankklient-") as folder:
        path = Path(folder) / name
        path.write_bytes(content)
        return _taken(lab, path, name, Job())[1]


def import_statements(lab: Lab, path: Path, name: str, job: Job) -> tuple[str, str]:
    """Take over a file, called `name`; return taken or known, and what was found. FormatError when it is refused."""
    known, findings = _taken(lab, path, name, job)
    return "known" if known else "taken", shortened(findings)


def _taken(lab: Lab, path: Path, name: str, job: Job) -> tuple[bool, list[str]]:
    """Take a file over; tell whether all in it was known, and what was found."""
    report = report_on(lab, path, Hints(), name, job, keep=True)
    if report["status"] == REFUSED:
        raise FormatError(report["message"], place=name)
    findings = [f"{name}, {one['place']}: {one['code']} {one['value']}" for one in report["findings"]]
    return report["status"] == ALREADY, [*findings, *report["orders"]]
