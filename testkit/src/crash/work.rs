//! What a store does between its birth and its death.

use std::path::PathBuf;
use std::time::Duration;

use plimsoll_runtime::clock::Clock;
use plimsoll_types::{
    Appended, Appender, Durability, Labels, MatchOp, Matcher, Queryable, Sample, StorageError,
    TimeRange, Timestamp, WriteBatch,
};

use super::ledger::{self, Ledger};
use super::{Opening, Schedule, Shown, StoreUnderTest, Times};
use crate::{FakeClock, Seed, SimulatedDisk, wait};

/// When a life begins: the start of a window of any length that divides a day.
pub(super) const BEGIN_MILLIS: i64 = 1_700_006_400_000;
const HOUR_MILLIS: u64 = 3_600_000;
/// Lives take no longer together, so that nothing of theirs becomes too old to be kept.
const DAYS_MAX: u64 = 25;
/// How far a clock jumps.
const JUMP_DAYS_MAX: u64 = 400;
/// A clock is set right before this time has passed: after a day its time would be believed.
const JUMP_LASTS_MAX: Duration = Duration::from_hours(20);
/// A start with a clock that is wrong by less than a day does not notice it, and neither does the next one.
const JUMP_TOLERANCE_MILLIS: i64 = 72 * 3_600_000;
const SERIES: u64 = 5;

/// A store that is open, and what was meant to be around it.
pub(super) struct Life<S> {
    pub(super) disk: SimulatedDisk,
    pub(super) clock: FakeClock,
    pub(super) store: S,
    pub(super) opening: Opening,
    /// Snapshots that were made, and what each must hold.
    pub(super) snapshots: Vec<(PathBuf, Ledger)>,
    pub(super) shown: Shown,
    /// The call to the disk from which on all fail.
    pub(super) dies_at: Option<u64>,
    times: Times,
    /// The time that the clock should show.
    true_now: Timestamp,
    /// Since when it shows another one.
    wrong_for: Option<Duration>,
}

impl<S> Life<S> {
    pub(super) fn new(
        disk: SimulatedDisk,
        clock: FakeClock,
        store: S,
        opening: Opening,
        times: Times,
    ) -> Self {
        Self {
            true_now: clock.now(),
            disk,
            clock,
            store,
            opening,
            snapshots: Vec::new(),
            shown: Shown::default(),
            dies_at: None,
            times,
            wrong_for: None,
        }
    }

    /// Takes the store out, so that it can be closed before the next is opened.
    pub(super) fn parted(self) -> (Life<()>, S) {
        let Self {
            disk,
            clock,
            store,
            opening,
            snapshots,
            shown,
            dies_at: _,
            times,
            true_now,
            wrong_for,
        } = self;
        let rest = Life {
            disk,
            clock,
            store: (),
            opening,
            snapshots,
            shown,
            dies_at: None,
            times,
            true_now,
            wrong_for,
        };
        (rest, store)
    }

    pub(super) fn shown(&self, ledger: &Ledger) -> Shown {
        Shown {
            acknowledged: ledger.acknowledged(),
            ..self.shown
        }
    }

    /// A clock that jumped must not make anything too old.
    pub(super) fn check_horizon(&self, found: Timestamp) -> Result<(), String> {
        let retention = i64::try_from(self.opening.retention.as_millis()).unwrap_or(i64::MAX);
        let latest = self.true_now.millis() - retention + JUMP_TOLERANCE_MILLIS;
        match found.millis() <= latest {
            true => Ok(()),
            false => Err(format!(
                "the horizon is {found}, later than {latest}, because a clock jumped"
            )),
        }
    }

    fn advance(&mut self, time: Duration) {
        self.true_now = self.true_now + time;
        self.clock.advance(time);
        self.wrong_for = self.wrong_for.map(|before| before + time);
    }

    /// Sets a clock wrong, or right again.
    fn jump(&mut self, seed: &mut Seed, schedule: &mut Schedule) {
        let target = match self.wrong_for.take() {
            Some(_) => self.true_now,
            None => {
                self.wrong_for = Some(Duration::ZERO);
                let far = seed.below(JUMP_DAYS_MAX * 24 * HOUR_MILLIS) as i64;
                let by = match seed.percent(50) {
                    true => far,
                    false => -far,
                };
                self.true_now.saturating_add_millis(by)
            }
        };
        self.shown.jumps += 1;
        schedule.note(|| format!("the clock jumps to {target}, {} is right", self.true_now));
        self.clock.jump_to(target);
    }
}

impl Life<()> {
    pub(super) fn with<S>(self, disk: SimulatedDisk, store: S) -> Life<S> {
        Life {
            disk,
            store,
            clock: self.clock,
            opening: self.opening,
            snapshots: self.snapshots,
            shown: self.shown,
            dies_at: self.dies_at,
            times: self.times,
            true_now: self.true_now,
            wrong_for: self.wrong_for,
        }
    }
}

impl<S: Appender + Queryable> StoreUnderTest<S> {
    /// Every error is one that the disk gave, and is passed over as a client would.
    pub(super) fn work(
        &self,
        life: &mut Life<S>,
        seed: &mut Seed,
        ledger: &mut Ledger,
        schedule: &mut Schedule,
    ) {
        for _ in 0..seed.below(60) {
            match seed.below(26) {
                24 if life.times == Times::Jump && seed.percent(30) => life.jump(seed, schedule),
                24 => self.merge(life, schedule),
                25 if seed.percent(30) => self.snap(life, ledger, schedule),
                22..24 => self.pass(
                    life,
                    Duration::from_mins(seed.below(16 * 60)),
                    ledger,
                    schedule,
                ),
                20 => self.delete(life, seed, ledger, schedule),
                21 if seed.percent(50) => {
                    schedule.note(|| "clean".into());
                    (self.clean)(&life.store);
                }
                0 => {
                    schedule.note(|| "seal".into());
                    (self.seal)(&life.store);
                }
                1..4 => self.pass(life, Duration::from_mins(seed.below(90)), ledger, schedule),
                4 => {
                    let is_synced = (self.sync)(&life.store);
                    schedule.note(|| format!("sync: {is_synced}"));
                    if is_synced {
                        ledger.acknowledge_all();
                    }
                }
                _ => write(life, seed, ledger, schedule),
            }
        }
    }

    /// Lets time pass, so that windows and days are over, and maintains the store.
    fn pass(
        &self,
        life: &mut Life<S>,
        time: Duration,
        ledger: &mut Ledger,
        schedule: &mut Schedule,
    ) {
        if life
            .wrong_for
            .is_some_and(|since| since + time > JUMP_LASTS_MAX)
        {
            life.wrong_for = None;
            life.clock.jump_to(life.true_now);
        }
        let age = life
            .true_now
            .millis_since(Timestamp::from_millis(BEGIN_MILLIS));
        let left = Duration::from_hours(DAYS_MAX * 24)
            .saturating_sub(Duration::from_millis(age.unsigned_abs()));
        let time = time.min(left);
        life.advance(time);
        let merged = (self.maintain)(&life.store);
        life.shown.gone += ledger.age((self.horizon)(&life.store));
        schedule.note(|| {
            let now = life.clock.now();
            format!("{time:?} later, at {now}, maintenance merges {merged}")
        });
        life.shown.merged += merged as u64;
    }

    /// What is due takes days and hundreds of calls to become due, so few lives are long enough to die in it.
    fn merge(&self, life: &mut Life<S>, schedule: &mut Schedule) {
        (self.seal)(&life.store);
        let first = life.disk.changes();
        let merged = (self.merge)(&life.store);
        let calls = first..life.disk.changes();
        let dies = life.dies_at.is_some_and(|at| calls.contains(&at));
        schedule.note(|| format!("merging all, calls {calls:?}: {merged}"));
        life.shown.merged += merged as u64;
        life.shown.torn += u64::from(dies);
    }

    /// A snapshot holds what was there at that moment, whatever happens to the store afterwards.
    fn snap(&self, life: &mut Life<S>, ledger: &Ledger, schedule: &mut Schedule) {
        let made = (self.snapshot)(&life.store);
        schedule.note(|| format!("snapshot: {made:?}"));
        life.snapshots
            .extend(made.map(|path| (path, ledger.clone())));
    }

    /// A deletion that failed may be in effect or not, so the store is asked.
    fn delete(
        &self,
        life: &Life<S>,
        seed: &mut Seed,
        ledger: &mut Ledger,
        schedule: &mut Schedule,
    ) {
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
        schedule.note(|| {
            let (start, end) = (range.start, range.end);
            format!("delete {matchers:?} from {start} to {end}: {is_durable}")
        });
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

fn write<S: Appender>(
    life: &Life<S>,
    seed: &mut Seed,
    ledger: &mut Ledger,
    schedule: &mut Schedule,
) {
    let name = format!("m{}", seed.below(SERIES));
    let mut samples = random_samples(seed, life.clock.now().millis());
    let durability = match seed.percent(70) {
        true => Durability::Synced,
        false => Durability::Periodic,
    };
    let first = samples[0].timestamp;
    let given = samples.len();
    // A refused batch is not in the store.
    let appended = match append(&life.store, &name, &samples, durability) {
        Ok(appended) => appended,
        Err(error) => {
            schedule.note(|| format!("write {given} to {name} from {first}: {error}"));
            return;
        }
    };
    let mut index = 0;
    samples.retain(|_| {
        index += 1;
        !appended.rejected.iter().any(|no| no.index == index - 1)
    });
    ledger.write(&name, &samples);
    let outcome = wait(appended.commit);
    schedule.note(|| {
        let taken = samples.len();
        format!("write {given} to {name} from {first}: {taken} taken, {durability:?}, {outcome:?}")
    });
    if outcome.is_ok() && durability == Durability::Synced {
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
