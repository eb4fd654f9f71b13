//! Between scalars, vectors and the evaluation time.

use crate::ast::{Call, Expr, ExprKind};
use crate::error::QueryError;
use crate::evaluate::{
    Column, Grid, InstantSelector, Lazy, Meta, Planner, Scalars, Shows, Source, map, merge,
};

pub(super) fn pi<'a>(_: &Planner<'a>, _: &'a Call, _: &Grid) -> Result<Scalars, QueryError> {
    Ok(Scalars::Constant(std::f64::consts::PI))
}

pub(super) fn time<'a>(_: &Planner<'a>, _: &'a Call, grid: &Grid) -> Result<Scalars, QueryError> {
    let times = (0..grid.count).map(|step| grid.at(step) as f64 / 1000.0);
    Ok(Scalars::Steps(times.collect()))
}

/// The value of the only series at each step, NaN where there is none or more than one.
pub(super) fn scalar<'a>(
    planner: &Planner<'a>,
    call: &'a Call,
    grid: &Grid,
) -> Result<Scalars, QueryError> {
    let mut source = planner.vector(&call.args[0], grid)?;
    let mut values: Vec<Option<f64>> = vec![None; grid.count];
    planner.context.hold(16 * grid.count, 0)?;
    let mut column = Column::default();
    for _ in source.series()? {
        source.next(&mut column)?;
        planner.context.work(grid.count)?;
        for (step, value) in values.iter_mut().enumerate() {
            if let Some(found) = column.float(step) {
                *value = Some(value.map_or(found, |_| f64::NAN));
            }
        }
    }
    let values = values.into_iter().map(|value| value.unwrap_or(f64::NAN));
    Ok(Scalars::Steps(values.collect()))
}

/// One series without labels.
pub(super) fn vector<'a>(
    planner: &Planner<'a>,
    _: &'a Expr,
    call: &'a Call,
    grid: &Grid,
) -> Result<Source<'a>, QueryError> {
    let scalars = planner.scalar(&call.args[0], grid)?;
    let count = grid.count;
    Ok(Box::new(Lazy::new(planner.context, move || {
        let values = (0..count).map(|step| scalars.at(step)).collect();
        Ok(vec![(Meta::default(), Column::from_floats(values))])
    })))
}

/// When the sample of a selector was measured; the evaluation time for anything else.
pub(super) fn timestamp<'a>(
    planner: &Planner<'a>,
    _: &'a Expr,
    call: &'a Call,
    grid: &Grid,
) -> Result<Source<'a>, QueryError> {
    let context = planner.context;
    let argument = call.args[0].unwrapped();
    let source = if let ExprKind::Selector(selector) = &argument.kind {
        Box::new(InstantSelector::new(context, selector, *grid, Shows::Time).of_timestamp())
    } else {
        let grid = *grid;
        let change = move |column: &mut Column| {
            for step in (0..column.len())
                .filter(|step| column.is_present(*step))
                .collect::<Vec<_>>()
            {
                column.remove(step);
                column.set_float(step, grid.at(step) as f64 / 1000.0);
            }
            Ok(())
        };
        map(
            context,
            planner.vector(argument, &grid)?,
            true,
            Box::new(change),
        )
    };
    Ok(merge(context, source, false))
}
