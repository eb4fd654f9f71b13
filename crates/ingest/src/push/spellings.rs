//! Which series a peer means when it spells its labels as it did before: see [`Spelling`].
//!
//! A spelling is learned when its series was decoded, checked and resolved. It is forgotten when nobody used it between
//! two sweeps, when the store forgot its series, and when metadata of a metric family came that was not known before:
//! the series must be decoded once more to get it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{PoisonError, RwLock, RwLockReadGuard};
use std::time::Duration;

use plimsoll_runtime::clock::Monotonic;
use plimsoll_types::SeriesRef;
use plimsoll_wire::push::{KnownSeries, Spelling};

use crate::by_hash::{ByHash, WideHash};

/// How often unused spellings are forgotten, when new ones come at all.
const SWEEP_INTERVAL: Duration = Duration::from_mins(20);
/// About 400 MiB; who spells more series is decoded every time for a while.
const SPELLINGS_MAX: usize = 1 << 23;

/// The spellings of all peers.
pub(super) struct Spellings {
    seed: u64,
    table: RwLock<Table>,
}

#[derive(Default)]
struct Table {
    known: ByHash<Known, WideHash>,
    swept: Option<Monotonic>,
}

struct Known {
    series: SeriesRef,
    /// Which metadata was known when it was learned.
    epoch: u32,
    is_used: AtomicBool,
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
            let known = Known {
                series,
                epoch,
                is_used: AtomicBool::new(true),
            };
            table.known.insert(spelling.0.into(), known);
        }
    }
}

impl Table {
    fn sweep(&mut self, now: Monotonic) {
        if self.known.len() >= SPELLINGS_MAX {
            self.known = ByHash::default();
        }
        let swept = self.swept.get_or_insert(now);
        if now.since(*swept) < SWEEP_INTERVAL {
            return;
        }
        *swept = now;
        self.known
            .retain(|_, known| std::mem::take(known.is_used.get_mut()));
        // After a burst of short-lived series the table must not stay as large as it was then.
        if self.known.len() < self.known.capacity() / 4 {
            self.known.shrink_to_fit();
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
        let known = self.table.known.get(&WideHash::from(spelling.0))?;
        if known.epoch != self.epoch {
            return None;
        }
        // A line of the cache that nobody writes to stays with every core.
        if !known.is_used.load(Ordering::Relaxed) {
            known.is_used.store(true, Ordering::Relaxed);
        }
        Some(known.series)
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
