"""A8 and A9: statements as PDF and Excel, beside the bare tools on what they are given."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from hashlib import sha256
from importlib.resources import as_file, files
from io import BytesIO
from pathlib import Path
from time import process_time
from typing import Any

from tests.bench.analysis import ACCOUNT_ID
from tests.bench.measure import Measurement, Target, in_turns, task, timed
from tests.bench.tasks import a_task

MADE_AT = datetime(2026, 11, 2, 7, 30, tzinfo=UTC)
ONE_PAGE_ENTRIES = 12
PRINTED = (date(2025, 1, 1), date(2025, 6, 1))  # 4,165 entries of one account in a lab of 1,000,000


@a_task
def statement_pdf(lab: str, bare: bool) -> dict[str, Any]:
    """Make the PDF of one account's five months from the lab, or compile the data prepared for it with bare Typst.

    Once, in a process of its own: Typst keeps what it worked out, and would answer a second time out of that.
    """
    import typst

    import bankklient_lab as bl
    from bankklient_lab.reports import StatementOptions, StatementRequest, pdf, render_statement
    from bankklient_lab.reports.doors import statement_report
    from tests.reports.samples import a_statement

    since, until = PRINTED
    made: list[bytes] = []
    with bl.open(lab, clock=lambda: MADE_AT) as opened:
        account = _account(opened)
        report = statement_report(opened, StatementRequest(account, since, until))
        data = pdf.statement_data([report], StatementOptions())
        pdf.statement_pdf([a_statement(1)], StatementOptions())  # reads our fonts
        template = Path(pdf.__file__).with_name("statement.typ")
        with as_file(files("bankklient_lab.data") / "fonts") as folder:
            fonts = typst.Fonts(include_system_fonts=False, font_paths=[folder])

        def ours() -> None:
            made.append(render_statement(opened, [account], since=since, until=until, suffix=".pdf"))

        def peer() -> None:
            compiler = typst.Compiler(template, font_paths=fonts, sys_inputs={"data": data})
            made.append(compiler.compile(format="pdf", timestamp=int(MADE_AT.timestamp())))

        seconds = timed(peer if bare else ours)
    pages = sum(len(statement["pages"]) for statement in json.loads(data)["statements"])
    digest = sha256(made[0]).hexdigest()
    return {"seconds": seconds, "digest": digest, "pages": pages, "entries": report.entries.num_rows}


def _account(lab: Any) -> str:
    return str(lab.rows("SELECT number FROM ops.account WHERE account_id = $id", {"id": ACCOUNT_ID})[0][0])


@a_task
def many_statements(number: int, rounds: int) -> dict[str, Any]:
    """Make one-page statements by all cores and by one process, with the start of the processes."""
    from bankklient_lab.reports import StatementOptions
    from bankklient_lab.reports.doors import rendered_many
    from tests.reports.samples import a_statement

    reports = [a_statement(ONE_PAGE_ENTRIES, label=f"Account {account}") for account in range(number)]

    def made(processes: int | None) -> float:
        return timed(lambda: sum(map(len, rendered_many(reports, ".pdf", StatementOptions(), processes))))

    return {"samples": in_turns(rounds, lambda: made(None), lambda: made(1))}


@a_task
def workbook(rows: int, rounds: int) -> dict[str, Any]:
    """Make an Excel statement, and write the same cells with bare xlsxwriter in constant memory.

    Both only compute, each in one thread, so the time of the processor is taken: others on the machine do not count.
    """
    from bankklient_lab.reports import StatementOptions
    from bankklient_lab.reports.excel import STATEMENT_COLUMNS, statement_workbook

    report = _large(rows)
    fields = [column.field for column in STATEMENT_COLUMNS]
    cells = list(zip(*(report.entries[field].to_pylist() for field in fields), strict=True))

    def bare() -> bytes:
        return _bare_workbook(fields, cells)

    def spent(function: Callable[[], object]) -> float:
        began = process_time()
        function()
        return process_time() - began

    samples = in_turns(
        rounds, lambda: spent(lambda: statement_workbook([report], StatementOptions())), lambda: spent(bare)
    )
    return {"samples": samples, "cells": sum(value is not None for row in cells for value in row)}


def _bare_workbook(fields: list[str], rows: list[tuple[Any, ...]]) -> bytes:
    """Write the cells of the table with their formats, by the methods for their types."""
    import xlsxwriter

    content = BytesIO()
    book = xlsxwriter.Workbook(content, {"constant_memory": True})
    sheet = book.add_worksheet()
    forms = ("@", "yyyy-mm-dd", "#,##0.00", "0")
    text, day, amount, whole = (book.add_format({"num_format": form}) for form in forms)
    for column, field in enumerate(fields):
        sheet.write_string(0, column, field)
    for number, row in enumerate(rows, start=1):
        for column, value in enumerate(row):
            if isinstance(value, str):
                sheet.write_string(number, column, value, text)
            elif isinstance(value, date):
                sheet.write_datetime(number, column, value, day)
            elif isinstance(value, Decimal):
                sheet.write_number(number, column, value, amount)
            elif value is not None:
                sheet.write_number(number, column, value, whole)
    book.close()
    return content.getvalue()


def _large(rows: int) -> Any:
    """Return a statement of `rows` entries, the same few thousand again and again."""
    import pyarrow as pa

    from tests.reports.samples import a_statement

    base = a_statement(min(rows, 4_000))
    entries = pa.concat_tables([base.entries] * -(-rows // base.entries.num_rows)).slice(0, rows)
    return replace(base, entries=entries.combine_chunks())


def pdf(lab: Path, *, statements: int, rounds: int) -> Iterator[Measurement]:
    """Measure A8."""
    results: list[dict[str, Any]] = []

    def made(bare: bool) -> float:
        results.append(task("statement_pdf", lab=lab, bare=bare))
        return float(results[-1]["seconds"])

    ours, peer = in_turns(rounds, lambda: made(bare=False), lambda: made(bare=True))
    result = results[0]
    assert {other["digest"] for other in results} == {result["digest"]}, "not the same document"
    work = f"statement PDF from the lab, {result['entries']:,} entries, {result['pages']:,} pages"
    yield Measurement("A8", work, ours, Target("time", 1.5), "bare Typst on the prepared data, same bytes", peer)
    ours, peer = map(tuple, task("many_statements", number=statements, rounds=rounds)["samples"])
    work = f"{statements:,} statements of one page, by all cores"
    yield Measurement("A8", work, ours, Target("speed", 1.5), "the same by one process", peer)


def excel(*, rows: int, rounds: int) -> Iterator[Measurement]:
    """Measure A9."""
    result = task("workbook", rows=rows, rounds=rounds)
    ours, peer = map(tuple, result["samples"])
    work = f"Excel statement, {rows:,} rows, {result['cells']:,} cells, formatted, processor time"
    yield Measurement("A9", work, ours, Target("time", 1), "bare xlsxwriter in constant memory, same cells", peer)
