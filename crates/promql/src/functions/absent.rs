//! `absent` and `absent_over_time`: 1 where there is nothing.

use plimsoll_types::{Labels, METRIC_NAME, MatchOp, Matcher};

use crate::ast::{Call, Expr, ExprKind};
use crate::error::QueryError;
use crate::evaluate::{Column, Grid, Lazy, Meta, Planner, Source, WindowFunction};

pub(super) fn absent<'a>(
    planner: &Planner<'a>,
    _: &'a Expr,
    call: &'a Call,
    grid: &Grid,
) -> Result<Source<'a>, QueryError> {
    let source = planner.vector(&call.args[0], grid)?;
    Ok(where_nothing(planner, &call.args[0], source, grid))
}

pub(super) fn absent_over_time<'a>(
    planner: &Planner<'a>,
    _: &'a Expr,
    call: &'a Call,
    grid: &Grid,
) -> Result<Source<'a>, QueryError> {
    let windows = planner.windows(&call.args[0], grid)?;
    let details = (*grid, &call.args[0], false, call);
    let body = super::over_time::present;
    let present = WindowFunction::new(planner.context, body, windows, Vec::new(), details);
    Ok(where_nothing(
        planner,
        &call.args[0],
        Box::new(present),
        grid,
    ))
}

fn where_nothing<'a>(
    planner: &Planner<'a>,
    argument: &Expr,
    mut source: Source<'a>,
    grid: &Grid,
) -> Source<'a> {
    let meta = Meta {
        labels: known_labels(argument),
        drop_name: false,
    };
    let count = grid.count;
    let context = planner.context;
    Box::new(Lazy::new(move || {
        let mut result = Column::from_floats(vec![1.0; count]);
        let mut column = Column::default();
        for _ in source.series()? {
            source.next(&mut column)?;
            context.work(count)?;
            (0..count)
                .filter(|step| column.is_present(*step))
                .for_each(|step| result.remove(step));
        }
        Ok(vec![(meta, result)])
    }))
}

/// Returns the labels that a series would certainly have: those that exactly one `=` names.
fn known_labels(argument: &Expr) -> Labels {
    let matchers: &[Matcher] = match &argument.unwrapped().kind {
        ExprKind::Selector(selector) | ExprKind::Matrix(selector, _) => &selector.matchers,
        _ => &[],
    };
    let mut builder = Labels::empty().to_builder();
    for matcher in matchers
        .iter()
        .filter(|matcher| matcher.name() != METRIC_NAME)
    {
        let named = matchers
            .iter()
            .filter(|other| other.name() == matcher.name());
        if matcher.op() == MatchOp::Equal && named.count() == 1 {
            builder.set(matcher.name(), matcher.value());
        }
    }
    builder.build()
}
