//! `absent` and `absent_over_time`: 1 where there is nothing.

use std::collections::HashSet;

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
    Box::new(Lazy::new(context, move || {
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

/// Returns the labels that a series would have as Prometheus tells: those that one `=` names. Another matcher behind it
/// takes the label away; one before it does not.
fn known_labels(argument: &Expr) -> Labels {
    let matchers: &[Matcher] = match &argument.unwrapped().kind {
        ExprKind::Selector(selector) | ExprKind::Matrix(selector, _) => &selector.matchers,
        _ => &[],
    };
    let mut builder = Labels::empty().to_builder();
    let mut seen: HashSet<&str> = HashSet::new();
    for matcher in matchers.iter().filter(|m| m.name() != METRIC_NAME) {
        if matcher.op() == MatchOp::Equal && seen.insert(matcher.name()) {
            builder.set(matcher.name(), matcher.value());
        } else {
            builder.remove(matcher.name());
        }
    }
    builder.build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_those_that_prometheus_tells() {
        for (query, expected) in [
            ("x{a=\"y\"}", "{a=\"y\"}"),
            ("x{a=~\"x\", a=\"y\"}", "{a=\"y\"}"),
            ("x{a=\"y\", a=~\"x\"}", "{}"),
            ("x{a=\"y\", a=\"y\", b=\"z\"}", "{b=\"z\"}"),
            ("x{a=\"1\", a=\"2\", a=\"3\"}", "{}"),
            ("x{a!=\"y\"}", "{}"),
            ("sum(x{a=\"y\"})", "{}"),
        ] {
            let expr = crate::parse(query).unwrap();
            assert_eq!(known_labels(&expr).to_string(), expected, "{query}");
        }
    }
}
