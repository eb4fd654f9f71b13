//! Delimited `io.prometheus.client.MetricFamily` messages.

use std::borrow::Cow;
use std::collections::HashMap;

use plimsoll_types::{
    BUCKET_LABEL, BucketCounts, Counts, Histogram, Labels, METRIC_NAME, MetricType, QUANTILE_LABEL,
    Span, Timestamp, Value,
};
use prost::Message;
use prost::encoding::{WireType, encode_key, encode_varint};

use super::{has_totals, split_gauges};
use crate::exposition::family::{Family, FamilyExemplar, FamilySample};
use crate::exposition::messages::{
    self, BucketSpan, FamilyHead, Kind, LabelPair, METRIC_FIELD, Metric, Time,
};
use crate::exposition::number::parse_float;

/// Writes families; `blank` names a label that every metric has, an empty one where its series has none.
pub(super) fn write(families: &[Cow<'_, Family>], blank: Option<&str>) -> Vec<u8> {
    let mut out = Vec::new();
    for family in families {
        for part in split_gauges(family, &["_created"]) {
            let message = family_message(&part, blank);
            encode_varint(message.len() as u64, &mut out);
            out.extend(message);
        }
    }
    out
}

fn family_message(family: &Family, blank: Option<&str>) -> Vec<u8> {
    let (suffix, kind) = match family.metadata.metric_type {
        MetricType::Counter if has_totals(family) => ("_total", Kind::Counter),
        MetricType::Counter => ("", Kind::Counter),
        MetricType::Gauge | MetricType::StateSet => ("", Kind::Gauge),
        MetricType::Info => ("_info", Kind::Gauge),
        MetricType::Summary => ("", Kind::Summary),
        MetricType::Histogram => ("", Kind::Histogram),
        MetricType::GaugeHistogram => ("", Kind::GaugeHistogram),
        MetricType::Unknown => ("", Kind::Untyped),
    };
    let head = FamilyHead {
        name: format!("{}{suffix}", family.name),
        help: family.metadata.help.clone(),
        kind: kind.into(),
        unit: family.metadata.unit.clone(),
    };
    let mut out = head.encode_to_vec();
    for metric in metrics(family, kind, blank) {
        encode_key(METRIC_FIELD, WireType::LengthDelimited, &mut out);
        encode_varint(metric.encoded_len() as u64, &mut out);
        out.extend(metric.encode_to_vec());
    }
    out
}

/// Gathers the samples of each metric, metrics in order of their first sample.
fn metrics(family: &Family, kind: Kind, blank: Option<&str>) -> Vec<Metric> {
    let mut metrics: Vec<Metric> = Vec::new();
    let mut known: HashMap<(Labels, Option<Timestamp>), usize> = HashMap::new();
    for sample in &family.samples {
        let suffix = sample.suffix(&family.name);
        let own = match kind {
            Kind::Summary if suffix.is_empty() => QUANTILE_LABEL,
            Kind::Histogram | Kind::GaugeHistogram if suffix == "_bucket" => BUCKET_LABEL,
            _ => METRIC_NAME,
        };
        let labels = sample
            .labels
            .filtered(|name| name != METRIC_NAME && name != own);
        let at = *known
            .entry((labels.clone(), sample.timestamp))
            .or_insert_with(|| {
                let mut label = label_pairs(&labels);
                label.extend(blank.filter(|name| labels.get(name).is_none()).map(|name| {
                    LabelPair {
                        name: name.into(),
                        value: String::new(),
                    }
                }));
                metrics.push(Metric {
                    label,
                    timestamp_ms: sample.timestamp.map_or(0, Timestamp::millis),
                    ..Metric::default()
                });
                metrics.len() - 1
            });
        add_sample(&mut metrics[at], kind, suffix, sample);
    }
    metrics
}

fn label_pairs(labels: &Labels) -> Vec<LabelPair> {
    let pair = |(name, value): (&str, &str)| LabelPair {
        name: name.into(),
        value: value.into(),
    };
    labels.iter().map(pair).collect()
}

fn add_sample(metric: &mut Metric, kind: Kind, suffix: &str, sample: &FamilySample) {
    let created_timestamp = sample.start.get().map(Time::from_timestamp);
    let value = match &sample.value {
        Value::Float(value) => *value,
        Value::Histogram(histogram) => {
            let message = metric.histogram.get_or_insert_default();
            message.created_timestamp = created_timestamp;
            message.exemplars = sample.exemplars.iter().map(exemplar_message).collect();
            add_native(message, histogram);
            return;
        }
    };
    match kind {
        Kind::Gauge => metric.gauge = Some(messages::Gauge { value }),
        Kind::Untyped => metric.untyped = Some(messages::Untyped { value }),
        Kind::Counter => {
            let exemplar = sample
                .exemplars
                .first()
                .map(|one| Box::new(exemplar_message(one)));
            metric.counter = Some(messages::Counter {
                value,
                exemplar,
                created_timestamp,
            });
        }
        Kind::Summary => {
            let summary = metric.summary.get_or_insert_default();
            summary.created_timestamp = created_timestamp;
            match suffix {
                "_sum" => summary.sample_sum = value,
                "_count" => summary.sample_count = value as u64,
                _ => summary.quantile.push(messages::Quantile {
                    quantile: number_label(sample, QUANTILE_LABEL),
                    value,
                }),
            }
        }
        Kind::Histogram | Kind::GaugeHistogram => {
            let message = metric.histogram.get_or_insert_default();
            message.created_timestamp = created_timestamp;
            add_classic(message, suffix, value, sample);
        }
    }
}

fn number_label(sample: &FamilySample, name: &str) -> f64 {
    sample
        .labels
        .get(name)
        .and_then(parse_float)
        .unwrap_or(f64::NAN)
}

fn add_classic(message: &mut messages::Histogram, suffix: &str, value: f64, sample: &FamilySample) {
    match suffix {
        "_sum" | "_gsum" => message.sample_sum = value,
        "_count" | "_gcount" => {
            (message.sample_count, message.sample_count_float) = integer_or_float(value);
        }
        _ => {
            let (cumulative_count, cumulative_count_float) = integer_or_float(value);
            message.bucket.push(messages::Bucket {
                cumulative_count,
                cumulative_count_float,
                upper_bound: number_label(sample, BUCKET_LABEL),
                exemplar: sample
                    .exemplars
                    .first()
                    .map(|one| Box::new(exemplar_message(one))),
            });
        }
    }
}

/// Splits a count into the two fields that the messages have for it.
fn integer_or_float(value: f64) -> (u64, f64) {
    let is_integer = value.fract() == 0.0 && (0.0..u64::MAX as f64).contains(&value);
    if is_integer {
        (value as u64, 0.0)
    } else {
        (0, value)
    }
}

fn exemplar_message(exemplar: &FamilyExemplar) -> messages::Exemplar {
    messages::Exemplar {
        label: label_pairs(&exemplar.labels),
        value: exemplar.value,
        timestamp: exemplar.timestamp.map(Time::from_timestamp),
    }
}

fn add_native(message: &mut messages::Histogram, histogram: &Histogram) {
    message.schema = histogram.schema.into();
    message.sample_sum = histogram.sum;
    message.zero_threshold = histogram.zero_threshold;
    message.positive_span = spans(&histogram.positive_spans);
    message.negative_span = spans(&histogram.negative_spans);
    match &histogram.counts {
        Counts::Integer(counts) => {
            message.sample_count = counts.count;
            message.zero_count = counts.zero;
            message.positive_delta = deltas(&counts.positive);
            message.negative_delta = deltas(&counts.negative);
        }
        Counts::Float(BucketCounts {
            count,
            zero,
            positive,
            negative,
        }) => {
            message.sample_count_float = *count;
            message.zero_count_float = *zero;
            message.positive_count = positive.clone();
            message.negative_count = negative.clone();
        }
    }
    let has_sign = !message.positive_span.is_empty()
        || !message.negative_span.is_empty()
        || message.zero_threshold > 0.0
        || histogram.zero_count() > 0.0;
    if !has_sign {
        // An empty span is how the format tells a native histogram without observations from a classic one.
        message.positive_span.push(BucketSpan::default());
    }
}

fn spans(spans: &[Span]) -> Vec<BucketSpan> {
    let span = |span: &Span| BucketSpan {
        offset: span.offset,
        length: span.length,
    };
    spans.iter().map(span).collect()
}

/// Counts beyond 2^63 are beyond the format: no reader takes their differences.
fn deltas(counts: &[u64]) -> Vec<i64> {
    let mut before = 0u64;
    let delta = |count: &u64| {
        let delta = count.wrapping_sub(before) as i64;
        before = *count;
        delta
    };
    counts.iter().map(delta).collect()
}
