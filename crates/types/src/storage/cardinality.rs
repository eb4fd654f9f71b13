//! What makes a store large: metrics, labels and pairs by series, what comes and goes, what nobody asks for.

use std::time::Duration;

use super::NamedCount;
use crate::{TimeRange, Timestamp};

/// What to count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CardinalityQuery {
    /// How long each list is at most.
    pub limit: usize,
    /// A metric that was not queried for so long counts as unused.
    pub unused_after: Duration,
    /// The length of the two windows between which series come and go; `None` to not look at all series for it.
    pub churn_window: Option<Duration>,
}

/// How many series there are of what. Lists are sorted, highest first, then by name.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Cardinality {
    /// Active series.
    pub series: u64,
    /// Distinct metric names.
    pub metrics: u64,
    /// Distinct label names, `__name__` among them.
    pub label_names: u64,
    /// Distinct label pairs.
    pub label_pairs: u64,
    /// Metrics by series.
    pub by_metric: Vec<MetricSeries>,
    /// Label names by distinct values.
    pub by_label: Vec<NamedCount>,
    /// Label names by bytes of their values, each value counted once per series.
    pub bytes_by_label: Vec<NamedCount>,
    /// Label pairs, named `label=value`, by series.
    pub by_pair: Vec<NamedCount>,
    /// Metrics whose samples nobody asked for.
    pub unused: Unused,
    /// What came and what went; `None` when it was not asked for.
    pub churn: Option<Churn>,
}

/// A metric and the number of its series.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MetricSeries {
    /// The metric's name.
    pub name: String,
    /// Its active series.
    pub series: u64,
    /// When a query last read samples of it; `None`: not since [`Unused::recorded_since`].
    pub last_queried: Option<Timestamp>,
}

/// Metrics that cost and that nobody asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unused {
    /// Since when queries are noted: of a time before nothing is known.
    pub recorded_since: Timestamp,
    /// A metric that was last queried before this counts as unused.
    pub before: Timestamp,
    /// How many metrics that are.
    pub metrics: u64,
    /// Their series.
    pub series: u64,
    /// Those with the most series.
    pub by_metric: Vec<MetricSeries>,
}

/// The series of two windows of equal length, one after the other, compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Churn {
    /// The window before.
    pub before: TimeRange,
    /// The window that ends now.
    pub now: TimeRange,
    /// Series with samples in the window now and none in the one before.
    pub created: u64,
    /// Series with samples in the window before and none now.
    pub ended: u64,
    /// Metrics by series created and ended together.
    pub by_metric: Vec<MetricChurn>,
}

/// What came and went of a metric.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MetricChurn {
    /// The metric's name; empty for series without one.
    pub name: String,
    /// Series created.
    pub created: u64,
    /// Series ended.
    pub ended: u64,
    /// Series with samples in either window.
    pub series: u64,
}
