-- On which side of a created order an account may stand: none, debit, credit, both.
ALTER TABLE ops.account ADD COLUMN position VARCHAR DEFAULT 'both';

-- Codebooks that come from the bank: a row is in force from `valid_from` until the day before `valid_until`.
CREATE TABLE ops.codebook (
    codebook VARCHAR NOT NULL,
    code VARCHAR NOT NULL,
    name VARCHAR NOT NULL,
    attributes MAP(VARCHAR, VARCHAR) NOT NULL,
    valid_from DATE NOT NULL,
    valid_until DATE,
    PRIMARY KEY (codebook, code, valid_from)
);

-- The last number that orders of a day have: an order's id is the day as yyyymmdd and eight digits.
CREATE TABLE ops.order_number (
    day DATE PRIMARY KEY,
    last INTEGER NOT NULL
);

-- Orders that no batch has taken yet. Items are kept as they were entered; `<item>_value` is what the text means.
CREATE TABLE ops.domestic_order (
    order_id BIGINT PRIMARY KEY,        -- yyyymmdd of the day of creation and a number within it
    kind VARCHAR NOT NULL,
    origin VARCHAR NOT NULL CHECK (origin IN ('creation', 'accounting_system', 'automatic')),
    status VARCHAR NOT NULL,            -- data/codebooks/order_statuses.csv; '' is created
    saved BOOLEAN NOT NULL,             -- false: taken over from a pattern or a file, to be saved by a person
    errors VARCHAR NOT NULL,            -- numbers of data/codebooks/order_errors.csv, ascending, separated by spaces
    duplicate_reason VARCHAR,           -- why a suspected duplicate was allowed
    version INTEGER NOT NULL,           -- counts the steps of the order
    created_on DATE NOT NULL,           -- the bank's day
    created_by VARCHAR NOT NULL,        -- references of users
    created_at TIMESTAMPTZ NOT NULL,
    corrected_by VARCHAR,
    corrected_at TIMESTAMPTZ,
    verified_by VARCHAR,
    verified_at TIMESTAMPTZ,
    confirmed_by VARCHAR,
    confirmed_at TIMESTAMPTZ,
    confirmed_again_by VARCHAR,         -- the second confirmation of a foreign payment
    confirmed_again_at TIMESTAMPTZ,
    digest VARCHAR NOT NULL,            -- SHA-256 of the canonical text of the items
    accounting_system INTEGER,          -- of an imported order: the connection point,
    batch_order VARCHAR,                -- the import's number there
    order_in_batch INTEGER,             -- and the order's place in the file
    regular_payment_id BIGINT,
    due_on DATE,                        -- the instalment that a regular payment made it for
    debit_account_prefix VARCHAR,
    debit_account_base VARCHAR,
    debit_bank VARCHAR,
    debit_variable_symbol VARCHAR,
    debit_specific_symbol VARCHAR,
    debit_abbreviation VARCHAR,
    credit_account_prefix VARCHAR,
    credit_account_base VARCHAR,
    credit_bank VARCHAR,
    credit_variable_symbol VARCHAR,
    credit_specific_symbol VARCHAR,
    credit_abbreviation VARCHAR,
    maturity_date VARCHAR,
    maturity_date_value DATE,
    amount VARCHAR,
    amount_value DECIMAL(18,3),
    currency VARCHAR,
    constant_symbol VARCHAR,
    express_payment VARCHAR,
    express_payment_value BOOLEAN,
    client_message_line_1 VARCHAR,
    client_message_line_2 VARCHAR,
    client_message_line_3 VARCHAR,
    client_message_line_4 VARCHAR,
    debit_identification_line_1 VARCHAR,
    debit_identification_line_2 VARCHAR,
    debit_identification_line_3 VARCHAR,
    debit_identification_line_4 VARCHAR,
    credit_identification_line_1 VARCHAR,
    credit_identification_line_2 VARCHAR,
    credit_identification_line_3 VARCHAR,
    credit_identification_line_4 VARCHAR,
    client_transaction_date VARCHAR,
    client_transaction_date_value DATE,
    client_transaction_id VARCHAR
);

-- The columns before the items mean what they mean of a domestic order.
CREATE TABLE ops.foreign_order (
    order_id BIGINT PRIMARY KEY,
    kind VARCHAR NOT NULL,
    origin VARCHAR NOT NULL CHECK (origin IN ('creation', 'accounting_system', 'automatic')),
    status VARCHAR NOT NULL,
    saved BOOLEAN NOT NULL,
    errors VARCHAR NOT NULL,
    duplicate_reason VARCHAR,
    version INTEGER NOT NULL,
    created_on DATE NOT NULL,
    created_by VARCHAR NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    corrected_by VARCHAR,
    corrected_at TIMESTAMPTZ,
    verified_by VARCHAR,
    verified_at TIMESTAMPTZ,
    confirmed_by VARCHAR,
    confirmed_at TIMESTAMPTZ,
    confirmed_again_by VARCHAR,
    confirmed_again_at TIMESTAMPTZ,
    digest VARCHAR NOT NULL,
    accounting_system INTEGER,
    batch_order VARCHAR,
    order_in_batch INTEGER,
    regular_payment_id BIGINT,
    due_on DATE,
    orderer_account_prefix VARCHAR,
    orderer_account_base VARCHAR,
    orderer_bank VARCHAR,
    recipient_account VARCHAR,
    recipient_line_1 VARCHAR,
    recipient_line_2 VARCHAR,
    recipient_line_3 VARCHAR,
    amount VARCHAR,
    amount_value DECIMAL(18,3),
    currency VARCHAR,
    maturity_date VARCHAR,
    maturity_date_value DATE,
    country VARCHAR,
    swift_bic VARCHAR,
    bank_connection_line_1 VARCHAR,
    bank_connection_line_2 VARCHAR,
    bank_connection_line_3 VARCHAR,
    bank_connection_line_4 VARCHAR,
    recipient_info_line_1 VARCHAR,
    recipient_info_line_2 VARCHAR,
    recipient_info_line_3 VARCHAR,
    recipient_info_line_4 VARCHAR,
    charges VARCHAR,
    bank_operation_code VARCHAR,
    payer_reference VARCHAR,
    agreed_rate_marked VARCHAR,
    agreed_rate_marked_value BOOLEAN,
    agreed_rate VARCHAR,
    agreed_rate_value DECIMAL(18,6),
    orderer_confirmation VARCHAR,
    recipient_confirmation VARCHAR,
    instruction_code_1 VARCHAR,
    instruction_description_1 VARCHAR,
    instruction_code_2 VARCHAR,
    instruction_description_2 VARCHAR,
    instruction_code_3 VARCHAR,
    instruction_description_3 VARCHAR,
    instruction_code_4 VARCHAR,
    instruction_description_4 VARCHAR,
    payment_title VARCHAR,
    contractual_partner VARCHAR,
    creation_date VARCHAR,
    creation_date_value DATE,
    client_transaction_id VARCHAR
);

-- Every step of every order: who did it, when, by which channel, and what the order was then.
CREATE TABLE ops.order_step (
    order_id BIGINT NOT NULL,
    version INTEGER NOT NULL,           -- of the order after the step; the pair is unique
    action VARCHAR NOT NULL,
    status_before VARCHAR,              -- null: the order was made
    status VARCHAR,                     -- null: the order is gone
    done_by VARCHAR NOT NULL,           -- reference of the user; empty: the system
    done_at TIMESTAMPTZ NOT NULL,
    channel VARCHAR NOT NULL,
    digest VARCHAR NOT NULL,            -- of what was seen
    note VARCHAR,
    signature VARCHAR                   -- of the canonical text by the confirming user's own key
);

-- Items to verify and locked items name the sides of an order, which are exchanged in a collection.
UPDATE ops.setting SET value = replace(replace(value, 'debit_account', 'own_account'), 'credit_account', 'counter_account')
WHERE name IN ('verified_items', 'locked_items');

-- Help in creating orders. `items` is JSON: the text of each item that was filled in.
CREATE TABLE ops.order_header (
    kind VARCHAR NOT NULL,
    name VARCHAR NOT NULL,
    items VARCHAR NOT NULL,             -- never the maturity
    changed_by VARCHAR NOT NULL,        -- references of users
    changed_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (kind, name)
);

CREATE TABLE ops.pattern_group (
    group_number INTEGER PRIMARY KEY,
    name VARCHAR NOT NULL
);

CREATE TABLE ops.pattern (
    pattern_id BIGINT PRIMARY KEY,
    kind VARCHAR NOT NULL,
    group_number INTEGER NOT NULL,      -- 0 also while there are no groups
    name VARCHAR NOT NULL,              -- unique with kind and group
    items VARCHAR NOT NULL,             -- never the maturity
    changed_by VARCHAR NOT NULL,
    changed_at TIMESTAMPTZ NOT NULL
);

-- Domestic payments that repeat: data/codebooks/regular_payment_periods.csv says when.
CREATE TABLE ops.regular_payment (
    regular_payment_id BIGINT PRIMARY KEY,
    name VARCHAR NOT NULL,
    items VARCHAR NOT NULL,
    periodicity VARCHAR NOT NULL,
    month INTEGER NOT NULL,             -- MM, 0 where the periodicity has none
    day INTEGER NOT NULL,               -- DD: of the month, or of the week from 1, Monday
    valid_from DATE NOT NULL,
    valid_until DATE,                   -- counted; null: unlimited
    instalments INTEGER,                -- in total; null: unlimited or until valid_until
    remaining INTEGER,                  -- of these, still to be made
    last_amount VARCHAR,                -- of the last instalment; null: as the others
    confirm BOOLEAN NOT NULL,           -- whether orders begin confirmed
    last_due DATE,                      -- the last due date that an order was made for
    ended_on DATE,                      -- the bank's day on which it was used up or ended
    changed_by VARCHAR NOT NULL,
    changed_at TIMESTAMPTZ NOT NULL
);

-- What became of the offer to import regular payments: made once a day, at its first login.
CREATE TABLE ops.regular_payment_offer (
    day DATE PRIMARY KEY,
    answer VARCHAR NOT NULL CHECK (answer IN ('not permitted', 'open', 'declined', 'imported')),
    answered_by VARCHAR NOT NULL,
    answered_at TIMESTAMPTZ NOT NULL
);

-- Whom the client pays, with what is filled into an order.
CREATE TABLE ops.counterparty (
    counterparty_id BIGINT PRIMARY KEY,
    name VARCHAR NOT NULL,
    account VARCHAR NOT NULL,           -- prefix-number/bank, an IBAN, or the local form; unique
    bic VARCHAR,
    country VARCHAR,
    currency VARCHAR,
    variable_symbol VARCHAR,
    specific_symbol VARCHAR,
    constant_symbol VARCHAR,
    bank VARCHAR,                       -- name and place of the bank, lines
    address VARCHAR,                    -- lines after the name
    message VARCHAR,                    -- lines
    source VARCHAR NOT NULL CHECK (source IN ('entered', 'file', 'orders', 'history')),
    changed_by VARCHAR NOT NULL,
    changed_at TIMESTAMPTZ NOT NULL
);

-- How a user arranges the form of a kind of order. `fields` is JSON: place, label and visibility of each.
CREATE TABLE ops.form_layout (
    user_id INTEGER NOT NULL,
    kind VARCHAR NOT NULL,
    name VARCHAR NOT NULL,
    fields VARCHAR NOT NULL,
    PRIMARY KEY (user_id, kind, name)
);

-- The layout that a user saved or loaded last.
CREATE TABLE ops.current_layout (
    user_id INTEGER NOT NULL,
    kind VARCHAR NOT NULL,
    name VARCHAR NOT NULL,
    PRIMARY KEY (user_id, kind)
);

-- Connection points: the programs that files of orders come from and go to.
CREATE TABLE ops.accounting_system (
    number INTEGER PRIMARY KEY CHECK (number BETWEEN 1 AND 20000),
    name VARCHAR NOT NULL,
    format VARCHAR NOT NULL,            -- of its files, a name of formats.payments; empty: any that is recognised
    charset VARCHAR NOT NULL,           -- a name of formats.payments.charsets
    start_status VARCHAR NOT NULL CHECK (start_status IN ('created', 'verified', 'confirmed')),
    folder_in VARCHAR NOT NULL,         -- files come from nowhere else; empty: they are uploaded
    folder_out VARCHAR NOT NULL,        -- empty: nothing is exported
    accounts VARCHAR NOT NULL           -- numbers of the own accounts that are exported, separated by spaces; empty: all
);

-- Texts that overwrite those of received orders of an own account, or of those with a symbol.
CREATE TABLE ops.text_replacement (
    accounting_system INTEGER NOT NULL,
    number INTEGER NOT NULL,            -- of several without a difference the lowest counts
    account VARCHAR NOT NULL,           -- number of the own account
    symbol VARCHAR NOT NULL,            -- variable_symbol, specific_symbol or constant_symbol; empty: all orders
    value VARCHAR NOT NULL,             -- of the symbol, without leading zeros
    texts VARCHAR NOT NULL,             -- JSON: text by field
    PRIMARY KEY (accounting_system, number)
);

-- The transmission protocol: every receipt of a file, also one that was refused.
CREATE TABLE ops.transmission (
    transmission_id INTEGER PRIMARY KEY,
    batch_type INTEGER NOT NULL,        -- 0: from an accounting system
    accounting_system INTEGER NOT NULL,
    batch_order VARCHAR NOT NULL,       -- yyyynnnn: the year and the number in it, of the accounting system
    file_name VARCHAR NOT NULL,
    file_bytes BIGINT,
    sha256 VARCHAR,
    format VARCHAR,
    version VARCHAR,
    orders INTEGER NOT NULL,
    wrong INTEGER NOT NULL,             -- of them, duplicates too
    duplicates INTEGER NOT NULL,
    moved INTEGER NOT NULL,             -- whose maturity was past and became the day of the receipt
    error VARCHAR NOT NULL,             -- why the whole file was refused; empty: it was received
    done_by VARCHAR NOT NULL,           -- reference of the user
    done_at TIMESTAMPTZ NOT NULL
);

-- Received files as they were: the archive. The parts of a file in their order, each compressed (Zstandard).
CREATE TABLE ops.received_file (
    transmission_id INTEGER NOT NULL,
    part INTEGER NOT NULL,
    bytes INTEGER NOT NULL,             -- of the part before it was compressed
    content BLOB NOT NULL
);

-- Where the content of a codebook comes from: the digest of the shipped one, null: a file, which shipped ones leave.
CREATE TABLE ops.codebook_content (
    codebook VARCHAR PRIMARY KEY,
    shipped VARCHAR
);

-- Saved selections of orders, as ops.user_selection keeps those of entries.
CREATE TABLE ops.order_selection (
    user_id INTEGER NOT NULL,
    name VARCHAR NOT NULL,
    criteria VARCHAR NOT NULL,          -- JSON: which, where
    PRIMARY KEY (user_id, name)
);

-- Keys with which users sign the orders that they confirm (Ed25519). Only the password of the user opens the private one.
CREATE TABLE ops.personal_key (
    key_id INTEGER PRIMARY KEY,
    user_id INTEGER NOT NULL,
    reference VARCHAR NOT NULL,         -- of the user, as steps name it
    public_key VARCHAR NOT NULL,        -- 32 bytes, base64
    private_key VARCHAR NOT NULL,       -- salt, nonce and sealed key, base64; empty once it is withdrawn
    created_at TIMESTAMPTZ NOT NULL,
    withdrawn_at TIMESTAMPTZ,
    failed_tries INTEGER NOT NULL       -- wrong passwords since the last right one
);
