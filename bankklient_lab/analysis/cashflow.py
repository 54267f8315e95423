"""What came in and went out: by period and category, and by counterparty."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import TYPE_CHECKING

from bankklient_lab.actions import table_action
from bankklient_lab.analysis.conversion import whole_sums
from bankklient_lab.analysis.parameters import currency_code, known_accounts, period
from bankklient_lab.errors import BadArgument
from bankklient_lab.lab import Lab
from bankklient_lab.orders.rates import rate_source

if TYPE_CHECKING:
    import pyarrow as pa

PERIODS = ("day", "week", "month", "quarter", "year")
_KEYS = {"category": "f.category", "account": "a.label", "currency": "a.currency", "none": "'all'"}
# What is converted: one sum of an account, day and category, however many statements tell of it. What is held in the
# wanted currency needs no such sum, which is most of the work of the query.
_SUMS_OF_A_DAY = """(
    SELECT d.account_id, d.day, d.category, d.credit, d.debit, d.entries
    FROM live_day_sum() d JOIN ops.account a USING (account_id) WHERE a.currency = $target
    UNION ALL
    SELECT d.account_id, d.day, d.category, sum(d.credit)::DECIMAL(18,3), sum(d.debit)::DECIMAL(18,3), sum(d.entries)
    FROM live_day_sum() d JOIN ops.account a USING (account_id) WHERE a.currency <> $target GROUP BY ALL
)"""


def _scaled(amount: str) -> str:
    return f"scaled({amount}, c.n, c.d, currency_decimals($target))"


@table_action("161")
def cash_flow(
    lab: Lab,
    *,
    since: date,
    until: date,
    accounts: Collection[str] = (),
    period: str = "month",
    by: str = "category",
    in_currency: str | None = None,
) -> pa.Table:
    """Return credits and debits of the days in [since, until), by period, then key and currency.

    Columns: period (its first day; weeks begin on Monday), key, currency, credit and debit (unsigned DECIMAL), net,
    entries.
    `period`: "day", "week", "month", "quarter", "year"; `by`: "category", "account", "currency" or "none". With
    `in_currency` each account's sum of a day and category is converted by the rate of that day. Raises UnknownName,
    NoRate.
    """
    _check(since, until, period, by)
    values: dict[str, object] = {"accounts": known_accounts(lab, accounts), "since": since, "until": until}
    credit, debit, currency, flows, conversion = "f.credit", "f.debit", "a.currency", "live_day_sum()", ""
    if in_currency is not None:
        target = currency_code(in_currency)
        credit, debit, currency = _scaled("f.credit"), _scaled("f.debit"), "$target"
        flows = _SUMS_OF_A_DAY
        conversion = (
            "LEFT JOIN conversion($since, $until, $target, $source) c ON c.currency = a.currency AND c.day = f.day"
        )
        values |= {"target": target, "source": rate_source(lab, target)}
    table = lab.query(
        f"""
        SELECT period, key, currency, sum(credit)::DECIMAL(18,3) AS credit, sum(debit)::DECIMAL(18,3) AS debit,
            (sum(credit) - sum(debit))::DECIMAL(18,3) AS net, sum(entries)::BIGINT AS entries,
            count(*) - count(credit) AS missing
        FROM (
            SELECT date_trunc('{period}', f.day)::DATE AS period, {_KEYS[by]} AS key, {currency} AS currency,
                {credit} AS credit, {debit} AS debit, f.entries
            FROM {flows} f JOIN chosen_account($accounts) a USING (account_id) {conversion}
            WHERE f.day >= $since AND f.day < $until
        )
        GROUP BY ALL ORDER BY period, key, currency
        """,  # noqa: S608 - every inserted text is one of our own
        values,
    )
    return whole_sums(lab, table, values)


@table_action("161")
def counterparties(
    lab: Lab,
    *,
    since: date,
    until: date,
    accounts: Collection[str] = (),
    in_currency: str | None = None,
    limit: int = 100,
) -> pa.Table:
    """Return with whom money moved in [since, until), the largest turnover first, at most `limit` rows.

    Columns: counterparty_name, counterparty_account (null where the bank states none), currency, credit and debit
    (unsigned
    DECIMAL), net, entries, last_day. Grouped by account where there is one, else by name. Turnovers of different
    currencies are only
    comparable with `in_currency`.
    """
    _check(since, until, "day", "none")
    values: dict[str, object] = {
        "accounts": known_accounts(lab, accounts),
        "since": since,
        "until": until,
        "limit": limit,
    }
    amount, currency, conversion = "e.amount", "e.currency", ""
    if in_currency is not None:
        target = currency_code(in_currency)
        amount, currency = _scaled("e.amount"), "$target"
        conversion = (
            "LEFT JOIN conversion($since, $until, $target, $source) c ON c.currency = e.currency AND c.day = e.day"
        )
        values |= {"target": target, "source": rate_source(lab, target)}
    table = lab.query(
        f"""
        WITH e AS (
            SELECT e.*, {amount} AS moved, {currency} AS shown FROM booked_entry($accounts) e {conversion}
            WHERE e.day >= $since AND e.day < $until
        )
        SELECT max_by(counterparty_name, day) AS counterparty_name, max(counterparty_account) AS counterparty_account,
            shown AS currency, coalesce(sum(moved) FILTER (WHERE moved > 0), 0)::DECIMAL(18,3) AS credit,
            coalesce(-sum(moved) FILTER (WHERE moved < 0), 0)::DECIMAL(18,3) AS debit, sum(moved)::DECIMAL(18,3) AS net,
            count(*) AS entries, max(day) AS last_day, count(*) - count(moved) AS missing
        FROM e WHERE counterparty_name IS NOT NULL OR counterparty_account IS NOT NULL
        GROUP BY coalesce(counterparty_account, counterparty_name), shown
        ORDER BY missing > 0 DESC, sum(abs(moved)) DESC, 1, 2 LIMIT $limit
        """,  # noqa: S608 - every inserted text is one of our own
        values,
    )
    return whole_sums(lab, table, values)


def _check(since: date, until: date, unit: str, by: str) -> None:
    period(since, until)
    if unit not in PERIODS:
        raise BadArgument(f"period must be one of {', '.join(PERIODS)}, not {unit!r}")
    if by not in _KEYS:
        raise BadArgument(f"by must be one of {', '.join(_KEYS)}, not {by!r}")
