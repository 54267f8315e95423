"""Cash flow of any selection of entries: what a chart beside a filtered list shows."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Unpack

from bankklient_lab.actions import table_action
from bankklient_lab.analysis.cashflow import PERIODS
from bankklient_lab.analysis.conversion import whole_sums
from bankklient_lab.analysis.entries import Criteria, Selection, fitting
from bankklient_lab.analysis.parameters import currency_code
from bankklient_lab.errors import BadArgument
from bankklient_lab.lab import Lab
from bankklient_lab.orders.rates import rate_source

if TYPE_CHECKING:
    import pyarrow as pa

_KEYS = {"category": "e.category", "account": "e.label", "none": "'all'"}


@table_action("161")
def entry_flow(
    lab: Lab,
    *,
    since: date,
    until: date,
    period: str = "month",
    by: str = "none",
    in_currency: str | None = None,
    **selection: Unpack[Selection],
) -> pa.Table:
    """Return credits and debits of the entries that fit the criteria of `entries`, by period, then key and currency.

    Columns: period (its first day; weeks begin on Monday), key, currency (of the entries), credit and debit (unsigned
    DECIMAL, in that currency), net, entries, converted_credit and converted_debit (in `in_currency`, each day's sum by
    the rate of the day; null without). `period` as in `cash_flow`; `by` is "category", "account" or "none". It reads
    the entries themselves: `cash_flow` is faster where days, accounts and categories are all that is asked. Raises
    UnknownName, NoRate, BadArgument.
    """
    if period not in PERIODS or by not in _KEYS:
        raise BadArgument(f"period must be one of {', '.join(PERIODS)} and by one of {', '.join(_KEYS)}")
    criteria: Criteria = {**selection, "since": since, "until": until}
    where, values = fitting(lab, criteria)
    credit, debit, conversion = "NULL::DECIMAL(18,3)", "NULL::DECIMAL(18,3)", ""
    if in_currency is not None:
        target = currency_code(in_currency)
        credit, debit = (
            f"sum(scaled(f.{way}, c.n, c.d, currency_decimals($target)))::DECIMAL(18,3)" for way in ("credit", "debit")
        )
        conversion = (
            "LEFT JOIN conversion($since, $until, $target, $source) c ON c.currency = f.currency AND c.day = f.day"
        )
        values |= {"target": target, "source": rate_source(lab, target)}
    # Each account's sum of a day and category is converted, as in cash_flow, so that both show the same.
    table = lab.query(
        f"""
        WITH f AS (
            SELECT e.day, {_KEYS[by]} AS key, e.currency, e.account_id, e.category, count(*) AS entries,
                coalesce(sum(e.amount) FILTER (WHERE e.amount > 0), 0)::DECIMAL(18,3) AS credit,
                coalesce(-sum(e.amount) FILTER (WHERE e.amount < 0), 0)::DECIMAL(18,3) AS debit
            FROM booked_entry($accounts) e WHERE {where} GROUP BY ALL
        )
        SELECT date_trunc('{period}', f.day)::DATE AS period, f.key, f.currency, sum(f.credit)::DECIMAL(18,3) AS credit,
            sum(f.debit)::DECIMAL(18,3) AS debit, sum(f.credit - f.debit)::DECIMAL(18,3) AS net,
            sum(f.entries)::BIGINT AS entries, {credit} AS converted_credit, {debit} AS converted_debit,
            {"count(*) - count(c.n)" if conversion else "0"} AS missing
        FROM f {conversion} GROUP BY ALL ORDER BY 1, 2, 3
        """,  # noqa: S608 - every inserted text is one of our own, values are bound
        values,
    )
    return whole_sums(lab, table, values)
