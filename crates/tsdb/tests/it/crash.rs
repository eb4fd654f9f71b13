//! Power loss, kill -9, failing calls and damaged files at any step: what was acknowledged is there, nothing is there that
//! was not written, and of two values the later acknowledged one counts. `cargo xtask sim storage` runs the same lives
//! with more seeds.

use std::cell::Cell;
use std::path::Path;

use plimsoll_testkit::{
    FakeClock, Health, Opening, Schedule, Seed, Shown, SimulatedDisk, StoreUnderTest, for_each_seed,
};
use plimsoll_tsdb::{Db, Settings};
use plimsoll_types::{StoreAdmin, TimeRange};

use crate::support::{open_with, settings};

fn open(disk: &SimulatedDisk, clock: &FakeClock, opening: Opening) -> plimsoll_tsdb::Result<Db> {
    let settings = Settings {
        retention: opening.retention,
        directory: opening.directory,
        ..settings()
    };
    open_with(disk, clock, settings)
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

/// Runs 40 seeds; returns what they have shown together, or nothing when a single seed was repeated.
fn lives(
    first: u64,
    life: impl Fn(&StoreUnderTest<Db>, Seed, &mut Schedule) -> Result<Shown, String>,
) -> Option<Shown> {
    let all = Cell::new((0, Shown::default()));
    for_each_seed(first, 40, |seed| {
        let mut schedule = Schedule::default();
        let outcome = life(&store(), seed, &mut schedule);
        let shown = outcome.unwrap_or_else(|lost| panic!("{schedule}{lost}"));
        let (seeds, mut sum) = all.get();
        sum += shown;
        all.set((seeds + 1, sum));
    });
    let (seeds, shown) = all.get();
    (seeds == 40).then_some(shown)
}

#[test]
fn a_crash_at_any_call_loses_nothing_acknowledged() {
    if let Some(shown) = lives(1000, StoreUnderTest::dies_at_any_call) {
        assert!(
            shown.merged > 80 && shown.torn > 5 && shown.snapshots > 5 && shown.jumps > 20,
            "{shown:?}"
        );
    }
}

#[test]
fn a_failing_call_loses_nothing_acknowledged() {
    if let Some(shown) = lives(2000, StoreUnderTest::meets_failing_calls) {
        assert!(shown.merged > 10 && shown.snapshots > 5, "{shown:?}");
    }
}

#[test]
fn age_hides_exactly_whatever_happens() {
    if let Some(shown) = lives(3000, StoreUnderTest::grows_old) {
        assert!(shown.gone > 100, "{shown:?}");
    }
}

#[test]
fn damage_of_any_file_costs_what_lay_in_it() {
    if let Some(shown) = lives(4000, StoreUnderTest::outlives_damage) {
        assert!(shown.damaged > 50 && shown.gone > 50, "{shown:?}");
    }
}
