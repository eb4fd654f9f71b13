//! `cargo xtask sim`: the store on a simulated disk that dies or fails at any call, many seeds in a minute.
//!
//! Each seed is two runs: several lives that each end by a power loss or a kill at a random call to the disk, and one
//! store that meets single failing calls and then a power loss. `crates/tsdb/tests/it/crash.rs` runs a few of the same.

use std::panic::{self, AssertUnwindSafe};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, anyhow, ensure};
use plimsoll_testkit::{FakeClock, RETENTION, Seed, Shown, SimulatedDisk, StoreUnderTest};
use plimsoll_tsdb::{Config, Db, Metrics, Settings};
use plimsoll_types::{ByteCount, StoreAdmin};

/// Which seeds are run.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// How many seeds are run
    #[arg(long, default_value_t = 1000)]
    seeds: u64,
    /// The first of them; --first N --seeds 1 repeats a failure
    #[arg(long, default_value_t = 1, value_name = "SEED")]
    first: u64,
}

/// Runs all seeds, and ends at the first that loses something.
pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    let mut shown = Shown::default();
    let seeds = options.first..options.first.saturating_add(options.seeds);
    for (count, seed) in (1..).zip(seeds) {
        shown += run_seed(seed).with_context(|| {
            format!("seed {seed} failed; repeat it with: cargo xtask sim --first {seed} --seeds 1")
        })?;
        if count % 100 == 0 {
            eprintln!("{count} of {} seeds", options.seeds);
        }
    }
    let Shown {
        acknowledged,
        merged,
    } = shown;
    ensure!(
        acknowledged > 0,
        "nothing was acknowledged, so nothing was shown"
    );
    println!(
        "sim: {} seeds, {acknowledged} acknowledged samples, {merged} parts merged, 0 lost",
        options.seeds
    );
    Ok(())
}

/// Runs the few seeds that belong to every `cargo xtask ci`.
pub(crate) fn smoke() -> anyhow::Result<()> {
    run(&Options {
        seeds: 50,
        first: 1,
    })
}

fn run_seed(seed: u64) -> anyhow::Result<Shown> {
    let lives = || {
        let store = store();
        let mut shown = store.dies_at_any_call(Seed::new(seed))?;
        shown += store.meets_failing_calls(Seed::new(seed))?;
        Ok(shown)
    };
    match panic::catch_unwind(AssertUnwindSafe(lives)) {
        Ok(outcome) => outcome.map_err(|lost: String| anyhow!(lost)),
        Err(_) => Err(anyhow!("the store panicked")),
    }
}

fn store() -> StoreUnderTest<Db> {
    StoreUnderTest {
        open: |disk, clock| open(disk, clock).map_err(|error| error.chain()),
        maintain: |db| db.maintain().map_or(0, |done| done.parts_merged),
        seal: |db| drop(db.seal_all()),
        sync: |db| db.sync().is_ok(),
        delete: |db, matchers, range| db.delete_series(&[matchers.to_vec()], range).is_ok(),
        clean: |db| drop(db.clean_tombstones()),
    }
}

fn open(disk: &SimulatedDisk, clock: &FakeClock) -> plimsoll_tsdb::Result<Db> {
    let settings = Settings {
        // The clock of a simulation stands still, so no group would ever be due; small segments end often.
        group_delay: Duration::ZERO,
        segment_bytes: ByteCount::KIB.times(64),
        free_bytes_reserve: ByteCount(0),
        retention: RETENTION,
        ..Settings::new("/data")
    };
    let (disk, clock) = (Arc::new(disk.clone()), Arc::new(clock.clone()));
    Db::open_on(Config::new(settings)?, disk, clock, Metrics::default())
}
