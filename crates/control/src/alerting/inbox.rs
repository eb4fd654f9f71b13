//! What is accepted without routing it: durable in the inbox of the shared store, or in a file of this machine while that
//! one is away, until whoever routes takes it up.
//!
//! | who | shared store | then |
//! |---|---|---|
//! | a replica that does not route | answers | a row of the inbox there; the one that routes looks every second |
//! | any replica | is away | a row of the inbox of the local file; it goes to the shared one when that is back |
//! | a replica that told something without the shared store | is back | a row that says so, for the one that routes |
//!
//! A row may be taken up twice, by a crash between two stores: posts merge, and of two versions of a silence the one that
//! was changed later counts.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use plimsoll_alerting::Post;
use plimsoll_alerting::rows::ToldAlone;
use plimsoll_alerting::surface::Unavailable;
use plimsoll_alerting::{Silence, rows as engine};
use plimsoll_runtime::clock::Clock;
use plimsoll_state::rows::alerting::InboxRow;
use plimsoll_state::{Change, Error, ErrorKind, Store};
use plimsoll_types::Timestamp;

use super::health::Health;
use super::rows;

/// How many rows are taken up or handed over at a time.
pub(super) const PAGE: u32 = 100;
/// How many alerts one row holds at most: a page of rows is read into memory at once.
pub(super) const POSTS_MAX: usize = 1_000;
/// How many rows are read back of what waits here.
const LOCAL_MAX: u32 = 10_000;
/// The longest that the shared store is waited for before the local one is asked.
const WAIT_MAX: Duration = Duration::from_secs(5);
const ALERTS: &str = "alerts";
const SILENCES: &str = "silences";
const TOLD: &str = "told";

/// Accepts what is not routed here.
pub(super) struct Inbox {
    store: Arc<dyn Store>,
    local: Option<Arc<dyn Store>>,
    clock: Arc<dyn Clock>,
    owner: String,
    accepted: AtomicU64,
    /// Whether something may wait in the local store; at the start an earlier process may have left something.
    has_rows: AtomicBool,
    health: Arc<Health>,
}

impl Inbox {
    pub(super) fn new(
        store: Arc<dyn Store>,
        local: Option<Arc<dyn Store>>,
        clock: Arc<dyn Clock>,
        owner: String,
        health: Arc<Health>,
    ) -> Self {
        Self {
            store,
            local,
            clock,
            owner,
            accepted: AtomicU64::new(0),
            has_rows: AtomicBool::new(true),
            health,
        }
    }

    /// Makes rows durable: in the shared store, or else in the local one.
    pub(super) async fn accept(&self, rows: &[InboxRow]) -> Result<(), Unavailable> {
        let puts = || rows.iter().map(Change::put).collect();
        if !self.health.is_away() {
            let commit = self.store.commit(None, puts());
            match self.in_time(commit).await {
                Ok(()) => return Ok(()),
                Err(error) => self.health.fails(&error, self.clock.monotonic()),
            }
        }
        let reason = self.health.reason().unwrap_or_default();
        let Some(local) = &self.local else {
            return Err(Unavailable(reason));
        };
        let commit = local.commit(None, puts()).await;
        self.has_rows.store(true, Ordering::Relaxed);
        commit.map_err(|error| Unavailable(format!("{reason}; and here: {}", error.chain())))
    }

    /// Gives what was accepted its place among all that was: the next numbers, and a time.
    pub(super) fn place(&self, taken: Taken) -> Placed {
        let count = taken.rows_needed() as u64;
        Placed {
            received_at: self.clock.now(),
            first: self.accepted.fetch_add(count, Ordering::Relaxed),
            taken,
        }
    }

    /// Writes the rows of what has its place. Costs the length of all texts.
    pub(super) fn rows(&self, placed: Placed) -> Vec<InboxRow> {
        let row = |(number, (kind, body)): (u64, (&'static str, String))| InboxRow {
            received_at: placed.received_at,
            name: format!("{}/{number}", self.owner),
            kind: kind.into(),
            body,
        };
        (placed.first..)
            .zip(placed.taken.written())
            .map(row)
            .collect()
    }

    async fn in_time<T>(&self, answer: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        tokio::select! {
            answered = answer => answered,
            () = self.clock.sleep(WAIT_MAX) => {
                let text = format!("no answer within {WAIT_MAX:?}");
                Err(Error::new(ErrorKind::Unavailable, text))
            }
        }
    }

    /// Reads what waits in the shared store, the oldest first.
    pub(super) async fn read(&self) -> Result<Vec<InboxRow>, Error> {
        self.in_time(self.store.rows(InboxRow::oldest(PAGE))).await
    }

    /// Returns the number of the next row.
    pub(super) fn next_number(&self) -> u64 {
        self.accepted.load(Ordering::Relaxed)
    }

    /// Hands what waits in the local store over to the shared one; says how many rows that were. What this process accepted
    /// under the numbers `applied` is durable there already, as what followed from it.
    pub(super) async fn hand_over(&self, applied: Range<u64>) -> Result<usize, Error> {
        let Some(local) = self.local.as_ref().filter(|_| self.has_rows()) else {
            return Ok(0);
        };
        // Before the look, so that what comes meanwhile says it again.
        self.has_rows.store(false, Ordering::Relaxed);
        let handed_over = self.hand_page_over(local.as_ref(), applied).await;
        if !matches!(handed_over, Ok(0)) {
            self.has_rows.store(true, Ordering::Relaxed);
        }
        handed_over
    }

    async fn hand_page_over(&self, local: &dyn Store, applied: Range<u64>) -> Result<usize, Error> {
        let rows: Vec<InboxRow> = local.rows(InboxRow::oldest(PAGE)).await?;
        if rows.is_empty() {
            return Ok(0);
        }
        let is_applied = |row: &&InboxRow| {
            let number = row.name.strip_prefix(&self.owner);
            let number = number.and_then(|rest| rest.strip_prefix('/')?.parse().ok());
            number.is_some_and(|number: u64| applied.contains(&number))
        };
        let others = rows.iter().filter(|row| !is_applied(row));
        let puts: Vec<Change> = others.map(Change::put).collect();
        if !puts.is_empty() {
            self.in_time(self.store.commit(None, puts)).await?;
        }
        let deletions = rows.iter().map(Change::delete).collect();
        local.commit(None, deletions).await?;
        Ok(rows.len())
    }

    /// Reads what waits in the local store, the oldest first, and leaves it there: for who pages without the shared one.
    pub(super) async fn read_local(&self) -> Result<Vec<InboxRow>, Error> {
        match &self.local {
            Some(local) => local.rows(InboxRow::oldest(LOCAL_MAX)).await,
            None => Ok(Vec::new()),
        }
    }

    /// Says whether something may wait in the local store.
    fn has_rows(&self) -> bool {
        self.has_rows.load(Ordering::Relaxed)
    }
}

/// Returns the silences that a step changed.
pub(super) fn changed_silences(changes: &[engine::Change]) -> Vec<Arc<Silence>> {
    let silences = changes.iter().filter_map(|change| match change {
        engine::Change::PutSilence(silence) => Some(Arc::clone(silence)),
        _ => None,
    });
    silences.collect()
}

/// What was accepted: what rows of the inbox hold.
#[derive(Clone, Debug)]
pub(super) enum Taken {
    Posts(Vec<Post>),
    Silences(Vec<Arc<Silence>>),
    /// What a replica told while nobody could write it, for who leads.
    Told(Box<ToldAlone>),
}

/// Something that was accepted and has its place in the inbox.
pub(super) struct Placed {
    received_at: Timestamp,
    /// The number of its first row.
    first: u64,
    taken: Taken,
}

impl Taken {
    fn rows_needed(&self) -> usize {
        match self {
            Self::Posts(posts) => posts.len().div_ceil(POSTS_MAX),
            Self::Silences(_) => 1,
            Self::Told(alone) => alone.told.len().div_ceil(POSTS_MAX),
        }
    }

    /// Returns how many alerts, silences or integrations it is about.
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Posts(posts) => posts.len(),
            Self::Silences(silences) => silences.len(),
            Self::Told(alone) => alone.told.len(),
        }
    }

    /// Says whether it is much to write.
    pub(super) fn is_long(&self) -> bool {
        self.rows_needed() > 1
    }

    /// Returns the kinds and bodies of its rows.
    fn written(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Posts(posts) => {
                let parts = posts.chunks(POSTS_MAX);
                parts.map(|part| (ALERTS, rows::from_posts(part))).collect()
            }
            Self::Silences(silences) => {
                let silences = silences.iter().map(|silence| &**silence);
                vec![(SILENCES, rows::from_silences(silences))]
            }
            Self::Told(alone) => {
                let parts = alone.parts(POSTS_MAX);
                parts
                    .map(|part| (TOLD, rows::from_told_alone(&part)))
                    .collect()
            }
        }
    }
}

/// Returns what a row holds; `None` for one that is damaged, which is told.
pub(super) fn taken(row: &InboxRow) -> Option<Taken> {
    let taken = match row.kind.as_str() {
        ALERTS => rows::to_posts(&row.body).map(Taken::Posts),
        SILENCES => rows::to_silences(&row.body)
            .map(|silences| Taken::Silences(silences.into_iter().map(Arc::new).collect())),
        TOLD => rows::to_told_alone(&row.body).map(|alone| Taken::Told(Box::new(alone))),
        other => Err(format!("the kind {other:?}")),
    };
    let told = |error: &String| {
        tracing::error!(error, name = row.name, "a row of the inbox is left out");
    };
    taken.inspect_err(told).ok()
}
