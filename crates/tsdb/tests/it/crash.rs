//! Power loss and kill -9 at any step: what was acknowledged is there, nothing is there that was not written, and of two
//! values the later acknowledged one counts.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::time::Duration;

use plimsoll_testkit::{Fault, Seed, for_each_seed};
use plimsoll_types::{Durability, Sample, TimeRange, Value};

use crate::model::random_samples;
use crate::support::{Store, read, wait, write};

/// After this many failing calls a life is over anyway.
const DEAD: u64 = 3000;

/// What may be found at one time of one series.
#[derive(Clone, Debug, Default)]
struct Possible {
    acknowledged: Option<f64>,
    /// Written after the acknowledged value.
    since: Vec<f64>,
    /// Written before a kill: seen or not, any of it may be on disk for good.
    earlier: Vec<f64>,
}

#[derive(Default)]
struct Ledger {
    samples: BTreeMap<(String, i64), Possible>,
}

impl Ledger {
    fn write(&mut self, name: &str, samples: &[Sample]) {
        for sample in samples {
            self.entry(name, sample).since.push(float_of(sample));
        }
    }

    /// The batch is durable: of each time its last value is the least that must be there.
    fn acknowledge(&mut self, name: &str, samples: &[Sample]) {
        for sample in samples {
            let entry = self.entry(name, sample);
            entry.acknowledged = entry.since.last().copied();
        }
        for sample in samples {
            let entry = self.entry(name, sample);
            entry.since.clear();
            entry.earlier.clear();
        }
    }

    /// Everything that was written is durable.
    fn acknowledge_all(&mut self) {
        for entry in self
            .samples
            .values_mut()
            .filter(|entry| !entry.since.is_empty())
        {
            entry.acknowledged = entry.since.last().copied();
            entry.since.clear();
            entry.earlier.clear();
        }
    }

    fn entry(&mut self, name: &str, sample: &Sample) -> &mut Possible {
        self.samples
            .entry((name.into(), sample.timestamp.millis()))
            .or_default()
    }

    /// Compares, and goes on from what was found; after a power loss that is surely on disk.
    fn check(&mut self, store: &Store, is_durable: bool) {
        let mut found = BTreeMap::new();
        for (labels, columns) in read(&store.db, &[], TimeRange::ALL) {
            let name = labels.metric_name().unwrap().to_owned();
            for (time, value) in columns.timestamps.iter().zip(&columns.values) {
                found.insert((name.clone(), *time), *value);
            }
        }
        for key in found.keys() {
            assert!(self.samples.contains_key(key), "{key:?} was never written");
        }
        for (key, possible) in &mut self.samples {
            let value = found.get(key).copied();
            let is_newer =
                |value| possible.since.contains(&value) || possible.earlier.contains(&value);
            let is_possible = value == possible.acknowledged || value.is_some_and(is_newer);
            assert!(
                is_possible,
                "{key:?}: found {value:?}, possible is {possible:?}"
            );
            if is_durable {
                possible.acknowledged = value;
                possible.earlier.clear();
                possible.since.clear();
            } else {
                possible.earlier.append(&mut possible.since);
            }
        }
    }
}

fn float_of(sample: &Sample) -> f64 {
    match sample.value {
        Value::Float(value) => value,
        Value::Histogram(_) => unreachable!("the workload writes floats"),
    }
}

/// Works until the workload ends; every error is one that the disk gave, and is passed over as a client would.
fn work(store: &Store, seed: &mut Seed, ledger: &mut Ledger) {
    for _ in 0..seed.below(60) {
        match seed.below(20) {
            0 => {
                let _ = store.db.seal_all();
            }
            1..4 => {
                store.clock.advance(Duration::from_mins(seed.below(90)));
                let _ = store.db.maintain();
            }
            4 => {
                if store.db.sync().is_ok() {
                    ledger.acknowledge_all();
                }
            }
            _ => {
                let name = format!("m{}", seed.below(5));
                let samples = random_samples(seed, store.now());
                let durability = if seed.percent(70) {
                    Durability::Synced
                } else {
                    Durability::Periodic
                };
                // A refused batch is not in the store.
                if let Ok(appended) = write(&store.db, &name, &samples, durability) {
                    ledger.write(&name, &samples);
                    if wait(appended.commit).is_ok() && durability == Durability::Synced {
                        ledger.acknowledge(&name, &samples);
                    }
                }
            }
        }
    }
}

/// Several lives of one store, each ended by a power loss or a kill at a random call to the disk.
fn lives(mut seed: Seed) {
    let mut store = Store::seeded(Seed::new(seed.bits()));
    let mut ledger = Ledger::default();
    for _ in 0..4 {
        let number = store.disk.changes() + seed.below(200);
        for number in number..number + DEAD {
            let error = ErrorKind::Other;
            store.disk.plan(Fault::Change { number, error });
        }
        work(&store, &mut seed, &mut ledger);
        let is_power_loss = seed.percent(70);
        store = if is_power_loss {
            store.after_power_loss()
        } else {
            store.killed()
        };
        ledger.check(&store, is_power_loss);
    }
}

/// Single calls fail in between, and the store goes on; then the power goes.
fn hiccups(mut seed: Seed) {
    let mut store = Store::seeded(Seed::new(seed.bits()));
    let mut ledger = Ledger::default();
    for _ in 0..3 {
        for _ in 0..seed.below(6) {
            let number = store.disk.changes() + seed.below(200);
            let error = if seed.percent(50) {
                ErrorKind::Other
            } else {
                ErrorKind::StorageFull
            };
            store.disk.plan(Fault::Change { number, error });
        }
        work(&store, &mut seed, &mut ledger);
        store = store.after_power_loss();
        ledger.check(&store, true);
    }
}

#[test]
fn a_crash_at_any_call_loses_nothing_acknowledged() {
    for_each_seed(1000, 80, lives);
}

#[test]
fn a_failing_call_loses_nothing_acknowledged() {
    for_each_seed(2000, 80, hiccups);
}
