"""Balances on a day and over time."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, timedelta

import pyarrow as pa

from bankklient_lab.actions import table_action
from bankklient_lab.analysis.parameters import currency_code, known_accounts, period, rate_source
from bankklient_lab.errors import BadArgument, NoRate
from bankklient_lab.lab import Lab

_BALANCES = """
    SELECT a.account, a.currency, a.bank, a.name, a.label, b.balance, b.balance_day,
        {converted} AS converted, {rate_day} AS rate_day
    FROM chosen_account($accounts) a JOIN balance_on($on) b USING (account_id) {conversion}
    ORDER BY a.currency, a.label, a.account
"""
_CONVERTED = "scaled(b.balance, c.n, c.d, currency_decimals($target))"


@table_action
def balances(lab: Lab, *, on: date, accounts: Collection[str] = (), in_currency: str | None = None) -> pa.Table:
    """Return the balance of each account at the end of the day `on`, by currency, then label.

    Columns: account, currency, bank, name, label; balance DECIMAL (credit positive, in `currency`), balance_day (the
    last
    day, not after `on`, that statements tell of); converted DECIMAL (in `in_currency`, rounded to its decimals; null
    without) and
    rate_day (day of the rate used: the last one not after `on`; null when none was needed). An account whose first
    statement begins after `on` is missing. Raises UnknownName, NoRate.
    """
    names = known_accounts(lab, accounts)
    if in_currency is None:
        sql = _BALANCES.format(converted="NULL::DECIMAL(18,3)", rate_day="NULL::DATE", conversion="")
        return lab.query(sql, {"accounts": names, "on": on})
    target = currency_code(in_currency)
    sql = _BALANCES.format(
        converted=_CONVERTED,
        rate_day="c.rate_day",
        conversion="LEFT JOIN conversion($on, $on + 1, $target, $source) c ON c.currency = a.currency",
    )
    table = lab.query(sql, {"accounts": names, "on": on, "target": target, "source": rate_source(lab, target)})
    _all_converted(table, "converted", target)
    return table


_KEYS = {
    "account": "a.label",
    "currency": "a.currency",
    "bank": "coalesce(a.bank, 'unknown bank')",
    "total": "'total'",
}
_SERIES = """
    SELECT b.day, {key} AS key, {currency} AS currency, sum({balance})::DECIMAL(18,3) AS balance, count(*) -
    count({balance}) AS missing
    FROM chosen_account($accounts) a JOIN balance_daily($since, $until) b USING (account_id) {conversion}
    GROUP BY ALL ORDER BY b.day, key
"""


@table_action
def balance_series(
    lab: Lab,
    *,
    since: date,
    until: date,
    accounts: Collection[str] = (),
    by: str = "account",
    in_currency: str | None = None,
) -> pa.Table:
    """Return balances at the end of each day in [since, until), by day, then key.

    Columns: day, key, currency, balance DECIMAL (credit positive). `by`: "account" (key is the label), "currency",
    "bank"
    or "total"; banks and totals mix currencies and need `in_currency`: each account's balance is converted by the
    rate of
    the day (the last one before, when the day has none) and then added up. Days before an account's first statement are
    missing. Raises UnknownName, NoRate, BadArgument.
    """
    if by not in _KEYS:
        raise BadArgument(f"by must be one of {', '.join(_KEYS)}, not {by!r}")
    period(since, until)
    values: dict[str, object] = {"accounts": known_accounts(lab, accounts), "since": since, "until": until}
    if in_currency is None:
        if by in ("bank", "total"):
            raise BadArgument(f"balances by {by} mix currencies; choose one with in_currency")
        sql = _SERIES.format(key=_KEYS[by], currency="a.currency", balance="b.balance", conversion="")
        return lab.query(sql, values).drop_columns(["missing"])
    target = currency_code(in_currency)
    sql = _SERIES.format(
        key=_KEYS[by],
        currency="$target",
        balance=_CONVERTED,
        conversion="LEFT JOIN conversion($since, $until, $target, $source) c"
        " ON c.currency = a.currency AND c.day = b.day",
    )
    table = lab.query(sql, values | {"target": target, "source": rate_source(lab, target)})
    import pyarrow.compute as pc

    for row in table.filter(pc.greater(table["missing"], 0)).slice(0, 1).to_pylist():
        raise NoRate(
            f"there is no rate into {target} on or before {row['day']} for all accounts;"
            " import older rates or start later"
        )
    return table.drop_columns(["missing"])


def _all_converted(table: pa.Table, column: str, target: str) -> None:
    if table[column].null_count:
        missing = table[column].to_pylist().index(None)
        raise NoRate(
            f"there is no rate of {table['currency'][missing].as_py()} into {target} on or before the day;"
            " import rates of the CNB or the ECB"
        )


@table_action
def available_balances(lab: Lab, *, on: date, accounts: Collection[str] = ()) -> pa.Table:
    """Return booked and available balances at the end of the day `on`, by currency, then label.

    Columns: account, currency, label; booked (as in `balances`); pending: net of entries not booked yet; available: the
    newest figure that the bank itself states (CLAV, ITAV, OPAV) for a day not after `on`, null when it states none,
    with its
    available_day. Amounts DECIMAL, credit positive.
    """
    return lab.query(
        """
        WITH stated AS (
            SELECT account_id, max_by(amount, (day, import_id, statement_no)) AS available, max(day) AS available_day
            FROM live_balance() WHERE balance_type IN ('CLAV', 'ITAV', 'OPAV') AND day <= $on GROUP BY account_id
        ), pending AS (
            SELECT account_id, sum(amount)::DECIMAL(18,3) AS pending FROM pending_entry() WHERE day <= $on GROUP BY
            account_id
        )
        SELECT a.account, a.currency, a.label, b.balance AS booked, coalesce(p.pending, 0)::DECIMAL(18,3) AS pending,
            s.available, s.available_day
        FROM chosen_account($accounts) a JOIN balance_on($on) b USING (account_id)
            LEFT JOIN stated s USING (account_id) LEFT JOIN pending p USING (account_id)
        ORDER BY a.currency, a.label, a.account
        """,
        {"accounts": known_accounts(lab, accounts), "on": on},
    )


def day_after(day: date) -> date:
    """Return the next day, the end of a half-open range that includes `day`."""
    return day + timedelta(days=1)
