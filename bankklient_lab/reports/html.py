"""Reports as HTML pages that stand alone: no script, nothing loaded, every value escaped by the template."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from bankklient_lab.reports import positions, texts
from bankklient_lab.reports.charts import line_chart
from bankklient_lab.reports.listings import Part
from bankklient_lab.reports.model import (
    NOT_THE_BANKS,
    REPORT_LIMITS,
    CashPositionReport,
    StatementOptions,
    StatementReport,
    check_rows,
)


def statement_html(reports: Sequence[StatementReport], options: StatementOptions) -> bytes:
    """Return the statements as one page."""
    check_rows(sum(report.entries.num_rows for report in reports), REPORT_LIMITS.html_rows, "the page")
    return _rendered(
        "statement.html",
        title=texts.document_title([report.head for report in reports]),
        made=texts.made_text(reports[0].made_at),
        reports=reports,
        options=options,
        mark=NOT_THE_BANKS,
    )


def cash_position_html(report: CashPositionReport) -> bytes:
    """Return the cash position as one page."""
    balances = positions.banks_named(report.balances)
    return _rendered(
        "cash_position.html",
        title=positions.title(report),
        made=texts.made_text(report.made_at),
        report=report,
        rows=balances.to_pylist(),
        total=positions.total(balances),
        groups=positions.groups(report, balances),
        chart=line_chart(report.days),
        chart_days=positions.chart_days(report),
    )


def parts_html(parts: Sequence[Part], title: str, client: str, made_at: datetime) -> bytes:
    """Return lists, one below the other, as one page."""
    check_rows(sum(len(one.rows) for one in parts), REPORT_LIMITS.html_rows, "the page")
    return _rendered("listing.html", title=title, client=client, made=texts.made_text(made_at), parts=parts)


def _rendered(template: str, **values: object) -> bytes:
    return _environment().get_template(template).render(values).encode("utf-8")


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["texts"] = texts
    return environment
