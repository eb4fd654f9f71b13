//! Overflow series and the series that are folded into them, their *members*.
//!
//! A member has a ref of its own, so that scrapes and pushes treat it as any other series: they remember the ref and find
//! repetitions and ends by it. When its samples come they are added up, and the overflow series gets one sample for all
//! of one time. Members that did not come for half an hour are forgotten; their refs are then unknown, and whoever holds
//! one resolves its series anew.

use std::collections::HashMap;
use std::time::Duration;

use plimsoll_runtime::clock::Monotonic;
use plimsoll_types::{
    Labels, Metadata, MetricType, QUANTILE_LABEL, Sample, SeriesRef, Timestamp, Value, stale_nan,
};

use super::adding::Adding;
use super::decide::{Cause, Folded};
use super::sum::{Growth, Kind, Last};

/// Members of all overflow series: about 100 bytes each.
pub(super) const MEMBERS_MAX: usize = 500_000;
/// A member that did not come for so long is forgotten.
const FORGOTTEN_AFTER: Duration = Duration::from_mins(30);
/// Tells refs of members from those of the store, which count up from 0 and never get here.
const MEMBER: u64 = 1 << 62;
/// Generations of slots have 30 bits.
const GENERATION_MAX: u32 = (1 << 30) - 1;
/// The slot of every series that nothing has room for.
const LOST: u32 = u32::MAX;

/// All overflow series.
#[derive(Debug, Default)]
pub(super) struct Folds {
    folds: HashMap<u32, Fold>,
    next: u32,
    by_labels: HashMap<Labels, u32>,
    members: Vec<Member>,
    free: Vec<u32>,
    by_hash: HashMap<u64, u32>,
    /// The generation of refs to lost series; they are all forgotten at once.
    lost_generation: u32,
}

/// An overflow series.
#[derive(Debug)]
pub(super) struct Fold {
    pub(super) labels: Labels,
    pub(super) label: String,
    pub(super) cause: Cause,
    /// Its ref in the store.
    series: SeriesRef,
    pub(super) kind: Kind,
    /// When the folding began, in milliseconds.
    pub(super) begin: i64,
    pub(super) growth: Growth,
    /// The time and the value of the last sample that was made; no value when the store did not take it.
    pub(super) last: Option<(i64, Option<Value>)>,
    pub(super) members: Vec<u32>,
    /// The type that was told, for the parts of a metric whose names do not say it.
    metric_type: MetricType,
}

/// A series that is folded.
#[derive(Debug)]
pub(super) struct Member {
    generation: u32,
    /// `None` when the slot is free.
    fold: Option<u32>,
    hash: u64,
    /// Its place in the fold's list.
    place: u32,
    pub(super) last: Last,
    pub(super) seen: Monotonic,
}

/// What a ref names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Named {
    /// A series of the store.
    Stored,
    /// This member.
    Member(u32),
    /// A series that nothing has room for.
    Lost,
    /// A member that was forgotten.
    Forgotten,
}

/// Says whether a ref may be one of ours.
pub(super) fn is_ours(series: SeriesRef) -> bool {
    series.0 >> 62 == 1
}

impl Folds {
    /// Says what a ref names.
    pub(super) fn named(&self, series: SeriesRef) -> Named {
        if !is_ours(series) {
            return Named::Stored;
        }
        let (slot, generation) = (series.0 as u32, ((series.0 & !MEMBER) >> 32) as u32);
        if slot == LOST {
            return match generation == self.lost_generation {
                true => Named::Lost,
                false => Named::Forgotten,
            };
        }
        let member = self.members.get(slot as usize);
        match member.is_some_and(|one| one.generation == generation && one.fold.is_some()) {
            true => Named::Member(slot),
            false => Named::Forgotten,
        }
    }

    /// Returns the ref of the series whose labels have this hash, when it is a member.
    pub(super) fn find(&mut self, hash: u64, now: Monotonic) -> Option<SeriesRef> {
        let slot = *self.by_hash.get(&hash)?;
        self.members[slot as usize].seen = now;
        Some(self.make_ref(slot))
    }

    /// Returns the ref for series that nothing has room for.
    pub(super) fn lost(&self) -> SeriesRef {
        SeriesRef(MEMBER | u64::from(self.lost_generation) << 32 | u64::from(LOST))
    }

    /// Returns a ref that nobody knows.
    pub(super) fn forgotten(&self) -> SeriesRef {
        SeriesRef(MEMBER | u64::from(LOST - 1))
    }

    /// Lets all series that were lost try again.
    pub(super) fn forget_lost(&mut self) {
        self.lost_generation = (self.lost_generation + 1) & GENERATION_MAX;
    }

    /// Makes a member of the overflow series `into`, whose ref in the store is `series`; `None` when there are too many.
    pub(super) fn add(
        &mut self,
        hash: u64,
        into: Folded,
        series: SeriesRef,
        at: (Timestamp, Monotonic),
    ) -> Option<SeriesRef> {
        // Somebody else may have been faster.
        if let Some(known) = self.by_hash.get(&hash) {
            return Some(self.make_ref(*known));
        }
        if self.by_hash.len() >= MEMBERS_MAX {
            return None;
        }
        let (now, seen) = at;
        let id = match self.by_labels.get(&into.labels) {
            Some(id) => *id,
            None => self.add_fold(into, series, now),
        };
        let slot = self.take_slot(seen)?;
        let fold = self.folds.get_mut(&id).expect("it is there or was added");
        let member = &mut self.members[slot as usize];
        member.fold = Some(id);
        member.hash = hash;
        member.place = u32::try_from(fold.members.len()).expect("fewer than slots");
        fold.members.push(slot);
        self.by_hash.insert(hash, slot);
        Some(self.make_ref(slot))
    }

    fn add_fold(&mut self, into: Folded, series: SeriesRef, now: Timestamp) -> u32 {
        let id = self.next;
        self.next = self.next.wrapping_add(1);
        let kind = kind_of(&into.labels, MetricType::Unknown);
        self.by_labels.insert(into.labels.clone(), id);
        let fold = Fold {
            labels: into.labels,
            label: into.label,
            cause: into.cause,
            series,
            kind,
            begin: now.millis(),
            growth: Growth::default(),
            last: None,
            members: Vec::new(),
            metric_type: MetricType::Unknown,
        };
        self.folds.insert(id, fold);
        id
    }

    fn take_slot(&mut self, seen: Monotonic) -> Option<u32> {
        let slot = match self.free.pop() {
            Some(slot) => slot,
            None => {
                let slot = u32::try_from(self.members.len())
                    .ok()
                    .filter(|slot| *slot != LOST)?;
                self.members.push(Member {
                    generation: 0,
                    fold: None,
                    hash: 0,
                    place: 0,
                    last: Last::default(),
                    seen,
                });
                slot
            }
        };
        self.members[slot as usize].seen = seen;
        Some(slot)
    }

    fn make_ref(&self, slot: u32) -> SeriesRef {
        let generation = u64::from(self.members[slot as usize].generation);
        SeriesRef(MEMBER | generation << 32 | u64::from(slot))
    }

    /// Returns the overflow series of a member.
    pub(super) fn fold_of(&self, member: u32) -> u32 {
        let fold = self.members[member as usize].fold;
        fold.expect("a ref of it was found to be known")
    }

    /// Returns the ref in the store of an overflow series.
    pub(super) fn series(&self, fold: u32) -> SeriesRef {
        self.folds[&fold].series
    }

    /// Returns the labels of an overflow series.
    pub(super) fn labels(&self, fold: u32) -> &Labels {
        &self.folds[&fold].labels
    }

    /// Notes what the metric of an overflow series means, which decides how its samples are added up.
    pub(super) fn describe(&mut self, fold: u32, metadata: &Metadata) {
        let Some(fold) = self.folds.get_mut(&fold) else {
            return;
        };
        if metadata.metric_type == MetricType::Unknown || metadata.metric_type == fold.metric_type {
            return;
        }
        fold.metric_type = metadata.metric_type;
        let kind = kind_of(&fold.labels, metadata.metric_type);
        if kind != fold.kind {
            // What was added up under another meaning is worth nothing.
            (fold.kind, fold.growth) = (kind, Growth::default());
        }
    }

    /// Adds the samples of members of one overflow series up; `samples` are in ascending order of time. Returns what the
    /// overflow series gets and how many samples were lost.
    pub(super) fn add_up(
        &mut self,
        fold: u32,
        samples: &[(u32, &Sample)],
        at: (Timestamp, Monotonic),
    ) -> (Vec<Sample>, u64) {
        let Some(fold) = self.folds.get_mut(&fold) else {
            return (Vec::new(), samples.len() as u64);
        };
        Adding::new(fold, &mut self.members, at).add_all(samples)
    }

    /// Notes that the store did not take the last sample of an overflow series.
    pub(super) fn unmake(&mut self, fold: u32) {
        let fold = self.folds.get_mut(&fold);
        if let Some((_, value)) = fold.and_then(|fold| fold.last.as_mut()) {
            *value = None;
        }
    }

    /// Forgets an overflow series with its members: the store does not know it any more.
    pub(super) fn remove(&mut self, fold: u32) {
        let Some(fold) = self.folds.remove(&fold) else {
            return;
        };
        self.by_labels.remove(&fold.labels);
        for slot in fold.members {
            self.free_slot(slot);
        }
    }

    /// Forgets everything. Returns what ends the overflow series: their members go on elsewhere.
    pub(super) fn clear(&mut self) -> Vec<(SeriesRef, Sample)> {
        let end = |fold: &Fold| {
            let (time, _) = fold.last.as_ref()?;
            let time = Timestamp::from_millis(time.saturating_add(1));
            Some((fold.series, Sample::float(time, stale_nan())))
        };
        let ends = self.folds.values().filter_map(end).collect();
        let all: Vec<u32> = self.folds.keys().copied().collect();
        all.into_iter().for_each(|fold| self.remove(fold));
        self.forget_lost();
        ends
    }

    /// Forgets members that did not come for long, and overflow series without any.
    pub(super) fn sweep(&mut self, now: Monotonic) {
        for slot in 0..self.members.len() {
            let member = &self.members[slot];
            let Some(fold) = member.fold else {
                continue;
            };
            if now.since(member.seen) < FORGOTTEN_AFTER {
                continue;
            }
            let place = member.place as usize;
            let slot = u32::try_from(slot).expect("slots are numbered with 32 bits");
            self.free_slot(slot);
            let Some(of) = self.folds.get_mut(&fold) else {
                continue;
            };
            of.members.swap_remove(place);
            if let Some(moved) = of.members.get(place) {
                self.members[*moved as usize].place = u32::try_from(place).expect("as before");
            }
            if of.members.is_empty() {
                self.remove(fold);
            }
        }
    }

    fn free_slot(&mut self, slot: u32) {
        let member = &mut self.members[slot as usize];
        self.by_hash.remove(&member.hash);
        member.fold = None;
        member.last = Last::default();
        // A slot whose generations are used up is not used again.
        if member.generation < GENERATION_MAX {
            member.generation += 1;
            self.free.push(slot);
        }
    }

    /// Returns the number of members.
    pub(super) fn member_count(&self) -> usize {
        self.by_hash.len()
    }

    /// Walks the overflow series.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Fold> {
        self.folds.values()
    }
}

fn kind_of(labels: &Labels, metric_type: MetricType) -> Kind {
    let has_quantile = labels.get(QUANTILE_LABEL).is_some();
    Kind::of(
        labels.metric_name().unwrap_or(""),
        has_quantile,
        metric_type,
    )
}
