//! Data directories that are in use, read-only, foreign or damaged; and the store on a real disk.

use std::io::ErrorKind as IoErrorKind;
use std::path::Path;
use std::sync::Arc;

use plimsoll_runtime::clock::{Clock, SystemClock};
use plimsoll_runtime::disk::Disk;
use plimsoll_testkit::{FakeClock, Fault, Operation, Seed, SimulatedDisk};
use plimsoll_tsdb::{Background, Config, Db, ErrorKind, Metrics, Settings};
use plimsoll_types::{Durability, Timestamp};

use crate::support::{DIRECTORY, NOON, Store, float, floats, open, wait, write};

fn on_disk(directory: &Path) -> plimsoll_tsdb::Result<Db> {
    let config = Config::new(Settings::new(directory)).unwrap();
    Db::open(config, Arc::new(SystemClock::new()), Metrics::default())
}

#[test]
fn works_on_a_real_disk_with_its_threads() {
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path().join("made/when/missing");
    let now = SystemClock::new().now().millis();
    {
        let db = Arc::new(on_disk(&directory).unwrap());
        let background = Background::start(db.clone()).unwrap();
        let threads: Vec<_> = (0..4)
            .map(|thread| {
                let db = db.clone();
                std::thread::spawn(move || {
                    for step in 0..50 {
                        let samples = [float(now - 1000 + step, f64::from(thread))];
                        let appended =
                            write(&db, &format!("m{thread}"), &samples, Durability::Synced)
                                .unwrap();
                        wait(appended.commit).unwrap();
                    }
                })
            })
            .collect();
        threads
            .into_iter()
            .for_each(|thread| thread.join().unwrap());
        background.stop();
        let error = on_disk(&directory).err().unwrap();
        assert_eq!(error.kind(), ErrorKind::InUse);
    }
    let db = on_disk(&directory).unwrap();
    assert!(db.recovery().is_clean());
    for thread in 0..4 {
        assert_eq!(floats(&db, &format!("m{thread}")).len(), 50);
    }
    db.seal_all().unwrap();
    drop(db);
    let db = on_disk(&directory).unwrap();
    assert_eq!(floats(&db, "m3").len(), 50);
}

#[test]
fn a_read_only_directory_is_named() {
    let disk = SimulatedDisk::new(Seed::new(1));
    disk.plan(Fault::Every {
        operation: Operation::Create,
        error: IoErrorKind::ReadOnlyFilesystem,
    });
    let error = open(&disk, &FakeClock::new(Timestamp::from_millis(NOON)))
        .err()
        .unwrap();
    assert_eq!(error.kind(), ErrorKind::ReadOnlyDirectory);
    assert!(error.to_string().contains(DIRECTORY), "{error}");
}

#[test]
fn a_directory_of_somebody_else_is_left_alone() {
    let clock = FakeClock::new(Timestamp::from_millis(NOON));
    let disk = SimulatedDisk::new(Seed::new(1));
    // What a running Prometheus keeps in its data directory.
    disk.create_directory(&Path::new(DIRECTORY).join("wal"))
        .unwrap();
    disk.create(&Path::new(DIRECTORY).join("queries.active"))
        .unwrap();
    let changes = disk.changes();
    let error = open(&disk, &clock).err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(error.to_string().contains("queries.active"), "{error}");
    assert_eq!(disk.changes(), changes, "nothing was touched");
}

fn reopened_with(name: &str, text: &str) -> plimsoll_tsdb::Error {
    let store = Store::new();
    store.put("a", &[(NOON, 1.0)]);
    store.db.seal_all().unwrap();
    store
        .disk
        .replace(&Path::new(DIRECTORY).join(name), text.as_bytes())
        .unwrap();
    let Store { disk, clock, db } = store;
    drop(db);
    let disk = disk.kill();
    let changes = disk.changes();
    let error = open(&disk, &clock).err().unwrap();
    assert_eq!(disk.changes(), changes, "nothing was touched");
    error
}

#[test]
fn other_versions_and_damage_are_refused() {
    assert_eq!(
        reopened_with("FORMAT", "2\n").kind(),
        ErrorKind::NewerVersion
    );
    assert_eq!(reopened_with("FORMAT", "one").kind(), ErrorKind::Corrupt);
    let newer = reopened_with("MANIFEST", "plimsoll tsdb manifest 3\n");
    assert_eq!(newer.kind(), ErrorKind::NewerVersion);
    let damaged = reopened_with("MANIFEST", "plimsoll tsdb manifest 1\n");
    assert_eq!(damaged.kind(), ErrorKind::Corrupt);
    assert!(
        damaged.to_string().contains("MANIFEST is damaged: line 1"),
        "{damaged}"
    );
}

#[test]
fn a_lost_manifest_does_not_cost_the_parts() {
    let store = Store::new();
    store.put("a", &[(NOON, 1.0)]);
    store.db.seal_all().unwrap();
    let manifest = Path::new(DIRECTORY).join("MANIFEST");
    let kept = store.disk.read(&manifest, 1 << 20).unwrap();
    store.disk.remove_file(&manifest).unwrap();
    let Store { disk, clock, db } = store;
    drop(db);
    let disk = disk.kill();
    let (files, changes) = (disk.files(), disk.changes());
    let error = open(&disk, &clock).err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Corrupt);
    assert!(error.to_string().contains("MANIFEST"), "{error}");
    assert_eq!((disk.files(), disk.changes()), (files, changes));
    disk.replace(&manifest, &kept).unwrap();
    assert_eq!(floats(&open(&disk, &clock).unwrap(), "a"), [(NOON, 1.0)]);
}
