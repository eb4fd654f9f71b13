//! `sort` and its relatives: they order the result of an instant query, and nothing else.

use std::cmp::Ordering;

use plimsoll_types::Labels;

use crate::annotation::Annotation;
use crate::ast::{Call, Expr};
use crate::error::QueryError;
use crate::evaluate::{Column, Grid, Lazy, Meta, Planner, Source, map};

type Series = (Meta, Column);

/// `sort` and `sort_desc`: by value, NaN last in both; histograms are left out.
pub(super) fn sort<'a>(
    planner: &Planner<'a>,
    expr: &'a Expr,
    call: &'a Call,
    grid: &Grid,
) -> Result<Source<'a>, QueryError> {
    let descending = call.function.name == "sort_desc";
    ordered(planner, expr, call, grid, move |a, b| {
        let (Some(a), Some(b)) = (a.1.float(0), b.1.float(0)) else {
            return Ordering::Equal;
        };
        let by_value = a.partial_cmp(&b).unwrap_or(Ordering::Equal);
        let by_value = if descending {
            by_value.reverse()
        } else {
            by_value
        };
        a.is_nan().cmp(&b.is_nan()).then(by_value)
    })
}

/// `sort_by_label` and `sort_by_label_desc`: by the named labels in natural order, then by all labels.
pub(super) fn sort_by_label<'a>(
    planner: &Planner<'a>,
    expr: &'a Expr,
    call: &'a Call,
    grid: &Grid,
) -> Result<Source<'a>, QueryError> {
    let names: Result<Vec<_>, _> = call.args[1..]
        .iter()
        .map(|arg| planner.string(arg))
        .collect();
    let (names, descending) = (names?, call.function.name == "sort_by_label_desc");
    ordered(planner, expr, call, grid, move |a, b| {
        let by_labels = compare(&a.0.labels, &b.0.labels, &names);
        if descending {
            by_labels.reverse()
        } else {
            by_labels
        }
    })
}

fn compare(a: &Labels, b: &Labels, names: &[&str]) -> Ordering {
    let value = |labels: &Labels, name: &str| labels.get(name).unwrap_or("").to_string();
    names
        .iter()
        .map(|name| natural(&value(a, name), &value(b, name)))
        .find(|order| order.is_ne())
        .unwrap_or_else(|| a.cmp(b))
}

/// Compares so that `a10` comes after `a9`.
fn natural(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (a, b);
    loop {
        let (left, right) = (chunk(a), chunk(b));
        let order = match (left.parse::<u128>(), right.parse::<u128>()) {
            (Ok(x), Ok(y)) => x.cmp(&y).then(left.len().cmp(&right.len())),
            _ => left.cmp(right),
        };
        if order.is_ne() || left.is_empty() {
            return order;
        }
        (a, b) = (&a[left.len()..], &b[right.len()..]);
    }
}

/// Returns the run of digits, or of anything else, that a text begins with.
fn chunk(text: &str) -> &str {
    let digits = text.starts_with(|c: char| c.is_ascii_digit());
    let end = text.find(|c: char| c.is_ascii_digit() != digits);
    &text[..end.unwrap_or(text.len())]
}

fn ordered<'a>(
    planner: &Planner<'a>,
    expr: &'a Expr,
    call: &'a Call,
    grid: &Grid,
    order: impl Fn(&Series, &Series) -> Ordering + 'a,
) -> Result<Source<'a>, QueryError> {
    let context = planner.context;
    let by_value = matches!(call.function.name, "sort" | "sort_desc");
    let mut source = planner.vector(&call.args[0], grid)?;
    if grid.count > 1 {
        context.annotate(&Annotation::SortInRangeQuery, expr.position);
        return Ok(match by_value {
            true => map(context, source, false, Box::new(leave_out_histograms)),
            false => source,
        });
    }
    Ok(Box::new(Lazy::new(context, move || {
        let mut held = context.charge();
        let mut series: Vec<Series> = Vec::new();
        for meta in source.series()? {
            let mut column = Column::default();
            source.next(&mut column)?;
            held.add(column.byte_count(), column.present_count())?;
            if !by_value || !column.has_histograms() {
                series.push((meta, column));
            }
        }
        series.retain(|(_, column)| column.present_count() > 0);
        series.sort_by(order);
        Ok(series)
    })))
}

fn leave_out_histograms(column: &mut Column) -> Result<(), QueryError> {
    for step in 0..column.len() {
        if column.histogram(step).is_some() {
            column.remove(step);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn natural_order_knows_numbers() {
        let mut names = ["a10", "a9", "a", "b1", "a09"];
        names.sort_by(|a, b| natural(a, b));
        assert_eq!(names, ["a", "a9", "a09", "a10", "b1"]);
    }
}
