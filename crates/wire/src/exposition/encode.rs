//! Families to bytes, in the format that a client negotiated.

mod openmetrics;
mod protobuf;
mod text;

use std::borrow::Cow;

use plimsoll_types::{
    Labels, METRIC_NAME, Metadata, MetricType, Value, is_legacy_label_name, is_legacy_metric_name,
};

use super::family::{Family, FamilySample};
use super::format::{Escaping, Format, Negotiated};
use super::scan::write_series;

/// Writes families in the negotiated format.
///
/// What a format cannot say is said in the nearest way it can: a type that text 0.0.4 lacks becomes a gauge, `_created`
/// becomes a gauge family outside OpenMetrics, a native histogram without classic series becomes one with the single
/// bucket +Inf in text. Start timestamps reach protobuf only.
pub fn write_families(families: &[Family], negotiated: Negotiated) -> Vec<u8> {
    let families: Vec<Cow<'_, Family>> = families
        .iter()
        .map(|family| escape_names(family, negotiated.escaping))
        .collect();
    match negotiated.format {
        Format::PrometheusText004 | Format::PrometheusText100 => {
            text::write(&families).into_bytes()
        }
        Format::OpenMetricsText001 | Format::OpenMetricsText100 => {
            openmetrics::write(&families).into_bytes()
        }
        Format::PrometheusProto => protobuf::write(&families, None),
    }
}

/// Writes families as delimited protobuf for another Prometheus to federate: the label `blank` is written empty where a
/// series has none, so that the reader does not add its own.
pub fn write_federated(families: &[Family], escaping: Escaping, blank: &str) -> Vec<u8> {
    let families: Vec<Cow<'_, Family>> = families
        .iter()
        .map(|family| escape_names(family, escaping))
        .collect();
    protobuf::write(&families, Some(blank))
}

/// Replaces names outside the classic alphabets unless the client takes them.
fn escape_names(family: &Family, escaping: Escaping) -> Cow<'_, Family> {
    let is_plain = |labels: &Labels| {
        labels.iter().all(|(name, value)| {
            is_legacy_label_name(name) && (name != METRIC_NAME || is_legacy_metric_name(value))
        })
    };
    let is_all_plain = is_legacy_metric_name(&family.name)
        && family.samples.iter().all(|sample| is_plain(&sample.labels));
    if escaping == Escaping::AllowUtf8 || is_all_plain {
        return Cow::Borrowed(family);
    }
    let mut family = family.clone();
    family.name = underscored(&family.name, true);
    for sample in &mut family.samples {
        sample.labels = Labels::from_pairs(sample.labels.iter().map(|(name, value)| match name {
            METRIC_NAME => (name.to_owned(), underscored(value, true)),
            _ => (underscored(name, false), value.to_owned()),
        }));
    }
    Cow::Owned(family)
}

pub(super) fn underscored(name: &str, colons: bool) -> String {
    let fits = |index: usize, character: char| {
        let begins = character.is_ascii_alphabetic() || (colons && character == ':');
        begins || (index > 0 && character.is_ascii_digit())
    };
    let replace = |(index, character)| {
        if fits(index, character) {
            character
        } else {
            '_'
        }
    };
    name.chars().enumerate().map(replace).collect()
}

/// Takes the samples with these suffixes out of a family and makes a gauge family of each suffix.
fn split_gauges<'a>(family: &Cow<'a, Family>, suffixes: &[&str]) -> Vec<Cow<'a, Family>> {
    let own = |sample: &FamilySample| suffixes.contains(&sample.suffix(&family.name));
    if !family.samples.iter().any(own) {
        return vec![family.clone()];
    }
    let with = |name: String, metadata: Metadata, keep: &dyn Fn(&FamilySample) -> bool| {
        let samples = family
            .samples
            .iter()
            .filter(|sample| keep(sample))
            .cloned()
            .collect();
        Cow::<'a, Family>::Owned(Family {
            name,
            metadata,
            samples,
        })
    };
    let mut parts = vec![with(
        family.name.clone(),
        family.metadata.clone(),
        &|sample| !own(sample),
    )];
    for suffix in suffixes {
        let metadata = Metadata {
            metric_type: MetricType::Gauge,
            help: family.metadata.help.clone(),
            ..Metadata::default()
        };
        let is_it = |sample: &FamilySample| sample.suffix(&family.name) == *suffix;
        let part = with(format!("{}{suffix}", family.name), metadata, &is_it);
        if !part.samples.is_empty() {
            parts.push(part);
        }
    }
    parts
}

/// Says whether a counter's samples all carry the suffix that OpenMetrics wants.
fn has_totals(family: &Family) -> bool {
    let is_counter = family.metadata.metric_type == MetricType::Counter;
    is_counter
        && family
            .samples
            .iter()
            .all(|sample| sample.suffix(&family.name) == "_total")
}

/// Writes the series of a sample in text form.
fn write_sample_series(out: &mut String, labels: &Labels) {
    let others = labels.iter().filter(|(name, _)| *name != METRIC_NAME);
    write_series(out, labels.metric_name().unwrap_or(""), "", others);
}

/// Turns native histograms into what a text can say: sum, count, and a bucket with all observations.
///
/// In a family that has classic buckets already they say nothing new and are left out.
fn without_native(family: &Family) -> Cow<'_, Family> {
    let is_native = |sample: &FamilySample| matches!(sample.value, Value::Histogram(_));
    if !family.samples.iter().any(is_native) {
        return Cow::Borrowed(family);
    }
    let has_buckets = family
        .samples
        .iter()
        .any(|sample| sample.suffix(&family.name) == "_bucket");
    let samples = family
        .samples
        .iter()
        .flat_map(|sample| match &sample.value {
            Value::Float(_) => vec![sample.clone()],
            Value::Histogram(_) if has_buckets => Vec::new(),
            Value::Histogram(histogram) => {
                let float = |suffix: &str, bound: &str, value| {
                    let mut labels = sample.labels.to_builder();
                    labels.set(METRIC_NAME, &format!("{}{suffix}", family.name));
                    labels.set(plimsoll_types::BUCKET_LABEL, bound);
                    let plain = FamilySample::float(labels.build(), value);
                    FamilySample {
                        timestamp: sample.timestamp,
                        start: sample.start,
                        ..plain
                    }
                };
                let count = histogram.count();
                vec![
                    float("_bucket", "+Inf", count),
                    float("_sum", "", histogram.sum),
                    float("_count", "", count),
                ]
            }
        });
    Cow::Owned(Family {
        samples: samples.collect(),
        ..family.clone()
    })
}

/// Returns the float of a sample that [`without_native`] has left.
fn float_of(sample: &FamilySample) -> f64 {
    match &sample.value {
        Value::Float(value) => *value,
        Value::Histogram(histogram) => histogram.count(),
    }
}
