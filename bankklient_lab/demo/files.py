"""The demo company's bank files: one a month and bank, and the central bank's rates of each year."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa

from bankklient_lab.demo.company import NAME
from bankklient_lab.demo.generate import Company
from bankklient_lab.formats import formats
from bankklient_lab.formats.base import StatementSet
from bankklient_lab.formats.schema import SCHEMAS, Kind
from bankklient_lab.jobs import Job

FORMATS = {"camt": "camt.053", "mt940": "mt940", "gpc": "gpc"}


class BankFile(NamedTuple):
    """A file as a bank sends it, with what it does not say itself."""

    path: Path
    bank: str | None
    currency: str | None


def write_files(company: Company, folder: Path, job: Job) -> Iterator[BankFile]:
    """Write all files of the company into `folder` (made when missing), in the order of time, and give them."""
    folder.mkdir(parents=True, exist_ok=True)
    yield from _write_rates(company, folder)
    months = company.con.execute("SELECT month_no, first_day FROM month ORDER BY month_no").fetchall()
    for done, (month_no, first_day) in enumerate(months):
        job.step(f"writing the files of {first_day:%Y-%m}", done / len(months))
        for kind, name in FORMATS.items():
            format_ = formats()[name]
            assert format_.write is not None
            for currency in ("CZK", "EUR") if kind == "gpc" else (None,):
                data = _statements(company, kind, month_no, currency)
                if not data.statements.num_rows:
                    continue
                bank = data.statements["bank"][0].as_py()
                middle = f"-{currency}" if currency else ""
                path = folder / f"{first_day:%Y-%m}-{bank}{middle}{format_.write_suffix}"
                with path.open("wb") as target:
                    target.writelines(format_.write(data))
                yield BankFile(path, bank if kind == "gpc" else None, currency)


def _statements(company: Company, kind: str, month_no: int, currency: str | None) -> StatementSet:
    company.con.execute(
        """
        CREATE OR REPLACE TEMP TABLE chosen AS
        SELECT row_number() OVER (ORDER BY s.account_no, s.first_day)::INTEGER AS statement_no, s.*, a.currency,
            CASE WHEN s.format = 'gpc' THEN a.number ELSE a.iban END AS account,
            CASE WHEN s.format = 'camt' THEN a.bic ELSE a.bank_code END AS bank
        FROM sent s JOIN account a USING (account_no)
        WHERE s.format = ? AND s.month_no = ? AND (? IS NULL OR a.currency = ?)
        """,
        [kind, month_no, currency, currency],
    )
    return StatementSet(
        statements=_table(company, _STATEMENTS, Kind.STATEMENT),
        entries=_table(company, _ENTRIES, Kind.ENTRY),
        balances=_table(company, _BALANCES, Kind.BALANCE),
    )


def _table(company: Company, sql: str, kind: Kind) -> pa.Table:
    table = company.table(sql)
    columns = [
        table[f.name].cast(f.type) if f.name in table.column_names else pa.nulls(table.num_rows, f.type)
        for f in SCHEMAS[kind]
    ]
    return pa.table(columns, schema=SCHEMAS[kind])


_STATEMENTS = f"""
    SELECT statement_no, false AS interim, account, bank, currency, '{NAME}' AS account_name, number::VARCHAR AS
    number,
        CASE WHEN format = 'camt' THEN strftime(last_day, '%Y%m%d') || '-' || account_no END AS reference,
        first_day, last_day, opening, first_day AS opening_day, closing, last_day AS closing_day
    FROM chosen ORDER BY statement_no
"""  # noqa: S608 - our own name
_BALANCES = """
    SELECT statement_no, 'OPBD' AS balance_type, first_day AS day, opening AS amount, currency FROM chosen
    UNION ALL SELECT statement_no, 'CLBD', last_day, closing, currency FROM chosen ORDER BY 1, 2 DESC
"""
_ENTRIES = """
    SELECT c.statement_no, row_number() OVER (PARTITION BY c.statement_no ORDER BY l.day, l.line_no)::INTEGER AS
    entry_no,
        l.day AS booking_day, l.day AS value_day, l.amount, l.currency, 'BOOK' AS status, false AS reversal,
        CASE WHEN l.format = 'gpc' THEN left(l.counterparty_name, 20) ELSE l.counterparty_name END AS counterparty_name,
        CASE WHEN l.format <> 'gpc' THEN l.counterparty_account
            WHEN starts_with(l.counterparty_account, 'CZ') THEN ltrim(right(l.counterparty_account, 10), '0') END AS
            counterparty_account,
        CASE WHEN l.format = 'gpc' AND starts_with(l.counterparty_account, 'CZ') THEN substr(l.counterparty_account,
        5, 4) END AS counterparty_bank,
        l.variable_symbol, l.constant_symbol, l.specific_symbol,
        CASE WHEN l.format = 'gpc' THEN NULL ELSE l.bank_reference END AS bank_reference,
        CASE WHEN l.format = 'gpc' THEN NULL ELSE l.remittance END AS remittance,
        CASE WHEN l.format = 'camt' THEN l.original_amount END AS original_amount,
        CASE WHEN l.format = 'camt' THEN l.original_currency END AS original_currency,
        CASE WHEN l.format = 'camt' THEN l.exchange_rate END AS exchange_rate, 0 AS detail_count
    FROM line l JOIN chosen c ON c.account_no = l.account_no AND l.day BETWEEN c.first_day AND c.last_day
    ORDER BY 1, 2
"""


def _write_rates(company: Company, folder: Path) -> Iterator[BankFile]:
    """Write the rates as the CNB's files of a year: a line a day, decimal comma, header with units."""
    for (year,) in company.con.execute("SELECT DISTINCT year(day) FROM rate ORDER BY 1").fetchall():
        table = company.con.execute(
            "SELECT day, list(rate ORDER BY currency) AS rates FROM rate WHERE year(day) = ? GROUP BY day ORDER BY day",
            [year],
        ).fetchall()
        heads = company.con.execute("SELECT DISTINCT currency, units FROM rate ORDER BY currency").fetchall()
        lines = ["|".join(["Datum", *(f"{units} {currency}" for currency, units in heads)])]
        lines += [
            "|".join([f"{day:%d.%m.%Y}", *(str(rate).replace(".", ",") for rate in rates)]) for day, rates in table
        ]
        path = folder / f"{year}-rates-cnb.txt"
        path.write_text("\n".join(lines) + "\n", "utf-8")
        yield BankFile(path, None, None)
