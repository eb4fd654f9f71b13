use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use plimsoll_rules::AlertState;
use plimsoll_runtime::metrics::Registry;
use plimsoll_state::{Answer, Cell, Holder, MemoryStore, Query, Retention};
use plimsoll_testkit::FakeClock;
use plimsoll_types::{Annotations, Timestamp};

use super::*;

const INTERVAL: Duration = Duration::from_secs(60);

/// Takes so many commits, and remembers how many rows each had.
struct Counting {
    store: MemoryStore,
    sizes: Mutex<Vec<usize>>,
    left: AtomicUsize,
}

impl Counting {
    fn take(&self) -> Vec<usize> {
        std::mem::take(&mut self.sizes.lock().unwrap())
    }
}

impl Store for Counting {
    fn commit(&self, lease: Option<&Lease>, changes: Vec<Change>) -> Answer<'_, ()> {
        let left = self.left.load(Ordering::Relaxed);
        if left == 0 {
            return Box::pin(async { Err(Error::new(ErrorKind::Unavailable, "away")) });
        }
        self.left.store(left - 1, Ordering::Relaxed);
        self.sizes.lock().unwrap().push(changes.len());
        self.store.commit(lease, changes)
    }

    fn read(&self, query: Query) -> Answer<'_, Vec<Vec<Cell>>> {
        self.store.read(query)
    }

    fn acquire(&self, name: &str, owner: &str, ttl: Duration) -> Answer<'_, Option<Lease>> {
        self.store.acquire(name, owner, ttl)
    }

    fn renew(&self, lease: &Lease, ttl: Duration) -> Answer<'_, Option<Lease>> {
        self.store.renew(lease, ttl)
    }

    fn release(&self, lease: &Lease) -> Answer<'_, ()> {
        self.store.release(lease)
    }

    fn holders(&self) -> Answer<'_, Vec<Holder>> {
        self.store.holders()
    }

    fn place(&self) -> String {
        self.store.place()
    }

    fn close(&self) -> Answer<'_, ()> {
        self.store.close()
    }
}

fn ledger() -> (Arc<Counting>, Ledger) {
    let clock: Arc<dyn Clock> = Arc::new(FakeClock::new(Timestamp::EPOCH));
    let store = Arc::new(Counting {
        store: MemoryStore::new(clock.clone(), Retention::default()),
        sizes: Mutex::default(),
        left: AtomicUsize::new(usize::MAX),
    });
    let metrics = Metrics::new(&Registry::new());
    let ledger = Ledger::new(store.clone(), clock, metrics, GroupKey::new("f", "g"));
    (store, ledger)
}

fn changes(count: usize) -> Vec<AlertChange> {
    let rule = RuleId {
        name: "A".into(),
        labels_hash: 1,
        expr_hash: 2,
        ordinal: 0,
    };
    let row = |index: usize| AlertRow {
        group: GroupKey::new("f", "g"),
        rule: rule.clone(),
        labels: Labels::from_pairs([("instance", format!("{index:07}"))]),
        annotations: Annotations::default(),
        state: AlertState::Pending,
        active_at: Timestamp::EPOCH,
        fired_at: None,
        resolved_at: None,
        keep_firing_since: None,
        last_sent_at: None,
        valid_until: None,
        value: 1.0,
    };
    let rows = (0..count).map(|index| AlertChange::Upsert(row(index)));
    rows.collect()
}

#[tokio::test]
async fn a_flood_of_alerts_goes_in_parts_and_none_is_left_out() {
    let (store, mut ledger) = ledger();
    let count = CHANGES_MAX + PART_MAX / 2;
    ledger.add(changes(count), Vec::new());
    ledger.begin();
    assert_eq!(ledger.commit(None, INTERVAL).await, Ok(true));
    let sizes = store.take();
    assert!(sizes.iter().all(|size| *size <= PART_MAX), "{sizes:?}");
    assert_eq!(sizes.iter().sum::<usize>(), count);
    assert_eq!(store.store.row_count(), count);
    assert!(!ledger.has_work());
}

#[tokio::test]
async fn what_a_store_took_before_it_failed_is_not_written_again() {
    let (store, mut ledger) = ledger();
    ledger.add(changes(2 * PART_MAX + 1), Vec::new());
    store.left.store(1, Ordering::Relaxed);
    ledger.begin();
    assert_eq!(ledger.commit(None, INTERVAL).await, Ok(false));
    store.left.store(usize::MAX, Ordering::Relaxed);
    assert_eq!(
        ledger.commit(None, INTERVAL).await,
        Ok(false),
        "one failure a slot"
    );
    ledger.begin();
    assert_eq!(ledger.commit(None, INTERVAL).await, Ok(true));
    assert_eq!(store.take(), [PART_MAX, PART_MAX, 1]);
    assert_eq!(store.store.row_count(), 2 * PART_MAX + 1);
}

#[tokio::test]
async fn what_waits_for_a_store_that_is_away_has_a_bound() {
    let (store, mut ledger) = ledger();
    store.left.store(0, Ordering::Relaxed);
    ledger.begin();
    ledger.add(changes(CHANGES_MAX + 7), Vec::new());
    assert_eq!(ledger.commit(None, INTERVAL).await, Ok(false));
    assert_eq!(ledger.changes.len(), CHANGES_MAX);
}
