//! Nouns that two or more crates share, and the two storage traits through which the crates of floor 1 meet.
//!
//! # What it is for
//! `ingest` produces samples, `tsdb` keeps them, `promql` asks for them; none of the three imports another. What they
//! exchange is defined here, once.
//!
//! # Model
//! [`Labels`] name a *series*; a [`Sample`] is a [`Value`] (float or native [`Histogram`]) at a [`Timestamp`];
//! an [`Exemplar`] points from a sample to a trace; [`Metadata`] says what a metric means. A [`WriteBatch`] goes
//! into an [`Appender`]; a [`Selection`] comes out of a [`Queryable`], labels first, then one series at a time.
//! An [`Alert`] is what is sent and routed, a [`Decision`] says why.
//! A [`Pattern`] is a regular expression as selectors and relabelling rules are written: in Go's dialect.
//!
//! # Invariants
//! - No tokio and no serde in public types: bytes belong to `wire`, tasks to the shells.
//! - [`Labels`] are sorted by name, hold no empty value and no name twice, whoever built them.
//! - NaN payloads are data: the staleness marker ([`STALE_NAN_BITS`]) survives every path bit for bit.
//! - Deliberately absent: tenants, rules, anything that decides.
//!
//! # How to extend
//! A noun moves here when a second crate needs it, never before. See `docs/adding/README.md`.
//!
//! # Sources
//! Prometheus data model and remote write 2.0 (units, zero values, histogram schemas), OpenMetrics 1.0 (metric types,
//! exemplars).

mod alert;
mod decision;
mod exemplar;
mod histogram;
mod labels;
mod matcher;
mod metadata;
mod pairs;
mod pattern;
mod refused;
mod sample;
mod storage;
mod timestamp;
mod units;

pub use alert::{ALERT_NAME, Alert, Annotations};
pub use decision::Decision;
pub use exemplar::Exemplar;
pub use histogram::{
    Bucket, BucketCounts, BucketNumber, CUSTOM_BUCKETS_SCHEMA, ClassicHistogram, Combination,
    Counts, Histogram, HistogramError, HistogramMean, HistogramSum, IncompatibleHistograms,
    InvalidClassicHistogram, ResetHint, SCHEMA_MAX, SCHEMA_MIN, Span,
};
pub use labels::{
    BUCKET_LABEL, DuplicateLabel, Labels, LabelsBuilder, METRIC_NAME, QUANTILE_LABEL,
    is_legacy_label_name, is_legacy_metric_name,
};
pub use matcher::{InvalidMatcher, MatchOp, Matcher};
pub use metadata::{Metadata, MetricType};
pub use pattern::{InvalidPattern, Language, Pattern};
pub use refused::{Refused, RefusedKind};
pub use sample::{
    STALE_NAN_BITS, Sample, SampleColumns, StartTimestamp, Value, is_stale, stale_nan,
};
pub use storage::{
    ActiveSeries, Appended, Appender, BlockCounts, Cardinality, CardinalityQuery, Churn, Commit,
    Durability, DurabilityStatus, FloatRollup, HeadStatistics, HeadStatus, HistogramRollup, Joined,
    Kept, LogDamage, Meter, MetricChurn, MetricSeries, NamedCount, PartStatistics,
    QuarantineStatus, Queryable, RecoveryStatus, Rejected, RejectedReason, ReplayStatistics,
    RetentionRuleStatus, RetentionStatus, SampleSource, Selection, SeriesRef, StorageError,
    StorageErrorKind, StoreAdmin, StoreStatistics, StoreStatus, Summary, SyncPolicy, Tier,
    TierStatus, TierWindow, TopCounts, Unused, WindowSelection, WindowSource, WriteBatch, Written,
    window_end,
};
pub use timestamp::{TimeRange, Timestamp};
pub use units::{ByteCount, InvalidQuantity, format_duration, parse_duration};
