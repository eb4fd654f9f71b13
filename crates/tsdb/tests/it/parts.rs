//! Damaged, foreign and unfinished parts.

use std::path::{Path, PathBuf};

use plimsoll_runtime::disk::Disk;
use plimsoll_tsdb::Db;
use plimsoll_types::{Queryable, SampleColumns, StorageErrorKind, TimeRange, Timestamp};

use crate::support::{DIRECTORY, HOUR, NOON, Store, floats};

const OLD: [(i64, f64); 3] = [
    (NOON - 4 * HOUR, 1.0),
    (NOON - 4 * HOUR + 7, 1.5),
    (NOON - 4 * HOUR + 9, 2.5),
];

/// Two parts, two windows apart.
fn store() -> Store {
    let store = Store::new();
    store.put("a", &OLD);
    store.db.seal_all().unwrap();
    store.put("a", &[(NOON, 2.0)]);
    store.db.seal_all().unwrap();
    store
}

fn file(store: &Store, part: u64, name: &str) -> PathBuf {
    let path = Path::new(DIRECTORY)
        .join("parts")
        .join(format!("{part:016x}"))
        .join(name);
    assert!(store.disk.exists(&path), "{}", path.display());
    path
}

fn warnings(db: &Db, range: TimeRange) -> Vec<String> {
    db.select(&[], range).unwrap().warnings
}

#[test]
fn a_part_that_does_not_open_is_put_aside_and_named() {
    let mut store = store();
    let meta = file(&store, 0, "meta");
    store.disk.flip(&meta, 20, 4);
    store = store.killed();
    assert_eq!(store.db.recovery().quarantined.len(), 1);
    assert_eq!(store.floats("a"), [(NOON, 2.0)]);
    let found = warnings(&store.db, TimeRange::ALL);
    let begin = format!(
        "samples from {} ms to {} ms may be missing: part 0000000000000000",
        OLD[0].0, OLD[2].0
    );
    assert!(
        found.len() == 1 && found[0].starts_with(&begin),
        "{found:?}"
    );
    let unharmed = TimeRange::new(Timestamp::from_millis(NOON), Timestamp::MAX);
    assert!(warnings(&store.db, unharmed).is_empty());
    // It stays aside, and stays on disk, until it is whole again.
    store = store.killed();
    assert_eq!(store.floats("a"), [(NOON, 2.0)]);
    store.disk.flip(&meta, 20, 4);
    store = store.killed();
    assert!(store.db.recovery().is_clean());
    assert_eq!(store.floats("a"), [OLD[0], OLD[1], OLD[2], (NOON, 2.0)]);
}

#[test]
fn damage_that_a_query_meets_is_put_aside_by_maintenance() {
    let store = store();
    let values = file(&store, 0, "times.bin");
    let length = store.disk.open(&values).unwrap().length().unwrap();
    store.disk.flip(&values, length - 1, 1);
    let mut selection = store.db.select(&[], TimeRange::ALL).unwrap();
    let error = selection
        .source
        .read(0, &mut SampleColumns::default())
        .unwrap_err();
    assert_eq!(error.kind(), StorageErrorKind::Corrupt);
    assert_eq!(store.db.maintain().unwrap().parts_quarantined, 1);
    assert_eq!(store.floats("a"), [(NOON, 2.0)]);
    assert_eq!(warnings(&store.db, TimeRange::ALL).len(), 1);
}

#[test]
fn an_unfinished_part_is_removed() {
    let store = store();
    let stale = Path::new(DIRECTORY).join("parts/00000000000000ff");
    store.disk.create_directory(&stale).unwrap();
    store.disk.create(&stale.join("values.bin")).unwrap();
    let store = store.killed();
    assert_eq!(store.db.recovery().stale_parts, ["00000000000000ff"]);
    assert!(!store.disk.exists(&stale));
    assert_eq!(floats(&store.db, "a").len(), 4);
}

#[test]
fn only_what_is_named_as_a_part_is_removed() {
    let store = store();
    let other = Path::new(DIRECTORY).join("parts/lost+found");
    store.disk.create_directory(&other).unwrap();
    let store = store.killed();
    assert!(store.db.recovery().stale_parts.is_empty());
    assert!(store.disk.exists(&other));
}

#[test]
fn label_questions_without_a_selector_do_not_walk_the_series() {
    let store = store();
    for part in 0..2 {
        store.disk.flip(&file(&store, part, "series.idx"), 9, 1);
    }
    let (db, all) = (&store.db, TimeRange::ALL);
    assert!(db.series(&[], all, 9).is_err(), "the walk meets the damage");
    assert_eq!(db.label_names(&[], all, 9).unwrap(), ["__name__", "job"]);
    assert_eq!(db.label_values("job", &[], all, 9).unwrap(), ["test"]);
    assert_eq!(db.label_values("job", &[vec![]], all, 9).unwrap(), ["test"]);
}
