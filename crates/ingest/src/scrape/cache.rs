//! What is known of a target's series: from the raw text of a line to its series, without parsing.
//!
//! An unchanged line costs one hash and one comparison. The key is the xxh3 of the text; should two texts ever collide,
//! the younger one takes the place and the older one is parsed again next time.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasherDefault, Hasher};

use plimsoll_types::{Metadata, SeriesRef};
use xxhash_rust::xxh3::xxh3_64;

/// What becomes of the samples of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// They are stored.
    Stored(SeriesRef),
    /// Metric relabelling dropped the series.
    Dropped,
}

/// A line that was seen before.
#[derive(Debug)]
pub(super) struct Known {
    raw: Box<str>,
    /// Stored or dropped.
    pub(super) fate: Fate,
    /// Which metric name it has, see [`Cache::metric`].
    pub(super) metric: u32,
    /// The round that saw it last.
    pub(super) round: u64,
    /// Whether its end is ours to mark: not when the target gives the times.
    pub(super) tracks: bool,
    /// Whether a good scrape stored a sample of it and no marker ended it since.
    is_live: bool,
    /// Which metadata was stored for it.
    pub(super) described: Option<Described>,
}

impl Known {
    fn stored(&self) -> Option<SeriesRef> {
        match self.fate {
            Fate::Stored(series) => Some(series),
            Fate::Dropped => None,
        }
    }
}

/// A version of a family's metadata.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Described {
    family: u32,
    version: u32,
}

#[derive(Debug, Default)]
struct Family {
    metadata: Metadata,
    version: u32,
}

/// What is known of one target.
#[derive(Debug, Default)]
pub(super) struct Cache {
    known: HashMap<u64, Known, BuildHasherDefault<Identity>>,
    metrics: HashMap<Box<str>, u32>,
    family_ids: HashMap<Box<str>, u32>,
    families: Vec<Family>,
    round: u64,
}

impl Cache {
    /// Begins a scrape.
    pub(super) fn begin_round(&mut self) -> u64 {
        self.round += 1;
        self.round
    }

    /// Returns the key of a line.
    pub(super) fn key(raw: &str) -> u64 {
        xxh3_64(raw.as_bytes())
    }

    /// Returns what is known of a line.
    pub(super) fn get(&mut self, key: u64, raw: &str) -> Option<&mut Known> {
        self.known.get_mut(&key).filter(|known| *known.raw == *raw)
    }

    /// Notes a line.
    pub(super) fn insert(
        &mut self,
        key: u64,
        raw: Box<str>,
        fate: Fate,
        metric: u32,
    ) -> &mut Known {
        let known = Known {
            raw,
            fate,
            metric,
            round: self.round,
            tracks: false,
            is_live: false,
            described: None,
        };
        self.known.entry(key).insert_entry(known).into_mut()
    }

    /// Returns the number of a metric name.
    pub(super) fn metric(&mut self, name: &str) -> u32 {
        if let Some(id) = self.metrics.get(name) {
            return *id;
        }
        let id = u32::try_from(self.metrics.len()).expect("fewer names than bytes in a body");
        self.metrics.insert(name.into(), id);
        id
    }

    /// Returns how many metric names have a number.
    pub(super) fn metric_count(&self) -> usize {
        self.metrics.len()
    }

    /// Returns the name of a metric number; slow, for messages.
    pub(super) fn metric_name(&self, id: u32) -> &str {
        self.metrics
            .iter()
            .find(|(_, found)| **found == id)
            .map_or("", |(name, _)| name)
    }

    /// Changes the metadata of a family and returns the family's number.
    pub(super) fn describe(
        &mut self,
        family: &str,
        change: impl FnOnce(&mut Metadata) -> bool,
    ) -> u32 {
        let id = self.family_ids.get(family).copied().unwrap_or_else(|| {
            let id =
                u32::try_from(self.families.len()).expect("fewer families than bytes in a body");
            self.family_ids.insert(family.into(), id);
            self.families.push(Family::default());
            id
        });
        let state = &mut self.families[id as usize];
        if change(&mut state.metadata) {
            state.version += 1;
        }
        id
    }

    /// Returns the present version of a family's metadata.
    pub(super) fn described(&self, family: u32) -> Described {
        let version = self.families[family as usize].version;
        Described { family, version }
    }

    /// Returns the present version when it is another one.
    pub(super) fn newer(&self, than: Described) -> Option<Described> {
        Some(self.described(than.family)).filter(|present| *present != than)
    }

    /// Returns the metadata of a family as it is now.
    pub(super) fn metadata(&self, described: Described) -> &Metadata {
        &self.families[described.family as usize].metadata
    }

    /// Ends a good scrape: returns the series that were live and did not come, and forgets lines that did not come.
    ///
    /// A series that came under another spelling of its line did come.
    pub(super) fn end_good_round(&mut self) -> Vec<SeriesRef> {
        let round = self.round;
        let mut gone = Vec::new();
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
            let came: HashSet<SeriesRef> = self.known.values().filter_map(Known::stored).collect();
            gone.retain(|series| !came.contains(series));
            gone.sort_unstable();
            gone.dedup();
        }
        self.forget_names();
        gone
    }

    /// Returns every live series and ends it: the scrape failed, or the target is gone.
    pub(super) fn end_all(&mut self) -> Vec<SeriesRef> {
        let mut ended: Vec<SeriesRef> = self
            .known
            .values_mut()
            .filter_map(|known| std::mem::take(&mut known.is_live).then(|| known.stored())?)
            .collect();
        ended.sort_unstable();
        ended.dedup();
        ended
    }

    /// Undoes a scrape that failed: forgets the lines that `keep` does not want to know.
    pub(super) fn undo(&mut self, keep: impl Fn(Fate) -> bool) {
        self.known.retain(|_, known| keep(known.fate));
    }

    /// Forgets everything, because the store did: series are resolved anew.
    pub(super) fn clear(&mut self) {
        *self = Self {
            round: self.round,
            ..Self::default()
        };
    }

    /// A target that changes its names all the time must not grow the tables of names for ever.
    fn forget_names(&mut self) {
        let bound = 2 * self.known.len() + 1024;
        if self.metrics.len() > bound || self.families.len() > bound {
            self.clear();
        }
    }
}

/// The key is a hash already.
#[derive(Default)]
struct Identity(u64);

impl Hasher for Identity {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, _: &[u8]) {
        unreachable!("keys are u64");
    }

    fn write_u64(&mut self, key: u64) {
        self.0 = key;
    }
}
