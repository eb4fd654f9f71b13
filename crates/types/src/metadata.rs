//! What a metric means: type, unit, help.

use std::fmt;

/// The type of a metric family, as in OpenMetrics 1.0; the text format 0.0.4 knows a subset.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum MetricType {
    /// Not said, or `untyped` in the text format.
    #[default]
    Unknown,
    /// Only ever grows, save for resets.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Cumulative buckets, classic or native.
    Histogram,
    /// A histogram whose buckets may go down.
    GaugeHistogram,
    /// Quantiles computed by the client.
    Summary,
    /// Constant 1 with information in labels.
    Info,
    /// One series per state, 0 or 1.
    StateSet,
}

impl MetricType {
    /// Returns the OpenMetrics 1.0 and Prometheus API spelling: `counter`, `gaugehistogram`, `unknown`, ...
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
            Self::GaugeHistogram => "gaugehistogram",
            Self::Summary => "summary",
            Self::Info => "info",
            Self::StateSet => "stateset",
        }
    }

    /// Reads a spelling of [`as_str`](Self::as_str), or the text format's `untyped`.
    pub fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "unknown" | "untyped" => Self::Unknown,
            "counter" => Self::Counter,
            "gauge" => Self::Gauge,
            "histogram" => Self::Histogram,
            "gaugehistogram" => Self::GaugeHistogram,
            "summary" => Self::Summary,
            "info" => Self::Info,
            "stateset" => Self::StateSet,
            _ => return None,
        })
    }
}

impl fmt::Display for MetricType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Type, unit and help of a metric family.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Metadata {
    /// The type; [`MetricType::Unknown`] when the source did not say.
    pub metric_type: MetricType,
    /// The unit in OpenMetrics spelling (`seconds`, `bytes`); empty when not said.
    pub unit: String,
    /// One sentence for people; empty when not said.
    pub help: String,
}
