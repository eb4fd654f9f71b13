-- What service level objectives must remember beside their counts. Times are milliseconds since the epoch; lists and objects are JSON.

CREATE TABLE slo_corrections (
    slo_id BYTEA NOT NULL,
    correction_id BYTEA NOT NULL,
    slo TEXT NOT NULL,
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    starts_at BIGINT NOT NULL,
    length BIGINT NOT NULL,
    recurrence TEXT NOT NULL,
    zone TEXT NOT NULL,
    matchers TEXT NOT NULL,
    reason TEXT NOT NULL,
    author TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    revoked_at BIGINT,
    PRIMARY KEY (slo_id, correction_id)
);

CREATE TABLE slo_versions (
    slo_id BYTEA NOT NULL,
    effective_at BIGINT NOT NULL,
    slo TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    definition TEXT NOT NULL,
    PRIMARY KEY (slo_id, effective_at)
);

CREATE TABLE slo_budgets (
    budget_id BYTEA PRIMARY KEY,
    slo TEXT NOT NULL,
    objective TEXT NOT NULL,
    labels TEXT NOT NULL,
    state TEXT NOT NULL,
    since BIGINT NOT NULL,
    body TEXT NOT NULL
);

CREATE TABLE slo_alerts (
    alert_id BYTEA PRIMARY KEY,
    slo TEXT NOT NULL,
    objective TEXT NOT NULL,
    labels TEXT NOT NULL,
    kind TEXT NOT NULL,
    phase TEXT NOT NULL,
    severity TEXT NOT NULL,
    since BIGINT NOT NULL,
    body TEXT NOT NULL
);

CREATE TABLE slo_events (
    happened_at BIGINT NOT NULL,
    event_id BYTEA NOT NULL,
    slo_id BYTEA NOT NULL,
    slo TEXT NOT NULL,
    objective TEXT NOT NULL,
    labels TEXT NOT NULL,
    kind TEXT NOT NULL,
    before TEXT NOT NULL,
    after TEXT NOT NULL,
    detail TEXT NOT NULL,
    PRIMARY KEY (happened_at, event_id)
);
CREATE INDEX slo_events_by_slo ON slo_events (slo_id, happened_at);
