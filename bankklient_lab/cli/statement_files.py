"""A statement as the content of a file, the format by the file's suffix."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from bankklient_lab.cli.output import as_json
from bankklient_lab.errors import BadArgument

if TYPE_CHECKING:
    from bankklient_lab.lab import Lab

FOR_PEOPLE = (".pdf", ".xlsx", ".html")


def statement_file(lab: Lab, name: str, account: str, *, since: date, until: date, currency: str | None) -> bytes:
    """Return the statement of [since, until) in the format that the file name asks for; BadArgument for another one."""
    from bankklient_lab.analysis.exporting import export_statement, writers

    suffix = _suffix(name, [*FOR_PEOPLE, ".json", *writers()])
    if suffix in FOR_PEOPLE:
        from bankklient_lab.reports import doors

        report = doors.statement_report(lab, doors.StatementRequest(account, since, until, currency))
        return doors.rendered_statements([report], suffix, doors.DEFAULT_OPTIONS)
    if suffix == ".json":
        return _json(lab, account, since, until, currency)
    return export_statement(lab, account, since=since, until=until, suffix=suffix, currency=currency)


def losses(name: str) -> list[str]:
    """Return the sentence that says what the format of the file can't hold, if it holds less than the lab."""
    from bankklient_lab.formats import formats

    return [f.losses for f in formats().values() if f.losses and name.lower().endswith(f.write_suffix)]


def _suffix(name: str, known: list[str]) -> str:
    fitting = [suffix for suffix in known if suffix and name.lower().endswith(suffix)]
    if not fitting:
        raise BadArgument(f"{name}: no format has this suffix; known are {', '.join(sorted(filter(None, known)))}")
    return max(fitting, key=len)


def _json(lab: Lab, account: str, since: date, until: date, currency: str | None) -> bytes:
    from bankklient_lab.analysis.statement import statement, statement_head

    (head,) = statement_head.rows(lab, account, since=since, until=until, currency=currency)
    entries = statement.rows(lab, account, since=since, until=until, currency=currency)
    return as_json({"statement": head, "entries": entries}).encode()
