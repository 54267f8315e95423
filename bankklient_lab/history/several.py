"""Several files in their order, on both cores: while one is compared and written, the next is read already."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event
from typing import Any

from bankklient_lab.errors import FormatError
from bankklient_lab.formats.base import Hints
from bankklient_lab.history.importing import import_file, refusal, report_on
from bankklient_lab.jobs import Job
from bankklient_lab.lab import Lab

FILES_AT_ONCE = 2


def import_files(lab: Lab, paths: Sequence[Path], hints: Hints, job: Job) -> Iterator[dict[str, Any]]:
    """Take files over one after another and yield the report on each (see `import_file`); Cancelled is raised."""
    if lab.remote is not None:
        for path in paths:
            yield _sent(lab, path, hints, job)
        return
    kept = [Event() for _ in paths]

    def take(index: int) -> dict[str, Any]:
        def turn() -> None:
            if index:
                kept[index - 1].wait()

        try:
            return report_on(lab, paths[index], hints, None, job, keep=True, turn=turn)
        finally:
            turn()  # a file that was refused early does not let the next one overtake the one before
            kept[index].set()

    # The pool begins the files in their order, so the one that is waited for always runs.
    with ThreadPoolExecutor(min(FILES_AT_ONCE, len(paths)), "import") as pool:
        reports = [pool.submit(take, index) for index in range(len(paths))]
        try:
            for report in reports:
                yield report.result()
        except BaseException:
            job.cancel()
            raise


def _sent(lab: Lab, path: Path, hints: Hints, job: Job) -> dict[str, Any]:
    try:
        return import_file(
            lab, path, account=hints.account, currency=hints.currency, bank=hints.bank, mapping=hints.mapping, job=job
        )
    except FormatError as error:  # it could not even be sent
        return {"path": str(path), "format": None, "version": None, "import_id": None, "rates": 0, **refusal(error)}
