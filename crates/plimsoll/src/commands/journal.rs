//! Changes of the server, durable in the store of state as decisions of their own kinds.
//!
//! | change | kind | subject |
//! |---|---|---|
//! | a start | `change.start` | `server` |
//! | a reload, a refused one too | `change.reload` | `configuration` |
//! | an order to the gateway | `change.order` | `gateway` |
//!
//! Nobody waits for the store: a change is remembered in memory at once and written behind that. While the store is away
//! what is noted waits, a bounded number of it; more is remembered in memory only, and the log says so.

use std::sync::Arc;
use std::time::Duration;

use plimsoll_api::{Change, ChangeKind, ChangesRead, Journal, RecentChanges};
use plimsoll_runtime::clock::Clock;
use plimsoll_runtime::shutdown::Shutdown;
use plimsoll_runtime::tasks::{OnPanic, Tasks};
use plimsoll_state::{Change as Row, DecisionRow, Store};
use tokio::sync::mpsc;

/// Changes that wait for the store.
const WAITING_MAX: usize = 256;
/// Between two attempts while the store is away.
const RETRY: Duration = Duration::from_secs(5);
/// How long the last changes may take to be written when the program stops.
const LAST_MAX: Duration = Duration::from_secs(2);
/// The kinds that are written, with their subjects.
const WRITTEN: [(ChangeKind, &str, &str); 3] = [
    (ChangeKind::Start, "change.start", "server"),
    (ChangeKind::Reload, "change.reload", "configuration"),
    (ChangeKind::Order, "change.order", "gateway"),
];

/// Changes, in memory and in the store of state.
pub(crate) struct StateJournal {
    recent: RecentChanges,
    waiting: mpsc::Sender<Change>,
    store: Arc<dyn Store>,
}

impl StateJournal {
    /// Makes it, and starts what writes. It ends with the program; the store must be open until then.
    pub(crate) fn start(store: Arc<dyn Store>, clock: Arc<dyn Clock>, tasks: &Tasks) -> Arc<Self> {
        let (waiting, noted) = mpsc::channel(WAITING_MAX);
        let writer = Writer {
            store: store.clone(),
            clock,
            noted,
        };
        tasks.spawn("journal", OnPanic::Report, |stop| writer.run(stop));
        Arc::new(Self {
            recent: RecentChanges::default(),
            waiting,
            store,
        })
    }

    async fn stored(&self, count: u32) -> Result<Vec<Change>, String> {
        let mut found = Vec::new();
        for (kind, _, subject) in WRITTEN {
            let rows = self.store.rows(DecisionRow::about(subject, count)).await;
            let rows = rows.map_err(|error| error.chain())?;
            found.extend(rows.into_iter().filter_map(|row| from_row(kind, row)));
        }
        Ok(found)
    }
}

impl Journal for StateJournal {
    fn note(&self, change: Change) {
        if self.waiting.try_send(change.clone()).is_err() {
            tracing::warn!(
                subject = change.subject,
                what = change.what,
                "a change is not durable: the store of state takes none"
            );
        }
        self.recent.note(change);
    }

    fn read(&self, count: u32) -> ChangesRead<'_> {
        Box::pin(async move {
            let mut all = self.stored(count).await?;
            let unwritten = self.recent.newest(count as usize);
            let unwritten = unwritten.into_iter().filter(|change| !all.contains(change));
            all.extend(unwritten.collect::<Vec<_>>());
            all.sort_by_key(|change| std::cmp::Reverse(change.at));
            all.truncate(count as usize);
            Ok(all)
        })
    }

    fn revision(&self) -> u64 {
        self.recent.revision()
    }
}

/// What makes changes durable, one after the other.
struct Writer {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    noted: mpsc::Receiver<Change>,
}

impl Writer {
    async fn run(mut self, stop: Shutdown) {
        let unwritten = loop {
            tokio::select! {
                change = self.noted.recv() => {
                    let Some(change) = change else { return };
                    if let unwritten @ Some(_) = self.write_patiently(change, &stop).await {
                        break unwritten;
                    }
                }
                () = stop.wait() => break None,
            }
        };
        let clock = self.clock.clone();
        tokio::select! {
            () = self.write_rest(unwritten) => {}
            () = clock.sleep(LAST_MAX) => {}
        }
    }

    /// Tries again until it is written; gives it back when the program stops before.
    async fn write_patiently(&self, change: Change, stop: &Shutdown) -> Option<Change> {
        let mut is_told = false;
        while let Err(error) = self.write(&change).await {
            if !std::mem::replace(&mut is_told, true) {
                tracing::warn!(error, "a change waits for the store of state");
            }
            tokio::select! {
                () = self.clock.sleep(RETRY) => {}
                () = stop.wait() => return Some(change),
            }
        }
        None
    }

    async fn write_rest(&mut self, unwritten: Option<Change>) {
        let mut next = unwritten.or_else(|| self.noted.try_recv().ok());
        while let Some(change) = next {
            if let Err(error) = self.write(&change).await {
                tracing::warn!(error, "the last changes are not durable");
                return;
            }
            next = self.noted.try_recv().ok();
        }
    }

    async fn write(&self, change: &Change) -> Result<(), String> {
        let Some(row) = to_row(change) else {
            return Ok(());
        };
        let written = self.store.commit(None, vec![Row::put(&row)]).await;
        written.map_err(|error| error.chain())
    }
}

/// Returns what a change is to the store; nothing when it is kept elsewhere.
fn to_row(change: &Change) -> Option<DecisionRow> {
    let (_, kind, subject) = WRITTEN
        .into_iter()
        .find(|(kind, ..)| *kind == change.kind)?;
    let inputs = [
        ("subject", Some(&change.subject)),
        ("service", change.service.as_ref()),
        ("by", change.by.as_ref()),
        ("origin", change.origin.as_ref()),
    ];
    let inputs = inputs
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?.clone())));
    Some(DecisionRow {
        at: change.at,
        kind: kind.to_owned(),
        subject: subject.to_owned(),
        rule: change.origin.clone().unwrap_or_default(),
        inputs: inputs.collect(),
        outcome: change.what.clone(),
        counterfactual: "without it the server would have gone on as before".to_owned(),
    })
}

/// Reads a change back; nothing when the row is about the subject, but no change.
fn from_row(kind: ChangeKind, row: DecisionRow) -> Option<Change> {
    let (_, written, _) = WRITTEN.into_iter().find(|(known, ..)| *known == kind)?;
    if row.kind != written {
        return None;
    }
    let input = |wanted: &str| {
        let mut inputs = row.inputs.iter();
        inputs.find_map(|(name, value)| (name == wanted).then(|| value.clone()))
    };
    Some(Change {
        at: row.at,
        kind,
        subject: input("subject").unwrap_or_else(|| row.subject.clone()),
        service: input("service"),
        by: input("by"),
        origin: input("origin"),
        what: row.outcome.clone(),
    })
}

#[cfg(test)]
mod tests {
    use plimsoll_runtime::metrics::Registry;
    use plimsoll_state::{ErrorKind, Fault, MemoryStore, Retention};
    use plimsoll_testkit::FakeClock;
    use plimsoll_types::Timestamp;

    use super::*;

    fn change(at: i64, kind: ChangeKind) -> Change {
        Change {
            at: Timestamp::from_millis(at),
            kind,
            subject: "route cart".into(),
            service: Some("shop".into()),
            what: "maintenance, 503".into(),
            by: None,
            origin: Some("/api/v1/gateway/orders".into()),
        }
    }

    struct World {
        clock: FakeClock,
        store: MemoryStore,
    }

    impl World {
        fn new() -> Self {
            let clock = FakeClock::new(Timestamp::from_millis(100_000));
            let shared: Arc<dyn Clock> = Arc::new(clock.clone());
            let store = MemoryStore::new(shared, Retention::default());
            Self { clock, store }
        }

        /// Begins a process over the same store.
        fn begin(&self) -> (Arc<StateJournal>, Tasks, Shutdown) {
            let clock: Arc<dyn Clock> = Arc::new(self.clock.clone());
            let stop = Shutdown::new();
            let tasks = Tasks::new(stop.clone(), clock.clone(), &Registry::new());
            let store = Arc::new(self.store.clone());
            (StateJournal::start(store, clock, &tasks), tasks, stop)
        }

        async fn until(&self, is_so: impl Fn(&Self) -> bool) {
            while !is_so(self) {
                tokio::task::yield_now().await;
            }
        }
    }

    #[tokio::test]
    async fn changes_outlive_the_process() {
        let world = World::new();
        let all: Vec<Change> = WRITTEN
            .into_iter()
            .zip((1..).map(|number| 100_000 - number))
            .map(|((kind, ..), at)| change(at, kind))
            .collect();
        let (journal, ..) = world.begin();
        all.iter().for_each(|change| journal.note(change.clone()));
        assert_eq!(journal.read(10).await.unwrap(), all);
        world
            .until(|world| world.store.row_count() == all.len())
            .await;
        assert_eq!(journal.read(10).await.unwrap(), all);
        assert_eq!(journal.revision(), all.len() as u64);
        let (next, ..) = world.begin();
        assert_eq!(next.read(10).await.unwrap(), all);
        assert_eq!(next.read(1).await.unwrap(), all[..1]);
        assert_eq!(next.revision(), 0);
    }

    #[tokio::test]
    async fn a_store_that_is_away_is_tried_again_and_once_more_at_the_end() {
        let world = World::new();
        let (journal, tasks, stop) = world.begin();
        for _ in 0..2 {
            world.store.inject(Fault::Fails(ErrorKind::Unavailable));
        }
        journal.note(change(1, ChangeKind::Order));
        world
            .until(|world| world.clock.sleepers_until(RETRY) == 1)
            .await;
        assert_eq!(journal.read(10).await.unwrap().len(), 1);
        world.clock.advance(RETRY);
        world
            .until(|world| world.clock.sleepers_until(RETRY) == 1)
            .await;
        journal.note(change(2, ChangeKind::Order));
        stop.trigger();
        tasks.join(Duration::from_secs(1)).await.unwrap();
        assert_eq!(world.store.row_count(), 2);
    }

    #[tokio::test]
    async fn what_cannot_be_read_is_not_said_to_be_nothing() {
        let world = World::new();
        let (journal, ..) = world.begin();
        world.store.close().await.unwrap();
        assert!(journal.read(10).await.is_err());
    }

    #[test]
    fn what_is_kept_elsewhere_is_not_written() {
        assert_eq!(to_row(&change(1, ChangeKind::Silence)), None);
    }
}
