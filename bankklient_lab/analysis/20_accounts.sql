-- Accounts with a label for people: the own name (with the currency where two share it), else the number.
CREATE MACRO app.labelled_account() AS TABLE
    SELECT account_id, number AS account, currency, bank, name,
        CASE WHEN name IS NULL THEN number || CASE WHEN number IN (
                SELECT number FROM ops.account GROUP BY number HAVING count(*) > 1) THEN ' ' || currency ELSE '' END
            WHEN name IN (SELECT name FROM ops.account GROUP BY name HAVING count(*) = 1) THEN name
            WHEN (name, currency) IN (SELECT (name, currency) FROM ops.account GROUP BY name, currency HAVING count(*) = 1)
                THEN name || ' ' || currency
            ELSE name || ' ' || currency || ' …' || right(number, 4) END AS label
    FROM ops.account;

-- The accounts named (by number, label or own name); all when the list is empty.
CREATE MACRO app.chosen_account(names) AS TABLE
    FROM labelled_account() a
    WHERE len(names) = 0 OR list_contains(names, account) OR list_contains(names, label) OR list_contains(names, name);

CREATE MACRO app.account_overview() AS TABLE
    WITH covered AS (
        SELECT account_id, min(from_day) AS first_day, max(to_day) AS last_day, count(*) AS statements, sum(booked_entries)::BIGINT AS entries
        FROM live_statement() WHERE NOT interim GROUP BY account_id
    ), last AS (
        SELECT account_id, max_by(closing_balance, seq) AS closing, any_value(basis) AS basis FROM statement_chain() GROUP BY account_id
    )
    SELECT a.*, c.first_day, c.last_day, coalesce(c.statements, 0) AS statements, coalesce(c.entries, 0) AS entries, l.closing, l.basis
    FROM labelled_account() a LEFT JOIN covered c USING (account_id) LEFT JOIN last l USING (account_id)
    ORDER BY a.currency, a.label, a.account_id;
