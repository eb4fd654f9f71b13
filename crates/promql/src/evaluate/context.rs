//! What all operators of a query share: storage, limits, the clock, annotations.

use std::cell::{Cell, RefCell};
use std::time::Duration;

use plimsoll_types::{ByteCount, Queryable, Timestamp};

use crate::annotation::{Annotation, Annotations};
use crate::engine::{Control, Options};
use crate::error::{QueryError, QueryErrorKind};
use crate::span::Position;
use crate::value::{QueryResult, Stats, Value};

/// How many samples or steps pass between two looks at the clock.
const WORK_PER_CHECK: usize = 4096;

/// The state of one running query; a query runs on one thread.
pub(crate) struct Context<'a> {
    pub(crate) options: &'a Options,
    pub(crate) storage: &'a dyn Queryable,
    /// What `start()` and `end()` mean.
    pub(crate) bounds: (Timestamp, Timestamp),
    pub(crate) is_range_query: bool,
    control: &'a Control,
    deadline: Duration,
    timeout: Duration,
    work: Cell<usize>,
    bytes: Cell<usize>,
    samples: Cell<usize>,
    stats: Cell<Stats>,
    annotations: RefCell<Annotations>,
}

impl<'a> Context<'a> {
    pub(crate) fn new(
        options: &'a Options,
        storage: &'a dyn Queryable,
        control: &'a Control,
        bounds: (Timestamp, Timestamp),
        is_range_query: bool,
    ) -> Self {
        let timeout = control
            .timeout()
            .map_or(options.timeout, |t| t.min(options.timeout));
        Self {
            options,
            storage,
            bounds,
            is_range_query,
            control,
            deadline: control.now().saturating_add(timeout),
            timeout,
            work: Cell::new(0),
            bytes: Cell::new(0),
            samples: Cell::new(0),
            stats: Cell::default(),
            annotations: RefCell::default(),
        }
    }

    /// Fails when the query was cancelled or its time is over.
    pub(crate) fn check(&self) -> Result<(), QueryError> {
        self.work.set(0);
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
        Ok(())
    }

    /// Counts work and looks at the clock now and then.
    pub(crate) fn work(&self, amount: usize) -> Result<(), QueryError> {
        let done = self.work.get() + amount;
        self.work.set(done);
        match done >= WORK_PER_CHECK {
            true => self.check(),
            false => Ok(()),
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
        let mut stats = self.stats.get();
        stats.series_read += series as u64;
        stats.samples_read += samples as u64;
        self.stats.set(stats);
    }

    pub(crate) fn annotate(&self, annotation: &Annotation, position: Position) {
        self.annotations.borrow_mut().add(annotation, position);
    }

    pub(crate) fn finish(&self, value: Value, timestamp: Timestamp) -> QueryResult {
        let (warnings, infos) = self.annotations.take().finish();
        QueryResult {
            value,
            timestamp,
            warnings,
            infos,
            stats: self.stats.get(),
        }
    }
}

impl Context<'_> {
    /// Counts what is held until the query ends, or until a [`Charge`] gives it back.
    pub(crate) fn hold(&self, bytes: usize, samples: usize) -> Result<(), QueryError> {
        self.bytes.set(self.bytes.get().saturating_add(bytes));
        self.samples.set(self.samples.get().saturating_add(samples));
        let mut stats = self.stats.get();
        stats.bytes_peak = stats.bytes_peak.max(self.bytes.get());
        stats.samples_peak = stats.samples_peak.max(self.samples.get());
        self.stats.set(stats);
        let limit = self.options.memory_max;
        if self.bytes.get() > limit.as_usize() {
            let message = format!(
                "the query needs more than {limit} of memory (now {}), the limit per query; \
                 select fewer series, a shorter range or a longer step, or raise the limit",
                ByteCount(self.bytes.get() as u64)
            );
            return Err(QueryError::new(QueryErrorKind::MemoryLimit, message));
        }
        if self.samples.get() > self.options.samples_max {
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
        self.bytes.set(self.bytes.get().saturating_sub(bytes));
        self.samples.set(self.samples.get().saturating_sub(samples));
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
        self.bytes = self.bytes.saturating_add(bytes);
        self.samples = self.samples.saturating_add(samples);
        self.context.hold(bytes, samples)
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
        self.context.release(self.bytes, self.samples);
        (self.bytes, self.samples) = (0, 0);
    }
}

impl Drop for Charge<'_> {
    fn drop(&mut self) {
        self.release();
    }
}

/// Lets a function's body say something about the series at hand.
pub(crate) struct Notes<'a> {
    context: &'a Context<'a>,
    position: Position,
    first_position: Position,
    name: &'a str,
    has_refused: Cell<bool>,
    was_looked_at: Cell<bool>,
}

impl<'a> Notes<'a> {
    /// Takes the places of the range vector and of the first argument.
    pub(crate) fn new(
        context: &'a Context<'a>,
        position: Position,
        first_position: Position,
        name: &'a str,
    ) -> Self {
        Self {
            context,
            position,
            first_position,
            name,
            has_refused: Cell::new(false),
            was_looked_at: Cell::new(false),
        }
    }

    /// Says true once per series, so that a check of its name is not made at every step.
    pub(crate) fn is_first_look(&self) -> bool {
        !self.was_looked_at.replace(true)
    }

    /// Ends the query: the function would need arithmetic of native histograms.
    pub(crate) fn refuse_histograms(&self) {
        self.has_refused.set(true);
    }

    pub(crate) fn has_refused(&self) -> bool {
        self.has_refused.get()
    }

    /// Returns the metric name of the series, empty when it has none.
    pub(crate) fn name(&self) -> String {
        self.name.to_string()
    }

    pub(crate) fn bare_name(&self) -> &str {
        self.name
    }

    pub(crate) fn add(&self, annotation: &Annotation) {
        self.context.annotate(annotation, self.position);
    }

    /// As [`add`](Self::add), about the first argument.
    pub(crate) fn add_to_first(&self, annotation: &Annotation) {
        self.context.annotate(annotation, self.first_position);
    }
}
