"""The liquidity forecast: balances ahead, from what is known to come, what is usual, and how wrong it was before."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, timedelta
from typing import Any

from bankklient_lab.actions import table_action
from bankklient_lab.analysis.expected_flows import SEES, STALE_DAYS, bound_in, flows, held, working_days
from bankklient_lab.analysis.known_flows import USUAL
from bankklient_lab.calendars import months_on
from bankklient_lab.errors import BadArgument
from bankklient_lab.lab import Lab, Read

# ruff: noqa: S608 - every text below is made of our own declarations

TESTED_MONTHS = 12  # of how many months days are tried as beginnings of forecasts
TESTED_DAYS_MAX = 184  # how far these look
TESTS_MIN = 40  # with fewer of them there is no band
HORIZONS = (1, 7, 14, 28, 56, 91)
_KEYS = {"account": "label", "currency": "currency"}
_LOW, _HIGH = "0.1", "0.9"


@table_action(SEES)
def liquidity_forecast(
    lab: Lab, *, on: date, until: date, accounts: Collection[str] = (), by: str = "currency"
) -> Read:
    """Return the balances expected at the end of each day in [on, until), by currency or account.

    Columns: key (currency, or label of the account), currency, day, known_in and known_out (orders, regular payments,
    records at the bank; unsigned), usual_in and usual_out (learnt from the last twelve months), balance, low and high
    (within them lay eight of ten forecasts of the last year, as far ahead as this one; null where fewer than 40 could
    be tried), not_counted (flows until the day that have no rate), told_until (the last day that the statements of all
    these accounts tell of, without those that nothing was heard of for 92 days). DECIMAL(18,3). The first day has
    besides all that was due since the last statements. `by`: "currency" or "account". Raises as `forecast_flows`.
    """
    sql, values = flows(lab, on, until, accounts)
    key = _key(by)
    tested, of_tests = _errors(lab, key, on, until)
    return lab.read(
        f"""
        WITH {sql}, {tested},
        band AS (
            SELECT key, ahead, quantile_disc(error, {_LOW}) AS low, quantile_disc(error, {_HIGH}) AS high
            FROM tested GROUP BY ALL HAVING count(*) >= {TESTS_MIN}),
        start AS (
            SELECT {key} AS key, currency, sum(balance) AS balance,
                min(balance_day) FILTER (fresh) AS balance_day
            FROM held GROUP BY ALL),
        summed AS (
            SELECT h.{key} AS key, h.currency, greatest(f.day, $on) AS day,
                sum(f.amount) FILTER (f.source <> '{USUAL}' AND f.amount > 0) AS known_in,
                -sum(f.amount) FILTER (f.source <> '{USUAL}' AND f.amount < 0) AS known_out,
                sum(f.amount) FILTER (f.source = '{USUAL}' AND f.amount > 0) AS usual_in,
                -sum(f.amount) FILTER (f.source = '{USUAL}' AND f.amount < 0) AS usual_out,
                sum(f.amount) AS net, count(*) - count(f.amount) AS without
            FROM flow f JOIN held h USING (account_id) GROUP BY ALL),
        daily AS (
            SELECT s.key, s.currency, s.balance_day, d.day,
                {", ".join(f"coalesce(m.{name}, 0)::DECIMAL(18,3) AS {name}" for name in _SUMS)},
                (s.balance + sum(coalesce(m.net, 0)) OVER past)::DECIMAL(18,3) AS balance,
                sum(coalesce(m.without, 0)) OVER past AS not_counted
            FROM start s CROSS JOIN (SELECT unnest(range($on, $until, INTERVAL 1 DAY))::DATE AS day) d
                LEFT JOIN summed m ON m.key = s.key AND m.currency = s.currency AND m.day = d.day
            WINDOW past AS (PARTITION BY s.key, s.currency ORDER BY d.day))
        SELECT d.key, d.currency, d.day, {", ".join(f"d.{name}" for name in _SUMS)}, d.balance,
            (d.balance + b.low)::DECIMAL(18,3) AS low, (d.balance + b.high)::DECIMAL(18,3) AS high,
            d.not_counted::BIGINT AS not_counted, d.balance_day AS told_until
        FROM daily d LEFT JOIN band b ON b.key = d.key AND b.ahead = d.day - d.balance_day
        ORDER BY d.currency, d.key, d.day
        """,
        values | of_tests,
    )


@table_action(SEES)
def forecast_errors(lab: Lab, *, on: date, accounts: Collection[str] = (), by: str = "currency") -> Read:
    """Return how wrong forecasts by what is usual would have been that began on the days of the year before `on`.

    Each is made from the statements before its month alone; orders and records of then are not known any more, so that
    a forecast of today should be better. Columns: key, currency, ahead (days: 1, 7, 14, 28, 56, 91), forecasts (their
    number), error and error_of_none (mean of the absolute errors, and of those of a balance that stays as it is;
    DECIMAL(18,3)), within (how many lay within the band that the forecasts of the other months make: it is eight of ten
    when months are alike). Fewer than 40 forecasts are left out. Raises as `forecast_flows`.
    """
    key = _key(by)
    accounts_held, values = held(lab, on, accounts)
    tested, of_tests = _errors(lab, key, on, on + timedelta(days=max(HORIZONS) + 1))
    places = "currency_decimals(currency)"
    return lab.read(
        f"""
        WITH {accounts_held}, {tested},
        tried AS (SELECT *, date_trunc('month', begun_on) AS month FROM tested WHERE ahead IN {HORIZONS}),
        band AS (
            SELECT m.month, t.key, t.ahead, quantile_disc(t.error, {_LOW}) AS low,
                quantile_disc(t.error, {_HIGH}) AS high
            FROM (SELECT DISTINCT month FROM tried) m JOIN tried t ON t.month <> m.month GROUP BY ALL)
        SELECT t.key, t.currency, t.ahead::INTEGER AS ahead, count(*) AS forecasts,
            scaled(sum(abs(t.error)), 1::HUGEINT, count(*)::HUGEINT, {places}) AS error,
            scaled(sum(abs(t.error_of_none)), 1::HUGEINT, count(*)::HUGEINT, {places}) AS error_of_none,
            count(*) FILTER (t.error BETWEEN b.low AND b.high) AS within
        FROM tried t LEFT JOIN band b USING (month, key, ahead)
        GROUP BY t.key, t.currency, t.ahead HAVING count(*) >= {TESTS_MIN}
        ORDER BY t.currency, t.key, t.ahead
        """,
        bound_in(values | of_tests, accounts_held, tested),
    )


_SUMS = ("known_in", "known_out", "usual_in", "usual_out")


def _key(by: str) -> str:
    if by not in _KEYS:
        raise BadArgument(f"by must be one of {', '.join(_KEYS)}, not {by!r}", parameter="by")
    return _KEYS[by]


def _errors(lab: Lab, key: str, on: date, until: date) -> tuple[str, dict[str, Any]]:
    """Return the relation `tested` of forecasts that would have begun on days of the last year, by days ahead.

    Columns: key, currency, begun_on, ahead, error (what came less what was expected) and error_of_none (what came).
    """
    begun = on.replace(day=1)
    begins = [months_on(begun, -n) for n in range(TESTED_MONTHS, -1, -1)]
    oldest = lab.rows("SELECT min(balance_day) FROM balance_on($on) WHERE balance_day >= $on - $stale::INTEGER",
                      {"on": on, "stale": STALE_DAYS})[0][0]  # fmt: skip
    ahead = min((until - (oldest or on)).days, TESTED_DAYS_MAX)
    values = {
        "on": on, "begins": begins, "tested_from": begins[0], "tested_ahead": ahead,
        "tested_until": begun + timedelta(days=ahead + 45),
        "tested_working": working_days(lab, begins[0] - timedelta(days=10), begun + timedelta(days=ahead + 45)),
    }  # fmt: skip
    sql = f"""
        ended AS MATERIALIZED (
            SELECT b.account_id, b.day, b.balance
            FROM balance_daily($tested_from, ($on + 1)::DATE) b JOIN held h USING (account_id)
            WHERE h.fresh AND b.day <= h.balance_day),
        expected AS (
            SELECT begun, account_id, day,
                sum(amount) OVER (PARTITION BY begun, account_id ORDER BY day)::DECIMAL(18,3) AS amount
            FROM (
                SELECT b.begun, d.account_id, b.day,
                    coalesce(sum(CASE WHEN u.incoming THEN u.amount ELSE -u.amount END), 0) AS amount
                FROM (
                    SELECT begun,
                        unnest(range(begun, begun + $tested_ahead::INTEGER + 31, INTERVAL 1 DAY))::DATE AS day
                    FROM (SELECT unnest($begins::DATE[]) AS begun)) b
                    CROSS JOIN (SELECT account_id FROM held WHERE fresh) d
                    LEFT JOIN (FROM usual_flow($begins::DATE[], 0, $tested_ahead::INTEGER + 45, $tested_working::DATE[])
                        WHERE record IS NULL) u USING (begun, account_id, day)
                GROUP BY ALL)),
        gap AS MATERIALIZED (  -- between the balance and what of it was expected from a month on
            SELECT e.begun, e.account_id, e.day, b.balance, (b.balance - e.amount)::DECIMAL(18,3) AS gap
            FROM expected e JOIN ended b USING (account_id, day)),
        tested AS MATERIALIZED (
            SELECT h.{key} AS key, h.currency, g.begun_on, g.ahead, sum(g.error)::DECIMAL(18,3) AS error,
                sum(g.error_of_none)::DECIMAL(18,3) AS error_of_none
            FROM (
                SELECT f.account_id, f.day AS begun_on, l.day - f.day AS ahead,
                    (l.gap - f.gap)::DECIMAL(18,3) AS error, (l.balance - f.balance)::DECIMAL(18,3) AS error_of_none
                FROM (FROM gap WHERE begun = date_trunc('month', day)
                        AND day IN (SELECT unnest($tested_working::DATE[]))) f
                    JOIN gap l ON l.account_id = f.account_id AND l.begun = f.begun AND l.day > f.day
                        AND l.day <= f.day + $tested_ahead::INTEGER) g
                JOIN held h USING (account_id)
            GROUP BY ALL)"""
    return sql, bound_in(values, sql)
