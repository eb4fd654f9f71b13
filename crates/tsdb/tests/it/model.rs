//! A random life of a store against a plain map: out-of-order, repeated and conflicting samples, sealing, restarts.

use std::collections::BTreeMap;
use std::time::Duration;

use plimsoll_testkit::{Seed, for_each_seed, random_samples};
use plimsoll_types::{Durability, MatchOp, Matcher, Sample, StoreAdmin, TimeRange, Timestamp};

use crate::support::{HOUR, Store, read, wait, write};

const SERIES: u64 = 5;

/// What a store must hold.
#[derive(Default)]
struct Model {
    samples: BTreeMap<(String, i64), f64>,
}

impl Model {
    fn write(&mut self, name: &str, samples: &[Sample], values: &[f64]) {
        for (sample, value) in samples.iter().zip(values) {
            self.samples
                .insert((name.into(), sample.timestamp.millis()), *value);
        }
    }

    fn delete(&mut self, is_named: impl Fn(&str) -> bool, range: TimeRange) {
        self.samples.retain(|(name, time), _| {
            !(is_named(name) && range.contains(Timestamp::from_millis(*time)))
        });
    }

    fn check(&self, store: &Store, range: TimeRange) {
        let mut expected: BTreeMap<String, Vec<(i64, f64)>> = BTreeMap::new();
        for ((name, time), value) in &self.samples {
            if range.contains(Timestamp::from_millis(*time)) {
                expected
                    .entry(name.clone())
                    .or_default()
                    .push((*time, *value));
            }
        }
        let all = Matcher::new(MatchOp::Regex, "job", ".+").unwrap();
        let found = read(&store.db, &[all], range)
            .into_iter()
            .filter(|(_, columns)| !columns.is_empty());
        let found: BTreeMap<String, Vec<(i64, f64)>> = found
            .map(|(labels, columns)| {
                let name = labels.metric_name().unwrap().to_owned();
                (
                    name,
                    columns.timestamps.into_iter().zip(columns.values).collect(),
                )
            })
            .collect();
        for (name, expected) in &expected {
            let found = found.get(name).map_or(&[][..], Vec::as_slice);
            let difference = expected.iter().find(|sample| !found.contains(sample));
            assert_eq!(difference, None, "{name}");
            assert_eq!(found, expected, "{name}");
        }
        assert_eq!(found.len(), expected.len());
    }
}

fn live(mut seed: Seed) {
    let mut store = Store::seeded(Seed::new(seed.bits()));
    let mut model = Model::default();
    for _ in 0..120 {
        match seed.below(20) {
            0 => store = store.killed(),
            1 => drop(store.db.seal_all().unwrap()),
            2..5 => {
                store.clock.advance(Duration::from_mins(seed.below(90)));
                store.db.maintain().unwrap();
            }
            5 => model.check(&store, TimeRange::ALL),
            7 => {
                let start = store.now() - seed.below(8 * HOUR as u64) as i64;
                let end = start + seed.below(4 * HOUR as u64) as i64;
                let range =
                    TimeRange::new(Timestamp::from_millis(start), Timestamp::from_millis(end));
                let number = seed.below(SERIES);
                let below = format!("m[0-{number}]");
                let matcher = Matcher::new(MatchOp::Regex, "__name__", &below).unwrap();
                store.db.delete_series(&[vec![matcher]], range).unwrap();
                model.delete(|name| name[1..].parse::<u64>().unwrap() <= number, range);
            }
            8 => store.db.clean_tombstones().unwrap(),
            6 => {
                let start = store.now() - seed.below(4 * HOUR as u64) as i64;
                let end = start + seed.below(HOUR as u64) as i64;
                model.check(
                    &store,
                    TimeRange::new(Timestamp::from_millis(start), Timestamp::from_millis(end)),
                );
            }
            _ => {
                let name = format!("m{}", seed.below(SERIES));
                let samples = random_samples(&mut seed, store.now());
                let values: Vec<f64> = samples
                    .iter()
                    .map(|sample| match sample.value {
                        plimsoll_types::Value::Float(value) => value,
                        plimsoll_types::Value::Histogram(_) => {
                            unreachable!("the batch holds floats")
                        }
                    })
                    .collect();
                let appended = write(&store.db, &name, &samples, Durability::Synced).unwrap();
                assert_eq!(appended.rejected, []);
                wait(appended.commit).unwrap();
                model.write(&name, &samples, &values);
            }
        }
    }
    store = store.after_power_loss();
    assert!(store.db.recovery().is_clean());
    model.check(&store, TimeRange::ALL);
}

#[test]
fn equals_a_map() {
    for_each_seed(1, 25, live);
}
