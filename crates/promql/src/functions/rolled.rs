//! Range functions answered from what a tier keeps of samples.

use std::sync::Arc;

use plimsoll_types::{HistogramRollup, HistogramSum, Summary, Value};

use crate::annotation::Annotation;
use crate::evaluate::{Bounds, Notes};

use super::{Function, SummaryBody, Told};

/// It takes the samples to answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Unknown;

/// A function of the native histograms inside a window.
pub(crate) type RolledBody = fn(&HistogramRollup, Bounds, &mut Notes<'_>) -> Option<Value>;

/// Answers from what is known of floats and of histograms.
pub(crate) fn rolled(
    function: &Function,
    of_floats: SummaryBody,
    (floats, histograms): (Option<Summary>, Option<&HistogramRollup>),
    bounds: Bounds,
    notes: &mut Notes<'_>,
) -> Result<Option<Value>, Unknown> {
    let told = |summary: Summary, notes: &mut Notes<'_>| match of_floats(&summary, bounds, notes) {
        Told::Value(value) => Ok(Some(Value::Float(value))),
        Told::Nothing => Ok(None),
        Told::Unknown => Err(Unknown),
    };
    let of_histograms = |known, notes: &mut Notes<'_>| {
        let body = function.of_histograms;
        body.and_then(|body| body(known, bounds, notes))
    };
    match (floats, histograms) {
        (None, None) => Ok(None),
        (Some(summary), None) => told(summary, notes),
        (None, Some(known)) => Ok(of_histograms(known, notes)),
        (Some(summary), Some(known)) => match function.name {
            "count_over_time" => Ok(Some(Value::Float((summary.count + known.count) as f64))),
            "present_over_time" => told(summary, notes),
            "first_over_time" => match known.kept.first() {
                Some((at, _)) if *at < summary.first.0 => Ok(of_histograms(known, notes)),
                _ => told(summary, notes),
            },
            "last_over_time" => match known.kept.last() {
                Some((at, _)) if summary.last.0 < *at => Ok(of_histograms(known, notes)),
                _ => told(summary, notes),
            },
            "max_over_time" | "min_over_time" => {
                notes.add(&Annotation::HistogramIgnoredInMixedRange { name: notes.name() });
                told(summary, notes)
            }
            _ => {
                notes.add(&Annotation::MixedFloatsHistograms { name: notes.name() });
                Ok(None)
            }
        },
    }
}

pub(super) fn count(known: &HistogramRollup, _: Bounds, _: &mut Notes<'_>) -> Option<Value> {
    Some(Value::Float(known.count as f64))
}

pub(super) fn present(_: &HistogramRollup, _: Bounds, _: &mut Notes<'_>) -> Option<Value> {
    Some(Value::Float(1.0))
}

pub(super) fn first(known: &HistogramRollup, _: Bounds, _: &mut Notes<'_>) -> Option<Value> {
    let first = known.kept.first();
    first.map(|(_, histogram)| Value::Histogram(Arc::clone(histogram)))
}

pub(super) fn last(known: &HistogramRollup, _: Bounds, _: &mut Notes<'_>) -> Option<Value> {
    let last = known.kept.last();
    last.map(|(_, histogram)| Value::Histogram(Arc::clone(histogram)))
}

/// Only of gauges: nobody adds counters up.
pub(super) fn sum(known: &HistogramRollup, _: Bounds, _: &mut Notes<'_>) -> Option<Value> {
    known.sum.clone().map(Value::Histogram)
}

pub(super) fn avg(known: &HistogramRollup, _: Bounds, _: &mut Notes<'_>) -> Option<Value> {
    let mut mean = HistogramSum::new(known.sum.as_ref()?);
    mean.divide(known.count as f64);
    Some(Value::Histogram(Arc::new(mean.value())))
}
