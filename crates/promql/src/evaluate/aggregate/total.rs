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
use super::table::{self, Part, Row, Table};

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

/// The groups of `sum` or `avg`.
pub(super) struct Totals<'a, S, T> {
    rows: Vec<Row<S>>,
    histograms: Histograms<'a, T>,
    steps: usize,
    held: Charge<'a>,
}

impl<'a, S: State, T: Total> Totals<'a, S, T> {
    pub(super) fn new(input: &Input<'a>, groups: usize) -> Result<Self, QueryError> {
        let steps = input.grid.count;
        let mut held = input.context.charge();
        held.add_table::<Option<S>>(groups, steps)?;
        Ok(Self {
            rows: vec![vec![None; steps]; groups],
            histograms: Histograms::new(input, groups),
            steps,
            held,
        })
    }
}

impl<S: State, T: Total> Table for Totals<'_, S, T> {
    type State = S;

    const KEEPS_HISTOGRAMS: bool = true;

    fn add(&mut self, group: usize, column: &Column, meta: &Meta) -> Result<(), QueryError> {
        let row = &mut self.rows[group];
        table::add(row, column);
        match column.has_histograms() {
            true => self.histograms.add(group, column, row, meta),
            false => Ok(()),
        }
    }

    fn merge(&mut self, part: Part<'_, S>) {
        for (group, row) in part.rows {
            table::merge(&mut self.rows[group], row);
        }
    }

    fn columns(mut self) -> Result<Vec<Column>, QueryError> {
        self.held.add_table::<f64>(self.rows.len(), self.steps)?;
        let histograms = self.histograms;
        let columns = self.rows.into_iter().enumerate().map(|(group, row)| {
            let mut column = Column::default();
            column.reset(row.len());
            for (step, state) in row.into_iter().enumerate() {
                let value = histograms.result(group, step, state.map(S::result));
                if let Some(value) = value {
                    column.set(step, value);
                }
            }
            column
        });
        Ok(columns.collect())
    }
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
