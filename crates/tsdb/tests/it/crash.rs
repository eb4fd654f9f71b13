//! Power loss and kill -9 at any step: what was acknowledged is there, nothing is there that was not written, and of two
//! values the later acknowledged one counts. `cargo xtask sim` runs the same lives with more seeds.

use std::cell::Cell;

use plimsoll_testkit::{
    FakeClock, RETENTION, Seed, Shown, SimulatedDisk, StoreUnderTest, for_each_seed,
};
use plimsoll_tsdb::{Db, Settings};
use plimsoll_types::StoreAdmin;

use crate::support::{open_with, settings};

fn open(disk: &SimulatedDisk, clock: &FakeClock) -> plimsoll_tsdb::Result<Db> {
    let settings = Settings {
        retention: RETENTION,
        ..settings()
    };
    open_with(disk, clock, settings)
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

/// Runs 80 seeds, in which parts are merged often; a single seed that is repeated may merge none.
fn lives(first: u64, life: impl Fn(&StoreUnderTest<Db>, Seed) -> Result<Shown, String>) {
    let (seeds, merged) = (Cell::new(0), Cell::new(0));
    for_each_seed(first, 80, |seed| {
        let shown = life(&store(), seed).unwrap();
        seeds.set(seeds.get() + 1);
        merged.set(merged.get() + shown.merged);
    });
    let (seeds, merged) = (seeds.get(), merged.get());
    assert!(seeds < 80 || merged > 40, "{merged} parts merged");
}

#[test]
fn a_crash_at_any_call_loses_nothing_acknowledged() {
    lives(1000, StoreUnderTest::dies_at_any_call);
}

#[test]
fn a_failing_call_loses_nothing_acknowledged() {
    lives(2000, StoreUnderTest::meets_failing_calls);
}
