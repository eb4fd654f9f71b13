//! Directories that earlier versions wrote, opened by this one: `cargo run -p plimsoll-tsdb --example write-fixture` made
//! them, with the code of the time that their names say.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use plimsoll_testkit::{FakeClock, wait};
use plimsoll_tsdb::{Config, Db, Metrics, ReadOnlyDb, Settings};
use plimsoll_types::{ByteCount, Durability, StoreAdmin, Timestamp};

use crate::dump::dump;
use crate::support::{float, floats, write};

/// Never shortened: a directory of any version is opened by all later ones.
const FIXTURES: [&str; 1] = ["store-2026-11"];
/// When the last sample was written: 2023-11-16T06:20:00Z.
const NOW: i64 = 1_700_115_600_000;

fn folder(fixture: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures")
        .join(fixture)
}

fn copied(from: &Path) -> tempfile::TempDir {
    let to = tempfile::tempdir().unwrap();
    copy(from, to.path());
    to
}

fn copy(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            std::fs::create_dir(&target).unwrap();
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

fn config(directory: &Path) -> Config {
    let settings = Settings {
        free_bytes_reserve: ByteCount(0),
        ..Settings::new(directory)
    };
    Config::new(settings).unwrap()
}

fn open(directory: &Path, clock: &FakeClock) -> Db {
    let db = Db::open(
        config(directory),
        Arc::new(clock.clone()),
        Metrics::default(),
    );
    db.unwrap()
}

fn clock() -> FakeClock {
    FakeClock::new(Timestamp::from_millis(NOW))
}

/// What a dump says of samples and exemplars; what metrics mean is kept as long as they are written.
fn samples(dump: &str) -> String {
    let lines = dump.lines().filter(|line| !line.contains(" is a "));
    lines.map(|line| format!("{line}\n")).collect()
}

fn expect(found: &str, expected: &str, when: &str) {
    let difference = found.lines().zip(expected.lines()).find(|(a, b)| a != b);
    assert_eq!(difference, None, "{when}");
    assert_eq!(found.len(), expected.len(), "{when}");
}

#[test]
fn a_store_of_an_earlier_version_is_read_as_it_is() {
    for fixture in FIXTURES {
        let expected = std::fs::read_to_string(folder(fixture).join("EXPECTED")).unwrap();
        assert!(expected.lines().count() > 1000, "{fixture} is worth it");
        let store = copied(&folder(fixture).join("store"));
        let db = ReadOnlyDb::open(&config(store.path())).unwrap();
        expect(&dump(&db), &expected, fixture);
        let recovery = db.recovery();
        assert_eq!(recovery.quarantined.len(), 1, "{fixture}");
        assert_eq!(recovery.wal.deletions, 1, "{fixture}");
        assert!(
            recovery.wal.cut.is_empty() && recovery.wal.skipped.is_empty(),
            "{fixture}"
        );
    }
}

#[test]
fn a_store_of_an_earlier_version_lives_on() {
    for fixture in FIXTURES {
        let expected = std::fs::read_to_string(folder(fixture).join("EXPECTED")).unwrap();
        let store = copied(&folder(fixture).join("store"));
        let clock = clock();
        let db = open(store.path(), &clock);
        expect(&dump(&db), &expected, fixture);
        db.maintain().unwrap();
        expect(&dump(&db), &expected, "maintained");
        db.seal_all().unwrap();
        db.clean_tombstones().unwrap();
        drop(db);
        // Two days later all parts but the one in quarantine are merged.
        let db = open(store.path(), &clock);
        let mut merged = 0;
        for _ in 0..48 {
            clock.advance(Duration::from_hours(1));
            merged += db.maintain().unwrap().parts_merged;
        }
        assert!(merged > 0, "{fixture}: {merged} parts merged");
        let samples_only = samples(&expected);
        expect(&samples(&dump(&db)), &samples_only, "merged");
        let appended = write(&db, "new", &[float(NOW, 1.0)], Durability::Synced).unwrap();
        wait(appended.commit).unwrap();
        drop(db);
        let db = open(store.path(), &clock);
        assert_eq!(floats(&db, "new"), [(NOW, 1.0)]);
        let found = samples(&dump(&db));
        let old: String = found.lines().map(|line| format!("{line}\n")).collect();
        let new = format!("new{{job=\"test\"}}\n +{NOW} {:x}\n", 1f64.to_bits());
        assert!(old.contains(&new), "{fixture}");
        expect(&old.replace(&new, ""), &samples_only, "reopened");
    }
}

#[test]
fn a_snapshot_of_an_earlier_version_is_a_store() {
    for fixture in FIXTURES {
        let all = folder(fixture).join("store/snapshots");
        for entry in std::fs::read_dir(all).unwrap() {
            let store = copied(&entry.unwrap().path());
            let read = dump(&ReadOnlyDb::open(&config(store.path())).unwrap());
            assert!(read.lines().count() > 1000, "{fixture}");
            let db = open(store.path(), &clock());
            db.seal_all().unwrap();
            expect(&samples(&dump(&db)), &samples(&read), fixture);
        }
    }
}
