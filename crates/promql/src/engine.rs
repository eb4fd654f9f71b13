//! The engine: options, control of a running query, and the two ways to ask.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use plimsoll_types::{ByteCount, Queryable, Timestamp};

use crate::ast::Expr;
use crate::error::{QueryError, QueryErrorKind};
use crate::evaluate;
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
        }
    }
}

/// Lets the caller stop a query: a clock to measure its time with, a shorter timeout, and a flag to cancel it.
///
/// The engine asks for the time and looks at the flag at least once per series and per few thousand samples.
#[derive(Clone)]
pub struct Control {
    now: Arc<dyn Fn() -> Duration + Send + Sync>,
    timeout: Option<Duration>,
    canceled: Arc<AtomicBool>,
}

impl Control {
    /// Makes a control; `now` returns the time on a monotonic clock, of which only differences mean something.
    pub fn new(now: impl Fn() -> Duration + Send + Sync + 'static) -> Self {
        Self {
            now: Arc::new(now),
            timeout: None,
            canceled: Arc::new(AtomicBool::new(false)),
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

    /// Uses a flag that the caller keeps: setting it to true cancels the query.
    pub fn with_cancel_flag(mut self, canceled: Arc<AtomicBool>) -> Self {
        self.canceled = canceled;
        self
    }

    /// Cancels the query; it returns [`QueryErrorKind::Canceled`] soon.
    pub fn cancel(&self) {
        self.canceled.store(true, Ordering::Relaxed);
    }

    pub(crate) fn now(&self) -> Duration {
        (self.now)()
    }

    pub(crate) fn timeout(&self) -> Option<Duration> {
        self.timeout
    }

    pub(crate) fn is_canceled(&self) -> bool {
        self.canceled.load(Ordering::Relaxed)
    }
}

impl fmt::Debug for Control {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Control")
            .field("timeout", &self.timeout)
            .field("canceled", &self.canceled)
            .finish_non_exhaustive()
    }
}

/// Evaluates expressions. Holds no state between queries; blocks the thread that calls it.
#[derive(Clone, Debug, Default)]
pub struct Engine {
    options: Options,
}

impl Engine {
    /// Makes an engine.
    pub fn new(options: Options) -> Self {
        Self { options }
    }

    /// Returns the options.
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// Returns an engine with another lookback delta, for requests that ask for one.
    pub fn with_lookback_delta(&self, lookback_delta: Duration) -> Self {
        Self::new(Options {
            lookback_delta,
            ..self.options.clone()
        })
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
        evaluate::instant(&self.options, storage, expr, at, control)
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
        let bad = |message: &str| Err(QueryError::new(QueryErrorKind::BadData, message));
        let step = match i64::try_from(step.as_millis()) {
            Ok(step) if step > 0 => step,
            _ => return bad("the step must be between 1 ms and 292 million years"),
        };
        if end < start {
            return bad("the end of the range lies before its start");
        }
        evaluate::range(&self.options, storage, expr, (start, end, step), control)
    }
}
