"""Balances on a day and over time."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, timedelta
from typing import TYPE_CHECKING

from bankklient_lab.actions import table_action
from bankklient_lab.analysis.conversion import whole_sums
from bankklient_lab.analysis.parameters import currency_code, known_accounts, period
from bankklient_lab.errors import BadArgument
from bankklient_lab.lab import Lab, Read
from bankklient_lab.orders.rates import rate_source

if TYPE_CHECKING:
    import pyarrow as pa

_BALANCES = """
    SELECT a.account, a.currency, a.bank, a.name, a.label, b.balance, b.balance_day, b.basis,
        {converted} AS converted, {rate_day} AS rate_day
    FROM chosen_account($accounts) a JOIN balance_on($on) b USING (account_id) {conversion}
    ORDER BY a.currency, a.label, a.account
"""
_CONVERTED = "scaled(b.balance, c.n, c.d, currency_decimals($target))"


@table_action("236")
def balances(lab: Lab, *, on: date, accounts: Collection[str] = (), in_currency: str | None = None) -> Read:
    """Return the balance of each account at the end of the day `on`, by currency, then label.

    Columns: account, currency, bank, name, label; balance DECIMAL (credit positive, in `currency`); balance_day (the
    last day, not after `on`, that statements tell of); basis ("stated": it rests on a balance that the bank states,
    "counted": the bank states none, and entries are counted from zero); converted DECIMAL (in `in_currency`, rounded
    to its decimals; null without, and for a currency that has no rate on or before `on`: conversion.without_rate names
    these) and rate_day (day of the rate used: the last one not after `on`; null when none was needed). An account
    whose first statement begins after `on` is missing. Raises UnknownName, and NoRate when nothing can be converted.
    """
    names = known_accounts(lab, accounts)
    if in_currency is None:
        sql = _BALANCES.format(converted="NULL::DECIMAL(18,3)", rate_day="NULL::DATE", conversion="")
        return lab.read(sql, {"accounts": names, "on": on})
    target = currency_code(in_currency)
    sql = _BALANCES.format(
        converted=_CONVERTED,
        rate_day="c.rate_day",
        conversion="LEFT JOIN conversion($on, $on + 1, $target, $source) c ON c.currency = a.currency",
    )
    return lab.read(sql, {"accounts": names, "on": on, "target": target, "source": rate_source(lab, target)})


UNKNOWN_BANK = "unknown bank"  # the key of accounts whose bank is not known
_KEYS = {
    "account": "a.label",
    "currency": "a.currency",
    "bank": f"coalesce(a.bank, '{UNKNOWN_BANK}')",
    "total": "'total'",
}
_SERIES = """
    SELECT b.day, {key} AS key, {currency} AS currency, sum({balance})::DECIMAL(18,3) AS balance{missing}
    FROM chosen_account($accounts) a JOIN balance_daily($since, $until) b USING (account_id) {conversion}
    GROUP BY ALL ORDER BY b.day, key
"""


@table_action("236")
def balance_series(
    lab: Lab,
    *,
    since: date,
    until: date,
    accounts: Collection[str] = (),
    by: str = "account",
    in_currency: str | None = None,
) -> pa.Table | Read:
    """Return balances at the end of each day in [since, until), by day, then key.

    Columns: day, key, currency, balance DECIMAL (credit positive). `by`: "account" (key is the label), "currency",
    "bank" or "total"; banks and totals mix currencies and need `in_currency`: each account's balance is converted by
    the rate of the day (the last one before, when the day has none) and then added up. Days before an account's first
    statement are missing. Raises UnknownName, BadArgument, and NoRate when a balance of these days has no rate.
    """
    if by not in _KEYS:
        raise BadArgument(f"by must be one of {', '.join(_KEYS)}, not {by!r}")
    period(since, until)
    values: dict[str, object] = {"accounts": known_accounts(lab, accounts), "since": since, "until": until}
    if in_currency is None:
        if by in ("bank", "total"):
            raise BadArgument(f"balances by {by} mix currencies; choose one with in_currency")
        sql = _SERIES.format(key=_KEYS[by], currency="a.currency", balance="b.balance", missing="", conversion="")
        return lab.read(sql, values)
    target = currency_code(in_currency)
    values |= {"target": target, "source": rate_source(lab, target)}
    sql = _SERIES.format(
        key=_KEYS[by],
        currency="$target",
        balance=_CONVERTED,
        missing=f", count(*) - count({_CONVERTED}) AS missing",
        conversion="LEFT JOIN conversion($since, $until, $target, $source) c"
        " ON c.currency = a.currency AND c.day = b.day",
    )
    return whole_sums(lab, lab.query(sql, values), values)


@table_action("236")
def available_balances(lab: Lab, *, on: date, accounts: Collection[str] = ()) -> Read:
    """Return booked and available balances at the end of the day `on`, by currency, then label.

    Columns: account, currency, label; booked (as in `balances`); pending: net of entries not booked yet; available: the
    newest figure that the bank itself states (CLAV, ITAV, OPAV) for a day not after `on`, null when it states none,
    with its
    available_day. Amounts DECIMAL, credit positive.
    """
    return lab.read(
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
