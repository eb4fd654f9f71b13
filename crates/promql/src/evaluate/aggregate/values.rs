//! Aggregations that need all values of a group: `quantile` and `count_values`.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use plimsoll_types::Labels;

use crate::annotation::Annotation;
use crate::error::QueryError;
use crate::functions::quantile_of;
use crate::number::format_plain;
use crate::span::Position;

use super::super::plan::no_histograms;
use super::super::{Column, Context, Grid, Meta, Scalars};
use super::Input;

/// Warns about quantiles outside 0 to 1.
pub(crate) fn check_quantiles(
    context: &Context<'_>,
    quantiles: &Scalars,
    grid: &Grid,
    position: Position,
) {
    for step in 0..grid.count {
        let value = quantiles.at(step);
        if !(0.0..=1.0).contains(&value) {
            context.annotate(&Annotation::InvalidQuantile(value), position);
        }
        if matches!(quantiles, Scalars::Constant(_)) {
            return;
        }
    }
}

pub(super) fn quantile(
    mut input: Input<'_>,
    quantiles: &Scalars,
) -> Result<Vec<(Meta, Column)>, QueryError> {
    let groups = input.group()?;
    let count = input.grid.count;
    let mut held = input.context.charge();
    held.add_table::<Vec<f64>>(groups.metas.len(), count)?;
    let mut values: Vec<Vec<Vec<f64>>> = vec![vec![Vec::new(); count]; groups.metas.len()];
    let mut column = Column::default();
    let mut ignored = false;
    for group in &groups.of_series {
        input.source.next(&mut column)?;
        input.context.work(count)?;
        let mut grown = 0;
        for (step, values) in values[*group].iter_mut().enumerate() {
            ignored |= column.histogram(step).is_some();
            let before = values.capacity();
            values.extend(column.float(step));
            grown += values.capacity() - before;
        }
        held.add(grown * size_of::<f64>(), column.present_count())?;
    }
    if ignored {
        input.note_ignored();
    }
    held.add_table::<f64>(groups.metas.len(), count)?;
    let columns = values.into_iter().map(|steps| {
        let mut column = Column::default();
        column.reset(count);
        for (step, mut values) in steps.into_iter().enumerate() {
            if !values.is_empty() {
                column.set_float(step, quantile_of(quantiles.at(step), &mut values));
            }
        }
        column
    });
    Ok(groups.metas.into_iter().zip(columns).collect())
}

pub(super) fn count_values(
    mut input: Input<'_>,
    label: &str,
) -> Result<Vec<(Meta, Column)>, QueryError> {
    let groups = input.group()?;
    let count = input.grid.count;
    let mut held = input.context.charge();
    let mut slots: HashMap<Labels, usize> = HashMap::new();
    let mut counts: Vec<(Meta, Column)> = Vec::new();
    // The value is a label of the sample before it is grouped, and `without` may take it away again.
    let is_kept = !input.groups.drops(label);
    let mut column = Column::default();
    for group in &groups.of_series {
        input.source.next(&mut column)?;
        input.context.work(count)?;
        for step in 0..count {
            if column.histogram(step).is_some() {
                return Err(no_histograms(input.op.as_str()));
            }
            let Some(value) = column.float(step) else {
                continue;
            };
            let mut labels = groups.metas[*group].labels.clone();
            if is_kept {
                let shown = format_plain(value);
                labels = labels.to_builder().set(label, &shown).build();
            }
            let slot = match slots.entry(labels) {
                Entry::Occupied(slot) => *slot.get(),
                Entry::Vacant(slot) => {
                    held.add(8 * count + slot.key().byte_count() + 128, 0)?;
                    let meta = Meta {
                        labels: slot.key().clone(),
                        drop_name: groups.metas[*group].drop_name,
                    };
                    let mut column = Column::default();
                    column.reset(count);
                    counts.push((meta, column));
                    *slot.insert(counts.len() - 1)
                }
            };
            let counted = &mut counts[slot].1;
            counted.set_float(step, counted.float(step).unwrap_or(0.0) + 1.0);
        }
    }
    Ok(counts)
}
