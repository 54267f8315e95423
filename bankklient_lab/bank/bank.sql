-- The simulated bank: its own file, which shares no table with any client. Amounts are DECIMAL(18,3); instants are UTC,
-- days those of the bank. Nothing here is ever deleted; the ledger (booking, posting) is never updated either.

CREATE TABLE IF NOT EXISTS bank (
    parameters VARCHAR NOT NULL,        -- a column of the codebook bank_parameters
    seed BIGINT NOT NULL,               -- of the exchange rates
    lived_until TIMESTAMPTZ NOT NULL    -- everything due up to here has happened
);

-- Contracts

CREATE TABLE IF NOT EXISTS client (
    point INTEGER PRIMARY KEY,          -- connection point
    name VARCHAR NOT NULL,
    encrypted BOOLEAN NOT NULL,         -- whether batches in both directions are encrypted
    np_days INTEGER NOT NULL,           -- closings that a payment without funds is tried until
    signers INTEGER NOT NULL            -- different keys that must sign a batch of orders
);
CREATE TABLE IF NOT EXISTS certificate (
    fingerprint VARCHAR PRIMARY KEY,
    point INTEGER NOT NULL,
    certificate BLOB NOT NULL,          -- X.509, DER
    key_order VARCHAR NOT NULL,         -- rrrrnnnn, as the client said; empty: it did not
    signs_orders BOOLEAN NOT NULL,      -- else it only brings batches
    one_time BOOLEAN NOT NULL,          -- of a configuration: it announces the client's first key, and nothing else
    registered_at TIMESTAMPTZ NOT NULL,
    replaced_at TIMESTAMPTZ,            -- by a newer key: it brings nothing new, and is trusted for what came before
    withdrawn_at TIMESTAMPTZ
);
CREATE TABLE IF NOT EXISTS account (
    account VARCHAR PRIMARY KEY,        -- IBAN; of the bank's own accounts a word
    point INTEGER,                      -- whose; null: of a customer without this channel, or the bank's own
    currency VARCHAR NOT NULL,
    name VARCHAR NOT NULL,
    own BOOLEAN NOT NULL,               -- the bank's own: not bound by funds
    overdraft DECIMAL(18,3) NOT NULL,   -- how far below zero it may go
    debit BOOLEAN NOT NULL,             -- whether its client may order payments from it ...
    credit BOOLEAN NOT NULL,            -- ... and collections to it
    order_max DECIMAL(18,3),            -- of one order; null: no limit
    day_max DECIMAL(18,3),              -- of all payments ordered from it for one day; null: no limit
    documents VARCHAR NOT NULL CHECK (documents IN ('mail', 'person', 'electronic', 'automatic')),  -- how they reach it
    frequency VARCHAR NOT NULL DEFAULT 'monthly' CHECK (frequency IN ('daily', 'weekly', 'monthly')),  -- of documents
    emails VARCHAR NOT NULL DEFAULT '', -- told of new documents
    parameters_changed DATE,            -- delivery or frequency, by the client
    opened DATE NOT NULL,
    deposit BOOLEAN NOT NULL,           -- a time deposit, which has interest and no fees of its own
    closed DATE                         -- the first day on which it does not exist
);
CREATE TABLE IF NOT EXISTS person (     -- whom a client's contract authorizes
    point INTEGER NOT NULL,
    user_name VARCHAR NOT NULL,         -- identification, begins with a mark
    reference VARCHAR NOT NULL,         -- two characters, the first a mark
    role VARCHAR NOT NULL,              -- to begin with; empty: the least
    first_name VARCHAR NOT NULL,
    last_name VARCHAR NOT NULL,
    phone VARCHAR NOT NULL,
    withdrawn BOOLEAN NOT NULL,
    PRIMARY KEY (point, user_name)
);
CREATE TABLE IF NOT EXISTS participant (bank_code VARCHAR PRIMARY KEY);

-- Batches

CREATE TABLE IF NOT EXISTS received (
    sender INTEGER NOT NULL,
    batch_type INTEGER NOT NULL,
    year INTEGER NOT NULL,
    number INTEGER NOT NULL,
    sha256 VARCHAR,                     -- of the payload; null: the number was voided
    state VARCHAR NOT NULL CHECK (state IN ('parked', 'waiting', 'processed', 'refused', 'void')),
    error VARCHAR NOT NULL,             -- why it was refused
    payload BLOB,
    received_at TIMESTAMPTZ NOT NULL,
    ready_at TIMESTAMPTZ,               -- when it is to be processed; null: parked, or over
    receipt VARCHAR NOT NULL,           -- as JSON
    signed_receipt BLOB NOT NULL,       -- the same, signed by the bank
    PRIMARY KEY (sender, batch_type, year, number),
    UNIQUE (sender, sha256)
);
CREATE TABLE IF NOT EXISTS outgoing (
    recipient INTEGER NOT NULL,
    batch_type INTEGER NOT NULL,
    year INTEGER NOT NULL,
    number INTEGER NOT NULL,
    sha256 VARCHAR NOT NULL,
    payload BLOB NOT NULL,
    made_at TIMESTAMPTZ NOT NULL,
    taken_at TIMESTAMPTZ,               -- the client has confirmed it
    PRIMARY KEY (recipient, batch_type, year, number)
);

-- Messages

CREATE TABLE IF NOT EXISTS letter (     -- to clients; what it says is in its batch
    letter_id INTEGER PRIMARY KEY,
    sent_at TIMESTAMPTZ NOT NULL
);
CREATE TABLE IF NOT EXISTS client_letter (
    point INTEGER NOT NULL,
    number INTEGER NOT NULL,            -- the client's
    answers INTEGER,                    -- the letter that it replies to
    kind VARCHAR NOT NULL,              -- codebook message_types; empty: that of a letter without one
    subject VARCHAR NOT NULL,
    content VARCHAR NOT NULL,
    form BOOLEAN NOT NULL,              -- the content is the XML of a filled form, else plain text
    attachment_name VARCHAR,
    attachment BLOB,
    received_at TIMESTAMPTZ NOT NULL,
    state VARCHAR NOT NULL CHECK (state IN ('PR', 'OK', 'ER')),
    PRIMARY KEY (point, number)
);

-- Services

CREATE TABLE IF NOT EXISTS service_request (
    point INTEGER NOT NULL,
    number INTEGER NOT NULL,            -- the client's
    PRIMARY KEY (point, number)
);
CREATE TABLE IF NOT EXISTS collection_permission (  -- of an account and who collects at most one is valid
    permission_id INTEGER PRIMARY KEY,
    debited VARCHAR NOT NULL,           -- account
    credited VARCHAR NOT NULL,
    amount_max DECIMAL(18,3) NOT NULL,  -- of all collections of a period
    period VARCHAR NOT NULL CHECK (period IN ('1 day', '1 week', '1 month', '3 months', '6 months', '12 months')),
    description VARCHAR NOT NULL,
    first_day DATE NOT NULL,
    last_day DATE,                      -- inclusive; null: until revoked
    revoked_on DATE                     -- the first day on which it does not count
);
CREATE TABLE IF NOT EXISTS standing_order (
    standing_order_id INTEGER PRIMARY KEY,
    point INTEGER NOT NULL,             -- whose
    own_account VARCHAR NOT NULL,
    items VARCHAR NOT NULL,             -- codebooks.services, texts as JSON
    made_until DATE NOT NULL,           -- its payments of days before that were made
    revoked_on DATE                     -- the first day on which it does not count
);
CREATE TABLE IF NOT EXISTS time_deposit (
    deposit_id INTEGER PRIMARY KEY,
    point INTEGER NOT NULL,             -- whose
    request INTEGER NOT NULL,           -- the client's number of the request that opened it
    items VARCHAR NOT NULL,             -- codebooks.services, texts as JSON
    state VARCHAR NOT NULL CHECK (state IN ('waiting', 'valid', 'ended', 'revoked', 'rejected')),
    account VARCHAR,                    -- its own; null while it waits
    rate DECIMAL(5,2),                  -- percent a year, of the period that goes on
    penalty DECIMAL(5,2),
    begun DATE,                         -- the period that goes on
    matures DATE,
    ends BOOLEAN NOT NULL,              -- it is not renewed
    principal_account VARCHAR,          -- where it goes when it ends
    interest_account VARCHAR            -- null: with the principal
);
CREATE TABLE IF NOT EXISTS financing (  -- agreements on financing receivables by a loan
    agreement_id INTEGER PRIMARY KEY,
    point INTEGER NOT NULL,             -- whose
    account VARCHAR NOT NULL,           -- to which receivables are settled
    ended_on DATE
);
CREATE TABLE IF NOT EXISTS receivable ( -- that was taken over
    receivable_id INTEGER PRIMARY KEY,
    point INTEGER NOT NULL,             -- whose
    request INTEGER NOT NULL,           -- the client's number of it
    account VARCHAR NOT NULL,           -- to which it is settled
    debtor VARCHAR NOT NULL,            -- kind of identification, and identification
    invoice VARCHAR NOT NULL,           -- symbol of the invoice: its own, or the one of a credit note
    amount DECIMAL(18,3) NOT NULL,      -- of a credit note negative
    items VARCHAR NOT NULL,             -- codebooks.services, texts as JSON
    taken_on DATE NOT NULL
);
CREATE TABLE IF NOT EXISTS forward_contract (
    point INTEGER PRIMARY KEY,          -- whose
    amount DECIMAL(18,3) NOT NULL,      -- limit of its open deals together, in the national currency
    by_dealer BOOLEAN NOT NULL          -- rates are agreed by a person, not at once
);
CREATE TABLE IF NOT EXISTS forward_deal (
    deal_id INTEGER PRIMARY KEY,
    point INTEGER NOT NULL,             -- whose
    request INTEGER NOT NULL,           -- the client's number of the request
    items VARCHAR NOT NULL,             -- codebooks.services, texts as JSON
    state VARCHAR NOT NULL CHECK (state IN ('waiting', 'cancelled', 'valid', 'ended', 'revoked')),
    equivalent DECIMAL(18,3) NOT NULL,  -- in the national currency by the rate of the day on which it came
    received_on DATE NOT NULL,
    rate DECIMAL(18,8),                 -- sold currency for a unit of the bought one; null: none was agreed
    second_amount DECIMAL(18,3),        -- that is paid
    dealt_on DATE
);
CREATE TABLE IF NOT EXISTS service_list (  -- what a client was told last
    point INTEGER NOT NULL,
    kind VARCHAR NOT NULL,
    sha256 VARCHAR NOT NULL,            -- of the records
    PRIMARY KEY (point, kind)
);

-- Documents

CREATE TABLE IF NOT EXISTS document (   -- what it says is kept elsewhere: it is made when it is wanted, always the same
    kind VARCHAR NOT NULL CHECK (kind IN ('STM', 'ADV', 'ARF')),
    account VARCHAR NOT NULL,
    number BIGINT NOT NULL,             -- STM, ARF: the year and the place in it; ADV: the transaction
    first_day DATE NOT NULL,            -- both inclusive; ADV, ARF: the same day
    day DATE NOT NULL,
    PRIMARY KEY (kind, account, number)
);

-- Orders

CREATE TABLE IF NOT EXISTS payment (
    payment_id BIGINT PRIMARY KEY,      -- the bank's number of it
    point INTEGER,                      -- who ordered; null: a customer without this channel
    order_id BIGINT,                    -- the client's number, never taken twice; null: it came in no batch
    batch VARCHAR NOT NULL,             -- type/rrrrnnnn, or the name of the standing order
    kind VARCHAR NOT NULL CHECK (kind IN ('payment', 'collection', 'foreign')),
    priority BOOLEAN NOT NULL,
    own_account VARCHAR,
    own_name VARCHAR,
    counter_account VARCHAR,
    counter_bank VARCHAR,
    counter_country VARCHAR,
    counter_name VARCHAR,
    counter_address VARCHAR,            -- lines
    counter_bank_name VARCHAR,          -- and address, lines
    amount DECIMAL(18,3) NOT NULL,
    currency VARCHAR NOT NULL,
    maturity DATE NOT NULL,             -- as ordered
    due DATE NOT NULL,                  -- as the bank set it
    variable_symbol VARCHAR,
    constant_symbol VARCHAR,
    specific_symbol VARCHAR,
    message VARCHAR,
    end_to_end_id VARCHAR,
    charge_bearer VARCHAR,
    instructions VARCHAR,               -- of the order whole, codes with their words
    confirmation VARCHAR,               -- fax number or e-mail address
    client_identification VARCHAR,      -- in the client's accounting system
    asked_rate VARCHAR,                 -- a foreign payment at a rate to be agreed
    agreed_rate DECIMAL(18,8),          -- national currency for a unit
    state VARCHAR NOT NULL CHECK (state IN ('RV', 'PR', 'IS', 'OK', 'ER')),
    reason INTEGER,                     -- of ER, codebook bank_rejections
    reason_text VARCHAR,
    closings_left INTEGER NOT NULL,     -- of IS: rejected when none is left
    held DECIMAL(18,3) NOT NULL,        -- blocked on the own account, in its currency, fee included; 0: not
    changed_on DATE NOT NULL,           -- day of the state
    told VARCHAR NOT NULL,              -- the state that the client has been told; empty: none
    UNIQUE (point, order_id)
);
CREATE TABLE IF NOT EXISTS incoming (   -- payments of others that are to arrive
    incoming_id BIGINT PRIMARY KEY,
    arrives_at TIMESTAMPTZ NOT NULL,
    account VARCHAR NOT NULL,
    amount DECIMAL(18,3) NOT NULL,
    payer_account VARCHAR,
    payer_name VARCHAR,
    variable_symbol VARCHAR,
    message VARCHAR,
    currency VARCHAR NOT NULL,
    payer_address VARCHAR,              -- lines
    payer_bank VARCHAR,                 -- BIC
    charge_bearer VARCHAR NOT NULL,
    abroad BOOLEAN NOT NULL,            -- no domestic payment
    transaction_id BIGINT,              -- by which it was booked; null: not yet, or it went back
    fee DECIMAL(18,3) NOT NULL,         -- what the account was charged, in its currency
    booked BOOLEAN NOT NULL
);

-- Ledger

CREATE TABLE IF NOT EXISTS booking (
    transaction_id BIGINT PRIMARY KEY,
    kind VARCHAR NOT NULL,              -- payment, collection, foreign, incoming, from_abroad, fee, interest, opening,
                                        -- deposit, penalty, forward
    day DATE NOT NULL,
    booked_at TIMESTAMPTZ NOT NULL,
    payment_id BIGINT,
    debited VARCHAR NOT NULL,
    debited_name VARCHAR,
    credited VARCHAR NOT NULL,
    credited_name VARCHAR,
    amount DECIMAL(18,3) NOT NULL,      -- as ordered
    currency VARCHAR NOT NULL,
    rate DECIMAL(18,8),                 -- national currency for a unit of the ordered one, where it was changed
    variable_symbol VARCHAR,
    constant_symbol VARCHAR,
    specific_symbol VARCHAR,
    message VARCHAR,
    end_to_end_id VARCHAR
);
CREATE TABLE IF NOT EXISTS posting (    -- of each transaction and currency the sum is 0
    transaction_id BIGINT NOT NULL,
    line INTEGER NOT NULL,
    account VARCHAR NOT NULL,
    currency VARCHAR NOT NULL,
    amount DECIMAL(18,3) NOT NULL,      -- signed, credit of the account positive
    day DATE NOT NULL,
    PRIMARY KEY (transaction_id, line)
);
CREATE TABLE IF NOT EXISTS closing (    -- balances at the end of an accounting day
    day DATE NOT NULL,
    account VARCHAR NOT NULL,
    amount DECIMAL(18,3) NOT NULL,
    number INTEGER NOT NULL,            -- of the account's statement in the year; 0: there is none
    PRIMARY KEY (day, account)
);
CREATE TABLE IF NOT EXISTS rate (
    day DATE NOT NULL,
    currency VARCHAR NOT NULL,
    rate DECIMAL(18,8) NOT NULL,        -- national currency for one unit
    PRIMARY KEY (day, currency)
);

-- Views of the moment

-- An amount in another currency, half up to its minor unit, by whole numbers: a division of decimals is a double.
CREATE OR REPLACE MACRO unit_mills(currency) AS
    CASE WHEN currency IN ({no_decimals}) THEN 1000 WHEN currency IN ({three_decimals}) THEN 1 ELSE 10 END::HUGEINT;
CREATE OR REPLACE MACRO quotient(dividend, divisor, unit) AS
    (((2 * dividend + divisor * unit) // (2 * divisor * unit) * unit)::DECIMAL(18,0) * 0.001::DECIMAL(4,3))::DECIMAL(18,3);
CREATE OR REPLACE MACRO converted(amount, from_rate, to_rate, to_currency) AS quotient(
    (amount * 1000)::HUGEINT * (from_rate * 100000000)::HUGEINT, (to_rate * 100000000)::HUGEINT, unit_mills(to_currency)
);

CREATE OR REPLACE VIEW last_closing AS SELECT coalesce(max(day), DATE '0001-01-01') AS day FROM closing;
CREATE OR REPLACE VIEW balance AS
    SELECT a.account, a.currency, coalesce(c.amount, 0) + coalesce(p.amount, 0) AS amount
    FROM account a LEFT JOIN closing c ON c.account = a.account AND c.day = (SELECT day FROM last_closing)
    LEFT JOIN (SELECT account, sum(amount) AS amount FROM posting WHERE day > (SELECT day FROM last_closing)
        GROUP BY account) p ON p.account = a.account;
CREATE OR REPLACE VIEW available AS
    SELECT b.account, b.currency, b.amount, b.amount + a.overdraft - coalesce(h.held, 0) AS available
    FROM balance b JOIN account a USING (account)
    LEFT JOIN (SELECT own_account AS account, sum(held) AS held FROM payment WHERE held > 0 GROUP BY ALL) h USING (account);
