//! A restore that ends at any change of the disk leaves a whole store or none.

use std::io::ErrorKind as IoKind;
use std::path::Path;

use plimsoll_backup::{ErrorKind, UNFINISHED};
use plimsoll_runtime::disk::Disk;
use plimsoll_testkit::Fault;

use crate::support::{Store, dump, opened, repository};

#[test]
fn a_restore_may_end_at_any_change() {
    let target = Path::new("/restored/unfinished");
    let (repository, _) = repository();
    let store = Store::filled();
    let backup = store.back_up(&repository).unwrap();
    let expected = store.restored(&repository, &backup);
    let begin = store.disk.changes();
    store.restore(&repository, &backup, "counted").unwrap();
    let changes = store.disk.changes() - begin;
    assert!(changes > 40, "the script is worth it: {changes}");
    for number in 0..changes {
        let store = Store::filled();
        let begin = store.disk.changes();
        for number in number..number + 1000 {
            let error = IoKind::StorageFull;
            store.disk.plan(Fault::Change {
                number: begin + number,
                error,
            });
        }
        let outcome = store.restore(&repository, &backup, "unfinished");
        let disk = store.disk.power_loss();
        disk.heal();
        let is_store = disk.exists(&target.join("FORMAT"));
        assert!(is_store || outcome.is_err(), "{number}");
        if is_store {
            assert_eq!(dump(&disk, target), expected, "{number}");
        } else if disk.exists(target) && !disk.list(target).unwrap().is_empty() {
            let error = opened(&disk, &store.clock, target).err().unwrap();
            assert!(error.to_string().contains(UNFINISHED), "{number}: {error}");
        }
    }
}

#[test]
fn only_an_empty_directory_is_restored_into() {
    let (repository, _) = repository();
    let store = Store::filled();
    let backup = store.back_up(&repository).unwrap();
    let target = Path::new("/restored/whole");
    store.disk.create_directory(target).unwrap();
    store.restore(&repository, &backup, "whole").unwrap();
    assert!(!store.disk.exists(&target.join(UNFINISHED)));
    let expected = dump(&store.disk, target);
    for name in ["whole", "half"] {
        if name == "half" {
            let half = Path::new("/restored/half");
            store.disk.create_directory(half).unwrap();
            store.disk.replace(&half.join(UNFINISHED), b"").unwrap();
        }
        let error = store.restore(&repository, &backup, name).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Usage, "{error}");
    }
    assert_eq!(dump(&store.disk, target), expected);
}
