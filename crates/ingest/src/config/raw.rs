//! The shape of prometheus.yml: what may stand where, before any question of sense.
//!
//! Unknown fields are refused. Fields are listed in full in each section instead of being shared by flattening,
//! because flattened fields lose their place in the file; the two macros of [`http`] and [`scrape`] do the listing.

pub(super) mod elsewhere;
pub(super) mod http;
pub(super) mod relabel;
pub(super) mod scrape;

use std::collections::BTreeMap;

use plimsoll_runtime::config::{DurationValue, SizeValue, Spanned};
use serde::Deserialize;

use elsewhere::{RawAlerting, RawOtlp, RawRemoteRead, RawRemoteWrite, RawTracing};
use scrape::{RawProtocol, RawScrapeConfig};

/// A whole prometheus.yml.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawConfig {
    pub(super) global: RawGlobal,
    pub(super) runtime: Option<Spanned<RawRuntime>>,
    pub(super) alerting: Option<Spanned<RawAlerting>>,
    pub(super) rule_files: Vec<Spanned<String>>,
    pub(super) scrape_config_files: Vec<Spanned<String>>,
    pub(super) scrape_configs: Vec<Spanned<RawScrapeConfig>>,
    pub(super) storage: RawStorage,
    pub(super) tracing: Option<Spanned<RawTracing>>,
    pub(super) remote_write: Vec<Spanned<RawRemoteWrite>>,
    pub(super) remote_read: Vec<Spanned<RawRemoteRead>>,
    pub(super) otlp: Option<Spanned<RawOtlp>>,
    pub(super) plimsoll: RawPlimsoll,
}

/// A file that `scrape_config_files` names.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawScrapeConfigFile {
    pub(super) scrape_configs: Vec<Spanned<RawScrapeConfig>>,
}

/// What applies to all jobs.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawGlobal {
    pub(super) scrape_interval: Option<Spanned<DurationValue>>,
    pub(super) scrape_timeout: Option<Spanned<DurationValue>>,
    pub(super) scrape_protocols: Option<Spanned<Vec<Spanned<RawProtocol>>>>,
    pub(super) evaluation_interval: Option<Spanned<DurationValue>>,
    pub(super) rule_query_offset: Option<Spanned<DurationValue>>,
    pub(super) query_log_file: Option<Spanned<String>>,
    pub(super) scrape_failure_log_file: Option<Spanned<String>>,
    pub(super) external_labels: BTreeMap<SpannedKey, Spanned<String>>,
    pub(super) body_size_limit: SizeValue,
    pub(super) sample_limit: u64,
    pub(super) target_limit: u64,
    pub(super) label_limit: u64,
    pub(super) label_name_length_limit: u64,
    pub(super) label_value_length_limit: u64,
    pub(super) keep_dropped_targets: u64,
    pub(super) metric_name_validation_scheme: Option<RawValidation>,
    pub(super) metric_name_escaping_scheme: Option<Spanned<RawEscaping>>,
    pub(super) scrape_native_histograms: Option<bool>,
    pub(super) convert_classic_histograms_to_nhcb: bool,
    pub(super) always_scrape_classic_histograms: bool,
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

/// Settings of Go's runtime.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawRuntime {
    pub(super) gogc: i64,
}

/// `storage`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawStorage {
    pub(super) tsdb: Option<RawTsdb>,
    pub(super) exemplars: Option<Spanned<RawExemplars>>,
}

/// `storage.tsdb`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawTsdb {
    pub(super) out_of_order_time_window: Option<Spanned<DurationValue>>,
    pub(super) stale_series_compaction_threshold: Option<Spanned<f64>>,
    pub(super) retention: Option<RawRetention>,
    pub(super) chunk_encoding: Option<Spanned<RawChunkEncoding>>,
}

/// `storage.tsdb.retention`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawRetention {
    pub(super) time: Option<Spanned<DurationValue>>,
    pub(super) size: Option<Spanned<SizeValue>>,
    pub(super) percentage: Option<Spanned<f64>>,
}

/// `storage.tsdb.chunk_encoding`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawChunkEncoding {
    pub(super) floats: Option<RawFloatEncoding>,
}

/// `storage.tsdb.chunk_encoding.floats`.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum RawFloatEncoding {
    Xor,
    Xor2,
}

/// `storage.exemplars`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawExemplars {
    pub(super) max_exemplars: i64,
}

/// The section that only Plimsoll knows.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawPlimsoll {
    pub(super) retention: Option<Spanned<DurationValue>>,
    pub(super) wal: RawWal,
    pub(super) host_metrics: RawHostMetrics,
    pub(super) limits: RawLimits,
}

/// `plimsoll.wal`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawWal {
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

/// `plimsoll.host_metrics`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawHostMetrics {
    pub(super) enabled: Option<bool>,
    pub(super) interval: Option<Spanned<DurationValue>>,
}

/// `plimsoll.limits`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawLimits {
    pub(super) active_series_max: Option<Spanned<u64>>,
    pub(super) metric_series_max: Option<Spanned<u64>>,
}

/// A key of a mapping with its place.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct SpannedKey {
    pub(super) text: String,
    pub(super) span: plimsoll_runtime::config::Span,
}

impl<'de> Deserialize<'de> for SpannedKey {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Spanned { value, span, .. } = Spanned::<String>::deserialize(deserializer)?;
        Ok(Self { text: value, span })
    }
}
