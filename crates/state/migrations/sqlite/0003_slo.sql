-- What service level objectives must remember beside their counts. Times are milliseconds since the epoch; lists and objects are JSON.

CREATE TABLE slo_corrections (
    slo_id BLOB NOT NULL,
    correction_id BLOB NOT NULL,
    slo TEXT NOT NULL,
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    starts_at INTEGER NOT NULL,
    length INTEGER NOT NULL,
    recurrence TEXT NOT NULL,
    zone TEXT NOT NULL,
    matchers TEXT NOT NULL,
    reason TEXT NOT NULL,
    author TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    revoked_at INTEGER,
    PRIMARY KEY (slo_id, correction_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE slo_versions (
    slo_id BLOB NOT NULL,
    effective_at INTEGER NOT NULL,
    slo TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    definition TEXT NOT NULL,
    PRIMARY KEY (slo_id, effective_at)
) STRICT, WITHOUT ROWID;

CREATE TABLE slo_budgets (
    budget_id BLOB PRIMARY KEY,
    slo TEXT NOT NULL,
    objective TEXT NOT NULL,
    labels TEXT NOT NULL,
    state TEXT NOT NULL,
    since INTEGER NOT NULL,
    body TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE slo_alerts (
    alert_id BLOB PRIMARY KEY,
    slo TEXT NOT NULL,
    objective TEXT NOT NULL,
    labels TEXT NOT NULL,
    kind TEXT NOT NULL,
    phase TEXT NOT NULL,
    severity TEXT NOT NULL,
    since INTEGER NOT NULL,
    body TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE slo_events (
    happened_at INTEGER NOT NULL,
    event_id BLOB NOT NULL,
    slo_id BLOB NOT NULL,
    slo TEXT NOT NULL,
    objective TEXT NOT NULL,
    labels TEXT NOT NULL,
    kind TEXT NOT NULL,
    before TEXT NOT NULL,
    after TEXT NOT NULL,
    detail TEXT NOT NULL,
    PRIMARY KEY (happened_at, event_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX slo_events_by_slo ON slo_events (slo_id, happened_at);
