//! Another catalogue takes the place of the one in force: what counts as before goes on as if nothing had happened.

use std::collections::HashSet;
use std::sync::Arc;

use plimsoll_types::Timestamp;

use super::Engine;
use super::groups::{closed_gate, verdict};
use super::interest::Interest;
use super::slot::{Slot, Version, definition};
use crate::count::Track;
use crate::ledger::{Derived, SLICE};
use crate::{Catalog, Slo};

/// What a reload changed about an SLO.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Changed {
    /// It is new.
    Added(Arc<str>),
    /// It counts differently from now on.
    Version(Arc<str>, Version),
    /// It is gone; its ledger is kept for a while, in case that it comes back.
    Removed(Arc<str>),
}

impl Engine {
    /// Puts another catalogue in force. SLOs that count differently begin a new version with the next slice after `now`.
    ///
    /// Complexity: each series is matched with what is new. Ask [`interest`](Self::interest) again afterwards.
    pub fn reload(&mut self, catalog: Arc<Catalog>, now: Timestamp) -> Vec<Changed> {
        // What has been counted already up to now was counted as it was defined then.
        let since = now.millis().max(self.now);
        let since = (since + SLICE - 1).div_euclid(SLICE) * SLICE;
        let number = self.interest.number() + 1;
        self.interest = Arc::new(Interest::new(catalog.clone(), number));
        let (mut changes, mut renewed) = (Vec::new(), HashSet::new());
        let mut of_catalog = Vec::with_capacity(catalog.slos.len());
        for slo in &catalog.slos {
            let (index, change) = self.put_in_force(slo, since);
            of_catalog.push(index);
            if let Some(change) = change {
                renewed.insert(index);
                changes.push(change);
            }
        }
        self.retire(&of_catalog, now.millis(), &mut changes, &mut renewed);
        self.slots.of_catalog = of_catalog;
        self.catalog = catalog;
        if !renewed.is_empty() {
            for index in self.series.indices() {
                self.link_again(index, &renewed, since);
            }
        }
        changes
    }

    fn put_in_force(&mut self, slo: &Arc<Slo>, since: i64) -> (u32, Option<Changed>) {
        let Some(index) = self.slots.by_id.get(&slo.id).copied() else {
            let index = self.slots.insert(Slot::new(slo, since));
            self.correct_again(index);
            self.make_wholes(index, slo);
            return (index, Some(Changed::Added(slo.id.clone())));
        };
        self.follow_policy(index, slo);
        let slot = &mut self.slots.all[index as usize];
        slot.slo = Some(slo.clone());
        let was_away = slot.retired.take().is_some();
        let was_there = !slot.versions.is_empty();
        slot.is_forgotten = false;
        let is_same = slot.counts_as(slo) && !was_away;
        let mut change = None;
        if !is_same {
            let version = Version {
                number: slot
                    .versions
                    .last()
                    .map_or(1, |last| last.number.saturating_add(1)),
                since: Timestamp::from_millis(since),
                definition: definition(slo).into(),
            };
            slot.versions.push(version.clone());
            slot.ask_next = slot.ask_next.max(since);
            change = Some(match was_there {
                true => Changed::Version(slo.id.clone(), version),
                false => Changed::Added(slo.id.clone()),
            });
        }
        self.correct_again(index);
        self.judge_anew(index, slo, (!is_same).then_some(since));
        self.make_wholes(index, slo);
        (index, change)
    }

    /// Makes the budgets of the whole, so that they are known to have no data.
    fn make_wholes(&mut self, slot: u32, slo: &Slo) {
        for objective in &slo.objectives {
            self.stream(slot, &objective.name, None);
        }
    }

    /// Lets alerts that fire go on under a changed policy.
    fn follow_policy(&mut self, slot: u32, new: &Slo) {
        let slot = &self.slots.all[slot as usize];
        let Some(old) = &slot.slo else {
            return;
        };
        for stream in slot.budgets.values() {
            if let Some(budget) = self.streams.get_mut(*stream) {
                budget.judged.burn.follow(&old.alerts, &new.alerts);
            }
        }
    }

    /// Takes methods and targets of an SLO over into its budgets.
    fn judge_anew(&mut self, slot: u32, slo: &Slo, version_since: Option<i64>) {
        let slot = &self.slots.all[slot as usize];
        for ((objective, group), stream) in &slot.budgets {
            let Some(budget) = self.streams.get_mut(*stream) else {
                continue;
            };
            if let Some(since) = version_since {
                budget.gate = closed_gate(slo, objective);
                budget.gate_since = since;
            }
            let verdict = verdict(slo, objective, group.as_ref());
            let verdict = verdict.filter(|verdict| verdict.length().is_some());
            let begin = budget.ledger.begin();
            match (verdict, budget.ledger.derived_mut()) {
                (None, None) => {}
                (None, Some(_)) => budget.ledger.derive(None),
                (Some(verdict), derived) => {
                    if !derived.is_some_and(|derived| derived.set(verdict.clone())) {
                        budget.ledger.derive(Derived::new(verdict, begin));
                    }
                }
            }
        }
    }

    fn retire(
        &mut self,
        of_catalog: &[u32],
        now: i64,
        changes: &mut Vec<Changed>,
        renewed: &mut HashSet<u32>,
    ) {
        let in_force: HashSet<u32> = of_catalog.iter().copied().collect();
        for (index, slot) in self.slots.all.iter_mut().enumerate() {
            let index = index as u32;
            if slot.retired.is_none() && !in_force.contains(&index) {
                slot.retired = Some(now);
                slot.slo = None;
                changes.push(Changed::Removed(slot.id.clone()));
                renewed.insert(index);
            }
        }
    }

    /// Ends the links of a series to the slots in `renewed` at `since`, and makes those that they have from then on.
    fn link_again(&mut self, index: u32, renewed: &HashSet<u32>, since: i64) {
        let Some(labels) = self.series.get(index).map(|series| series.labels.clone()) else {
            return;
        };
        self.count_kept(index, false);
        let links = self.links(&labels, |slot| renewed.contains(&slot));
        let Some(series) = self.series.get_mut(index) else {
            return;
        };
        for link in series.tracks.iter_mut().flat_map(|track| &mut track.links) {
            let slot = self.streams.get(link.stream).map(|budget| budget.slot);
            if slot.is_none_or(|slot| renewed.contains(&slot)) {
                link.until = link.until.min(since);
            }
        }
        self.connect(index, links);
        self.count_kept(index, true);
    }

    /// Adds links to a series.
    pub(super) fn connect(
        &mut self,
        index: u32,
        links: Vec<(crate::sli::Reading, crate::count::Link)>,
    ) {
        let Some(series) = self.series.get_mut(index) else {
            return;
        };
        for (reading, link) in links {
            if let Some(budget) = self.streams.get(link.stream) {
                let counted = &mut self.slots.all[budget.slot as usize].series;
                if counted.last() != Some(&index) {
                    counted.push(index);
                }
            }
            match series
                .tracks
                .iter_mut()
                .find(|track| track.reading == reading)
            {
                Some(track) => track.link(link),
                None => {
                    series.tracks.reserve_exact(1);
                    series.tracks.push(Track::new(reading, vec![link]));
                }
            }
        }
    }
}
