//! What is restored is what was there, bit by bit, whatever happened to the store between two backups.

use std::time::Duration;

use plimsoll_backup::{Quiet, list, verify};
use plimsoll_types::{Matcher, Queryable, SampleColumns, StoreAdmin, TimeRange, Timestamp};

use crate::support::{DAY, Dumped, NOON, Store, dump, opened, repository};

fn day(store: &Store, number: i64) {
    let from = NOON + number * DAY;
    for window in 0..3 {
        let at = from + window * 7_200_000;
        for name in ["a", "b", "c"] {
            let value = |step: i64| match step % 4 {
                0 => f64::from_bits(plimsoll_types::STALE_NAN_BITS),
                1 => -0.0,
                _ => (number * 1000 + step) as f64 / 7.0,
            };
            let samples: Vec<_> = (0..20)
                .map(|step| (at + step * 1000, value(step)))
                .collect();
            store.put(name, &samples);
        }
        store.clock.advance(Duration::from_hours(2));
        store.db.maintain().unwrap();
    }
    store.clock.advance(Duration::from_hours(18));
    let range = TimeRange::new(
        Timestamp::from_millis(from + 3000),
        Timestamp::from_millis(from + 5000),
    );
    let selector = [vec![Matcher::equal("__name__", "b")]];
    store.db.delete_series(&selector, range).unwrap();
    // One that only the WAL has.
    store.put("late", &[(from + 9 * 3_600_000, number as f64)]);
}

/// What a server answers.
fn answered(db: &dyn Queryable) -> Vec<Dumped> {
    let mut selection = db.select(&[], TimeRange::ALL).unwrap();
    let labels = selection.labels.clone();
    let mut read = |(index, labels): (usize, &plimsoll_types::Labels)| {
        let mut columns = SampleColumns::default();
        selection.source.read(index, &mut columns).unwrap();
        let bits = columns.values.iter().map(|value| value.to_bits());
        let times = columns.timestamps.iter().copied();
        (labels.clone(), times.zip(bits).collect())
    };
    labels.iter().enumerate().map(&mut read).collect()
}

#[test]
fn a_restore_equals_its_source_after_merges_and_retention() {
    let store = Store::new();
    let (repository, faulty) = repository();
    let mut taken = Vec::new();
    for number in 0..6 {
        day(&store, number);
        if number % 2 == 1 {
            store.db.maintain().unwrap();
            store.db.clean_tombstones().unwrap();
        }
        let snapshot = store.snapshot();
        let expected = dump(&store.disk, &snapshot);
        let backup = store.back_up(&repository).unwrap();
        // A server on the restored directory answers what this one does.
        let target = store.restore(&repository, &backup, "served").unwrap();
        let served = opened(&store.disk, &store.clock, &target).unwrap();
        assert_eq!(answered(&served), answered(&store.db));
        drop(served);
        use plimsoll_runtime::disk::Disk;
        store.disk.remove_directory(&target).unwrap();
        taken.push((backup, expected));
    }
    let sizes: Vec<_> = taken
        .iter()
        .map(|(b, _)| (b.uploaded_bytes, b.bytes()))
        .collect();
    assert!(sizes[1..].iter().any(|(sent, all)| sent < all), "{sizes:?}");
    let listed = list(&repository).unwrap();
    let ids: Vec<_> = listed.iter().map(|listed| listed.id.clone()).collect();
    assert_eq!(
        ids,
        taken.iter().map(|(b, _)| b.id.clone()).collect::<Vec<_>>()
    );
    for (backup, expected) in &taken {
        assert!(!expected.is_empty());
        assert_eq!(
            &store.restored(&repository, backup),
            expected,
            "{}",
            backup.id
        );
    }
    let backups: Vec<_> = taken.into_iter().map(|(backup, _)| backup).collect();
    let verified = verify(&repository, &backups, &Quiet).unwrap();
    assert!(verified.damaged.is_empty(), "{:?}", verified.damaged);
    drop(faulty);
}

#[test]
fn what_did_not_change_is_not_sent_again() {
    let store = Store::filled();
    let (repository, _) = repository();
    let first = store.back_up(&repository).unwrap();
    assert_eq!(first.uploaded_files as usize, first.files.len());
    let second = store.back_up(&repository).unwrap();
    // Nothing was written in between.
    assert_eq!((second.uploaded_files, second.uploaded_bytes), (0, 0));
    store.put("c", &[(NOON + 5, 1.0)]);
    let third = store.back_up(&repository).unwrap();
    let is_new = |file: &&plimsoll_backup::FileEntry| !first.files.contains(file);
    let new: Vec<_> = third.files.iter().filter(is_new).collect();
    assert!(
        new.iter().all(|file| file.path.starts_with("wal/")),
        "{new:?}"
    );
    assert_eq!(third.uploaded_files as usize, new.len());
    assert!(third.id > second.id && second.id > first.id);
}

#[test]
fn a_clock_that_goes_back_does_not_change_which_backup_is_newest() {
    let store = Store::filled();
    let (repository, _) = repository();
    store.back_up(&repository).unwrap();
    store.clock.jump_to(Timestamp::from_millis(NOON - DAY));
    store.put("c", &[(NOON, 1.0)]);
    let newest = store.back_up(&repository).unwrap();
    assert_eq!(plimsoll_backup::find(&repository, None).unwrap(), newest);
    let found = plimsoll_backup::find(&repository, Some("000002")).unwrap();
    assert_eq!(found, newest);
    let error = plimsoll_backup::find(&repository, Some("00000")).unwrap_err();
    assert_eq!(error.kind(), plimsoll_backup::ErrorKind::Usage);
    let error = plimsoll_backup::find(&repository, Some("7")).unwrap_err();
    assert_eq!(error.kind(), plimsoll_backup::ErrorKind::NotFound);
}
