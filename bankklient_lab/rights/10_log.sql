-- The hash of a log entry with that of the one before it in its chain. Never change it: every lab's chain rests on it.
CREATE MACRO app.log_hash(previous, log_id, chain, number, done_at, by_user, session_id, action, subject, details) AS
    sha256(json_array(previous, log_id, chain, number, epoch_us(done_at), by_user, session_id, action, subject,
        details)::VARCHAR);
-- The entries whose chain does not hold: changed, put in, or missing before or after them.
CREATE MACRO app.log_broken() AS TABLE
    WITH linked AS (
        SELECT l.*, coalesce(lag(l.hash) OVER places, a.hash) AS previous,
            coalesce(lag(l.number) OVER places, a.number) + 1 AS expected
        FROM ops.log l LEFT JOIN ops.log_anchor a USING (chain)
        WINDOW places AS (PARTITION BY l.chain ORDER BY l.number, l.log_id)
    ), last AS (
        SELECT a.chain, coalesce(max(l.number), any_value(a.number)) AS number,
            coalesce(arg_max(l.hash, l.number), any_value(a.hash)) AS hash, max(l.log_id) AS log_id
        FROM ops.log_anchor a LEFT JOIN ops.log l USING (chain) GROUP BY a.chain
    )
    SELECT log_id, chain, number, done_at, by_user, action, subject,
        CASE WHEN number IS DISTINCT FROM expected THEN 'an entry before it is missing or was put in'
            ELSE 'it was changed' END AS reason
    FROM linked
    WHERE number IS DISTINCT FROM expected OR hash IS DISTINCT FROM log_hash(
        previous, log_id, chain, number, done_at, by_user, session_id, action, subject, details)
    UNION ALL
    SELECT l.log_id, t.chain, l.number, NULL, NULL, NULL, NULL, 'the chain does not end with it'
    FROM ops.log_tail t FULL JOIN last l USING (chain)
    WHERE (t.number, t.hash) IS DISTINCT FROM (l.number, l.hash);
-- What a witness saw that the log does not have: per chain the number and hash of the newest entry it saw.
CREATE MACRO app.log_unwitnessed(chains, numbers, hashes) AS TABLE
    SELECT w.chain, w.number, t.number AS log_ends_with
    FROM (SELECT unnest(chains::VARCHAR[]) AS chain, unnest(numbers::BIGINT[]) AS number,
        unnest(hashes::VARCHAR[]) AS hash) w
    LEFT JOIN ops.log_anchor a USING (chain)
    LEFT JOIN ops.log_tail t USING (chain)
    LEFT JOIN ops.log l ON l.chain = w.chain AND l.number = w.number
    WHERE coalesce(l.hash, CASE WHEN a.number = w.number THEN a.hash END) IS DISTINCT FROM w.hash;
