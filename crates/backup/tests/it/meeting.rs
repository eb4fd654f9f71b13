//! Two who work on a repository at once.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use plimsoll_backup::{ErrorKind, PruneOptions, Quiet, list, prune, verify};
use plimsoll_testkit::FakeClock;
use plimsoll_types::Timestamp;

use crate::support::{NOON, Store, repository};

const ALL_BUT_ONE: PruneOptions = PruneOptions {
    keep: 1,
    age_min: Duration::ZERO,
};

#[test]
fn a_pruning_during_a_backup_takes_nothing_from_it() {
    let mut refused = 0;
    for number in 0.. {
        let store = Store::filled();
        let (repository, faulty) = repository();
        // Of the first backup the second needs everything; between them is one of which it needs less.
        store.back_up(&repository).unwrap();
        store.put("c", &[(NOON + 5, 1.0)]);
        store.back_up(&repository).unwrap();
        store.put("c", &[(NOON + 6, 1.0)]);
        let other = faulty.repository();
        let pruned = Arc::new(Mutex::new(None));
        let told = pruned.clone();
        faulty.before(number, move || {
            // The repository's own threads must not wait for themselves.
            let work = move || {
                let clock = FakeClock::new(Timestamp::from_millis(NOON));
                let outcome = prune(&other, &ALL_BUT_ONE, &clock);
                drop(other);
                outcome
            };
            let outcome = std::thread::spawn(work).join().unwrap();
            *told.lock().unwrap() = Some(outcome.map_err(|error| error.kind()));
        });
        let made = store.back_up(&repository);
        faulty.heal();
        let pruned = pruned.lock().unwrap().take();
        let listed = list(&repository).unwrap();
        let all: Vec<_> = listed
            .into_iter()
            .map(|listed| listed.backup.unwrap())
            .collect();
        let verified = verify(&repository, &all, &Quiet).unwrap();
        assert!(
            verified.damaged.is_empty(),
            "{number}: {:?}",
            verified.damaged
        );
        match &made {
            Ok(made) => assert_eq!(all.last(), Some(made)),
            Err(error) => panic!("{number}: only the pruning is over at once: {error}"),
        }
        match pruned {
            Some(Err(kind)) => {
                assert_eq!(kind, ErrorKind::Busy, "{number}");
                refused += 1;
            }
            Some(Ok(_)) => {}
            None => break,
        }
    }
    assert!(refused > 10, "{refused}");
}

#[test]
fn a_backup_during_a_pruning_goes_away() {
    let mut refused = 0;
    for number in 0.. {
        let store = Store::filled();
        let (repository, faulty) = repository();
        store.back_up(&repository).unwrap();
        store.put("c", &[(NOON + 5, 1.0)]);
        store.back_up(&repository).unwrap();
        let other = faulty.repository();
        let outcome = Arc::new(Mutex::new(None));
        let told = outcome.clone();
        faulty.before(number, move || {
            let work = move || {
                let made = Store::filled()
                    .back_up(&other)
                    .map_err(|error| error.kind());
                drop(other);
                made
            };
            *told.lock().unwrap() = Some(std::thread::spawn(work).join().unwrap());
        });
        let clock = FakeClock::new(Timestamp::from_millis(NOON));
        let pruned = prune(&repository, &ALL_BUT_ONE, &clock);
        faulty.heal();
        pruned.unwrap();
        let listed = list(&repository).unwrap();
        let all: Vec<_> = listed
            .into_iter()
            .map(|listed| listed.backup.unwrap())
            .collect();
        let verified = verify(&repository, &all, &Quiet).unwrap();
        assert!(
            verified.damaged.is_empty(),
            "{number}: {:?}",
            verified.damaged
        );
        let made = outcome.lock().unwrap().take();
        match made {
            Some(Err(kind)) => {
                assert_eq!(kind, ErrorKind::Busy, "{number}");
                refused += 1;
            }
            Some(Ok(_)) => {}
            None => break,
        }
    }
    assert!(refused > 5, "{refused}");
}

#[test]
fn two_backups_at_once_are_both_whole() {
    let (repository, faulty) = repository();
    let threads: Vec<_> = (0..4)
        .map(|_| {
            let repository = faulty.repository();
            std::thread::spawn(move || Store::filled().back_up(&repository).unwrap())
        })
        .collect();
    let made: Vec<_> = threads
        .into_iter()
        .map(|thread| thread.join().unwrap())
        .collect();
    let listed = list(&repository).unwrap();
    assert_eq!(listed.len(), made.len());
    let verified = verify(&repository, &made, &Quiet).unwrap();
    assert!(verified.damaged.is_empty(), "{:?}", verified.damaged);
}
