//! Annotations: what the reader of a result should know, worded as Prometheus words it.

use std::collections::HashSet;

use crate::number;
use crate::span::Position;

/// Annotations of one severity that a result carries at most, as in Prometheus' API.
const SHOWN_MAX: usize = 10;

/// What can be said about a result. Names are metric names; an empty name is left out.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Annotation {
    /// A quantile outside 0 to 1.
    InvalidQuantile(f64),
    /// A classic histogram's series without a number in `le`.
    BadBucketLabel { name: String, label: String },
    /// Floats and histograms in one window or group.
    MixedFloatsHistograms { name: String },
    /// `sort` in a range query.
    SortInRangeQuery,
    /// A rate of what is not named like a counter.
    PossibleNonCounter { name: String },
    /// Buckets that fall where they should rise.
    ForcedMonotonicity { name: String },
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
    /// A store that could not give everything; carries no position.
    Storage(String),
}

impl Annotation {
    fn is_warning(&self) -> bool {
        match self {
            Self::InvalidQuantile(_)
            | Self::BadBucketLabel { .. }
            | Self::MixedFloatsHistograms { .. }
            | Self::SortInRangeQuery
            | Self::Storage(_) => true,
            Self::PossibleNonCounter { .. }
            | Self::ForcedMonotonicity { .. }
            | Self::IncompatibleTypes { .. }
            | Self::HistogramIgnoredInAggregation(_)
            | Self::HistogramIgnoredInMixedRange { .. } => false,
        }
    }

    fn text(&self) -> String {
        match self {
            Self::InvalidQuantile(value) => format!(
                "quantile value should be between 0 and 1, got {}",
                number::format(*value)
            ),
            Self::BadBucketLabel { name, label } => with_metric(
                format!("bucket label \"le\" is missing or has a malformed value of {label:?}"),
                name,
            ),
            Self::MixedFloatsHistograms { name } => {
                with_metric("encountered a mix of histograms and floats".into(), name)
            }
            Self::SortInRangeQuery => {
                "sort is ineffective for range queries since results are always ordered by labels"
                    .into()
            }
            Self::PossibleNonCounter { name } => format!(
                "metric might not be a counter, name does not end in _total/_sum/_count/_bucket: \
                 {name:?}"
            ),
            Self::ForcedMonotonicity { name } => with_metric(
                "input to histogram_quantile needed to be fixed for monotonicity (see \
                 https://prometheus.io/docs/prometheus/latest/querying/functions/\
                 #histogram_quantile)"
                    .into(),
                name,
            ),
            Self::IncompatibleTypes { op, left, right } => format!(
                "incompatible sample types encountered for binary operator {op:?}: {left} {op} \
                 {right}"
            ),
            Self::HistogramIgnoredInAggregation(op) => {
                format!("ignored histogram in {op} aggregation")
            }
            Self::HistogramIgnoredInMixedRange { name } => with_metric(
                "ignored histograms in a range containing both floats and histograms".into(),
                name,
            ),
            Self::Storage(text) => text.clone(),
        }
    }
}

fn with_metric(text: String, name: &str) -> String {
    match name {
        "" => text,
        name => format!("{text} for metric name {name:?}"),
    }
}

/// The annotations of a query, each said once.
#[derive(Debug, Default)]
pub(crate) struct Annotations {
    warnings: List,
    infos: List,
}

#[derive(Debug, Default)]
struct List {
    shown: Vec<String>,
    seen: HashSet<String>,
}

impl List {
    /// Above ten times the shown number the rest is not even counted, so that hostile data costs no memory.
    fn add(&mut self, text: String) {
        if self.seen.len() < 10 * SHOWN_MAX && self.seen.insert(text.clone()) {
            self.shown.push(text);
        }
    }

    fn finish(mut self, word: &str) -> Vec<String> {
        let omitted = self.shown.len().saturating_sub(SHOWN_MAX);
        if omitted > 0 {
            self.shown.truncate(SHOWN_MAX);
            self.shown
                .push(format!("{omitted} more {word} annotations omitted"));
        }
        self.shown
    }
}

impl Annotations {
    pub(crate) fn add(&mut self, annotation: &Annotation, position: Position) {
        let text = annotation.text();
        match annotation {
            Annotation::Storage(_) => self.warnings.add(text),
            _ if annotation.is_warning() => {
                self.warnings
                    .add(format!("PromQL warning: {text} ({position})"));
            }
            _ => self.infos.add(format!("PromQL info: {text} ({position})")),
        }
    }

    /// Returns warnings and infos.
    pub(crate) fn finish(self) -> (Vec<String>, Vec<String>) {
        (self.warnings.finish("warning"), self.infos.finish("info"))
    }
}
