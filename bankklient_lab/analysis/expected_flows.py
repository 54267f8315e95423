"""What is expected to move on accounts: what is known to come, and what is usual where nothing is known."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, timedelta
from typing import Any

from bankklient_lab.actions import table_action
from bankklient_lab.analysis.known_flows import (
    COLLECTION,
    ORDER,
    SOURCES,
    TOLD_TO,
    USUAL,
    moved,
    told_flows,
    told_parameters,
)
from bankklient_lab.analysis.parameters import known_accounts
from bankklient_lab.calendars import is_working, months_on
from bankklient_lab.codebooks.money_markets import market
from bankklient_lab.errors import BadArgument
from bankklient_lab.lab import Lab, Read
from bankklient_lab.orders.checking import national_currency, rule_parameters
from bankklient_lab.orders.listing import parameters
from bankklient_lab.orders.numbers import bank_day
from bankklient_lab.orders.rates import rate_source
from bankklient_lab.orders.views import bound
from bankklient_lab.rights.permissions import needed

# ruff: noqa: S608 - every text below is made of our own declarations

SEES = "236&161"
DAYS_MAX = 366  # a forecast looks no further
STALE_DAYS = 92  # of an account whose last statement is older nothing is usual any more
LEARNED_MONTHS = 12


@table_action(SEES)
def forecast_flows(lab: Lab, *, on: date, until: date, accounts: Collection[str] = ()) -> Read:
    """Return what is expected to move on accounts after their last statement and before `until`, by day and account.

    Columns: account, label, currency, day, source (order, regular_payment, standing_order, permitted_collection,
    time_deposit, forward_deal, or usual), category (of what is usual, and of what is known as far as the counterparty
    has one), what (whom it goes to or comes from), counterparty_account, reference (number of the order or regular
    payment, the bank's name of the record), amount (DECIMAL(18,3), signed, in the account's currency; null: there is no
    rate), known_amount (what the order says, where that is another currency) and known_currency, months (of what is
    usual: from how many whole months it is the mean).

    Known is what is known now, orders that nobody has confirmed yet as well; what was due before comes at once. What is
    usual in a week is less by what is known of the same category. With whom and of which record is told to those alone
    who may see the records. Raises BadArgument for a period that is empty or longer than 366 days; UnknownName.
    """
    sql, values = flows(lab, on, until, accounts)
    return lab.read(
        f"""
        WITH {sql}
        SELECT h.account, h.label, h.currency, f.day, f.source, f.category, f.what, f.counter AS counterparty_account,
            f.reference, f.amount, f.known_amount, f.known_currency, f.months
        FROM flow f JOIN held h USING (account_id)
        ORDER BY f.day, h.currency, h.label, f.source, f.category, f.reference, f.amount
        """,
        values,
    )


def bound_in(values: Mapping[str, Any], *texts: str) -> dict[str, Any]:
    """Return those of the values that texts of SQL name."""
    return bound(" ".join(texts), values)


def held(lab: Lab, on: date, accounts: Collection[str]) -> tuple[str, dict[str, Any]]:
    """Return the relation `held` of the accounts with their last balances, and what it is bound with."""
    sql = f"""
        held AS MATERIALIZED (
            SELECT a.account_id, a.account, a.label, a.currency, canonical_account(a.account, NULL) AS number,
                b.balance, b.balance_day, b.balance_day >= $on - {STALE_DAYS} AS fresh
            FROM chosen_account($accounts) a JOIN balance_on($on) b USING (account_id))"""
    return sql, {"on": on, "accounts": known_accounts(lab, accounts)}


def working_days(lab: Lab, since: date, until: date) -> list[date]:
    """Return the days in [since, until) on which banks at home work."""
    calendar = [market(national_currency(lab)).calendar]
    days = (since + timedelta(days=n) for n in range((until - since).days))
    return [day for day in days if is_working(day, calendar)]


def flows(lab: Lab, on: date, until: date, accounts: Collection[str]) -> tuple[str, dict[str, Any]]:
    """Return the relations `held` and `flow` (what is expected on them), and what they are bound with."""
    if not on < until <= on + timedelta(days=DAYS_MAX):
        raise BadArgument(f"a forecast is of 1 to {DAYS_MAX} days, not from {on} to {until}", parameter="until")
    accounts_held, values = held(lab, on, accounts)
    home, begun = national_currency(lab), on.replace(day=1)
    back = STALE_DAYS + 31
    rights = lab.rights.held(lab.caller)
    told = [source for source in SOURCES if source not in TOLD_TO or needed(TOLD_TO[source]).holds(rights)]
    values |= parameters(lab) | rule_parameters(lab, bank_day(lab))
    values |= told_parameters(told_flows(lab, on - timedelta(days=STALE_DAYS), until))
    values |= {
        "until": until, "home": home, "source": rate_source(lab, home), "told": told, "begun": begun,
        "learned_from": months_on(begun, -LEARNED_MONTHS), "back": back, "ahead": (until - begun).days + 10,
        "working": working_days(lab, begun - timedelta(days=back + 10), until + timedelta(days=10)),
    }  # fmt: skip
    sql = f"""{accounts_held},
        rate AS (
            SELECT currency, p, q FROM rate_fraction($source) WHERE day <= $on
            QUALIFY row_number() OVER (PARTITION BY currency ORDER BY day DESC) = 1
            UNION SELECT $home, 1::HUGEINT, 1::HUGEINT WHERE $source = ''),
        known AS MATERIALIZED (
            SELECT h.account_id, m.source, m.counter, m.what, m.reference,
                greatest(coalesce(m.day, $on), h.balance_day + 1, CASE WHEN NOT m.sent THEN $on END) AS day,
                CASE WHEN m.currency = h.currency THEN m.amount
                    ELSE scaled(m.amount, f.p * t.q, f.q * t.p, currency_decimals(h.currency)) END AS amount,
                CASE WHEN m.currency <> h.currency THEN m.amount END AS known_amount,
                CASE WHEN m.currency <> h.currency THEN m.currency END AS known_currency
            FROM ({moved(lab)}) m JOIN held h ON h.number = m.number AND (h.currency = m.currency OR NOT EXISTS (
                    FROM held o WHERE o.number = h.number AND o.account_id <> h.account_id))
                LEFT JOIN rate f ON f.currency = m.currency LEFT JOIN rate t ON t.currency = h.currency
            WHERE NOT m.told OR m.day > h.balance_day),
        met AS (  -- which category entries with a counterparty have
            SELECT account_id, incoming, canonical_account(account, bank) AS counter,
                arg_max(category, entries) AS category
            FROM (
                SELECT account_id, amount > 0 AS incoming, counterparty_account AS account, counterparty_bank AS bank,
                    category, count(*) AS entries
                FROM counted_entry() SEMI JOIN known USING (account_id)
                WHERE day >= $learned_from AND counterparty_account IS NOT NULL GROUP BY ALL)
            GROUP BY ALL),
        learnt AS MATERIALIZED (
            SELECT u.record, u.account_id, u.category, u.incoming, u.months, u.day, u.amount, h.currency
            FROM usual_flow([$begun], $back, $ahead, $working) u JOIN held h USING (account_id)
            WHERE h.fresh AND u.day > h.balance_day AND u.day < $until),
        sure AS MATERIALIZED (
            SELECT k.account_id, w.day, k.source, m.category, k.what, k.counter, k.reference, k.amount, k.known_amount,
                k.known_currency, NULL::BIGINT AS months
            FROM known k ASOF JOIN (SELECT unnest($working) AS day) w ON k.day <= w.day  -- no bank pays on other days
                LEFT JOIN met m ON m.account_id = k.account_id AND m.counter = k.counter AND m.incoming = (k.amount > 0)
            WHERE w.day < $until
            UNION ALL
            SELECT l.account_id, l.day, '{COLLECTION}', l.category, (r.items ->> '$.description'),
                (r.items ->> '$.counter_account'), l.record, -least(l.amount, (r.items ->> '$.limit')::DECIMAL(18,3)),
                NULL, NULL, l.months
            FROM learnt l JOIN ops.service_record r ON r.kind = '{COLLECTION}' AND r.record = l.record
            WHERE l.day >= (r.items ->> '$.valid_from')::DATE
                AND l.day <= coalesce((r.items ->> '$.valid_until')::DATE, l.day)),
        of_week AS (
            SELECT account_id, category, amount > 0 AS incoming, date_trunc('week', day) AS week,
                sum(abs(amount)) AS known
            FROM sure WHERE category IS NOT NULL GROUP BY ALL),
        reduced AS (
            SELECT l.*, least(coalesce(w.known, 0), l.of_week) AS known FROM (
                SELECT *, date_trunc('week', day) AS week,
                    sum(amount) OVER (PARTITION BY account_id, category, incoming, date_trunc('week', day)) AS of_week
                FROM learnt WHERE record IS NULL) l LEFT JOIN of_week w USING (account_id, category, incoming, week)),
        flow AS (
            SELECT account_id, day, source, category, CASE WHEN seen THEN what END AS what,
                CASE WHEN seen THEN counter END AS counter, CASE WHEN seen THEN reference END AS reference, amount,
                known_amount, known_currency, months
            FROM (
                SELECT *, list_contains($told, source) AND (source <> '{ORDER}' OR reference IS NOT NULL) AS seen
                FROM sure)
            UNION ALL
            SELECT account_id, day, '{USUAL}', category, NULL, NULL, NULL,
                CASE WHEN incoming THEN 1 ELSE -1 END * scaled(amount, ((of_week - known) * 1000)::HUGEINT,
                    (of_week * 1000)::HUGEINT, currency_decimals(currency)), NULL, NULL, months
            FROM reduced WHERE known < of_week)"""
    return sql, bound_in(values, sql)
