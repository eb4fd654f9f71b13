//! `and`, `or`, `unless`: samples pass or not, their values stay.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use plimsoll_types::Labels;

use crate::ast::{Binary, BinaryOp};
use crate::error::QueryError;

use super::super::{Charge, Column, Context, Grid, LabelSet, Meta, Operator, Source, merge};

struct SetOperator<'a> {
    context: &'a Context<'a>,
    op: BinaryOp,
    key: LabelSet,
    left: Source<'a>,
    right: Source<'a>,
    grid: Grid,
    /// The group of each series that is still to come: left ones first.
    groups: std::vec::IntoIter<usize>,
    left_remaining: usize,
    /// At which steps each group has a sample on the side that decides.
    present: Vec<Vec<bool>>,
    held: Charge<'a>,
}

/// Plans a set operator.
pub(super) fn plan<'a>(
    context: &'a Context<'a>,
    binary: &'a Binary,
    (left, right): (Source<'a>, Source<'a>),
    grid: &Grid,
) -> Source<'a> {
    let matching = binary
        .matching
        .as_ref()
        .expect("two vectors always have a matching");
    let operator = SetOperator {
        context,
        op: binary.op,
        key: LabelSet::new(&matching.labels, matching.on),
        left,
        right,
        grid: *grid,
        groups: Vec::new().into_iter(),
        left_remaining: 0,
        present: Vec::new(),
        held: context.charge(),
    };
    match binary.op {
        // Both sides may have a series of the same labels, at different steps.
        BinaryOp::Or => merge(context, Box::new(operator), false),
        _ => Box::new(operator),
    }
}

impl SetOperator<'_> {
    fn mark(&mut self, group: usize, column: &Column) -> Result<(), QueryError> {
        self.context.work(column.len())?;
        for (step, present) in self.present[group].iter_mut().enumerate() {
            *present |= column.is_present(step);
        }
        Ok(())
    }

    fn clear(&self, group: usize, column: &mut Column, when: bool) {
        for (step, present) in self.present[group].iter().enumerate() {
            if *present == when {
                column.remove(step);
            }
        }
    }
}

impl Operator for SetOperator<'_> {
    fn series(&mut self) -> Result<Vec<Meta>, QueryError> {
        let mut left = self.left.series()?;
        let right = self.right.series()?;
        let mut slots: HashMap<Labels, usize> = HashMap::new();
        let mut keys = self.context.charge();
        let mut group_of = |meta: &Meta| -> Result<usize, QueryError> {
            self.context.work(1)?;
            let next = slots.len();
            match slots.entry(self.key.key(&meta.labels)) {
                Entry::Occupied(slot) => Ok(*slot.get()),
                Entry::Vacant(slot) => {
                    keys.add(slot.key().byte_count() + size_of::<(Labels, usize)>(), 0)?;
                    Ok(*slot.insert(next))
                }
            }
        };
        let left_groups: Result<Vec<usize>, _> = left.iter().map(&mut group_of).collect();
        let right_groups: Result<Vec<usize>, _> = right.iter().map(&mut group_of).collect();
        let (left_groups, right_groups) = (left_groups?, right_groups?);
        let series = left.len() + right.len();
        self.held.add_table::<usize>(series, 1)?;
        self.held.add_table::<bool>(slots.len(), self.grid.count)?;
        self.present = vec![vec![false; self.grid.count]; slots.len()];
        self.left_remaining = left.len();
        if self.op == BinaryOp::Or {
            left.extend(right);
            self.groups = [left_groups, right_groups].concat().into_iter();
            return Ok(left);
        }
        let mut column = Column::default();
        for group in right_groups {
            self.right.next(&mut column)?;
            self.mark(group, &column)?;
        }
        self.groups = left_groups.into_iter();
        Ok(left)
    }

    fn next(&mut self, into: &mut Column) -> Result<(), QueryError> {
        let group = self.groups.next().expect("next is called once per series");
        let Some(remaining) = self.left_remaining.checked_sub(1) else {
            self.right.next(into)?;
            self.clear(group, into, true);
            return Ok(());
        };
        self.left_remaining = remaining;
        self.left.next(into)?;
        match self.op {
            BinaryOp::Or => self.mark(group, into)?,
            BinaryOp::And => self.clear(group, into, false),
            _ => self.clear(group, into, true),
        }
        Ok(())
    }
}
