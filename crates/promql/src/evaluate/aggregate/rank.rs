//! `topk` and `bottomk`: at each step the series with the largest or smallest values, labels untouched.

use std::cmp::Ordering;

use crate::ast::AggregateOp;
use crate::error::QueryError;

use super::super::{Column, Meta};
use super::Input;

/// A value and the series it belongs to.
type Entry = (f64, usize);

/// Keeps the best entries of one group at one step.
#[derive(Clone, Default)]
struct Best(Vec<Entry>);

impl Best {
    /// Sorting out only when twice the limit is held keeps the cost per value constant on average.
    fn add(&mut self, entry: Entry, limit: usize, largest: bool) {
        self.0.push(entry);
        if limit > 0 && self.0.len() >= limit.saturating_mul(2) + 16 {
            self.cut(limit, largest);
        }
    }

    fn cut(&mut self, limit: usize, largest: bool) {
        if self.0.len() > limit {
            self.0
                .select_nth_unstable_by(limit, |a, b| order(a, b, largest));
            self.0.truncate(limit);
        }
    }
}

/// Best first, NaN last, of equals the earlier series first.
fn order(a: &Entry, b: &Entry, largest: bool) -> Ordering {
    let by_value = match (a.0.is_nan(), b.0.is_nan()) {
        (true, true) => Ordering::Equal,
        (true, false) => Ordering::Greater,
        (false, true) => Ordering::Less,
        (false, false) if largest => b.0.partial_cmp(&a.0).unwrap_or(Ordering::Equal),
        (false, false) => a.0.partial_cmp(&b.0).unwrap_or(Ordering::Equal),
    };
    by_value.then(a.1.cmp(&b.1))
}

pub(super) fn rank(
    mut input: Input<'_>,
    limits: &[usize],
) -> Result<Vec<(Meta, Column)>, QueryError> {
    let groups = input.group()?;
    let largest = input.op == AggregateOp::Topk;
    let count = input.grid.count;
    let mut held = input.context.charge();
    held.add_table::<Best>(groups.metas.len(), count)?;
    held.add_table::<Option<Column>>(groups.series.len(), 1)?;
    let mut entries_held = input.context.charge();
    let (mut capacity, mut length) = (0, 0);
    let mut best: Vec<Vec<Best>> = vec![vec![Best::default(); count]; groups.metas.len()];
    let mut column = Column::default();
    let mut ignored = false;
    for (series, group) in groups.of_series.iter().enumerate() {
        input.source.next(&mut column)?;
        input.context.work(count)?;
        for (step, best) in best[*group].iter_mut().enumerate() {
            if limits[step] == 0 {
                continue;
            }
            ignored |= column.histogram(step).is_some();
            if let Some(value) = column.float(step) {
                // Sorting out shortens the list, so the sums of all lists are kept up to date by their differences.
                (capacity, length) = (capacity - best.0.capacity(), length - best.0.len());
                best.add((value, series), limits[step], largest);
                (capacity, length) = (capacity + best.0.capacity(), length + best.0.len());
            }
        }
        entries_held.set(capacity * size_of::<Entry>(), length)?;
    }
    if ignored {
        input.note_ignored();
    }
    let mut chosen: Vec<Option<Column>> = vec![None; groups.series.len()];
    // The order in which series are chosen first is the order of an instant query's result.
    let mut in_order = Vec::new();
    for steps in &mut best {
        for (step, best) in steps.iter_mut().enumerate() {
            best.cut(limits[step], largest);
            best.0.sort_by(|a, b| order(a, b, largest));
            for (value, series) in &best.0 {
                if chosen[*series].is_none() {
                    held.add(size_of::<f64>() * count, 0)?;
                    in_order.push(*series);
                }
                let column = chosen[*series].get_or_insert_with(|| {
                    let mut column = Column::default();
                    column.reset(count);
                    column
                });
                column.set_float(step, *value);
            }
        }
    }
    let result = in_order.into_iter().filter_map(|series| {
        let column = chosen[series].take()?;
        Some((groups.series[series].clone(), column))
    });
    Ok(result.collect())
}
