//! What a pruning keeps and what it removes.

use std::time::Duration;

use futures_util::TryStreamExt;
use object_store::{ObjectStore, ObjectStoreExt};
use plimsoll_backup::{ErrorKind, PruneOptions, list, prune};
use plimsoll_testkit::FakeClock;
use plimsoll_types::Timestamp;

use crate::support::{NOON, Store, repository, wait_for};

fn options(keep: usize, age_min: Duration) -> PruneOptions {
    PruneOptions { keep, age_min }
}

#[test]
fn what_the_kept_backups_need_stays() {
    let store = Store::filled();
    let (repository, faulty) = repository();
    let clock = FakeClock::new(Timestamp::from_millis(NOON));
    let mut made = Vec::new();
    for step in 0..4 {
        store.put("c", &[(NOON + 5 + step, 1.0)]);
        store.db.seal_all().unwrap();
        made.push(store.back_up(&repository).unwrap());
    }
    let count = || {
        let prefix = object_store::path::Path::from("objects");
        let all = faulty.inner.list(Some(&prefix)).try_collect::<Vec<_>>();
        wait_for(all).unwrap().len() as u64
    };
    let error = prune(&repository, &options(0, Duration::ZERO), &clock).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Usage);
    let expected: Vec<_> = made[2..]
        .iter()
        .map(|backup| store.restored(&repository, backup))
        .collect();
    let before = count();
    let pruned = prune(&repository, &options(2, Duration::ZERO), &clock).unwrap();
    let names: Vec<_> = made[..2]
        .iter()
        .map(|backup| backup.id.to_string())
        .collect();
    assert_eq!(pruned.backups, names);
    assert!(pruned.objects > 0 && pruned.bytes > 0);
    assert_eq!(count(), before - pruned.objects);
    for (backup, expected) in made[2..].iter().zip(&expected) {
        assert_eq!(&store.restored(&repository, backup), expected);
    }
    let again = prune(&repository, &options(2, Duration::ZERO), &clock).unwrap();
    assert_eq!((again.backups.len(), again.objects), (0, 0));
}

#[test]
fn what_is_young_stays() {
    let store = Store::filled();
    let (repository, _) = repository();
    let clock = FakeClock::new(Timestamp::from_millis(NOON));
    store.back_up(&repository).unwrap();
    store.put("c", &[(NOON + 5, 1.0)]);
    store.db.seal_all().unwrap();
    store.back_up(&repository).unwrap();
    let day = Duration::from_hours(24);
    let pruned = prune(&repository, &options(1, day), &clock).unwrap();
    assert_eq!((pruned.backups.len(), pruned.objects), (1, 0));
    assert!(pruned.young > 0);
    let pruned = prune(&repository, &options(1, Duration::ZERO), &clock).unwrap();
    assert!(pruned.objects > 0);
}

#[test]
fn nothing_goes_when_a_kept_backup_cannot_be_read() {
    let store = Store::filled();
    let (repository, faulty) = repository();
    let clock = FakeClock::new(Timestamp::from_millis(NOON));
    store.back_up(&repository).unwrap();
    let last = store.back_up(&repository).unwrap();
    let key = object_store::path::Path::from(format!("backups/{}", last.id));
    wait_for(faulty.inner.put(&key, b"x".to_vec().into())).unwrap();
    let error = prune(&repository, &options(1, Duration::ZERO), &clock).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Damaged);
    assert_eq!(list(&repository).unwrap().len(), 2);
}
