//! What every store does, wherever it keeps its rows.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use plimsoll_runtime::clock::Clock;
use plimsoll_runtime::metrics::Registry;
use plimsoll_runtime::tasks::Tasks;

use crate::change::Change;
use crate::error::Result;
use crate::lease::{Holder, Lease};
use crate::location::Location;
use crate::metrics::Metrics;
use crate::postgres::PostgresStore;
use crate::query::{Query, Rows};
use crate::sqlite::SqliteStore;
use crate::table::{Cell, Cells, Row};

/// What a store answers, once it does.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T>> + Send + 'a>>;

/// Keeps rows durably.
///
/// # Cancel safety
/// Of every call: when the future is dropped, what was asked for may or may not be carried out, whole.
pub trait Store: Send + Sync {
    /// Carries out all changes, in their order, or none. After `Ok` they survive kill -9 and a power loss.
    ///
    /// With a lease, nothing is written unless it is still the newest one of its name.
    ///
    /// # Errors
    /// Any kind; [`is_outcome_unknown`](crate::Error::is_outcome_unknown) says whether the changes may be there although.
    fn commit(&self, lease: Option<&Lease>, changes: Vec<Change>) -> Answer<'_, ()>;

    /// Reads rows as cells; see [`rows`](#method.rows) for nouns.
    ///
    /// # Errors
    /// When the database cannot be read.
    fn read(&self, query: Query) -> Answer<'_, Vec<Vec<Cell>>>;

    /// Gets the lease of `name` for `owner`, if nobody else holds it. The owner himself gets a new one, and his old one
    /// ends. An owner is not empty, and another one after each start of a program.
    ///
    /// # Errors
    /// When the database cannot be written. The lease may then be there, and expires by itself.
    fn acquire(&self, name: &str, owner: &str, ttl: Duration) -> Answer<'_, Option<Lease>>;

    /// Prolongs a lease: it lasts `ttl` from now. `None` says that it is lost. One that expired and that nobody has
    /// taken since is not lost.
    ///
    /// # Errors
    /// When the database cannot be written. The lease may then be prolonged or not.
    fn renew(&self, lease: &Lease, ttl: Duration) -> Answer<'_, Option<Lease>>;

    /// Ends a lease, so that others need not wait until it expires; one that is lost already is left alone.
    ///
    /// # Errors
    /// When the database cannot be written; the lease expires by itself.
    fn release(&self, lease: &Lease) -> Answer<'_, ()>;

    /// Returns who holds what, in the order of the names, at most 100,000.
    ///
    /// # Errors
    /// When the database cannot be read.
    fn holders(&self) -> Answer<'_, Vec<Holder>>;

    /// Returns where the rows are, without secrets: for logs and reports.
    fn place(&self) -> String;

    /// Finishes what was asked for, and lets go of the database. Later calls fail with
    /// [`ErrorKind::Closed`](crate::ErrorKind::Closed).
    ///
    /// # Errors
    /// When what was left to do failed.
    fn close(&self) -> Answer<'_, ()>;
}

impl dyn Store + '_ {
    /// Reads rows as nouns.
    ///
    /// # Errors
    /// When the database cannot be read, or a row is damaged.
    pub async fn rows<R: Row>(&self, rows: Rows<R>) -> Result<Vec<R>> {
        let found = self.read(rows.query).await?;
        let row = |cells| R::from_cells(&mut Cells::new(R::TABLE, cells));
        found.into_iter().map(row).collect()
    }
}

/// What stores need besides a place.
#[derive(Clone)]
pub struct Parts {
    /// Time for timeouts, expiry and retention.
    pub clock: Arc<dyn Clock>,
    /// Where the writer of SQLite runs. It goes on after a shutdown was asked for, until the store is closed.
    pub tasks: Tasks,
    /// Where the store counts.
    pub metrics: Registry,
    /// How many decisions and words of the history of notices and of budgets are kept.
    pub retention: Retention,
    /// How long a PostgreSQL is waited for.
    pub patience: Patience,
}

/// How long a PostgreSQL is waited for, and how many connections it gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// The longest that one statement may take, and that it may wait for a lock; default: 5 s.
    pub statement: Duration,
    /// The longest that a call may take with all its attempts; default: 15 s.
    pub call: Duration,
    /// The most connections; default: 8.
    pub connections: u32,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            statement: Duration::from_secs(5),
            call: Duration::from_secs(15),
            connections: 8,
        }
    }
}

/// How many decisions are kept, and as many words of the history of notices and of budgets: the newest, whichever bound is met first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// No older than this; default: 30 days.
    pub age_max: Duration,
    /// No more than this, and at most 1 % above; default: 100,000.
    pub count_max: u32,
}

impl Default for Retention {
    fn default() -> Self {
        Self {
            age_max: Duration::from_hours(30 * 24),
            count_max: 100_000,
        }
    }
}

/// Opens the store at `location`; makes or migrates its tables when need be.
///
/// # Errors
/// Any kind but `Fenced`, `Overloaded` and `Closed`; the message says what to do.
pub async fn open(location: &Location, parts: Parts) -> Result<Arc<dyn Store>> {
    let metrics = Metrics::new(&parts.metrics);
    match location {
        Location::Sqlite(path) => Ok(Arc::new(SqliteStore::open(path, parts, metrics).await?)),
        Location::Postgres(server) => {
            Ok(Arc::new(PostgresStore::open(server, parts, metrics).await?))
        }
    }
}
