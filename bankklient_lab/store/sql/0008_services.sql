-- Services of the bank: requests made here, and the records that the bank has.
CREATE TABLE ops.service_request (
    request_id INTEGER PRIMARY KEY,     -- its number for the bank
    version INTEGER NOT NULL,
    kind VARCHAR NOT NULL,              -- codebooks.services
    request VARCHAR NOT NULL CHECK (request IN ('new', 'correction', 'revocation')),
    record VARCHAR,                     -- the bank's name of what is corrected or revoked; of a new one when it is done
    confirmed BOOLEAN NOT NULL,
    items VARCHAR NOT NULL,             -- texts by item as JSON; of a correction those that it changes
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
