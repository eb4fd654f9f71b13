//! `sum` and `avg`, which have an arithmetic for histograms, too.
//!
//! Floats go into small states as in every other aggregation. What histograms need is made for a group when its first
//! histogram is seen, so that groups of floats pay nothing for it.

use std::sync::Arc;

use plimsoll_types::{Combination, Histogram, Value};

use crate::annotation::{Annotation, HistogramStep};
use crate::error::QueryError;
use crate::span::Position;

use super::super::{Charge, Column, Context, Meta};
use super::Input;
use super::state::{State, Total};

/// The histograms of one group at one step.
#[derive(Clone)]
enum Slot<T> {
    /// There was none.
    Empty,
    /// Their total so far.
    Total(T),
    /// A float was there first: the group has no result, and only the mix is worth telling.
    Mixed,
    /// Exponential and custom buckets, and whether there were floats when this was found.
    Incompatible { had_float: bool },
}

/// Sums or averages all series per group and step, in the order of the series.
pub(super) fn fold<S: State, T: Total>(
    input: &mut Input<'_>,
) -> Result<Vec<(Meta, Column)>, QueryError> {
    let groups = input.group()?;
    let count = input.grid.count;
    let mut held = input.context.charge();
    held.add_table::<Option<S>>(groups.metas.len(), count)?;
    let mut states: Vec<Vec<Option<S>>> = vec![vec![None; count]; groups.metas.len()];
    let mut histograms = Histograms::<T>::new(input, groups.metas.len());
    let mut column = Column::default();
    for (meta, group) in groups.series.iter().zip(&groups.of_series) {
        input.source.next(&mut column)?;
        input.context.work(count)?;
        let states = &mut states[*group];
        for (step, state) in states.iter_mut().enumerate() {
            if let Some(value) = column.float(step) {
                state.get_or_insert_default().add(value);
            }
        }
        if column.has_histograms() {
            histograms.add(*group, &column, states, meta)?;
        }
    }
    held.add_table::<f64>(groups.metas.len(), count)?;
    let columns = states.into_iter().enumerate().map(|(group, states)| {
        let mut column = Column::default();
        column.reset(count);
        for (step, state) in states.into_iter().enumerate() {
            let value = histograms.result(group, step, state.map(S::result));
            if let Some(value) = value {
                column.set(step, value);
            }
        }
        column
    });
    Ok(groups.metas.into_iter().zip(columns).collect())
}

/// The histograms of all groups.
struct Histograms<'a, T> {
    context: &'a Context<'a>,
    position: Position,
    /// By group and step; a group without histograms has no steps.
    slots: Vec<Vec<Slot<T>>>,
    held: Charge<'a>,
}

impl<'a, T: Total> Histograms<'a, T> {
    fn new(input: &Input<'a>, groups: usize) -> Self {
        Self {
            context: input.context,
            position: input.position,
            slots: vec![Vec::new(); groups],
            held: input.context.charge(),
        }
    }

    /// Adds the histograms of a series to its group, whose floats are known already.
    fn add<S>(
        &mut self,
        group: usize,
        column: &Column,
        floats: &[Option<S>],
        meta: &Meta,
    ) -> Result<(), QueryError> {
        if self.slots[group].is_empty() {
            self.held.add_table::<Slot<T>>(1, floats.len())?;
            self.slots[group] = vec![Slot::Empty; floats.len()];
        }
        for (step, float) in floats.iter().enumerate() {
            let Some(histogram) = column.histogram(step) else {
                continue;
            };
            let slot = &mut self.slots[group][step];
            let before = slot.byte_count();
            let combined = slot.add(histogram, float.is_some());
            let grown = slot.byte_count().saturating_sub(before);
            self.held.add(grown, 0)?;
            self.note(combined, meta);
        }
        Ok(())
    }

    fn note(&self, combined: Result<Combination, IncompatibleWith>, meta: &Meta) {
        match combined {
            Ok(combination) => {
                note_combination(combination, |note| {
                    self.context.annotate(note, self.position)
                });
            }
            Err(IncompatibleWith) => {
                let name = meta.labels.metric_name().unwrap_or("").to_string();
                let annotation = Annotation::MixedExponentialCustom { name };
                self.context.annotate(&annotation, self.position);
            }
        }
    }

    /// Returns the result of a group at a step: of its histograms, or of its floats when there are no histograms.
    fn result(&self, group: usize, step: usize, floats: Option<f64>) -> Option<Value> {
        let (histogram, is_mixed) = match self.slots[group].get(step).unwrap_or(&Slot::Empty) {
            Slot::Empty => return floats.map(Value::Float),
            Slot::Total(total) => (Some(total), floats.is_some()),
            Slot::Mixed => (None, true),
            Slot::Incompatible { had_float } => (None, *had_float),
        };
        if is_mixed {
            let annotation = Annotation::MixedFloatsHistogramsInAggregation;
            self.context.annotate(&annotation, self.position);
            return None;
        }
        histogram.map(|total| Value::Histogram(Arc::new(total.value())))
    }
}

/// The histogram that was added last has other buckets than those before it.
struct IncompatibleWith;

impl<T: Total> Slot<T> {
    fn add(
        &mut self,
        histogram: &Histogram,
        has_float: bool,
    ) -> Result<Combination, IncompatibleWith> {
        match self {
            Self::Empty if has_float => *self = Self::Mixed,
            Self::Empty => *self = Self::Total(T::new(histogram)),
            Self::Total(total) => {
                return total.add(histogram).map_err(|_| {
                    *self = Self::Incompatible {
                        had_float: has_float,
                    };
                    IncompatibleWith
                });
            }
            Self::Mixed | Self::Incompatible { .. } => {}
        }
        Ok(Combination::default())
    }

    fn byte_count(&self) -> usize {
        match self {
            Self::Total(total) => total.byte_count(),
            Self::Empty | Self::Mixed | Self::Incompatible { .. } => 0,
        }
    }
}

/// Tells what is worth telling about an addition inside of an aggregation.
pub(crate) fn note_combination(combination: Combination, note: impl Fn(&Annotation)) {
    if combination.counter_reset_collision {
        note(&Annotation::CounterResetCollision(
            HistogramStep::Aggregation,
        ));
    }
    if combination.bounds_reconciled {
        note(&Annotation::MismatchedCustomBuckets(
            HistogramStep::Aggregation,
        ));
    }
}
