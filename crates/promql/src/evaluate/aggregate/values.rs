//! Aggregations that need all values of a group: `quantile` and `count_values`.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use plimsoll_types::{Counts, Histogram, Labels, Span, Value};

use crate::annotation::Annotation;
use crate::error::QueryError;
use crate::functions::quantile_of;
use crate::number::{format, format_plain};
use crate::span::Position;

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
            let Some(value) = column.get(step) else {
                continue;
            };
            let mut labels = groups.metas[*group].labels.clone();
            if is_kept {
                let shown = shown(&value);
                labels = labels.to_builder().set(label, &shown).build();
            }
            let slot = match slots.entry(labels) {
                Entry::Occupied(slot) => *slot.get(),
                Entry::Vacant(slot) => {
                    held.add(8 * count + slot.key().byte_count() + 128, 0)?;
                    // A name that is left, or that the value gives, stays: Prometheus forgets here that it was to go.
                    let meta = Meta {
                        labels: slot.key().clone(),
                        drop_name: false,
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

/// Returns a sample as Prometheus writes it into a label.
fn shown(value: &Value) -> String {
    match value {
        Value::Float(value) => format_plain(*value),
        Value::Histogram(histogram) => shown_histogram(histogram),
    }
}

fn shown_histogram(histogram: &Histogram) -> String {
    let counts = histogram.with_float_counts();
    let Counts::Float(counts) = counts.counts else {
        unreachable!("counts were just made floats")
    };
    let mut text = format!(
        "{{count:{}, sum:{}",
        format(counts.count),
        format(histogram.sum)
    );
    let mut show = |lower: f64, upper: f64, (open, close): (char, char), count: f64| {
        if count != 0.0 {
            let (lower, upper, count) = (format(lower), format(upper), format(count));
            text += &format!(", {open}{lower},{upper}{close}:{count}");
        }
    };
    let bounds = |index| {
        (
            histogram.upper_bound(index - 1),
            histogram.upper_bound(index),
        )
    };
    let negative: Vec<_> = indices(&histogram.negative_spans)
        .zip(counts.negative)
        .collect();
    for (index, count) in negative.into_iter().rev() {
        let (lower, upper) = bounds(index);
        show(-upper, -lower, ('[', ')'), count);
    }
    show(
        -histogram.zero_threshold,
        histogram.zero_threshold,
        ('[', ']'),
        counts.zero,
    );
    for (index, count) in indices(&histogram.positive_spans).zip(counts.positive) {
        let (lower, upper) = bounds(index);
        // Only the first custom bucket has nothing before it.
        let open = if lower.is_infinite() { '[' } else { '(' };
        show(lower, upper, (open, ']'), count);
    }
    text.push('}');
    text
}

/// Returns the numbers of the buckets that spans name.
fn indices(spans: &[Span]) -> impl Iterator<Item = i64> {
    let mut next = 0;
    spans.iter().flat_map(move |span| {
        let start = next + i64::from(span.offset);
        next = start + i64::from(span.length);
        start..next
    })
}

#[cfg(test)]
mod tests {
    use plimsoll_types::BucketCounts;

    use super::*;

    #[test]
    fn histograms_are_shown_with_their_buckets() {
        let span = |offset, length| vec![Span { offset, length }];
        let histogram = Histogram {
            sum: 5.0,
            zero_threshold: 0.5,
            counts: Counts::Float(BucketCounts {
                count: 4e6,
                zero: 1.0,
                positive: vec![1.0, 0.0, 2.5],
                negative: vec![1.0],
            }),
            positive_spans: span(0, 3),
            negative_spans: span(0, 1),
            ..Histogram::default()
        };
        assert_eq!(
            shown_histogram(&histogram),
            "{count:4e+06, sum:5, [-1,-0.5):1, [-0.5,0.5]:1, (0.5,1]:1, (2,4]:2.5}"
        );
        let custom = Histogram {
            schema: plimsoll_types::CUSTOM_BUCKETS_SCHEMA,
            custom_bounds: vec![-2.0, -1.0],
            zero_threshold: 0.0,
            counts: Counts::Integer(BucketCounts {
                count: 6,
                positive: vec![1, 2, 3],
                ..BucketCounts::default()
            }),
            negative_spans: Vec::new(),
            ..histogram
        };
        assert_eq!(
            shown_histogram(&custom),
            "{count:6, sum:5, [-Inf,-2]:1, (-2,-1]:2, (-1,+Inf]:3}"
        );
    }
}
