"""Reports as PDF by Typst: a template and data; no text of a bank is ever read as markup.

The fonts are our own (data/fonts: Latin, Greek, Cyrillic), so a report looks the same everywhere, and the same report
gives the same bytes.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from functools import cache
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

import typst

from bankklient_lab.reports import positions, texts
from bankklient_lab.reports.charts import line_chart
from bankklient_lab.reports.lines import Widths
from bankklient_lab.reports.model import (
    NOT_THE_BANKS,
    REPORT_LIMITS,
    CashPositionReport,
    StatementOptions,
    StatementReport,
    check_rows,
)
from bankklient_lab.reports.pages import LaidOut, lay_out

FONT = "Roboto"
_TEMPLATES = Path(__file__).parent
_FORGET_FROM = 100_000  # characters of data, some 30 pages
_REMEMBERED = 10  # documents for which Typst keeps what it worked out
_KNOWN_WIDTHS: dict[str, tuple[float, float]] = {}  # of characters at 100 points, regular and medium
_MEASURE = b"""
#set text(font: sys.inputs.font, size: 100pt, ligatures: false, number-width: "tabular")
#context {
  let widths(weight) = json(bytes(sys.inputs.characters)).map(c => measure(text(weight: weight, c)).width.pt())
  [#metadata((widths(400), widths(500))) <widths>]
}
"""


def statement_pdf(reports: Sequence[StatementReport], options: StatementOptions) -> bytes:
    """Return the statements as one PDF, each beginning on a page of its own."""
    return compiled("statement.typ", statement_data(reports, options), reports[0].made_at)


def statement_data(reports: Sequence[StatementReport], options: StatementOptions) -> str:
    """Return the data of the template as JSON."""
    check_rows(sum(report.entries.num_rows for report in reports), REPORT_LIMITS.pdf_rows, "the PDF")
    laid_out = [lay_out(report, options, measure) for report in reports]
    data = {
        "font": FONT,
        "title": texts.document_title([report.head for report in reports]),
        "mark": NOT_THE_BANKS,
        "made": texts.made_text(reports[0].made_at),
        "size": laid_out[0].layout.size,
        "leading": laid_out[0].layout.leading,
        "statements": [_statement(report, laid, options) for report, laid in zip(reports, laid_out, strict=True)],
    }
    return json.dumps(data, ensure_ascii=False)


def _statement(report: StatementReport, laid: LaidOut, options: StatementOptions) -> dict[str, object]:
    head, layout = report.head, laid.layout
    return {
        "layout": asdict(layout),
        "columns": [layout.day, layout.details, layout.symbols, layout.amount, layout.balance],
        "names": ["Day", "Counterparty and text", "Symbols", f"Amount {head.currency}", f"Balance {head.currency}"],
        "title": laid.title,
        "title_height": laid.title_height,
        "running": texts.running_title(head),
        "currency": head.currency,
        "facts": laid.facts,
        "facts_height": laid.facts_height,
        "sums": texts.head_amounts(head),
        "warning": laid.warning,
        "warning_height": laid.warning_height,
        "shading": options.shading,
        "pages": [page._asdict() for page in laid.pages],
    }


def cash_position_pdf(report: CashPositionReport) -> bytes:
    """Return the cash position with a chart of the last twelve months."""
    check_rows(report.balances.num_rows, REPORT_LIMITS.pdf_rows, "the PDF")
    balances, chart = positions.banks_named(report.balances), line_chart(report.days)
    data = {
        "font": FONT,
        "title": positions.title(report),
        "made": texts.made_text(report.made_at),
        "currency": report.currency,
        "total": texts.amount_text(positions.total(balances), report.currency),
        "counted": f"{balances.num_rows} accounts",
        "chart": asdict(chart) if chart else None,
        "chart_days": positions.chart_days(report),
        "groups": positions.groups(report, balances),
        "rows": [_balance_row(row, report.currency) for row in balances.to_pylist()],
    }
    return compiled("cash_position.typ", json.dumps(data, ensure_ascii=False), report.made_at)


def _balance_row(row: dict[str, Any], currency: str) -> list[str]:
    return [
        row["label"],
        texts.account_text(row["account"]),
        row["bank"],
        row["currency"],
        texts.amount_text(row["balance"], row["currency"]),
        texts.day_text(row["balance_day"]),
        texts.amount_text(row["converted"], currency),
        texts.day_text(row["rate_day"]),
    ]


def measure(characters: set[str], size: float) -> Widths:
    """Return the widths of characters as Typst sets them, those of its fallback fonts included."""
    if new := sorted(characters - _KNOWN_WIDTHS.keys()):
        inputs = {"font": FONT, "characters": json.dumps(new)}
        compiler = typst.Compiler(_MEASURE, font_paths=_fonts(), ignore_system_fonts=True, sys_inputs=inputs)
        regular, medium = json.loads(compiler.query("<widths>", field="value", one=True))
        _KNOWN_WIDTHS.update(zip(new, zip(regular, medium, strict=True), strict=True))
    known = {character: _KNOWN_WIDTHS[character] for character in characters}
    regular_widths = {character: widths[0] * size / 100 for character, widths in known.items()}
    return Widths(regular_widths, {character: widths[1] * size / 100 for character, widths in known.items()})


def compiled(template: str, data: str, made_at: datetime) -> bytes:
    """Return the PDF of a template filled with data (JSON)."""
    if len(data) >= _FORGET_FROM:
        _forget()
    inputs = {"data": data}
    compiler = typst.Compiler(_TEMPLATES / template, font_paths=_fonts(), ignore_system_fonts=True, sys_inputs=inputs)
    pdf = compiler.compile(format="pdf", timestamp=int(made_at.astimezone(UTC).timestamp()))
    assert isinstance(pdf, bytes)
    return pdf


def _forget() -> None:
    """Let Typst drop what it keeps of earlier documents, more than a megabyte a page: it does so after further ones."""
    compiler = typst.Compiler(b"", font_paths=_fonts(), ignore_system_fonts=True)
    for _ in range(_REMEMBERED + 1):
        compiler.compile(b"#none", format="svg")


@cache
def _fonts() -> typst.Fonts:
    with as_file(files("bankklient_lab.data") / "fonts") as folder:
        return typst.Fonts(include_system_fonts=False, font_paths=[folder])
