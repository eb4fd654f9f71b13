//! A repository whose bytes changed: found by a verification and by a restore, which leaves no store.

use bytes::Bytes;
use futures_util::TryStreamExt;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};
use plimsoll_backup::{CreateOptions, ErrorKind, Quiet, Source, create, find, list, verify};
use plimsoll_runtime::disk::Disk;

use crate::support::{Store, dump, opened, repository, wait_for};

fn objects(store: &InMemory, folder: &str) -> Vec<Path> {
    let prefix = Path::from(folder);
    let all = store.list(Some(&prefix)).try_collect::<Vec<_>>();
    let all = wait_for(all).unwrap();
    all.into_iter().map(|object| object.location).collect()
}

fn get(store: &InMemory, key: &Path) -> Bytes {
    let read = async { store.get(key).await?.bytes().await };
    wait_for(read).unwrap()
}

fn put(store: &InMemory, key: &Path, bytes: Vec<u8>) {
    wait_for(store.put(key, bytes.into())).unwrap();
}

#[test]
fn every_object_that_is_not_what_was_written_is_found() {
    let store = Store::filled();
    let (repository, faulty) = repository();
    let backup = store.back_up(&repository).unwrap();
    let expected = store.restored(&repository, &backup);
    let keys = objects(&faulty.inner, "objects");
    assert_eq!(keys.len(), backup.files.len());
    for (number, key) in keys.iter().enumerate() {
        let whole = get(&faulty.inner, key);
        for damage in ["flipped", "truncated", "longer", "missing"] {
            let mut bytes = whole.to_vec();
            match damage {
                "flipped" => {
                    let at = number * 31 % bytes.len();
                    bytes[at] ^= 4;
                }
                "truncated" => bytes.truncate(bytes.len() - 1),
                _ => bytes.push(0),
            }
            match damage {
                "missing" => wait_for(faulty.inner.delete(key)).unwrap(),
                _ => put(&faulty.inner, key, bytes),
            }
            let verified = verify(&repository, std::slice::from_ref(&backup), &Quiet).unwrap();
            assert_eq!(verified.damaged.len(), 1, "{damage} {key}");
            let error = store.restore(&repository, &backup, "damaged").unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Damaged, "{damage} {key}: {error}");
            let target = std::path::Path::new("/restored/damaged");
            let error = opened(&store.disk, &store.clock, target).err().unwrap();
            assert!(error.to_string().contains("RESTORE-UNFINISHED"), "{error}");
            store.disk.remove_directory(target).unwrap();
            put(&faulty.inner, key, whole.to_vec());
        }
    }
    assert_eq!(store.restored(&repository, &backup), expected);
}

#[test]
fn the_next_backup_mends_what_is_missing_or_of_another_length() {
    let store = Store::filled();
    let (repository, faulty) = repository();
    let backup = store.back_up(&repository).unwrap();
    let keys = objects(&faulty.inner, "objects");
    wait_for(faulty.inner.delete(&keys[0])).unwrap();
    put(&faulty.inner, &keys[1], vec![1, 2, 3]);
    let next = store.back_up(&repository).unwrap();
    assert_eq!(next.uploaded_files, 2);
    let verified = verify(&repository, &[backup, next], &Quiet).unwrap();
    assert!(verified.damaged.is_empty());
}

#[test]
fn a_backup_that_reads_back_mends_what_was_flipped() {
    let store = Store::filled();
    let (repository, faulty) = repository();
    let backup = store.back_up(&repository).unwrap();
    let key = &objects(&faulty.inner, "objects")[3];
    let mut bytes = get(&faulty.inner, key).to_vec();
    bytes[0] ^= 1;
    put(&faulty.inner, key, bytes);
    assert_eq!(store.back_up(&repository).unwrap().uploaded_files, 0);
    let source = Source::read(store.disk(), &store.snapshot()).unwrap();
    let options = CreateOptions { reads_back: true };
    let made = create(&repository, &source, options, &store.clock, &Quiet).unwrap();
    assert_eq!(made.uploaded_files, 1);
    let verified = verify(&repository, &[backup, made], &Quiet).unwrap();
    assert!(verified.damaged.is_empty());
}

#[test]
fn a_backup_that_cannot_be_read_hides_no_other() {
    let store = Store::filled();
    let (repository, faulty) = repository();
    let first = store.back_up(&repository).unwrap();
    let second = store.back_up(&repository).unwrap();
    let key = Path::from(format!("backups/{}", second.id));
    let mut bytes = get(&faulty.inner, &key).to_vec();
    bytes[40] ^= 1;
    put(&faulty.inner, &key, bytes);
    let listed = list(&repository).unwrap();
    assert_eq!(listed[0].backup.as_ref().unwrap(), &first);
    assert_eq!(
        listed[1].backup.as_ref().unwrap_err().kind(),
        ErrorKind::Damaged
    );
    assert_eq!(
        find(&repository, None).unwrap_err().kind(),
        ErrorKind::Damaged
    );
    let found = find(&repository, Some(first.id.as_str())).unwrap();
    assert_eq!(
        store.restored(&repository, &found),
        store.restored(&repository, &first)
    );
    put(&faulty.inner, &key, b"plimsoll backup 9\n".to_vec());
    assert_eq!(
        find(&repository, None).unwrap_err().kind(),
        ErrorKind::NewerVersion
    );
}

#[test]
fn a_damaged_store_is_not_backed_up_as_if_it_were_whole() {
    let store = Store::filled();
    let (repository, _) = repository();
    let snapshot = store.snapshot();
    let names = store.disk.list(&snapshot.join("parts")).unwrap();
    let postings = snapshot.join("parts").join(&names[0]).join("postings");
    let source = Source::read(store.disk(), &snapshot).unwrap();
    store.disk.flip(&postings, 20, 1);
    let error = create(
        &repository,
        &source,
        CreateOptions::default(),
        &store.clock,
        &Quiet,
    )
    .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Damaged);
    assert!(error.to_string().contains("postings"), "{error}");
    assert!(list(&repository).unwrap().is_empty());
    store.disk.flip(&postings, 20, 1);
    let made = create(
        &repository,
        &source,
        CreateOptions::default(),
        &store.clock,
        &Quiet,
    )
    .unwrap();
    assert_eq!(
        store.restored(&repository, &made),
        dump(&store.disk, &snapshot)
    );
}
