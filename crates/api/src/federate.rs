//! `/federate`: the latest sample of each selected series, for another Prometheus to scrape.
//!
//! The answer is streamed by metric, so its size costs no memory; what goes wrong after the first byte breaks it off.
//! As in Prometheus the client gets protobuf when it prefers it and the classic text otherwise, and native histograms
//! in protobuf only.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use plimsoll_types::{
    BUCKET_LABEL, Counts, Histogram, Labels, METRIC_NAME, Matcher, Metadata, Meter, MetricType,
    Queryable, ResetHint, Sample, SampleColumns, Selection, StorageError, TimeRange, Value,
};
use plimsoll_wire::exposition::{
    Escaping, Family, FamilySample, Format, Negotiated, negotiate, write_federated,
    write_untyped_head, write_untyped_sample,
};

use crate::account::Account;
use crate::app::App;
use crate::error::ApiError;
use crate::number::write_value;
use crate::params::Params;
use crate::streamed::{Pieces, streamed};

/// Pieces that wait for a slow client.
const PIECES_WAITING_MAX: usize = 8;
/// How long a piece may grow before it is sent.
const PIECE_BYTES: usize = 64 << 10;
/// The label that a scraper would add where it is missing.
const INSTANCE: &str = "instance";

/// Answers a federating scrape.
pub(crate) async fn federate(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    params: Params,
) -> Response {
    let turn = match app.turn().await {
        Ok(turn) => turn,
        Err(error) => return error.into_text().into_response(),
    };
    // Compiling regular expressions takes time and memory, so it has its turn, too.
    let read = move || params.federated_selectors();
    let read = app.parts.tasks.run_blocking("selectors", read).await;
    let selectors = match read.unwrap_or_else(|_| Err(ApiError::fault())) {
        Ok(selectors) => selectors,
        Err(error) => return error.into_text().into_response(),
    };
    let accept = headers
        .get(header::ACCEPT)
        .and_then(|value| value.to_str().ok());
    let negotiated = classic_or_protobuf(negotiate(accept.unwrap_or_default()));
    let now = app.parts.clock.now();
    let lookback = app.parts.engine.options().lookback_delta.as_millis();
    let lookback = i64::try_from(lookback).unwrap_or(i64::MAX);
    let work = Federation {
        store: app.parts.queryable.clone(),
        range: TimeRange::new(now.saturating_add_millis(-lookback), now),
        external: app.parts.surface.status.in_force().external_labels,
        negotiated,
        account: Account::open(&app),
    };
    let body = streamed(&app, "federate", PIECES_WAITING_MAX, move |pieces| {
        let _turn = turn;
        work.write(&selectors, pieces)
            .map_err(|error| error.to_string())
    });
    let content_type = [(header::CONTENT_TYPE, content_type(negotiated))];
    (content_type, body).into_response()
}

/// Prometheus does not federate in OpenMetrics: its clients take the text, which all of them understand.
fn classic_or_protobuf(negotiated: Negotiated) -> Negotiated {
    match negotiated.format {
        Format::PrometheusProto | Format::PrometheusText100 | Format::PrometheusText004 => {
            negotiated
        }
        Format::OpenMetricsText001 | Format::OpenMetricsText100 => Negotiated {
            format: match negotiated.escaping {
                Escaping::AllowUtf8 => Format::PrometheusText100,
                Escaping::Underscores => Format::PrometheusText004,
            },
            ..negotiated
        },
    }
}

fn content_type(negotiated: Negotiated) -> String {
    let plain = negotiated.content_type();
    match plain.contains("escaping=") {
        true => plain,
        false => format!("{plain}; escaping={}", negotiated.escaping.as_str()),
    }
}

/// One answer.
struct Federation {
    store: Arc<dyn Queryable>,
    /// In which the latest sample is looked for.
    range: TimeRange,
    external: Labels,
    negotiated: Negotiated,
    /// Holds what is found.
    account: Account,
}

/// A series and where its samples are read.
struct Found {
    labels: Labels,
    selection: usize,
    index: usize,
}

impl Federation {
    fn write(&self, selectors: &[Vec<Matcher>], pieces: &Pieces) -> Result<(), StorageError> {
        let mut selections = Vec::new();
        for matchers in selectors {
            let selected = self
                .store
                .select_metered(matchers, self.range, &self.account);
            selections.push(selected?);
        }
        let labels = selections.iter().flat_map(|selected| &selected.labels);
        let bytes = labels.map(|labels| labels.byte_count() + size_of::<Found>());
        self.account.take(bytes.sum())?;
        let found = sorted(&selections);
        let mut piece = Vec::new();
        let mut columns = SampleColumns::default();
        for metric in found.chunk_by(|a, b| a.labels.metric_name() == b.labels.metric_name()) {
            let mut samples = Vec::new();
            for series in metric {
                let source = &mut selections[series.selection].source;
                source.read(series.index, &mut columns)?;
                let last = columns.len().checked_sub(1).map(|last| columns.get(last));
                if let Some(last) = last.filter(|last| !last.value.is_stale()) {
                    samples.push((&series.labels, last));
                }
            }
            self.write_metric(&samples, &mut piece);
            if piece.len() >= PIECE_BYTES && !send(&mut piece, pieces) {
                return Ok(());
            }
        }
        send(&mut piece, pieces);
        Ok(())
    }

    fn write_metric(&self, samples: &[(&Labels, Sample)], into: &mut Vec<u8>) {
        match self.negotiated.format {
            Format::PrometheusProto => self.write_protobuf(samples, into),
            _ => self.write_text(samples, into),
        }
    }

    fn write_text(&self, samples: &[(&Labels, Sample)], into: &mut Vec<u8>) {
        let escaping = self.negotiated.escaping;
        let mut text = String::new();
        for (labels, sample) in samples {
            let Value::Float(value) = sample.value else {
                continue;
            };
            if text.is_empty() {
                write_untyped_head(
                    &mut text,
                    labels.metric_name().unwrap_or_default(),
                    escaping,
                );
            }
            let mut others: Vec<(&str, &str)> = self
                .external
                .iter()
                .filter(|(name, _)| labels.get(name).is_none())
                .collect();
            // An empty one keeps the scraper from adding its own.
            if labels.get(INSTANCE).is_none() && self.external.get(INSTANCE).is_none() {
                others.push((INSTANCE, ""));
                others.sort_unstable();
            }
            write_untyped_sample(
                &mut text,
                labels,
                &others,
                value,
                sample.timestamp,
                escaping,
            );
        }
        into.extend(text.as_bytes());
    }

    fn write_protobuf(&self, samples: &[(&Labels, Sample)], into: &mut Vec<u8>) {
        let kind = |sample: &Sample| match &sample.value {
            Value::Float(_) => MetricType::Unknown,
            Value::Histogram(histogram) if histogram.reset_hint == ResetHint::Gauge => {
                MetricType::GaugeHistogram
            }
            Value::Histogram(_) => MetricType::Histogram,
        };
        let families: Vec<Family> = samples
            .chunk_by(|(_, a), (_, b)| kind(a) == kind(b))
            .map(|run| Family {
                name: run[0].0.metric_name().unwrap_or_default().into(),
                metadata: Metadata {
                    metric_type: kind(&run[0].1),
                    ..Metadata::default()
                },
                samples: run
                    .iter()
                    .flat_map(|(labels, sample)| self.samples(labels, sample))
                    .collect(),
            })
            .collect();
        let written = write_federated(&families, self.negotiated.escaping, INSTANCE);
        into.extend(written);
    }

    /// Returns a sample as the format can say it: there are no custom buckets in it, so that they become classic ones.
    fn samples(&self, labels: &Labels, sample: &Sample) -> Vec<FamilySample> {
        let labels = with_external(labels, &self.external);
        let as_it_is = |labels, value| FamilySample {
            labels,
            value,
            timestamp: Some(sample.timestamp),
            start: sample.start,
            exemplars: Vec::new(),
        };
        match &sample.value {
            Value::Histogram(histogram) if histogram.has_custom_bounds() => {
                classic(&labels, histogram)
                    .into_iter()
                    .map(|(labels, value)| as_it_is(labels, Value::Float(value)))
                    .collect()
            }
            value => vec![as_it_is(labels, value.clone())],
        }
    }
}

/// Returns the series of a classic histogram with the same buckets.
fn classic(labels: &Labels, histogram: &Histogram) -> Vec<(Labels, f64)> {
    let name = labels.metric_name().unwrap_or_default();
    let with = |suffix: &str, bound: Option<f64>| {
        let mut builder = labels.to_builder();
        builder.set(METRIC_NAME, &format!("{name}{suffix}"));
        if let Some(bound) = bound {
            let mut text = String::new();
            write_value(&mut text, bound);
            builder.set(BUCKET_LABEL, &text);
        }
        builder.build()
    };
    let mut series = vec![
        (with("_count", None), histogram.count()),
        (with("_sum", None), histogram.sum),
    ];
    let counts = match &histogram.counts {
        Counts::Integer(counts) => counts.positive.iter().map(|count| *count as f64).collect(),
        Counts::Float(counts) => counts.positive.clone(),
    };
    let mut cumulative = 0.0;
    let (mut counts, mut index) = (counts.into_iter(), 0i64);
    for span in &histogram.positive_spans {
        let begin = index + i64::from(span.offset);
        index = begin + i64::from(span.length);
        for at in begin..index {
            cumulative += counts.next().unwrap_or(0.0);
            // What lies above the last bound is told by the bucket that has none.
            let bound = usize::try_from(at)
                .ok()
                .and_then(|at| histogram.custom_bounds.get(at));
            if let Some(bound) = bound {
                series.push((with("_bucket", Some(*bound)), cumulative));
            }
        }
    }
    series.push((with("_bucket", Some(f64::INFINITY)), histogram.count()));
    series
}

/// Adds the labels that name this server, unless a series has its own.
pub(crate) fn with_external(labels: &Labels, external: &Labels) -> Labels {
    let mut builder = external.to_builder();
    for (name, value) in labels.iter() {
        builder.set(name, value);
    }
    builder.build()
}

/// Returns the series of all selections once each, by metric.
fn sorted(selections: &[Selection]) -> Vec<Found> {
    let mut found = Vec::new();
    for (selection, selected) in selections.iter().enumerate() {
        let labels = selected.labels.iter().enumerate();
        found.extend(labels.map(|(index, labels)| Found {
            labels: labels.clone(),
            selection,
            index,
        }));
    }
    fn name(labels: &Labels) -> &str {
        labels.get(METRIC_NAME).unwrap_or_default()
    }
    found.sort_by(|a, b| {
        let by_name = name(&a.labels).cmp(name(&b.labels));
        by_name.then_with(|| a.labels.cmp(&b.labels))
    });
    found.dedup_by(|a, b| a.labels == b.labels);
    found
}

/// Sends what was written; `false` when nobody reads any more.
fn send(piece: &mut Vec<u8>, pieces: &Pieces) -> bool {
    let full = std::mem::take(piece);
    full.is_empty() || pieces.blocking_send(Ok(full.into())).is_ok()
}
