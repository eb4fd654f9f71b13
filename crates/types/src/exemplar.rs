//! Exemplars: from a number to one request that contributed to it.

use crate::{Labels, Timestamp};

/// A reference from a sample to something outside the metric set, usually a trace.
///
/// OpenMetrics 1.0 limits the label set of an exemplar to 128 UTF-8 code points; `wire` enforces that where the format
/// asks for it, storage does not.
#[derive(Clone, Debug, PartialEq)]
pub struct Exemplar {
    /// Identifies the reference, usually `trace_id` and `span_id`. May be empty.
    pub labels: Labels,
    /// The value of the one observation, in the unit of the series.
    pub value: f64,
    /// When the observation was made. Expositions may omit it; the scrape's time then stands in.
    pub timestamp: Timestamp,
}
