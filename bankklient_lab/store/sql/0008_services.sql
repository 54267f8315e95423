-- Services of the bank: requests made here, and the records that the bank has.
CREATE TABLE ops.service_request (
    request_id INTEGER PRIMARY KEY,     -- its number for the bank
    version INTEGER NOT NULL,
    kind VARCHAR NOT NULL,              -- codebooks.services
    request VARCHAR NOT NULL CHECK (request IN ('new', 'correction', 'revocation')),
    record VARCHAR,                     -- the bank's name of what is corrected or revoked; of a new one when it is done
    confirmed BOOLEAN NOT NULL,
    items VARCHAR NOT NULL,             -- texts by item as JSON; of a correction those that it changes
    errors VARCHAR NOT NULL,            -- numbers of the rules that it breaks, with spaces
    file_no INTEGER,                    -- ops.receivable_file; null: somebody entered it
    batch_id BIGINT,                    -- null: not balanced
    answer VARCHAR NOT NULL CHECK (answer IN ('', 'OK', 'ER', 'DE')),  -- of the bank; empty: none yet
    error_code INTEGER,                 -- of ER, codebook bank_rejections
    answer_text VARCHAR NOT NULL,
    created_by VARCHAR NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    changed_by VARCHAR NOT NULL,
    changed_at TIMESTAMPTZ NOT NULL,
    confirmed_by VARCHAR,
    confirmed_at TIMESTAMPTZ
);
CREATE TABLE ops.receivable_file (      -- files that receivables came in
    file_no INTEGER PRIMARY KEY,
    origin VARCHAR NOT NULL CHECK (origin IN ('spreadsheet', 'accounting_system')),
    name VARCHAR NOT NULL,
    sheet VARCHAR NOT NULL,             -- of a workbook
    accounting_system INTEGER,
    taken_by VARCHAR NOT NULL,
    taken_at TIMESTAMPTZ NOT NULL
);
CREATE TABLE ops.debtor (               -- whom receivables are owed by
    debtor_id INTEGER PRIMARY KEY,
    debtor_id_type VARCHAR NOT NULL,
    debtor_identification VARCHAR NOT NULL,
    debtor_name VARCHAR NOT NULL,
    debtor_address VARCHAR NOT NULL,
    changed_by VARCHAR NOT NULL,
    changed_at TIMESTAMPTZ NOT NULL,
    deleted BOOLEAN NOT NULL            -- its number is not used again, of what it said nothing is left
);
-- Numbers of requests that were deleted: another one under such a number could pass for it in an agreed summary.
CREATE TABLE ops.used_request (number INTEGER PRIMARY KEY);
CREATE TABLE ops.service_record (       -- as the bank told it last
    kind VARCHAR NOT NULL,
    record VARCHAR NOT NULL,            -- the bank's name of it
    state VARCHAR NOT NULL CHECK (state IN ('valid', 'ended', 'revoked')),
    changeable BOOLEAN NOT NULL,        -- the bank allows to correct and revoke it
    items VARCHAR NOT NULL,             -- texts by item as JSON
    PRIMARY KEY (kind, record)
);
CREATE TABLE ops.service_list (         -- of which moment the records of a kind are
    kind VARCHAR PRIMARY KEY,
    told_at TIMESTAMPTZ NOT NULL,
    terms VARCHAR NOT NULL              -- that hold for all of them: texts by item as JSON
);
