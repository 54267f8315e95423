-- What is wrong between the statements of an account: a number missing, a balance that does not go on, days twice.
-- Worked out when asked, so that a statement that arrives late mends it.
CREATE MACRO app.continuity() AS TABLE
    WITH pair AS (
        SELECT *,
            try_cast(regexp_extract(number, '\d+') AS HUGEINT) AS n,
            lag(try_cast(regexp_extract(number, '\d+') AS HUGEINT)) OVER w AS n_before,
            lag(number) OVER w AS number_before,
            lag(closing) OVER w AS closing_before,
            lag(to_day) OVER w AS to_day_before,
            number = lag(number) OVER w AND page <> lag(page) OVER w AS next_page
        FROM statement_chain()
        WINDOW w AS (PARTITION BY account_id ORDER BY seq)
    )
    SELECT import_id, statement_no, account_id, to_day AS day, 'statement_gap' AS code, 'number' AS field,
        'statement ' || number || ' follows ' || number_before AS value
    FROM pair WHERE n > n_before + 1 AND year(to_day) = year(to_day_before) AND n - n_before < 1000
    UNION ALL
    SELECT import_id, statement_no, account_id, to_day, 'opening_differs', 'opening',
        'opening ' || opening || ', closing before ' || closing_before || ', difference ' || (opening - closing_before)
    FROM pair WHERE opening <> closing_before AND from_day >= to_day_before
    UNION ALL
    SELECT import_id, statement_no, account_id, to_day, 'overlaps', 'period',
        'begins on ' || from_day || ', the one before ends on ' || to_day_before
    FROM pair WHERE from_day < to_day_before AND (opening = closing_before OR next_page) IS NOT TRUE;

CREATE MACRO app.all_finding() AS TABLE
    SELECT f.import_id, f.statement_no, f.entry_no, f.account_id, s.to_day AS day, f.code, coalesce(f.place, s.place) AS place, f.field, f.value
    FROM live_finding() f
        LEFT JOIN history.statement s ON s.import_id = f.import_id AND s.statement_no = f.statement_no
    UNION ALL
    SELECT c.import_id, c.statement_no, NULL, c.account_id, c.day, c.code, s.place, c.field, c.value
    FROM continuity() c JOIN history.statement s ON s.import_id = c.import_id AND s.statement_no = c.statement_no;
