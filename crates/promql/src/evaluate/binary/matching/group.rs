//! The side that is kept: its series by match group, and whether two of a group are ever there at once.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use plimsoll_types::Labels;

use crate::error::QueryError;
use crate::evaluate::{Charge, Column, Meta, Pairs};

/// All groups, in the order in which they were found.
#[derive(Default)]
pub(super) struct Groups {
    indices: HashMap<Labels, usize>,
    pub(super) groups: Vec<Group>,
}

impl Groups {
    pub(super) fn find(&self, key: &Labels) -> Option<usize> {
        self.indices.get(key).copied()
    }

    /// Returns the group of a key, which it makes when it is new.
    pub(super) fn of(
        &mut self,
        key: &Labels,
        held: &mut Charge<'_>,
        steps: usize,
    ) -> Result<usize, QueryError> {
        Ok(match self.indices.entry(key.clone()) {
            Entry::Occupied(group) => *group.get(),
            Entry::Vacant(group) => {
                // The group itself, and its lists of steps that are present and taken.
                let entry = key.byte_count() + size_of::<(Labels, usize, Group)>();
                held.add(entry + 2 * steps, 0)?;
                self.groups.push(Group::default());
                *group.insert(self.groups.len() - 1)
            }
        })
    }
}

/// The series of the "one" side that have the same key.
#[derive(Default)]
pub(super) struct Group {
    pub(super) members: Vec<(Meta, Column)>,
    /// Steps at which some member has a sample.
    present: Vec<bool>,
    /// Steps at which a series of the other side was paired, with a member or with what stands for one.
    taken: Vec<bool>,
}

/// Of all groups together, so that a series of the other side is compared with one list and not with every group.
pub(super) struct Clash {
    pub(super) steps: Vec<bool>,
    /// The first of them, and which two samples meet there.
    first: usize,
    pub(super) message: String,
}

impl Group {
    /// Says whether some member has a sample at a step.
    pub(super) fn is_present(&self, step: usize) -> bool {
        self.present.get(step).copied().unwrap_or(false)
    }

    pub(super) fn is_taken(&self, step: usize) -> bool {
        self.taken.get(step).copied().unwrap_or(false)
    }

    /// Marks a step, one of `count`, as taken; returns whether it was.
    pub(super) fn take(&mut self, step: usize, count: usize) -> bool {
        self.taken.resize(count, false);
        std::mem::replace(&mut self.taken[step], true)
    }

    /// Keeps a series; `message` says which two are duplicates of each other.
    pub(super) fn add(
        &mut self,
        meta: Meta,
        column: Column,
        clash: &mut Option<Clash>,
        message: &dyn Fn(&Labels, &Labels) -> String,
    ) {
        self.present.resize(column.len(), false);
        for step in (0..column.len()).filter(|step| column.is_present(*step)) {
            if !std::mem::replace(&mut self.present[step], true) {
                continue;
            }
            let clash = clash.get_or_insert_with(|| Clash {
                steps: vec![false; column.len()],
                first: usize::MAX,
                message: String::new(),
            });
            clash.steps[step] = true;
            if step < clash.first {
                let mut members = self.members.iter();
                let known = members.find(|(_, other)| other.is_present(step));
                let known = known.map_or(&meta, |(known, _)| known);
                clash.first = step;
                clash.message = message(&meta.labels, &known.labels);
            }
        }
        self.members.push((meta, column));
    }
}

pub(super) fn duplicates(key: &Labels, side: &str, one: &Labels, other: &Labels) -> String {
    format!(
        "found duplicate series for the match group {} on the {side} hand-side of the operation: \
         [{}, {}];many-to-many matching not allowed: matching labels must be unique on one side",
        Pairs(key),
        Pairs(one),
        Pairs(other)
    )
}
