//! `cargo xtask sim storage`: the store on a simulated disk, many seeds in a minute.
//!
//! Each seed is four stores, see [`StoreUnderTest`]: one dies at any call to the disk while its clock jumps, one meets
//! single failing calls, one has a short retention, and of one a file is damaged between its lives.
//! `crates/tsdb/tests/it/crash.rs` runs a few of the same.

use std::panic::{self, AssertUnwindSafe};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, anyhow, ensure};
use plimsoll_testkit::{
    FakeClock, Health, Opening, Schedule, Seed, Shown, SimulatedDisk, StoreUnderTest,
};
use plimsoll_tsdb::{Config, Db, Metrics, Settings};
use plimsoll_types::{ByteCount, StoreAdmin, TimeRange};

/// Which seeds are run.
#[derive(clap::Args)]
pub(super) struct Options {
    /// How many seeds are run
    #[arg(long, default_value_t = 1000)]
    seeds: u64,
    /// The first of them; --first N --seeds 1 repeats a failure
    #[arg(long, default_value_t = 1, value_name = "SEED")]
    first: u64,
    /// How many are run at the same time; most of the time a store waits for its own thread
    #[arg(long, default_value_t = THREADS)]
    threads: usize,
}

const THREADS: usize = 8;

type Lives = fn(&StoreUnderTest<Db>, Seed, &mut Schedule) -> Result<Shown, String>;

const LIVES: [(&str, Lives); 4] = [
    ("dies at any call", StoreUnderTest::dies_at_any_call),
    ("meets failing calls", StoreUnderTest::meets_failing_calls),
    ("grows old", StoreUnderTest::grows_old),
    ("outlives damage", StoreUnderTest::outlives_damage),
];

/// Runs all seeds, and ends at the first that loses something.
pub(super) fn run(options: &Options) -> anyhow::Result<()> {
    let shown = run_all(options)?;
    let Shown {
        acknowledged,
        merged,
        torn,
        snapshots,
        jumps,
        damaged,
        gone,
    } = shown;
    let is_worth_it = [acknowledged, merged, torn, snapshots, jumps, damaged, gone];
    ensure!(
        options.seeds < 50 || is_worth_it.iter().all(|count| *count > 0),
        "something never happened, so it was not shown: {shown:?}"
    );
    println!(
        "sim storage: {} seeds, {acknowledged} acknowledged samples, {merged} parts merged, {torn} merges torn, \
         {snapshots} snapshots opened, {jumps} jumps of the clock, {damaged} files damaged, {gone} samples gone by \
         age or named damage, 0 lost",
        options.seeds
    );
    Ok(())
}

/// Runs the few seeds that belong to every `cargo xtask ci`.
pub(super) fn smoke() -> anyhow::Result<()> {
    run(&Options {
        seeds: 50,
        first: 1,
        threads: THREADS,
    })
}

fn run_all(options: &Options) -> anyhow::Result<Shown> {
    let end = options.first.saturating_add(options.seeds);
    let next = AtomicU64::new(options.first);
    let outcome = Mutex::new(Ok(Shown::default()));
    let work = || {
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= end {
                return;
            }
            let found = run_seed(seed);
            if (seed - options.first + 1).is_multiple_of(100) {
                eprintln!("{} of {} seeds", seed - options.first + 1, options.seeds);
            }
            let mut all = outcome.lock().unwrap_or_else(PoisonError::into_inner);
            match (&mut *all, found) {
                (Ok(all), Ok(shown)) => *all += shown,
                (Ok(_), Err(error)) => {
                    *all = Err(error);
                    next.store(end, Ordering::Relaxed);
                }
                (Err(_), _) => {}
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..options.threads.max(1) {
            scope.spawn(work);
        }
    });
    outcome.into_inner().unwrap_or_else(PoisonError::into_inner)
}

fn run_seed(seed: u64) -> anyhow::Result<Shown> {
    let mut all = Shown::default();
    for (name, lives) in LIVES {
        let mut schedule = Schedule::default();
        let run = || lives(&store(), Seed::new(seed), &mut schedule);
        let outcome = match panic::catch_unwind(AssertUnwindSafe(run)) {
            Ok(outcome) => outcome.map_err(|lost: String| anyhow!(lost)),
            Err(_) => Err(anyhow!("the store panicked")),
        };
        all += outcome.with_context(|| {
            format!(
                "{schedule}\nseed {seed} failed, the store that {name}; repeat it with: \
                 cargo xtask sim storage --first {seed} --seeds 1"
            )
        })?;
    }
    Ok(all)
}

fn store() -> StoreUnderTest<Db> {
    StoreUnderTest {
        open: |disk, clock, opening| open(disk, clock, opening).map_err(|error| error.chain()),
        maintain: |db| db.maintain().map_or(0, |done| done.parts_merged),
        seal: |db| drop(db.seal_all()),
        merge: |db| db.force_merge(TimeRange::ALL).unwrap_or(0),
        sync: |db| db.sync().is_ok(),
        delete: |db, matchers, range| db.delete_series(&[matchers.to_vec()], range).is_ok(),
        clean: |db| drop(db.clean_tombstones()),
        snapshot: |db| {
            let name = db.snapshot(false).ok()?;
            Some(Path::new("snapshots").join(name))
        },
        horizon: Db::horizon,
        health: |db| Health {
            is_clean: db.recovery().is_clean(),
            without_series: db.recovery().wal.without_series,
        },
    }
}

fn open(disk: &SimulatedDisk, clock: &FakeClock, opening: Opening) -> plimsoll_tsdb::Result<Db> {
    let settings = Settings {
        // The clock of a simulation stands still, so no group would ever be due; small segments end often.
        group_delay: Duration::ZERO,
        segment_bytes: ByteCount::KIB.times(64),
        free_bytes_reserve: ByteCount(0),
        retention: opening.retention,
        ..Settings::new(opening.directory)
    };
    let (disk, clock) = (Arc::new(disk.clone()), Arc::new(clock.clone()));
    Db::open_on(Config::new(settings)?, disk, clock, Metrics::default())
}
