//! Histograms, classic and native: quantiles, fractions and the simple statistics.

mod buckets;
mod groups;
mod native;
mod question;
mod ranks;

use crate::ast::{Call, Expr};
use crate::error::QueryError;
use crate::evaluate::{Grid, Planner, Source, check_quantiles};

use self::groups::over_histograms;
pub(super) use self::native::{avg, count, stddev, stdvar, sum};
use self::question::Question;

pub(super) fn quantile<'a>(
    planner: &Planner<'a>,
    _: &'a Expr,
    call: &'a Call,
    grid: &Grid,
) -> Result<Source<'a>, QueryError> {
    let quantiles = planner.scalar(&call.args[0], grid)?;
    let position = call.args[0].unwrapped().position;
    check_quantiles(planner.context, &quantiles, grid, position);
    let question = Question::quantile(quantiles);
    over_histograms(planner, &call.args[1], grid, question)
}

/// `histogram_quantiles(vector, label, quantile...)`
pub(super) fn quantiles<'a>(
    planner: &Planner<'a>,
    _: &'a Expr,
    call: &'a Call,
    grid: &Grid,
) -> Result<Source<'a>, QueryError> {
    let label = planner.string(&call.args[1])?;
    if label.is_empty() {
        let message = "invalid label name \"\" in histogram_quantiles()";
        return Err(QueryError::execution(message));
    }
    let mut quantiles = Vec::new();
    for argument in &call.args[2..] {
        let scalars = planner.scalar(argument, grid)?;
        check_quantiles(
            planner.context,
            &scalars,
            grid,
            argument.unwrapped().position,
        );
        // One answer per step is remembered.
        planner.context.hold(size_of::<usize>() * grid.count, 0)?;
        quantiles.push(scalars);
    }
    let question = Question::quantiles(label, quantiles);
    over_histograms(planner, &call.args[0], grid, question)
}

pub(super) fn fraction<'a>(
    planner: &Planner<'a>,
    _: &'a Expr,
    call: &'a Call,
    grid: &Grid,
) -> Result<Source<'a>, QueryError> {
    let low = planner.scalar(&call.args[0], grid)?;
    let high = planner.scalar(&call.args[1], grid)?;
    over_histograms(planner, &call.args[2], grid, Question::Fraction(low, high))
}
