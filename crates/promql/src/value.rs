//! What a query returns.

use std::time::Duration;

use plimsoll_types::{Labels, Sample, Timestamp, Value as SampleValue};

use crate::explain::PlanNode;

/// One series of an instant vector.
#[derive(Clone, Debug, PartialEq)]
pub struct InstantSample {
    /// Its labels.
    pub labels: Labels,
    /// The evaluation time, not the time of measurement.
    pub timestamp: Timestamp,
    /// Its value.
    pub value: SampleValue,
}

/// One series of a matrix.
#[derive(Clone, Debug, PartialEq)]
pub struct RangeSeries {
    /// Its labels.
    pub labels: Labels,
    /// Its samples in ascending time, never empty.
    pub samples: Vec<Sample>,
}

/// The value of a query.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// One number.
    Scalar(f64),
    /// One string.
    String(String),
    /// At one point in time; ordered only where the query asks for an order.
    Vector(Vec<InstantSample>),
    /// Over time, sorted by labels.
    Matrix(Vec<RangeSeries>),
}

/// What a query cost.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Stats {
    /// Samples read from the store, staleness markers included.
    pub samples_read: u64,
    /// Series read from the store, counted once per selector that read them.
    pub series_read: u64,
    /// Most bytes that were accounted at the same time.
    pub bytes_peak: usize,
    /// Most samples that were held at the same time.
    pub samples_peak: usize,
    /// Samples that the selectors showed, counted at every step that sees them: Prometheus' `totalQueryableSamples`.
    pub samples_queryable: u64,
    /// The same per step; empty unless [`Control::with_samples_per_step`](crate::Control::with_samples_per_step).
    pub samples_per_step: Vec<u64>,
    /// How long it took.
    pub timings: Timings,
    /// The operators with what each one cost; only with [`Control::with_plan`](crate::Control::with_plan).
    pub plan: Option<PlanNode>,
}

/// How long the parts of an evaluation took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Timings {
    /// Planning; what is constant is evaluated here too.
    pub preparation: Duration,
    /// Reading and calculating.
    pub evaluation: Duration,
    /// Bringing the result in order.
    pub sorting: Duration,
    /// From the first to the last.
    pub total: Duration,
}

/// The answer to a query.
#[derive(Clone, Debug)]
pub struct QueryResult {
    /// Its value.
    pub value: Value,
    /// When the evaluation was for: the instant, or the start of the range. Scalars and strings have no time of their own.
    pub timestamp: Timestamp,
    /// What makes the value doubtful, with `(line:column)` where it concerns a part of the query.
    pub warnings: Vec<String>,
    /// What the reader may want to know, in the same form.
    pub infos: Vec<String>,
    /// What it cost.
    pub stats: Stats,
}
