//! Which series a peer means when it spells its labels as it did before: see [`Spelling`].
//!
//! A spelling is learned when its series was decoded, checked and resolved. It is forgotten when nobody used it between
//! two sweeps, when the store forgot its series, and when metadata of a metric family came that was not known before:
//! the series must be decoded once more to get it.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{PoisonError, RwLock, RwLockReadGuard};
use std::time::Duration;

use hashbrown::HashTable;
use plimsoll_runtime::clock::Monotonic;
use plimsoll_types::SeriesRef;
use plimsoll_wire::push::{KnownSeries, Spelling};

/// How often unused spellings are forgotten, when new ones come at all.
const SWEEP_INTERVAL: Duration = Duration::from_mins(20);
/// As many as fit a table of 264 MiB; who spells more series is decoded every time for a while.
const SPELLINGS_MAX: usize = 7 << 20;

/// The spellings of all peers.
pub(super) struct Spellings {
    seed: u64,
    table: RwLock<Table>,
}

/// A table of places in a list: with a million series, half of the memory of a map that holds them.
#[derive(Default)]
struct Table {
    places: HashTable<u32>,
    known: Vec<Known>,
    swept: Option<Monotonic>,
}

/// What is known of a spelling; in parts of 4 bytes, because so it needs no padding.
struct Known {
    /// 96 bits of the spelling: even eight million of them meet by chance once in 2^50 tables.
    spelling: [u32; 3],
    series: [u32; 2],
    /// Which metadata was known when it was learned, and in the lowest bit whether it was used since the last sweep.
    state: AtomicU32,
}

impl Known {
    fn new(spelling: Spelling, series: SeriesRef, epoch: u32) -> Self {
        Self {
            spelling: kept(spelling),
            series: [series.0 as u32, (series.0 >> 32) as u32],
            state: AtomicU32::new(epoch << 1 | 1),
        }
    }

    fn series(&self) -> SeriesRef {
        SeriesRef(u64::from(self.series[1]) << 32 | u64::from(self.series[0]))
    }

    /// Returns where it belongs in the table: a spelling is a hash already.
    fn hash(&self) -> u64 {
        hash_of(self.spelling)
    }
}

fn kept(spelling: Spelling) -> [u32; 3] {
    [0, 32, 64].map(|shift| (spelling.0 >> shift) as u32)
}

fn hash_of(spelling: [u32; 3]) -> u64 {
    u64::from(spelling[1]) << 32 | u64::from(spelling[0])
}

impl Spellings {
    /// Makes the empty table; `seed` is a secret of this process.
    pub(super) fn new(seed: u64) -> Self {
        Self {
            seed,
            table: RwLock::default(),
        }
    }

    /// Returns a view for one request. Nothing is learned while it lives.
    pub(super) fn view(&self, epoch: u32) -> View<'_> {
        let table = self.table.read().unwrap_or_else(PoisonError::into_inner);
        let seed = self.seed;
        View { table, seed, epoch }
    }

    /// Returns a view that recognises nothing, so that everything is decoded and learned anew.
    pub(super) fn blind(&self) -> impl KnownSeries {
        Blind(self.seed)
    }

    /// Notes the series behind spellings, with the epoch at which their decoding began.
    pub(super) fn learn(&self, learned: Vec<(Spelling, SeriesRef)>, epoch: u32, now: Monotonic) {
        if learned.is_empty() {
            return;
        }
        let mut table = self.table.write().unwrap_or_else(PoisonError::into_inner);
        table.sweep(now);
        for (spelling, series) in learned {
            table.insert(Known::new(spelling, series, epoch));
        }
    }
}

impl Table {
    fn find(&self, spelling: [u32; 3]) -> Option<&Known> {
        let is_same = |place: &u32| self.known[*place as usize].spelling == spelling;
        let place = self.places.find(hash_of(spelling), is_same)?;
        Some(&self.known[*place as usize])
    }

    fn insert(&mut self, known: Known) {
        let (hash, spelling, all) = (known.hash(), known.spelling, &mut self.known);
        let is_same = |place: &u32| all[*place as usize].spelling == spelling;
        if let Some(place) = self.places.find(hash, is_same) {
            all[*place as usize] = known;
            return;
        }
        if all.len() == all.capacity() {
            // Doubling would leave half of it empty.
            all.reserve_exact(all.len() / 8 + 1024);
        }
        let place = all.len() as u32;
        all.push(known);
        let hash_at = |place: &u32| all[*place as usize].hash();
        self.places.insert_unique(hash, place, hash_at);
    }

    fn sweep(&mut self, now: Monotonic) {
        if self.known.len() >= SPELLINGS_MAX {
            (self.known, self.places) = Default::default();
        }
        let swept = self.swept.get_or_insert(now);
        if now.since(*swept) < SWEEP_INTERVAL {
            return;
        }
        *swept = now;
        self.known.retain_mut(|known| {
            let state = known.state.get_mut();
            let is_used = *state & 1 == 1;
            *state &= !1;
            is_used
        });
        self.known.shrink_to_fit();
        let known = &self.known;
        self.places = HashTable::with_capacity(known.len());
        for (place, one) in (0..).zip(known) {
            let hash_at = |place: &u32| known[*place as usize].hash();
            self.places.insert_unique(one.hash(), place, hash_at);
        }
    }
}

/// What is known while one request is decoded.
pub(super) struct View<'a> {
    table: RwLockReadGuard<'a, Table>,
    seed: u64,
    epoch: u32,
}

impl KnownSeries for View<'_> {
    fn seed(&self) -> Option<u64> {
        Some(self.seed)
    }

    fn find(&self, spelling: Spelling) -> Option<SeriesRef> {
        let known = self.table.find(kept(spelling))?;
        let state = known.state.load(Ordering::Relaxed);
        if state >> 1 != self.epoch & (u32::MAX >> 1) {
            return None;
        }
        // A line of the cache that nobody writes to stays with every core.
        if state & 1 == 0 {
            known.state.store(state | 1, Ordering::Relaxed);
        }
        Some(known.series())
    }
}

struct Blind(u64);

impl KnownSeries for Blind {
    fn seed(&self) -> Option<u64> {
        Some(self.0)
    }

    fn find(&self, _: Spelling) -> Option<SeriesRef> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SERIES: SeriesRef = SeriesRef(7);

    fn at(minutes: u64) -> Monotonic {
        Monotonic::from_origin(Duration::from_mins(minutes))
    }

    #[test]
    fn what_nobody_uses_is_forgotten_at_the_second_sweep() {
        let spellings = Spellings::new(1);
        let [used, idle, other] = [1 << 64, 2 << 64, 3].map(Spelling);
        spellings.learn(vec![(used, SERIES), (idle, SERIES)], 0, at(0));
        for minutes in [20, 40] {
            assert_eq!(spellings.view(0).find(used), Some(SERIES));
            spellings.learn(vec![(other, SERIES)], 0, at(minutes));
        }
        assert_eq!(spellings.view(0).find(used), Some(SERIES));
        assert_eq!(spellings.view(0).find(idle), None);
    }

    #[test]
    fn news_of_a_metric_has_everything_decoded_once_more() {
        let spellings = Spellings::new(1);
        let spelling = Spelling(9);
        spellings.learn(vec![(spelling, SERIES)], 0, at(0));
        assert_eq!(spellings.view(1).find(spelling), None);
        spellings.learn(vec![(spelling, SERIES)], 1, at(0));
        assert_eq!(spellings.view(1).find(spelling), Some(SERIES));
    }
}
