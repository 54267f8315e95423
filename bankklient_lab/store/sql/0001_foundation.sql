-- Two namespaces: ops (small tables with row updates) and history (large tables appended by batch).
-- Uniqueness by constraints only: CREATE INDEX loses rows after a crash in DuckDB 1.5.
CREATE SCHEMA ops;
CREATE SCHEMA history;

CREATE TABLE ops.migration (
    number INTEGER PRIMARY KEY,
    name VARCHAR NOT NULL,
    checksum VARCHAR NOT NULL,
    applied_at TIMESTAMPTZ NOT NULL
);

CREATE TABLE ops.setting (
    name VARCHAR PRIMARY KEY,
    value VARCHAR NOT NULL
);

-- An account of the client: one number in one currency.
CREATE TABLE ops.account (
    account_id INTEGER PRIMARY KEY,
    number VARCHAR NOT NULL,
    currency VARCHAR NOT NULL,
    bank VARCHAR,
    name VARCHAR,
    UNIQUE (number, currency)
);

-- One file taken over. Its rows in history count only while this row says 'imported'.
CREATE TABLE ops.import (
    import_id BIGINT PRIMARY KEY,
    file_name VARCHAR NOT NULL,
    file_sha256 VARCHAR NOT NULL,
    file_bytes BIGINT NOT NULL,
    format VARCHAR NOT NULL,
    version VARCHAR NOT NULL,
    imported_at TIMESTAMPTZ NOT NULL,
    imported_by VARCHAR NOT NULL,
    state VARCHAR NOT NULL CHECK (state IN ('imported', 'withdrawn'))
);

-- What was done to the lab, by whom: appended, never changed.
CREATE TABLE ops.log (
    log_id BIGINT PRIMARY KEY,
    done_at TIMESTAMPTZ NOT NULL,
    by_user VARCHAR NOT NULL,
    action VARCHAR NOT NULL,
    subject VARCHAR NOT NULL,
    details VARCHAR NOT NULL  -- JSON
);

-- A named selection of entries kept by a user.
CREATE TABLE ops.selection (
    name VARCHAR PRIMARY KEY,
    criteria VARCHAR NOT NULL  -- JSON
);

-- A recurring notebook run and its past runs.
CREATE TABLE ops.schedule (
    schedule_id BIGINT PRIMARY KEY,
    notebook VARCHAR NOT NULL,
    parameters VARCHAR NOT NULL,  -- JSON
    cron VARCHAR NOT NULL,
    zone VARCHAR NOT NULL,
    output VARCHAR NOT NULL,
    catch_up VARCHAR NOT NULL CHECK (catch_up IN ('all', 'last', 'none')),
    created_at TIMESTAMPTZ NOT NULL,
    checked_until TIMESTAMPTZ NOT NULL,
    active BOOLEAN NOT NULL
);

CREATE TABLE ops.run (
    run_id BIGINT PRIMARY KEY,
    schedule_id BIGINT,
    due_at TIMESTAMPTZ,
    notebook VARCHAR NOT NULL,
    parameters VARCHAR NOT NULL,  -- JSON
    output VARCHAR NOT NULL,
    started_at TIMESTAMPTZ NOT NULL,
    finished_at TIMESTAMPTZ,
    state VARCHAR NOT NULL CHECK (state IN ('running', 'done', 'failed', 'cancelled')),
    message VARCHAR,
    UNIQUE (schedule_id, due_at)
);

CREATE TABLE history.statement (
    import_id BIGINT NOT NULL,
    statement_no INTEGER NOT NULL,
    account_id INTEGER NOT NULL,
    interim BOOLEAN NOT NULL,
    account VARCHAR NOT NULL,
    bank VARCHAR,
    currency VARCHAR NOT NULL,
    account_name VARCHAR,
    number VARCHAR,
    page INTEGER,
    reference VARCHAR,
    created_at VARCHAR,
    first_day DATE,   -- as the bank says, both inclusive
    last_day DATE,
    opening DECIMAL(18,3),
    opening_day DATE,
    closing DECIMAL(18,3),
    closing_day DATE,
    available DECIMAL(18,3),
    declared_entries BIGINT,
    declared_credit DECIMAL(18,3),
    declared_debit DECIMAL(18,3),
    raw VARCHAR,
    place VARCHAR,
    -- worked out at import, from the booked entries
    from_day DATE NOT NULL,  -- the days that the statement covers, both inclusive
    to_day DATE NOT NULL,
    entries BIGINT NOT NULL,          -- all, also those not booked
    booked_entries BIGINT NOT NULL,
    sum_credit DECIMAL(18,3) NOT NULL,  -- booked, unsigned
    sum_debit DECIMAL(18,3) NOT NULL,
    digest VARCHAR NOT NULL           -- of the booked days and amounts, equal in every format
);

CREATE TABLE history.balance (
    import_id BIGINT NOT NULL,
    statement_no INTEGER NOT NULL,
    account_id INTEGER NOT NULL,
    balance_type VARCHAR NOT NULL,
    day DATE,
    amount DECIMAL(18,3),
    currency VARCHAR NOT NULL
);

CREATE TABLE history.entry (
    import_id BIGINT NOT NULL,
    statement_no INTEGER NOT NULL,
    entry_no INTEGER NOT NULL,
    account_id INTEGER NOT NULL,
    interim BOOLEAN NOT NULL,
    day DATE NOT NULL,  -- booking day, kept within the days of its statement: the day the balance changes
    category VARCHAR NOT NULL,
    booking_day DATE,
    value_day DATE,
    amount DECIMAL(18,3),
    currency VARCHAR NOT NULL,
    status VARCHAR NOT NULL,
    reversal BOOLEAN NOT NULL,
    counterparty_name VARCHAR,
    counterparty_account VARCHAR,
    counterparty_bank VARCHAR,
    variable_symbol VARCHAR,
    constant_symbol VARCHAR,
    specific_symbol VARCHAR,
    end_to_end_id VARCHAR,
    mandate_id VARCHAR,
    creditor_id VARCHAR,
    bank_reference VARCHAR,
    client_reference VARCHAR,
    transaction_code VARCHAR,
    remittance VARCHAR,
    additional_info VARCHAR,
    original_amount DECIMAL(18,3),
    original_currency VARCHAR,
    exchange_rate VARCHAR,
    charges DECIMAL(18,3),
    detail_count INTEGER NOT NULL,
    raw VARCHAR,
    place VARCHAR
);

CREATE TABLE history.detail (
    import_id BIGINT NOT NULL,
    statement_no INTEGER NOT NULL,
    entry_no INTEGER NOT NULL,
    detail_no INTEGER NOT NULL,
    account_id INTEGER NOT NULL,
    amount DECIMAL(18,3),
    currency VARCHAR,
    counterparty_name VARCHAR,
    counterparty_account VARCHAR,
    counterparty_bank VARCHAR,
    variable_symbol VARCHAR,
    constant_symbol VARCHAR,
    specific_symbol VARCHAR,
    end_to_end_id VARCHAR,
    mandate_id VARCHAR,
    creditor_id VARCHAR,
    bank_reference VARCHAR,
    client_reference VARCHAR,
    transaction_code VARCHAR,
    remittance VARCHAR,
    additional_info VARCHAR,
    original_amount DECIMAL(18,3),
    original_currency VARCHAR,
    exchange_rate VARCHAR,
    charges DECIMAL(18,3)
);

CREATE TABLE history.finding (
    import_id BIGINT NOT NULL,
    statement_no INTEGER,
    entry_no INTEGER,
    account_id INTEGER,
    code VARCHAR NOT NULL,
    place VARCHAR,
    field VARCHAR,
    value VARCHAR
);

-- Sums of booked entries in the account's currency, a day and category of a statement: what balances and
-- charts are made of, so that they don't grow with the entries.
CREATE TABLE history.day_sum (
    import_id BIGINT NOT NULL,
    statement_no INTEGER NOT NULL,
    account_id INTEGER NOT NULL,
    day DATE NOT NULL,
    category VARCHAR NOT NULL,
    credit DECIMAL(18,3) NOT NULL,  -- unsigned
    debit DECIMAL(18,3) NOT NULL,   -- unsigned
    entries BIGINT NOT NULL,
    credit_entries BIGINT NOT NULL,
    debit_entries BIGINT NOT NULL
);

CREATE TABLE history.rate (
    import_id BIGINT NOT NULL,
    source VARCHAR NOT NULL,
    day DATE NOT NULL,
    base VARCHAR NOT NULL,
    currency VARCHAR NOT NULL,
    units INTEGER NOT NULL,
    rate DECIMAL(18,8) NOT NULL,
    indirect BOOLEAN NOT NULL
);
