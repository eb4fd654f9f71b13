//! The engine: options, control of a running query, and the ways to ask.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use plimsoll_types::{ByteCount, Queryable, Timestamp};

use crate::ast::Expr;
use crate::error::{QueryError, QueryErrorKind};
use crate::evaluate;
use crate::explain::PlanNode;
use crate::helpers::Helpers;
use crate::memory::{MemoryBudget, QueryMemory};
use crate::stack::with_room_for;
use crate::value::QueryResult;

/// Limits and defaults of evaluation; the defaults are those of Prometheus where it has one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// How long a sample stands for its series; above 0, 5 minutes.
    pub lookback_delta: Duration,
    /// How long a query may run; 2 minutes. A [`Control`] can shorten it.
    pub timeout: Duration,
    /// How many samples a query may hold at once; 50,000,000.
    pub samples_max: usize,
    /// How many bytes a query may hold at once; 512 MiB.
    pub memory_max: ByteCount,
    /// Step of subqueries that name none; above 0, 1 minute.
    pub subquery_step: Duration,
    /// Keeps metric names until the end of the evaluation (Prometheus' feature flag `promql-delayed-name-removal`);
    /// off.
    pub delayed_name_removal: bool,
    /// Lets counters begin anew where the start timestamps of their samples say so (Prometheus' feature flag
    /// `use-start-timestamps`); off.
    pub use_start_timestamps: bool,
    /// Takes the label `__type__` to tell counters from gauges, not the name (Prometheus' feature flag
    /// `type-and-unit-labels`); off.
    pub type_and_unit_labels: bool,
    /// Rewrites a query into one that gives the same result for less; on. Off only for tests that compare the two.
    pub optimizes: bool,
    /// How many threads beside their own the queries of one engine may use together; 0 means none. One less than the
    /// machine has cores, at most 7. No result depends on it.
    pub helpers_max: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            lookback_delta: Duration::from_secs(300),
            timeout: Duration::from_secs(120),
            samples_max: 50_000_000,
            memory_max: ByteCount::MIB.times(512),
            subquery_step: Duration::from_secs(60),
            delayed_name_removal: false,
            use_start_timestamps: false,
            type_and_unit_labels: false,
            optimizes: true,
            helpers_max: cores().min(THREADS_MAX) - 1,
        }
    }
}

/// More threads than this wait for the memory, and for each other.
const THREADS_MAX: usize = 8;

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// Lets the caller watch and stop a query: a clock to measure its time with, limits of its own, a flag to cancel it,
/// and counters that tell how far it is.
///
/// The engine asks for the time and looks at the flag at least once per series and per few thousand samples.
#[derive(Clone)]
pub struct Control {
    now: Arc<dyn Fn() -> Duration + Send + Sync>,
    timeout: Option<Duration>,
    began: Option<Duration>,
    canceled: Arc<AtomicBool>,
    progress: Arc<Progress>,
    memory: Option<QueryMemory>,
    work_max: Option<u64>,
    wants_plan: bool,
    wants_samples_per_step: bool,
}

/// How far a query is; read while it runs.
#[derive(Debug, Default)]
pub struct Progress {
    samples_read: AtomicU64,
    series_read: AtomicU64,
    work: AtomicU64,
}

impl Progress {
    /// Returns how much was done, in the units of [`Control::with_work_max`]; counted in steps of a few thousand.
    pub fn work(&self) -> u64 {
        self.work.load(Ordering::Relaxed)
    }

    pub(crate) fn count_work(&self, units: u64) -> u64 {
        units + self.work.fetch_add(units, Ordering::Relaxed)
    }

    /// Returns how many samples were read from the store.
    pub fn samples_read(&self) -> u64 {
        self.samples_read.load(Ordering::Relaxed)
    }

    /// Returns how many series were read from the store.
    pub fn series_read(&self) -> u64 {
        self.series_read.load(Ordering::Relaxed)
    }

    pub(crate) fn count(&self, series: usize, samples: usize) {
        self.series_read.fetch_add(series as u64, Ordering::Relaxed);
        self.samples_read
            .fetch_add(samples as u64, Ordering::Relaxed);
    }
}

impl Control {
    /// Makes a control; `now` returns the time on a monotonic clock, of which only differences mean something.
    pub fn new(now: impl Fn() -> Duration + Send + Sync + 'static) -> Self {
        Self {
            now: Arc::new(now),
            timeout: None,
            began: None,
            canceled: Arc::new(AtomicBool::new(false)),
            progress: Arc::default(),
            memory: None,
            work_max: None,
            wants_plan: false,
            wants_samples_per_step: false,
        }
    }

    /// Makes a control under which time stands still, for tests and for simulations.
    pub fn unlimited() -> Self {
        Self::new(|| Duration::ZERO)
    }

    /// Shortens the engine's timeout for this query; a longer one has no effect.
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Says when the query's time began, on the clock of this control, if not with its evaluation: a query that waited
    /// for its turn has less time left.
    pub fn with_beginning(mut self, began: Duration) -> Self {
        self.began = Some(began);
        self
    }

    /// Uses a flag that the caller keeps: setting it to true cancels the query.
    pub fn with_cancel_flag(mut self, canceled: Arc<AtomicBool>) -> Self {
        self.canceled = canceled;
        self
    }

    /// Charges an account that the caller keeps instead of one of the engine's [`Options::memory_max`]. The result stays
    /// charged until the last clone of the account is dropped, so that a caller who keeps the one keeps the other.
    pub fn with_memory(mut self, memory: QueryMemory) -> Self {
        self.memory = Some(memory);
        self
    }

    /// Ends the query with [`QueryErrorKind::WorkLimit`] once it did more than this; a unit is about a sample read or a
    /// step calculated, some 10 ns.
    pub fn with_work_max(mut self, units: u64) -> Self {
        self.work_max = Some(units);
        self
    }

    /// Measures every operator; [`Stats::plan`](crate::Stats::plan) tells the result. Costs time.
    pub fn with_plan(mut self) -> Self {
        self.wants_plan = true;
        self
    }

    /// Counts [`Stats::samples_per_step`](crate::Stats::samples_per_step).
    pub fn with_samples_per_step(mut self) -> Self {
        self.wants_samples_per_step = true;
        self
    }

    /// Cancels the query; it returns [`QueryErrorKind::Canceled`] soon.
    pub fn cancel(&self) {
        self.canceled.store(true, Ordering::Relaxed);
    }

    /// Says whether the query was cancelled.
    pub fn is_canceled(&self) -> bool {
        self.canceled.load(Ordering::Relaxed)
    }

    /// Returns the time on this control's clock.
    pub fn now(&self) -> Duration {
        (self.now)()
    }

    /// Tells how far the query is.
    pub fn progress(&self) -> &Progress {
        &self.progress
    }

    /// Returns the counters for whoever wants to see how far the query is.
    pub fn progress_handle(&self) -> Arc<Progress> {
        Arc::clone(&self.progress)
    }

    pub(crate) fn timeout(&self) -> Option<Duration> {
        self.timeout
    }

    pub(crate) fn began(&self) -> Option<Duration> {
        self.began
    }

    pub(crate) fn memory_or(&self, options: &Options) -> QueryMemory {
        self.memory
            .clone()
            .unwrap_or_else(|| MemoryBudget::unlimited().query(options.memory_max))
    }

    pub(crate) fn work_max(&self) -> Option<u64> {
        self.work_max
    }

    pub(crate) fn wants_plan(&self) -> bool {
        self.wants_plan
    }

    pub(crate) fn wants_samples_per_step(&self) -> bool {
        self.wants_samples_per_step
    }

    /// Returns the clock, for what outlives a borrow of the control.
    pub(crate) fn clock(&self) -> Arc<dyn Fn() -> Duration + Send + Sync> {
        Arc::clone(&self.now)
    }
}

impl fmt::Debug for Control {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Control")
            .field("timeout", &self.timeout)
            .field("canceled", &self.canceled)
            .field("progress", &self.progress)
            .finish_non_exhaustive()
    }
}

/// Evaluates expressions. Holds no state between queries; blocks the thread that calls it, and lets others help with
/// large ones. Clones share these.
#[derive(Clone, Debug)]
pub struct Engine {
    options: Options,
    helpers: Helpers,
}

impl Default for Engine {
    fn default() -> Self {
        Self::new(Options::default())
    }
}

impl Engine {
    /// Makes an engine.
    pub fn new(options: Options) -> Self {
        let helpers = Helpers::new(options.helpers_max);
        Self { options, helpers }
    }

    /// Returns what every query needs of it.
    pub(crate) fn whole(&self) -> (&Options, &Helpers) {
        (&self.options, &self.helpers)
    }

    /// Returns the options.
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// Returns an engine with another lookback delta, for requests that ask for one.
    pub fn with_lookback_delta(&self, lookback_delta: Duration) -> Self {
        let options = Options {
            lookback_delta,
            ..self.options.clone()
        };
        let helpers = self.helpers.clone();
        Self { options, helpers }
    }

    /// Evaluates at one point in time.
    ///
    /// # Errors
    /// Every kind of [`QueryError`].
    pub fn instant(
        &self,
        storage: &dyn Queryable,
        expr: &Expr,
        at: Timestamp,
        control: &Control,
    ) -> Result<QueryResult, QueryError> {
        with_room_for(expr, || evaluate::instant(self, storage, expr, at, control))
    }

    /// Evaluates at `start`, `start + step` and so on up to and including `end`; the result is a matrix.
    ///
    /// How many steps are allowed is the caller's business (11,000 in Prometheus' API).
    ///
    /// # Errors
    /// Every kind of [`QueryError`]; [`QueryErrorKind::BadData`] when the step is below 1 ms, the end lies before the
    /// start, or the expression is neither a scalar nor an instant vector.
    pub fn range(
        &self,
        storage: &dyn Queryable,
        expr: &Expr,
        start: Timestamp,
        end: Timestamp,
        step: Duration,
        control: &Control,
    ) -> Result<QueryResult, QueryError> {
        let steps = Self::steps(start, end, step)?;
        with_room_for(expr, || {
            evaluate::range(self, storage, expr, steps, control)
        })
    }

    /// Plans without reading a sample: the operators of [`range`](Self::range), or of [`instant`](Self::instant) when
    /// the end and the start are the same, with the series that the selectors find. With
    /// [`Control::with_plan`] the evaluation itself tells the same tree and what each operator cost.
    ///
    /// # Errors
    /// As [`range`](Self::range).
    pub fn explain(
        &self,
        storage: &dyn Queryable,
        expr: &Expr,
        (start, end, step): (Timestamp, Timestamp, Duration),
        control: &Control,
    ) -> Result<PlanNode, QueryError> {
        let step = if start == end {
            Duration::from_millis(1)
        } else {
            step
        };
        let steps = Self::steps(start, end, step)?;
        let control = control.clone().with_plan();
        with_room_for(expr, || {
            evaluate::explain(self, storage, expr, steps, &control)
        })
    }

    fn steps(
        start: Timestamp,
        end: Timestamp,
        step: Duration,
    ) -> Result<(Timestamp, Timestamp, i64), QueryError> {
        let bad = |message: &str| Err(QueryError::new(QueryErrorKind::BadData, message));
        let step = match i64::try_from(step.as_millis()) {
            Ok(step) if step > 0 => step,
            _ => return bad("the step must be between 1 ms and 292 million years"),
        };
        if end < start {
            return bad("the end of the range lies before its start");
        }
        Ok((start, end, step))
    }
}
