//! What is known of a target's series: from the raw text of a line to its series, without parsing.
//!
//! An unchanged line costs one hash and one look-up, and no allocation. The key is the 128-bit xxh3 of the text and of a
//! secret, so that no two lines meet, by chance or on purpose; the text itself is not kept.
//!
//! Bounded by the body limit: only lines of the last good scrape are kept, those of a scrape that fails are forgotten
//! with it.

use std::collections::HashSet;

use plimsoll_runtime::random::{Random, SeededRandom};
use plimsoll_types::SeriesRef;
use plimsoll_wire::exposition::Format;
use xxhash_rust::xxh3::{xxh3_64, xxh3_128_with_seed};

use crate::by_hash::{ByHash, WideHash};

/// What becomes of the samples of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// They are stored.
    Stored(SeriesRef),
    /// Metric relabelling dropped the series.
    Dropped,
}

/// Names a line of one target.
pub(super) type LineKey = WideHash;

/// A line that was seen before.
#[derive(Debug)]
pub(super) struct Known {
    /// Stored or dropped.
    pub(super) fate: Fate,
    /// The hash of its metric name.
    pub(super) metric: u64,
    /// The round that saw it last.
    pub(super) round: u64,
    /// Whether its end is ours to mark: not when the target gives the times.
    pub(super) tracks: bool,
    /// Whether another line of the same body is the same series: another spelling, or relabelled onto it.
    pub(super) is_shared: bool,
    /// Whether a good scrape stored a sample of it and no marker ended it since.
    is_live: bool,
    /// The hash of the metadata that was stored for it, 0 for none.
    pub(super) described: u64,
}

impl Known {
    fn stored(&self) -> Option<SeriesRef> {
        match self.fate {
            Fate::Stored(series) => Some(series),
            Fate::Dropped => None,
        }
    }
}

/// What is known of one target.
#[derive(Debug)]
pub(super) struct Cache {
    seed: u64,
    known: ByHash<Known, LineKey>,
    /// Series that are live though their lines are forgotten: they end unless they come again.
    owed: HashSet<SeriesRef>,
    /// How the text was read.
    format: Option<Format>,
    round: u64,
}

impl Default for Cache {
    fn default() -> Self {
        Self {
            seed: SeededRandom::from_system().next_u64(),
            known: ByHash::default(),
            owed: HashSet::default(),
            format: None,
            round: 0,
        }
    }
}

impl Cache {
    /// Begins to read a body. The same text may mean another series in another format.
    pub(super) fn begin_round(&mut self, format: Format) {
        self.round += 1;
        if self.format.replace(format) != Some(format) {
            self.forget_lines();
        }
    }

    /// Returns the number of this round.
    pub(super) fn round(&self) -> u64 {
        self.round
    }

    /// Returns the key of a line; `kind` tells lines apart that mean another series by what stands before them.
    pub(super) fn key(&self, raw: &str, kind: u64) -> LineKey {
        xxh3_128_with_seed(raw.as_bytes(), self.seed ^ kind).into()
    }

    /// Returns the hash of a metric name.
    pub(super) fn metric(name: &str) -> u64 {
        xxh3_64(name.as_bytes())
    }

    /// Returns what is known of a line.
    pub(super) fn get(&mut self, key: LineKey) -> Option<&mut Known> {
        self.known.get_mut(&key)
    }

    /// Returns the line of a key when this is its fate.
    pub(super) fn with_fate(&mut self, key: LineKey, fate: Fate) -> Option<&mut Known> {
        self.known.get_mut(&key).filter(|known| known.fate == fate)
    }

    /// Notes a line.
    pub(super) fn insert(&mut self, key: LineKey, fate: Fate, metric: u64, tracks: bool) {
        let known = Known {
            fate,
            metric,
            round: self.round,
            tracks,
            is_shared: false,
            is_live: false,
            described: 0,
        };
        self.known.insert(key, known);
    }

    /// Returns keys and series of the lines that came in this round.
    pub(super) fn came(&self) -> impl Iterator<Item = (SeriesRef, LineKey)> + '_ {
        let round = self.round;
        self.known
            .iter()
            .filter(move |(_, known)| known.round == round)
            .filter_map(|(key, known)| Some((known.stored()?, *key)))
    }

    /// Ends a good scrape: returns the series that were live and did not come, and forgets lines that did not come.
    ///
    /// A series that came under another spelling of its line did come.
    pub(super) fn end_good_round(&mut self) -> Vec<SeriesRef> {
        let round = self.round;
        let mut gone: Vec<SeriesRef> = self.owed.drain().collect();
        self.known.retain(|_, known| {
            let came = known.round == round;
            if came {
                known.is_live = known.tracks;
            } else if known.is_live {
                gone.extend(known.stored());
            }
            came
        });
        if !gone.is_empty() {
            let came: HashSet<SeriesRef> = self.came().map(|(series, _)| series).collect();
            gone.retain(|series| !came.contains(series));
            gone.sort_unstable();
            gone.dedup();
        }
        gone
    }

    /// Returns every live series and ends it: the scrape failed, or the target is gone.
    pub(super) fn end_all(&mut self) -> Vec<SeriesRef> {
        let mut ended: Vec<SeriesRef> = self.owed.drain().collect();
        for known in self.known.values_mut() {
            if std::mem::take(&mut known.is_live) {
                ended.extend(known.stored());
            }
        }
        ended.sort_unstable();
        ended.dedup();
        ended
    }

    /// Forgets lines that were noted in a scrape that failed.
    pub(super) fn undo(&mut self, keys: &[LineKey]) {
        for key in keys {
            self.known.remove(key);
        }
    }

    /// Remembers that these series have not been ended after all: the store did not take their markers.
    pub(super) fn owe(&mut self, series: impl Iterator<Item = SeriesRef>) {
        self.owed.extend(series);
    }

    /// Forgets what lines mean, because that has changed; live series that do not come again will be ended.
    pub(super) fn forget_lines(&mut self) {
        let lines = std::mem::take(&mut self.known).into_values();
        self.owed.extend(
            lines
                .filter(|line| line.is_live)
                .filter_map(|line| line.stored()),
        );
    }

    /// Forgets everything, because the store did: series are resolved anew.
    pub(super) fn clear(&mut self) {
        *self = Self {
            round: self.round,
            ..Self::default()
        };
    }

    /// Returns how many lines are known.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.known.len()
    }
}
