//! Annotations: what the reader of a result should know, worded as Prometheus words it.

mod list;
mod place;
mod repair;

use plimsoll_types::{Tier, Timestamp};

use crate::number::{self, Quoted};

pub(crate) use list::Annotations;
pub(crate) use place::Twins;
pub(crate) use repair::Repair;

/// What can be said about a result. Names are metric names; an empty name is left out where Prometheus does so.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Annotation {
    /// A quantile outside 0 to 1.
    InvalidQuantile(f64),
    /// A ratio outside -1 to 1, and the one that was used instead.
    InvalidRatio { value: f64, used: f64 },
    /// A classic histogram's series without a number in `le`.
    BadBucketLabel { name: String, label: String },
    /// Floats and histograms in one window.
    MixedFloatsHistograms { name: String },
    /// Floats and histograms in one group of an aggregation.
    MixedFloatsHistogramsInAggregation,
    /// Classic buckets and native histograms with the same labels.
    MixedClassicNative { name: String },
    /// A gauge histogram where a counter is asked for.
    NotCounter { name: String },
    /// A counter histogram where a gauge is asked for.
    NotGauge { name: String },
    /// Exponential and custom buckets, which have nothing in common.
    MixedExponentialCustom { name: String },
    /// As `MixedExponentialCustom`, on the two sides of an operator.
    IncompatibleBucketLayout { op: &'static str },
    /// `sort` in a range query.
    SortInRangeQuery,
    /// One histogram began anew and another one did not.
    CounterResetCollision(HistogramStep),
    /// A sample that claims to begin before the one before it ended.
    StartTimeOverlap { name: String },
    /// A rate of what is not named like a counter.
    PossibleNonCounter { name: String },
    /// A rate of what `__type__` does not call a counter.
    PossibleNonCounterType { name: String, found: String },
    /// Buckets that fall where they should rise; `None` when nothing more is known.
    ForcedMonotonicity {
        name: String,
        repair: Option<Repair>,
    },
    /// An operator between types that it does not combine.
    IncompatibleTypes {
        op: &'static str,
        left: &'static str,
        right: &'static str,
    },
    /// An aggregation that only sees floats.
    HistogramIgnoredInAggregation(&'static str),
    /// A range function that only sees floats.
    HistogramIgnoredInMixedRange { name: String },
    /// A quantile that falls among observations of NaN.
    QuantileIsNan { name: String },
    /// A quantile that observations of NaN push up.
    QuantileSkewedByNan { name: String },
    /// A fraction that knows nothing of observations of NaN.
    FractionWithoutNan { name: String },
    /// Custom bounds that differed; only common ones are left.
    MismatchedCustomBuckets(HistogramStep),
    /// What is answered from windows of a tier, because samples are kept since then only, or because it is the same.
    FromWindows {
        tier: Tier,
        since: Option<Timestamp>,
    },
    /// A function that has to look at samples, some of which are gone.
    SamplesGone {
        name: &'static str,
        since: Timestamp,
    },
    /// A store that could not give everything; carries no position.
    Storage(String),
}

/// What was done with two histograms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HistogramStep {
    Addition,
    Subtraction,
    Aggregation,
}

impl HistogramStep {
    fn as_str(self) -> &'static str {
        match self {
            Self::Addition => "addition",
            Self::Subtraction => "subtraction",
            Self::Aggregation => "aggregation",
        }
    }
}

impl Annotation {
    fn is_warning(&self) -> bool {
        match self {
            Self::InvalidQuantile(_)
            | Self::InvalidRatio { .. }
            | Self::BadBucketLabel { .. }
            | Self::MixedFloatsHistograms { .. }
            | Self::MixedFloatsHistogramsInAggregation
            | Self::MixedClassicNative { .. }
            | Self::NotCounter { .. }
            | Self::NotGauge { .. }
            | Self::MixedExponentialCustom { .. }
            | Self::IncompatibleBucketLayout { .. }
            | Self::SortInRangeQuery
            | Self::CounterResetCollision(_)
            | Self::StartTimeOverlap { .. }
            | Self::Storage(_) => true,
            Self::PossibleNonCounter { .. }
            | Self::PossibleNonCounterType { .. }
            | Self::ForcedMonotonicity { .. }
            | Self::IncompatibleTypes { .. }
            | Self::HistogramIgnoredInAggregation(_)
            | Self::HistogramIgnoredInMixedRange { .. }
            | Self::QuantileIsNan { .. }
            | Self::QuantileSkewedByNan { .. }
            | Self::FractionWithoutNan { .. }
            | Self::FromWindows { .. }
            | Self::SamplesGone { .. }
            | Self::MismatchedCustomBuckets(_) => false,
        }
    }

    /// Returns the sentence. What a [`Repair`] adds to it is not part: repairs of one metric are told together.
    fn text(&self) -> String {
        match self {
            Self::InvalidQuantile(value) => format!(
                "quantile value should be between 0 and 1, got {}",
                number::format(*value)
            ),
            Self::InvalidRatio { value, used } => format!(
                "ratio value should be between -1 and 1, got {}, capping to {}",
                number::format(*value),
                number::format(*used)
            ),
            Self::BadBucketLabel { name, label } => {
                let label = Quoted(label);
                let text =
                    format!("bucket label \"le\" is missing or has a malformed value of {label}");
                with_metric(&text, name)
            }
            Self::MixedFloatsHistograms { name } => {
                of_metric("encountered a mix of histograms and floats", name)
            }
            Self::MixedFloatsHistogramsInAggregation => {
                "encountered a mix of histograms and floats for aggregation".into()
            }
            Self::MixedClassicNative { name } => with_metric(
                "vector contains a mix of classic and native histograms",
                name,
            ),
            Self::NotCounter { name } => {
                format!(
                    "this native histogram metric is not a counter: {}",
                    Quoted(name)
                )
            }
            Self::NotGauge { name } => {
                format!(
                    "this native histogram metric is not a gauge: {}",
                    Quoted(name)
                )
            }
            Self::MixedExponentialCustom { name } => of_metric(
                "vector contains a mix of histograms with exponential and custom buckets schemas",
                name,
            ),
            Self::IncompatibleBucketLayout { op } => {
                format!("incompatible bucket layout encountered for binary operator {op}")
            }
            Self::SortInRangeQuery => {
                "sort is ineffective for range queries since results are always ordered by labels"
                    .into()
            }
            Self::CounterResetCollision(step) => {
                format!(
                    "conflicting counter resets during histogram {}",
                    step.as_str()
                )
            }
            Self::StartTimeOverlap { name } => format!(
                "sample has start time that overlaps with previous sample timestamp for metric {}",
                Quoted(name)
            ),
            Self::PossibleNonCounter { name } => format!(
                "metric might not be a counter, name does not end in _total/_sum/_count/_bucket: {}",
                Quoted(name)
            ),
            Self::PossibleNonCounterType { name, found } => format!(
                "metric might not be a counter, __type__ label is not set to \"counter\" or \
                 \"histogram\", got {}: {}",
                Quoted(found),
                Quoted(name)
            ),
            Self::ForcedMonotonicity { name, .. } => with_metric(
                "input to histogram_quantile needed to be fixed for monotonicity (see \
                 https://prometheus.io/docs/prometheus/latest/querying/functions/\
                 #histogram_quantile)",
                name,
            ),
            Self::IncompatibleTypes { op, left, right } => format!(
                "incompatible sample types encountered for binary operator {}: {left} {op} {right}",
                Quoted(op)
            ),
            Self::HistogramIgnoredInAggregation(op) => {
                format!("ignored histogram in {op} aggregation")
            }
            Self::HistogramIgnoredInMixedRange { name } => of_metric(
                "ignored histograms in a range containing both floats and histograms",
                name,
            ),
            Self::QuantileIsNan { name } => with_metric(
                "input to histogram_quantile has NaN observations, result is NaN",
                name,
            ),
            Self::QuantileSkewedByNan { name } => with_metric(
                "input to histogram_quantile has NaN observations, result is skewed higher",
                name,
            ),
            Self::FractionWithoutNan { name } => with_metric(
                "input to histogram_fraction has NaN observations, which are excluded from all \
                 fractions",
                name,
            ),
            Self::MismatchedCustomBuckets(step) => {
                format!(
                    "mismatched custom buckets were reconciled during {}",
                    step.as_str()
                )
            }
            Self::FromWindows { tier, since: None } => {
                format!("answered from {tier} windows, which tell the same as samples here")
            }
            Self::FromWindows {
                tier,
                since: Some(since),
            } => format!(
                "answered from {tier} windows where samples are gone, which are kept since {}",
                shown(*since)
            ),
            Self::SamplesGone { name, since } => format!(
                "{name} cannot be answered from windows, and samples are kept since {} only",
                shown(*since)
            ),
            Self::Storage(text) => text.clone(),
        }
    }

    /// Says whether binary operators give rise to it.
    fn is_of_operator(&self) -> bool {
        use HistogramStep::{Addition, Subtraction};
        matches!(
            self,
            Self::IncompatibleTypes { .. }
                | Self::IncompatibleBucketLayout { .. }
                | Self::CounterResetCollision(Addition | Subtraction)
                | Self::MismatchedCustomBuckets(Addition | Subtraction)
        )
    }

    fn repair(&self) -> Option<Repair> {
        match self {
            Self::ForcedMonotonicity { repair, .. } => *repair,
            _ => None,
        }
    }
}

/// Writes a time as people read it; one that is far out of the calendar in milliseconds.
fn shown(time: Timestamp) -> String {
    let point = jiff::Timestamp::from_millisecond(time.millis());
    point.map_or_else(|_| format!("{time} ms"), |point| point.to_string())
}

/// Names the metric, even if it has no name.
fn of_metric(text: &str, name: &str) -> String {
    format!("{text} for metric name {}", Quoted(name))
}

/// Names the metric if it has a name.
fn with_metric(text: &str, name: &str) -> String {
    match name {
        "" => text.to_string(),
        name => of_metric(text, name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_labels_are_quoted() {
        let label = "a\"b".to_string();
        let text = Annotation::BadBucketLabel {
            name: String::new(),
            label,
        }
        .text();
        assert_eq!(
            text,
            "bucket label \"le\" is missing or has a malformed value of \"a\\\"b\""
        );
        let name = String::new();
        let text = Annotation::NotCounter { name }.text();
        assert_eq!(text, "this native histogram metric is not a counter: \"\"");
    }
}
