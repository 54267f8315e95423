"""Forward deals in the treasury: what open ones are worth now, and what currencies have before and after them."""

from __future__ import annotations

from datetime import date

from bankklient_lab.actions import table_action
from bankklient_lab.analysis.after_orders import OWN_ACCOUNTS, debits
from bankklient_lab.codebooks.services import ENDED, KINDS, VALID
from bankklient_lab.errors import BadArgument
from bankklient_lab.lab import Lab, Read
from bankklient_lab.money import decimals
from bankklient_lab.orders.checking import national_currency
from bankklient_lab.orders.kinds import KINDS as ORDERS
from bankklient_lab.orders.rates import rate_source

# ruff: noqa: S608 - every text below is made of our own declarations

SEES = KINDS["forward_deal"].rights.sees
EXPOSURE = f"{SEES}&236"  # it shows balances
# Deals with what is bought and sold.
_DEALS = (
    "SELECT record, state,"
    " (items ->> '$.currency') AS bought_currency, (items ->> '$.amount')::DECIMAL(18,3) AS bought,"
    " (items ->> '$.second_currency') AS sold_currency, (items ->> '$.second_amount')::DECIMAL(18,3) AS sold,"
    " (items ->> '$.contract_rate')::DECIMAL(18,8) AS contract_rate, (items ->> '$.maturity')::DATE AS maturity,"
    " (items ->> '$.recipient_account') AS recipient FROM ops.service_record WHERE kind = 'forward_deal'"
    f" AND state IN ('{VALID}', '{ENDED}')"
)


@table_action(SEES)
def forward_values(lab: Lab, *, on: date, in_currency: str | None = None) -> Read:
    """Return what the open deals are worth by the rates of the day `on`, in a currency (None: the national one).

    Columns: record, maturity, bought, bought_currency, sold, sold_currency, contract_rate and current_rate (sold
    currency for a unit of the bought one), bought_worth, sold_worth, value (their difference: what the deal is ahead of
    buying today, negative behind). Amounts DECIMAL, rates DECIMAL(18,8); null where a currency has no rate on or before
    the day. The rates are spot rates, nothing is discounted. Raises NoRate when there is none into the currency at all.
    """
    target = (in_currency or national_currency(lab)).upper()
    worth = "scaled({0}, {1}.p * t.q, {1}.q * t.p, $places::INTEGER)"
    return lab.read(
        f"""
        WITH rate AS (
            SELECT currency, p, q FROM rate_fraction($source) WHERE day <= $on
            QUALIFY row_number() OVER (PARTITION BY currency ORDER BY day DESC) = 1
            UNION SELECT $target, 1::HUGEINT, 1::HUGEINT WHERE $source = '')
        SELECT d.record, d.maturity, d.bought, d.bought_currency, d.sold, d.sold_currency, d.contract_rate,
            shown_rate(b.p * s.q, b.q * s.p)::DECIMAL(18,8) AS current_rate,
            {worth.format("d.bought", "b")} AS bought_worth, {worth.format("d.sold", "s")} AS sold_worth,
            (bought_worth - sold_worth)::DECIMAL(18,3) AS value
        FROM (SELECT * FROM ({_DEALS}) WHERE state = '{VALID}') d LEFT JOIN rate b ON b.currency = d.bought_currency
            LEFT JOIN rate s ON s.currency = d.sold_currency LEFT JOIN rate t ON t.currency = $target
        ORDER BY d.maturity, d.record
        """,
        {"on": on, "target": target, "source": rate_source(lab, target), "places": decimals(target)},
    )


@table_action(EXPOSURE)
def currency_exposure(lab: Lab, *, on: date, until: date) -> Read:
    """Return what each currency has on the days of [on, until) on which something moves, before and after the deals.

    Columns: currency, day, known (what moves without forward deals: orders that are not ended, of accounts in their
    currency), deals (what open deals bring and take, and settled ones until a statement tells of them; what goes to
    others' accounts is not kept), before and after (what own accounts, with those of deposits, hold at the end of the
    day without and with the deals). Amounts DECIMAL(18,3), signed. The first row of a currency is the day `on` with the
    balances that statements tell of and what was due before. Raises BadArgument when `until` is not after `on`.
    """
    if until <= on:
        raise BadArgument(f"the period ends on {until}, before it begins", parameter="until")
    orders = " UNION ALL ".join(
        debits(ORDERS[name], own_transfers=False, collections=name == "domestic_collection")
        for name in ("domestic_payment", "domestic_collection", "foreign_payment")
    )
    return lab.read(
        f"""
        WITH own AS ({OWN_ACCOUNTS}),
        deal AS ({_DEALS}),
        first AS (
            SELECT a.currency, sum(b.balance) AS balance, max(b.balance_day) AS told_until
            FROM ops.account a JOIN balance_on($on) b USING (account_id) GROUP BY ALL),
        moved AS (
            SELECT currency, coalesce(maturity, $on) AS day, -debit AS known, 0 AS deals FROM ({orders})
            JOIN own USING (own_account, currency) WHERE stage IS NOT NULL
            UNION ALL
            SELECT currency, maturity, 0, amount FROM (
                SELECT bought_currency AS currency, maturity, bought AS amount, state FROM deal
                WHERE recipient IN (SELECT number FROM own)
                UNION ALL SELECT sold_currency, maturity, -sold, state FROM deal) leg
            LEFT JOIN first USING (currency)
            -- A deal that is settled counts until a statement tells of it.
            WHERE state = '{VALID}' OR maturity > coalesce(told_until, maturity)),
        day AS (
            SELECT currency, greatest(day, $on) AS day, sum(known) AS known, sum(deals) AS deals FROM moved
            WHERE day < $until GROUP BY ALL
            UNION ALL SELECT currency, $on, 0, 0 FROM first),
        summed AS (SELECT currency, day, sum(known) AS known, sum(deals) AS deals FROM day GROUP BY ALL)
        SELECT s.currency, s.day, s.known::DECIMAL(18,3) AS known, s.deals::DECIMAL(18,3) AS deals,
            (coalesce(f.balance, 0) + sum(s.known) OVER past)::DECIMAL(18,3) AS before,
            (coalesce(f.balance, 0) + sum(s.known + s.deals) OVER past)::DECIMAL(18,3) AS after
        FROM summed s LEFT JOIN first f USING (currency)
        WINDOW past AS (PARTITION BY s.currency ORDER BY s.day)
        ORDER BY s.currency, s.day
        """,
        {"on": on, "until": until},
    )
