//! One failing call at every place, a full disk, and damaged WAL bytes.

use std::io::ErrorKind;
use std::path::Path;
use std::time::Duration;

use plimsoll_runtime::disk::Disk;
use plimsoll_testkit::{FakeClock, Fault, Operation, Seed, SimulatedDisk};
use plimsoll_tsdb::manifest::Manifest;
use plimsoll_types::{ByteCount, Durability, StorageErrorKind, StoreAdmin, TimeRange, Timestamp};

use crate::support::{DIRECTORY, HOUR, NOON, Store, float, floats, open, wait, wal_files, write};

/// Writes, seals and writes again; returns what was acknowledged.
fn script(store: &Store) -> Vec<(i64, f64)> {
    let mut acknowledged = Vec::new();
    for step in 0..6 {
        let sample = (NOON + step, step as f64);
        if let Ok(appended) = write(
            &store.db,
            "a",
            &[float(sample.0, sample.1)],
            Durability::Synced,
        ) && wait(appended.commit).is_ok()
        {
            acknowledged.push(sample);
        }
        if step == 2 {
            let _ = store.db.seal_all();
        }
        store.clock.advance(Duration::from_secs(2));
    }
    acknowledged
}

#[test]
fn an_error_of_any_call_loses_nothing_and_does_not_last() {
    let clean = Store::new();
    let begin = clean.disk.changes();
    assert_eq!(script(&clean).len(), 6);
    let end = clean.disk.changes();
    assert!(end - begin > 20, "the script is worth it");
    for error in [ErrorKind::Other, ErrorKind::StorageFull] {
        for number in begin..end {
            let store = Store::new();
            store.disk.plan(Fault::Change { number, error });
            let acknowledged = script(&store);
            assert!(
                acknowledged.len() >= 5,
                "one error fails one write at most: {number} {error}"
            );
            let check = |store: &Store, when: &str| {
                let found = store.floats("a");
                let missing: Vec<_> = acknowledged
                    .iter()
                    .filter(|sample| !found.contains(sample))
                    .collect();
                assert!(
                    missing.is_empty(),
                    "{when}, {error} at {number}: {missing:?}"
                );
            };
            check(&store, "live");
            store.put("a", &[(NOON + 100, 1.0)]);
            store.db.seal_all().unwrap();
            check(&store, "sealed");
            assert_eq!(
                part_directories(&store),
                parts(&store),
                "{error} at {number}"
            );
            let store = store.after_power_loss();
            check(&store, "reopened");
        }
    }
}

/// Counts the parts that the manifest names.
fn parts(store: &Store) -> usize {
    let manifest = Manifest::load(&store.disk, Path::new(DIRECTORY)).unwrap();
    manifest.unwrap().parts.len()
}

fn part_directories(store: &Store) -> usize {
    let parts = Path::new(DIRECTORY).join("parts");
    store.disk.list(&parts).unwrap().len()
}

#[test]
fn a_failed_sync_is_never_repeated_on_the_same_file() {
    let store = Store::new();
    store.put("a", &[(NOON, 1.0)]);
    let before = wal_files(&store.disk);
    // The write is one call, the sync the next.
    let number = store.disk.changes() + 1;
    store.disk.plan(Fault::Change {
        number,
        error: ErrorKind::Other,
    });
    store.put("a", &[(NOON + 1, 2.0)]);
    let after = wal_files(&store.disk);
    assert_eq!((before.len(), after.len()), (1, 2));
    let store = store.after_power_loss();
    assert_eq!(store.floats("a"), [(NOON, 1.0), (NOON + 1, 2.0)]);
}

#[test]
fn a_full_disk_refuses_writes_serves_reads_and_recovers() {
    let mut store = Store::new();
    store.put("a", &[(NOON, 1.0)]);
    store.disk.set_capacity(store.disk.used_bytes());
    let failed = store.write("a", &[(NOON + 1, 2.0)]);
    assert_eq!(
        wait(failed.commit).unwrap_err().kind(),
        StorageErrorKind::ReadOnly
    );
    let refused = write(
        &store.db,
        "a",
        &[float(NOON + 2, 3.0)],
        Durability::Periodic,
    )
    .err()
    .unwrap();
    assert_eq!(refused.kind(), StorageErrorKind::ReadOnly);
    assert!(refused.is_retryable());
    assert!(store.db.refusal().is_some());
    assert_eq!(store.floats("a"), [(NOON, 1.0), (NOON + 1, 2.0)]);
    // Trying again costs one attempt per interval and leaves no litter.
    let files = store.disk.files();
    for _ in 0..5 {
        store.clock.advance(Duration::from_secs(1));
        assert!(
            write(
                &store.db,
                "a",
                &[float(NOON + 2, 3.0)],
                Durability::Periodic
            )
            .is_err()
        );
    }
    assert_eq!(store.disk.files(), files);
    store.disk.heal();
    store.clock.advance(Duration::from_secs(1));
    store.put("a", &[(NOON + 2, 3.0)]);
    assert!(store.db.refusal().is_none());
    store = store.after_power_loss();
    assert_eq!(
        store.floats("a"),
        [(NOON, 1.0), (NOON + 1, 2.0), (NOON + 2, 3.0)]
    );
}

#[test]
fn a_full_disk_still_opens_and_answers() {
    let store = Store::new();
    store.put("a", &[(NOON, 1.0)]);
    let Store { disk, clock, db } = store;
    drop(db);
    let disk = disk.kill();
    disk.set_capacity(disk.used_bytes());
    let db = open(&disk, &clock).unwrap();
    assert_eq!(floats(&db, "a"), [(NOON, 1.0)]);
}

#[test]
fn a_dead_disk_fails_commits_instead_of_hanging() {
    let store = Store::new();
    for operation in [Operation::Create, Operation::Write, Operation::Sync] {
        store.disk.plan(Fault::Every {
            operation,
            error: ErrorKind::Other,
        });
    }
    let failed = store.write("a", &[(NOON, 1.0)]);
    assert_eq!(
        wait(failed.commit).unwrap_err().kind(),
        StorageErrorKind::Io
    );
    assert_eq!(store.floats("a"), [(NOON, 1.0)]);
    store.db.close();
    let closed = write(&store.db, "a", &[float(NOON, 1.0)], Durability::Synced)
        .err()
        .unwrap();
    assert_eq!(closed.kind(), StorageErrorKind::Closed);
}

const BATCHES: i64 = 6;

/// A WAL of six batches, each of a series of its own; returns the path of its one segment.
fn written() -> (SimulatedDisk, FakeClock, std::path::PathBuf) {
    let store = Store::new();
    for step in 0..BATCHES {
        store.put(&format!("m{step}"), &[(NOON + step, 1.0)]);
    }
    let Store { disk, clock, db } = store;
    drop(db);
    let files = wal_files(&disk);
    assert_eq!(files.len(), 1);
    (disk.kill(), clock, files[0].clone())
}

fn found(disk: &SimulatedDisk, clock: &FakeClock) -> Vec<i64> {
    let db = open(disk, clock).unwrap();
    (0..BATCHES)
        .filter(|step| floats(&db, &format!("m{step}")) == [(NOON + step, 1.0)])
        .collect()
}

fn length(disk: &SimulatedDisk, path: &Path) -> u64 {
    disk.open(path).unwrap().length().unwrap()
}

#[test]
fn a_wal_cut_at_any_byte_keeps_all_whole_records() {
    let (disk, _, path) = written();
    let whole = length(&disk, &path);
    let mut kept_before = 0;
    for end in 0..=whole {
        let (disk, clock, path) = written();
        disk.open_writable(&path).unwrap().set_length(end).unwrap();
        let kept = found(&disk, &clock);
        assert!(
            kept.iter().copied().eq(0..kept.len() as i64),
            "{end}: {kept:?}"
        );
        assert!(
            kept.len() >= kept_before,
            "{end}: a longer file keeps no less"
        );
        kept_before = kept.len();
        let again = open(&disk.kill(), &clock).unwrap();
        assert!(again.recovery().is_clean(), "{end}: the torn end was cut");
    }
    assert_eq!(kept_before, BATCHES as usize);
}

#[test]
fn a_flipped_bit_anywhere_costs_one_batch_at_most() {
    let (disk, _, path) = written();
    for offset in 0..length(&disk, &path) {
        let (disk, clock, path) = written();
        disk.flip(&path, offset, 1 << (offset % 8));
        let db = open(&disk, &clock).unwrap();
        let recovery = db.recovery().clone();
        drop(db);
        let kept = found(&disk.kill(), &clock);
        assert!(kept.len() >= BATCHES as usize - 1, "{offset}: {kept:?}");
        // A damaged segment header costs nothing: the salt is in the name.
        let is_noted = !recovery.is_clean();
        assert_eq!(
            is_noted,
            kept.len() < BATCHES as usize,
            "{offset}: {recovery:?}"
        );
    }
}

#[test]
fn a_newer_segment_is_refused_and_nothing_is_touched() {
    let (disk, clock, path) = written();
    let mut header = [0; 36];
    let file = disk.open_writable(&path).unwrap();
    file.read_exact_at(&mut header, 0).unwrap();
    header[8] = 3;
    let crc = crc32c::crc32c(&header[..32]);
    header[32..].copy_from_slice(&crc.to_le_bytes());
    file.write_all_at(&header, 0).unwrap();
    let (files, changes) = (disk.files(), disk.changes());
    let error = open(&disk, &clock).err().unwrap();
    assert_eq!(error.kind(), plimsoll_tsdb::ErrorKind::NewerVersion);
    assert_eq!((disk.files(), disk.changes()), (files, changes));
}

#[test]
fn the_clock_of_a_simulation_may_stand_still() {
    let disk = SimulatedDisk::new(Seed::new(3));
    let clock = FakeClock::new(Timestamp::from_millis(NOON));
    let settings = plimsoll_tsdb::Settings {
        group_delay: Duration::from_millis(1),
        ..crate::support::settings()
    };
    let db = crate::support::open_with(&disk, &clock, settings).unwrap();
    for step in 0..3 {
        let appended = write(&db, "a", &[float(NOON + step, 1.0)], Durability::Synced).unwrap();
        wait(appended.commit).unwrap();
    }
    assert_eq!(floats(&db, "a").len(), 3);
}

#[test]
fn a_whole_record_that_says_nothing_is_counted() {
    let (disk, clock, path) = written();
    let name = path.file_name().unwrap().to_str().unwrap();
    let salt = plimsoll_tsdb::wal::SegmentId::parse(name).unwrap().salt;
    let payload = [0xff; 9];
    for kind in [1, 2] {
        let mut record = b"PWR1".to_vec();
        record.extend_from_slice(&[kind, 0, 0, 0]);
        record.extend_from_slice(&99u64.to_le_bytes());
        record.extend_from_slice(&(payload.len() as u32).to_le_bytes());
        record.extend_from_slice(&(payload.len() as u32).to_le_bytes());
        let crc = crc32c::crc32c_append(crc32c::crc32c(&salt.to_le_bytes()), &record);
        let crc = crc32c::crc32c_append(crc, &payload);
        record.extend_from_slice(&crc.to_le_bytes());
        record.extend_from_slice(&payload);
        let end = length(&disk, &path);
        let file = disk.open_writable(&path).unwrap();
        file.write_all_at(&record, end).unwrap();
    }
    let db = open(&disk, &clock).unwrap();
    assert_eq!(db.recovery().wal.undecodable, 2);
    assert!(db.recovery().wal.cut.is_empty() && !db.recovery().is_clean());
    assert_eq!(found(&disk.kill(), &clock).len(), BATCHES as usize);
}

#[test]
fn maintenance_refuses_writes_while_less_than_the_reserve_is_free() {
    let disk = SimulatedDisk::new(Seed::new(3));
    let clock = FakeClock::new(Timestamp::from_millis(NOON));
    let settings = plimsoll_tsdb::Settings {
        free_bytes_reserve: ByteCount::KIB.times(64),
        ..crate::support::settings()
    };
    let db = crate::support::open_with(&disk, &clock, settings).unwrap();
    let try_write = |step: i64| {
        let appended = write(&db, "a", &[float(NOON + step, 1.0)], Durability::Synced);
        appended.map(|appended| wait(appended.commit).unwrap())
    };
    try_write(0).unwrap();
    disk.set_capacity(disk.used_bytes() + (32 << 10));
    try_write(1).unwrap();
    db.maintain().unwrap();
    let kind = |error: plimsoll_types::StorageError| error.kind();
    assert_eq!(try_write(2).map_err(kind), Err(StorageErrorKind::ReadOnly));
    // The next try looks at the disk again, and what was taken before can still be sealed.
    clock.advance(Duration::from_secs(2));
    assert_eq!(try_write(2).map_err(kind), Err(StorageErrorKind::ReadOnly));
    assert_eq!(db.seal_all().unwrap().windows_sealed, 1);
    disk.heal();
    clock.advance(Duration::from_secs(2));
    try_write(2).unwrap();
    assert_eq!(floats(&db, "a").len(), 3);
}

/// Seals, deletes, merges and cleans two days; returns what must be there afterwards.
fn housekeeping(store: &Store) {
    for _ in 0..3 {
        store.clock.advance(Duration::from_hours(25));
        let _ = store.db.maintain();
    }
    let range = TimeRange::new(
        Timestamp::from_millis(NOON + 1),
        Timestamp::from_millis(NOON + 1),
    );
    let _ = store.db.delete_series(&[vec![]], range);
    let _ = store.db.maintain();
    let _ = store.db.clean_tombstones();
}

fn two_hours_with_data() -> Store {
    let store = Store::new();
    for window in 0..3 {
        let begin = NOON + window * 2 * HOUR;
        store.put("a", &[(begin, 1.0), (begin + 1, 2.0)]);
        store.db.seal_all().unwrap();
    }
    store
}

#[test]
fn an_error_while_parts_are_merged_and_cleaned_loses_nothing() {
    let clean = two_hours_with_data();
    let all = clean.floats("a");
    let begin = clean.disk.changes();
    housekeeping(&clean);
    let end = clean.disk.changes();
    assert!(end - begin > 40, "the script is worth it: {}", end - begin);
    let deleted = (NOON + 1, 2.0);
    for error in [ErrorKind::Other, ErrorKind::StorageFull] {
        for number in begin..end {
            let store = two_hours_with_data();
            store.disk.plan(Fault::Change { number, error });
            housekeeping(&store);
            let check = |store: &Store, when: &str| {
                let found = store.floats("a");
                let missing = all.iter().find(|sample| !found.contains(sample));
                assert!(
                    missing.is_none_or(|sample| *sample == deleted),
                    "{when}, {error} at {number}: {missing:?}"
                );
                found
            };
            let live = check(&store, "live");
            store.disk.heal();
            store.clock.advance(Duration::from_secs(2));
            store.db.maintain().unwrap();
            store.db.clean_tombstones().unwrap();
            assert_eq!(
                part_directories(&store),
                parts(&store),
                "{error} at {number}"
            );
            let store = store.after_power_loss();
            assert_eq!(check(&store, "reopened"), live, "{error} at {number}");
        }
    }
}

#[test]
fn a_file_system_that_turns_read_only_serves_reads_and_recovers() {
    let store = Store::new();
    store.put("a", &[(NOON, 1.0)]);
    for operation in [
        Operation::Create,
        Operation::Write,
        Operation::Sync,
        Operation::Rename,
        Operation::Remove,
    ] {
        let error = ErrorKind::ReadOnlyFilesystem;
        store.disk.plan(Fault::Every { operation, error });
    }
    let failed = store.write("a", &[(NOON + 1, 2.0)]);
    let error = wait(failed.commit).unwrap_err();
    assert_eq!(error.kind(), StorageErrorKind::ReadOnly);
    let refusal = store.db.refusal().unwrap();
    assert!(refusal.to_string().contains(DIRECTORY), "{refusal}");
    assert!(store.db.maintain().is_ok() || store.db.seal_all().is_err());
    assert_eq!(store.floats("a").first(), Some(&(NOON, 1.0)));
    store.disk.heal();
    store.clock.advance(Duration::from_secs(2));
    store.put("a", &[(NOON + 2, 3.0)]);
    assert!(store.db.refusal().is_none());
    let store = store.after_power_loss();
    let found = store.floats("a");
    assert!(
        found.contains(&(NOON, 1.0)) && found.contains(&(NOON + 2, 3.0)),
        "{found:?}"
    );
}

#[test]
fn writes_are_refused_before_the_disk_is_full_and_taken_again_when_it_is_not() {
    let disk = SimulatedDisk::new(Seed::new(3));
    let clock = FakeClock::new(Timestamp::from_millis(NOON));
    let settings = plimsoll_tsdb::Settings {
        free_bytes_reserve: ByteCount::KIB.times(64),
        ..crate::support::settings()
    };
    let db = crate::support::open_with(&disk, &clock, settings).unwrap();
    let try_write = |step: i64| {
        let appended = write(&db, "a", &[float(NOON + step, 1.0)], Durability::Synced)?;
        wait(appended.commit)
    };
    try_write(0).unwrap();
    disk.set_capacity(disk.used_bytes() + (63 << 10));
    // What the background does every second: nothing failed so far, and nothing will.
    db.sync().unwrap();
    let refusal = try_write(1).unwrap_err();
    assert_eq!(refusal.kind(), StorageErrorKind::ReadOnly);
    let text = refusal.to_string();
    assert!(text.contains("the reserve is 65536"), "{text}");
    assert_eq!(floats(&db, "a").len(), 1);
    // The reserve is for this: a part is made although writes are refused.
    assert_eq!(db.seal_all().unwrap().windows_sealed, 1);
    disk.heal();
    clock.advance(Duration::from_secs(2));
    try_write(1).unwrap();
    assert_eq!(floats(&db, "a").len(), 2);
}

/// Two segments of one run that use the same series.
fn two_segments() -> (SimulatedDisk, FakeClock, Vec<std::path::PathBuf>) {
    let store = Store::new();
    for step in 0..3 {
        store.put("a", &[(NOON + step, 1.0)]);
    }
    // A snapshot closes the segment.
    store.db.snapshot(false).unwrap();
    store.put("a", &[(NOON + 3, 1.0)]);
    store.db.snapshot(false).unwrap();
    store.put("a", &[(NOON + 4, 1.0)]);
    let Store { disk, clock, db } = store;
    drop(db);
    let files = wal_files(&disk);
    assert_eq!(files.len(), 3);
    (disk.kill(), clock, files)
}

#[test]
fn a_damaged_definition_of_a_series_is_found_in_a_later_segment() {
    let (disk, clock, files) = two_segments();
    // The first record behind the header defines the series.
    disk.flip(&files[0], 36 + 30, 1);
    let db = open(&disk, &clock).unwrap();
    assert_eq!(db.recovery().wal.skipped.len(), 1);
    assert_eq!(db.recovery().wal.without_series, 0);
    assert_eq!(floats(&db, "a").len(), 5);
}

#[test]
fn a_segment_that_is_missing_between_others_is_named() {
    let (disk, clock, files) = two_segments();
    disk.remove_file(&files[1]).unwrap();
    let db = open(&disk, &clock).unwrap();
    let missing = &db.recovery().wal.missing;
    assert_eq!(missing.len(), 1, "{missing:?}");
    assert_eq!((missing[0].first, missing[0].last), (4, 4));
    assert!(!db.recovery().is_clean());
    assert_eq!(floats(&db, "a").len(), 4);
}
