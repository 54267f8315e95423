-- What counts: the rows of imports that are marked 'imported'. Everything else reads history through these. Entries and
-- details are kept in the lab's file or its archive: kept_entry and kept_detail (store.archive) read both.
CREATE MACRO app.live_import() AS TABLE
    SELECT import_id FROM ops.import WHERE state = 'imported';

CREATE MACRO app.live_statement() AS TABLE
    FROM history.statement SEMI JOIN live_import() USING (import_id);

CREATE MACRO app.live_entry() AS TABLE
    FROM kept_entry() SEMI JOIN live_import() USING (import_id);

CREATE MACRO app.live_detail() AS TABLE
    FROM kept_detail() SEMI JOIN live_import() USING (import_id);

CREATE MACRO app.live_balance() AS TABLE
    FROM history.balance SEMI JOIN live_import() USING (import_id);

CREATE MACRO app.live_day_sum() AS TABLE
    FROM history.day_sum SEMI JOIN live_import() USING (import_id);

CREATE MACRO app.live_finding() AS TABLE
    FROM history.finding SEMI JOIN live_import() USING (import_id);

CREATE MACRO app.live_rate() AS TABLE
    FROM history.rate SEMI JOIN live_import() USING (import_id);

-- Whether a booked statement's entry counts in sums and balances: booked, readable, in the account's currency, and not one
-- that came with another import before.
CREATE MACRO app.counts(status, amount, currency, account_currency, repeats) AS
    status = 'BOOK' AND amount IS NOT NULL AND currency = account_currency AND repeats IS NULL;

-- One account has one name in every format: a Czech number ("prefix-base", up to 16 digits) with its bank's code is the
-- IBAN that they make; everything else stays as the bank writes it, without spaces.
-- A lambda gives its value a name: a macro's argument is worked out again wherever it stands.
-- Weighted digit sums divisible by 11 (CNB decree 169/2011); a number of at most ten digits.
CREATE MACRO app.modulo_11(number) AS (
    number % 10 + number // 10 % 10 * 2 + number // 100 % 10 * 4 + number // 1000 % 10 * 8 + number // 10000 % 10 * 5
    + number // 100000 % 10 * 10 + number // 1000000 % 10 * 9 + number // 10000000 % 10 * 7
    + number // 100000000 % 10 * 3 + number // 1000000000 % 10 * 6) % 11 = 0;

CREATE MACRO app.czech_digits(account) AS  -- prefix 6 and base 10 of a Czech account number, null when it is none
    list_transform([account], lambda a: CASE
        WHEN regexp_full_match(a, '\d{2,16}') THEN lpad(a, 16, '0')
        WHEN regexp_full_match(a, '\d{1,6}-\d{2,10}')
            THEN lpad(split_part(a, '-', 1), 6, '0') || lpad(split_part(a, '-', 2), 10, '0') END)[1];

-- The check digits are 98 - (bank, digits and "CZ00" as 123500, one after another) % 97, taken in parts:
-- 10^22 % 97 = 25 and 10^6 % 97 = 27.
CREATE MACRO app.czech_iban(bank, digits) AS
    CASE WHEN bank IN (SELECT bank_code FROM app.czech_bank) THEN
        list_transform([digits::BIGINT], lambda n: CASE WHEN modulo_11(n // 10000000000) AND modulo_11(n % 10000000000)
            THEN 'CZ' || lpad((98 - (bank::BIGINT * 25 + n % 97 * 27 + 123500) % 97)::VARCHAR, 2, '0') || bank || digits
            END)[1] END;

CREATE MACRO app.canonical_account(account, bank) AS
    CASE WHEN regexp_matches(account, '[A-Za-z]') OR (bank IS NULL AND NOT contains(account, '/'))
        THEN upper(replace(account, ' ', ''))  -- no Czech number: most are told apart here, before the costly checks
    ELSE coalesce(
        czech_iban(  -- as people write it, the bank's code stands behind a slash
            CASE WHEN contains(account, '/') THEN split_part(account, '/', 2) ELSE bank END,
            czech_digits(CASE WHEN regexp_full_match(account, '[\d-]+/\d{4}') THEN split_part(account, '/', 1)
                ELSE account END)),
        upper(replace(account, ' ', ''))) END;

CREATE MACRO app.imports() AS TABLE
    WITH statements AS (
        SELECT import_id, count(*) AS statements, sum(booked_entries)::BIGINT AS entries, min(from_day) AS first_day, max(to_day) AS last_day
        FROM history.statement GROUP BY import_id
    ), rates AS (
        SELECT import_id, count(*) AS rates, min(day) AS first_day, max(day) AS last_day FROM history.rate GROUP BY import_id
    ), findings AS (
        SELECT import_id, count(*) FILTER (WHERE c.severity = 'error') AS errors, count(*) FILTER (WHERE c.severity = 'warning') AS warnings
        FROM history.finding f JOIN app.finding_code c USING (code) GROUP BY import_id
    )
    SELECT i.import_id, i.file_name, i.format, i.version, i.imported_at, i.imported_by, i.state,
        coalesce(s.statements, 0) AS statements, coalesce(s.entries, 0) AS entries,
        coalesce(s.first_day, r.first_day) AS first_day, coalesce(s.last_day, r.last_day) AS last_day,
        coalesce(r.rates, 0) AS rates, coalesce(f.errors, 0) AS errors, coalesce(f.warnings, 0) AS warnings
    FROM ops.import i LEFT JOIN statements s USING (import_id) LEFT JOIN rates r USING (import_id) LEFT JOIN findings f USING (import_id)
    ORDER BY i.import_id DESC;
