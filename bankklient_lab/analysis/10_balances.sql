-- Balances from what the banks state: every booked statement with an opening and a closing balance, its own where
-- it states one, carried on from its neighbours where it states none.
CREATE MACRO app.statement_chain() AS TABLE
    WITH stated AS (
        SELECT import_id, statement_no, account_id, number, page, from_day, to_day, opening, closing,
            sum_credit - sum_debit AS net,
            coalesce(opening, closing - sum_credit + sum_debit) AS opening_stated,
            coalesce(closing, opening + sum_credit - sum_debit) AS closing_stated,
            row_number() OVER (
                PARTITION BY account_id
                ORDER BY to_day, from_day, try_cast(regexp_extract(number, '\d+') AS HUGEINT), page, import_id, statement_no
            ) AS seq
        FROM live_statement() WHERE NOT interim
    ), blocks AS (
        -- A block is a statement with a stated balance and those after it without; block 0 has none before it.
        SELECT *, count(closing_stated) OVER (PARTITION BY account_id ORDER BY seq) AS block,
            first(opening_stated IGNORE NULLS) OVER (
                PARTITION BY account_id ORDER BY seq ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
            ) AS first_opening
        FROM stated
    ), carried AS (
        SELECT *,
            sum(CASE WHEN closing_stated IS NULL THEN net ELSE 0 END) OVER (
                PARTITION BY account_id, block ORDER BY seq
            ) AS net_since,
            sum(net) OVER (PARTITION BY account_id, block) AS net_of_block,
            first(closing_stated) OVER (PARTITION BY account_id, block ORDER BY seq) AS block_closing
        FROM blocks
    )
    SELECT import_id, statement_no, account_id, seq, number, page, from_day, to_day, opening, closing,
        coalesce(closing_stated,
            CASE WHEN block > 0 THEN block_closing ELSE coalesce(first_opening, 0) - CASE WHEN first_opening IS NULL THEN 0 ELSE net_of_block END END
                + net_since)::DECIMAL(18,3) AS closing_balance,
        coalesce(opening_stated,
            CASE WHEN block > 0 THEN block_closing ELSE coalesce(first_opening, 0) - CASE WHEN first_opening IS NULL THEN 0 ELSE net_of_block END END
                + net_since - net)::DECIMAL(18,3) AS opening_balance,
        closing_stated IS NOT NULL AS is_stated
    FROM carried;

-- The balance at the end of `on_day` by the last statement that began not after it; `net` is of its entries until then.
CREATE MACRO app.balance_by(statement, on_day, net) AS
    CASE WHEN statement.to_day <= on_day THEN statement.closing_balance
        ELSE statement.opening_balance + coalesce(net, 0) END::DECIMAL(18,3);

-- The balance of each account at the end of `on_day`; balance_day is the last day that statements tell of.
CREATE MACRO app.balance_on(on_day) AS TABLE
    WITH last_statement AS (
        SELECT account_id, max_by(struct_pack(import_id, statement_no, to_day, opening_balance, closing_balance), seq) AS s
        FROM statement_chain() WHERE from_day <= on_day GROUP BY account_id
    ), part AS (  -- only of statements that go on after the day
        SELECT l.account_id, sum(d.credit - d.debit) AS net
        FROM last_statement l JOIN history.day_sum d
            ON d.import_id = l.s.import_id AND d.statement_no = l.s.statement_no AND d.day <= on_day
        WHERE l.s.to_day > on_day GROUP BY l.account_id
    )
    SELECT l.account_id, balance_by(l.s, on_day, p.net) AS balance, least(l.s.to_day, on_day) AS balance_day
    FROM last_statement l LEFT JOIN part p USING (account_id);

-- The balance of each account at the end of each day on which it is stated or changes: all such days in [since, until),
-- before them the last days of statements only.
CREATE MACRO app.balance_point(since, until) AS TABLE
    WITH chain AS MATERIALIZED (
        FROM statement_chain() WHERE from_day < until
    ), within AS (
        FROM chain WHERE to_day >= since
    ), moved AS (
        SELECT import_id, statement_no, day, sum(net) AS net
        FROM (
            SELECT import_id, statement_no, day, credit - debit AS net
            FROM history.day_sum SEMI JOIN within USING (import_id, statement_no)
            UNION ALL
            SELECT import_id, statement_no, from_day, 0 FROM within
        ) GROUP BY ALL
    ), points AS (
        SELECT w.account_id, m.day, w.seq,
            w.opening_balance + sum(m.net) OVER (PARTITION BY w.account_id, w.seq ORDER BY m.day) AS balance
        FROM within w JOIN moved m USING (import_id, statement_no) WHERE m.day < w.to_day
        UNION ALL
        SELECT account_id, to_day, seq, closing_balance FROM chain
    )
    SELECT account_id, day, max_by(balance, seq)::DECIMAL(18,3) AS balance FROM points GROUP BY account_id, day;

-- The balance of each account at the end of each day in [since, until); days before its first statement are missing.
-- A point holds until the next one.
CREATE MACRO app.balance_daily(since, until) AS TABLE
    SELECT account_id, unnest(range(greatest(day, since), least(next_day, until), INTERVAL 1 DAY))::DATE AS day, balance
    FROM (
        SELECT account_id, day, balance, lead(day, 1, until) OVER (PARTITION BY account_id ORDER BY day) AS next_day
        FROM balance_point(since, until)
    )
    WHERE day < until AND next_day > since;
