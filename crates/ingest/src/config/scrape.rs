//! One job: what to scrape, how, and what to keep of it.

use std::time::Duration;

use plimsoll_runtime::config::{DurationValue, Findings, Span, Spanned, http_client};
use plimsoll_runtime::http::ClientConfig;
use plimsoll_types::ByteCount;
use plimsoll_wire::exposition::Format;

use super::discovery::{self, Discovery};
use super::global::Global;
use super::raw::scrape::{RawProtocol, RawScrapeConfig};
use super::raw::{RawEscaping, RawValidation};
use super::relabel;
use crate::relabel::RelabelConfig;

/// A checked entry of `scrape_configs`, the defaults of `global` filled in. A reload replaces it whole.
#[derive(Clone, Debug, PartialEq)]
pub struct ScrapeConfig {
    /// The job's name: not empty, and no other job has it.
    pub job_name: String,
    /// Whether a target's own labels win over ours; default: no.
    pub honor_labels: bool,
    /// Whether a target's timestamps are used; default: yes.
    pub honor_timestamps: bool,
    /// Whether samples with the target's timestamps become stale when they are gone; default: no.
    pub track_timestamps_staleness: bool,
    /// Query parameters, each name with its values in order; default: none.
    pub params: Vec<(String, Vec<String>)>,
    /// Time between two scrapes, above zero; default: that of `global`.
    pub scrape_interval: Duration,
    /// The longest one scrape may take, above zero and at most `scrape_interval`; default: that of `global`.
    pub scrape_timeout: Duration,
    /// Formats to ask for, best first; no one twice, at least one.
    pub scrape_protocols: Vec<Format>,
    /// The format to assume when a target names none or one that we do not know; default: none, the scrape fails.
    pub fallback_scrape_protocol: Option<Format>,
    /// Whether native histograms are kept; default: that of `global`, there no.
    pub scrape_native_histograms: bool,
    /// Whether the classic form of a native histogram is kept too; default: that of `global`, there no.
    pub always_scrape_classic_histograms: bool,
    /// Whether classic histograms become native ones with custom buckets; default: that of `global`, there no.
    pub convert_classic_histograms_to_nhcb: bool,
    /// Whether `scrape_timeout_seconds` and the like are written for each scrape; default: that of `global`, there no.
    pub extra_scrape_metrics: bool,
    /// The path to scrape; default `/metrics`.
    pub metrics_path: String,
    /// How to connect; default `http`.
    pub scheme: Scheme,
    /// Whether gzip is offered; default: yes.
    pub enable_compression: bool,
    /// What a target may send.
    pub limits: ScrapeLimits,
    /// Which names are valid; default: that of `global`, there any UTF-8.
    pub metric_name_validation_scheme: NameValidation,
    /// How targets are asked to write names outside the classic alphabet.
    pub metric_name_escaping_scheme: Escaping,
    /// How to speak to targets: who we are, TLS, proxy, headers, redirects.
    pub http: ClientConfig,
    /// The ways to find targets, in the order: static, file, http, dns.
    pub discovery: Vec<Discovery>,
    /// Rules for targets.
    pub relabel_configs: Vec<RelabelConfig>,
    /// Rules for what targets expose.
    pub metric_relabel_configs: Vec<RelabelConfig>,
}

/// Bounds on what a target may send; `None` is no bound. A scrape that exceeds one fails whole.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ScrapeLimits {
    /// Bytes of a body once decompressed.
    pub body_size: Option<ByteCount>,
    /// Samples left after relabelling.
    pub sample: Option<u64>,
    /// Targets of the job left after relabelling; when there are more, all of them fail.
    pub target: Option<u64>,
    /// Labels of one sample.
    pub label: Option<u64>,
    /// Bytes of a label's name.
    pub label_name_length: Option<u64>,
    /// Bytes of a label's value.
    pub label_value_length: Option<u64>,
    /// Buckets of one native histogram; above it resolution is reduced.
    pub native_histogram_bucket: Option<u64>,
    /// Lowest growth factor between two buckets of a native histogram, 0 for no bound; finer ones are merged.
    pub native_histogram_min_bucket_factor: f64,
    /// Dropped targets that are remembered for display; 10,000 of a job when nothing is said.
    pub keep_dropped_targets: Option<u64>,
}

/// How to connect to a target.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// Plain.
    #[default]
    Http,
    /// TLS.
    Https,
}

impl Scheme {
    /// Returns the name as a URL begins with it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }
}

/// What is asked for when native histograms are wanted and a file names nothing: only protobuf carries them.
const PROTOBUF_FIRST: [Format; 5] = [
    Format::PrometheusProto,
    Format::OpenMetricsText100,
    Format::OpenMetricsText001,
    Format::PrometheusText100,
    Format::PrometheusText004,
];

impl From<RawProtocol> for Format {
    fn from(raw: RawProtocol) -> Self {
        match raw {
            RawProtocol::PrometheusProto => Self::PrometheusProto,
            RawProtocol::PrometheusText0_0_4 => Self::PrometheusText004,
            RawProtocol::PrometheusText1_0_0 => Self::PrometheusText100,
            RawProtocol::OpenMetricsText0_0_1 => Self::OpenMetricsText001,
            RawProtocol::OpenMetricsText1_0_0 => Self::OpenMetricsText100,
        }
    }
}

/// Which names of metrics and labels are valid.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum NameValidation {
    /// Any UTF-8 that is not empty.
    #[default]
    Utf8,
    /// `[a-zA-Z_:][a-zA-Z0-9_:]*`, for labels without the colon.
    Legacy,
}

impl From<RawValidation> for NameValidation {
    fn from(raw: RawValidation) -> Self {
        match raw {
            RawValidation::Utf8 => Self::Utf8,
            RawValidation::Legacy => Self::Legacy,
        }
    }
}

/// How targets are asked to write names outside the classic alphabet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Escaping {
    /// As they are.
    AllowUtf8,
    /// With an underscore for each odd character.
    Underscores,
    /// With dots as `_dot_`.
    Dots,
    /// With `U__` in front and code points in hexadecimal.
    Values,
}

impl Escaping {
    /// Returns the name as files and content types write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AllowUtf8 => "allow-utf-8",
            Self::Underscores => "underscores",
            Self::Dots => "dots",
            Self::Values => "values",
        }
    }

    /// What is asked for where nothing is said.
    pub(super) fn default_for(validation: NameValidation) -> Self {
        match validation {
            NameValidation::Utf8 => Self::AllowUtf8,
            NameValidation::Legacy => Self::Underscores,
        }
    }
}

impl From<RawEscaping> for Escaping {
    fn from(raw: RawEscaping) -> Self {
        match raw {
            RawEscaping::AllowUtf8 => Self::AllowUtf8,
            RawEscaping::Underscores => Self::Underscores,
            RawEscaping::Dots => Self::Dots,
            RawEscaping::Values => Self::Values,
        }
    }
}

/// Checks one job.
pub(super) fn check(
    raw: Spanned<RawScrapeConfig>,
    global: &Global,
    findings: &mut Findings<'_>,
) -> ScrapeConfig {
    let whole = raw.span;
    let mut raw = raw.value;
    check_name(&raw, whole, findings);
    let (scrape_interval, scrape_timeout) = check_times(&raw, global, findings);
    let (validation, escaping) = check_names(&raw, global, findings);
    let native = raw
        .scrape_native_histograms
        .unwrap_or(global.scrape_native_histograms);
    let scrape_protocols = match (&raw.scrape_protocols, &global.scrape_protocols) {
        (Some(named), _) => protocols(named, findings),
        (None, Some(inherited)) => inherited.clone(),
        (None, None) if native => PROTOBUF_FIRST.to_vec(),
        (None, None) => Format::DEFAULT_SCRAPE_PROTOCOLS.to_vec(),
    };
    if let Some(log) = raw
        .scrape_failure_log_file
        .as_ref()
        .filter(|log| !log.is_empty())
    {
        findings.not_acted_on(log.key, "scrape_failure_log_file");
    }
    if let Some(convert) = raw
        .convert_classic_histograms_to_nhcb
        .filter(|convert| convert.value)
    {
        findings.not_acted_on(convert.key, "convert_classic_histograms_to_nhcb");
    }
    let legacy = validation == NameValidation::Legacy;
    ScrapeConfig {
        scrape_interval,
        scrape_timeout,
        scrape_protocols,
        scrape_native_histograms: native,
        metric_name_validation_scheme: validation,
        metric_name_escaping_scheme: escaping,
        metrics_path: metrics_path(&raw, findings),
        scheme: scheme(raw.scheme.as_ref(), findings),
        limits: limits(&raw, global, findings),
        http: http_client::check(raw.take_http_client(), findings),
        discovery: discovery::check(
            raw.take_discovery(),
            raw.relabel_configs.is_empty(),
            findings,
        ),
        relabel_configs: relabel::rules(raw.relabel_configs, legacy, findings),
        metric_relabel_configs: relabel::rules(raw.metric_relabel_configs, legacy, findings),
        job_name: raw.job_name.value,
        honor_labels: raw.honor_labels,
        honor_timestamps: raw.honor_timestamps.unwrap_or(true),
        track_timestamps_staleness: raw.track_timestamps_staleness,
        params: raw.params.into_iter().collect(),
        fallback_scrape_protocol: raw.fallback_scrape_protocol.map(Into::into),
        always_scrape_classic_histograms: raw
            .always_scrape_classic_histograms
            .unwrap_or(global.always_scrape_classic_histograms),
        convert_classic_histograms_to_nhcb: raw
            .convert_classic_histograms_to_nhcb
            .map_or(global.convert_classic_histograms_to_nhcb, |convert| {
                convert.value
            }),
        extra_scrape_metrics: raw
            .extra_scrape_metrics
            .unwrap_or(global.extra_scrape_metrics),
        enable_compression: raw.enable_compression.unwrap_or(true),
    }
}

fn check_name(raw: &RawScrapeConfig, whole: Span, findings: &mut Findings<'_>) {
    if raw.job_name.is_empty() {
        let written = raw.job_name.span;
        let span = if written == Span::default() {
            whole
        } else {
            written
        };
        findings.error_with_hint(span, "this job has no name", "add `job_name`");
    }
}

/// Returns interval and timeout; a timeout that was not written adapts to a short interval.
fn check_times(
    raw: &RawScrapeConfig,
    global: &Global,
    findings: &mut Findings<'_>,
) -> (Duration, Duration) {
    let interval = written(raw.scrape_interval).unwrap_or(global.scrape_interval);
    let timeout = match raw.scrape_timeout.filter(|timeout| !timeout.0.is_zero()) {
        Some(timeout) => {
            if timeout.0 > interval {
                let message = format!(
                    "the scrape timeout {} is longer than the scrape interval {}",
                    timeout.value,
                    DurationValue(interval)
                );
                findings.error(timeout.span, message);
            }
            timeout.0
        }
        None => global.scrape_timeout.min(interval),
    };
    (interval, timeout)
}

/// A duration of zero counts as not written, as in Prometheus.
pub(super) fn written(value: Option<Spanned<DurationValue>>) -> Option<Duration> {
    value.map(|value| value.0).filter(|value| !value.is_zero())
}

fn check_names(
    raw: &RawScrapeConfig,
    global: &Global,
    findings: &mut Findings<'_>,
) -> (NameValidation, Escaping) {
    let validation = raw
        .metric_name_validation_scheme
        .map_or(global.metric_name_validation_scheme, Into::into);
    let escaping = match (
        raw.metric_name_escaping_scheme,
        global.metric_name_escaping_scheme,
    ) {
        (Some(own), _) => {
            reject_utf8_in_legacy(own, validation, findings);
            own.value.into()
        }
        (None, Some(inherited)) if validation == global.metric_name_validation_scheme => inherited,
        _ => Escaping::default_for(validation),
    };
    (validation, escaping)
}

/// Names cannot be asked for in UTF-8 and be refused for it.
pub(super) fn reject_utf8_in_legacy(
    escaping: Spanned<RawEscaping>,
    validation: NameValidation,
    findings: &mut Findings<'_>,
) {
    if escaping.value == RawEscaping::AllowUtf8 && validation == NameValidation::Legacy {
        findings.error_with_hint(
            escaping.span,
            "`allow-utf-8` asks for names that the `legacy` validation scheme refuses",
            "use `underscores`, or the validation scheme `utf8`",
        );
    }
}

/// Checks a list of protocols: not empty, no one twice.
pub(super) fn protocols(
    raw: &Spanned<Vec<Spanned<RawProtocol>>>,
    findings: &mut Findings<'_>,
) -> Vec<Format> {
    if raw.is_empty() {
        findings.error(raw.span, "the list of scrape protocols is empty");
    }
    let mut seen = Vec::new();
    for protocol in &raw.value {
        let known = Format::from(protocol.value);
        if seen.contains(&known) {
            findings.error(protocol.span, "this scrape protocol is in the list twice");
        } else {
            seen.push(known);
        }
    }
    seen
}

fn metrics_path(raw: &RawScrapeConfig, findings: &mut Findings<'_>) -> String {
    let Some(path) = &raw.metrics_path else {
        return "/metrics".to_owned();
    };
    if path.contains("://") {
        findings.error_with_hint(
            path.span,
            "`metrics_path` is a path, found a URL",
            "put the host into `targets` and the scheme into `scheme`",
        );
    }
    path.value.clone()
}

/// Reads `http` or `https`; absent or empty is `http`.
pub(super) fn scheme(raw: Option<&Spanned<String>>, findings: &mut Findings<'_>) -> Scheme {
    match raw.map_or("", |raw| raw.value.as_str()) {
        "" | "http" => Scheme::Http,
        "https" => Scheme::Https,
        _ => {
            if let Some(word) = raw {
                findings.unknown_word(word, "scheme", &["http", "https"]);
            }
            Scheme::Http
        }
    }
}

fn limits(raw: &RawScrapeConfig, global: &Global, findings: &mut Findings<'_>) -> ScrapeLimits {
    let inherited = &global.limits;
    let factor = raw.native_histogram_min_bucket_factor;
    if let Some(wrong) = factor.filter(|factor| !factor.is_finite() || factor.value < 0.0) {
        findings.error(wrong.span, "expected a factor of at least 0");
    }
    ScrapeLimits {
        body_size: limit(raw.body_size_limit.0.0)
            .map(ByteCount)
            .or(inherited.body_size),
        sample: limit(raw.sample_limit).or(inherited.sample),
        target: limit(raw.target_limit).or(inherited.target),
        label: limit(raw.label_limit).or(inherited.label),
        label_name_length: limit(raw.label_name_length_limit).or(inherited.label_name_length),
        label_value_length: limit(raw.label_value_length_limit).or(inherited.label_value_length),
        native_histogram_bucket: limit(raw.native_histogram_bucket_limit),
        native_histogram_min_bucket_factor: factor.map_or(0.0, |factor| factor.value),
        keep_dropped_targets: limit(raw.keep_dropped_targets.value)
            .or(inherited.keep_dropped_targets),
    }
}

/// Zero is no limit.
pub(super) fn limit(value: u64) -> Option<u64> {
    (value > 0).then_some(value)
}
