-- Entries not booked yet: of interim reports, or marked as pending in statements, without those that a booked statement
-- has meanwhile. Matched by account, bank reference and amount, else by day, amount and ordinal; never by text.
CREATE MACRO app.pending_entry() AS TABLE
    WITH candidate AS (
        SELECT e.*, row_number() OVER (PARTITION BY e.import_id, e.statement_no, e.account_id, e.day, e.amount ORDER BY e.entry_no) AS ordinal
        FROM live_entry() e
        WHERE (e.interim AND e.status IN ('BOOK', 'PDNG')) OR (NOT e.interim AND e.status = 'PDNG')
    ), newest AS (  -- interim reports repeat each other: the newest word on each entry
        SELECT * FROM candidate
        QUALIFY row_number() OVER (
            PARTITION BY account_id, amount, coalesce(bank_reference, concat_ws('|', day, ordinal))
            ORDER BY import_id DESC, statement_no DESC, entry_no DESC) = 1
    ), booked AS (
        SELECT e.account_id, e.day, e.amount, e.bank_reference,
            CASE WHEN e.repeats IS NULL THEN row_number() OVER (  -- one that repeats another books nothing more
                PARTITION BY e.account_id, e.day, e.amount, e.repeats IS NULL ORDER BY e.import_id, e.statement_no, e.entry_no) END AS ordinal
        FROM live_entry() e
        WHERE NOT e.interim AND e.status = 'BOOK' AND e.day >= (SELECT min(day) - 10 FROM newest)
            AND e.account_id IN (SELECT account_id FROM newest)
    )
    SELECT n.* EXCLUDE (ordinal) FROM newest n
    WHERE NOT EXISTS (FROM booked b WHERE b.account_id = n.account_id AND b.amount = n.amount AND b.bank_reference = n.bank_reference)
        AND NOT EXISTS (
            FROM booked b WHERE b.account_id = n.account_id AND b.amount = n.amount AND b.day = n.day AND b.ordinal = n.ordinal
                AND (b.bank_reference IS NULL OR n.bank_reference IS NULL));

-- Booked entries that count in the balance of their account.
CREATE MACRO app.counted_entry() AS TABLE
    SELECT e.* FROM live_entry() e JOIN ops.account a USING (account_id)
    WHERE NOT e.interim AND counts(e.status, e.amount, e.currency, a.currency, e.repeats);

-- The same with the account's names, of the accounts named.
CREATE MACRO app.booked_entry(names) AS TABLE
    SELECT e.*, a.account, a.label FROM counted_entry() e JOIN chosen_account(names) a USING (account_id);
