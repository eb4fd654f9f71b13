//! What a store may know of the samples of a range without reading them one by one.

use crate::Timestamp;

/// The float samples of one series in one range, summed up bit for bit as reading them one by one would.
///
/// It is only made where that holds: no histogram, no staleness marker and no NaN is among the samples.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Summary {
    /// How many samples there are, at least 1.
    pub count: u64,
    /// The first one.
    pub first: (Timestamp, f64),
    /// The last one.
    pub last: (Timestamp, f64),
    /// The smallest value; of 0 and -0 the one that came first.
    pub min: f64,
    /// The largest value; of 0 and -0 the one that came first.
    pub max: f64,
    /// The sum of all values when it is exact, so that neither order nor compensation matters; `None` when it may be
    /// rounded. 0 is never -0.
    pub sum: Option<f64>,
    /// The sum of the values before each drop (`value < value before`), what resets add to a counter: when
    /// `(last - first) + resets` is what adding one after the other to `last - first` gives; else `None`.
    pub resets: Option<f64>,
}
