-- Due dates of a schedule from day to day, both counted, ascending: on the day `dd` of each `step`-th month, of which
-- `mm` is one, and so many days later by `offsets`; a day that February does not have is its last one.
CREATE MACRO app.due_in_months(step, mm, dd, offsets, since, until) AS
    list_transform(
        list_filter(
            generate_series(date_trunc('month', since)::TIMESTAMP, until::TIMESTAMP, INTERVAL 1 MONTH),
            lambda m: (month(m) + 12 - mm) % step = 0),
        lambda m: list_transform(offsets, lambda o: least((m + to_days(dd + o - 1))::DATE, last_day(m))));

-- The same for a schedule of weeks: `dd` is the weekday from 1, Monday.
CREATE MACRO app.due_in_weeks(dd, since, until) AS
    list_transform(
        generate_series(date_trunc('week', since)::TIMESTAMP, until::TIMESTAMP, INTERVAL 7 DAY),
        lambda w: [(w + to_days(dd - 1))::DATE]);

CREATE MACRO app.due_dates(step, mm, dd, offsets, since, until) AS
    list_sort(list_filter(
        flatten(CASE WHEN step = 0 THEN due_in_weeks(dd, since, until)
            ELSE due_in_months(nullif(step, 0), mm, dd, offsets, since, until) END),
        lambda d: d BETWEEN since AND until));

-- The regular payments that are not ended with the due dates for which no order was made yet, up to a day (counted).
CREATE MACRO app.regular_payments_ahead(up_to) AS TABLE
    SELECT r.*, coalesce(remaining, 1_000_000) AS orders_max,
        due_dates(p.step::INTEGER, r.month, r.day, string_split(p.offsets, ' ')::INTEGER[],
            coalesce(r.last_due + 1, r.valid_from), least(up_to, coalesce(r.valid_until, up_to))) AS due
    FROM ops.regular_payment r JOIN app.regular_payment_period p USING (periodicity)
    WHERE r.ended_on IS NULL;

-- Those due dates, one a row; instalments run out.
CREATE MACRO app.regular_payments_due(up_to) AS TABLE
    SELECT * EXCLUDE (due, orders_max), unnest(due[:orders_max]) AS due_on FROM regular_payments_ahead(up_to);

-- How many there are, without making them.
CREATE MACRO app.regular_payments_count(up_to) AS
    (SELECT coalesce(sum(least(len(due), orders_max)), 0) FROM regular_payments_ahead(up_to));

-- The next due date of each regular payment that is not ended: one comes within a year, if any; null: there is none.
CREATE MACRO app.regular_payments_next() AS TABLE
    SELECT regular_payment_id,
        CASE WHEN remaining IS NULL OR remaining > 0 THEN due_dates(
            step, month, day, offsets, since, least(since + 366, coalesce(valid_until, since + 366)))[1] END AS next_due
    FROM (
        SELECT r.*, coalesce(last_due + 1, valid_from) AS since, p.step::INTEGER AS step,
            string_split(p.offsets, ' ')::INTEGER[] AS offsets
        FROM ops.regular_payment r JOIN app.regular_payment_period p USING (periodicity)
        WHERE ended_on IS NULL);
