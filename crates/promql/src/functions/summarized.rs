//! Range functions answered from what the store knows of whole blocks, without reading the samples.
//!
//! Only where the answer is that of reading, bit for bit: see [`Summary`].

use plimsoll_types::Summary;

use crate::evaluate::{Bounds, Notes};

/// What a function can tell of a summary.
pub(crate) enum Told {
    /// Its value.
    Value(f64),
    /// There is none.
    Nothing,
    /// It has to see the samples.
    Unknown,
}

/// A function of the samples inside a window.
pub(crate) type SummaryBody = fn(&Summary, Bounds, &mut Notes<'_>) -> Told;

pub(super) fn count(summary: &Summary, _: Bounds, _: &mut Notes<'_>) -> Told {
    Told::Value(summary.count as f64)
}

pub(super) fn present(_: &Summary, _: Bounds, _: &mut Notes<'_>) -> Told {
    Told::Value(1.0)
}

pub(super) fn first(summary: &Summary, _: Bounds, _: &mut Notes<'_>) -> Told {
    Told::Value(summary.first.1)
}

pub(super) fn last(summary: &Summary, _: Bounds, _: &mut Notes<'_>) -> Told {
    Told::Value(summary.last.1)
}

pub(super) fn min(summary: &Summary, _: Bounds, _: &mut Notes<'_>) -> Told {
    Told::Value(summary.min)
}

pub(super) fn max(summary: &Summary, _: Bounds, _: &mut Notes<'_>) -> Told {
    Told::Value(summary.max)
}

pub(super) fn sum(summary: &Summary, _: Bounds, _: &mut Notes<'_>) -> Told {
    summary.sum.map_or(Told::Unknown, Told::Value)
}

pub(super) fn avg(summary: &Summary, _: Bounds, _: &mut Notes<'_>) -> Told {
    let mean = summary.sum.map(|sum| sum / summary.count as f64);
    mean.map_or(Told::Unknown, Told::Value)
}
