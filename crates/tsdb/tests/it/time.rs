//! Windows, retention, and clocks that jump.

use std::time::Duration;

use plimsoll_types::{Queryable, TimeRange, Timestamp};

use crate::support::{HOUR, NOON, Store, wal_files};

fn hours(store: &Store, count: u64) {
    store.clock.advance(Duration::from_hours(count));
}

#[test]
fn a_window_is_sealed_after_its_end_and_grace_and_the_wal_is_cut() {
    let store = Store::new();
    store.put("a", &[(NOON, 1.0)]);
    store.clock.advance(Duration::from_mins(124));
    assert_eq!(store.db.maintain().unwrap().windows_sealed, 0);
    store.clock.advance(Duration::from_mins(1));
    assert_eq!(wal_files(&store.disk).len(), 1);
    assert_eq!(store.db.maintain().unwrap().windows_sealed, 1);
    assert!(wal_files(&store.disk).is_empty());
    // Late data of a sealed window is welcome.
    store.put("a", &[(NOON + 5, 2.0), (store.now(), 3.0)]);
    assert_eq!(store.db.maintain().unwrap().windows_sealed, 1);
    assert_eq!(
        wal_files(&store.disk).len(),
        1,
        "the last window is in the WAL only"
    );
    let expected = [(NOON, 1.0), (NOON + 5, 2.0), (store.now(), 3.0)];
    assert_eq!(store.floats("a"), expected);
    let store = store.after_power_loss();
    assert_eq!(store.db.recovery().samples_in_parts, 1);
    assert_eq!(store.floats("a"), expected);
}

#[test]
fn retention_hides_exactly_and_removes_whole_parts() {
    let store = Store::new();
    store.put("a", &[(NOON, 1.0), (NOON + 1, 2.0)]);
    store.db.seal_all().unwrap();
    for _ in 0..15 * 24 {
        hours(&store, 1);
        store.db.maintain().unwrap();
    }
    assert_eq!(store.floats("a").len(), 2);
    store.clock.advance(Duration::from_millis(1));
    assert_eq!(store.floats("a"), [(NOON + 1, 2.0)]);
    assert_eq!(store.db.maintain().unwrap().parts_removed, 0);
    store.clock.advance(Duration::from_millis(1));
    assert_eq!(store.db.maintain().unwrap().parts_removed, 1);
    assert!(store.db.series(&[], TimeRange::ALL, 9).unwrap().is_empty());
}

#[test]
fn a_clock_that_jumps_removes_and_seals_nothing() {
    let mut store = Store::new();
    store.put("a", &[(NOON - 4 * HOUR, 1.0)]);
    store.db.seal_all().unwrap();
    store.put("a", &[(NOON, 2.0)]);
    store
        .clock
        .jump_to(Timestamp::from_millis(NOON + 365 * 24 * HOUR));
    let done = store.db.maintain().unwrap();
    assert_eq!((done.windows_sealed, done.parts_removed), (0, 0));
    assert_eq!(store.floats("a").len(), 2);
    // Not after a restart with the wrong clock either.
    store = store.killed();
    assert_eq!(store.db.maintain().unwrap().parts_removed, 0);
    assert_eq!(store.floats("a").len(), 2);
    store
        .clock
        .jump_to(Timestamp::from_millis(NOON - 365 * 24 * HOUR));
    assert_eq!(store.db.maintain().unwrap().parts_removed, 0);
    assert_eq!(store.floats("a").len(), 2);
    store.clock.jump_to(Timestamp::from_millis(NOON));
    store.db.maintain().unwrap();
    assert_eq!(store.floats("a").len(), 2);
}

#[test]
fn a_new_time_is_believed_after_a_day() {
    let store = Store::new();
    store.put("a", &[(NOON, 1.0)]);
    store.db.seal_all().unwrap();
    store
        .clock
        .jump_to(Timestamp::from_millis(NOON + 365 * 24 * HOUR));
    for _ in 0..23 {
        assert_eq!(store.db.maintain().unwrap().parts_removed, 0);
        hours(&store, 1);
    }
    store.db.maintain().unwrap();
    hours(&store, 1);
    assert_eq!(store.db.maintain().unwrap().parts_removed, 1);
}

#[test]
fn a_window_that_a_wrong_clock_left_in_the_future_does_not_hold_the_wal() {
    let store = Store::new();
    let far = NOON + 365 * 24 * HOUR;
    store.clock.jump_to(Timestamp::from_millis(far));
    store.put("a", &[(far, 1.0)]);
    store.clock.jump_to(Timestamp::from_millis(NOON));
    store.put("a", &[(NOON, 2.0)]);
    assert_eq!(store.db.maintain().unwrap().windows_sealed, 1);
    assert_eq!(store.floats("a"), [(NOON, 2.0), (far, 1.0)]);
    let store = store.after_power_loss();
    assert_eq!(store.floats("a"), [(NOON, 2.0), (far, 1.0)]);
}

#[test]
fn late_data_that_keeps_coming_makes_few_parts() {
    let store = Store::new();
    let late = |step: i64| NOON - 5 * HOUR + step;
    for step in 0..40 {
        store.put("a", &[(late(step), 1.0)]);
        store.db.maintain().unwrap();
        store.clock.advance(Duration::from_secs(30));
    }
    // The first two at once, then one in a quarter of an hour; the fourth makes one of them all.
    let parts = || {
        let files = store.disk.files();
        files.iter().filter(|path| path.ends_with("meta")).count()
    };
    assert_eq!(parts(), 3);
    store.clock.advance(Duration::from_mins(15));
    store.db.maintain().unwrap();
    assert_eq!(parts(), 1);
    assert_eq!(store.floats("a").len(), 40);
}

#[test]
fn samples_from_a_wrong_clock_do_not_make_a_restart_believe_it() {
    let mut store = Store::new();
    store.put("a", &[(NOON, 1.0)]);
    store.db.seal_all().unwrap();
    store.db.maintain().unwrap();
    // A dead battery: the machine starts years ahead, and scrapes write what the clock says.
    let far = NOON + 9 * 365 * 24 * HOUR;
    store.clock.jump_to(Timestamp::from_millis(far));
    store = store.killed();
    store.put("a", &[(far, 2.0)]);
    store.db.seal_all().unwrap();
    for _ in 0..3 {
        store = store.after_power_loss();
        assert_eq!(store.db.maintain().unwrap().parts_removed, 0);
        assert_eq!(store.floats("a"), [(NOON, 1.0), (far, 2.0)]);
    }
    store.clock.jump_to(Timestamp::from_millis(NOON + HOUR));
    store = store.killed();
    store.db.maintain().unwrap();
    assert_eq!(store.floats("a"), [(NOON, 1.0), (far, 2.0)]);
}
