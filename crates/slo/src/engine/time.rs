//! Time passes: slices are sealed, and what no sample can depend on any more is forgotten.

use std::collections::HashSet;

use super::Engine;
use super::options::keep;
use super::rows::{BudgetKey, Forgotten};
use crate::ledger::{MINUTE, SLICE};

/// How often series that are gone are looked for, in milliseconds.
const SWEEP: i64 = 10 * MINUTE;

impl Engine {
    /// Reaches a time; what is older than the lateness is settled, but nothing that is not older than `unsettled`.
    pub(super) fn reach(&mut self, to: i64, unsettled: i64) {
        let lateness = self.options.lateness.as_millis() as i64;
        let before = self.now;
        self.now = self.now.max(to);
        let horizon = (self.now - lateness).min(unsettled).div_euclid(SLICE) * SLICE;
        self.horizon = self.horizon.max(horizon);
        self.seal();
        if self.now.div_euclid(MINUTE) != before.div_euclid(MINUTE) {
            self.series.forget_scrapes(self.horizon);
        }
        if self.now.div_euclid(SWEEP) != before.div_euclid(SWEEP) {
            self.sweep();
        }
    }

    fn seal(&mut self) {
        let fine = self.options.fine().as_millis() as i64;
        // A sample at the horizon can still cover the gap before it.
        let gap = self.options.gap.as_millis() as i64 + SLICE;
        let begin = (self.now - fine).min(self.horizon - gap).div_euclid(MINUTE) * MINUTE;
        if begin > self.begin {
            self.streams.seal(begin, &keep(&self.catalog));
            self.begin = begin;
        }
    }

    /// Forgets series that were not heard of for long or count for nothing, and objectives that are gone for long.
    fn sweep(&mut self) {
        let forget = self.options.forget.as_millis() as i64;
        for index in self.series.indices() {
            let Some(series) = self.series.get_mut(index) else {
                continue;
            };
            for track in &mut series.tracks {
                track.links.retain(|link| link.until > self.horizon);
            }
            series.tracks.retain(|track| !track.links.is_empty());
            let is_idle = series.tracks.is_empty() && !series.is_up;
            if is_idle || series.heard < self.horizon - forget {
                self.series.remove(index);
            }
        }
        self.drop_retired();
        self.drop_empty_groups();
        self.drop_waiting();
        for slot in &mut self.slots.all {
            slot.series.sort_unstable();
            slot.series.dedup();
            slot.series
                .retain(|index| self.series.get(*index).is_some());
        }
    }

    fn drop_retired(&mut self) {
        let kept = self.options.retired_kept.as_millis() as i64;
        let composites = self.catalog.composites.iter();
        let composites: HashSet<&str> = composites.map(|composite| &*composite.id).collect();
        for slot in &mut self.slots.all {
            let is_old = slot
                .retired
                .is_some_and(|retired| retired < self.now - kept);
            if !is_old || slot.is_forgotten {
                continue;
            }
            for (_, stream) in std::mem::take(&mut slot.budgets) {
                self.streams.remove(stream);
            }
            slot.versions.clear();
            slot.is_forgotten = true;
            if !composites.contains(&*slot.id) {
                self.forgotten.push(Forgotten::Slo(slot.id.clone()));
            }
        }
    }

    /// Makes room for new groups where old ones have nothing left in any slice.
    fn drop_empty_groups(&mut self) {
        let linked = self.linked_streams();
        for slot in &mut self.slots.all {
            slot.budgets.retain(|(objective, group), stream| {
                let is_empty = self
                    .streams
                    .get(*stream)
                    .is_some_and(|budget| budget.ledger.is_empty());
                let goes = group.is_some() && is_empty && !linked.contains(stream);
                if goes {
                    self.streams.remove(*stream);
                    self.forgotten.push(Forgotten::Budget(BudgetKey {
                        slo: slot.id.clone(),
                        objective: objective.clone(),
                        group: group.clone(),
                    }));
                }
                !goes
            });
        }
    }

    /// Forgets rows of groups that did not come back after a restart.
    fn drop_waiting(&mut self) {
        let forget = self.options.forget.as_millis() as i64;
        if self.waiting_since < self.now - forget {
            let gone = self.waiting.drain().map(|(key, _)| key);
            self.forgotten.extend(gone.map(Forgotten::Budget));
        }
    }

    fn linked_streams(&self) -> HashSet<u32> {
        let tracks = self.series.iter().flat_map(|(_, series)| &series.tracks);
        tracks
            .flat_map(|track| &track.links)
            .map(|link| link.stream)
            .collect()
    }
}
