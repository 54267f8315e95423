-- A rate as the fraction p/q of whole numbers: an amount of the currency times p/q is the amount in the base.
-- Fractions keep conversions exact: DuckDB divides decimals as doubles, and multiplies those of 18 digits within 18.
CREATE MACRO app.rate_fraction(rate_source) AS TABLE
    WITH latest AS (  -- a rate imported again replaces the older one
        SELECT currency, day, base, max_by(struct_pack(rate, units, indirect), import_id) AS r
        FROM live_rate() WHERE source = rate_source GROUP BY ALL
    ), whole AS (
        SELECT currency, day, base,
            CASE WHEN r.indirect THEN r.units::HUGEINT * 100000000 ELSE (r.rate::DECIMAL(38,8) * 100000000)::HUGEINT END AS p,
            CASE WHEN r.indirect THEN (r.rate::DECIMAL(38,8) * 100000000)::HUGEINT ELSE r.units::HUGEINT * 100000000 END AS q
        FROM latest
    )
    SELECT currency, day, (p // gcd(p, q))::HUGEINT AS p, (q // gcd(p, q))::HUGEINT AS q FROM whole
    UNION ALL
    SELECT DISTINCT base, DATE '0001-01-01', 1::HUGEINT, 1::HUGEINT FROM latest;

-- `amount` times n/d, rounded half away from zero to `places` decimals. Whole numbers of 64 bits are divided some thirty
-- times as fast as those of 128, so the wide ones are only used where the others might overflow (9.2e18).
CREATE MACRO app.scaled(amount, n, d, places) AS (CASE
    WHEN abs(amount)::DOUBLE * n::DOUBLE < 4e15 AND d < 1e14 THEN (
        sign(amount) * ((2 * abs((amount::DECIMAL(18,3) * 1000)::BIGINT) * n::BIGINT + d::BIGINT * (10 ** (3 - places))::BIGINT)
            // (2 * d::BIGINT * (10 ** (3 - places))::BIGINT)) * (10 ** (3 - places))::BIGINT)::DECIMAL(18,0)
    ELSE (
        sign(amount) * ((2 * abs((amount::DECIMAL(38,3) * 1000)::HUGEINT) * n + d * (10 ** (3 - places))::HUGEINT)
            // (2 * d * (10 ** (3 - places))::HUGEINT)) * (10 ** (3 - places))::HUGEINT)::DECIMAL(18,0)
    END * 0.001::DECIMAL(4,3))::DECIMAL(18,3);

-- A fraction as a rate for people, eight decimals, rounded half away from zero: for information, never to convert by.
CREATE MACRO app.shown_rate(n, d) AS
    ((2 * n::HUGEINT * 100000000 + d::HUGEINT) // (2 * d::HUGEINT))::DECIMAL(18,0) * 0.00000001::DECIMAL(9,8);

-- For each currency of the accounts and each day in [since, until): the fraction n/d that converts into `target`, and the
-- day of the older of the two rates used (null when none is needed). A day without a rate takes the last one before.
CREATE MACRO app.conversion(since, until, target, rate_source) AS TABLE
    WITH wanted AS (
        SELECT currency, day::DATE AS day
        FROM (SELECT DISTINCT currency FROM ops.account),
            (SELECT unnest(generate_series(since, until - 1, INTERVAL 1 DAY)) AS day)
    ), of_target AS (
        SELECT w.day, t.p, t.q, t.day AS rate_day
        FROM (SELECT DISTINCT day, target AS currency FROM wanted) w
            ASOF JOIN rate_fraction(rate_source) t ON w.currency = t.currency AND w.day >= t.day
    )
    SELECT w.currency, w.day, f.p * t.q AS n, f.q * t.p AS d,
        nullif(least(
            CASE WHEN f.day = DATE '0001-01-01' THEN DATE '9999-12-31' ELSE f.day END,
            CASE WHEN t.rate_day = DATE '0001-01-01' THEN DATE '9999-12-31' ELSE t.rate_day END), DATE '9999-12-31') AS rate_day
    FROM wanted w
        ASOF JOIN rate_fraction(rate_source) f ON f.currency = w.currency AND w.day >= f.day
        JOIN of_target t ON t.day = w.day
    WHERE w.currency <> target
    UNION ALL
    SELECT currency, day, 1::HUGEINT, 1::HUGEINT, NULL FROM wanted WHERE currency = target;
