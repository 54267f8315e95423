-- What the banks' statements say about one account and the days [since, until): the last statement that began before,
-- what the first one from then on begins with, and `parts`, the statements that touch these days.
CREATE MACRO app.statement_frame(wanted, since, until) AS TABLE
    SELECT max_by(struct_pack(import_id, statement_no, to_day, opening_balance, closing_balance), seq)
            FILTER (from_day < since) AS last_before,
        min_by(opening_balance, seq) FILTER (to_day >= since) AS first_opening,
        coalesce(list(struct_pack(import_id, statement_no, seq, number))
            FILTER (from_day < until AND to_day >= since), []) AS parts
    FROM statement_chain(wanted := wanted);

-- What an account had before the day `since`: its balance, or what its first statement begins with.
CREATE MACRO app.opening_by(last_before, first_opening, since) AS
    coalesce(balance_by(last_before, since - 1, (
        SELECT sum(d.credit - d.debit) FROM history.day_sum d
        WHERE d.import_id = last_before['import_id'] AND d.statement_no = last_before['statement_no'] AND d.day < since
            AND last_before['to_day'] >= since
    )), first_opening, 0)::DECIMAL(18,3);

-- Booked entries of one account in [since, until) in the order of the bank's statements, with the running balance;
-- the last three arguments are what statement_frame found. Bound as values they let DuckDB skip nearly all that is stored.
CREATE MACRO app.statement_line(wanted, since, until, last_before, first_opening, parts) AS TABLE
    SELECT row_number() OVER bank_order AS position, e.day, e.booking_day, e.value_day, e.amount,
        (opening_by(
            last_before::STRUCT(import_id BIGINT, statement_no INTEGER, to_day DATE, opening_balance DECIMAL(18,3), closing_balance DECIMAL(18,3)),
            first_opening, since) + sum(e.amount) OVER bank_order)::DECIMAL(18,3) AS balance,
        e.currency, e.counterparty_name, e.counterparty_account, e.counterparty_bank,
        e.variable_symbol, e.constant_symbol, e.specific_symbol, e.remittance, e.additional_info, e.transaction_code,
        e.bank_reference, e.client_reference, e.end_to_end_id, p.number AS statement_number
    FROM counted_entry() e JOIN (
            SELECT unnest(parts::STRUCT(import_id BIGINT, statement_no INTEGER, seq BIGINT, number VARCHAR)[], recursive := true)
        ) p USING (import_id, statement_no)
    WHERE e.account_id = wanted AND e.day >= since AND e.day < until
    WINDOW bank_order AS (ORDER BY e.day, p.seq, e.entry_no ROWS UNBOUNDED PRECEDING)
    ORDER BY position;
