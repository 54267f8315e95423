-- Booked entries of one account in [since, until) in the order of the bank's statements, with the running balance.
CREATE MACRO app.statement_opening(wanted, since) AS TABLE
    SELECT coalesce(
        (SELECT balance FROM balance_on(since - 1) WHERE account_id = wanted),
        (SELECT min_by(opening_balance, seq) FROM statement_chain() WHERE account_id = wanted AND to_day >= since),
        0)::DECIMAL(18,3) AS opening;

CREATE MACRO app.statement_line(wanted, since, until) AS TABLE
    WITH chain AS (
        SELECT import_id, statement_no, seq, number FROM statement_chain() WHERE account_id = wanted
    ), line AS (
        SELECT e.*, c.number AS statement_number, row_number() OVER (ORDER BY e.day, c.seq, e.entry_no) AS position
        FROM counted_entry() e JOIN chain c USING (import_id, statement_no)
        WHERE e.account_id = wanted AND e.day >= since AND e.day < until
    )
    SELECT l.position, l.day, l.booking_day, l.value_day, l.amount,
        (o.opening + sum(l.amount) OVER (ORDER BY l.position))::DECIMAL(18,3) AS balance,
        l.currency, l.counterparty_name, l.counterparty_account, l.counterparty_bank,
        l.variable_symbol, l.constant_symbol, l.specific_symbol, l.remittance, l.additional_info, l.transaction_code,
        l.bank_reference, l.client_reference, l.end_to_end_id, l.statement_number
    FROM line l, statement_opening(wanted, since) o
    ORDER BY l.position;
