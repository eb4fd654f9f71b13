-- Alerts of rules, leases, decisions.
-- Times are milliseconds since the epoch; identifiers are the first 16 bytes of a SHA-256.

CREATE TABLE schema_versions (
    version BIGINT PRIMARY KEY,
    name TEXT NOT NULL,
    checksum TEXT NOT NULL,
    applied_at BIGINT NOT NULL
);

-- The fences of leases. Numbers are left out when a lease was not got; they only have to grow.
CREATE SEQUENCE lease_fences;

CREATE TABLE leases (
    lease_id BYTEA PRIMARY KEY,
    name TEXT NOT NULL,
    owner TEXT NOT NULL,
    fence BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);

CREATE TABLE alerts (
    group_id BYTEA NOT NULL,
    alert_id BYTEA NOT NULL,
    file TEXT NOT NULL,
    group_name TEXT NOT NULL,
    rule TEXT NOT NULL,
    labels TEXT NOT NULL,
    phase TEXT NOT NULL,
    active_at BIGINT NOT NULL,
    fired_at BIGINT,
    resolved_at BIGINT,
    keep_firing_since BIGINT,
    last_sent_at BIGINT,
    valid_until BIGINT,
    value TEXT NOT NULL,
    annotations TEXT NOT NULL,
    PRIMARY KEY (group_id, alert_id)
);

CREATE TABLE decisions (
    decided_at BIGINT NOT NULL,
    decision_id BYTEA NOT NULL,
    subject_id BYTEA NOT NULL,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    rule TEXT NOT NULL,
    inputs TEXT NOT NULL,
    outcome TEXT NOT NULL,
    counterfactual TEXT NOT NULL,
    PRIMARY KEY (decided_at, decision_id)
);
CREATE INDEX decisions_by_subject ON decisions (subject_id, decided_at);
