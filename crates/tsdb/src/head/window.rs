//! The samples of all series in one stretch of time.

mod shard;

use std::sync::{Mutex, MutexGuard, PoisonError};

use plimsoll_runtime::clock::Monotonic;
use plimsoll_types::{Exemplar, Sample, SampleColumns, SeriesRef, TimeRange, Timestamp};
use roaring::RoaringBitmap;

use self::shard::{LANES, Shard, place_of};
use super::exemplars::InsertedExemplar;
use super::lane::Inserted;
use super::slot_of;

/// Writers meet in a shard, and a query holds one while it reads a series.
const SHARDS: usize = 32;

/// The samples of all series in one stretch of time.
#[derive(Debug)]
pub struct Window {
    start: i64,
    made: Option<Monotonic>,
    shards: Vec<Mutex<Shard>>,
    facts: Mutex<Facts>,
}

/// What a window knows of its contents.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Facts {
    /// The WAL sequence of its first content.
    pub(crate) first_sequence: u64,
    /// From its first to its last sample or exemplar.
    pub(crate) range: TimeRange,
    pub(crate) samples: u64,
}

impl Window {
    /// Makes the empty window that begins at `start` milliseconds.
    pub fn new(start: i64) -> Self {
        Self {
            start,
            made: None,
            shards: (0..SHARDS).map(|_| Mutex::default()).collect(),
            facts: Mutex::new(Facts {
                first_sequence: u64::MAX,
                range: TimeRange::new(Timestamp::MAX, Timestamp::MIN),
                samples: 0,
            }),
        }
    }

    /// Makes the empty window that begins at `start` milliseconds, at this moment. Without a moment, as after a replay,
    /// it counts as old.
    pub(crate) fn made_at(start: i64, made: Monotonic) -> Self {
        Self {
            made: Some(made),
            ..Self::new(start)
        }
    }

    /// Returns when it was made; `None` when nobody knows any more.
    pub(crate) fn made(&self) -> Option<Monotonic> {
        self.made
    }

    /// Returns its first millisecond.
    pub fn start(&self) -> i64 {
        self.start
    }

    pub(crate) fn facts(&self) -> Facts {
        *lock(&self.facts)
    }

    /// Notes that content of this sequence and these times is about to be inserted.
    pub(crate) fn note(&self, sequence: u64, times: TimeRange, samples: u64) {
        let mut facts = lock(&self.facts);
        facts.first_sequence = facts.first_sequence.min(sequence);
        facts.range.start = facts.range.start.min(times.start);
        facts.range.end = facts.range.end.max(times.end);
        facts.samples += samples;
    }

    #[cfg(test)]
    pub(crate) fn insert(&self, slot: u32, sample: &Sample) -> Inserted {
        let mut outcome = Inserted::New;
        let one = [(SeriesRef(slot.into()), sample.clone())];
        self.insert_all(&one, |told| outcome = told);
        outcome
    }

    /// Inserts samples, and tells of each what became of it. Samples of series in neighbouring slots, which is how a
    /// target's series lie, cost one lock and one look-up together.
    pub fn insert_all(&self, samples: &[(SeriesRef, Sample)], mut tell: impl FnMut(Inserted)) {
        let page_of = |id: SeriesRef| slot_of(id) as usize / LANES;
        for together in samples.chunk_by(|(a, _), (b, _)| page_of(*a) == page_of(*b)) {
            let mut shard = self.shard(slot_of(together[0].0));
            shard.insert_into_page(together, &mut tell);
        }
    }

    /// Inserts an exemplar of the series in `slot`.
    pub fn insert_exemplar(&self, slot: u32, exemplar: &Exemplar) -> InsertedExemplar {
        self.shard(slot).lane_mut(slot).insert_exemplar(exemplar)
    }

    /// Says whether the series in `slot` has anything here.
    pub fn contains(&self, slot: u32) -> bool {
        self.shard(slot).lane(slot).is_some()
    }

    /// Says whether the series in `slot` has samples here that reach into `range`.
    pub(crate) fn has_samples(&self, slot: u32, range: TimeRange) -> bool {
        let shard = self.shard(slot);
        let range = (range.start.millis(), range.end.millis());
        shard
            .lane(slot)
            .is_some_and(|lane| lane.reaches_into(range))
    }

    /// Adds the samples of the series in `slot` inside `range` at the end of `into`.
    pub fn read(&self, slot: u32, range: TimeRange, into: &mut SampleColumns) {
        if let Some(lane) = self.shard(slot).lane(slot) {
            lane.read(range, into);
        }
    }

    /// Returns the exemplars of the series in `slot` inside `range`, ascending.
    pub fn exemplars(&self, slot: u32, range: TimeRange) -> Vec<Exemplar> {
        let shard = self.shard(slot);
        shard
            .lane(slot)
            .map_or_else(Vec::new, |lane| lane.exemplars(range).cloned().collect())
    }

    /// Removes the samples and exemplars inside `range` of the series in `slots`, and the series that then have
    /// nothing here; returns how many samples that were. What the window knows of its range stays as it was.
    pub(crate) fn delete(&self, slots: &RoaringBitmap, range: TimeRange) -> u64 {
        let removed = slots
            .iter()
            .map(|slot| self.shard(slot).delete(slot, range))
            .sum();
        let mut facts = lock(&self.facts);
        facts.samples = facts.samples.saturating_sub(removed);
        removed
    }

    /// Says whether no series has anything here.
    pub(crate) fn is_empty(&self) -> bool {
        self.shards.iter().all(|shard| lock(shard).is_empty())
    }

    /// Returns from when to when the series in `slot` has samples here, and how many it was given.
    pub(crate) fn extent(&self, slot: u32) -> Option<(TimeRange, u64)> {
        let shard = self.shard(slot);
        let lane = shard.lane(slot)?;
        let (first, last) = lane.extent()?;
        let range = TimeRange::new(Timestamp::from_millis(first), Timestamp::from_millis(last));
        Some((range, lane.sample_count()))
    }

    /// Returns the number of chunks of all series: the closed ones, and one more of each series.
    pub(crate) fn chunks(&self) -> u64 {
        self.shards.iter().map(|shard| lock(shard).chunks()).sum()
    }

    /// Returns the slots of all series that have something here.
    pub(crate) fn slots(&self) -> RoaringBitmap {
        let mut slots = RoaringBitmap::new();
        for (number, shard) in (0..).zip(&self.shards) {
            slots.extend(lock(shard).slots(number));
        }
        slots
    }

    fn shard(&self, slot: u32) -> MutexGuard<'_, Shard> {
        lock(&self.shards[place_of(slot).0])
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
