//! A backup and a pruning that end between any two calls: earlier backups are whole, and the next attempt succeeds.

use std::time::Duration;

use plimsoll_backup::{Backup, PruneOptions, Quiet, Repository, list, prune, verify};
use plimsoll_testkit::FakeClock;
use plimsoll_types::Timestamp;

use crate::support::{NOON, Store, repository};

/// Returns all backups, each of which is whole.
fn whole(repository: &Repository) -> Vec<Backup> {
    let listed = list(repository).unwrap();
    let backups: Vec<_> = listed
        .into_iter()
        .map(|listed| listed.backup.unwrap())
        .collect();
    let verified = verify(repository, &backups, &Quiet).unwrap();
    assert!(verified.damaged.is_empty(), "{:?}", verified.damaged);
    backups
}

#[test]
fn a_backup_may_end_at_any_call() {
    for is_answer_lost in [false, true] {
        for number in 0.. {
            let store = Store::filled();
            let (repository, faulty) = repository();
            let first = store.back_up(&repository).unwrap();
            let expected = store.restored(&repository, &first);
            store.put("c", &[(NOON + 5, 1.0)]);
            store.db.seal_all().unwrap();
            store.put("c", &[(NOON + 6, 2.0)]);
            faulty.fail_from(number, is_answer_lost);
            let outcome = store.back_up(&repository);
            let calls = faulty.heal();
            let all = whole(&repository);
            assert_eq!(all[0], first);
            assert_eq!(store.restored(&repository, &first), expected);
            match &outcome {
                Ok(second) => assert_eq!(&all[1..], std::slice::from_ref(second)),
                // It may be there although nobody heard of it.
                Err(_) => assert!(all.len() <= 2),
            }
            // Its lease does not keep the next one out.
            let third = store.back_up(&repository).unwrap();
            assert!(store.restored(&repository, &third).len() > expected.len());
            whole(&repository);
            if calls <= number {
                assert!(number > 15, "the script is worth it: {number}");
                break;
            }
        }
    }
}

#[test]
fn a_pruning_may_end_at_any_call() {
    for is_answer_lost in [false, true] {
        for number in 0.. {
            let store = Store::filled();
            let (repository, faulty) = repository();
            store.back_up(&repository).unwrap();
            store.put("c", &[(NOON + 5, 1.0)]);
            store.back_up(&repository).unwrap();
            store.put("c", &[(NOON + 6, 1.0)]);
            let last = store.back_up(&repository).unwrap();
            let expected = store.restored(&repository, &last);
            let options = PruneOptions {
                keep: 1,
                age_min: Duration::ZERO,
            };
            let clock = FakeClock::new(Timestamp::from_millis(NOON));
            faulty.fail_from(number, is_answer_lost);
            let outcome = prune(&repository, &options, &clock);
            let calls = faulty.heal();
            let all = whole(&repository);
            assert_eq!(all.last().unwrap(), &last);
            if outcome.is_ok() {
                assert_eq!(all.len(), 1);
            }
            assert_eq!(store.restored(&repository, &last), expected);
            if outcome.is_err() {
                prune(&repository, &options, &clock).unwrap();
                assert_eq!(whole(&repository), [last]);
            }
            if calls <= number {
                assert!(number > 8, "the script is worth it: {number}");
                break;
            }
        }
    }
}
