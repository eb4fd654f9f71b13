//! Data directories that are in use, read-only, foreign or damaged; and the store on a real disk.

use std::io::ErrorKind as IoErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use plimsoll_runtime::clock::{Clock, SystemClock};
use plimsoll_runtime::disk::Disk;
use plimsoll_testkit::{FakeClock, Fault, Operation, Seed, SimulatedDisk};
use plimsoll_tsdb::{
    Background, ClosedStore, Config, Db, ErrorKind, Metrics, ReadOnlyDb, Settings,
};
use plimsoll_types::{Appender, Durability, Queryable, StoreAdmin, TimeRange, Timestamp};

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

#[test]
fn a_directory_that_is_half_restored_says_so() {
    let clock = FakeClock::new(Timestamp::from_millis(NOON));
    let disk = SimulatedDisk::new(Seed::new(1));
    let directory = Path::new(DIRECTORY);
    disk.create_directory(&directory.join("parts")).unwrap();
    disk.create(&directory.join("MANIFEST")).unwrap();
    let marker = directory.join(plimsoll_tsdb::RESTORE_UNFINISHED);
    disk.create(&marker).unwrap();
    let changes = disk.changes();
    let shared: Arc<dyn Disk> = Arc::new(disk.clone());
    let config = Config::new(Settings::new(DIRECTORY)).unwrap();
    let errors = [
        open(&disk, &clock).err(),
        ReadOnlyDb::open_on(&config, shared.clone()).err(),
        ClosedStore::on(shared.clone(), directory).err(),
        plimsoll_tsdb::verify(&shared, directory, &mut |_| {}).err(),
    ];
    for error in errors {
        let error = error.unwrap();
        assert_eq!(error.kind(), ErrorKind::Config);
        let text = error.to_string();
        assert!(text.contains("restore that was broken off"), "{text}");
        assert!(text.contains("RESTORE-UNFINISHED"), "{text}");
        assert!(text.contains("restore the backup again"), "{text}");
    }
    assert_eq!(disk.changes(), changes, "nothing was touched");
    // With a version it is whole: only the removal of the marker was broken off.
    disk.remove_directory(directory).unwrap();
    drop(open(&disk, &clock).unwrap());
    disk.create(&marker).unwrap();
    drop(open(&disk, &clock).unwrap());
}

/// A part and a window, and in each a deletion.
fn filled() -> Store {
    let store = Store::new();
    store.put("a", &[(NOON, 1.0), (NOON + 1, 2.0)]);
    store.db.seal_all().unwrap();
    delete(&store, NOON + 1);
    store.db.maintain().unwrap();
    store.put("a", &[(NOON + 2, 3.0), (NOON + 3, 4.0)]);
    delete(&store, NOON + 3);
    store
}

const KEPT: [(i64, f64); 2] = [(NOON, 1.0), (NOON + 2, 3.0)];

fn delete(store: &Store, time: i64) {
    let time = Timestamp::from_millis(time);
    let range = TimeRange::new(time, time);
    store.db.delete_series(&[vec![]], range).unwrap();
}

fn path(name: &str) -> PathBuf {
    Path::new(DIRECTORY).join(name)
}

/// Ends the process and does something to its files before the next one starts.
fn after(store: Store, harm: impl FnOnce(&SimulatedDisk)) -> (SimulatedDisk, FakeClock) {
    let Store { disk, clock, db } = store;
    drop(db);
    let disk = disk.kill();
    harm(&disk);
    (disk, clock)
}

fn refused_with(name: &str, text: &str) -> plimsoll_tsdb::Error {
    let (disk, clock) = after(filled(), |disk| {
        disk.replace(&path(name), text.as_bytes()).unwrap();
    });
    let changes = disk.changes();
    let error = open(&disk, &clock).err().unwrap();
    assert_eq!(disk.changes(), changes, "nothing was touched");
    error
}

#[test]
fn newer_versions_are_refused_and_nothing_is_touched() {
    for (name, text) in [
        ("FORMAT", "2\n"),
        ("MANIFEST", "plimsoll tsdb manifest 9\n"),
    ] {
        let error = refused_with(name, text);
        assert_eq!(error.kind(), ErrorKind::NewerVersion, "{error}");
    }
}

/// What is lost with a file of the top costs nothing, is named once, and is whole again afterwards.
fn is_repaired(name: &str, harm: &dyn Fn(&SimulatedDisk)) {
    let (disk, clock) = after(filled(), |disk| harm(disk));
    let db = open(&disk, &clock).unwrap();
    assert_eq!(floats(&db, "a"), KEPT);
    let repaired = db.recovery().repaired.clone();
    assert!(
        repaired.len() == 1 && repaired[0].contains(name),
        "{name}: {repaired:?}"
    );
    assert!(!db.recovery().is_clean());
    db.seal_all().unwrap();
    drop(db);
    let db = open(&disk.power_loss(), &clock).unwrap();
    assert!(db.recovery().is_clean(), "{:?}", db.recovery());
    assert_eq!(floats(&db, "a"), KEPT);
}

#[test]
fn a_lost_or_damaged_file_of_the_top_costs_nothing() {
    for name in ["MANIFEST", "FORMAT"] {
        is_repaired(name, &|disk| disk.remove_file(&path(name)).unwrap());
        for text in ["", "one", "plimsoll tsdb manifest 1\n"] {
            is_repaired(name, &|disk| {
                disk.replace(&path(name), text.as_bytes()).unwrap();
            });
        }
        let length = filled().disk.read(&path(name), 4096).unwrap().len();
        for offset in 0..length as u64 {
            let last = length as u64 - 1;
            // Another end of the last line is no damage.
            if offset < last {
                is_repaired(name, &|disk| disk.flip(&path(name), offset, 1));
            }
        }
    }
}

#[test]
fn a_damaged_copy_of_the_manifest_is_made_again() {
    let copy = path("MANIFEST.copy");
    let (disk, clock) = after(filled(), |disk| disk.remove_file(&copy).unwrap());
    let db = open(&disk, &clock).unwrap();
    assert_eq!(floats(&db, "a"), KEPT);
    assert!(db.recovery().is_clean());
    assert_eq!(
        disk.read(&copy, 4096).unwrap(),
        disk.read(&path("MANIFEST"), 4096).unwrap()
    );
}

#[test]
fn without_a_manifest_and_its_copy_all_parts_count() {
    let (disk, clock) = after(filled(), |disk| {
        disk.remove_file(&path("MANIFEST")).unwrap();
        disk.replace(&path("MANIFEST.copy"), b"x").unwrap();
        disk.remove_file(&path("FORMAT")).unwrap();
        let unfinished = path("parts/00000000000000ff");
        disk.create_directory(&unfinished).unwrap();
        disk.create(&unfinished.join("values.bin")).unwrap();
    });
    let before = disk.files();
    let db = open(&disk, &clock).unwrap();
    // The deletion that only the manifest knew of is forgotten, and that is said.
    let expected = [(NOON, 1.0), (NOON + 1, 2.0), (NOON + 2, 3.0)];
    assert_eq!(floats(&db, "a"), expected);
    let repaired = &db.recovery().repaired;
    assert!(
        repaired.iter().any(|what| what.contains("deletions")),
        "{repaired:?}"
    );
    assert_eq!(db.recovery().quarantined.len(), 1, "the unfinished one");
    let files = disk.files();
    let gone: Vec<_> = before.iter().filter(|path| !files.contains(path)).collect();
    assert_eq!(gone, [""; 0], "nothing is removed");
    // Deletions and writes go on as ever.
    let id = db.resolve(&crate::support::labels("a")).unwrap();
    let samples = [float(NOON + 1, 5.0)];
    let all = TimeRange::ALL;
    db.delete_series(&[vec![]], all).unwrap();
    let batch = crate::support::batch(id, &samples);
    wait(db.append(&batch, Durability::Synced).unwrap().commit).unwrap();
    db.seal_all().unwrap();
    drop(db);
    let db = open(&disk.power_loss(), &clock).unwrap();
    assert_eq!(floats(&db, "a"), [(NOON + 1, 5.0)]);
    assert!(db.recovery().repaired.is_empty());
}

#[test]
fn a_part_of_a_newer_version_is_put_aside_until_the_program_is_newer() {
    let meta = path("parts/0000000000000000/meta");
    let version = |disk: &SimulatedDisk, version: u8| {
        let mut bytes = disk.read(&meta, 1 << 20).unwrap();
        bytes[8] = version;
        let end = bytes.len() - 4;
        let crc = crc32c::crc32c(&bytes[..end]);
        bytes[end..].copy_from_slice(&crc.to_le_bytes());
        let file = disk.open_writable(&meta).unwrap();
        file.write_all_at(&bytes, 0).unwrap();
    };
    let mut before = 0;
    let (disk, clock) = after(filled(), |disk| {
        before = disk.read(&meta, 1 << 20).unwrap()[8];
        version(disk, 99);
    });
    let db = open(&disk, &clock).unwrap();
    assert_eq!(floats(&db, "a"), [(NOON + 2, 3.0)]);
    let quarantined = &db.recovery().quarantined;
    assert_eq!(quarantined.len(), 1);
    assert!(
        quarantined[0].reason.contains("newer version of plimsoll"),
        "{quarantined:?}"
    );
    let warnings = db.select(&[], TimeRange::ALL).unwrap().warnings;
    assert!(warnings[0].contains("newer version"), "{warnings:?}");
    db.maintain().unwrap();
    drop(db);
    let disk = disk.kill();
    version(&disk, before);
    let db = open(&disk, &clock).unwrap();
    assert!(db.recovery().is_clean());
    assert_eq!(floats(&db, "a"), KEPT);
}
