//! The arithmetic of folding: from the samples of many series to those of the one that stands for them.
//!
//! | kind | which | what the overflow series holds |
//! |---|---|---|
//! | counter | counters, parts of histograms and summaries, native histograms | the sum of what each series grew by since it is folded; a series that goes takes nothing away, one that begins anew counts from zero |
//! | gauge | everything that goes up and down | the sum of the last values that are no older than 5 min |
//! | extreme | quantiles, and points in time (`_created`, `_timestamp_seconds`, `_start_time_seconds`) | the highest of those values |
//!
//! So `sum(rate(...))` over the metric is what it would be without folding: the first value of a counter is where it
//! begins, not growth, unless its start timestamp says that it began after the folding did.

use std::sync::Arc;

use plimsoll_types::{Histogram, HistogramSum, MetricType, ResetHint, Sample, Timestamp, Value};

/// How the values of one time become one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Counter,
    Gauge,
    Extreme,
}

/// How long the last value of a gauge counts, in milliseconds: as in a query.
const LOOKBACK_MILLIS: i64 = 5 * 60 * 1000;

impl Kind {
    /// Tells the kind of a metric; the type where it is known, else what its name says.
    pub(super) fn of(metric: &str, has_quantile: bool, metric_type: MetricType) -> Self {
        let ends = |suffixes: &[&str]| suffixes.iter().any(|suffix| metric.ends_with(suffix));
        if has_quantile || ends(&["_created", "_timestamp_seconds", "_start_time_seconds"]) {
            return Self::Extreme;
        }
        match metric_type {
            MetricType::Counter | MetricType::Histogram | MetricType::Summary => Self::Counter,
            MetricType::Unknown if ends(&["_total", "_bucket", "_count", "_sum"]) => Self::Counter,
            _ => Self::Gauge,
        }
    }
}

/// What is known of a folded series.
#[derive(Clone, Debug, Default)]
pub(super) struct Last {
    /// `None` before the first sample, and of a gauge after the last.
    pub(super) value: Option<Value>,
    pub(super) time: i64,
    /// It has not ended.
    pub(super) is_running: bool,
}

/// What counters grew by, all together.
#[derive(Debug, Default)]
pub(super) struct Growth {
    float: f64,
    histogram: Option<HistogramSum>,
    /// The last sample that was added was one.
    is_histogram: bool,
}

/// A sample that could not be added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Unfit;

impl Growth {
    /// Adds what a counter grew by between its last sample and this one; `begin` is when the folding began.
    ///
    /// # Errors
    /// The value is no count, or a histogram that cannot be added to the others.
    pub(super) fn add(&mut self, last: &Last, sample: &Sample, begin: i64) -> Result<(), Unfit> {
        let start = sample.start.get().map(Timestamp::millis);
        let began_since = |time: i64| start.is_some_and(|start| start > time);
        self.is_histogram = matches!(sample.value, Value::Histogram(_));
        match (&sample.value, &last.value) {
            (Value::Float(value), _) if !value.is_finite() => Err(Unfit),
            (Value::Float(value), Some(Value::Float(before))) => {
                let is_new = value < before || began_since(last.time);
                self.float += if is_new { *value } else { value - before };
                Ok(())
            }
            (Value::Float(value), _) => {
                self.float += if began_since(begin) { *value } else { 0.0 };
                Ok(())
            }
            (Value::Histogram(value), Some(Value::Histogram(before))) => {
                let is_new = value.detects_reset_after(before) || began_since(last.time);
                self.add_histogram(value, (!is_new).then_some(&**before))
            }
            (Value::Histogram(value), _) => {
                self.add_histogram(value, (!began_since(begin)).then_some(&**value))
            }
        }
    }

    fn add_histogram(
        &mut self,
        value: &Histogram,
        before: Option<&Histogram>,
    ) -> Result<(), Unfit> {
        let mut sum = match &self.histogram {
            Some(sum) => {
                let mut sum = sum.clone();
                sum.add(value).map_err(|_| Unfit)?;
                sum
            }
            None => HistogramSum::new(value),
        };
        if let Some(before) = before {
            sum.subtract(before).map_err(|_| Unfit)?;
        }
        self.histogram = Some(sum);
        Ok(())
    }

    /// Returns the growth so far, in the form of the sample that was added last.
    pub(super) fn value(&self) -> Value {
        match &self.histogram {
            Some(sum) if self.is_histogram => Value::Histogram(Arc::new(plain(sum))),
            _ => Value::Float(self.float),
        }
    }
}

/// Returns a sum as a sample that knows nothing of resets.
fn plain(sum: &HistogramSum) -> Histogram {
    Histogram {
        reset_hint: ResetHint::Unknown,
        ..sum.value()
    }
}

/// Joins the last values of gauges at a time; `None` when none is fresh.
pub(super) fn joined<'a>(
    kind: Kind,
    members: impl Iterator<Item = &'a Last>,
    time: i64,
) -> Option<Value> {
    let is_fresh = |last: &&Last| last.is_running && time - last.time <= LOOKBACK_MILLIS;
    let mut float: Option<f64> = None;
    let mut histogram: Option<HistogramSum> = None;
    for value in members
        .filter(is_fresh)
        .filter_map(|last| last.value.as_ref())
    {
        match (value, kind) {
            (Value::Float(value), Kind::Extreme) => {
                float = Some(float.map_or(*value, |highest| highest.max(*value)));
            }
            (Value::Float(value), _) => float = Some(float.unwrap_or(0.0) + value),
            (Value::Histogram(value), _) => match &mut histogram {
                // Those with other buckets are left out.
                Some(sum) => drop(sum.add(value)),
                None => histogram = Some(HistogramSum::new(value)),
            },
        }
    }
    let gauge = |sum: HistogramSum| Histogram {
        reset_hint: ResetHint::Gauge,
        ..sum.value()
    };
    float
        .map(Value::Float)
        .or(histogram.map(|sum| Value::Histogram(Arc::new(gauge(sum)))))
}
