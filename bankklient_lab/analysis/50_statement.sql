-- What an account had before the day `since`: its balance, or what its first statement begins with.
CREATE MACRO app.statement_opening(wanted, since) AS TABLE
    WITH chain AS MATERIALIZED (
        FROM statement_chain() WHERE account_id = wanted
    ), last_statement AS (
        SELECT max_by(struct_pack(import_id, statement_no, to_day, opening_balance, closing_balance), seq) AS s
        FROM chain WHERE from_day < since
    ), part AS (
        SELECT sum(d.credit - d.debit) AS net
        FROM last_statement l JOIN history.day_sum d
            ON d.import_id = l.s.import_id AND d.statement_no = l.s.statement_no AND d.day < since
        WHERE l.s.to_day >= since
    )
    SELECT coalesce(balance_by(l.s, since - 1, p.net), f.opening, 0)::DECIMAL(18,3) AS opening
    FROM last_statement l, part p, (SELECT min_by(opening_balance, seq) AS opening FROM chain WHERE to_day >= since) f;

-- Booked entries of one account in [since, until) in the order of the bank's statements, with the running balance.
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
