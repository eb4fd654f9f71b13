//! Many small parts become few large ones, and nobody who reads can tell.

use std::io::ErrorKind;
use std::path::Path;
use std::time::Duration;

use plimsoll_runtime::disk::Disk;
use plimsoll_testkit::Fault;
use plimsoll_types::{Matcher, StoreAdmin, TimeRange, Timestamp};

use crate::support::{DIRECTORY, HOUR, NOON, Store, floats, open, wal_files};

/// The beginning of a day, three days ago.
const MIDNIGHT: i64 = (NOON / (24 * HOUR) - 3) * 24 * HOUR;

fn parts(store: &Store) -> usize {
    store.db.statistics(0).unwrap().parts.len()
}

/// Writes a sample per hour of two days, window by window, as they come; every third one comes late and replaces
/// another.
fn fill(store: &Store) -> Vec<(i64, f64)> {
    let mut expected = Vec::new();
    for hour in 0..48 {
        let time = MIDNIGHT + hour * HOUR;
        store.put("a", &[(time, hour as f64)]);
        store.put(&format!("b{}", hour % 5), &[(time, 1.0)]);
        if hour % 3 == 0 {
            store.db.seal_all().unwrap();
            store.put("a", &[(time, -1.0)]);
        }
        store.db.seal_all().unwrap();
        expected.push((time, if hour % 3 == 0 { -1.0 } else { hour as f64 }));
    }
    expected
}

fn later(store: &Store, days: u64) {
    for _ in 0..days * 24 {
        store.clock.advance(Duration::from_hours(1));
        store.db.maintain().unwrap();
    }
}

#[test]
fn days_become_one_part_and_answers_stay() {
    let store = Store::new();
    let expected = fill(&store);
    let before = parts(&store);
    assert!(before >= 48, "{before}");
    assert_eq!(store.floats("a"), expected);
    later(&store, 3);
    assert_eq!(parts(&store), 2);
    assert_eq!(store.floats("a"), expected);
    assert_eq!(store.floats("b0").len(), 10);
    let store = store.after_power_loss();
    assert_eq!(parts(&store), 2);
    assert_eq!(store.floats("a"), expected);
    // What comes late is newer than all that was merged.
    store.put("a", &[(MIDNIGHT, 7.0)]);
    store.db.seal_all().unwrap();
    assert_eq!(store.floats("a")[0], (MIDNIGHT, 7.0));
    assert_eq!(store.floats("a").len(), 48);
}

#[test]
fn what_is_deleted_is_not_merged_and_may_be_written_again() {
    let store = Store::new();
    fill(&store);
    let all = TimeRange::ALL;
    let series = [vec![Matcher::equal("__name__", "a")]];
    store.db.delete_series(&series, all).unwrap();
    store.put("a", &[(MIDNIGHT + HOUR, 5.0)]);
    later(&store, 3);
    assert_eq!(store.floats("a"), [(MIDNIGHT + HOUR, 5.0)]);
    let store = store.after_power_loss();
    assert_eq!(store.floats("a"), [(MIDNIGHT + HOUR, 5.0)]);
    let samples: u64 = store
        .db
        .statistics(0)
        .unwrap()
        .parts
        .iter()
        .map(|p| p.samples)
        .sum();
    assert_eq!(samples, 48 + 1, "the deleted ones are gone from the disk");
}

#[test]
fn the_running_day_is_merged_by_fours() {
    let store = Store::new();
    let mut merged = Vec::new();
    for hour in 0..6 {
        let time = MIDNIGHT + 96 * HOUR + hour * HOUR;
        store
            .clock
            .advance(Duration::from_millis((time - store.now()).max(0) as u64));
        store.put("a", &[(time, 1.0)]);
        store.db.seal_all().unwrap();
        merged.push(store.db.maintain().unwrap().parts_merged);
    }
    assert_eq!(merged, [0, 0, 0, 4, 0, 0]);
    assert_eq!(parts(&store), 3);
    assert_eq!(store.floats("a").len(), 6);
}

#[test]
fn a_failure_at_any_call_of_merging_loses_nothing() {
    let mut any_failed = false;
    // The last one is beyond all that merging does.
    for call in (0..120).step_by(3) {
        let store = Store::new();
        let expected = fill(&store);
        store.clock.advance(Duration::from_hours(72));
        let number = store.disk.changes() + call;
        let error = ErrorKind::Other;
        store.disk.plan(Fault::Change { number, error });
        let failed = store.db.maintain().is_err();
        assert_eq!(store.floats("a"), expected, "after {call} calls");
        let store = store.after_power_loss();
        assert_eq!(store.floats("a"), expected, "after {call} calls");
        later(&store, 1);
        assert_eq!(parts(&store), 2, "after {call} calls");
        any_failed |= failed;
    }
    assert!(any_failed);
}

#[test]
fn a_part_that_is_repaired_keeps_its_place_in_the_order_of_age() {
    let store = Store::new();
    for (name, value) in [("a", 1.0), ("a", 2.0), ("b", 3.0)] {
        store.put(name, &[(MIDNIGHT, value)]);
        store.db.seal_all().unwrap();
    }
    // The one in the middle says what counts.
    let meta = Path::new(DIRECTORY).join("parts/0000000000000001/meta");
    store.disk.flip(&meta, 4, 0xff);
    let store = store.after_power_loss();
    assert_eq!(store.db.recovery().quarantined.len(), 1);
    assert_eq!(store.floats("a"), [(MIDNIGHT, 1.0)]);
    later(&store, 3);
    store.disk.flip(&meta, 4, 0xff);
    let store = store.after_power_loss();
    assert!(store.db.recovery().quarantined.is_empty());
    assert_eq!(store.floats("a"), [(MIDNIGHT, 2.0)]);
}

#[test]
fn late_data_does_not_write_a_large_part_again_each_time() {
    let store = Store::new();
    for hour in 0..24 {
        let begin = MIDNIGHT + hour * HOUR;
        let many = (0..1000).map(|index| (begin + index * 1700, (index as f64).sin()));
        store.put("a", &many.collect::<Vec<_>>());
        store.db.seal_all().unwrap();
    }
    later(&store, 3);
    let first = store.db.statistics(0).unwrap().parts;
    assert_eq!(first.len(), 1);
    for round in 0..20 {
        for window in 0..6 {
            store.put("late", &[(MIDNIGHT + window * 2 * HOUR + round, 1.0)]);
        }
        store.clock.advance(Duration::from_mins(20));
        store.db.maintain().unwrap();
    }
    let found = store.db.statistics(0).unwrap().parts;
    assert_eq!(found[0].name, first[0].name, "the large one is as it was");
    assert!(found.len() < 6, "{}", found.len());
    assert_eq!(store.floats("late").len(), 120);
}

#[test]
fn a_part_that_is_written_again_stays_older_than_those_of_its_sequence() {
    let store = Store::new();
    store.put("a", &[(NOON, 1.0), (NOON + 1, 9.0)]);
    store.db.seal_all().unwrap();
    store.put("a", &[(NOON, 2.0)]);
    store.db.seal_all().unwrap();
    let Store { disk, clock, db } = store;
    drop(db);
    // A manifest that is made anew knows the order of the parts only by their numbers.
    let disk = disk.kill();
    let manifests = ["MANIFEST", "MANIFEST.copy"].map(|name| Path::new(DIRECTORY).join(name));
    for path in manifests.into_iter().chain(wal_files(&disk)) {
        disk.remove_file(&path).unwrap();
    }
    let db = open(&disk, &clock).unwrap();
    let at = Timestamp::from_millis(NOON + 1);
    db.delete_series(&[vec![]], TimeRange::new(at, at)).unwrap();
    db.clean_tombstones().unwrap();
    assert_eq!(db.statistics(0).unwrap().parts.len(), 2);
    assert_eq!(floats(&db, "a"), [(NOON, 2.0)]);
    drop(db);
    let db = open(&disk.kill(), &clock).unwrap();
    assert_eq!(floats(&db, "a"), [(NOON, 2.0)]);
}
