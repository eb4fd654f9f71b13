//! Pyrra's `ServiceLevelObjective`, v1alpha1.

mod native;
mod raw;

use std::time::Duration;

use plimsoll_runtime::config::{Diagnostics, Findings, Severity, Source, Span, Spanned};
use plimsoll_types::Matcher;

use super::query;
use super::sloth::{ObjectMeta, Texts};

pub(super) use native::convert;

/// One objective of Pyrra's.
#[derive(Clone, Debug)]
pub struct Objective {
    /// Who the object is.
    pub object: ObjectMeta,
    /// The object's namespace; empty where it has none.
    pub namespace: String,
    /// Its name.
    pub name: Spanned<String>,
    /// For people.
    pub description: String,
    /// The promised percentage, as it is written.
    pub target: Spanned<String>,
    /// Over which time.
    pub window: Spanned<Duration>,
    /// What is measured.
    pub indicator: Indicator,
    /// A budget for each value of these labels.
    pub grouping: Vec<String>,
    /// What is said of alerts.
    pub alerting: Alerting,
    /// Where the indicator is written.
    pub span: Span,
}

/// What is measured.
#[derive(Clone, Debug, PartialEq)]
pub enum Indicator {
    /// Failures among all.
    Ratio {
        /// Counters of failures.
        errors: Vec<Matcher>,
        /// Counters of all.
        total: Vec<Matcher>,
    },
    /// A bucket among all.
    Latency {
        /// The bucket, with its `le`.
        success: Vec<Matcher>,
        /// All observations.
        total: Vec<Matcher>,
    },
    /// A native histogram.
    LatencyNative {
        /// The threshold.
        latency: Duration,
        /// The histogram.
        total: Vec<Matcher>,
    },
    /// A gauge that is 1 or 0.
    BoolGauge(Vec<Matcher>),
}

/// What is said of alerts.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Alerting {
    /// There are none.
    pub is_disabled: bool,
    /// Those of burn rates are there.
    pub burn_rates: bool,
    /// That of metrics that are absent is there.
    pub absent: bool,
    /// Their name.
    pub name: String,
    /// Labels of `pyrra.dev/` that go into rules and alerts, without that prefix.
    pub labels: Texts,
}

/// Reads the objective of a document.
///
/// Unknown fields are passed over, and told as warnings in the second part.
///
/// # Errors
/// All that Pyrra would refuse, with places.
pub fn read(source: &Source) -> Result<(Vec<Objective>, Diagnostics), Diagnostics> {
    let mut findings = Findings::new(source);
    let lenient = source.clone().ignoring_unknown_fields();
    let file: raw::File = lenient.parse()?;
    let objectives: Vec<Objective> = match &*file.kind.value {
        "ServiceLevelObjective" => {
            let object = file.object();
            objective(object, &mut findings).into_iter().collect()
        }
        _ => {
            findings.unknown_word(&file.kind, "kind of object", &["ServiceLevelObjective"]);
            Vec::new()
        }
    };
    let mut list = findings.into_list();
    if list.iter().any(|found| found.severity == Severity::Error) {
        return Err(Diagnostics(list));
    }
    list.extend(lenient.ignored());
    Ok((objectives, Diagnostics(list)))
}

fn objective(raw: raw::Object, findings: &mut Findings<'_>) -> Option<Objective> {
    let spec = raw.spec.value;
    if raw.metadata.name.is_empty() {
        findings.error(raw.spec.span, "the object needs a `name` in `metadata`");
    }
    if spec.target.is_empty() {
        findings.error(raw.spec.span, "`spec` needs a `target` such as \"99.5\"");
    } else if !is_percentage(&spec.target) {
        findings.error(spec.target.span, "a target is above 0 and at most 100");
    }
    if spec.window.value.0.is_zero() {
        findings.error(raw.spec.span, "`spec` needs a `window` such as 4w");
    }
    let span = spec.indicator.span;
    let (indicator, grouping) = indicator(spec.indicator, findings)?;
    let alerting = spec.alerting;
    let labels = raw.metadata.labels.iter();
    let labels = labels.filter_map(|(name, value)| {
        let name = name.strip_prefix("pyrra.dev/")?;
        Some((name.to_owned(), value.clone()))
    });
    Some(Objective {
        namespace: raw.metadata.namespace.clone(),
        name: raw.metadata.name.clone(),
        description: spec.description,
        target: spec.target,
        window: Spanned {
            value: spec.window.value.0,
            span: spec.window.span,
            key: spec.window.key,
        },
        indicator,
        grouping,
        alerting: Alerting {
            is_disabled: alerting.disabled.unwrap_or(false),
            burn_rates: alerting.burnrates.unwrap_or(true),
            absent: alerting.absent.unwrap_or(true),
            name: match alerting.name.is_empty() {
                true => "ErrorBudgetBurn".to_owned(),
                false => alerting.name,
            },
            labels: labels.collect(),
        },
        object: raw.metadata.into(),
        span,
    })
}

fn is_percentage(text: &str) -> bool {
    let value: Result<f64, _> = text.parse();
    value.is_ok_and(|value| value > 0.0 && value <= 100.0)
}

fn indicator(
    raw: Spanned<raw::Indicator>,
    findings: &mut Findings<'_>,
) -> Option<(Indicator, Vec<String>)> {
    let span = raw.span;
    let raw = raw.value;
    let mut read = |metric: &Spanned<String>, word: &str| match query::selector(metric) {
        _ if metric.is_empty() => {
            findings.error(span, format!("the indicator needs a `metric` in `{word}`"));
            None
        }
        Ok(matchers) => Some(matchers),
        Err(error) => {
            findings.error(
                metric.span,
                format!("the metric of `{word}` is no selector: {error}"),
            );
            None
        }
    };
    match (raw.ratio, raw.latency, raw.latency_native, raw.bool_gauge) {
        (Some(ratio), None, None, None) => {
            let errors = read(&ratio.errors.metric, "errors");
            let total = read(&ratio.total.metric, "total");
            let indicator = Indicator::Ratio {
                errors: errors?,
                total: total?,
            };
            Some((indicator, ratio.grouping))
        }
        (None, Some(latency), None, None) => {
            let success = read(&latency.success.metric, "success");
            let total = read(&latency.total.metric, "total");
            let indicator = Indicator::Latency {
                success: success?,
                total: total?,
            };
            Some((indicator, latency.grouping))
        }
        (None, None, Some(native), None) => {
            let total = read(&native.total.metric, "total")?;
            if native.latency.value.0.is_zero() {
                findings.error(span, "the indicator needs a `latency` such as 1s");
            }
            let indicator = Indicator::LatencyNative {
                latency: native.latency.value.0,
                total,
            };
            Some((indicator, native.grouping))
        }
        (None, None, None, Some(gauge)) => {
            let matchers = read(&gauge.metric, "bool_gauge")?;
            Some((Indicator::BoolGauge(matchers), gauge.grouping))
        }
        _ => {
            let message = "an indicator is one of ratio, latency, latencyNative and bool_gauge";
            findings.error(span, message);
            None
        }
    }
}
