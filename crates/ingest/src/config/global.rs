//! What applies to all jobs.

use std::path::PathBuf;
use std::time::Duration;

use plimsoll_runtime::config::{DurationValue, Findings};
use plimsoll_types::{ByteCount, Labels, is_legacy_label_name};
use plimsoll_wire::exposition::Format;

use super::environment::expand;
use super::raw::{RawGlobal, RawValidation};
use super::scrape::{self, Escaping, NameValidation, ScrapeLimits, limit, written};
use super::{Environment, names};

/// The section `global`, defaults filled in. Jobs have taken theirs from it already.
#[derive(Clone, Debug, PartialEq)]
pub struct Global {
    /// Time between two scrapes, above zero; default 1 min.
    pub scrape_interval: Duration,
    /// The longest one scrape may take, at most `scrape_interval`; default 10 s.
    pub scrape_timeout: Duration,
    /// Formats to ask for; default: `None`, which depends on whether native histograms are wanted.
    pub scrape_protocols: Option<Vec<Format>>,
    /// Time between two evaluations of a rule group that names none, above zero; default 1 min.
    pub evaluation_interval: Duration,
    /// How far in the past rules look where a group says nothing; default 0.
    pub rule_query_offset: Duration,
    /// Where queries are logged, relative to the file that says so; default: nowhere.
    pub query_log_file: Option<PathBuf>,
    /// Labels that name us to others, `${NAME}` expanded; default: none.
    pub external_labels: Labels,
    /// What targets may send where a job says nothing.
    pub limits: ScrapeLimits,
    /// Which names are valid; default: any UTF-8.
    pub metric_name_validation_scheme: NameValidation,
    /// How targets are asked to write odd names; default: `None`, which depends on which names are valid.
    pub metric_name_escaping_scheme: Option<Escaping>,
    /// Whether native histograms are kept; default: no.
    pub scrape_native_histograms: bool,
    /// Whether classic histograms become native ones; default: no.
    pub convert_classic_histograms_to_nhcb: bool,
    /// Whether the classic form of a native histogram is kept too; default: no.
    pub always_scrape_classic_histograms: bool,
    /// Whether each scrape writes further metrics about itself; default: no.
    pub extra_scrape_metrics: bool,
}

const INTERVAL_DEFAULT: Duration = Duration::from_mins(1);
const TIMEOUT_DEFAULT: Duration = Duration::from_secs(10);

/// Checks the section.
pub(super) fn check(
    raw: &RawGlobal,
    environment: Environment<'_>,
    findings: &mut Findings<'_>,
) -> Global {
    let (scrape_interval, scrape_timeout) = check_times(raw, findings);
    let validation = raw
        .metric_name_validation_scheme
        .map_or(NameValidation::Utf8, Into::into);
    if let Some(escaping) = raw.metric_name_escaping_scheme {
        scrape::reject_utf8_in_legacy(escaping, validation, findings);
    }
    report_unused(raw, findings);
    Global {
        scrape_interval,
        scrape_timeout,
        scrape_protocols: raw
            .scrape_protocols
            .as_ref()
            .map(|named| scrape::protocols(named, findings)),
        evaluation_interval: written(raw.evaluation_interval).unwrap_or(INTERVAL_DEFAULT),
        rule_query_offset: raw
            .rule_query_offset
            .map_or(Duration::ZERO, |offset| offset.0),
        query_log_file: raw
            .query_log_file
            .as_ref()
            .filter(|path| !path.is_empty())
            .map(|path| findings.resolve(path)),
        external_labels: external_labels(raw, environment, findings),
        limits: limits(raw),
        metric_name_validation_scheme: validation,
        metric_name_escaping_scheme: raw
            .metric_name_escaping_scheme
            .map(|escaping| escaping.value.into()),
        scrape_native_histograms: raw.scrape_native_histograms.unwrap_or(false),
        convert_classic_histograms_to_nhcb: raw
            .convert_classic_histograms_to_nhcb
            .is_some_and(|convert| convert.value),
        always_scrape_classic_histograms: raw.always_scrape_classic_histograms,
        extra_scrape_metrics: raw.extra_scrape_metrics.unwrap_or(false),
    }
}

fn check_times(raw: &RawGlobal, findings: &mut Findings<'_>) -> (Duration, Duration) {
    let interval = written(raw.scrape_interval).unwrap_or(INTERVAL_DEFAULT);
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
        None => TIMEOUT_DEFAULT.min(interval),
    };
    (interval, timeout)
}

fn external_labels(
    raw: &RawGlobal,
    environment: Environment<'_>,
    findings: &mut Findings<'_>,
) -> Labels {
    let mut labels = Vec::new();
    let is_legacy = matches!(
        raw.metric_name_validation_scheme,
        Some(RawValidation::Legacy)
    );
    for (name, value) in &raw.external_labels {
        names::check_label_name(name, findings);
        if is_legacy && !is_legacy_label_name(&name.text) {
            let message = format!(
                "the label name `{}` is not [a-zA-Z_][a-zA-Z0-9_]*, which metric_name_validation_scheme legacy wants",
                name.text
            );
            findings.error(name.span, message);
        }
        let (text, missing) = expand(value, environment);
        for variable in missing {
            findings.warning(
                value.span,
                format!("the environment variable `{variable}` is not set, its value is empty"),
            );
        }
        labels.push((name.text.as_str(), text));
    }
    Labels::from_pairs(labels)
}

fn limits(raw: &RawGlobal) -> ScrapeLimits {
    ScrapeLimits {
        body_size: limit(raw.body_size_limit.0.0).map(ByteCount),
        sample: limit(raw.sample_limit),
        target: limit(raw.target_limit),
        label: limit(raw.label_limit),
        label_name_length: limit(raw.label_name_length_limit),
        label_value_length: limit(raw.label_value_length_limit),
        native_histogram_bucket: None,
        native_histogram_min_bucket_factor: 0.0,
        keep_dropped_targets: limit(raw.keep_dropped_targets.value),
    }
}

fn report_unused(raw: &RawGlobal, findings: &mut Findings<'_>) {
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
}
