//! Crash simulation: a store lives, dies at any call to its disk, and must then hold what it acknowledged.
//!
//! It knows a store by the two traits of `plimsoll_types` and a few functions, so that the store's own tests and
//! `cargo xtask sim` run the same lives.

mod ledger;

use std::io::ErrorKind;
use std::ops::AddAssign;
use std::time::Duration;

use plimsoll_runtime::clock::Clock;
use plimsoll_types::{
    Appended, Appender, Durability, Labels, MatchOp, Matcher, Queryable, Sample, StorageError,
    TimeRange, Timestamp, WriteBatch,
};

use crate::{FakeClock, Fault, Seed, SimulatedDisk, wait};
use ledger::Ledger;

/// When a life begins: the start of a window of any length that divides a day.
const BEGIN_MILLIS: i64 = 1_700_006_400_000;
const HOUR_MILLIS: u64 = 3_600_000;
/// Lives take no longer together, so that nothing of theirs becomes too old to be kept.
const DAYS_MAX: u64 = 25;
/// What the store under test must keep at least.
pub const RETENTION: Duration = Duration::from_hours(40 * 24);
/// After this many failing calls a life is over anyway.
const DEAD: u64 = 3000;
const SERIES: u64 = 5;

/// How a store is opened and driven.
pub struct StoreUnderTest<S> {
    /// Opens it; on a disk without planned faults this must succeed.
    pub open: fn(&SimulatedDisk, &FakeClock) -> Result<S, String>,
    /// Does the housekeeping that is due; returns how many parts it merged.
    pub maintain: fn(&S) -> usize,
    /// Seals everything, due or not.
    pub seal: fn(&S),
    /// Makes everything durable; says whether it worked.
    pub sync: fn(&S) -> bool,
    /// Deletes what a selector finds in a range; says whether that is durable.
    pub delete: fn(&S, &[Matcher], TimeRange) -> bool,
    /// Writes again what holds deleted samples.
    pub clean: fn(&S),
}

/// What the lives of a store have shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shown {
    /// Samples that were acknowledged, and found again.
    pub acknowledged: u64,
    /// Parts that were merged into others meanwhile.
    pub merged: u64,
}

impl AddAssign for Shown {
    fn add_assign(&mut self, other: Self) {
        self.acknowledged += other.acknowledged;
        self.merged += other.merged;
    }
}

struct Life<S> {
    disk: SimulatedDisk,
    clock: FakeClock,
    store: S,
}

impl<S: Appender + Queryable> StoreUnderTest<S> {
    /// Several lives of one store, each ended by a power loss or a kill at a random call to the disk.
    ///
    /// # Errors
    /// What was lost or made up, or why the store did not open.
    pub fn dies_at_any_call(&self, mut seed: Seed) -> Result<Shown, String> {
        let mut life = self.born(&mut seed)?;
        let (mut ledger, mut merged) = (Ledger::default(), 0);
        for _ in 0..4 {
            let number = life.disk.changes() + seed.below(200);
            for number in number..number + DEAD {
                let error = ErrorKind::Other;
                life.disk.plan(Fault::Change { number, error });
            }
            merged += self.work(&life, &mut seed, &mut ledger);
            let is_power_loss = seed.percent(70);
            life = self.next(life, is_power_loss)?;
            ledger.check(&life.store, is_power_loss)?;
        }
        Ok(Shown {
            acknowledged: ledger.acknowledged(),
            merged,
        })
    }

    /// Single calls fail in between, and the store goes on; then the power goes.
    ///
    /// # Errors
    /// As [`dies_at_any_call`](Self::dies_at_any_call).
    pub fn meets_failing_calls(&self, mut seed: Seed) -> Result<Shown, String> {
        let mut life = self.born(&mut seed)?;
        let (mut ledger, mut merged) = (Ledger::default(), 0);
        for _ in 0..3 {
            for _ in 0..seed.below(6) {
                let number = life.disk.changes() + seed.below(200);
                let error = match seed.percent(50) {
                    true => ErrorKind::Other,
                    false => ErrorKind::StorageFull,
                };
                life.disk.plan(Fault::Change { number, error });
            }
            merged += self.work(&life, &mut seed, &mut ledger);
            life = self.next(life, true)?;
            ledger.check(&life.store, true)?;
        }
        Ok(Shown {
            acknowledged: ledger.acknowledged(),
            merged,
        })
    }

    fn born(&self, seed: &mut Seed) -> Result<Life<S>, String> {
        let disk = SimulatedDisk::new(Seed::new(seed.bits()));
        let clock = FakeClock::new(Timestamp::from_millis(BEGIN_MILLIS));
        let store = (self.open)(&disk, &clock)?;
        Ok(Life { disk, clock, store })
    }

    fn next(&self, life: Life<S>, is_power_loss: bool) -> Result<Life<S>, String> {
        let Life { disk, clock, store } = life;
        let disk = match is_power_loss {
            true => disk.power_loss(),
            false => disk.kill(),
        };
        drop(store);
        let store = (self.open)(&disk, &clock)?;
        Ok(Life { disk, clock, store })
    }

    /// Every error is one that the disk gave, and is passed over as a client would. Returns how many parts were merged.
    fn work(&self, life: &Life<S>, seed: &mut Seed, ledger: &mut Ledger) -> u64 {
        let mut merged = 0;
        for _ in 0..seed.below(60) {
            match seed.below(24) {
                22..24 => merged += self.pass(life, Duration::from_mins(seed.below(16 * 60))),
                20 => self.delete(life, seed, ledger),
                21 if seed.percent(50) => (self.clean)(&life.store),
                0 => (self.seal)(&life.store),
                1..4 => merged += self.pass(life, Duration::from_mins(seed.below(90))),
                4 if (self.sync)(&life.store) => ledger.acknowledge_all(),
                4 => {}
                _ => write(life, seed, ledger),
            }
        }
        merged
    }

    /// Lets time pass, so that windows and days are over, and maintains the store.
    fn pass(&self, life: &Life<S>, time: Duration) -> u64 {
        let age = life.clock.now().millis().saturating_sub(BEGIN_MILLIS);
        let left = Duration::from_hours(DAYS_MAX * 24)
            .saturating_sub(Duration::from_millis(age.unsigned_abs()));
        life.clock.advance(time.min(left));
        (self.maintain)(&life.store) as u64
    }
}

impl<S: Appender + Queryable> StoreUnderTest<S> {
    /// A deletion that failed may be in effect or not, so the store is asked.
    fn delete(&self, life: &Life<S>, seed: &mut Seed, ledger: &mut Ledger) {
        let matchers = match seed.below(3) {
            0 => vec![],
            1 => vec![Matcher::equal(
                "__name__",
                &format!("m{}", seed.below(SERIES)),
            )],
            _ => Matcher::new(MatchOp::Regex, "__name__", "m[0-2]")
                .into_iter()
                .collect(),
        };
        let range = match seed.below(3) {
            0 => TimeRange::ALL,
            _ => random_range(seed, life.clock.now().millis()),
        };
        let is_durable = (self.delete)(&life.store, &matchers, range);
        if is_durable || ledger::is_gone(&life.store, &matchers, range) {
            ledger.delete(&matchers, range);
        }
        if is_durable {
            ledger.acknowledge_deletion(&matchers, range);
        }
    }
}

/// Returns a range that random samples often touch and seldom fill.
fn random_range(seed: &mut Seed, now_millis: i64) -> TimeRange {
    let start = now_millis - seed.below(10 * HOUR_MILLIS) as i64;
    let end = match seed.percent(50) {
        true => now_millis,
        false => start + seed.below(HOUR_MILLIS) as i64,
    };
    TimeRange::new(Timestamp::from_millis(start), Timestamp::from_millis(end))
}

fn write<S: Appender>(life: &Life<S>, seed: &mut Seed, ledger: &mut Ledger) {
    let name = format!("m{}", seed.below(SERIES));
    let samples = random_samples(seed, life.clock.now().millis());
    let durability = match seed.percent(70) {
        true => Durability::Synced,
        false => Durability::Periodic,
    };
    // A refused batch is not in the store.
    let Ok(appended) = append(&life.store, &name, &samples, durability) else {
        return;
    };
    ledger.write(&name, &samples);
    if wait(appended.commit).is_ok() && durability == Durability::Synced {
        ledger.acknowledge(&name, &samples);
    }
}

fn append(
    store: &impl Appender,
    name: &str,
    samples: &[Sample],
    durability: Durability,
) -> Result<Appended, StorageError> {
    let id = store.resolve(&Labels::from_pairs([("__name__", name)]))?;
    let batch = WriteBatch {
        samples: samples.iter().map(|sample| (id, sample.clone())).collect(),
        ..WriteBatch::default()
    };
    store.append(&batch, durability)
}

/// Returns a random batch of floats: mostly the present, sometimes hours or days ago, sometimes a time that was used
/// before.
pub fn random_samples(seed: &mut Seed, now_millis: i64) -> Vec<Sample> {
    let count = 1 + seed.below(20) as i64;
    let begin = match seed.below(8) {
        0 => now_millis - seed.below(72 * HOUR_MILLIS) as i64,
        1 => now_millis - seed.below(10 * HOUR_MILLIS) as i64,
        2 | 3 => now_millis - now_millis.rem_euclid(HOUR_MILLIS as i64),
        _ => now_millis - 20_000,
    };
    (0..count)
        .map(|index| {
            let step = match seed.percent(10) {
                true => -(seed.below(60_000) as i64),
                false => index * 1000,
            };
            // Few values, so that repeats and conflicts are common.
            Sample::float(Timestamp::from_millis(begin + step), seed.below(3) as f64)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MemoryStore;

    /// Forgets everything when it is opened again.
    fn forgetful() -> StoreUnderTest<MemoryStore> {
        StoreUnderTest {
            open: |_, _| Ok(MemoryStore::new()),
            maintain: |_| 0,
            seal: |_| {},
            sync: |_| true,
            delete: |_, _, _| false,
            clean: |_| {},
        }
    }

    #[test]
    fn a_store_that_forgets_is_found_out() {
        let found = |error: String| assert!(error.contains("possible is"), "{error}");
        found(forgetful().dies_at_any_call(Seed::new(1)).unwrap_err());
        found(forgetful().meets_failing_calls(Seed::new(1)).unwrap_err());
    }
}
