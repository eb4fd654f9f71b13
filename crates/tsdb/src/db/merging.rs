//! Merging: many small parts become few large ones, because every part costs a query a look into its index, memory for
//! its directory, and open files, and because long blocks are smaller and faster to decode than short ones.
//!
//! What is merged when is decided in [`merge_plan`]; deletions and retention are carried out on the
//! way, and a part that needs nothing but that is written again alone.

use std::collections::HashSet;
use std::sync::{Arc, PoisonError, TryLockError};

use plimsoll_types::{Tier, TimeRange, Timestamp};

use super::merge_plan::{self, Candidate, Group, Terms};
use super::pace::Pace;
use super::rewrite::Rewritten;
use super::seal::Maintenance;
use super::view::LivePart;
use super::{Db, lock};
use crate::Result;
use crate::config::millis;

/// Which parts are written again next, in the order of their age.
type Wanted<'a> = dyn Fn(&Db, &[Arc<LivePart>], &HashSet<u64>) -> Option<Vec<Arc<LivePart>>> + 'a;

impl Db {
    /// Merges what is due, one group of parts after the other, and returns how many parts became others; writes parts
    /// again of which much is older than its retention. At full speed, until nothing is due or the store is closed; the
    /// threads of [`Background`](super::Background) do the same slowly. Blocks on the disk; sealing goes on meanwhile.
    ///
    /// # Errors
    /// The first failure; what failed keeps nothing else from being merged.
    pub fn merge(&self) -> Result<usize> {
        let mut done = Maintenance::default();
        let outcome = self.merge_due(&mut Pace::full(self), &mut done);
        outcome.map(|()| done.parts_merged)
    }

    /// Seals all windows and makes one part of all parts in each span that touches `range`, however large they are and
    /// whether the span is over or not; returns how many parts became others. A span is a day, or up to 31 days when the
    /// retention is long. At full speed. Blocks on the disk.
    ///
    /// # Errors
    /// The first failure.
    pub fn force_merge(&self, range: TimeRange) -> Result<usize> {
        self.seal_all()?;
        let mut done = Maintenance::default();
        let forced = |db: &Self, parts: &[Arc<LivePart>], failed: &HashSet<u64>| {
            let plan = |all: &[Candidate], terms: &Terms<'_>| merge_plan::forced(all, terms, range);
            db.first_of(parts, failed, &plan)
        };
        let outcome = self.rewrite_all(&mut Pace::full(self), &mut done, &forced);
        self.update_gauges();
        outcome.map(|()| done.parts_merged)
    }

    pub(super) fn merge_due(&self, pace: &mut Pace<'_>, done: &mut Maintenance) -> Result<()> {
        let thinned = self.merge_crowded(pace, done);
        // What is written meanwhile holds nothing that could be left out, and is not looked at again before the next call.
        let (there, _) = self.deleted_from();
        let newest = there.iter().map(|live| live.id()).max();
        drop(there);
        let due = |db: &Self, parts: &[Arc<LivePart>], failed: &HashSet<u64>| {
            let known = parts.iter().filter(|live| Some(live.id()) <= newest);
            let known: Vec<_> = known.cloned().collect();
            let expired = || db.first_expired(&known, failed).map(|live| vec![live]);
            db.first_of(parts, failed, &merge_plan::crowded)
                .or_else(|| db.first_of(parts, failed, &merge_plan::due))
                .or_else(expired)
        };
        // Before samples are left out that windows are to be made of.
        let made = self.make_tiers(pace, done);
        self.rewrite_all(pace, done, &due).and(made).and(thinned)
    }

    /// Merges small groups where a day has too many parts, before anything that takes longer.
    pub(super) fn merge_crowded(&self, pace: &mut Pace<'_>, done: &mut Maintenance) -> Result<()> {
        let crowded = |db: &Self, parts: &[Arc<LivePart>], failed: &HashSet<u64>| {
            db.first_of(parts, failed, &merge_plan::crowded)
        };
        self.rewrite_all(pace, done, &crowded)
    }

    /// Merges at once where parts that were just made are too many of a day, about as many as were made: who makes
    /// parts faster than they are merged in the background does that work himself. When others merge at the moment, it
    /// is left to them. A failure is logged; what was made stands.
    pub(super) fn thin_out(&self, made: usize, done: &mut Maintenance) {
        for _ in 0..made {
            let merging = match self.upkeep.merging.try_lock() {
                Ok(merging) => merging,
                Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
                Err(TryLockError::WouldBlock) => return,
            };
            let (parts, tombstones) = self.deleted_from();
            let Some(group) = self.first_of(&parts, &HashSet::new(), &merge_plan::crowded) else {
                return;
            };
            drop(parts);
            match self.rewrite(&merging, &group, &tombstones, &mut Pace::full(self)) {
                Ok(Rewritten::Done) => self.count(&group, done),
                Ok(Rewritten::GivenUp) => return,
                Err(error) => {
                    tracing::error!(error = %error.chain(), parts = group.len(), "merging failed");
                    return;
                }
            }
            drop((group, merging));
            self.remove_retired(&mut lock(&self.keeping));
        }
    }

    fn rewrite_all(
        &self,
        pace: &mut Pace<'_>,
        done: &mut Maintenance,
        wanted: &Wanted<'_>,
    ) -> Result<()> {
        let (mut outcome, mut failed) = (Ok(()), HashSet::new());
        while !pace.is_over() {
            let merging = self.begin_merging();
            let (parts, tombstones) = self.deleted_from();
            let Some(group) = wanted(self, &parts, &failed) else {
                break;
            };
            drop(parts);
            match self.rewrite(&merging, &group, &tombstones, pace) {
                Ok(Rewritten::Done) => self.count(&group, done),
                Ok(Rewritten::GivenUp) => {}
                Err(error) => {
                    tracing::error!(error = %error.chain(), parts = group.len(), "merging failed");
                    failed.extend(group.iter().map(|live| live.id()));
                    outcome = outcome.and(Err(error));
                }
            }
            drop((group, merging));
            self.remove_retired(&mut lock(&self.keeping));
        }
        outcome
    }

    fn count(&self, group: &[Arc<LivePart>], done: &mut Maintenance) {
        match group.len() {
            1 => {
                self.metrics.parts_expired.inc();
                done.parts_expired += 1;
            }
            several => {
                self.metrics.parts_merged.inc_by(several as u64);
                done.parts_merged += several;
            }
        }
    }

    fn first_of(
        &self,
        parts: &[Arc<LivePart>],
        failed: &HashSet<u64>,
        plan: &dyn Fn(&[Candidate], &Terms<'_>) -> Vec<Group>,
    ) -> Option<Vec<Arc<LivePart>>> {
        let groups = self.planned(parts, failed, plan);
        let group = groups.into_iter().next()?;
        Some(group.into_iter().map(|at| parts[at].clone()).collect())
    }

    fn planned(
        &self,
        parts: &[Arc<LivePart>],
        failed: &HashSet<u64>,
        plan: &dyn Fn(&[Candidate], &Terms<'_>) -> Vec<Group>,
    ) -> Vec<Group> {
        let aside = {
            let view = self.view.read().unwrap_or_else(PoisonError::into_inner);
            let raw = view.quarantined.iter().filter(|p| p.tier == Tier::Raw);
            let aside = raw.map(|part| Candidate {
                id: part.id,
                range: part.range,
                bytes: 0,
                sequence: part.sequence,
            });
            aside.collect::<Vec<_>>()
        };
        let all: Vec<_> = parts.iter().map(|live| candidate(live)).collect();
        let longest = self.upkeep.retention().rules.longest(Tier::Raw);
        let terms = Terms {
            over: self.over_until(),
            span_millis: merge_plan::span_millis(millis(longest)),
            aside: &aside,
            failed,
        };
        plan(&all, &terms)
    }

    /// Returns the bytes of the parts that merging has not come to yet.
    pub(super) fn merge_debt(&self) -> u64 {
        let (parts, _) = self.deleted_from();
        let groups = self.planned(&parts, &HashSet::new(), &merge_plan::due);
        let due = groups.iter().flatten();
        due.map(|at| parts[*at].part.meta().bytes).sum()
    }

    /// Returns the time before which all windows are sealed that are not late, by a clock that can be believed.
    pub(super) fn over_until(&self) -> Timestamp {
        let (now, monotonic) = (self.clock.now(), self.clock.monotonic());
        let mut timekeeper = lock(&self.timekeeper);
        timekeeper.trusted(now, monotonic);
        if !timekeeper.is_steady() {
            return Timestamp::MIN;
        }
        let late = self.config.window_millis() + 2 * self.config.seal_grace_millis();
        now.saturating_add_millis(-late)
    }
}

fn candidate(live: &LivePart) -> Candidate {
    Candidate {
        id: live.id(),
        range: live.range(),
        bytes: live.part.meta().bytes,
        sequence: live.entry.sequence,
    }
}
