//! Power loss and kill -9 at any step: what was acknowledged is there, nothing is there that was not written, and of two
//! values the later acknowledged one counts. `cargo xtask sim` runs the same lives with more seeds.

use std::cell::Cell;

use plimsoll_testkit::{FakeClock, RETENTION, SimulatedDisk, StoreUnderTest, for_each_seed};
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

#[test]
fn a_crash_at_any_call_loses_nothing_acknowledged() {
    let merged = Cell::new(0);
    for_each_seed(1000, 80, |seed| {
        let shown = store().dies_at_any_call(seed).unwrap();
        merged.set(merged.get() + shown.merged);
    });
    assert!(merged.get() > 80, "{}", merged.get());
}

#[test]
fn a_failing_call_loses_nothing_acknowledged() {
    for_each_seed(2000, 80, |seed| {
        store().meets_failing_calls(seed).unwrap();
    });
}
