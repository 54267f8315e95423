"""The doors of the room: ask the analysis, choose the renderer by the suffix of the file."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from datetime import date, timedelta
from multiprocessing import get_context
from os import cpu_count
from typing import TYPE_CHECKING

from bankklient_lab.errors import BadArgument, UnknownName
from bankklient_lab.lab import Lab
from bankklient_lab.reports.model import CashPositionReport, StatementOptions, StatementReport, statement_head

if TYPE_CHECKING:
    import pyarrow as pa

    from bankklient_lab.jobs import Job

TABLE_SUFFIXES = (".csv", ".json", ".parquet", ".xlsx")
SUFFIXES = (".pdf", ".xlsx", ".html", ".csv", ".parquet")
DEFAULT_OPTIONS = StatementOptions()
_MONTHS_SHOWN_DAYS = 366
_AHEAD = 8  # statements read ahead of each process that renders


@dataclass(frozen=True, slots=True)
class StatementRequest:
    """One statement to make: an account (number, label or own name; `currency` when it has several), [since, until)."""

    account: str
    since: date
    until: date
    currency: str | None = None


def render_statement(
    lab: Lab,
    accounts: Collection[str] = (),
    *,
    since: date,
    until: date,
    suffix: str,
    currency: str | None = None,
    options: StatementOptions = DEFAULT_OPTIONS,
    job: Job | None = None,
) -> bytes:
    """Return the statements of accounts (all when empty, those in `currency` when given) in [since, until) as one file.

    `suffix` is one of SUFFIXES; .csv and .parquet hold the entries with a first column account.
    Raises UnknownName, BadArgument (an unknown suffix, more rows than the form takes).
    """
    known_suffix(suffix, SUFFIXES)
    reports: list[StatementReport] = []
    for request in _requests(lab, accounts, currency, since, until):
        if job is not None:
            job.step(f"reading {request.account}")
        reports.append(statement_report(lab, request))
    return rendered_statements(reports, suffix, options, job)


def render_cash_position(lab: Lab, *, on: date, in_currency: str, suffix: str) -> bytes:
    """Return balances at the end of the day `on` by currency, bank and account, with totals in a currency.

    `suffix` is one of SUFFIXES; .csv and .parquet hold the balances. Raises NoRate, BadArgument.
    """
    known_suffix(suffix, SUFFIXES)
    report = cash_position_report(lab, on=on, in_currency=in_currency)
    if suffix == ".pdf":
        from bankklient_lab.reports.pdf import cash_position_pdf

        return cash_position_pdf(report)
    if suffix == ".html":
        from bankklient_lab.reports.html import cash_position_html

        return cash_position_html(report)
    if suffix == ".xlsx":
        from bankklient_lab.reports.excel import cash_position_workbook

        return cash_position_workbook(report)
    return render_table(report.balances, suffix, "Cash position")


def render_table(table: pa.Table, suffix: str, title: str, job: Job | None = None) -> bytes:
    """Return any table as a file; `suffix` is one of TABLE_SUFFIXES, `title` names the sheet of a workbook."""
    known_suffix(suffix, TABLE_SUFFIXES)
    if suffix == ".xlsx":
        from bankklient_lab.reports.excel import table_workbook

        return table_workbook(table, title, job)
    from bankklient_lab.reports import tables

    return {".csv": tables.csv_bytes, ".json": tables.json_bytes, ".parquet": tables.parquet_bytes}[suffix](table)


def render_many(
    lab: Lab, requests: Iterable[StatementRequest], *, suffix: str, options: StatementOptions = DEFAULT_OPTIONS
) -> Iterator[bytes]:
    """Yield one file per request, in order; read here, rendered by as many processes as there are cores."""
    known_suffix(suffix, SUFFIXES)
    return rendered_many((statement_report(lab, request) for request in requests), suffix, options)


def rendered_many(
    reports: Iterable[StatementReport], suffix: str, options: StatementOptions, processes: int | None = None
) -> Iterator[bytes]:
    """Yield one file per report, in order, with a bounded number of them under way."""
    workers = processes or cpu_count() or 1
    waiting: deque[Future[bytes]] = deque()
    # Fresh processes: a copy of this one would inherit the locks of the database's threads.
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        for report in reports:
            waiting.append(pool.submit(rendered_statements, [report], suffix, options))
            if len(waiting) > workers * _AHEAD:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def rendered_statements(
    reports: Sequence[StatementReport], suffix: str, options: StatementOptions, job: Job | None = None
) -> bytes:
    """Return statements that are read already as one file."""
    if suffix == ".pdf":
        from bankklient_lab.reports.pdf import statement_pdf

        return statement_pdf(reports, options)
    if suffix == ".html":
        from bankklient_lab.reports.html import statement_html

        return statement_html(reports, options)
    if suffix == ".xlsx":
        from bankklient_lab.reports.excel import statement_workbook

        return statement_workbook(reports, options, job)
    from bankklient_lab.reports.tables import joined

    return render_table(joined([(report.head.account, report.entries) for report in reports], "account"), suffix, "")


def statement_report(lab: Lab, request: StatementRequest) -> StatementReport:
    """Read one statement."""
    from bankklient_lab.analysis import statement as room

    account, since, until, currency = request.account, request.since, request.until, request.currency
    head = room.statement_head.arrow(lab, account, since=since, until=until, currency=currency)
    entries = room.statement.arrow(lab, account, since=since, until=until, currency=currency)
    return StatementReport(statement_head(head), entries, lab.clock())


def cash_position_report(lab: Lab, *, on: date, in_currency: str) -> CashPositionReport:
    """Read the balances of a day and the daily total of the twelve months before."""
    from bankklient_lab.analysis import balances as room
    from bankklient_lab.analysis.conversion import all_converted

    table = all_converted(room.balances.arrow(lab, on=on, in_currency=in_currency), in_currency)
    since, until = on - timedelta(days=_MONTHS_SHOWN_DAYS - 1), on + timedelta(days=1)
    days = room.balance_series.arrow(lab, since=since, until=until, by="total", in_currency=in_currency)
    return CashPositionReport(on, in_currency.strip().upper(), table, days.select(["day", "balance"]), lab.clock())


def _requests(
    lab: Lab, names: Collection[str], currency: str | None, since: date, until: date
) -> list[StatementRequest]:
    """Return a request for each account and currency that the names mean."""
    from bankklient_lab.analysis.accounts import accounts

    if isinstance(names, str):
        raise BadArgument(f"accounts must be a list of names, not the text {names!r}")
    rows = accounts.arrow(lab).select(["account", "name", "label", "currency"]).to_pylist()
    for name in names:
        if not any(name in _names(row) for row in rows):
            raise UnknownName("account", name, "`bankklient accounts` lists them")
    chosen = [
        row for row in rows if (not names or not _names(row).isdisjoint(names)) and currency in (None, row["currency"])
    ]
    if not chosen:
        wanted = f" in {currency}" if currency else ""
        raise BadArgument(f"the lab has no such account{wanted}; import its statements first")
    return [StatementRequest(row["label"], since, until, row["currency"]) for row in chosen]


def _names(row: dict[str, str | None]) -> set[str | None]:
    return {row["account"], row["name"], row["label"]}


def known_suffix(suffix: str, known: Sequence[str]) -> None:
    """Raise BadArgument for a suffix that a report has no form for."""
    if suffix not in known:
        raise BadArgument(f"{suffix!r} is no form of this report; known are {', '.join(known)}")
