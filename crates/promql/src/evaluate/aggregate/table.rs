//! The states of all groups at all steps, and those of the groups that a shard meets.

use std::collections::HashMap;

use crate::ast::AggregateOp;
use crate::error::QueryError;
use crate::span::Position;

use super::super::{Charge, Column, Context, Meta};
use super::state::State;
use super::{Input, note_ignored};

/// One state per step; none as long as there was no value.
pub(super) type Row<S> = Vec<Option<S>>;

/// What an aggregation knows of all of its groups.
pub(super) trait Table: Send {
    /// What it remembers of floats.
    type State: State;

    /// Histograms are more than a state can hold, so they are added one by one, in the order of the series.
    const KEEPS_HISTOGRAMS: bool;

    /// Adds a series to its group.
    fn add(&mut self, group: usize, column: &Column, meta: &Meta) -> Result<(), QueryError>;

    /// Adds what a shard knows; its series come after those that were added before.
    fn merge(&mut self, part: Part<'_, Self::State>);

    /// Returns the result of each group.
    fn columns(self) -> Result<Vec<Column>, QueryError>;
}

/// Adds a column to the states of its group; says whether it looked past a histogram.
pub(super) fn add<S: State>(row: &mut Row<S>, column: &Column) -> bool {
    let mut ignored = false;
    for (step, state) in row.iter_mut().enumerate() {
        if let Some(value) = column.float(step) {
            state.get_or_insert_default().add(value);
        } else if column.histogram(step).is_some() {
            match S::COUNTS_HISTOGRAMS {
                true => state.get_or_insert_default().add(0.0),
                false => ignored = true,
            }
        }
    }
    ignored
}

/// Adds later states to those of their group.
pub(super) fn merge<S: State>(row: &mut Row<S>, later: Row<S>) {
    for (state, later) in row.iter_mut().zip(later) {
        match (state, later) {
            (Some(state), Some(later)) => state.merge(later),
            (state, Some(later)) => *state = Some(later),
            (_, None) => {}
        }
    }
}

/// The states of the groups that a shard met.
pub(super) struct Part<'a, S> {
    steps: usize,
    slots: HashMap<usize, usize>,
    /// The group that was met last, and its slot: neighbours are often of the same group.
    last: Option<(usize, usize)>,
    /// By slot, with their group.
    pub(super) rows: Vec<(usize, Row<S>)>,
    /// It looked past a histogram.
    pub(super) ignored: bool,
    held: Charge<'a>,
}

impl<'a, S: State> Part<'a, S> {
    pub(super) fn new(context: &'a Context<'a>, steps: usize) -> Self {
        Self {
            steps,
            slots: HashMap::new(),
            last: None,
            rows: Vec::new(),
            ignored: false,
            held: context.charge(),
        }
    }

    pub(super) fn add(&mut self, group: usize, column: &Column) -> Result<(), QueryError> {
        let slot = match self.last {
            Some((last, slot)) if last == group => slot,
            _ => self.slot(group)?,
        };
        self.last = Some((group, slot));
        self.ignored |= add(&mut self.rows[slot].1, column);
        Ok(())
    }

    fn slot(&mut self, group: usize) -> Result<usize, QueryError> {
        if let Some(slot) = self.slots.get(&group) {
            return Ok(*slot);
        }
        self.held.add_table::<Option<S>>(1, self.steps)?;
        self.slots.insert(group, self.rows.len());
        self.rows.push((group, vec![None; self.steps]));
        Ok(self.rows.len() - 1)
    }
}

/// The groups of an aggregation that looks past histograms, or only counts them.
pub(super) struct Floats<'a, S> {
    rows: Vec<Row<S>>,
    ignored: bool,
    context: &'a Context<'a>,
    op: AggregateOp,
    position: Position,
    steps: usize,
    held: Charge<'a>,
}

impl<'a, S: State> Floats<'a, S> {
    pub(super) fn new(input: &Input<'a>, groups: usize) -> Result<Self, QueryError> {
        let steps = input.grid.count;
        let mut held = input.context.charge();
        held.add_table::<Option<S>>(groups, steps)?;
        Ok(Self {
            rows: vec![vec![None; steps]; groups],
            ignored: false,
            context: input.context,
            op: input.op,
            position: input.position,
            steps,
            held,
        })
    }
}

impl<S: State> Table for Floats<'_, S> {
    type State = S;

    const KEEPS_HISTOGRAMS: bool = false;

    fn add(&mut self, group: usize, column: &Column, _: &Meta) -> Result<(), QueryError> {
        self.ignored |= add(&mut self.rows[group], column);
        Ok(())
    }

    fn merge(&mut self, part: Part<'_, S>) {
        self.ignored |= part.ignored;
        for (group, row) in part.rows {
            merge(&mut self.rows[group], row);
        }
    }

    fn columns(mut self) -> Result<Vec<Column>, QueryError> {
        if self.ignored {
            note_ignored(self.context, self.op, self.position);
        }
        self.held.add_table::<f64>(self.rows.len(), self.steps)?;
        let columns = self.rows.into_iter().map(|row| {
            let mut column = Column::default();
            column.reset(row.len());
            for (step, state) in row.into_iter().enumerate() {
                if let Some(state) = state {
                    column.set_float(step, state.result());
                }
            }
            column
        });
        Ok(columns.collect())
    }
}
