//! What a store was given and what it acknowledged.

use std::collections::BTreeMap;
use std::fmt;

use plimsoll_types::{
    Labels, Matcher, Queryable, Sample, SampleColumns, TimeRange, Timestamp, Value,
};

/// Name and time.
type Key = (String, i64);

/// All samples of a store.
pub(super) type Contents = BTreeMap<Key, f64>;

/// What happened to one time of one series.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Change {
    Written(f64),
    /// By the deletion of this number.
    Deleted(usize),
}

impl Change {
    fn value(self) -> Option<f64> {
        match self {
            Self::Written(value) => Some(value),
            Self::Deleted(_) => None,
        }
    }
}

/// What may be found at one time of one series.
#[derive(Clone, Debug, Default)]
struct Possible {
    acknowledged: Option<f64>,
    /// After what was acknowledged.
    since: Vec<Change>,
    /// Before a kill: seen or not, any of it may be on disk for good.
    earlier: Vec<Option<f64>>,
    /// Every value that was ever written here.
    ever: Vec<f64>,
    /// It was older than the horizon once. A horizon goes back when a store is opened long after its newest sample;
    /// what was not removed yet is then seen again.
    is_old: bool,
}

/// A time of a series at which a damaged store does not hold what it held.
#[derive(Clone, Debug)]
pub(super) struct Difference {
    key: Key,
    wanted: Option<f64>,
    found: Option<f64>,
    /// What was found was written there once.
    pub(super) was_ever: bool,
}

impl Difference {
    pub(super) fn time(&self) -> i64 {
        self.key.1
    }

    pub(super) fn is_lost(&self) -> bool {
        self.wanted.is_some()
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            key,
            wanted,
            found,
            was_ever: _,
        } = self;
        write!(f, "{key:?}: wanted {wanted:?}, found {found:?}")
    }
}

impl Possible {
    /// The last of the changes is durable.
    fn acknowledge(&mut self) {
        self.acknowledged = self.since.last().and_then(|change| change.value());
        self.since.clear();
        self.earlier.clear();
        self.is_old = false;
    }

    fn allows(&self, found: Option<f64>) -> bool {
        if self.is_old && found.is_none_or(|value| self.ever.contains(&value)) {
            return true;
        }
        let is_newer = self.since.iter().any(|change| change.value() == found);
        found == self.acknowledged || is_newer || self.earlier.contains(&found)
    }

    /// Returns the deletion that alone decides whether the sample is there.
    fn hangs_on(&self) -> Option<usize> {
        match self.since[..] {
            [Change::Deleted(deletion)]
                if self.acknowledged.is_some() && self.earlier.is_empty() && !self.is_old =>
            {
                Some(deletion)
            }
            _ => None,
        }
    }
}

#[derive(Clone, Default)]
pub(super) struct Ledger {
    samples: BTreeMap<Key, Possible>,
    acknowledged: u64,
    deletions: usize,
}

impl Ledger {
    pub(super) fn acknowledged(&self) -> u64 {
        self.acknowledged
    }

    pub(super) fn write(&mut self, name: &str, samples: &[Sample]) {
        for sample in samples {
            if let Value::Float(value) = sample.value {
                let key = (name.into(), sample.timestamp.millis());
                let entry = self.samples.entry(key).or_default();
                entry.since.push(Change::Written(value));
                if !entry.ever.contains(&value) {
                    entry.ever.push(value);
                }
            }
        }
    }

    /// The batch is durable: of each time its last value is the least that must be there.
    pub(super) fn acknowledge(&mut self, name: &str, samples: &[Sample]) {
        self.acknowledged += samples.len() as u64;
        let mut times: Vec<i64> = samples.iter().map(|s| s.timestamp.millis()).collect();
        times.sort_unstable();
        times.dedup();
        for time in times {
            if let Some(entry) = self.samples.get_mut(&(name.into(), time)) {
                entry.acknowledge();
            }
        }
    }

    /// Everything that was written is durable.
    pub(super) fn acknowledge_all(&mut self) {
        for entry in self.samples.values_mut().filter(|e| !e.since.is_empty()) {
            self.acknowledged += entry.since.len() as u64;
            entry.acknowledge();
        }
    }

    /// Notes a deletion that is in effect as long as the store lives.
    pub(super) fn delete(&mut self, matchers: &[Matcher], range: TimeRange) {
        let deletion = self.deletions;
        self.deletions += 1;
        for entry in self.found_by(matchers, range) {
            entry.since.push(Change::Deleted(deletion));
        }
    }

    /// The last deletion is durable.
    pub(super) fn acknowledge_deletion(&mut self, matchers: &[Matcher], range: TimeRange) {
        self.found_by(matchers, range)
            .for_each(Possible::acknowledge);
    }

    fn found_by(
        &mut self,
        matchers: &[Matcher],
        range: TimeRange,
    ) -> impl Iterator<Item = &mut Possible> {
        let is_found = move |(name, time): &Key| {
            let labels = Labels::from_pairs([("__name__", name)]);
            let fits = |m: &Matcher| m.matches(labels.get(m.name()).unwrap_or_default());
            range.contains(Timestamp::from_millis(*time)) && matchers.iter().all(fits)
        };
        let entries = self.samples.iter_mut();
        entries.filter_map(move |(key, entry)| is_found(key).then_some(entry))
    }

    /// Notes that what lies before the horizon may be removed.
    pub(super) fn age(&mut self, horizon: Timestamp) -> u64 {
        let samples = self.samples.iter_mut();
        let old = samples.filter(|((_, time), entry)| *time < horizon.millis() && !entry.is_old);
        old.map(|(_, entry)| entry.is_old = true).count() as u64
    }

    /// Compares, and goes on from what was found; after a power loss that is surely on disk. What lies before the horizon
    /// must be gone; returns how many samples that were.
    pub(super) fn check(
        &mut self,
        store: &impl Queryable,
        horizon: Timestamp,
        is_durable: bool,
    ) -> Result<u64, String> {
        let found = read(store, &[], TimeRange::ALL)?;
        let gone = self.age(horizon);
        if let Some(key) = found.keys().find(|key| key.1 < horizon.millis()) {
            return Err(format!("{key:?} is older than the horizon, {horizon}"));
        }
        if let Some(key) = found.keys().find(|key| !self.samples.contains_key(key)) {
            return Err(format!("{key:?} was never written"));
        }
        self.check_deletions(&found)?;
        for (key, possible) in &mut self.samples {
            let value = found.get(key).copied();
            if !possible.allows(value) {
                return Err(format!(
                    "{key:?}: found {value:?}, possible is {possible:?}"
                ));
            }
            if is_durable {
                possible.acknowledged = value;
                possible.earlier.clear();
                possible.since.clear();
            } else {
                let since = possible.since.drain(..);
                possible.earlier.extend(since.map(Change::value));
            }
        }
        Ok(gone)
    }

    /// Compares a store that was damaged, when everything was acknowledged before.
    pub(super) fn compare(&self, found: &Contents) -> Vec<Difference> {
        let known = self.samples.iter().map(|(key, possible)| Difference {
            key: key.clone(),
            wanted: possible.acknowledged,
            found: found.get(key).copied(),
            was_ever: (found.get(key)).is_none_or(|value| possible.ever.contains(value)),
        });
        let strangers = found
            .iter()
            .filter(|(key, _)| !self.samples.contains_key(key));
        let strangers = strangers.map(|(key, value)| Difference {
            key: key.clone(),
            wanted: None,
            found: Some(*value),
            was_ever: false,
        });
        let all = known.chain(strangers);
        all.filter(|one| one.wanted != one.found).collect()
    }

    /// What a damaged store holds is what it must hold from now on.
    pub(super) fn go_on_from(&mut self, found: &Contents) {
        for (key, possible) in &mut self.samples {
            possible.acknowledged = found.get(key).copied();
            possible.since.clear();
            possible.earlier.clear();
        }
    }

    /// A deletion that was not acknowledged is in effect as a whole or not at all.
    fn check_deletions(&self, found: &Contents) -> Result<(), String> {
        let mut first: BTreeMap<usize, (&Key, bool)> = BTreeMap::new();
        for (key, possible) in &self.samples {
            let Some(deletion) = possible.hangs_on() else {
                continue;
            };
            let is_there = found.contains_key(key);
            let (other, was_there) = *first.entry(deletion).or_insert((key, is_there));
            if was_there != is_there {
                return Err(format!(
                    "a deletion is in effect by halves: {other:?} is there: {was_there}, {key:?}: {is_there}"
                ));
            }
        }
        Ok(())
    }
}

/// Says whether the store shows nothing of what was to be deleted.
pub(super) fn is_gone(store: &impl Queryable, matchers: &[Matcher], range: TimeRange) -> bool {
    read(store, matchers, range).is_ok_and(|found| found.is_empty())
}

pub(super) fn read(
    store: &impl Queryable,
    matchers: &[Matcher],
    range: TimeRange,
) -> Result<Contents, String> {
    let failed = |error: plimsoll_types::StorageError| error.to_string();
    let mut selection = store.select(matchers, range).map_err(failed)?;
    let mut columns = SampleColumns::default();
    let mut found = BTreeMap::new();
    for (index, labels) in selection.labels.iter().enumerate() {
        let name = labels.metric_name().unwrap_or_default();
        selection.source.read(index, &mut columns).map_err(failed)?;
        if !columns.timestamps.is_sorted_by(|a, b| a < b) {
            return Err(format!("the times of {labels} do not ascend"));
        }
        for (time, value) in columns.timestamps.iter().zip(&columns.values) {
            found.insert((name.to_owned(), *time), *value);
        }
    }
    Ok(found)
}
