//! The ledgers of all budgets.

use std::sync::Arc;

use plimsoll_types::Labels;

use super::rows::Judged;
use crate::correction::Spans;
use crate::count::Link;
use crate::ledger::{Keep, Measured, Stream};

/// Which part of an SLO a budget is of: all of it, or one value of its dimensions.
pub(super) type Group = Option<Labels>;

/// The ledger of one objective of one group.
#[derive(Clone, Debug)]
pub(super) struct Budget {
    /// The index of the SLO's slot.
    pub(super) slot: u32,
    /// The objective's name.
    pub(super) objective: Arc<str>,
    pub(super) group: Group,
    pub(super) ledger: Stream,
    /// Since when there is data, for links of the version that began at `gate_since`: a stream that waits for a series
    /// has none before it, so it is [`i64::MAX`] until then, and [`i64::MIN`] when it waits for none.
    pub(super) gate: i64,
    pub(super) gate_since: i64,
    /// When it is corrected.
    pub(super) spans: Option<Arc<Spans>>,
    pub(super) judged: Judged,
}

impl Budget {
    /// Returns since when a link counts.
    pub(super) fn since(&self, link: &Link) -> i64 {
        match link.since >= self.gate_since {
            true => link.since.max(self.gate),
            false => link.since,
        }
    }
}

/// All of them. An index is used again after its budget is gone.
#[derive(Debug, Default)]
pub(super) struct Streams {
    /// Each in its own place, so that room for more of them costs little.
    budgets: Vec<Option<Box<Budget>>>,
    free: Vec<u32>,
}

impl Streams {
    pub(super) fn len(&self) -> usize {
        self.budgets.len() - self.free.len()
    }

    pub(super) fn get(&self, index: u32) -> Option<&Budget> {
        self.budgets.get(index as usize)?.as_deref()
    }

    pub(super) fn get_mut(&mut self, index: u32) -> Option<&mut Budget> {
        self.budgets.get_mut(index as usize)?.as_deref_mut()
    }

    pub(super) fn insert(&mut self, budget: Budget) -> u32 {
        let index = self.free.pop().unwrap_or_else(|| {
            self.budgets.push(None);
            (self.budgets.len() - 1) as u32
        });
        self.budgets[index as usize] = Some(Box::new(budget));
        index
    }

    pub(super) fn remove(&mut self, index: u32) {
        if self.budgets[index as usize].take().is_some() {
            self.free.push(index);
        }
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Budget> {
        self.budgets.iter_mut().flatten().map(Box::as_mut)
    }

    /// Counts something, or takes it back.
    pub(super) fn change(&mut self, index: u32, measured: Measured, is_added: bool) {
        let Some(budget) = self.get_mut(index) else {
            return;
        };
        match is_added {
            true => budget.ledger.add(measured),
            false => budget.ledger.take_back(measured),
        }
    }

    pub(super) fn seal(&mut self, to: i64, keep: &Keep) {
        self.iter_mut()
            .for_each(|budget| budget.ledger.seal(to, keep));
    }

    pub(super) fn byte_count(&self) -> usize {
        let budgets = self.budgets.iter().flatten();
        let bytes = budgets
            .map(|budget| size_of::<Budget>() - size_of::<Stream>() + budget.ledger.byte_count());
        bytes.sum::<usize>() + self.budgets.capacity() * size_of::<Option<Box<Budget>>>()
    }
}
