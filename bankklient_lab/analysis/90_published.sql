-- What analysts ask in SQL (analysis.sql): it is copied into a database of their own, and nothing else is there. data/codebooks/published.csv says what each
-- means and which permission it needs. A column that is taken away breaks notebooks: it is announced first.
CREATE SCHEMA app.published;

CREATE MACRO app.published.account() AS TABLE
    SELECT account_id, account, currency, bank, name, label FROM labelled_account();

CREATE MACRO app.published.entry() AS TABLE
    SELECT e.import_id, e.statement_no, e.entry_no, e.account_id, a.account, a.label, e.day, e.booking_day, e.value_day,
        e.amount, e.currency, e.category, e.counterparty_name, e.counterparty_account, e.counterparty_bank,
        e.variable_symbol, e.constant_symbol, e.specific_symbol, e.remittance, e.additional_info, e.transaction_code,
        e.bank_reference, e.client_reference, e.end_to_end_id, e.mandate_id, e.creditor_id, e.original_amount,
        e.original_currency, e.charges, e.reversal, e.detail_count
    FROM counted_entry() e JOIN labelled_account() a USING (account_id);

CREATE MACRO app.published.entry_part() AS TABLE
    SELECT d.import_id, d.statement_no, d.entry_no, d.detail_no, d.account_id, d.amount, d.currency, d.counterparty_name,
        d.counterparty_account, d.counterparty_bank, d.variable_symbol, d.constant_symbol, d.specific_symbol,
        d.end_to_end_id, d.mandate_id, d.creditor_id, d.bank_reference, d.client_reference, d.transaction_code,
        d.remittance, d.additional_info, d.original_amount, d.original_currency, d.charges
    FROM live_detail() d;

CREATE MACRO app.published.pending_entry() AS TABLE
    SELECT e.import_id, e.statement_no, e.entry_no, e.account_id, a.account, a.label, e.day, e.value_day, e.amount,
        e.currency, e.status, e.counterparty_name, e.counterparty_account, e.variable_symbol, e.remittance,
        e.bank_reference
    FROM app.main.pending_entry() e JOIN labelled_account() a USING (account_id);

CREATE MACRO app.published.statement() AS TABLE
    SELECT s.import_id, s.statement_no, s.account_id, a.account, a.label, s.number, s.page, s.interim, s.currency,
        s.from_day, s.to_day, s.opening, s.closing, s.available, s.booked_entries AS entries, s.sum_credit, s.sum_debit,
        s.reference
    FROM live_statement() s JOIN labelled_account() a USING (account_id);

CREATE MACRO app.published.bank_balance() AS TABLE
    SELECT b.import_id, b.statement_no, b.account_id, a.account, a.label, b.balance_type, b.day, b.amount, b.currency
    FROM live_balance() b JOIN labelled_account() a USING (account_id);

CREATE MACRO app.published.balance_day() AS TABLE
    SELECT b.account_id, a.account, a.label, b.day, b.balance, a.currency
    FROM balance_daily((SELECT min(from_day) FROM live_statement()), (SELECT max(to_day) + 1 FROM live_statement())) b
        JOIN labelled_account() a USING (account_id);

CREATE MACRO app.published.rate() AS TABLE
    SELECT import_id, source, day, base, currency, units, rate, indirect FROM live_rate();

CREATE MACRO app.published.finding() AS TABLE
    SELECT f.import_id, f.statement_no, f.entry_no, f.account_id, f.day, f.code, c.severity, c.title, f.place, f.field,
        f.value
    FROM all_finding() f JOIN app.finding_code c USING (code);

CREATE MACRO app.published.import() AS TABLE
    SELECT import_id, file_name, format, version, imported_at, imported_by, state, statements, entries, first_day,
        last_day, rates, errors, warnings
    FROM imports();

CREATE MACRO app.published_account(prefix, base, bank) AS
    concat(nullif(significant(prefix), '') || '-', coalesce(nullif(significant(base), ''), base), '/' || bank);

CREATE MACRO app.published.payment_order() AS TABLE
    SELECT order_id, created_on, kind, origin, status, express_payment_value AS express,
        if(kind = 'domestic_payment', published_account(debit_account_prefix, debit_account_base, debit_bank),
            published_account(credit_account_prefix, credit_account_base, credit_bank)) AS own_account,
        if(kind = 'domestic_payment', published_account(credit_account_prefix, credit_account_base, credit_bank),
            published_account(debit_account_prefix, debit_account_base, debit_bank)) AS counter_account,
        if(kind = 'domestic_payment', coalesce(credit_abbreviation, credit_identification_line_1),
            coalesce(debit_abbreviation, debit_identification_line_1)) AS counter_name,
        amount_value AS amount, currency, maturity_date_value AS maturity,
        if(kind = 'domestic_payment', credit_variable_symbol, debit_variable_symbol) AS variable_symbol,
        constant_symbol, if(kind = 'domestic_payment', credit_specific_symbol, debit_specific_symbol) AS specific_symbol,
        errors, duplicate_reason, created_by, created_at, corrected_by, corrected_at, verified_by, verified_at,
        confirmed_by, confirmed_at, confirmed_again_by, confirmed_again_at, accounting_system, batch_order,
        order_in_batch
    FROM ops.domestic_order
    UNION ALL BY NAME
    SELECT order_id, created_on, kind, origin, status,
        published_account(orderer_account_prefix, orderer_account_base, orderer_bank) AS own_account,
        recipient_account AS counter_account, recipient_line_1 AS counter_name, amount_value AS amount, currency,
        maturity_date_value AS maturity, errors, duplicate_reason, created_by, created_at, corrected_by, corrected_at,
        verified_by, verified_at, confirmed_by, confirmed_at, confirmed_again_by, confirmed_again_at,
        accounting_system, batch_order, order_in_batch
    FROM ops.foreign_order;
