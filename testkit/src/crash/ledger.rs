//! What a store was given and what it acknowledged.

use std::collections::BTreeMap;

use plimsoll_types::{Queryable, Sample, SampleColumns, TimeRange, Value};

/// What may be found at one time of one series.
#[derive(Clone, Debug, Default)]
struct Possible {
    acknowledged: Option<f64>,
    /// Written after the acknowledged value.
    since: Vec<f64>,
    /// Written before a kill: seen or not, any of it may be on disk for good.
    earlier: Vec<f64>,
}

impl Possible {
    /// The last of the values that were written is durable.
    fn acknowledge(&mut self) {
        self.acknowledged = self.since.last().copied();
        self.since.clear();
        self.earlier.clear();
    }

    fn allows(&self, found: Option<f64>) -> bool {
        let is_newer = |value| self.since.contains(&value) || self.earlier.contains(&value);
        found == self.acknowledged || found.is_some_and(is_newer)
    }
}

#[derive(Default)]
pub(super) struct Ledger {
    samples: BTreeMap<(String, i64), Possible>,
    acknowledged: u64,
}

impl Ledger {
    pub(super) fn acknowledged(&self) -> u64 {
        self.acknowledged
    }

    pub(super) fn write(&mut self, name: &str, samples: &[Sample]) {
        for sample in samples {
            if let Value::Float(value) = sample.value {
                let key = (name.into(), sample.timestamp.millis());
                self.samples.entry(key).or_default().since.push(value);
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

    /// Compares, and goes on from what was found; after a power loss that is surely on disk.
    pub(super) fn check(&mut self, store: &impl Queryable, is_durable: bool) -> Result<(), String> {
        let found = read(store)?;
        if let Some(key) = found.keys().find(|key| !self.samples.contains_key(key)) {
            return Err(format!("{key:?} was never written"));
        }
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
                possible.earlier.append(&mut possible.since);
            }
        }
        Ok(())
    }
}

fn read(store: &impl Queryable) -> Result<BTreeMap<(String, i64), f64>, String> {
    let failed = |error: plimsoll_types::StorageError| error.to_string();
    let mut selection = store.select(&[], TimeRange::ALL).map_err(failed)?;
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
