//! The first arguments of aggregations: how many series, which share of them, which quantile.
//!
//! They are checked for all steps at once, before any series is read.

use crate::annotation::Annotation;
use crate::error::QueryError;
use crate::number;
use crate::span::Position;

use super::super::{Context, Grid, Scalars};

/// The smallest and the largest value at any step; NaN when one of them is.
#[derive(Clone, Copy)]
struct Extent {
    low: f64,
    high: f64,
}

impl Extent {
    /// Returns `None` when there is no step.
    fn of(parameter: &Scalars, grid: &Grid) -> Option<Self> {
        let mut values = (0..grid.count).map(|step| parameter.at(step));
        let first = values.next()?;
        let start = Self {
            low: first,
            high: first,
        };
        let either_nan = |value: f64, extent: Self| value.is_nan() || extent.low.is_nan();
        Some(
            values.fold(start, |extent, value| match either_nan(value, extent) {
                true => Self {
                    low: f64::NAN,
                    high: f64::NAN,
                },
                false => Self {
                    low: extent.low.min(value),
                    high: extent.high.max(value),
                },
            }),
        )
    }
}

/// Reads how many series are wanted at each step.
pub(super) fn limits(parameter: &Scalars, grid: &Grid) -> Result<Vec<usize>, QueryError> {
    // 2^63, the bound of the integer that Prometheus converts to.
    const BOUND: f64 = 9_223_372_036_854_775_808.0;
    let Some(extent) = Extent::of(parameter, grid) else {
        return Ok(Vec::new());
    };
    if extent.low.is_nan() {
        return Err(QueryError::execution("Parameter value is NaN"));
    }
    // Nothing at all is wanted, however far below zero that is said.
    if extent.high < 1.0 {
        return Ok(vec![0; grid.count]);
    }
    let refused = |value: f64, word: &str| {
        let shown = number::format(value);
        Err(QueryError::execution(format!(
            "Scalar value {shown} {word} int64"
        )))
    };
    if extent.low <= -BOUND {
        return refused(extent.low, "underflows");
    }
    if extent.high >= BOUND {
        return refused(extent.high, "overflows");
    }
    let limit = |step| parameter.at(step).max(0.0) as usize;
    Ok((0..grid.count).map(limit).collect())
}

/// Checks which share of the series is wanted at each step; warns about shares above 1, which mean all.
pub(super) fn check_ratios(
    context: &Context<'_>,
    parameter: &Scalars,
    grid: &Grid,
    position: Position,
) -> Result<(), QueryError> {
    let Some(extent) = Extent::of(parameter, grid) else {
        return Ok(());
    };
    if extent.low.is_nan() {
        return Err(QueryError::execution("Ratio value is NaN"));
    }
    let warn = |value: f64, used: f64| {
        context.annotate(&Annotation::InvalidRatio { value, used }, position);
    };
    if extent.high > 1.0 {
        warn(extent.high, 1.0);
    }
    if extent.low < -1.0 {
        warn(extent.low, -1.0);
    }
    Ok(())
}

/// Warns about quantiles outside 0 to 1: the lowest and the highest of all steps.
pub(super) fn check_quantiles(
    context: &Context<'_>,
    parameter: &Scalars,
    grid: &Grid,
    position: Position,
) {
    let values = (0..grid.count).map(|step| parameter.at(step));
    let (mut low, mut high, mut has_nan) = (0.0_f64, 1.0_f64, false);
    for value in values {
        has_nan |= value.is_nan();
        (low, high) = (low.min(value), high.max(value));
    }
    let found = [(has_nan, f64::NAN), (high > 1.0, high), (low < 0.0, low)];
    for (_, value) in found.into_iter().filter(|(is_there, _)| *is_there) {
        context.annotate(&Annotation::InvalidQuantile(value), position);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits_of(values: &[f64]) -> Result<Vec<usize>, String> {
        let grid = Grid::range(0, values.len() as i64 - 1, 1).unwrap();
        limits(&Scalars::Steps(values.to_vec()), &grid).map_err(|error| error.to_string())
    }

    #[test]
    fn limits_are_checked_for_all_steps_at_once() {
        let failed = |text: &str| Err(text.to_string());
        for (values, expected) in [
            (&[1.9, -3.0, 0.0][..], Ok(vec![1, 0, 0])),
            (&[-1e30, f64::NEG_INFINITY], Ok(vec![0, 0])),
            (
                &[-1e30, 1.0],
                failed("Scalar value -1e+30 underflows int64"),
            ),
            (
                &[1.0, f64::INFINITY],
                failed("Scalar value +Inf overflows int64"),
            ),
            (&[1.0, f64::NAN, 2.0], failed("Parameter value is NaN")),
            (&[f64::NAN, 2.0], failed("Parameter value is NaN")),
        ] {
            assert_eq!(limits_of(values), expected, "{values:?}");
        }
    }
}
