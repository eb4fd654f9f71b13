//! A verification finds what is damaged in a directory, names the place, and changes nothing.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use plimsoll_runtime::disk::Disk;
use plimsoll_tsdb::{ErrorKind, Verification, verify};

use crate::support::{DIRECTORY, NOON, Store, wal_files};

fn filled() -> Store {
    let store = Store::new();
    store.put("a", &[(NOON, 1.5), (NOON + 1, 2.25), (NOON + 3, 7.125)]);
    store.db.seal_all().unwrap();
    for step in 0..20 {
        store.put("a", &[(NOON + 10 + step, 3.0)]);
    }
    store
}

fn verified(store: &Store) -> Verification {
    let disk: Arc<dyn Disk> = Arc::new(store.disk.clone());
    let (files, changes) = (store.disk.files(), store.disk.changes());
    let found = verify(&disk, Path::new(DIRECTORY), &mut |_| {}).unwrap();
    assert_eq!((store.disk.files(), store.disk.changes()), (files, changes));
    found
}

fn length(store: &Store, path: &Path) -> u64 {
    store.disk.open(path).unwrap().length().unwrap()
}

fn part() -> PathBuf {
    Path::new(DIRECTORY).join("parts/0000000000000000")
}

#[test]
fn a_whole_store_in_use_has_no_flaw() {
    let store = filled();
    let found = verified(&store);
    assert_eq!((found.parts, found.segments), (1, 1));
    // 20 batches and the definition of the series.
    assert_eq!(found.records, 21);
    assert!(found.bytes > 0);
    assert_eq!((found.damaged, found.notes), (vec![], vec![]));
}

#[test]
fn every_flipped_byte_of_a_part_is_found() {
    let store = filled();
    for name in store.disk.list(&part()).unwrap() {
        let path = part().join(name);
        for offset in 0..length(&store, &path) {
            store.disk.flip(&path, offset, 1);
            let found = verified(&store);
            assert_eq!(found.damaged.len(), 1, "{} at {offset}", path.display());
            assert!(found.damaged[0].path.starts_with(part()));
            store.disk.flip(&path, offset, 1);
        }
    }
    assert_eq!(verified(&store).damaged, []);
}

#[test]
fn every_flipped_byte_of_the_wal_is_found() {
    let store = filled();
    let path = wal_files(&store.disk).pop().unwrap();
    for offset in 0..length(&store, &path) {
        store.disk.flip(&path, offset, 1);
        let found = verified(&store);
        // A length of the last record that reaches beyond the end looks like a write that was broken off.
        assert_eq!(found.damaged.len() + found.notes.len(), 1, "{offset}");
        let finding = found.damaged.first().or(found.notes.first()).unwrap();
        assert_eq!(finding.path, path);
        assert!(finding.offset.unwrap() <= offset, "{finding}");
        store.disk.flip(&path, offset, 1);
    }
}

#[test]
fn a_missing_file_an_empty_file_and_a_torn_end_are_told_apart() {
    let store = filled();
    let path = wal_files(&store.disk).pop().unwrap();
    let end = length(&store, &path);
    let file = store.disk.open_writable(&path).unwrap();
    file.set_length(end - 1).unwrap();
    let found = verified(&store);
    assert_eq!((found.damaged.len(), found.notes.len()), (0, 1));
    let values = part().join("values.bin");
    store
        .disk
        .open_writable(&values)
        .unwrap()
        .set_length(0)
        .unwrap();
    let found = verified(&store);
    assert_eq!(found.damaged.len(), 1);
    assert!(
        found.damaged[0]
            .to_string()
            .contains("values.bin at byte 0")
    );
    store.disk.remove_file(&values).unwrap();
    let found = verified(&store);
    assert!(
        found.damaged[0].what.contains("missing"),
        "{:?}",
        found.damaged
    );
    store
        .disk
        .create_directory(&part().with_file_name("00000000000000ff"))
        .unwrap();
    assert_eq!(verified(&store).notes.len(), 2);
    store
        .disk
        .remove_file(&Path::new(DIRECTORY).join("MANIFEST"))
        .unwrap();
    assert!(verified(&store).damaged[0].what.contains("missing"));
    let disk: Arc<dyn Disk> = Arc::new(store.disk.clone());
    let error = verify(&disk, Path::new("/nothing"), &mut |_| {}).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
}
