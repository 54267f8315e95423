"""Reports beside their engines on the same work: `python -m tests.bench.reports`.

A8: a statement of 3,900 entries as PDF beside the bare compilation of the same template with the same data made ready;
1,000 statements of one page in one process and in two. A9: a formatted sheet of 200,000 entries beside xlsxwriter in
constant memory that writes the same cells. Each measure runs in a fresh process, three times, and gives the median.
"""

from __future__ import annotations

import io
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace

import pyarrow as pa

from bankklient_lab.reports.doors import rendered_many
from bankklient_lab.reports.model import StatementOptions, StatementReport
from tests.reports.samples import MADE_AT, a_statement

PLAIN = StatementOptions()
PDF_ENTRIES = 3_900
SHEET_ENTRIES = 200_000
MANY = 1_000
ONE_PAGE_ENTRIES = 12


def pdf_ours() -> float:
    """Seconds for the PDF, the layout on pages included."""
    from bankklient_lab.reports.pdf import statement_pdf

    report = a_statement(PDF_ENTRIES)
    return _seconds(lambda: statement_pdf([report], PLAIN))


def pdf_bare() -> float:
    """Seconds for compiling the same template with data that are ready."""
    from bankklient_lab.reports import pdf

    data = pdf.statement_data([a_statement(PDF_ENTRIES)], PLAIN)
    return _seconds(lambda: pdf.compiled("statement.typ", data, MADE_AT))


def many_one_process() -> float:
    """Seconds for 1,000 one-page statements by one process."""
    return _many(1)


def many_two_processes() -> float:
    """Seconds for 1,000 one-page statements by two processes."""
    return _many(2)


def sheet_ours() -> float:
    """Seconds for a workbook of 200,000 entries, the way out of Arrow included."""
    from bankklient_lab.reports.excel import statement_workbook

    report = _large()
    return _seconds(lambda: statement_workbook([report], PLAIN))


def sheet_bare() -> float:
    """Seconds for xlsxwriter to write the same cells with formats out of rows that are ready."""
    from bankklient_lab.reports.excel import STATEMENT_COLUMNS

    columns = [_large().entries[column.field].to_pylist() for column in STATEMENT_COLUMNS]
    rows = list(zip(*columns, strict=True))
    return _seconds(lambda: _bare_workbook(rows))


def _bare_workbook(rows: list[tuple[object, ...]]) -> None:
    import xlsxwriter

    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_numbers": False}
    book = xlsxwriter.Workbook(io.BytesIO(), options | {"strings_to_urls": False})
    number, day, money, text = (book.add_format({"num_format": form}) for form in ("0", "yyyy-mm-dd", "#,##0.00", "@"))
    formats = [number, day, day, money, money] + [text] * 7
    sheet = book.add_worksheet()
    for row, cells in enumerate(rows):
        for column, value in enumerate(cells):
            if value is not None:
                sheet.write(row, column, value, formats[column])
    book.close()


def _large() -> StatementReport:
    base = a_statement(4_000)
    return replace(base, entries=pa.concat_tables([base.entries] * (SHEET_ENTRIES // 4_000)).combine_chunks())


def _many(processes: int) -> float:
    reports = [a_statement(ONE_PAGE_ENTRIES, label=f"Account {number}") for number in range(MANY)]
    return _seconds(lambda: sum(map(len, rendered_many(reports, ".pdf", PLAIN, processes))))


def _seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


MEASURES = (pdf_ours, pdf_bare, many_one_process, many_two_processes, sheet_ours, sheet_bare)


def _median(measure: Callable[[], float], runs: int) -> float:
    command = [sys.executable, "-m", "tests.bench.reports", measure.__name__]
    return statistics.median(
        float(subprocess.run(command, check=True, capture_output=True, text=True).stdout) for _ in range(runs)
    )


def main() -> None:
    """Print the seconds of one measure, or the medians of all and their ratios."""
    if sys.argv[1:]:
        print({measure.__name__: measure for measure in MEASURES}[sys.argv[1]]())
        return
    seconds = {measure.__name__: _median(measure, 3) for measure in MEASURES}
    for name, median in seconds.items():
        print(f"{name:20} {median:7.2f} s")
    print(f"A8 PDF / bare          {seconds['pdf_ours'] / seconds['pdf_bare']:.2f} (at most 1.5)")
    print(f"A8 two processes / one {seconds['many_two_processes'] / seconds['many_one_process']:.2f}")
    print(f"A9 sheet / bare        {seconds['sheet_ours'] / seconds['sheet_bare']:.2f} (at most 1)")


if __name__ == "__main__":
    main()
