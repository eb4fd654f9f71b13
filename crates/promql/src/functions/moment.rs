//! When something was measured: `ts_of_first_over_time` and its relatives, and `start_timestamp`.

use plimsoll_types::Value;

use crate::ast::{Call, Expr, ExprKind};
use crate::error::QueryError;
use crate::evaluate::{
    Column, Grid, InstantSelector, Notes, Planner, Shows, Source, Window, map, merge,
};

use super::over_time::floats;

fn seconds(time: i64) -> Option<Value> {
    Some(Value::Float(time as f64 / 1000.0))
}

pub(super) fn of_first(window: &Window<'_>, _: &[f64], _: &mut Notes<'_>) -> Option<Value> {
    let firsts = [window.times.first(), window.histogram_times.first()];
    seconds(*firsts.into_iter().flatten().min()?)
}

pub(super) fn of_last(window: &Window<'_>, _: &[f64], _: &mut Notes<'_>) -> Option<Value> {
    let (float, histogram) = (window.times.last(), window.histogram_times.last());
    // In Prometheus a kind of sample that is not there was last seen at 0, later than anything before 1970.
    let missing = &0;
    float.or(histogram)?;
    seconds(*float.unwrap_or(missing).max(histogram.unwrap_or(missing)))
}

pub(super) fn of_max(window: &Window<'_>, _: &[f64], notes: &mut Notes<'_>) -> Option<Value> {
    of_best(window, notes, |value, best| value >= best)
}

pub(super) fn of_min(window: &Window<'_>, _: &[f64], notes: &mut Notes<'_>) -> Option<Value> {
    of_best(window, notes, |value, best| value <= best)
}

/// Returns the time of the best float, of the last one among equals; NaN gives way to any number.
fn of_best(
    window: &Window<'_>,
    notes: &Notes<'_>,
    is_as_good: impl Fn(f64, f64) -> bool,
) -> Option<Value> {
    let floats = floats(window, notes)?;
    let mut best = 0;
    for (index, value) in floats.iter().enumerate() {
        if is_as_good(*value, floats[best]) || floats[best].is_nan() {
            best = index;
        }
    }
    seconds(window.times[best])
}

/// Since when the sample of a selector was counted, 0 where nobody knows; nothing for anything else, because only
/// stored samples know it.
pub(super) fn start<'a>(
    planner: &Planner<'a>,
    _: &'a Expr,
    call: &'a Call,
    grid: &Grid,
) -> Result<Source<'a>, QueryError> {
    let context = planner.context;
    let argument = call.args[0].unwrapped();
    let source: Source<'a> = match &argument.kind {
        ExprKind::Selector(selector) => {
            Box::new(InstantSelector::new(context, selector, *grid, Shows::Start))
        }
        _ => {
            let source = planner.vector(argument, grid)?;
            let clear = |column: &mut Column| {
                column.reset(column.len());
                Ok(())
            };
            map(context, source, true, Box::new(clear))
        }
    };
    Ok(merge(context, source, false))
}
