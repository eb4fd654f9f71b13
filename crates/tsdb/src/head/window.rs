//! The samples of all series in one stretch of time.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::{Mutex, MutexGuard, PoisonError};

use plimsoll_runtime::clock::Monotonic;
use plimsoll_types::{Exemplar, Sample, SampleColumns, TimeRange, Timestamp};
use roaring::RoaringBitmap;

use super::exemplars::InsertedExemplar;
use super::lane::{Inserted, Lane};

const SHARDS: u32 = 32;

/// The samples of all series in one stretch of time.
#[derive(Debug)]
pub struct Window {
    start: i64,
    made: Option<Monotonic>,
    shards: Vec<Mutex<Shard>>,
    facts: Mutex<Facts>,
}

type Shard = HashMap<u32, Box<Lane>, BuildHasherDefault<SlotHasher>>;

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

    /// Notes that content of this sequence and time is about to be inserted.
    pub(crate) fn note(&self, sequence: u64, time: Timestamp, samples: u64) {
        let mut facts = lock(&self.facts);
        facts.first_sequence = facts.first_sequence.min(sequence);
        facts.range.start = facts.range.start.min(time);
        facts.range.end = facts.range.end.max(time);
        facts.samples += samples;
    }

    /// Inserts a sample of the series in `slot`.
    pub fn insert(&self, slot: u32, sample: &Sample) -> Inserted {
        self.shard(slot).entry(slot).or_default().insert(sample)
    }

    /// Inserts an exemplar of the series in `slot`.
    pub fn insert_exemplar(&self, slot: u32, exemplar: &Exemplar) -> InsertedExemplar {
        self.shard(slot)
            .entry(slot)
            .or_default()
            .insert_exemplar(exemplar)
    }

    /// Says whether the series in `slot` has anything here.
    pub fn contains(&self, slot: u32) -> bool {
        self.shard(slot).contains_key(&slot)
    }

    /// Says whether the series in `slot` has samples here that reach into `range`.
    pub(crate) fn has_samples(&self, slot: u32, range: TimeRange) -> bool {
        let shard = self.shard(slot);
        let extent = shard.get(&slot).and_then(|lane| lane.extent());
        extent.is_some_and(|(first, last)| {
            first <= range.end.millis() && range.start.millis() <= last
        })
    }

    /// Adds the samples of the series in `slot` inside `range` at the end of `into`.
    pub fn read(&self, slot: u32, range: TimeRange, into: &mut SampleColumns) {
        if let Some(lane) = self.shard(slot).get(&slot) {
            lane.read(range, into);
        }
    }

    /// Returns the exemplars of the series in `slot` inside `range`, ascending.
    pub fn exemplars(&self, slot: u32, range: TimeRange) -> Vec<Exemplar> {
        let shard = self.shard(slot);
        shard
            .get(&slot)
            .map_or_else(Vec::new, |lane| lane.exemplars(range).cloned().collect())
    }

    /// Removes the samples and exemplars inside `range` of the series in `slots`, and the series that then have
    /// nothing here; returns how many samples that were. What the window knows of its range stays as it was.
    pub(crate) fn delete(&self, slots: &RoaringBitmap, range: TimeRange) -> u64 {
        let mut removed = 0;
        for slot in slots {
            let mut shard = self.shard(slot);
            if let Some(lane) = shard.get_mut(&slot) {
                removed += lane.delete(range);
                if lane.is_empty() {
                    shard.remove(&slot);
                }
            }
        }
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
        let lane = shard.get(&slot)?;
        let (first, last) = lane.extent()?;
        let range = TimeRange::new(Timestamp::from_millis(first), Timestamp::from_millis(last));
        Some((range, lane.sample_count()))
    }

    /// Returns the number of chunks of all series.
    pub(crate) fn chunks(&self) -> u64 {
        let of_shard =
            |shard: &Mutex<Shard>| lock(shard).values().map(|lane| lane.chunks()).sum::<u64>();
        self.shards.iter().map(of_shard).sum()
    }

    /// Returns the slots of all series that have something here.
    pub(crate) fn slots(&self) -> RoaringBitmap {
        let mut slots = RoaringBitmap::new();
        for shard in &self.shards {
            slots.extend(lock(shard).keys().copied());
        }
        slots
    }

    fn shard(&self, slot: u32) -> MutexGuard<'_, Shard> {
        lock(&self.shards[(slot % SHARDS) as usize])
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Slots are dense numbers that no peer chooses, so a multiplication (Fibonacci hashing) spreads them well enough.
#[derive(Default)]
struct SlotHasher(u64);

impl Hasher for SlotHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes
            .iter()
            .for_each(|byte| self.write_u32(u32::from(*byte)));
    }

    fn write_u32(&mut self, slot: u32) {
        self.0 = (self.0 ^ u64::from(slot)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
}
