//! The shape of prometheus.yml: what may stand where, before any question of sense.
//!
//! Unknown fields are refused. Fields are listed in full in each section instead of being shared by flattening,
//! because flattened fields lose their place in the file; the two macros of [`http`] and [`scrape`] do the listing.
//!
//! `cargo xtask reference` makes docs/reference/config.md of the comments here, in this order. A section's comment is
//! `heading: sentence`; a field's ends with a line `Default: ...` or `Required.`. A default that is nothing but a word in
//! backticks is checked against what [`parse`](super::parse) fills in. Say the unit and the range of what has one, and
//! say so where a field needs a restart or has no effect; otherwise the page promises that a reload applies it.

pub(super) mod elsewhere;
pub(super) mod http;
pub(super) mod relabel;
pub(super) mod scrape;

use std::collections::BTreeMap;

pub(super) use plimsoll_runtime::config::SpannedKey;
use plimsoll_runtime::config::{DurationValue, SizeValue, Spanned};
use serde::Deserialize;

use elsewhere::{RawAlerting, RawOtlp, RawRemoteRead, RawRemoteWrite, RawTracing};
use scrape::{RawProtocol, RawScrapeConfig};

/// Top level: the sections of a file. All of them may be absent.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawConfig {
    /// What applies to all jobs.
    /// Default: see there.
    pub(super) global: RawGlobal,
    /// The jobs: what is scraped, and how.
    /// Default: none.
    pub(super) scrape_configs: Vec<Spanned<RawScrapeConfig>>,
    /// Files with further jobs, each with one key `scrape_configs`. Relative to this file; a `*` may stand in the last
    /// part of a path. A pattern that no file matches is a warning.
    /// Default: none.
    pub(super) scrape_config_files: Vec<Spanned<String>>,
    /// How long samples are kept.
    /// Default: see there.
    pub(super) storage: RawStorage,
    /// What only Plimsoll knows. Prometheus refuses a file that has it.
    /// Default: see there.
    pub(super) plimsoll: RawPlimsoll,
    /// Paths of files with rule groups, relative to this file; a `*` may stand in the last part. A pattern that no file
    /// matches is a warning. An error in any rule file refuses the whole configuration.
    /// Default: none.
    pub(super) rule_files: Vec<Spanned<String>>,
    /// Where alerts go.
    /// Default: none.
    pub(super) alerting: Option<Spanned<RawAlerting>>,
    /// Where samples are sent on to. No effect in this version.
    /// Default: none.
    pub(super) remote_write: Vec<Spanned<RawRemoteWrite>>,
    /// Where further samples are read from. No effect in this version.
    /// Default: none.
    pub(super) remote_read: Vec<Spanned<RawRemoteRead>>,
    /// Where traces of the program itself go. No effect in this version.
    /// Default: none.
    pub(super) tracing: Option<Spanned<RawTracing>>,
    /// How OTLP metrics become series. No effect in this version.
    /// Default: see there.
    pub(super) otlp: Option<Spanned<RawOtlp>>,
    /// Settings of Go's runtime. No effect: there is none here.
    /// Default: see there.
    pub(super) runtime: Option<Spanned<RawRuntime>>,
}

/// A file that `scrape_config_files` names.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawScrapeConfigFile {
    pub(super) scrape_configs: Vec<Spanned<RawScrapeConfig>>,
}

/// `global`: what applies to all jobs; most of it is the default of a job's own key.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawGlobal {
    /// Time between two scrapes of a target, also of Plimsoll itself. Above zero; `0s` counts as absent.
    /// Default: `1m`.
    pub(super) scrape_interval: Option<Spanned<DurationValue>>,
    /// The longest a scrape may take, at most `scrape_interval`; `0s` counts as absent.
    /// Default: 10s, or `scrape_interval` where that is shorter.
    pub(super) scrape_timeout: Option<Spanned<DurationValue>>,
    /// Formats that targets are asked for, the preferred one first. No format twice, and at least one.
    /// Default: OpenMetrics 1.0.0 and 0.0.1, then text 1.0.0 and 0.0.4; protobuf before them with `scrape_native_histograms`.
    pub(super) scrape_protocols: Option<Spanned<Vec<Spanned<RawProtocol>>>>,
    /// Time between two evaluations of a rule group that has no `interval` of its own, above zero; `0s` counts as absent.
    /// Default: `1m`.
    pub(super) evaluation_interval: Option<Spanned<DurationValue>>,
    /// How far in the past the rules of a group look that has no `query_offset` of its own.
    /// Default: `0s`.
    pub(super) rule_query_offset: Option<Spanned<DurationValue>>,
    /// Where queries are logged, one JSON line each; relative to this file.
    /// Default: none.
    pub(super) query_log_file: Option<Spanned<String>>,
    /// Where failed scrapes are logged. No effect in this version: the log of the program has them.
    /// Default: none.
    pub(super) scrape_failure_log_file: Option<Spanned<String>>,
    /// Labels that name this server to other systems: they are added to what `/federate` and remote read answer and to the
    /// alerts that leave, and templates of rules have them as `$externalLabels`. `$NAME` and `${NAME}` are variables of the
    /// environment, `$$` is a dollar.
    /// Default: none.
    pub(super) external_labels: BTreeMap<SpannedKey, Spanned<String>>,
    /// Bytes of one scrape's body, before and after decompression; above it the scrape fails.
    /// Default: `0`, which means 256MiB.
    pub(super) body_size_limit: SizeValue,
    /// Samples of one scrape after metric relabelling; above it the scrape fails. `0` is no limit.
    /// Default: `0`.
    pub(super) sample_limit: u64,
    /// Targets of one job after relabelling; above it none of the job is scraped. `0` is no limit.
    /// Default: `0`.
    pub(super) target_limit: u64,
    /// Labels of one series after metric relabelling; above it the scrape fails. `0` is no limit.
    /// Default: `0`.
    pub(super) label_limit: u64,
    /// Bytes of a label name after metric relabelling; above it the scrape fails. `0` is no limit.
    /// Default: `0`.
    pub(super) label_name_length_limit: u64,
    /// Bytes of a label value after metric relabelling; above it the scrape fails. `0` is no limit.
    /// Default: `0`.
    pub(super) label_value_length_limit: u64,
    /// Targets dropped by relabelling that are remembered for display; `0` keeps 10000 of a job.
    /// Default: `0`.
    pub(super) keep_dropped_targets: Spanned<u64>,
    /// Which names of metrics and labels are valid: any UTF-8, or only `[a-zA-Z_:][a-zA-Z0-9_:]*`.
    /// Default: `utf8`.
    pub(super) metric_name_validation_scheme: Option<RawValidation>,
    /// How targets are asked to write names outside the classic alphabet. `allow-utf-8` needs the validation scheme `utf8`.
    /// Default: `allow-utf-8` with the validation scheme `utf8`, `underscores` with `legacy`.
    pub(super) metric_name_escaping_scheme: Option<Spanned<RawEscaping>>,
    /// Whether native histograms are kept, and protobuf, which carries them, is asked for first.
    /// Default: `false`.
    pub(super) scrape_native_histograms: Option<bool>,
    /// Whether classic histograms become native ones with custom buckets. No effect in this version.
    /// Default: `false`.
    pub(super) convert_classic_histograms_to_nhcb: Option<Spanned<bool>>,
    /// Whether the classic form of a native histogram is kept beside it.
    /// Default: `false`.
    pub(super) always_scrape_classic_histograms: bool,
    /// Whether `scrape_timeout_seconds`, `scrape_sample_limit` and `scrape_body_size_bytes` are recorded for each scrape.
    /// Default: `false`.
    pub(super) extra_scrape_metrics: Option<bool>,
}

/// Which names are valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum RawValidation {
    Utf8,
    Legacy,
}

/// How names outside the classic alphabet are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub(super) enum RawEscaping {
    #[serde(rename = "allow-utf-8")]
    AllowUtf8,
    #[serde(rename = "underscores")]
    Underscores,
    #[serde(rename = "dots")]
    Dots,
    #[serde(rename = "values")]
    Values,
}

/// `runtime`: settings of Go's runtime, checked and without effect.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawRuntime {
    /// Percentage of growth at which Go collects garbage.
    /// Default: 75 in Prometheus.
    pub(super) gogc: i64,
}

/// `storage`: what is kept.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawStorage {
    /// Samples.
    /// Default: see there.
    pub(super) tsdb: Option<RawTsdb>,
    /// Exemplars. No effect in this version: the newest 512 of a series in 2h are kept, as long as samples are.
    /// Default: see there.
    pub(super) exemplars: Option<Spanned<RawExemplars>>,
}

/// `storage.tsdb`: how samples are kept.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawTsdb {
    /// How late a sample may be. No effect: samples of any age within the retention are taken.
    /// Default: none.
    pub(super) out_of_order_time_window: Option<Spanned<DurationValue>>,
    /// Share of stale series, 0 to 1, at which the head is compacted. No effect in this version.
    /// Default: 0 in Prometheus.
    pub(super) stale_series_compaction_threshold: Option<Spanned<f64>>,
    /// When samples go.
    /// Default: see there.
    pub(super) retention: Option<RawRetention>,
    /// How chunks are compressed. No effect: Plimsoll has its own format.
    /// Default: see there.
    pub(super) chunk_encoding: Option<Spanned<RawChunkEncoding>>,
}

/// `storage.tsdb.retention`: when samples go.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawRetention {
    /// How long samples are kept, 4h to 100y; less has the effect of 4h, and `0s` counts as absent. `plimsoll.retention`
    /// wins over it.
    /// Default: `15d`, or without limit where `size` or `percentage` is set.
    pub(super) time: Option<Spanned<DurationValue>>,
    /// Bytes of parts and write-ahead log above which the oldest parts go.
    /// Default: `0`, which is no limit.
    pub(super) size: Option<Spanned<SizeValue>>,
    /// The same as a share of the file system's size, 0 to 100. Where both are set, the smaller one counts.
    /// Default: `0`, which is no limit.
    pub(super) percentage: Option<Spanned<f64>>,
}

/// `storage.tsdb.chunk_encoding`: how Prometheus compresses chunks; checked and without effect.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawChunkEncoding {
    /// The encoding of float samples.
    /// Default: `xor` in Prometheus.
    pub(super) floats: Option<RawFloatEncoding>,
}

/// `storage.tsdb.chunk_encoding.floats`.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum RawFloatEncoding {
    Xor,
    Xor2,
}

/// `storage.exemplars`: how many exemplars Prometheus keeps; checked and without effect.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawExemplars {
    /// How many of all series together.
    /// Default: 100000 in Prometheus.
    pub(super) max_exemplars: i64,
}

/// `plimsoll`: what only Plimsoll knows. A file that Prometheus reads too must not have it.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawPlimsoll {
    /// How long samples are kept, 4h to 100y; less has the effect of 4h, and `0s` counts as absent.
    /// Default: that of `storage.tsdb.retention`.
    pub(super) retention: Option<Spanned<DurationValue>>,
    /// How long the series of a selector are kept. The first rule that fits a series decides; one that none fits is kept for
    /// the retention above.
    /// Default: none.
    pub(super) retention_rules: Vec<Spanned<RawRetentionRule>>,
    /// How long windows are kept, which stand for samples that are too old to be kept.
    /// Default: see there.
    pub(super) tiers: RawTiers,
    /// How much the merging in the background reads and writes per second; `0` is no limit. Needs a restart.
    /// Default: `64MiB`.
    pub(super) merge_bytes_per_second: Option<SizeValue>,
    /// The write-ahead log.
    /// Default: see there.
    pub(super) wal: RawWal,
    /// Where the state of alerts is kept.
    /// Default: see there.
    pub(super) state: RawState,
    /// Service level objectives.
    /// Default: see there.
    pub(super) slo: RawSlo,
    /// Metrics of this machine.
    /// Default: see there.
    pub(super) host_metrics: RawHostMetrics,
    /// Guards against too many series.
    /// Default: see there.
    pub(super) limits: RawLimits,
}

/// `plimsoll.retention_rules[]`: how long some series are kept.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawRetentionRule {
    /// A selector of the series that the rule is for, such as `{team="payments"}`.
    /// Required.
    #[serde(rename = "match")]
    pub(super) matchers: Spanned<String>,
    /// How long samples are kept, 4h to 100y.
    /// Default: the retention of all others.
    #[serde(default)]
    pub(super) raw: Option<Spanned<DurationValue>>,
    /// How long windows of five minutes are kept, at most 100y.
    /// Default: as for all others.
    #[serde(default)]
    pub(super) five_minutes: Option<Spanned<DurationValue>>,
    /// How long windows of an hour are kept, at most 100y.
    /// Default: as for all others.
    #[serde(default)]
    pub(super) hour: Option<Spanned<DurationValue>>,
}

/// `plimsoll.slo`: service level objectives, whose events are counted as samples arrive.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawSlo {
    /// Paths of files with objectives, relative to this file; a `*` may stand in the last part. A pattern that no file
    /// matches is a warning. An error in any of them refuses the whole configuration.
    /// Default: none.
    pub(super) files: Vec<Spanned<String>>,
    /// How late a sample may come and still be counted, 10s to 1h. Needs a restart.
    /// Default: `5m`.
    pub(super) lateness: Option<Spanned<DurationValue>>,
    /// Time between two snapshots of what was counted, 1m to 1d. A start counts the samples since the last one again.
    /// Default: `10m`.
    pub(super) snapshot_interval: Option<Spanned<DurationValue>>,
}

/// `plimsoll.tiers`: how long windows are kept of series that no rule of retention is for. A window keeps count, sum,
/// least, greatest, first and last value, and what counters grew by; queries that reach back further than samples do are
/// answered from windows, and say so. Reloads live.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawTiers {
    /// How long windows of five minutes are kept, at most 100y; `0`: none are made.
    /// Default: `90d`.
    pub(super) five_minutes: Option<Spanned<DurationValue>>,
    /// How long windows of an hour are kept, at most 100y; `0`: none are made.
    /// Default: `2y`.
    pub(super) hour: Option<Spanned<DurationValue>>,
}

/// `plimsoll.wal`: when an acknowledged write is safe.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawWal {
    /// When a push is on disk: `always` syncs each one, `group` those of a few milliseconds together, and `os` leaves it to
    /// the operating system, so that a power loss may lose what was acknowledged. Needs a restart.
    /// Default: `group`.
    pub(super) sync: Option<RawWalSync>,
}

/// `plimsoll.wal.sync`.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum RawWalSync {
    Always,
    Group,
    Os,
}

/// `plimsoll.state`: where the state of alerts is kept: one file of SQLite, or a PostgreSQL that several replicas share, so
/// that each rule group is evaluated by exactly one of them. Needs a restart.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawState {
    /// `postgres://user:password@host/database`, or `sqlite:` and a path, relative to the data directory.
    /// Default: `state.db` in the data directory.
    pub(super) url: Option<Spanned<String>>,
    /// A file that holds the URL, so that its password stands in no configuration; relative to this file. Excludes `url`.
    /// Default: none.
    pub(super) url_file: Option<Spanned<String>>,
    /// How long a replica may be silent before another one takes its rule groups over, 5s to 10m. Only PostgreSQL has
    /// replicas.
    /// Default: `15s`.
    pub(super) lease: Option<Spanned<DurationValue>>,
}

/// `plimsoll.host_metrics`: metrics of this machine, with node_exporter's names, under the job `node`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawHostMetrics {
    /// Whether they are collected. `--no-host-metrics` and a job of one's own with the name `node` win over it.
    /// Default: `true`.
    pub(super) enabled: Option<bool>,
    /// Time between two collections, at least 1s.
    /// Default: `global.scrape_interval`, but at least 1s.
    pub(super) interval: Option<Spanned<DurationValue>>,
}

/// `plimsoll.limits`: guards against too many series.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawLimits {
    /// Series that the head holds at a time, 1 to 2147483648; above it new ones are refused. Needs a restart.
    /// Default: `5000000`.
    pub(super) active_series_max: Option<Spanned<u64>>,
    /// Series of one metric in one scrape, 1 to 2147483648; above it the scrape fails.
    /// Default: `100000`.
    pub(super) metric_series_max: Option<Spanned<u64>>,
    /// The label whose value is the tenant, for `series_per_tenant`, which does not limit series without it.
    /// Default: none, so that all series are one tenant's.
    pub(super) tenant_label: Option<Spanned<String>>,
    /// Active series of a tenant, 1 to 2147483648; what is above is folded.
    /// Default: none.
    pub(super) series_per_tenant: Option<Spanned<u64>>,
    /// Active series of a metric, 1 to 2147483648; what is above is folded on the label with the most values.
    /// Default: none.
    pub(super) series_per_metric: Option<Spanned<u64>>,
    /// Values of a label in the active series of a metric, 1 to 2147483648; a series with one more is folded on that label.
    /// Not for `job`, `instance`, `le`, `quantile` and the tenant label.
    /// Default: none.
    pub(super) values_per_label: Option<Spanned<u64>>,
    /// Other numbers of values for some series and labels; the first rule that names the label and fits the series decides.
    /// Default: none.
    pub(super) rules: Vec<Spanned<RawValuesRule>>,
    /// The value that a folded label gets. Series with it hold the sum of those that were folded into them.
    /// Default: `__overflow__`.
    pub(super) overflow_value: Option<Spanned<String>>,
}

/// `plimsoll.limits.rules[]`: how many values a label may have.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawValuesRule {
    /// A selector of the series that the rule is for, such as `http_requests_total{job="web"}`.
    /// Default: none, which is all series.
    #[serde(default, rename = "match")]
    pub(super) matchers: Option<Spanned<String>>,
    /// The label; `job` and `instance` only take part in rules that name them.
    /// Required.
    pub(super) label: Spanned<String>,
    /// Values of the label in the active series of a metric that the rule is for, 1 to 2147483648.
    /// Required.
    pub(super) values: Spanned<u64>,
}
