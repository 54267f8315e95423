"""Statements that a batch from the bank brings, taken over as a file with the same content would be."""

from __future__ import annotations

import tempfile
from pathlib import Path

from bankklient_lab.errors import FormatError
from bankklient_lab.formats.base import Hints
from bankklient_lab.history.importing import REFUSED, report_on
from bankklient_lab.jobs import Job
from bankklient_lab.lab import Lab


def take_statements(lab: Lab, name: str, content: bytes) -> list[str]:
    """Take over the statements of a message, called `name`, and return its findings; FormatError when it is refused.

    Taking it over again changes nothing.
    """
    with tempfile.TemporaryDirectory(prefix="bankklient-") as folder:
        path = Path(folder) / name
        path.write_bytes(content)
        report = report_on(lab, path, Hints(), name, Job(), keep=True)
    if report["status"] == REFUSED:
        raise FormatError(report["message"], place=name)
    return [f"{name}, {one['place']}: {one['code']} {one['value']}" for one in report["findings"]]
