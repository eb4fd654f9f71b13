//! What the handlers share.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use plimsoll_ingest::push::Receiver;
use plimsoll_promql::{Control, Engine};
use plimsoll_runtime::clock::Clock;
use plimsoll_runtime::metrics::Registry;
use plimsoll_runtime::tasks::Tasks;
use plimsoll_types::Queryable;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};

use crate::error::{ApiError, Kind};

/// A request to read the configuration again; the answer says whether the new one is in force, or why not.
pub type ReloadRequest = oneshot::Sender<Result<(), String>>;

/// How many queries run at once and how many wait; Prometheus runs 20.
#[derive(Clone, Copy, Debug)]
pub struct QueryLimits {
    /// Queries that run at the same time. Default 20.
    pub running_max: usize,
    /// Queries that wait for their turn; one more is answered 503. Default 100.
    pub waiting_max: usize,
    /// Points of a series in a range query. Default 11,000, as in Prometheus.
    pub points_max: i64,
}

impl Default for QueryLimits {
    fn default() -> Self {
        Self {
            running_max: 20,
            waiting_max: 100,
            points_max: 11_000,
        }
    }
}

/// What this build is.
#[derive(Clone, Copy, Debug)]
pub struct BuildInfo {
    /// Semantic version.
    pub version: &'static str,
    /// Commit, empty when unknown.
    pub revision: &'static str,
}

/// What the composition root hands over.
pub struct Parts {
    /// Where answers come from.
    pub queryable: Arc<dyn Queryable>,
    /// Where pushes go.
    pub receiver: Arc<Receiver>,
    /// Evaluates PromQL.
    pub engine: Engine,
    /// Limits of queries.
    pub query_limits: QueryLimits,
    /// Our own metrics.
    pub registry: Arc<Registry>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Supervises queries.
    pub tasks: Tasks,
    /// Where the server listens; on loopback it answers to loopback's names only.
    pub listen: SocketAddr,
    /// Where reload requests go; bounded, a full one means that a reload is under way.
    pub reload: mpsc::Sender<ReloadRequest>,
    /// What this build is.
    pub build: BuildInfo,
}

/// What the handlers share. Made once by the composition root.
pub struct App {
    pub(crate) parts: Parts,
    is_ready: AtomicBool,
    running: Arc<Semaphore>,
    admitted: Arc<Semaphore>,
}

impl App {
    /// Makes it; not ready until [`set_ready`](Self::set_ready).
    pub fn new(parts: Parts) -> Arc<Self> {
        let limits = parts.query_limits;
        Arc::new(Self {
            parts,
            is_ready: AtomicBool::new(false),
            running: Arc::new(Semaphore::new(limits.running_max)),
            admitted: Arc::new(Semaphore::new(limits.running_max + limits.waiting_max)),
        })
    }

    /// Says on `/-/ready` whether traffic is welcome.
    pub fn set_ready(&self, is_ready: bool) {
        self.is_ready.store(is_ready, Ordering::Release);
    }

    pub(crate) fn is_ready(&self) -> bool {
        self.is_ready.load(Ordering::Acquire)
    }

    /// Waits for a turn among the queries; refuses at once when too many wait.
    ///
    /// # Cancel safety
    /// Dropping the future gives the place up.
    pub(crate) async fn turn(&self) -> Result<Turn, ApiError> {
        let admitted = Arc::clone(&self.admitted)
            .try_acquire_owned()
            .map_err(|_| self.too_many())?;
        let running = Arc::clone(&self.running).acquire_owned().await;
        Ok(Turn {
            _running: running.expect("the semaphore is never closed"),
            _admitted: admitted,
        })
    }

    /// Runs a question on a blocking thread when its turn comes. Answers are written there too: they can be large.
    ///
    /// # Cancel safety
    /// Dropping the future (the client went away) cancels the query.
    pub(crate) async fn ask<T: Send + 'static>(
        self: &Arc<Self>,
        timeout: Option<Duration>,
        question: impl FnOnce(&Self, &Control) -> Result<T, ApiError> + Send + 'static,
    ) -> Result<T, ApiError> {
        let turn = self.turn().await?;
        let canceled = Arc::new(AtomicBool::new(false));
        let on_drop = CancelOnDrop(canceled.clone());
        let app = self.clone();
        let run = move || {
            let _turn = turn;
            let clock = app.parts.clock.clone();
            let mut control =
                Control::new(move || clock.monotonic().since_origin()).with_cancel_flag(canceled);
            if let Some(timeout) = timeout {
                control = control.with_timeout(timeout);
            }
            question(&app, &control)
        };
        let answer = self.parts.tasks.run_blocking("query", run).await;
        drop(on_drop);
        answer.unwrap_or_else(|_| {
            Err(ApiError::new(
                Kind::Internal,
                "the query ended in a fault of ours; see the log",
            ))
        })
    }

    fn too_many(&self) -> ApiError {
        let QueryLimits {
            running_max,
            waiting_max,
            ..
        } = self.parts.query_limits;
        ApiError::new(
            Kind::Unavailable,
            format!(
                "{running_max} queries are running and {waiting_max} are waiting, try again later"
            ),
        )
    }
}

/// A turn among the queries; it belongs to the work, not to whoever waits for it.
pub(crate) struct Turn {
    _running: OwnedSemaphorePermit,
    _admitted: OwnedSemaphorePermit,
}

struct CancelOnDrop(Arc<AtomicBool>);

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
