//! Leases: exactly one holder, fences that grow, and commits of the newest holder only.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use plimsoll_runtime::clock::Clock;
use plimsoll_state::{
    AlertRow, Change, ErrorKind, Lease, Location, MemoryStore, Retention, Store, open,
};
use plimsoll_testkit::{FakeClock, Seed, for_each_seed};
use tempfile::TempDir;

use crate::stores::{NOW, alert, alerts, all, new_database, parts, real_time, shared_server};

const TTL: Duration = Duration::from_secs(15);

#[tokio::test]
async fn of_two_only_one_gets_it() {
    for subject in all(Retention::default()).await {
        let store = &subject.store;
        let first = store.acquire("name", "a", TTL).await.unwrap().unwrap();
        assert_eq!(
            store.acquire("name", "b", TTL).await.unwrap(),
            None,
            "{}",
            subject.name
        );
        let other = store.acquire("other", "b", TTL).await.unwrap().unwrap();
        assert!(other.fence > first.fence, "{}", subject.name);
        let holders = store.holders().await.unwrap();
        let held: Vec<_> = holders
            .iter()
            .map(|holder| {
                (
                    holder.name.as_str(),
                    holder.owner.as_str(),
                    holder.is_expired,
                )
            })
            .collect();
        assert_eq!(
            held,
            [("name", "a", false), ("other", "b", false)],
            "{}",
            subject.name
        );
    }
}

#[tokio::test]
async fn the_owner_gets_a_new_one_and_the_old_one_ends() {
    for subject in all(Retention::default()).await {
        let store = &subject.store;
        let first = store.acquire("name", "a", TTL).await.unwrap().unwrap();
        let second = store.acquire("name", "a", TTL).await.unwrap().unwrap();
        assert!(second.fence > first.fence, "{}", subject.name);
        assert_eq!(
            store.renew(&first, TTL).await.unwrap(),
            None,
            "{}",
            subject.name
        );
        let put = vec![Change::put(&alert("g", 0))];
        let refused = store.commit(Some(&first), put.clone()).await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::Fenced, "{}", subject.name);
        assert!(!refused.is_outcome_unknown() && !refused.is_retryable());
        assert_eq!(alerts(store, "g").await, [], "{}", subject.name);
        store.commit(Some(&second), put).await.unwrap();
        assert_eq!(alerts(store, "g").await.len(), 1, "{}", subject.name);
    }
}

#[tokio::test]
async fn what_was_released_is_free_and_fences_grow_on() {
    for subject in all(Retention::default()).await {
        let store = &subject.store;
        let first = store.acquire("name", "a", TTL).await.unwrap().unwrap();
        store.release(&first).await.unwrap();
        store.release(&first).await.unwrap();
        assert_eq!(store.holders().await.unwrap(), [], "{}", subject.name);
        let second = store.acquire("name", "b", TTL).await.unwrap().unwrap();
        assert!(second.fence > first.fence, "{}", subject.name);
        // The old holder's release comes late and harms nobody.
        store.release(&first).await.unwrap();
        assert!(
            store.renew(&second, TTL).await.unwrap().is_some(),
            "{}",
            subject.name
        );
        let refused = store.commit(Some(&first), Vec::new()).await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::Fenced, "{}", subject.name);
    }
}

/// With a clock that the test moves.
async fn takes_over_after_expiry_only(store: &dyn Store, clock: &FakeClock) {
    let first = store.acquire("name", "a", TTL).await.unwrap().unwrap();
    clock.advance(TTL - Duration::from_millis(1));
    assert!(first.is_held(clock.monotonic()));
    assert_eq!(store.acquire("name", "b", TTL).await.unwrap(), None);
    let renewed = store.renew(&first, TTL).await.unwrap().unwrap();
    assert_eq!(renewed.fence, first.fence);
    // A jump of the wall clock neither ends it nor makes it last.
    clock.jump_to(NOW + Duration::from_hours(9));
    assert_eq!(store.acquire("name", "b", TTL).await.unwrap(), None);
    clock.jump_to(NOW - Duration::from_hours(9));
    clock.advance(TTL - Duration::from_millis(1));
    assert_eq!(store.acquire("name", "b", TTL).await.unwrap(), None);
    clock.advance(Duration::from_millis(1));
    assert!(!renewed.is_held(clock.monotonic()));
    // Expired, and nobody has it: who held it may still write, and even prolong it.
    store.commit(Some(&renewed), Vec::new()).await.unwrap();
    let second = store.acquire("name", "b", TTL).await.unwrap().unwrap();
    assert!(second.fence > renewed.fence);
    let refused = store.commit(Some(&renewed), Vec::new()).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Fenced);
    assert_eq!(store.renew(&renewed, TTL).await.unwrap(), None);
}

#[tokio::test]
async fn is_taken_over_after_expiry_and_not_before() {
    let clock = FakeClock::new(NOW);
    let memory = MemoryStore::new(Arc::new(clock.clone()), Retention::default());
    takes_over_after_expiry_only(&memory, &clock).await;
    let folder = TempDir::new().unwrap();
    let clock = FakeClock::new(NOW);
    let location = Location::in_directory(folder.path());
    let sqlite = open(&location, parts(Arc::new(clock.clone())))
        .await
        .unwrap();
    takes_over_after_expiry_only(&*sqlite, &clock).await;
}

#[tokio::test]
async fn a_file_that_was_opened_again_has_free_leases_and_fences_grow_on() {
    let folder = TempDir::new().unwrap();
    let location = Location::in_directory(folder.path());
    let store = open(&location, real_time()).await.unwrap();
    let first = store.acquire("name", "a", TTL).await.unwrap().unwrap();
    store.close().await.unwrap();
    let store = open(&location, real_time()).await.unwrap();
    let holders = store.holders().await.unwrap();
    let found: Vec<_> = holders
        .iter()
        .map(|holder| (holder.owner.as_str(), holder.expires, holder.is_expired))
        .collect();
    // When it would have ended tells when its owner lived last.
    assert_eq!(found, [("", first.expires, true)]);
    assert_eq!(store.renew(&first, TTL).await.unwrap(), None);
    let refused = store.commit(Some(&first), Vec::new()).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Fenced);
    let second = store.acquire("name", "b", TTL).await.unwrap().unwrap();
    assert!(second.fence > first.fence);
}

#[tokio::test]
async fn postgres_expires_leases_by_its_own_clock() {
    let Some(server) = shared_server() else {
        return;
    };
    let location = new_database(&server);
    let a = open(&location, real_time()).await.unwrap();
    // A replica whose clock is years off.
    let clock = FakeClock::new(NOW + Duration::from_hours(100_000));
    let b = open(&location, parts(Arc::new(clock))).await.unwrap();
    let first = a.acquire("name", "a", TTL).await.unwrap().unwrap();
    assert_eq!(b.acquire("name", "b", TTL).await.unwrap(), None);
    let ended = "UPDATE plimsoll.leases SET expires_at = (extract(epoch FROM clock_timestamp()) * 1000)::bigint";
    server.execute(&database(&location), ended);
    let second = b.acquire("name", "b", TTL).await.unwrap().unwrap();
    assert!(second.fence > first.fence);
    let refused = a.commit(Some(&first), Vec::new()).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Fenced);
}

pub(crate) fn database(location: &Location) -> String {
    let text = location.to_string();
    text.rsplit('/').next().unwrap().to_owned()
}

/// Contenders on stores of their own, all at once, again and again: each round one gets it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_contenders_exactly_one_wins() {
    let Some(server) = shared_server() else {
        return;
    };
    let location = new_database(&server);
    let mut stores = Vec::new();
    for _ in 0..4 {
        stores.push(open(&location, real_time()).await.unwrap());
    }
    let mut last = 0;
    for round in 0..30 {
        let contend = stores.iter().enumerate().map(|(number, store)| async move {
            let owner = format!("replica {number}");
            let lease = store.acquire("name", &owner, TTL).await.unwrap();
            lease.map(|lease| (number, lease))
        });
        let won = futures_util::future::join_all(contend).await;
        let won: Vec<(usize, Lease)> = won.into_iter().flatten().collect();
        assert_eq!(won.len(), 1, "round {round}: {won:?}");
        let (winner, lease) = &won[0];
        assert!(lease.fence > last, "round {round}");
        last = lease.fence;
        stores[*winner].release(lease).await.unwrap();
    }
}

/// Two replicas that each believe to hold the lease write at once: what is there is what the newest holder wrote.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_late_writer_never_overwrites_the_newest_holder() {
    let Some(server) = shared_server() else {
        return;
    };
    let location = new_database(&server);
    let old = open(&location, real_time()).await.unwrap();
    let new = open(&location, real_time()).await.unwrap();
    let expire = "UPDATE plimsoll.leases SET expires_at = 0";
    for round in 0..20 {
        let group = format!("group {round}");
        let row = |owner: &str| AlertRow {
            rule: "the same".into(),
            value: round.into(),
            annotations: plimsoll_types::Annotations::from_pairs([("owner", owner)]),
            ..alert(&group, 0)
        };
        let first = old.acquire(&group, "old", TTL).await.unwrap().unwrap();
        server.execute(&database(&location), expire);
        let (late, ()) = tokio::join!(
            async {
                let mut written = 0;
                while old
                    .commit(Some(&first), vec![Change::put(&row("old"))])
                    .await
                    .is_ok()
                {
                    written += 1;
                }
                written
            },
            async {
                let second = new.acquire(&group, "new", TTL).await.unwrap().unwrap();
                let put = vec![Change::put(&row("new"))];
                new.commit(Some(&second), put).await.unwrap();
            }
        );
        let found = alerts(&new, &group).await;
        assert_eq!(
            found,
            [row("new")],
            "round {round}, after {late} late commits"
        );
    }
}

/// One simulated history: replicas that acquire, renew, write, pause and release at random on one store.
fn history(mut seed: Seed) {
    let clock = FakeClock::new(NOW);
    let store = MemoryStore::new(Arc::new(clock.clone()), Retention::default());
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let mut leases: BTreeMap<u64, Lease> = BTreeMap::new();
    let mut newest = 0;
    let mut expected: Option<AlertRow> = None;
    runtime.block_on(async {
        for step in 0..200 {
            let replica = seed.below(3);
            match seed.below(5) {
                0 => clock.advance(Duration::from_millis(seed.below(20_000))),
                1 => {
                    let owner = format!("replica {replica}");
                    if let Some(lease) = store.acquire("name", &owner, TTL).await.unwrap() {
                        assert!(lease.fence > newest, "fences grow");
                        for (other, held) in &leases {
                            let is_held = held.is_held(clock.monotonic());
                            assert!(*other == replica || !is_held, "two believe to hold it");
                        }
                        newest = lease.fence;
                        leases.insert(replica, lease);
                    }
                }
                2 => {
                    let Some(lease) = leases.get(&replica) else {
                        continue;
                    };
                    match store.renew(lease, TTL).await.unwrap() {
                        Some(renewed) => {
                            assert_eq!(renewed.fence, newest, "only the newest is prolonged");
                            leases.insert(replica, renewed);
                        }
                        None => drop(leases.remove(&replica)),
                    }
                }
                3 => {
                    let Some(lease) = leases.get(&replica) else {
                        continue;
                    };
                    let row = AlertRow {
                        value: step as f64,
                        ..alert("g", 0)
                    };
                    let done = store.commit(Some(lease), vec![Change::put(&row)]).await;
                    if done.is_ok() {
                        assert_eq!(lease.fence, newest, "only the newest writes");
                        expected = Some(row);
                    }
                }
                _ => {
                    if let Some(lease) = leases.remove(&replica) {
                        store.release(&lease).await.unwrap();
                    }
                }
            }
        }
        let shared: Arc<dyn Store> = Arc::new(store.clone());
        assert_eq!(alerts(&shared, "g").await, Vec::from_iter(expected));
    });
}

#[test]
fn in_every_history_one_holds_and_the_newest_writes() {
    for_each_seed(0, 300, history);
}
