//! From totals to samples in the store.
//!
//! | a series | gets |
//! |---|---|
//! | that was not there at the export before | 0 at the time of that export, if it counts, and what it is now |
//! | that was there | what it is now |
//! | that is not there any more | a staleness marker |
//!
//! What the store did not take is not lost, since values are cumulative: only a first 0 and a marker are given again. Times
//! of exports ascend even when the clock was set back by a few minutes. 1,000 series are 200 samples a second; none is left
//! out because it did not change, so that a rate over 15 s has its two samples.

mod write;

use std::collections::HashMap;
use std::sync::Arc;

use plimsoll_types::{
    Appender, Exemplar, Labels, LabelsBuilder, METRIC_NAME, MetricType, Sample, SeriesRef,
    StartTimestamp, StorageError, Timestamp, Value, stale_nan,
};

use super::cells::Example;
use super::families::{self, Family, PREFIX, Point, SeriesKey, Sink, View};
use super::{Signals, lock};
use crate::trace::Hex;

/// So far ahead of the clock exports may be that was set back: half of what the store and the ledger of SLOs take.
const AHEAD_MILLIS_MAX: i64 = 5 * 60_000;

/// Identifies a series: the family's place and what tells its series apart.
type Key = (usize, SeriesKey);

/// What became of an export.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Exported {
    /// Samples that the store took, markers included.
    pub samples: u64,
    /// Series that end with this export.
    pub ended: u64,
    /// Samples that the store refused; what they said is in the next ones.
    pub refused: u64,
}

/// What is remembered from one export to the next.
#[derive(Debug)]
pub(super) struct State {
    /// The time of the last export, or when the process began to count.
    last: Timestamp,
    /// Counts exports, to find series that were not shown.
    round: u64,
    series: HashMap<Key, Series>,
}

/// A series in the store.
#[derive(Debug)]
struct Series {
    labels: Labels,
    /// `None` until it is resolved, and after the store forgot it.
    reference: Option<SeriesRef>,
    /// When it was last known to be zero.
    start: Timestamp,
    is_counter: bool,
    /// The store has had a sample of it.
    is_known: bool,
    round: u64,
}

impl State {
    pub(super) fn new(now: Timestamp) -> Self {
        Self {
            last: now,
            round: 0,
            series: HashMap::new(),
        }
    }
}

impl Signals {
    /// Writes what was counted into the store; `now` is wall time. Blocks on locks of the store.
    ///
    /// Called by [`start`](Self::start)'s task, and once more after the last request.
    ///
    /// # Errors
    /// What the store says when it takes nothing. The next export has everything.
    pub fn export(&self, store: &dyn Appender, now: Timestamp) -> Result<Exported, StorageError> {
        let mut state = lock(&self.exports);
        let now = state.time_of_export(now);
        self.look();
        let mut pending = Pending::default();
        self.with_view(&lock(&self.totals), |view| {
            state.collect(view, &self.options.labels, now, &mut pending);
        });
        state.end_those_gone(now, &mut pending);
        state.last = now;
        let exported = state.write(store, pending)?;
        // Only now: what the store did not take is needed for the next one.
        self.forget_what_is_gone();
        Ok(exported)
    }
}

/// What is to be written.
#[derive(Default)]
struct Pending {
    samples: Vec<(Key, Sample)>,
    exemplars: Vec<(Key, Exemplar)>,
    /// Series that end with it.
    ended: Vec<Key>,
}

impl State {
    /// Returns the time of an export: wall time, but after the last export, unless that one lies so far ahead that the
    /// store would refuse all samples until then.
    fn time_of_export(&self, now: Timestamp) -> Timestamp {
        let next = self.last.saturating_add_millis(1);
        match next.millis_since(now) {
            ..=AHEAD_MILLIS_MAX => now.max(next),
            _ => now,
        }
    }

    fn collect(&mut self, view: &View<'_>, labels: &Labels, now: Timestamp, into: &mut Pending) {
        self.round += 1;
        for (index, family) in families::all().enumerate() {
            let mut sink = Collecting {
                state: self,
                index,
                family,
                view,
                labels,
                now,
                into,
            };
            (family.walk)(view, &mut sink);
        }
    }

    /// Ends series that were not shown this time.
    fn end_those_gone(&mut self, now: Timestamp, into: &mut Pending) {
        let round = self.round;
        let gone = self
            .series
            .iter()
            .filter(|(_, series)| series.round != round);
        for (key, series) in gone {
            // The store needs no marker for what it never had.
            if series.is_known {
                let marker = Sample::float(now, stale_nan());
                into.samples.push((key.clone(), marker));
            }
            into.ended.push(key.clone());
        }
    }
}

/// Makes samples of one family.
struct Collecting<'a> {
    state: &'a mut State,
    index: usize,
    family: &'static Family,
    view: &'a View<'a>,
    labels: &'a Labels,
    now: Timestamp,
    into: &'a mut Pending,
}

impl Sink for Collecting<'_> {
    fn point(&mut self, key: SeriesKey, point: Point<'_>) {
        let key = (self.index, key);
        self.note(&key);
        let series = &self.state.series[&key];
        let start = match series.is_counter {
            true => StartTimestamp::from_millis(series.start.millis()),
            false => StartTimestamp::UNKNOWN,
        };
        let sample = |timestamp, value| Sample {
            timestamp,
            start,
            value,
        };
        if series.is_counter && !series.is_known {
            let zero = match self.family.kind {
                MetricType::Histogram => Value::Histogram(Arc::new(super::distribution::zero())),
                _ => Value::Float(0.0),
            };
            let sample = sample(series.start, zero);
            self.into.samples.push((key.clone(), sample));
        }
        let (value, example) = match point {
            Point::Counter(value, example) => (Value::Float(value as f64), example),
            Point::Gauge(value) => (Value::Float(value), None),
            Point::Distribution(distribution, example) => {
                let histogram = Arc::new(distribution.to_histogram());
                (Value::Histogram(histogram), example)
            }
        };
        let value_of = |example: &Example| match self.family.kind {
            MetricType::Histogram => example.took.as_secs_f64(),
            _ => 1.0,
        };
        if let Some(example) = example {
            let exemplar = exemplar(example, value_of(example));
            self.into.exemplars.push((key.clone(), exemplar));
        }
        self.into.samples.push((key, sample(self.now, value)));
    }
}

impl Collecting<'_> {
    /// Notes that a series is there.
    fn note(&mut self, key: &Key) {
        let round = self.state.round;
        if let Some(series) = self.state.series.get_mut(key) {
            series.round = round;
            return;
        }
        let series = Series {
            labels: self.labels(&key.1),
            reference: None,
            // Nothing of it was counted at the export before. A marker may be there, so it is one later.
            start: self.state.last.saturating_add_millis(1),
            is_counter: self.family.kind != MetricType::Gauge,
            is_known: false,
            round,
        };
        self.state.series.insert(key.clone(), series);
    }

    fn labels(&self, key: &SeriesKey) -> Labels {
        let mut builder: LabelsBuilder = self.labels.to_builder();
        builder.set(METRIC_NAME, &name(self.family));
        key.labels(self.view, |name, value| {
            builder.set(name, value);
        });
        builder.build()
    }
}

/// Returns the name that samples of a family carry.
pub(super) fn name(family: &Family) -> String {
    let mut name = format!("{PREFIX}{}", family.name);
    if !family.unit.is_empty() {
        name = name + "_" + family.unit;
    }
    if family.kind == MetricType::Counter {
        name += "_total";
    }
    name
}

fn exemplar(example: &Example, value: f64) -> Exemplar {
    Exemplar {
        labels: Labels::from_pairs([("trace_id", Hex(&example.trace_id).to_string())]),
        value,
        timestamp: example.at,
    }
}
