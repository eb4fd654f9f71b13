//! Crash simulation: a store lives, dies at any call to its disk, meets faults and damage, and must then hold what it
//! acknowledged.
//!
//! It knows a store by the two traits of `plimsoll_types` and a few functions, so that the store's own tests and
//! `cargo xtask sim storage` run the same lives. There are four kinds:
//!
//! | life | what happens to it | what must hold |
//! |---|---|---|
//! | [`dies_at_any_call`](StoreUnderTest::dies_at_any_call) | power loss or kill at any call, clocks that jump | nothing acknowledged is lost, nothing is made up |
//! | [`meets_failing_calls`](StoreUnderTest::meets_failing_calls) | single calls fail (EIO, ENOSPC), the store goes on | the same |
//! | [`grows_old`](StoreUnderTest::grows_old) | a short retention, and crashes | what is too old is hidden to the millisecond, nothing else is |
//! | [`outlives_damage`](StoreUnderTest::outlives_damage) | a file is flipped, cut, emptied or removed | it opens and answers; what is missing lay in that file and is named |

mod damage;
mod ledger;
mod schedule;
mod work;

use std::io::ErrorKind;
use std::ops::AddAssign;
use std::path::{Path, PathBuf};
use std::time::Duration;

use plimsoll_types::{Appender, Matcher, Queryable, TimeRange, Timestamp};

use crate::{FakeClock, Fault, Seed, SimulatedDisk};
use ledger::Ledger;
pub use schedule::Schedule;
pub use work::random_samples;
use work::{BEGIN_MILLIS, Life};

/// What the store under test must keep at least, save in a life that grows old.
pub const RETENTION: Duration = Duration::from_hours(40 * 24);
/// What it must keep there.
const SHORT_RETENTION: Duration = Duration::from_hours(3 * 24);
/// The directory of the store.
const DIRECTORY: &str = "/data";
/// A life meets its fault within so many calls: a manifest, a part and a sync take some each.
const CALLS: u64 = 400;
/// After this many failing calls a life is over anyway.
const DEAD: u64 = 3000;

/// How a store is to be opened.
#[derive(Clone, Debug)]
pub struct Opening {
    /// Its directory, or that of a snapshot.
    pub directory: PathBuf,
    /// How long it keeps samples.
    pub retention: Duration,
}

/// What the last opening of a store found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Health {
    /// Every byte was as it had been written.
    pub is_clean: bool,
    /// Samples whose series was lost with a damaged record.
    pub without_series: u64,
}

/// How a store is opened and driven.
pub struct StoreUnderTest<S> {
    /// Opens it; on a disk without planned faults this must succeed.
    pub open: fn(&SimulatedDisk, &FakeClock, Opening) -> Result<S, String>,
    /// Does the housekeeping that is due; returns how many parts it merged.
    pub maintain: fn(&S) -> usize,
    /// Seals everything, due or not.
    pub seal: fn(&S),
    /// Merges whatever may become one part, due or not; returns how many parts it merged.
    pub merge: fn(&S) -> usize,
    /// Makes everything durable; says whether it worked.
    pub sync: fn(&S) -> bool,
    /// Deletes what a selector finds in a range; says whether that is durable.
    pub delete: fn(&S, &[Matcher], TimeRange) -> bool,
    /// Writes again what holds deleted samples.
    pub clean: fn(&S),
    /// Makes a snapshot and returns its directory below the store's; `None` when it failed.
    pub snapshot: fn(&S) -> Option<PathBuf>,
    /// Returns the first point in time that is kept.
    pub horizon: fn(&S) -> Timestamp,
    /// Returns what the opening found.
    pub health: fn(&S) -> Health,
}

/// What the lives of a store have shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shown {
    /// Samples that were acknowledged, and found again.
    pub acknowledged: u64,
    /// Parts that were merged into others meanwhile.
    pub merged: u64,
    /// Merges in which the store died.
    pub torn: u64,
    /// Snapshots that were opened and held what they should.
    pub snapshots: u64,
    /// Times that the clock jumped.
    pub jumps: u64,
    /// Files that were damaged.
    pub damaged: u64,
    /// Samples that were rightly missing: too old, or in a damaged file and named.
    pub gone: u64,
}

impl AddAssign for Shown {
    fn add_assign(&mut self, other: Self) {
        self.acknowledged += other.acknowledged;
        self.merged += other.merged;
        self.torn += other.torn;
        self.snapshots += other.snapshots;
        self.jumps += other.jumps;
        self.damaged += other.damaged;
        self.gone += other.gone;
    }
}

/// What a life may contain.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Times {
    /// The clock jumps, and is set right again before its time is believed.
    Jump,
    /// The clock goes on.
    Steady,
}

impl<S: Appender + Queryable> StoreUnderTest<S> {
    /// Several lives of one store, each ended by a power loss or a kill at a random call to the disk.
    ///
    /// # Errors
    /// What was lost or made up, or why the store did not open.
    pub fn dies_at_any_call(&self, seed: Seed, schedule: &mut Schedule) -> Result<Shown, String> {
        self.lives(seed, schedule, RETENTION, Times::Jump)
    }

    /// As [`dies_at_any_call`](Self::dies_at_any_call), but what is older than three days must be gone.
    ///
    /// # Errors
    /// As there, and what is there although it is too old.
    pub fn grows_old(&self, seed: Seed, schedule: &mut Schedule) -> Result<Shown, String> {
        self.lives(seed, schedule, SHORT_RETENTION, Times::Steady)
    }

    fn lives(
        &self,
        mut seed: Seed,
        schedule: &mut Schedule,
        retention: Duration,
        times: Times,
    ) -> Result<Shown, String> {
        let mut life = self.born(&mut seed, retention, times)?;
        let mut ledger = Ledger::default();
        for _ in 0..4 {
            let number = life.disk.changes() + seed.below(CALLS);
            for number in number..number + DEAD {
                let error = ErrorKind::Other;
                life.disk.plan(Fault::Change { number, error });
            }
            life.dies_at = Some(number);
            schedule.note(|| format!("every call from the {number}th on will fail"));
            self.work(&mut life, &mut seed, &mut ledger, schedule);
            let is_power_loss = seed.percent(70);
            life = self.next(life, is_power_loss, schedule)?;
            self.check(&mut life, &mut ledger, is_power_loss)?;
        }
        Ok(life.shown(&ledger))
    }

    /// Single calls fail in between, and the store goes on; then the power goes.
    ///
    /// # Errors
    /// As [`dies_at_any_call`](Self::dies_at_any_call).
    pub fn meets_failing_calls(
        &self,
        mut seed: Seed,
        schedule: &mut Schedule,
    ) -> Result<Shown, String> {
        let mut life = self.born(&mut seed, RETENTION, Times::Jump)?;
        let mut ledger = Ledger::default();
        for _ in 0..3 {
            for _ in 0..seed.below(6) {
                let number = life.disk.changes() + seed.below(CALLS);
                let error = match seed.percent(50) {
                    true => ErrorKind::Other,
                    false => ErrorKind::StorageFull,
                };
                schedule.note(|| format!("the {number}th call will fail: {error}"));
                life.disk.plan(Fault::Change { number, error });
            }
            self.work(&mut life, &mut seed, &mut ledger, schedule);
            life = self.next(life, true, schedule)?;
            self.check(&mut life, &mut ledger, true)?;
        }
        Ok(life.shown(&ledger))
    }

    fn born(&self, seed: &mut Seed, retention: Duration, times: Times) -> Result<Life<S>, String> {
        let disk = SimulatedDisk::new(Seed::new(seed.bits()));
        let clock = FakeClock::new(Timestamp::from_millis(BEGIN_MILLIS));
        let opening = Opening {
            directory: DIRECTORY.into(),
            retention,
        };
        let store = (self.open)(&disk, &clock, opening.clone())?;
        Ok(Life::new(disk, clock, store, opening, times))
    }

    /// Ends a life and begins the next one.
    fn next(
        &self,
        life: Life<S>,
        is_power_loss: bool,
        schedule: &mut Schedule,
    ) -> Result<Life<S>, String> {
        schedule.note(|| match is_power_loss {
            true => "power loss".into(),
            false => "kill".into(),
        });
        let disk = match is_power_loss {
            true => life.disk.power_loss(),
            false => life.disk.kill(),
        };
        self.reopened(life, disk)
    }

    fn reopened(&self, life: Life<S>, disk: SimulatedDisk) -> Result<Life<S>, String> {
        let clock = life.clock.clone();
        let (rest, store) = life.parted();
        drop(store);
        let store = (self.open)(&disk, &clock, rest.opening.clone())?;
        Ok(rest.with(disk, store))
    }

    /// Compares the store, and the snapshots of the life before, with what they must hold.
    fn check(
        &self,
        life: &mut Life<S>,
        ledger: &mut Ledger,
        is_durable: bool,
    ) -> Result<(), String> {
        let horizon = (self.horizon)(&life.store);
        life.check_horizon(horizon)?;
        for (directory, mut expected) in std::mem::take(&mut life.snapshots) {
            let opening = Opening {
                directory: Path::new(DIRECTORY).join(&directory),
                ..life.opening.clone()
            };
            let copy = (self.open)(&life.disk, &life.clock, opening)
                .map_err(|error| format!("snapshot {}: {error}", directory.display()))?;
            expected
                .check(&copy, (self.horizon)(&copy), true)
                .map_err(|error| format!("snapshot {}: {error}", directory.display()))?;
            life.shown.snapshots += 1;
        }
        life.shown.gone += ledger.check(&life.store, horizon, is_durable)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MemoryStore;

    /// Forgets everything when it is opened again.
    fn forgetful() -> StoreUnderTest<MemoryStore> {
        StoreUnderTest {
            open: |_, _, _| Ok(MemoryStore::new()),
            maintain: |_| 0,
            seal: |_| {},
            merge: |_| 0,
            sync: |_| true,
            delete: |_, _, _| false,
            clean: |_| {},
            snapshot: |_| None,
            horizon: |_| Timestamp::MIN,
            health: |_| Health {
                is_clean: true,
                ..Health::default()
            },
        }
    }

    #[test]
    fn a_store_that_forgets_is_found_out() {
        let found = |error: String| assert!(error.contains("possible is"), "{error}");
        let schedule = &mut Schedule::default();
        found(
            forgetful()
                .dies_at_any_call(Seed::new(1), schedule)
                .unwrap_err(),
        );
        found(
            forgetful()
                .meets_failing_calls(Seed::new(1), schedule)
                .unwrap_err(),
        );
        assert!(schedule.to_string().contains("power loss"), "{schedule}");
        forgetful()
            .outlives_damage(Seed::new(1), schedule)
            .unwrap_err();
    }

    #[test]
    fn a_store_that_keeps_what_is_too_old_is_found_out() {
        let keeping = StoreUnderTest {
            horizon: |_| Timestamp::MAX,
            ..forgetful()
        };
        let error = keeping.grows_old(Seed::new(1), &mut Schedule::default());
        assert!(error.unwrap_err().contains("horizon"));
    }
}
