//! Power loss and kill -9 at any step: what was acknowledged is there, nothing is there that was not written, and of two
//! values the later acknowledged one counts. `cargo xtask sim` runs the same lives with more seeds.

use plimsoll_testkit::{StoreUnderTest, for_each_seed};
use plimsoll_tsdb::Db;
use plimsoll_types::StoreAdmin;

use crate::support::open;

fn store() -> StoreUnderTest<Db> {
    StoreUnderTest {
        open: |disk, clock| open(disk, clock).map_err(|error| error.chain()),
        maintain: |db| drop(db.maintain()),
        seal: |db| drop(db.seal_all()),
        sync: |db| db.sync().is_ok(),
        delete: |db, matchers, range| db.delete_series(&[matchers.to_vec()], range).is_ok(),
        clean: |db| drop(db.clean_tombstones()),
    }
}

#[test]
fn a_crash_at_any_call_loses_nothing_acknowledged() {
    for_each_seed(1000, 80, |seed| {
        store().dies_at_any_call(seed).unwrap();
    });
}

#[test]
fn a_failing_call_loses_nothing_acknowledged() {
    for_each_seed(2000, 80, |seed| {
        store().meets_failing_calls(seed).unwrap();
    });
}
