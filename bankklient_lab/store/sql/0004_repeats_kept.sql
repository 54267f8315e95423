-- What a statement held before its known entries were taken out, so that it is recognised when it comes again, and its
-- place among statements of the same days (docs/decisions/0009-repeated-entries.md).
ALTER TABLE history.statement ADD COLUMN repeated BIGINT DEFAULT 0;  -- its booked entries that repeat others
ALTER TABLE history.statement ADD COLUMN order_number HUGEINT;  -- of its number; without one, of the last one known then

UPDATE history.statement s SET repeated = r.entries, digest = r.digest
FROM (
    SELECT e.import_id, e.statement_no, count(e.repeats) AS entries,
        sum(md5_number_lower(concat_ws('|', e.booking_day, e.amount)) % 4611686018427387904::UBIGINT)::VARCHAR AS digest
    FROM history.entry e JOIN history.statement s USING (import_id, statement_no)
    WHERE e.status = 'BOOK' AND e.amount IS NOT NULL AND e.currency = s.currency
    GROUP BY ALL HAVING count(e.repeats) > 0
) r
WHERE r.import_id = s.import_id AND r.statement_no = s.statement_no;

UPDATE history.statement s SET order_number = o.n
FROM (
    SELECT import_id, statement_no, coalesce(n, max(n) OVER (
        PARTITION BY account_id, interim, to_day, from_day ORDER BY import_id ROWS UNBOUNDED PRECEDING)) AS n
    FROM (SELECT *, try_cast(regexp_extract(number, '\d+') AS HUGEINT) AS n FROM history.statement)
) o
WHERE o.import_id = s.import_id AND o.statement_no = s.statement_no;
