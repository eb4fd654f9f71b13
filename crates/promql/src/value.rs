//! What a query returns.

use plimsoll_types::{Labels, Sample, Timestamp, Value as SampleValue};

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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Samples read from the store, staleness markers included.
    pub samples_read: u64,
    /// Series read from the store, counted once per selector that read them.
    pub series_read: u64,
    /// Most bytes that were accounted at the same time.
    pub bytes_peak: usize,
    /// Most samples that were held at the same time.
    pub samples_peak: usize,
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
