//! What a subject answers, in a form that both our engine and a server's JSON can be brought into.

use std::sync::Arc;

use plimsoll_types::{Histogram, Labels};

/// The answer to a query.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Answer {
    /// Its value.
    pub value: AnswerValue,
    /// What makes it doubtful.
    pub warnings: Vec<String>,
    /// What the reader may want to know.
    pub infos: Vec<String>,
}

/// The value of a query.
#[derive(Clone, Debug, PartialEq)]
pub enum AnswerValue {
    /// One number.
    Scalar(f64),
    /// One string.
    String(String),
    /// Series with one value each, in the order of the answer.
    Vector(Vec<(Labels, Found)>),
    /// Series with values at points in time (milliseconds), in the order of the answer.
    Matrix(Vec<(Labels, Vec<(i64, Found)>)>),
}

impl Default for AnswerValue {
    fn default() -> Self {
        Self::Vector(Vec::new())
    }
}

/// One value that was found.
#[derive(Clone, Debug, PartialEq)]
pub enum Found {
    /// A float.
    Float(f64),
    /// A histogram.
    Histogram(FoundHistogram),
}

/// A histogram, as much of it as the subject shows.
#[derive(Clone, Debug, PartialEq)]
pub enum FoundHistogram {
    /// All of it.
    Whole(Arc<Histogram>),
    /// What Prometheus' JSON shows: schema, spans and hints are not visible.
    Shown {
        /// All observations.
        count: f64,
        /// Their sum.
        sum: f64,
        /// The buckets that are not empty, ascending.
        buckets: Vec<Bucket>,
    },
}

/// A bucket as Prometheus' JSON shows it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bucket {
    /// Which bounds are inside: 0 the upper, 1 the lower, 2 none, 3 both.
    pub rule: u8,
    /// The lower bound.
    pub lower: f64,
    /// The upper bound.
    pub upper: f64,
    /// Observations inside.
    pub count: f64,
}

impl Bucket {
    /// Returns the buckets of a histogram that are not empty, ascending, as Prometheus shows them.
    pub fn of(histogram: &Histogram) -> Vec<Self> {
        let all = histogram.buckets().into_iter();
        let filled = all.filter(|bucket| bucket.count != 0.0);
        let shown = filled.map(|bucket| Self {
            rule: rule(histogram, bucket.lower, bucket.upper),
            lower: bucket.lower,
            upper: bucket.upper,
            count: bucket.count,
        });
        shown.collect()
    }
}

/// Exponential buckets hold their bound away from zero, custom ones their upper bound and the first one all below it.
fn rule(histogram: &Histogram, lower: f64, upper: f64) -> u8 {
    let (has_lower, has_upper) = match histogram.has_custom_bounds() {
        true => (lower == f64::NEG_INFINITY, true),
        false => (lower < 0.0, upper > 0.0),
    };
    match (has_lower, has_upper) {
        (false, true) => 0,
        (true, false) => 1,
        (false, false) => 2,
        (true, true) => 3,
    }
}
