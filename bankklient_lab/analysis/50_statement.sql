-- What the banks' statements say about one account and the days [since, until): `opening` is what it had before, its
-- balance or what its first statement begins with; `parts` are the statements that touch these days.
CREATE MACRO app.statement_frame(wanted, since, until) AS TABLE
    WITH found AS (
        SELECT max_by(struct_pack(import_id, statement_no, to_day, opening_balance, closing_balance), seq)
                FILTER (from_day < since) AS last_before,
            min_by(opening_balance, seq) FILTER (to_day >= since) AS first_opening,
            list(struct_pack(import_id, statement_no, seq, number)) FILTER (from_day < until AND to_day >= since) AS parts
        FROM statement_chain(wanted := wanted)
    ), gone_on AS (  -- of a statement that began before and goes on
        SELECT sum(d.credit - d.debit) AS net
        FROM found f JOIN history.day_sum d
            ON d.import_id = f.last_before.import_id AND d.statement_no = f.last_before.statement_no AND d.day < since
        WHERE f.last_before.to_day >= since
    )
    SELECT coalesce(balance_by(f.last_before, since - 1, g.net), f.first_opening, 0)::DECIMAL(18,3) AS opening,
        coalesce(f.parts, []) AS parts
    FROM found f, gone_on g;

-- Booked entries of one account in [since, until) in the order of the bank's statements, with the running balance;
-- `opening` and `parts` are those of statement_frame. Bound as values, `parts` lets DuckDB skip the entries of other imports.
CREATE MACRO app.statement_line(wanted, since, until, opening, parts) AS TABLE
    SELECT row_number() OVER bank_order AS position, e.day, e.booking_day, e.value_day, e.amount,
        (opening + sum(e.amount) OVER bank_order)::DECIMAL(18,3) AS balance,
        e.currency, e.counterparty_name, e.counterparty_account, e.counterparty_bank,
        e.variable_symbol, e.constant_symbol, e.specific_symbol, e.remittance, e.additional_info, e.transaction_code,
        e.bank_reference, e.client_reference, e.end_to_end_id, p.number AS statement_number
    FROM counted_entry() e JOIN (
            SELECT unnest(parts::STRUCT(import_id BIGINT, statement_no INTEGER, seq BIGINT, number VARCHAR)[], recursive := true)
        ) p USING (import_id, statement_no)
    WHERE e.account_id = wanted AND e.day >= since AND e.day < until
    WINDOW bank_order AS (ORDER BY e.day, p.seq, e.entry_no ROWS UNBOUNDED PRECEDING)
    ORDER BY position;
