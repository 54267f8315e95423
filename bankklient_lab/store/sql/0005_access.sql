-- People and what they may do. Permissions are kept as their numbers, separated by spaces, in ascending order.
CREATE TABLE ops.role (
    role_id INTEGER PRIMARY KEY,
    name VARCHAR NOT NULL UNIQUE,
    note VARCHAR NOT NULL,
    system BOOLEAN NOT NULL,  -- comes from the bank and can't be changed here
    valid BOOLEAN NOT NULL,
    permissions VARCHAR NOT NULL
);

CREATE TABLE ops.user (
    user_id INTEGER PRIMARY KEY,
    name VARCHAR NOT NULL UNIQUE,       -- identification, what is typed at login
    reference VARCHAR NOT NULL UNIQUE,  -- two characters, what records keep
    kind VARCHAR NOT NULL CHECK (kind IN ('operational', 'authorized', 'installer')),
    ordinal INTEGER NOT NULL,           -- 0 for operational users, a number of its own for each authorized person
    valid BOOLEAN NOT NULL,
    first_name VARCHAR NOT NULL,
    last_name VARCHAR NOT NULL,
    personal_number VARCHAR NOT NULL,
    phone VARCHAR NOT NULL,
    email VARCHAR NOT NULL,
    role_id INTEGER NOT NULL,
    permissions VARCHAR NOT NULL,       -- besides those of the role
    password_hash VARCHAR,              -- Argon2id; none: no login by password
    password_changed_at TIMESTAMPTZ,
    password_expires DATE,              -- last day on which it is good
    failed_logins INTEGER NOT NULL,
    failed_at TIMESTAMPTZ,              -- the last time
    locked_at TIMESTAMPTZ,              -- too many failed ones
    created_at TIMESTAMPTZ NOT NULL
);

-- Hashes of passwords that a user had, so that none of the last ones comes back.
CREATE TABLE ops.past_password (
    user_id INTEGER NOT NULL,
    changed_at TIMESTAMPTZ NOT NULL,
    password_hash VARCHAR NOT NULL,
    PRIMARY KEY (user_id, changed_at)
);

-- A second proof at login: a code generator (TOTP) or a passkey (WebAuthn).
CREATE TABLE ops.factor (
    factor_id BIGINT PRIMARY KEY,
    user_id INTEGER NOT NULL,
    kind VARCHAR NOT NULL CHECK (kind IN ('totp', 'passkey')),
    name VARCHAR NOT NULL,
    secret VARCHAR NOT NULL,     -- TOTP: base32; passkey: JSON with the public key
    last_step BIGINT NOT NULL,   -- TOTP: the time step used last; passkey: the counter seen last
    confirmed BOOLEAN NOT NULL,  -- proven once; before that it guards nothing
    added_at TIMESTAMPTZ NOT NULL,
    removed_at TIMESTAMPTZ
);

CREATE TABLE ops.recovery_code (
    user_id INTEGER NOT NULL,
    digest VARCHAR NOT NULL,
    made_at TIMESTAMPTZ NOT NULL,
    used_at TIMESTAMPTZ,
    PRIMARY KEY (user_id, digest)
);

-- A user at work, from login to logout. Only the digest of its secret is kept.
CREATE TABLE ops.session (
    session_id BIGINT PRIMARY KEY,
    digest VARCHAR NOT NULL UNIQUE,
    user_id INTEGER NOT NULL,
    channel VARCHAR NOT NULL CHECK (channel IN ('pages', 'api', 'local')),
    workstation VARCHAR NOT NULL,
    opened_at TIMESTAMPTZ NOT NULL,
    locked BOOLEAN NOT NULL,      -- by its user: the user logs in again and goes on
    ended_at TIMESTAMPTZ,
    ended_by VARCHAR,             -- reference of the user who ended it
    seen_at TIMESTAMPTZ           -- when somebody was at work in it, noted once a minute
);

-- Refused logins with names that no user has. Names share 1,024 counters, so that nothing of what was typed is kept.
CREATE TABLE ops.stranger (
    bucket INTEGER PRIMARY KEY,
    failed_logins INTEGER NOT NULL,
    failed_at TIMESTAMPTZ NOT NULL
);

-- A right that scripts, notebooks and third parties use in a user's name, until it expires or is withdrawn.
CREATE TABLE ops.token (
    token_id BIGINT PRIMARY KEY,
    digest VARCHAR NOT NULL UNIQUE,
    user_id INTEGER NOT NULL,
    name VARCHAR NOT NULL,
    third_party VARCHAR,          -- whom the user consented to; none: the user's own
    purpose VARCHAR,              -- of a consent
    scope VARCHAR,                -- permissions, separated by spaces; none: all that the user has
    created_at TIMESTAMPTZ NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL,
    used_at TIMESTAMPTZ,
    withdrawn_at TIMESTAMPTZ
);

-- Calls that change something and carry a key of their caller: a repeated one gets the same answer, once done.
CREATE TABLE ops.call (
    user_id INTEGER NOT NULL,
    key VARCHAR NOT NULL,
    action VARCHAR NOT NULL,
    digest VARCHAR NOT NULL,      -- of the arguments
    answer VARCHAR NOT NULL,      -- JSON
    done_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (user_id, key)
);

-- The log is a chain: each entry carries the hash of itself with the hash of the one before in its chain.
ALTER TABLE ops.log ADD COLUMN chain VARCHAR;    -- operational or security
ALTER TABLE ops.log ADD COLUMN number BIGINT;    -- in its chain, from 1 without gaps
ALTER TABLE ops.log ADD COLUMN session_id BIGINT;
ALTER TABLE ops.log ADD COLUMN hash VARCHAR;

UPDATE ops.log SET chain = 'operational', number = log_id;
UPDATE ops.log SET hash = chained.hash
FROM (
    WITH RECURSIVE linked AS (
        SELECT 0::BIGINT AS number, '' AS hash
        UNION ALL
        SELECT l.number, sha256(json_array(linked.hash, l.log_id, l.chain, l.number, epoch_us(l.done_at), l.by_user,
            l.session_id, l.action, l.subject, l.details)::VARCHAR)
        FROM linked JOIN ops.log l ON l.number = linked.number + 1
    )
    FROM linked
) chained
WHERE chained.number = ops.log.number;

-- Where each chain begins after its oldest entries were removed: the last removed number and its hash.
CREATE TABLE ops.log_anchor (
    chain VARCHAR PRIMARY KEY,
    number BIGINT NOT NULL,
    hash VARCHAR NOT NULL,
    cut_on DATE,                -- last day on which old entries were looked for
    kept_since TIMESTAMPTZ      -- what was logged before may have been removed
);
INSERT INTO ops.log_anchor VALUES ('operational', 0, '', NULL, NULL), ('security', 0, '', NULL, NULL);

-- The newest entry of each chain, to which the next one is linked.
CREATE TABLE ops.log_tail (
    chain VARCHAR NOT NULL,
    number BIGINT NOT NULL,
    hash VARCHAR NOT NULL,
    log_id BIGINT NOT NULL
);
INSERT INTO ops.log_tail
SELECT chain, coalesce(max(l.number), 0), coalesce(arg_max(l.hash, l.number), ''), coalesce(max(l.log_id), 0)
FROM ops.log_anchor LEFT JOIN ops.log l USING (chain) GROUP BY chain;

-- Saved selections belong to a user.
CREATE TABLE ops.user_selection (
    user_id INTEGER NOT NULL,
    name VARCHAR NOT NULL,
    criteria VARCHAR NOT NULL,  -- JSON
    PRIMARY KEY (user_id, name)
);
INSERT INTO ops.user_selection SELECT 1, name, criteria FROM ops.selection;
DROP TABLE ops.selection;

-- The lab itself: tells its backups from those of others, whatever its file is called.
INSERT INTO ops.setting VALUES ('lab_id', uuid()::VARCHAR);

-- Entries and details of old imports that were moved into files beside the lab (docs/how-to/keep-safe.md).
CREATE TABLE ops.archive (
    archive_id BIGINT PRIMARY KEY,
    made_at TIMESTAMPTZ NOT NULL,
    made_by VARCHAR NOT NULL,
    deleted_at TIMESTAMPTZ        -- deleted for good
);
CREATE TABLE ops.archive_file (
    archive_id BIGINT NOT NULL,
    part VARCHAR NOT NULL CHECK (part IN ('entry', 'detail')),
    name VARCHAR NOT NULL UNIQUE,
    bytes BIGINT NOT NULL,
    sha256 VARCHAR NOT NULL,
    rows BIGINT NOT NULL,
    PRIMARY KEY (archive_id, part)
);
CREATE TABLE ops.archived_import (
    import_id BIGINT PRIMARY KEY,
    archive_id BIGINT NOT NULL
);

-- A run has the rights of a user: of who made its schedule, or started it. Its notebook uses a token of that user.
ALTER TABLE ops.schedule ADD COLUMN user_id INTEGER DEFAULT 1;
ALTER TABLE ops.run ADD COLUMN user_id INTEGER DEFAULT 1;
ALTER TABLE ops.run ADD COLUMN here BOOLEAN DEFAULT true;  -- begun and ended by processes that had the lab themselves
ALTER TABLE ops.token ADD COLUMN run_id BIGINT;  -- withdrawn when this run ends
