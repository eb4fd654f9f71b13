//! The history of a budget as it is judged: in units of its method, with corrections.

use std::sync::Arc;

use plimsoll_types::{Labels, Timestamp};

use super::Engine;
use super::options::keep;
use super::slot::Slot;
use super::streams::Budget;
use crate::History;
use crate::correction::{Corrected, Spans, Sum};

/// How far ahead of now corrections are worked out, in milliseconds; they are worked out again when that is over.
const AHEAD: i64 = 24 * 3_600_000;

impl Engine {
    /// Calls `use_it` with the history of a budget, with corrections; `None` when there is no such budget.
    pub(super) fn read<R>(&self, stream: u32, use_it: impl FnOnce(&dyn History) -> R) -> Option<R> {
        let budget = self.streams.get(stream)?;
        let slot = &self.slots.all[budget.slot as usize];
        if slot.corrections.is_empty() {
            return Some(self.read_plain(budget, use_it));
        }
        if budget.group.is_none() && slot.corrections.is_by_group() {
            return Some(self.read_groups(slot, budget, use_it));
        }
        let spans = self.spans(slot, budget);
        let corrected = |history: &dyn History| use_it(&Corrected::new(history, &spans));
        Some(self.read_plain(budget, corrected))
    }

    /// Calls `use_it` with the history of a budget, without corrections.
    pub(super) fn read_plain<R>(
        &self,
        budget: &Budget,
        use_it: impl FnOnce(&dyn History) -> R,
    ) -> R {
        match budget.ledger.derived() {
            Some(derived) => use_it(&derived.history(&budget.ledger, self.horizon)),
            None => use_it(&budget.ledger),
        }
    }

    /// Calls `use_it` with the events of a budget, whatever its method, with corrections.
    pub(super) fn read_events<R>(
        &self,
        budget: &Budget,
        use_it: impl FnOnce(&dyn History) -> R,
    ) -> R {
        let slot = &self.slots.all[budget.slot as usize];
        if slot.corrections.is_empty() {
            return use_it(&budget.ledger);
        }
        let spans = self.spans(slot, budget);
        use_it(&Corrected::new(&budget.ledger, &spans))
    }

    /// What corrections of some groups make of the whole is the sum of what they make of the groups.
    fn read_groups<R>(
        &self,
        slot: &Slot,
        whole: &Budget,
        use_it: impl FnOnce(&dyn History) -> R,
    ) -> R {
        let groups = slot.budgets.iter().filter(|((objective, group), _)| {
            *objective == whole.objective && (group.is_some() || slot.budgets.len() == 1)
        });
        let groups: Vec<&Budget> = groups
            .filter_map(|(_, stream)| self.streams.get(*stream))
            .collect();
        let spans: Vec<Arc<Spans>> = groups.iter().map(|group| self.spans(slot, group)).collect();
        let derived: Vec<_> = groups
            .iter()
            .map(|group| Some(group.ledger.derived()?.history(&group.ledger, self.horizon)))
            .collect();
        let plain = groups
            .iter()
            .zip(&derived)
            .map(|(group, derived)| match derived {
                Some(derived) => derived as &dyn History,
                None => &group.ledger,
            });
        let corrected: Vec<_> = plain
            .zip(&spans)
            .map(|(plain, spans)| Corrected::new(plain, spans))
            .collect();
        use_it(&Sum::new(
            corrected.iter().map(|part| part as &dyn History).collect(),
        ))
    }

    /// Returns the times that are corrected for a budget: those that were worked out last, when they still reach far enough.
    fn spans(&self, slot: &Slot, budget: &Budget) -> Arc<Spans> {
        let now = Timestamp::from_millis(self.now);
        let known = budget.spans.as_ref();
        if let Some(known) = known.filter(|known| known.knows(now, now)) {
            return known.clone();
        }
        self.work_out(slot, budget)
    }

    fn work_out(&self, slot: &Slot, budget: &Budget) -> Arc<Spans> {
        let from = self
            .now
            .saturating_sub(keep(&self.catalog).hours)
            .saturating_sub(AHEAD);
        let to = self.now.saturating_add(AHEAD);
        let nothing = Labels::empty();
        let group = budget.group.as_ref().unwrap_or(&nothing);
        let at = Timestamp::from_millis;
        Arc::new(slot.corrections.spans(group, at(from), at(to)))
    }

    /// Works out the corrections of a budget once for many reads.
    pub(super) fn refresh_spans(&mut self, stream: u32) {
        let now = Timestamp::from_millis(self.now);
        let Some(budget) = self.streams.get(stream) else {
            return;
        };
        let slot = &self.slots.all[budget.slot as usize];
        let is_known = budget
            .spans
            .as_ref()
            .is_some_and(|known| known.knows(now, now));
        if slot.corrections.is_empty() || is_known {
            return;
        }
        let spans = self.work_out(slot, budget);
        if let Some(budget) = self.streams.get_mut(stream) {
            budget.spans = Some(spans);
        }
    }
}
