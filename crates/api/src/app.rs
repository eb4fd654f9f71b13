//! What the handlers share.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use plimsoll_ingest::push::Receiver;
use plimsoll_promql::{Control, Engine, MemoryBudget};
use plimsoll_runtime::clock::Clock;
use plimsoll_runtime::metrics::Registry;
use plimsoll_runtime::shutdown::Shutdown;
use plimsoll_runtime::tasks::Tasks;
use plimsoll_types::{ByteCount, Queryable};
use tokio::sync::{mpsc, oneshot};

use crate::admission::{Admission, Full, Lane, Turn};
use crate::error::{ApiError, Kind};
use crate::operations::Operated;
use crate::queries::Queries;
use crate::query_log::QueryLog;
use crate::query_metrics::QueryMetrics;
use crate::surface::Surface;

/// A request to read the configuration again; the answer says that the new one is in force (and what of it waits for a
/// restart, often nothing), or why not.
pub type ReloadRequest = oneshot::Sender<Result<String, ReloadError>>;

/// Why a reload changed nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReloadError {
    /// The configuration or a file that it names is bad; everything that is wrong, with its place.
    Refused(String),
    /// It is good, but could not be put into force.
    Failed(String),
}

/// How many queries run at once, how many wait, and what they may take; Prometheus runs 20.
#[derive(Clone, Copy, Debug)]
pub struct QueryLimits {
    /// Queries that run at the same time, light and heavy ones. Above 0, default 20.
    pub running_max: usize,
    /// Queries of each kind that wait for their turn; one more is answered 503. Default 100.
    pub waiting_max: usize,
    /// Heavy queries that run at the same time, a part of the above; 0 tells no kinds apart. Default 2; the composition
    /// root says how many cores there are.
    pub heavy_max: usize,
    /// What a query may do before it counts as heavy, in units of about 10 ns. Default 2,000,000.
    pub light_work_max: u64,
    /// What all queries and unsent results may hold together. Default 2 GiB.
    pub memory_total_max: ByteCount,
    /// Points of a series in a range query. Default 11,000, as in Prometheus.
    pub points_max: i64,
    /// Queries that take as long are logged; zero for none. Default 10 s.
    pub slow: Duration,
}

impl Default for QueryLimits {
    fn default() -> Self {
        Self {
            running_max: 20,
            waiting_max: 100,
            heavy_max: 2,
            light_work_max: 2_000_000,
            memory_total_max: ByteCount::GIB.times(2),
            points_max: 11_000,
            slow: Duration::from_secs(10),
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
    /// What is counted about queries.
    pub query_metrics: QueryMetrics,
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
    /// What the other endpoints need.
    pub surface: Surface,
}

/// What the handlers share. Made once by the composition root.
pub struct App {
    pub(crate) parts: Parts,
    pub(crate) admission: Admission,
    pub(crate) queries: Arc<Queries>,
    pub(crate) memory: MemoryBudget,
    pub(crate) query_log: QueryLog,
    is_ready: AtomicBool,
}

impl App {
    /// Makes it; not ready until [`set_ready`](Self::set_ready).
    pub fn new(parts: Parts) -> Arc<Self> {
        let memory = MemoryBudget::new(parts.query_limits.memory_total_max);
        parts.query_metrics.watch(&memory);
        Arc::new(Self {
            admission: Admission::new(&parts.query_limits, &parts.query_metrics),
            queries: Arc::new(Queries::new(parts.clock.now())),
            memory,
            query_log: QueryLog::new(parts.query_metrics.clone()),
            is_ready: AtomicBool::new(false),
            parts,
        })
    }

    /// Writes a line about every query to this file, or to none. It is opened anew each time this is called, so a log
    /// that was moved away begins again.
    ///
    /// Blocks on the disk.
    ///
    /// # Errors
    /// When the file cannot be opened; the one before stays in use.
    pub fn set_query_log(&self, path: Option<&Path>) -> std::io::Result<()> {
        self.query_log.open(path)
    }

    /// Returns what queries and unsent results hold together.
    pub fn query_memory(&self) -> &MemoryBudget {
        &self.memory
    }

    /// Says on `/-/ready` whether traffic is welcome.
    pub fn set_ready(&self, is_ready: bool) {
        self.is_ready.store(is_ready, Ordering::Release);
    }

    /// Waits for a turn among the exports and remote reads, which last as long as their clients read; refuses at once
    /// when too many wait.
    ///
    /// # Cancel safety
    /// Dropping the future gives the place up.
    pub(crate) async fn turn(&self) -> Result<Turn, ApiError> {
        let turn = self.admission.turn(Lane::Transfer).await;
        turn.map_err(ApiError::from)
    }

    /// Runs a question about series and labels on a blocking thread when its turn comes. Answers are written there too:
    /// they can be large.
    ///
    /// # Cancel safety
    /// Dropping the future (the client went away) cancels the question.
    pub(crate) async fn ask<T: Send + 'static>(
        self: &Arc<Self>,
        timeout: Option<Duration>,
        question: impl FnOnce(&Self, &Control) -> Result<T, ApiError> + Send + 'static,
    ) -> Result<T, ApiError> {
        let turn = self.admission.turn(Lane::Light).await?;
        let canceled = Arc::new(AtomicBool::new(false));
        let on_drop = CancelOnDrop(canceled.clone());
        let app = self.clone();
        let run = move || {
            let _turn = turn;
            let mut control = app.control().with_cancel_flag(canceled);
            if let Some(timeout) = timeout {
                control = control.with_timeout(timeout);
            }
            question(&app, &control)
        };
        let answer = self.parts.tasks.run_blocking("query", run).await;
        drop(on_drop);
        answer.unwrap_or_else(|_| Err(ApiError::fault()))
    }

    /// Makes a control over the server's clock.
    pub(crate) fn control(&self) -> Control {
        let clock = self.parts.clock.clone();
        Control::new(move || clock.monotonic().since_origin())
    }
}

impl Operated for App {
    const GREETING: &'static str =
        "Plimsoll is running. Ask it PromQL at /api/v1/query?query=up, see itself at /metrics.\n";

    fn registry(&self) -> &Registry {
        &self.parts.registry
    }

    fn reloads(&self) -> &mpsc::Sender<ReloadRequest> {
        &self.parts.reload
    }

    fn quit(&self) -> Option<&Shutdown> {
        self.parts.surface.quit.as_ref()
    }

    fn is_ready(&self) -> bool {
        self.is_ready.load(Ordering::Acquire)
    }
}

struct CancelOnDrop(Arc<AtomicBool>);

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl From<Full> for ApiError {
    fn from(full: Full) -> Self {
        Self::new(Kind::Unavailable, full.to_string())
    }
}

impl ApiError {
    /// A panic of ours.
    pub(crate) fn fault() -> Self {
        Self::new(
            Kind::Internal,
            "the query ended in a fault of ours; see the log",
        )
    }
}
