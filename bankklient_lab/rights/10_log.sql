-- The hash of a log entry with that of the one before it in its chain. Never change it: every lab's chain rests on it.
CREATE MACRO app.log_hash(previous, log_id, chain, number, done_at, by_user, session_id, action, subject, details) AS
    sha256(json_array(previous, log_id, chain, number, epoch_us(done_at), by_user, session_id, action, subject,
        details)::VARCHAR);
-- The entries whose chain does not hold: changed, put in, or missing before them.
CREATE MACRO app.log_broken() AS TABLE
    WITH linked AS (
        SELECT l.*, coalesce(lag(l.hash) OVER places, a.hash) AS previous,
            coalesce(lag(l.number) OVER places, a.number) + 1 AS expected
        FROM ops.log l LEFT JOIN ops.log_anchor a USING (chain)
        WINDOW places AS (PARTITION BY l.chain ORDER BY l.number, l.log_id)
    )
    SELECT log_id, chain, number, done_at, by_user, action, subject,
        CASE WHEN number IS DISTINCT FROM expected THEN 'an entry before it is missing or was put in'
            ELSE 'it was changed' END AS reason
    FROM linked
    WHERE number IS DISTINCT FROM expected OR hash IS DISTINCT FROM log_hash(
        previous, log_id, chain, number, done_at, by_user, session_id, action, subject, details);
