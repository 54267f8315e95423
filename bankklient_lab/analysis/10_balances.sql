-- Balances from what the banks state: every booked statement (of the account `wanted`, else of all) with an opening and a
-- closing balance, its own where it states one, carried on from its neighbours where it states none. `basis` is 'stated'
-- when a statement of the account states a balance, 'counted' when none does and balances are counted from zero.
-- One window over all accounts: a window's partitions cost more than the few statements in each.
CREATE MACRO app.statement_chain(wanted := NULL) AS TABLE
    WITH ordered AS (
        SELECT import_id, statement_no, account_id, account_name, number, page, from_day, to_day, opening, closing,
            sum_credit - sum_debit AS net,
            coalesce(opening, closing - sum_credit + sum_debit) AS opening_stated,
            coalesce(closing, opening + sum_credit - sum_debit) AS closing_stated,
            row_number() OVER bank_order AS seq,
            sum(sum_credit - sum_debit) OVER bank_order AS moved,  -- only differences within an account mean something
            lag(account_id) OVER bank_order IS DISTINCT FROM account_id AS is_first
        FROM (SELECT * REPLACE (opening + repeated_net AS opening) FROM live_statement())  -- what it repeats lies before
        WHERE NOT interim AND account_id = coalesce(wanted, account_id)
        WINDOW bank_order AS (
            ORDER BY account_id, to_day, from_day, order_number NULLS FIRST, number IS NULL, page, import_id, statement_no
            ROWS UNBOUNDED PRECEDING
        )
    ), anchored AS (  -- a level is what `moved` lacks to the balance: by the stated closing before, the opening after, or from zero
        SELECT *,
            last(stated IGNORE NULLS) OVER before AS stated_before,
            first(stated IGNORE NULLS) OVER (ORDER BY seq ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING) AS stated_after,
            last(CASE WHEN is_first THEN net - moved END IGNORE NULLS) OVER before AS zero_level
        FROM (
            SELECT *, CASE WHEN closing_stated IS NOT NULL
                THEN struct_pack(account_id := account_id, by_opening := opening_stated - moved + net,
                    by_closing := closing_stated - moved) END AS stated
            FROM ordered
        )
        WINDOW before AS (ORDER BY seq ROWS UNBOUNDED PRECEDING)
    ), levelled AS (
        SELECT *, CASE account_id WHEN stated_before.account_id THEN stated_before.by_closing
            WHEN stated_after.account_id THEN stated_after.by_opening END AS stated_level
        FROM anchored
    )
    SELECT import_id, statement_no, account_id, account_name, seq, number, page, from_day, to_day, opening, closing,
        coalesce(opening_stated, moved - net + coalesce(stated_level, zero_level))::DECIMAL(18,3) AS opening_balance,
        coalesce(closing_stated, moved + coalesce(stated_level, zero_level))::DECIMAL(18,3) AS closing_balance,
        CASE WHEN stated_level IS NULL THEN 'counted' ELSE 'stated' END AS basis
    FROM levelled;

-- The balance at the end of `on_day` by the last statement that began not after it; `net` is of its entries until then.
CREATE MACRO app.balance_by(statement, on_day, net) AS
    CASE WHEN statement['to_day'] <= on_day THEN statement['closing_balance']
        ELSE statement['opening_balance'] + coalesce(net, 0) END::DECIMAL(18,3);

-- The balance of each account (of the account `wanted` alone, if it is given) at the end of `on_day`; balance_day is the
-- last day that statements tell of.
CREATE MACRO app.balance_on(on_day, wanted := NULL) AS TABLE
    WITH last_statement AS (
        SELECT account_id, any_value(basis) AS basis,
            max_by(struct_pack(import_id, statement_no, to_day, opening_balance, closing_balance), seq) AS s
        FROM statement_chain(wanted := wanted) WHERE from_day <= on_day GROUP BY account_id
    ), part AS (  -- only of statements that go on after the day
        SELECT l.account_id, sum(d.credit - d.debit) AS net
        FROM last_statement l JOIN history.day_sum d
            ON d.import_id = l.s.import_id AND d.statement_no = l.s.statement_no AND d.day <= on_day
        WHERE l.s.to_day > on_day GROUP BY l.account_id
    )
    SELECT l.account_id, balance_by(l.s, on_day, p.net) AS balance, least(l.s.to_day, on_day) AS balance_day, l.basis
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
