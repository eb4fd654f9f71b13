//! `/metrics`: the same families, with classic buckets.
//!
//! The first of them moves what workers recorded into the totals, the others show the same totals, so that a look at
//! `/metrics` tells of one moment. Exemplars go to the store only: the encoder takes none that it did not keep itself.

use std::fmt;
use std::sync::Arc;

use plimsoll_runtime::metrics::Registry;
use plimsoll_types::MetricType;
use prometheus_client::encoding::{EncodeMetric, MetricEncoder, NoLabelSet};
use prometheus_client::metrics::MetricType as Kind;
use prometheus_client::registry::Unit;

use super::distribution::CLASSIC;
use super::families::{self, Family, Point, SeriesKey, Sink, View};
use super::{Signals, lock};

impl Signals {
    /// Adds all metrics of the gateway to a registry.
    ///
    /// # Panics
    /// When they are there already.
    pub fn register(self: &Arc<Self>, registry: &Registry) {
        for (index, family) in families::all().enumerate() {
            let unit = match family.unit {
                "" => None,
                "seconds" => Some(Unit::Seconds),
                "bytes" => Some(Unit::Bytes),
                other => Some(Unit::Other(other.into())),
            };
            let metric = Shown {
                signals: self.clone(),
                family,
                is_first: index == 0,
            };
            registry.register_stored(
                &format!("gateway_{}", family.name),
                family.help,
                unit,
                metric,
            );
        }
    }
}

/// A family as the registry knows it.
struct Shown {
    signals: Arc<Signals>,
    family: &'static Family,
    is_first: bool,
}

impl fmt::Debug for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.family.name)
    }
}

impl EncodeMetric for Shown {
    fn encode(&self, encoder: MetricEncoder<'_>) -> fmt::Result {
        if self.is_first {
            self.signals.look();
        }
        let totals = lock(&self.signals.totals);
        self.signals.with_view(&totals, |view| {
            let mut sink = Encoding {
                view,
                encoder,
                result: Ok(()),
            };
            (self.family.walk)(view, &mut sink);
            sink.result
        })
    }

    fn metric_type(&self) -> Kind {
        match self.family.kind {
            MetricType::Counter => Kind::Counter,
            MetricType::Histogram => Kind::Histogram,
            _ => Kind::Gauge,
        }
    }
}

/// Writes points as text.
struct Encoding<'v, 'e> {
    view: &'v View<'v>,
    encoder: MetricEncoder<'e>,
    /// The first error; nothing is written after it.
    result: fmt::Result,
}

impl Sink for Encoding<'_, '_> {
    fn point(&mut self, key: SeriesKey, point: Point<'_>) {
        if self.result.is_ok() {
            self.result = self.write(&key, &point);
        }
    }
}

impl Encoding<'_, '_> {
    fn write(&mut self, key: &SeriesKey, point: &Point<'_>) -> fmt::Result {
        let mut labels: Vec<(&'static str, String)> = Vec::new();
        key.labels(self.view, |name, value| labels.push((name, value.into())));
        if labels.is_empty() {
            return put(&mut self.encoder, point);
        }
        put(&mut self.encoder.encode_family(&labels)?, point)
    }
}

fn put(encoder: &mut MetricEncoder<'_>, point: &Point<'_>) -> fmt::Result {
    match point {
        Point::Counter(value, _) => encoder.encode_counter::<NoLabelSet, _, u64>(value, None),
        Point::Gauge(value) => encoder.encode_gauge(value),
        Point::Distribution(distribution, _) => {
            let ends = CLASSIC.map(|nanos| nanos as f64 / 1e9);
            let ends = ends.into_iter().chain([f64::INFINITY]);
            let buckets: Vec<_> = ends.zip(*distribution.classic()).collect();
            let (sum, count) = (distribution.sum_seconds(), distribution.count());
            encoder.encode_histogram::<NoLabelSet>(sum, count, &buckets, None)
        }
    }
}
