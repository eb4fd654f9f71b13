//! Snapshots open as stores and hold what was there, and failing ones leave nothing.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use plimsoll_runtime::disk::Disk;
use plimsoll_testkit::{FakeClock, Fault, Seed, SimulatedDisk};
use plimsoll_tsdb::{Config, Db, Metrics, ReadOnlyDb, Settings};
use plimsoll_types::{Matcher, StorageErrorKind, StoreAdmin, TimeRange, Timestamp};

use crate::support::{DIRECTORY, NOON, Store, floats, settings, wal_files};

fn directory() -> PathBuf {
    Path::new(DIRECTORY).join("snapshots")
}

fn opened(disk: &SimulatedDisk, clock: &FakeClock, name: &str) -> Db {
    let settings = Settings {
        directory: directory().join(name),
        ..settings()
    };
    let config = Config::new(settings).unwrap();
    let (disk, clock) = (Arc::new(disk.clone()), Arc::new(clock.clone()));
    Db::open_on(config, disk, clock, Metrics::default()).unwrap()
}

fn at(time: i64) -> TimeRange {
    TimeRange::new(Timestamp::from_millis(time), Timestamp::from_millis(time))
}

/// A part and a window, in each a deleted sample.
fn filled() -> Store {
    let store = Store::new();
    store.put("a", &[(NOON, 1.0), (NOON + 1, 2.0)]);
    store.db.seal_all().unwrap();
    store.put("a", &[(NOON + 2, 3.0), (NOON + 3, 4.0)]);
    for time in [NOON + 1, NOON + 3] {
        store.db.delete_series(&[vec![]], at(time)).unwrap();
    }
    store
}

#[test]
fn a_snapshot_opens_as_a_store_of_that_moment() {
    let store = filled();
    let whole = store.db.snapshot(false).unwrap();
    let sealed = store.db.snapshot(true).unwrap();
    assert!(whole.starts_with("20231115T000000Z-"), "{whole}");
    assert_eq!(whole.len(), "20060102T150405Z-0123456789abcdef".len());
    // What happens to the store afterwards is not the snapshot's business, and the other way round.
    store.put("a", &[(NOON + 4, 5.0)]);
    store.db.delete_series(&[vec![]], TimeRange::ALL).unwrap();
    store.db.maintain().unwrap();
    store.db.seal_all().unwrap();
    let store = store.after_power_loss();
    assert_eq!(store.floats("a"), []);
    let copy = opened(&store.disk, &store.clock, &whole);
    assert!(copy.recovery().is_clean());
    assert_eq!(floats(&copy, "a"), [(NOON, 1.0), (NOON + 2, 3.0)]);
    assert_eq!(
        floats(&opened(&store.disk, &store.clock, &sealed), "a"),
        [(NOON, 1.0)]
    );
    copy.seal_all().unwrap();
    copy.clean_tombstones().unwrap();
    assert_eq!(floats(&copy, "a"), [(NOON, 1.0), (NOON + 2, 3.0)]);
    drop(copy);
    // It is clean and sealed now, and still there after another life.
    let store = store.after_power_loss();
    let copy = opened(&store.disk, &store.clock, &whole);
    assert_eq!(floats(&copy, "a"), [(NOON, 1.0), (NOON + 2, 3.0)]);
}

#[test]
fn immutable_files_are_shared_and_the_wal_goes_on_elsewhere() {
    let directory = tempfile::tempdir().unwrap();
    let config = Config::new(Settings {
        free_bytes_reserve: plimsoll_types::ByteCount(0),
        ..Settings::new(directory.path())
    });
    let clock = Arc::new(FakeClock::new(Timestamp::from_millis(NOON)));
    let db = Db::open(config.unwrap(), clock, Metrics::default()).unwrap();
    let put = |time| {
        let sample = crate::support::float(time, 1.0);
        let durability = plimsoll_types::Durability::Synced;
        let appended = crate::support::write(&db, "a", &[sample], durability).unwrap();
        plimsoll_testkit::wait(appended.commit).unwrap();
    };
    put(NOON);
    db.seal_all().unwrap();
    put(NOON + 1);
    let name = db.snapshot(false).unwrap();
    let copy = directory.path().join("snapshots").join(&name);
    let bytes = |path: &Path| -> u64 {
        let names = std::fs::read_dir(path).unwrap();
        names
            .map(|entry| entry.unwrap().metadata().unwrap().len())
            .sum()
    };
    let before = bytes(&copy.join("wal"));
    put(NOON + 2);
    assert_eq!(bytes(&copy.join("wal")), before);
    use std::os::unix::fs::MetadataExt;
    let part = std::fs::read_dir(copy.join("parts"))
        .unwrap()
        .next()
        .unwrap();
    let values = part.unwrap().path().join("values.bin");
    assert_eq!(std::fs::metadata(values).unwrap().nlink(), 2);
    let read = ReadOnlyDb::open(&Config::new(Settings::new(&copy)).unwrap()).unwrap();
    assert!(read.recovery().is_clean());
    let found =
        crate::support::read_from(&read, &[Matcher::equal("__name__", "a")], TimeRange::ALL);
    assert_eq!(found[0].1.timestamps, [NOON, NOON + 1]);
}

#[test]
fn a_failing_call_leaves_no_snapshot_or_a_whole_one() {
    let clean = filled();
    let begin = clean.disk.changes();
    clean.db.snapshot(false).unwrap();
    let end = clean.disk.changes();
    assert!(end - begin > 20, "the script is worth it");
    for number in begin..end {
        for failing in [1, 1000] {
            let store = filled();
            for number in number..number + failing {
                let error = ErrorKind::StorageFull;
                store.disk.plan(Fault::Change { number, error });
            }
            let outcome = store.db.snapshot(false);
            if let Err(error) = &outcome {
                assert_eq!(error.kind(), StorageErrorKind::ReadOnly, "{error}");
            }
            let expected = [(NOON, 1.0), (NOON + 2, 3.0)];
            assert_eq!(store.floats("a"), expected);
            store.disk.heal();
            store.clock.advance(Duration::from_secs(2));
            store.put("b", &[(NOON, 1.0)]);
            let store = store.after_power_loss();
            assert_eq!(store.floats("a"), expected);
            let names = store.disk.list(&directory()).unwrap_or_default();
            if let Ok(name) = &outcome {
                assert!(names.contains(name), "{failing} from {number}");
            }
            for name in names {
                let copy = opened(&store.disk, &store.clock, &name);
                assert_eq!(floats(&copy, "a"), expected, "{failing} from {number}");
            }
            store.db.snapshot(true).unwrap();
        }
    }
}

#[test]
fn an_unfinished_snapshot_is_removed_by_the_next_opening() {
    let store = filled();
    let rest = directory().join("20231115T000000Z-0123456789abcdef.tmp");
    store.disk.create_directory(&rest.join("parts")).unwrap();
    let store = store.killed();
    assert_eq!(store.disk.list(&directory()).unwrap(), [""; 0]);
}

#[test]
fn a_snapshot_of_a_store_without_wal_files_holds_nothing_of_a_head() {
    let store = Store::seeded(Seed::new(7));
    let name = store.db.snapshot(false).unwrap();
    assert_eq!(wal_files(&store.disk).len(), 0);
    let copy = opened(&store.disk, &store.clock, &name);
    assert_eq!(copy.recovery().parts, 0);
}
