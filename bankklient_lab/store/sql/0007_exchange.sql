-- Exchange with a bank: connection points, keys, batches with their protocol, and orders on their way.

CREATE TABLE ops.connection_point (
    point INTEGER PRIMARY KEY CHECK (point BETWEEN 1 AND 65535),
    role VARCHAR NOT NULL UNIQUE CHECK (role IN ('own', 'bank')),
    name VARCHAR NOT NULL,
    encrypted BOOLEAN NOT NULL,         -- whether batches to and from the bank are encrypted
    channel VARCHAR NOT NULL CHECK (channel IN ('', 'folder', 'https')),  -- how the bank is reached; '': not set up
    settings VARCHAR NOT NULL,          -- of the channel, as a JSON object
    changed_by VARCHAR NOT NULL,        -- empty: from the installation
    changed_at TIMESTAMPTZ NOT NULL
);
INSERT INTO ops.connection_point VALUES
    (20001, 'own', 'Own', false, '', '{}', '', TIMESTAMPTZ '1970-01-01 00:00:00+00'),
    (1, 'bank', 'Bank', false, '', '{}', '', TIMESTAMPTZ '1970-01-01 00:00:00+00');

CREATE TABLE ops.key (
    key_id INTEGER PRIMARY KEY,
    point INTEGER NOT NULL,             -- whose key
    kind VARCHAR NOT NULL CHECK (kind IN ('operational', 'personal', 'initialization', 'initial after recovery')),
    key_order VARCHAR NOT NULL,         -- rrrrnnnn
    user_id INTEGER,                    -- of a personal key
    certificate BLOB NOT NULL,          -- X.509, DER
    replaces INTEGER,                   -- the key that announces it to the bank; null: the first, handed over, or another's
    private_key BLOB,                   -- sealed by the password; null: another party's, or withdrawn
    card VARCHAR NOT NULL,              -- serial number of the chip card that has the private key; empty: none has
    saved_password VARCHAR NOT NULL,    -- sealed; empty: asked for
    expires_on DATE NOT NULL,           -- the first day on which it is not valid
    warn_days INTEGER NOT NULL,
    valid BOOLEAN NOT NULL,             -- the last one of its kind and owner
    delivered BOOLEAN NOT NULL,         -- the other party has its public part
    refused BOOLEAN NOT NULL,           -- by the bank when it was announced: the one before is valid again
    proven BOOLEAN NOT NULL,            -- the bank confirmed what TRN-171 and TRN-194 ask for
    failed_tries INTEGER NOT NULL,      -- wrong passwords since the last right one
    created_by VARCHAR NOT NULL,
    created_at TIMESTAMPTZ NOT NULL
);

CREATE TABLE ops.batch (
    batch_id BIGINT PRIMARY KEY,
    direction VARCHAR NOT NULL CHECK (direction IN ('send', 'receive')),
    point INTEGER NOT NULL,             -- the bank's: recipient when sent, sender when received
    batch_type INTEGER NOT NULL,
    year INTEGER NOT NULL,
    number INTEGER NOT NULL CHECK (number BETWEEN 1 AND 9999),
    priority BOOLEAN NOT NULL,          -- only priority payments
    record_format VARCHAR NOT NULL CHECK (record_format IN ('00', '02', '06')),
    mode VARCHAR NOT NULL CHECK (mode IN ('not exists', 'internet', 'net')),
    status INTEGER NOT NULL,            -- codebook transmission_statuses
    error_status INTEGER NOT NULL,      -- 0: correct
    messages INTEGER NOT NULL,          -- records, such as orders
    balancing INTEGER,                  -- number of the balancing that made it; null: another way
    payload_sha256 VARCHAR NOT NULL,
    created_by VARCHAR NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    changed_by VARCHAR NOT NULL,
    changed_at TIMESTAMPTZ NOT NULL,
    UNIQUE (direction, point, batch_type, year, number)
);

-- The last numbers of batches that a lab sent which was lost, as the bank told them to this one.
CREATE TABLE ops.lost_number (
    batch_type INTEGER NOT NULL,
    year INTEGER NOT NULL,
    number INTEGER NOT NULL,
    PRIMARY KEY (batch_type, year)
);

CREATE TABLE ops.used_message (         -- numbers of messages never used again: the last of a lost lab, those withdrawn
    number INTEGER NOT NULL
);

CREATE TABLE ops.batch_content (        -- frozen: never written again
    batch_id BIGINT PRIMARY KEY,
    payload BLOB NOT NULL
);

CREATE TABLE ops.batch_signature (
    batch_id BIGINT NOT NULL,
    key_id INTEGER NOT NULL,
    signature BLOB NOT NULL,            -- detached CMS over identity and SHA-256 of the payload
    signed_by VARCHAR NOT NULL,
    signed_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (batch_id, key_id)
);

CREATE TABLE ops.batch_event (          -- the protocol's changes, appended only
    batch_id BIGINT NOT NULL,
    status INTEGER NOT NULL,
    note VARCHAR NOT NULL,
    done_by VARCHAR NOT NULL,
    done_at TIMESTAMPTZ NOT NULL
);

CREATE TABLE ops.batch_receipt (        -- what the bank signed when it took a batch, or recorded a number given up
    batch_id BIGINT PRIMARY KEY,
    receipt BLOB NOT NULL,              -- CMS SignedData
    received_at TIMESTAMPTZ NOT NULL
);

CREATE TABLE ops.sent_order (           -- an order from balancing on; its status stays with the order
    order_id BIGINT PRIMARY KEY,
    batch_id BIGINT NOT NULL,
    position INTEGER NOT NULL,          -- in the batch, from 1
    in_process BOOLEAN NOT NULL,        -- else only in history
    revocation INTEGER NOT NULL,        -- codebook revocation_statuses
    revocation_batch BIGINT,            -- the last batch that asked to revoke it; null: none did
    reason INTEGER,                     -- codebook bank_rejections
    reason_text VARCHAR,                -- what the bank wrote
    bank_reference VARCHAR,             -- identification given by the bank
    settled DECIMAL(18,3) NOT NULL,     -- of the amount ordered, in its currency
    held DECIMAL(18,3),                 -- blocked by the bank for it
    changed_at TIMESTAMPTZ NOT NULL
);

CREATE TABLE ops.deleted_rejection (    -- rejected orders that are on the list of these no more
    order_id BIGINT PRIMARY KEY,
    deleted_by VARCHAR NOT NULL,
    deleted_at TIMESTAMPTZ NOT NULL
);

-- Who may sign which orders of batches. While there is any such right, a batch waits until its orders have their signatures.
CREATE TABLE ops.signature_right (
    right_id INTEGER PRIMARY KEY,
    user_id INTEGER NOT NULL,
    signature_class VARCHAR NOT NULL,   -- data/codebooks/signature_classes.csv
    account VARCHAR NOT NULL,           -- IBAN of an own account; empty: every one
    currency VARCHAR NOT NULL,          -- of the orders and of the limits
    order_max DECIMAL(18,3),            -- of one order; null: any amount
    day_max DECIMAL(18,3),              -- of all that the user signs on a day of the bank; null: any sum
    own_orders BOOLEAN NOT NULL,        -- also orders that the user entered or confirmed
    key_kind VARCHAR NOT NULL CHECK (key_kind IN ('', 'file', 'card')),  -- of the key that signs; empty: any
    given_by VARCHAR NOT NULL,
    given_at TIMESTAMPTZ NOT NULL
);

CREATE TABLE ops.signed_order (         -- what a signature of a batch counts for, judged when it was made
    batch_id BIGINT NOT NULL,
    order_id BIGINT NOT NULL,
    user_id INTEGER NOT NULL,
    signature_class VARCHAR NOT NULL,
    account VARCHAR NOT NULL,
    currency VARCHAR NOT NULL,
    amount DECIMAL(18,3) NOT NULL,
    signed_on DATE NOT NULL,            -- day of the bank
    PRIMARY KEY (batch_id, order_id, user_id)
);

CREATE TABLE ops.unsigned_batch (       -- batches that were made and whose orders lack signatures: they do not go out
    batch_id BIGINT PRIMARY KEY
);

CREATE TABLE ops.settlement (           -- which booked line of a statement settled which order
    import_id BIGINT NOT NULL,
    statement_no INTEGER NOT NULL,
    entry_no INTEGER NOT NULL,
    detail_no INTEGER NOT NULL,         -- 0: the entry itself
    order_id BIGINT,                    -- null: a person said that it settles none
    amount DECIMAL(18,3) NOT NULL,      -- unsigned, in the currency of the order
    found_by VARCHAR NOT NULL CHECK (found_by IN ('order number', 'bank reference', 'only candidate', 'person')),
    done_by VARCHAR NOT NULL,           -- reference of the user; empty: the system
    done_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (import_id, statement_no, entry_no, detail_no)
);

CREATE TABLE ops.payee_check (          -- what the bank said of the payee of an order, last
    order_id BIGINT PRIMARY KEY,
    account VARCHAR NOT NULL,           -- as asked: it counts while the order still says the same
    name VARCHAR NOT NULL,
    answer VARCHAR NOT NULL CHECK (answer IN ('MTCH', 'CMTC', 'NMTC', 'NOAP')),
    bank_name VARCHAR NOT NULL,         -- of CMTC; else empty
    asked_by VARCHAR NOT NULL,
    asked_at TIMESTAMPTZ NOT NULL
);

CREATE TABLE ops.bank_message (         -- a message from the bank, as it wrote it
    message_id INTEGER PRIMARY KEY,
    bank_number INTEGER NOT NULL UNIQUE,
    kind VARCHAR NOT NULL,              -- the bank's type; empty: none
    individual BOOLEAN NOT NULL,        -- else for all clients
    confidential BOOLEAN NOT NULL,      -- seen with permission 245 only
    reply VARCHAR NOT NULL CHECK (reply IN ('none', 'one', 'many')),
    subject VARCHAR NOT NULL,
    content VARCHAR NOT NULL,
    html BOOLEAN NOT NULL,              -- else plain text
    attachment_name VARCHAR,
    attachment BLOB,
    sent_at TIMESTAMPTZ NOT NULL,
    received_at TIMESTAMPTZ NOT NULL,
    valid_until DATE                    -- inclusive; null: always
);

CREATE TABLE ops.bank_message_read (
    message_id INTEGER NOT NULL,
    user_id INTEGER NOT NULL,
    read_at TIMESTAMPTZ NOT NULL,       -- first
    PRIMARY KEY (message_id, user_id)
);

CREATE TABLE ops.client_message (       -- a message to the bank
    message_id INTEGER PRIMARY KEY,     -- its number for the bank
    version INTEGER NOT NULL,
    answers INTEGER,                    -- the bank's number of the message it replies to; null: none
    kind VARCHAR NOT NULL,              -- codebook message_types; of a reply that of the message it replies to
    subject VARCHAR NOT NULL,
    content VARCHAR NOT NULL,
    form BOOLEAN NOT NULL,              -- the content is the XML of a filled form, else plain text
    attachment_name VARCHAR,
    attachment BLOB,
    batch_id BIGINT,                    -- null: not balanced
    answer VARCHAR NOT NULL CHECK (answer IN ('', 'PR', 'OK', 'ER')),  -- of the bank; empty: none yet
    answer_text VARCHAR NOT NULL,
    answered_at TIMESTAMPTZ,            -- when the bank's last word on it came; null: none yet
    created_by VARCHAR NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    changed_at TIMESTAMPTZ NOT NULL
);

-- Details of booked foreign payments, as batches of type 12 bring them: appended only. Amounts are unsigned.
CREATE TABLE history.foreign_detail (
    detail_id BIGINT NOT NULL,
    batch_id BIGINT NOT NULL,
    message_no INTEGER NOT NULL,        -- in the batch, from 1
    position INTEGER NOT NULL,          -- in the message, from 1
    order_id BIGINT,                    -- the order sent from here; null: none, or it is not known
    outgoing BOOLEAN NOT NULL,
    account VARCHAR NOT NULL,           -- debited when outgoing, else credited; as the bank writes it
    account_currency VARCHAR NOT NULL,
    booking_day DATE NOT NULL,
    value_day DATE NOT NULL,
    bank_reference VARCHAR NOT NULL,    -- as in the statement
    transaction_code VARCHAR NOT NULL,
    ordered DECIMAL(18,3),              -- as the client ordered; null: incoming
    ordered_currency VARCHAR,
    payment DECIMAL(18,3) NOT NULL,     -- what moves between the banks
    payment_currency VARCHAR NOT NULL,
    rate DECIMAL(18,8),                 -- of a unit of the payment's currency in rate_currency; null: nothing was changed
    rate_currency VARCHAR,
    rate_agreed BOOLEAN,                -- else of the bank's list
    equivalent DECIMAL(18,3) NOT NULL,  -- in the currency of the account, as are charges and total
    charges DECIMAL(18,3) NOT NULL,
    charge_bearer VARCHAR NOT NULL,     -- DEBT, CRED, SHAR, SLEV; empty: not said
    total DECIMAL(18,3) NOT NULL,
    adds_up BOOLEAN NOT NULL,           -- total = equivalent + charges (outgoing) or - charges
    orderer_name VARCHAR NOT NULL,      -- texts are empty where the bank says nothing; addresses are lines
    orderer_address VARCHAR NOT NULL,
    orderer_account VARCHAR NOT NULL,
    recipient_name VARCHAR NOT NULL,
    recipient_address VARCHAR NOT NULL,
    recipient_account VARCHAR NOT NULL,
    orderer_bank_bic VARCHAR NOT NULL,
    orderer_bank_name VARCHAR NOT NULL,
    recipient_bank_bic VARCHAR NOT NULL,
    recipient_bank_name VARCHAR NOT NULL,
    senders_correspondent_bic VARCHAR NOT NULL,
    senders_correspondent_name VARCHAR NOT NULL,
    receivers_correspondent_bic VARCHAR NOT NULL,
    receivers_correspondent_name VARCHAR NOT NULL,
    order_number VARCHAR NOT NULL,      -- that the bank names
    client_identification VARCHAR NOT NULL,
    end_to_end_id VARCHAR NOT NULL,
    instructions VARCHAR NOT NULL,
    remittance VARCHAR NOT NULL,
    confirmation VARCHAR NOT NULL
);
CREATE TABLE history.foreign_charge (   -- what the charges of a detail are made of
    detail_id BIGINT NOT NULL,
    charge_no INTEGER NOT NULL,         -- from 1
    name VARCHAR NOT NULL,
    amount DECIMAL(18,3) NOT NULL,
    currency VARCHAR NOT NULL,
    bearer VARCHAR NOT NULL
);

CREATE TABLE ops.document (             -- an electronic document that the bank told of or delivered
    document_id INTEGER PRIMARY KEY,
    kind VARCHAR NOT NULL,              -- codebook document_types
    account VARCHAR NOT NULL,           -- IBAN, as the bank writes it
    day DATE NOT NULL,                  -- that it is of
    number VARCHAR NOT NULL,
    format VARCHAR NOT NULL,
    file_name VARCHAR NOT NULL UNIQUE,  -- of the five above
    made_on DATE,                       -- by the bank; null: it did not say
    orderable BOOLEAN NOT NULL,         -- else it is mailed or handed over in person
    info VARCHAR NOT NULL,
    more VARCHAR NOT NULL,
    told_at TIMESTAMPTZ NOT NULL        -- first
);

CREATE TABLE ops.document_content (     -- as the bank delivered it last
    document_id INTEGER PRIMARY KEY,
    content BLOB NOT NULL,
    bytes BIGINT NOT NULL,
    sha256 VARCHAR NOT NULL,
    viewable BOOLEAN NOT NULL,          -- a PDF, by its content
    received_at TIMESTAMPTZ NOT NULL
);

CREATE TABLE ops.document_order (
    document_id INTEGER NOT NULL,
    order_no INTEGER NOT NULL,          -- of the document, from 1
    batch_id BIGINT,                    -- null: not balanced
    answer VARCHAR NOT NULL CHECK (answer IN ('', 'OK', 'ER')),  -- of the bank; empty: none yet
    answer_text VARCHAR NOT NULL,
    ordered_by VARCHAR NOT NULL,
    ordered_at TIMESTAMPTZ NOT NULL,
    changed_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (document_id, order_no)
);

CREATE TABLE ops.document_folder (      -- where documents of an account are saved when they come
    account VARCHAR PRIMARY KEY,
    folder VARCHAR NOT NULL             -- of the lab's machine
);

CREATE TABLE ops.current_state (        -- what the bank said of the running day when it was asked last: one row or none
    stated_at TIMESTAMPTZ NOT NULL,     -- by the bank
    asked_at TIMESTAMPTZ NOT NULL,
    asked_by VARCHAR NOT NULL
);

CREATE TABLE ops.current_balance (      -- an account of the current state
    account VARCHAR NOT NULL,           -- as the bank writes it
    currency VARCHAR NOT NULL,
    booked DECIMAL(18,3),               -- after the last posting
    available DECIMAL(18,3),            -- by the bank's logic
    posted BIGINT,                      -- postings that there are, when the bank gave only the last ones
    PRIMARY KEY (account, currency)
);

CREATE TABLE ops.current_entry (        -- a posting of the running day, or a hold
    account VARCHAR NOT NULL,
    entry_no INTEGER NOT NULL,          -- in the order of the bank
    held BOOLEAN NOT NULL,              -- a hold: blocked, not posted
    booking_day DATE,
    amount DECIMAL(18,3) NOT NULL,      -- credit positive
    currency VARCHAR NOT NULL,
    counterparty_name VARCHAR,
    counterparty_account VARCHAR,
    variable_symbol VARCHAR,
    order_id BIGINT,                    -- the order that the bank names
    bank_reference VARCHAR,
    remittance VARCHAR,
    additional_info VARCHAR
);

CREATE TABLE ops.current_order (        -- an order on its way or rejected, as the bank sees it
    order_id BIGINT PRIMARY KEY,
    status VARCHAR NOT NULL,            -- codebook order_statuses
    reason INTEGER,                     -- codebook bank_rejections
    reason_text VARCHAR,
    bank_reference VARCHAR
);

CREATE TABLE ops.automated_transmission (  -- while somebody has started it: one row
    user_id INTEGER NOT NULL,           -- who did, and whose rights it has
    started_at TIMESTAMPTZ NOT NULL
);

CREATE TABLE ops.automated_try (        -- times of the automated transmission: each is claimed here before it is used
    due_at TIMESTAMPTZ PRIMARY KEY,
    attempt INTEGER NOT NULL,           -- of its day, from 1
    state VARCHAR NOT NULL CHECK (state IN ('under way', 'done', 'failed', 'missed')),
    message VARCHAR NOT NULL,           -- why it failed, or what else is to be known
    runner VARCHAR NOT NULL,            -- the process that claimed it
    ended_at TIMESTAMPTZ                -- null: under way
);
