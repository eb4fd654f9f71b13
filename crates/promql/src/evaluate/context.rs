//! What all operators of a query share: storage, limits, the clock, annotations.
//!
//! A context may be shared by the threads of one query: counters are atomic, and nobody waits for anybody.

use std::cell::Cell;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use plimsoll_types::{Labels, METRIC_NAME, Queryable, Timestamp};

use crate::annotation::{Annotation, Annotations, Twins};
use crate::ast::Expr;
use crate::engine::{Control, Options, Progress};
use crate::error::{QueryError, QueryErrorKind};
use crate::explain::PlanNode;
use crate::helpers::Helpers;
use crate::memory::QueryMemory;
use crate::span::Position;
use crate::value::{QueryResult, Stats, Timings, Value};

use super::Grid;
use super::TYPE_LABEL;
use super::profile::Profile;
use super::shards::{Forks, Portion};

/// How many samples or steps pass between two looks at the clock.
const WORK_PER_CHECK: usize = 4096;

/// The state of one running query.
pub(crate) struct Context<'a> {
    pub(crate) options: &'a Options,
    pub(crate) storage: &'a dyn Queryable,
    pub(crate) helpers: &'a Helpers,
    /// What `start()` and `end()` mean.
    pub(crate) bounds: (Timestamp, Timestamp),
    /// What `step()` means, in milliseconds; 0 in an instant query.
    pub(crate) step: i64,
    /// False when the query is only planned.
    pub(crate) runs: bool,
    /// Measures the operators, when somebody asked for it.
    pub(crate) profile: Option<Profile>,
    control: &'a Control,
    started: Duration,
    deadline: Duration,
    timeout: Duration,
    work: AtomicUsize,
    memory: QueryMemory,
    samples: AtomicUsize,
    samples_peak: AtomicUsize,
    queryable: AtomicU64,
    queryable_per_step: Option<Box<[AtomicU64]>>,
    annotations: Mutex<Annotations>,
    /// Where else the same expression stands that is evaluated once.
    twins: Mutex<Twins>,
    timings: Mutex<Timings>,
    pub(crate) forks: Forks,
    /// What this is the context of, when it is not the whole query.
    shard: Option<Shard<'a>>,
}

/// How the context of a shard differs from that of its query.
struct Shard<'a> {
    query: &'a Context<'a>,
    /// What the selector of the shard finds.
    portion: Mutex<Option<Portion>>,
    /// What the shard holds of what the query is charged for.
    bytes: AtomicUsize,
    samples: AtomicUsize,
}

impl Shard<'_> {
    /// Counts what is held. Only the thread of the shard does that, so it needs no atomic steps.
    fn count(&self, bytes: impl Fn(usize) -> usize, samples: impl Fn(usize) -> usize) {
        let change = |counted: &AtomicUsize, change: &dyn Fn(usize) -> usize| {
            let before = counted.load(Ordering::Relaxed);
            counted.store(change(before), Ordering::Relaxed);
        };
        change(&self.bytes, &bytes);
        change(&self.samples, &samples);
    }
}

impl<'a> Context<'a> {
    pub(crate) fn new(
        (options, helpers): (&'a Options, &'a Helpers),
        storage: &'a dyn Queryable,
        control: &'a Control,
        bounds: (Timestamp, Timestamp),
    ) -> Self {
        let timeout = control
            .timeout()
            .map_or(options.timeout, |t| t.min(options.timeout));
        let started = control.now();
        Self {
            options,
            storage,
            helpers,
            bounds,
            step: 0,
            runs: true,
            profile: control.wants_plan().then(|| Profile::new(control)),
            control,
            started,
            deadline: control.began().unwrap_or(started).saturating_add(timeout),
            timeout,
            work: AtomicUsize::new(0),
            memory: control.memory_or(options),
            samples: AtomicUsize::new(0),
            samples_peak: AtomicUsize::new(0),
            queryable: AtomicU64::new(0),
            queryable_per_step: None,
            annotations: Mutex::default(),
            twins: Mutex::default(),
            timings: Mutex::default(),
            forks: Forks::default(),
            shard: None,
        }
    }

    pub(crate) fn with_step(self, step: i64) -> Self {
        Self { step, ..self }
    }

    pub(crate) fn without_running(self) -> Self {
        Self {
            runs: false,
            ..self
        }
    }

    /// Counts the samples of each of so many steps apart, when somebody asked for it.
    pub(crate) fn count_steps(&mut self, steps: usize) -> Result<(), QueryError> {
        if self.control.wants_samples_per_step() {
            self.hold(steps.saturating_mul(size_of::<AtomicU64>()), 0)?;
            self.queryable_per_step = Some((0..steps).map(|_| AtomicU64::new(0)).collect());
        }
        Ok(())
    }

    /// Fails when the query was cancelled or its time is over.
    pub(crate) fn check(&self) -> Result<(), QueryError> {
        let done = self.work.swap(0, Ordering::Relaxed) as u64;
        let done = self.progress().count_work(done);
        if self.control.is_canceled() {
            let message = "query was canceled in expression evaluation";
            return Err(QueryError::new(QueryErrorKind::Canceled, message));
        }
        if self.control.now() > self.deadline {
            let message = format!(
                "query timed out in expression evaluation: the limit is {} s",
                self.timeout.as_secs_f64()
            );
            return Err(QueryError::new(QueryErrorKind::Timeout, message));
        }
        match self.control.work_max() {
            Some(limit) if done > limit => Err(too_much_work(limit)),
            _ => Ok(()),
        }
    }

    /// Counts work and looks at the clock now and then.
    pub(crate) fn work(&self, amount: usize) -> Result<(), QueryError> {
        // Not one atomic step: what two threads count at the same moment may be lost, which only delays the look.
        let done = self.work.load(Ordering::Relaxed) + amount;
        self.work.store(done, Ordering::Relaxed);
        match done >= WORK_PER_CHECK {
            true => self.check(),
            false => Ok(()),
        }
    }

    /// Fails at once when so many series at so many steps are certainly more work than the query may do, rather than
    /// when it was done.
    pub(crate) fn foresee(&self, series: usize, steps: usize) -> Result<(), QueryError> {
        let units = (series as u64).saturating_mul(steps as u64);
        match self.control.work_max() {
            Some(limit) if units > limit => Err(too_much_work(limit)),
            _ => Ok(()),
        }
    }

    pub(crate) fn charge(&self) -> Charge<'_> {
        Charge {
            context: self,
            bytes: 0,
            samples: 0,
        }
    }

    pub(crate) fn count_read(&self, series: usize, samples: usize) {
        self.progress().count(series, samples);
        if let Some(profile) = &self.profile {
            profile.count_read(series, samples);
        }
    }

    /// Begins to count what a selector shows of one series, as Prometheus counts what was queryable.
    pub(crate) fn shown(&self, grid: &Grid) -> Shown<'_> {
        Shown {
            context: self,
            grid: *grid,
            total: 0,
        }
    }

    pub(crate) fn annotate(&self, annotation: &Annotation, position: Position) {
        lock(&self.annotations).add(annotation, position);
    }

    /// Lets what is said about one place be about another one, too, where the same expression stands again.
    pub(crate) fn twin(&self, position: Position, other: Position) {
        lock(&self.twins).entry(position).or_default().push(other);
    }

    /// Notes how long a part of the evaluation took that began at `since`; returns when it ended.
    pub(crate) fn took(
        &self,
        since: Duration,
        part: fn(&mut Timings) -> &mut Duration,
    ) -> Duration {
        let now = self.control.now();
        *part(&mut lock(&self.timings)) += now.saturating_sub(since);
        now
    }

    /// Returns when the evaluation began.
    pub(crate) fn started(&self) -> Duration {
        self.started
    }

    pub(crate) fn finish(&self, expr: &Expr, value: Value, timestamp: Timestamp) -> QueryResult {
        self.took(self.started, |timings| &mut timings.total);
        let annotations = std::mem::take(&mut *lock(&self.annotations));
        let (warnings, infos) = annotations.finish(expr, &lock(&self.twins));
        QueryResult {
            value,
            timestamp,
            warnings,
            infos,
            stats: self.stats(expr),
        }
    }

    /// Returns the plan as far as it was made.
    pub(crate) fn plan(&self, expr: &Expr) -> PlanNode {
        let profile = self.profile.as_ref();
        profile.map_or_else(PlanNode::default, |profile| profile.plan(expr, self.runs))
    }

    fn stats(&self, expr: &Expr) -> Stats {
        let per_step = self.queryable_per_step.iter().flatten();
        Stats {
            samples_read: self.progress().samples_read(),
            series_read: self.progress().series_read(),
            bytes_peak: self.memory.peak(),
            samples_peak: self.samples_peak.load(Ordering::Relaxed),
            samples_queryable: self.queryable.load(Ordering::Relaxed),
            samples_per_step: per_step.map(|n| n.load(Ordering::Relaxed)).collect(),
            timings: *lock(&self.timings),
            plan: self.profile.is_some().then(|| self.plan(expr)),
        }
    }

    fn progress(&self) -> &Progress {
        self.control.progress()
    }
}

fn too_much_work(limit: u64) -> QueryError {
    let message = format!("the query takes more than {limit} units of work");
    QueryError::new(QueryErrorKind::WorkLimit, message)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Context<'_> {
    /// Counts what is held until the query ends, or until a [`Charge`] gives it back.
    pub(crate) fn hold(&self, bytes: usize, samples: usize) -> Result<(), QueryError> {
        self.memory.add(bytes)?;
        let query = self.query();
        let held = query.samples.fetch_add(samples, Ordering::Relaxed);
        let held = held.saturating_add(samples);
        query.samples_peak.fetch_max(held, Ordering::Relaxed);
        if let Some(shard) = &self.shard {
            shard.count(|held| held + bytes, |held| held + samples);
        }
        if let Some(profile) = &self.profile {
            profile.hold(bytes);
        }
        if held > self.options.samples_max {
            self.release(bytes, samples);
            let message = format!(
                "query processing would load too many samples into memory in expression \
                 evaluation: the limit is {} samples",
                self.options.samples_max
            );
            return Err(QueryError::new(QueryErrorKind::SampleLimit, message));
        }
        Ok(())
    }

    fn release(&self, bytes: usize, samples: usize) {
        self.memory.release(bytes);
        self.query().samples.fetch_sub(samples, Ordering::Relaxed);
        if let Some(shard) = &self.shard {
            shard.count(|held| held - bytes, |held| held - samples);
        }
        if let Some(profile) = &self.profile {
            profile.release(bytes);
        }
    }
}

impl<'a> Context<'a> {
    /// Makes the context of a shard: a look at the clock, a note or a limit there is one of the query, and what else
    /// happens often stays on the shard's thread.
    pub(crate) fn shard(&'a self, portion: Portion) -> Self {
        let shard = Shard {
            query: self,
            portion: Mutex::new(Some(portion)),
            bytes: AtomicUsize::new(0),
            samples: AtomicUsize::new(0),
        };
        let whole = (self.options, self.helpers);
        Self {
            step: self.step,
            started: self.started,
            deadline: self.deadline,
            memory: self.memory.clone(),
            shard: Some(shard),
            ..Self::new(whole, self.storage, self.control, self.bounds)
        }
    }

    /// Ends a shard whose turn it is: its notes become the query's, and what it still holds is given back.
    pub(crate) fn end_shard(&self) {
        let Some(shard) = &self.shard else {
            return;
        };
        let notes = std::mem::take(&mut *lock(&self.annotations));
        lock(&shard.query.annotations).join(notes);
        let done = self.work.swap(0, Ordering::Relaxed);
        self.progress().count_work(done as u64);
        let held = |counted: &AtomicUsize| counted.load(Ordering::Relaxed);
        self.release(held(&shard.bytes), held(&shard.samples));
    }

    pub(crate) fn is_shard(&self) -> bool {
        self.shard.is_some()
    }

    /// Returns the series of this shard, to the one selector that it has.
    pub(crate) fn portion(&self) -> Option<Portion> {
        lock(&self.shard.as_ref()?.portion).take()
    }

    /// Returns where the query's own counters are.
    fn query(&self) -> &Self {
        self.shard.as_ref().map_or(self, |shard| shard.query)
    }
}

/// Samples that a selector shows, by step; counted when it is dropped.
pub(crate) struct Shown<'a> {
    context: &'a Context<'a>,
    grid: Grid,
    total: u64,
}

impl Shown<'_> {
    /// Says whether it matters which step sees how many.
    pub(crate) fn is_by_step(&self) -> bool {
        self.context.queryable_per_step.is_some()
    }

    /// Counts the samples that a step sees.
    pub(crate) fn add(&mut self, step: usize, samples: usize) {
        self.total += samples as u64;
        let Some(per_step) = &self.context.query().queryable_per_step else {
            return;
        };
        let steps = self.grid.steps_of_query(step).unwrap_or(0..0);
        for counted in per_step.get(steps).into_iter().flatten() {
            counted.fetch_add(samples as u64, Ordering::Relaxed);
        }
    }
}

impl Drop for Shown<'_> {
    fn drop(&mut self) {
        // Each step of a grid stands for as many steps of the query as the others.
        let each = self.grid.steps_of_query(0).map_or(0, |steps| steps.len());
        let total = self.total * each as u64;
        let query = self.context.query();
        query.queryable.fetch_add(total, Ordering::Relaxed);
    }
}

/// Bytes and samples that an operator holds; given back when it is dropped.
pub(crate) struct Charge<'a> {
    context: &'a Context<'a>,
    bytes: usize,
    samples: usize,
}

impl Charge<'_> {
    /// Adds to what is held.
    pub(crate) fn add(&mut self, bytes: usize, samples: usize) -> Result<(), QueryError> {
        self.context.hold(bytes, samples)?;
        self.bytes += bytes;
        self.samples += samples;
        Ok(())
    }

    /// Adds what a table of `rows` by `columns` entries takes; called before the table is made.
    pub(crate) fn add_table<T>(&mut self, rows: usize, columns: usize) -> Result<(), QueryError> {
        let entries = rows.saturating_mul(columns);
        self.add(entries.saturating_mul(size_of::<T>()), 0)
    }

    /// Gives back a part; more than there is counts as all.
    pub(crate) fn subtract(&mut self, bytes: usize, samples: usize) {
        let (bytes, samples) = (bytes.min(self.bytes), samples.min(self.samples));
        self.bytes -= bytes;
        self.samples -= samples;
        self.context.release(bytes, samples);
    }

    /// Replaces what is held.
    pub(crate) fn set(&mut self, bytes: usize, samples: usize) -> Result<(), QueryError> {
        self.release();
        self.add(bytes, samples)
    }

    /// Gives back everything.
    pub(crate) fn release(&mut self) {
        let (bytes, samples) = (self.bytes, self.samples);
        self.subtract(bytes, samples);
    }

    /// Leaves everything charged for as long as the query's account lives: for what the result is made of.
    pub(crate) fn keep(mut self) {
        self.context.release(0, self.samples);
        (self.bytes, self.samples) = (0, 0);
    }
}

impl Drop for Charge<'_> {
    fn drop(&mut self) {
        self.release();
    }
}

/// What notes know of a series, which may lose these labels before the notes are made.
#[derive(Default)]
pub(crate) struct Metric {
    name: String,
    /// The label with the type of the metric; `None` when names have to tell.
    kind: Option<String>,
}

impl Metric {
    pub(crate) fn of(labels: &Labels, context: &Context<'_>) -> Self {
        let label = |name| labels.get(name).unwrap_or("").to_string();
        let has_kind = context.options.type_and_unit_labels;
        Self {
            name: label(METRIC_NAME),
            kind: has_kind.then(|| label(TYPE_LABEL)),
        }
    }

    pub(crate) fn byte_count(&self) -> usize {
        size_of::<Self>() + self.name.len() + self.kind.as_ref().map_or(0, String::len)
    }
}

/// Lets a function's body say something about the series at hand.
pub(crate) struct Notes<'a> {
    context: &'a Context<'a>,
    position: Position,
    first_position: Position,
    metric: &'a Metric,
    failure: Cell<Option<QueryError>>,
    was_looked_at: Cell<bool>,
}

impl<'a> Notes<'a> {
    /// Takes the places of the range vector and of the first argument, and the metric of the series.
    pub(crate) fn new(
        context: &'a Context<'a>,
        position: Position,
        first_position: Position,
        metric: &'a Metric,
    ) -> Self {
        Self {
            context,
            position,
            first_position,
            metric,
            failure: Cell::new(None),
            was_looked_at: Cell::new(false),
        }
    }

    /// Says true once per series, so that a check of its name is not made at every step.
    pub(crate) fn is_first_look(&self) -> bool {
        !self.was_looked_at.replace(true)
    }

    /// Ends the query: the function cannot be calculated with these arguments.
    pub(crate) fn fail(&self, error: QueryError) {
        self.failure.set(Some(error));
    }

    pub(crate) fn take_failure(&self) -> Option<QueryError> {
        self.failure.take()
    }

    /// Returns the metric name of the series, empty when it has none.
    pub(crate) fn name(&self) -> String {
        self.bare_name().to_string()
    }

    pub(crate) fn bare_name(&self) -> &str {
        &self.metric.name
    }

    /// Returns the label that says what kind of metric it is; `None` when names have to tell.
    pub(crate) fn metric_type(&self) -> Option<&str> {
        self.metric.kind.as_deref()
    }

    pub(crate) fn add(&self, annotation: &Annotation) {
        self.context.annotate(annotation, self.position);
    }

    /// As [`add`](Self::add), about the first argument.
    pub(crate) fn add_to_first(&self, annotation: &Annotation) {
        self.context.annotate(annotation, self.first_position);
    }
}
