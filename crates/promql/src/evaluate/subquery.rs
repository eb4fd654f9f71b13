//! Subqueries: an instant vector evaluated at its own steps, taken as a range vector.

use crate::ast::{Length, Subquery};
use crate::error::QueryError;

use super::selector::Shift;
use super::window::{Buffer, Frame, RangeOperator};
use super::{Charge, Column, Context, Grid, Meta, Planner, Source, merge, resets};

/// `expr[1h:5m]`.
pub(crate) struct SubqueryRange<'a> {
    frame: Frame,
    inner_grid: Grid,
    source: Source<'a>,
    column: Column,
    held: Charge<'a>,
}

impl<'a> SubqueryRange<'a> {
    pub(crate) fn new(
        planner: &Planner<'a>,
        subquery: &'a Subquery,
        grid: &Grid,
    ) -> Result<Self, QueryError> {
        let context: &'a Context<'a> = planner.context;
        let shift = Shift::new(&subquery.modifiers, context);
        let frame = Frame::new(shift, subquery.range.millis());
        let default = i64::try_from(context.options.subquery_step.as_millis()).unwrap_or(i64::MAX);
        let step = subquery
            .step
            .as_ref()
            .map_or(default, Length::millis)
            .max(1);
        let after = frame.bounds(grid.start).after;
        let until = frame.bounds(grid.end()).until;
        // Steps are aligned to multiples of the step since the epoch, the first one inside the open left end.
        let start = after
            .div_euclid(step)
            .saturating_mul(step)
            .saturating_add(step);
        let inner_grid = Grid::range(start, until, step)?.in_subquery();
        let source = planner.with_totals(false, || planner.vector(&subquery.expr, &inner_grid))?;
        let source = merge(context, source, false);
        Ok(Self {
            frame,
            inner_grid,
            source,
            column: Column::default(),
            held: context.charge(),
        })
    }
}

impl RangeOperator for SubqueryRange<'_> {
    fn series(&mut self) -> Result<Vec<Meta>, QueryError> {
        self.source.series()
    }

    fn next(&mut self, into: &mut Buffer) -> Result<(), QueryError> {
        self.source.next(&mut self.column)?;
        into.clear();
        for step in 0..self.inner_grid.count {
            if let Some(value) = self.column.get(step) {
                into.push(self.inner_grid.at(step), resets::forgotten(value));
            }
        }
        let bytes = into.byte_count() + self.column.byte_count();
        self.held.set(bytes, into.len())
    }

    fn frame(&self) -> Frame {
        self.frame
    }
}
