"""Two years of a company's business, made from a seed in DuckDB: entries, statements, exchange rates.

Every random number is a hash of the seed and of what it is for, so that the same arguments give the same company.
"""

from __future__ import annotations

from datetime import date

import duckdb
import pyarrow as pa

from bankklient_lab.demo.company import accounts_table, flows_table, partners_table


class Company:
    """The generated business of one company, in an in-memory DuckDB (`con`): tables line, sent, rate."""

    def __init__(self, *, today: date, entries: int, months: int, seed: int) -> None:
        months_back = today.year * 12 + today.month - 1 - months
        self.first_day = date(months_back // 12, months_back % 12 + 1, 1)
        self.until = today
        self.con = duckdb.connect(":memory:")
        for name, table in (("account", accounts_table()), ("flow", flows_table()), ("partner", partners_table())):
            self.con.register("given", table)
            self.con.execute(f"CREATE TABLE {name} AS SELECT * FROM given")  # noqa: S608 - our own names
            self.con.unregister("given")
        values = {"seed": seed, "first": self.first_day, "until": today, "entries": entries, "months": months}
        self.con.execute(
            "CREATE MACRO dice(key) AS md5_number_lower(concat(getvariable('seed'), '|', key)) / 18446744073709551616.0"
        )
        for name, value in values.items():
            self.con.execute(f"SET VARIABLE {name} = ?", [value])
        for sql in (_MONTH, _BUSINESS, _TRANSFER, _SWEEP, _EXCHANGE, _LINE, _SENT, _RATE):
            self.con.execute(sql)

    def counts(self) -> tuple[int, int]:
        """Return the numbers of statements and entries."""
        row = self.con.execute("SELECT (SELECT count(*) FROM sent), (SELECT count(*) FROM line)").fetchone()
        assert row is not None
        return int(row[0]), int(row[1])

    def table(self, sql: str, *values: object) -> pa.Table:
        """Return the result of a query over the generated tables."""
        return self.con.execute(sql, list(values)).to_arrow_table()


_MONTH = """
CREATE TABLE month AS
SELECT month_no, (getvariable('first') + to_months(month_no::INTEGER))::DATE AS first_day,
    last_day((getvariable('first') + to_months(month_no::INTEGER))::DATE) AS last_day
FROM range(getvariable('months') + 1) AS r(month_no)
WHERE (getvariable('first') + to_months(month_no::INTEGER))::DATE < getvariable('until');

CREATE MACRO business_day(day) AS CASE isodow(day)
    WHEN 6 THEN CASE WHEN date_part('day', day) > 1 THEN day - 1 ELSE day + 2 END
    WHEN 7 THEN CASE WHEN date_part('day', day) > 2 THEN day - 2 ELSE day + 1 END
    ELSE day END
"""

# Frequent flows come as often as their share says; rare ones come at least once a month with the amount scaled instead.
_BUSINESS = """
CREATE TABLE business AS
WITH planned AS (
    SELECT f.*, m.month_no, m.first_day AS month_first, m.last_day AS month_last, a.account_no,
        share / (SELECT sum(share) FROM flow) * getvariable('entries') / getvariable('months') AS wanted,
        (1 + season * sin(2 * pi() * (date_part('month', m.first_day) - 4) / 12)) * (1 + 0.004 * m.month_no) AS level
    FROM flow f, month m JOIN account a ON true
    WHERE a.role = f.role AND a.currency = f.currency
), drawn AS (
    SELECT p.*, greatest(1, round(wanted * level)) AS n, unnest(range(greatest(1, round(wanted * level))::BIGINT)) AS i
    FROM planned p
), placed AS (
    SELECT *, concat(flow_no, '|', month_no, '|', i) AS key,
        business_day(least(month_last, month_first - 1 + (first_day + floor(dice(concat('d', flow_no, '|', month_no,
        '|', i))
            * (least(last_day, date_part('day', month_last)) - first_day + 1)))::INTEGER)::DATE) AS day
    FROM drawn
)
SELECT p.account_no, p.flow, p.key, p.day, p.side, p.currency, p.symbol,
    (CASE side WHEN 'debit' THEN -1 ELSE 1 END * greatest(1, round(amount * wanted * level / n
        * exp(spread * (dice('a' || key) + dice('b' || key) + dice('c' || key) + dice('e' || key) - 2) * sqrt(3)),
        2)))::DECIMAL(18,3) AS amount,
    q.name AS partner, q.account AS partner_account, q.bank AS partner_bank,
    CASE symbol WHEN 'invoice' THEN (2000000000 + floor(dice('v' || key) * 899999999))::BIGINT::VARCHAR
        WHEN 'salary' THEN (1000 + i % 400)::VARCHAR WHEN 'tax' THEN '7700112233' END AS variable_symbol,
    CASE symbol WHEN 'invoice' THEN '308' WHEN 'salary' THEN '138' WHEN 'tax' THEN '1148' END AS constant_symbol,
    replace(replace(replace(text, '{vs}', (2000000000 + floor(dice('v' || key) * 899999999))::BIGINT::VARCHAR),
        '{month}', strftime(month_first, '%m/%Y')), '{day}', strftime(day, '%d.%m.%Y')) AS remittance
FROM placed p JOIN (SELECT *, count(*) OVER (PARTITION BY partners) AS size FROM partner) q
    ON q.partners = p.partners
        AND q.partner_no = CASE WHEN p.symbol = 'salary' THEN i % size
            ELSE floor(pow(dice('p' || key), 1.6) * size) END
WHERE day < getvariable('until')
"""

# At the start of a month each paying account gets what it will need, from the account that earns its currency.
_TRANSFER = """
CREATE TABLE transfer AS
WITH need AS (
    SELECT a.account_no, a.currency, a.role, date_trunc('month', b.day)::DATE AS month_first,
        (ceil(-sum(b.amount) / 1000) * 1000)::DECIMAL(18,3) AS amount
    FROM business b JOIN account a USING (account_no)
    WHERE a.role IN ('payroll', 'tax', 'suppliers', 'cards') GROUP BY ALL HAVING sum(b.amount) < 0
), move AS (
    SELECT n.*, f.account_no AS from_no, business_day(month_first + 1) AS day
    FROM need n JOIN account f ON f.currency = n.currency
        AND f.role = CASE WHEN n.currency = 'USD' OR n.role <> 'suppliers' THEN 'operating' ELSE 'receipts' END
)
SELECT from_no AS account_no, account_no AS other_no, day, -amount AS amount FROM move WHERE day < getvariable('until')
UNION ALL
SELECT account_no, from_no, day, amount FROM move WHERE day < getvariable('until')
"""

# Late in a month what the collecting accounts gained goes to the account that spends it.
_SWEEP = """
INSERT INTO transfer
WITH gain AS (
    SELECT a.account_no, a.currency, a.role, date_trunc('month', day)::DATE AS month_first,
        floor(sum(amount) * 0.85 / 1000) * 1000 AS amount
    FROM (SELECT account_no, day, amount FROM business UNION ALL SELECT account_no, day, amount FROM transfer) b
        JOIN account a USING (account_no)
    WHERE (a.role, a.currency) IN (('receipts', 'CZK'), ('cards', 'CZK'), ('operating', 'EUR')) GROUP BY ALL HAVING
    amount > 0
), move AS (
    SELECT g.*, t.account_no AS to_no, business_day(month_first + 26) AS day
    FROM gain g JOIN account t ON t.currency = g.currency
        AND t.role = CASE g.role WHEN 'operating' THEN 'receipts' ELSE 'operating' END
)
SELECT account_no, to_no, day, (-amount)::DECIMAL(18,3) FROM move WHERE day < getvariable('until')
UNION ALL
SELECT to_no, account_no, day, amount::DECIMAL(18,3) FROM move WHERE day < getvariable('until')
"""

# Towards the end of a month a part of the euros earned is sold.
_EXCHANGE = """
CREATE TABLE exchange AS
WITH sold AS (
    SELECT date_trunc('month', day)::DATE AS month_first, floor(sum(amount) * 0.35 / 1000) * 1000 AS eur
    FROM business b JOIN account a USING (account_no) WHERE a.role = 'receipts' AND a.currency = 'EUR' GROUP BY ALL
), priced AS (
    SELECT *, business_day(month_first + 24) AS day, round(24.1 + dice('x' || month_first) * 1.4, 3) AS rate FROM sold
)
SELECT * FROM priced WHERE day < getvariable('until') AND eur > 0
"""

_LINE = """
CREATE TABLE line AS
WITH every AS (
    SELECT account_no, day, amount, partner AS counterparty_name, partner_account AS counterparty_account,
        partner_bank AS counterparty_bank, variable_symbol, constant_symbol, NULL::VARCHAR AS specific_symbol,
        remittance, flow AS kind, key, NULL::DECIMAL(18,3) AS original_amount, NULL::VARCHAR AS original_currency,
        NULL::VARCHAR AS exchange_rate
    FROM business
    UNION ALL
    SELECT t.account_no, t.day, t.amount, 'Own company', o.iban, o.bank_code, NULL, NULL, NULL, 'Own transfer to ' ||
    o.name,
        'Own transfers', concat('t', t.account_no, t.other_no, t.day), NULL, NULL, NULL
    FROM transfer t JOIN account o ON o.account_no = t.other_no
    UNION ALL
    SELECT a.account_no, day, CASE a.currency WHEN 'EUR' THEN -eur ELSE round(eur * rate, 2) END::DECIMAL(18,3),
    'Bank', NULL, NULL, NULL,
        NULL, NULL, 'Currency exchange EUR/CZK', 'Currency exchange', concat('x', a.account_no, day),
        CASE a.currency WHEN 'CZK' THEN eur::DECIMAL(18,3) END, CASE a.currency WHEN 'CZK' THEN 'EUR' END,
        CASE a.currency WHEN 'CZK' THEN rate::VARCHAR END
    FROM exchange e JOIN account a ON (a.role, a.currency) IN (('receipts', 'EUR'), ('operating', 'CZK'))
)
SELECT e.*, a.currency, a.format, row_number() OVER (ORDER BY e.account_no, e.day, e.key) AS line_no,
    upper(left(md5(concat(getvariable('seed'), e.account_no, e.key)), 14)) AS bank_reference
FROM every e JOIN account a USING (account_no)
"""

# Banks send a statement a month, the second bank one a day with movements.
_SENT = """
CREATE TABLE sent AS
WITH day_sum AS (
    SELECT account_no, format, day, sum(amount) AS net, count(*) AS entries FROM line GROUP BY ALL
), period AS (
    SELECT a.account_no, a.format, m.month_no, m.first_day, least(m.last_day, getvariable('until') - 1) AS last_day
    FROM account a, month m WHERE a.format <> 'mt940'
    UNION ALL
    SELECT d.account_no, d.format, m.month_no, d.day, d.day
    FROM day_sum d JOIN month m ON d.day BETWEEN m.first_day AND m.last_day WHERE d.format = 'mt940'
), summed AS (
    SELECT p.*, coalesce((SELECT sum(net) FROM day_sum d
        WHERE d.account_no = p.account_no AND d.day BETWEEN p.first_day AND p.last_day), 0)::DECIMAL(18,3) AS net
    FROM period p
)
SELECT s.*, row_number() OVER (PARTITION BY s.account_no, year(s.first_day) ORDER BY s.first_day) AS number,
    (a.begins_with + sum(s.net) OVER w - s.net)::DECIMAL(18,3) AS opening,
    (a.begins_with + sum(s.net) OVER w)::DECIMAL(18,3) AS closing
FROM summed s JOIN (
    SELECT account_no,
        round(opening * 0.00288 * getvariable('entries') / getvariable('months'), -2)::DECIMAL(18,3) AS begins_with
    FROM account
) a USING (account_no)
WINDOW w AS (PARTITION BY s.account_no ORDER BY s.first_day)
"""

_RATE = """
CREATE TABLE rate AS
WITH quoted(currency, units, start, step) AS (
    VALUES ('EUR', 1, 24.6, 0.045), ('USD', 1, 22.4, 0.07), ('GBP', 1, 28.9, 0.08), ('PLN', 1, 5.75, 0.015), ('HUF',
    100, 6.3, 0.02)
), trading AS (
    SELECT unnest(generate_series(getvariable('first') - 7, getvariable('until') - 1, INTERVAL 1 DAY))::DATE AS day
)
SELECT day, currency, units,
    round(start * (1 + 0.03 * sin(date_diff('day', DATE '2020-01-01', day) / 70.0 + length(currency) + start))
        + step * (dice(concat('r', currency, day)) - 0.5) * 3, 3)::DECIMAL(10,3) AS rate
FROM trading, quoted WHERE isodow(day) < 6
"""
