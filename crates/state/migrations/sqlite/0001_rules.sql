-- Alerts of rules, leases, decisions.
-- Times are milliseconds since the epoch; identifiers are the first 16 bytes of a SHA-256.

-- "PLMS": says whose file this is, also to file(1).
PRAGMA application_id = 1347177811;

CREATE TABLE schema_versions (
    version INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    checksum TEXT NOT NULL,
    applied_at INTEGER NOT NULL
) STRICT;

-- The last fence of a lease; PostgreSQL has a sequence for it.
CREATE TABLE counters (
    name TEXT PRIMARY KEY,
    value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO counters (name, value) VALUES ('lease_fences', 0);

CREATE TABLE leases (
    lease_id BLOB PRIMARY KEY,
    name TEXT NOT NULL,
    owner TEXT NOT NULL,
    fence INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE alerts (
    group_id BLOB NOT NULL,
    alert_id BLOB NOT NULL,
    file TEXT NOT NULL,
    group_name TEXT NOT NULL,
    rule TEXT NOT NULL,
    labels TEXT NOT NULL,
    phase TEXT NOT NULL,
    active_at INTEGER NOT NULL,
    fired_at INTEGER,
    resolved_at INTEGER,
    keep_firing_since INTEGER,
    last_sent_at INTEGER,
    valid_until INTEGER,
    value TEXT NOT NULL,
    annotations TEXT NOT NULL,
    PRIMARY KEY (group_id, alert_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE decisions (
    decided_at INTEGER NOT NULL,
    decision_id BLOB NOT NULL,
    subject_id BLOB NOT NULL,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    rule TEXT NOT NULL,
    inputs TEXT NOT NULL,
    outcome TEXT NOT NULL,
    counterfactual TEXT NOT NULL,
    PRIMARY KEY (decided_at, decision_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX decisions_by_subject ON decisions (subject_id, decided_at);
