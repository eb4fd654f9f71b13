//! A bounded number of buckets by key, in shards that are locked one by one.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::Bucket;
use crate::Moment;

const SHARDS_MAX: usize = 16;
/// Fewer keys than this make no shard of their own, or chance would fill one shard long before the others.
const SHARD_KEYS_MIN: usize = 256;
/// How many of the least recently used are looked at for one that is full of credit.
const CANDIDATES: usize = 8;
/// No place.
const NONE: u32 = u32::MAX;

/// Buckets by key.
#[derive(Debug)]
pub(super) struct Keys {
    /// A power of two of them.
    shards: Box<[Mutex<Shard>]>,
}

/// Buckets in the order of their last use.
#[derive(Debug)]
struct Shard {
    places: HashMap<u64, u32, BuildHasherDefault<Spread>>,
    entries: Vec<Entry>,
    newest: u32,
    oldest: u32,
    keys_max: usize,
    forgotten: u64,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    key: u64,
    bucket: Bucket,
    newer: u32,
    older: u32,
}

/// Keys are hashes already; what is left is to spread those of callers that hash badly.
#[derive(Debug, Default)]
struct Spread(u64);

impl Hasher for Spread {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64(u64::from(*byte));
        }
    }

    fn write_u64(&mut self, key: u64) {
        // The multiplier of Fibonacci hashing: 2^64 / golden ratio, made odd.
        let product = (self.0 ^ key).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        self.0 = product ^ (product >> 32);
    }
}

impl Keys {
    pub(super) fn new(keys_max: usize) -> Self {
        let keys_max = keys_max.clamp(1, NONE as usize);
        let shards = (keys_max / SHARD_KEYS_MIN).clamp(1, SHARDS_MAX);
        // Rounded down, so that the shards keep their size.
        let count = 1 << shards.ilog2();
        let shard = || Mutex::new(Shard::new(keys_max.div_ceil(count)));
        Self {
            shards: std::iter::repeat_with(shard).take(count).collect(),
        }
    }

    /// Lets `change` change the key's bucket, which is new when it was not remembered.
    pub(super) fn change<R>(
        &self,
        key: u64,
        now: Moment,
        change: impl FnOnce(&mut Bucket) -> R,
    ) -> R {
        let mut shard = self.shard(key);
        let place = shard.place(key, now);
        change(&mut shard.entries[place as usize].bucket)
    }

    pub(super) fn get(&self, key: u64) -> Option<Bucket> {
        let shard = self.shard(key);
        let place = *shard.places.get(&key)?;
        Some(shard.entries[place as usize].bucket)
    }

    pub(super) fn len(&self) -> usize {
        self.shards
            .iter()
            .map(|shard| lock(shard).entries.len())
            .sum()
    }

    pub(super) fn forgotten(&self) -> u64 {
        self.shards.iter().map(|shard| lock(shard).forgotten).sum()
    }

    fn shard(&self, key: u64) -> MutexGuard<'_, Shard> {
        let mut spread = Spread::default();
        spread.write_u64(key);
        // Bits that the map of the shard goes by neither first nor last.
        let index = (spread.finish() >> 40) as usize & (self.shards.len() - 1);
        lock(&self.shards[index])
    }
}

/// A panic in between would leave a bucket with too little or too much credit, which is no reason to refuse everybody.
fn lock(shard: &Mutex<Shard>) -> MutexGuard<'_, Shard> {
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shard {
    fn new(keys_max: usize) -> Self {
        Self {
            places: HashMap::default(),
            entries: Vec::new(),
            newest: NONE,
            oldest: NONE,
            keys_max,
            forgotten: 0,
        }
    }

    /// Returns the place of the key, which is the newest from now on.
    fn place(&mut self, key: u64, now: Moment) -> u32 {
        if let Some(&place) = self.places.get(&key) {
            if place != self.newest {
                self.unlink(place);
                self.link(place);
            }
            return place;
        }
        let place = self.make_room(now);
        let entry = Entry {
            key,
            bucket: Bucket::default(),
            newer: NONE,
            older: NONE,
        };
        match self.entries.get_mut(place as usize) {
            Some(slot) => *slot = entry,
            None => self.entries.push(entry),
        }
        self.places.insert(key, place);
        self.link(place);
        place
    }

    /// Returns a place that nobody has, forgetting somebody when all are taken.
    fn make_room(&mut self, now: Moment) -> u32 {
        if self.entries.len() < self.keys_max {
            return u32::try_from(self.entries.len()).expect("keys_max is below 2^32");
        }
        let place = self.least_missed(now);
        let entry = self.entries[place as usize];
        self.forgotten += u64::from(!entry.bucket.is_full(now));
        self.unlink(place);
        self.places.remove(&entry.key);
        place
    }

    /// Returns one of the least recently used that is full of credit, or else the least recently used.
    fn least_missed(&self, now: Moment) -> u32 {
        let mut place = self.oldest;
        for _ in 0..CANDIDATES {
            let Some(entry) = self.entries.get(place as usize) else {
                break;
            };
            if entry.bucket.is_full(now) {
                return place;
            }
            place = entry.newer;
        }
        self.oldest
    }

    fn unlink(&mut self, place: u32) {
        let Entry { newer, older, .. } = self.entries[place as usize];
        match self.entries.get_mut(newer as usize) {
            Some(entry) => entry.older = older,
            None => self.newest = older,
        }
        match self.entries.get_mut(older as usize) {
            Some(entry) => entry.newer = newer,
            None => self.oldest = newer,
        }
    }

    fn link(&mut self, place: u32) {
        let older = self.newest;
        match self.entries.get_mut(older as usize) {
            Some(entry) => entry.newer = place,
            None => self.oldest = place,
        }
        let entry = &mut self.entries[place as usize];
        (entry.newer, entry.older) = (NONE, older);
        self.newest = place;
    }
}
