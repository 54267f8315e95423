-- An amount rounded half away from zero to the decimals of its currency.
CREATE MACRO app.in_minor_units(amount, currency) AS
    CASE currency_decimals(currency) WHEN 0 THEN amount::DECIMAL(18,0) WHEN 2 THEN amount::DECIMAL(18,2)
        ELSE amount END::DECIMAL(18,3);

-- Bookings of permitted collections that are valid.
CREATE MACRO app.collected() AS TABLE
    WITH permitted AS (
        SELECT record, account_id, canonical_account(items ->> '$.counter_account', NULL) AS counter,
            (date_trunc('month', (items ->> '$.valid_from')::DATE - 1) + INTERVAL 1 MONTH)::DATE AS since
        FROM ops.service_record JOIN ops.account ON number = canonical_account(items ->> '$.own_account', NULL)
        WHERE kind = 'permitted_collection' AND state = 'valid'
    )
    SELECT p.record, p.since, e.account_id, e.category, e.day, -e.amount AS amount
    FROM counted_entry() e JOIN permitted p USING (account_id)
    WHERE e.amount < 0 AND canonical_account(e.counterparty_account, e.counterparty_bank) = p.counter;

-- What is usual on an account. A flow is a category of an account in one direction, or the bookings of a permitted
-- collection (`record`), which are in their category as well. A forecast that begins in the month `begun` learns it from
-- the whole months before, twelve at most: it is usual when at least half of them have it and one of the last three
-- does. Columns besides: months (their number), day_of_month with amount (of all months on this day), total (of all
-- days), of_month (the totals by the month of the year).
CREATE MACRO app.usual_amount(begins) AS TABLE
    WITH whole AS (
        SELECT account_id, date_trunc('month', min(from_day) - 1)::DATE + INTERVAL 1 MONTH AS first_month,
            date_trunc('month', max(to_day) + 1)::DATE AS end_month
        FROM live_statement() WHERE NOT interim GROUP BY account_id
    ), learnt AS (
        SELECT b.begun, w.account_id, least(b.begun, w.end_month)::DATE AS until_day,
            greatest(w.first_month, least(b.begun, w.end_month) - INTERVAL 12 MONTH)::DATE AS from_day
        FROM (SELECT unnest(begins) AS begun) b CROSS JOIN whole w
    ), flow AS (
        SELECT NULL::VARCHAR AS record, NULL::DATE AS since, account_id, category, side = 'credit' AS incoming, day,
            sum(amount) AS amount
        FROM (UNPIVOT (SELECT account_id, category, day, credit, debit FROM live_day_sum()) ON credit, debit
            INTO NAME side VALUE amount)
        WHERE amount > 0 GROUP BY ALL
        UNION ALL
        SELECT record, since, account_id, any_value(category), false, day, sum(amount) FROM collected() GROUP BY ALL
    ), found AS (
        SELECT l.begun, l.until_day, f.*,
            date_diff('month', greatest(l.from_day, coalesce(f.since, l.from_day)), l.until_day) AS months
        FROM learnt l JOIN flow f ON f.account_id = l.account_id AND f.day < l.until_day
            AND f.day >= greatest(l.from_day, coalesce(f.since, l.from_day))
    ), usual AS (
        SELECT begun, record, account_id, category, incoming, months, sum(amount) AS total,
            map_from_entries(list((month, amount))) AS of_month
        FROM (
            SELECT begun, record, account_id, category, incoming, months, until_day, month(day) AS month,
                max(day) AS last_day, sum(amount) AS amount
            FROM found WHERE months >= 2 GROUP BY ALL)
        GROUP BY ALL HAVING count(*) * 2 >= months AND max(last_day) >= any_value(until_day) - INTERVAL 3 MONTH
    )
    SELECT u.*, day(f.day) AS day_of_month, sum(f.amount) AS amount
    FROM found f JOIN usual u ON u.begun = f.begun AND u.account_id = f.account_id AND u.category = f.category
        AND u.incoming = f.incoming AND u.record IS NOT DISTINCT FROM f.record
    GROUP BY ALL;

-- What of it is expected on the days from `back` before each month until `ahead` after its first: the mean of the months;
-- when they are a whole year, half of that and half by what the month of the year had. A month without a day has it on
-- its last one, and what falls on a day that is none of `working` comes on the one before.
CREATE MACRO app.usual_flow(begins, back, ahead, working) AS TABLE
    WITH calendar_day AS (
        SELECT begun, day, unnest(CASE WHEN day = last_day(day) THEN range(day(day), 32) ELSE [day(day)] END) AS day_of_month
        FROM (SELECT begun, unnest(range(begun - back, begun + ahead, INTERVAL 1 DAY))::DATE AS day
            FROM (SELECT unnest(begins) AS begun))
    )
    SELECT f.begun, f.record, f.account_id, f.category, f.incoming, f.months, w.day,
        in_minor_units(sum(f.amount * f.share), any_value(a.currency)) AS amount
    FROM (
        SELECT c.day, u.*, CASE WHEN u.months = 12  -- a weight, to nine decimals; amounts stay exact
            THEN 1 / 24 + (coalesce(u.of_month[month(c.day)], 0) / u.total) / 2 ELSE 1 / u.months END::DECIMAL(10,9) AS share
        FROM calendar_day c JOIN usual_amount(begins) u USING (begun, day_of_month)) f
        ASOF JOIN (SELECT unnest(working) AS day) w ON f.day >= w.day
        JOIN ops.account a ON a.account_id = f.account_id
    GROUP BY ALL;
