-- What routing and notifying alerts must remember. Times are milliseconds since the epoch; lists and objects are JSON.

CREATE TABLE alerting_alerts (
    fingerprint TEXT PRIMARY KEY,
    labels TEXT NOT NULL,
    annotations TEXT NOT NULL,
    generator_url TEXT NOT NULL,
    starts_at BIGINT NOT NULL,
    ends_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    lease BIGINT NOT NULL,
    origin TEXT NOT NULL,
    is_timeout BIGINT NOT NULL,
    is_resolved BIGINT NOT NULL
);

CREATE TABLE alerting_groups (
    group_id BYTEA PRIMARY KEY,
    route TEXT NOT NULL,
    ordinal BIGINT NOT NULL,
    group_key TEXT NOT NULL,
    labels TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    flushed_at BIGINT,
    flush_at BIGINT NOT NULL,
    has_news BIGINT NOT NULL
);

CREATE TABLE alerting_told (
    told_id BYTEA PRIMARY KEY,
    route TEXT NOT NULL,
    ordinal BIGINT NOT NULL,
    group_key TEXT NOT NULL,
    receiver TEXT NOT NULL,
    kind TEXT NOT NULL,
    position BIGINT NOT NULL,
    told_at BIGINT NOT NULL,
    reason TEXT NOT NULL,
    firing TEXT NOT NULL,
    resolved TEXT NOT NULL,
    sequence BIGINT NOT NULL,
    data TEXT NOT NULL,
    via TEXT NOT NULL,
    instead_of TEXT NOT NULL,
    expires_at BIGINT NOT NULL
);

CREATE TABLE alerting_deliveries (
    delivery_id TEXT PRIMARY KEY,
    route TEXT NOT NULL,
    ordinal BIGINT NOT NULL,
    group_key TEXT NOT NULL,
    receiver TEXT NOT NULL,
    kind TEXT NOT NULL,
    position BIGINT NOT NULL,
    group_labels TEXT NOT NULL,
    sequence BIGINT NOT NULL,
    reason TEXT NOT NULL,
    parts TEXT NOT NULL,
    phase TEXT NOT NULL,
    decided_at BIGINT NOT NULL,
    waiting_since BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    failures BIGINT NOT NULL,
    attempt_at BIGINT NOT NULL,
    last_error TEXT NOT NULL,
    instead_of TEXT NOT NULL
);

CREATE TABLE alerting_silences (
    silence_id TEXT PRIMARY KEY,
    starts_at BIGINT NOT NULL,
    ends_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    created_by TEXT NOT NULL,
    comment TEXT NOT NULL,
    body TEXT NOT NULL
);

CREATE TABLE alerting_history (
    happened_at BIGINT NOT NULL,
    history_id BYTEA NOT NULL,
    delivery_id TEXT NOT NULL,
    route TEXT NOT NULL,
    ordinal BIGINT NOT NULL,
    group_key TEXT NOT NULL,
    receiver TEXT NOT NULL,
    kind TEXT NOT NULL,
    position BIGINT NOT NULL,
    reason TEXT NOT NULL,
    outcome TEXT NOT NULL,
    target TEXT NOT NULL,
    retry_at BIGINT,
    attempts BIGINT NOT NULL,
    decided_at BIGINT NOT NULL,
    parts TEXT NOT NULL,
    error TEXT NOT NULL,
    is_degraded BIGINT NOT NULL,
    PRIMARY KEY (happened_at, history_id)
);

CREATE TABLE alerting_inbox (
    received_at BIGINT NOT NULL,
    inbox_id BYTEA NOT NULL,
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (received_at, inbox_id)
);
