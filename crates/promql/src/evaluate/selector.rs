//! Instant vector selectors: the last sample inside the lookback delta, at every step.

use std::sync::Arc;

use plimsoll_types::{Labels, SampleColumns, SampleSource, Summary, TimeRange, Timestamp, Value};

use crate::annotation::Annotation;
use crate::ast::{At, Extension, Length, Modifiers, Selector};
use crate::error::QueryError;
use crate::span::Position;

use super::select::select;
use super::shards::{Found, Portion};
use super::window::Bounds;
use super::{Charge, Column, Context, Grid, Meta, Operator, resets};

/// What `offset` and `@` make of the evaluation time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Shift {
    at: Option<i64>,
    offset: i64,
}

impl Shift {
    pub(crate) fn new(modifiers: &Modifiers, context: &Context<'_>) -> Self {
        let at = modifiers.at.map(|at| match at {
            At::Time(time) => time.millis(),
            At::Start => context.bounds.0.millis(),
            At::End => context.bounds.1.millis(),
        });
        let offset = modifiers.offset.as_ref().map_or(0, Length::millis);
        Self { at, offset }
    }

    /// Returns what both do, `inner` after this one.
    pub(crate) fn then(self, inner: Self) -> Self {
        match inner.at {
            Some(_) => inner,
            None => Self {
                at: self.at,
                offset: self.offset.saturating_add(inner.offset),
            },
        }
    }

    /// Returns the time that a selector looks at when it is evaluated at `time`.
    pub(crate) fn apply(self, time: i64) -> i64 {
        self.at.unwrap_or(time).saturating_sub(self.offset)
    }
}

/// Returns how long a sample stands for its series, in milliseconds.
pub(crate) fn lookback(context: &Context<'_>) -> i64 {
    i64::try_from(context.options.lookback_delta.as_millis()).unwrap_or(i64::MAX)
}

/// Finds series and counts what they cost.
pub(crate) struct Reader<'a> {
    context: &'a Context<'a>,
    source: Box<dyn SampleSource>,
    metas: Vec<Meta>,
    next: usize,
    samples: SampleColumns,
    /// What is asked for is later than this.
    after: i64,
    /// Leaves the buckets of histograms out.
    totals_only: bool,
    _labels: Charge<'a>,
    held: Charge<'a>,
    /// What is read counts as samples that the query holds, and not only as bytes.
    counts_samples: bool,
}

impl<'a> Reader<'a> {
    /// Selects what may have a sample later than `after` up to and including `until`. One that leaves buckets
    /// out looks back further, for what the first sample follows.
    pub(crate) fn new(
        context: &'a Context<'a>,
        selector: &Selector,
        (after, until): (i64, i64),
        totals_only: bool,
    ) -> Result<Self, QueryError> {
        context.check()?;
        if let Some(portion) = context.portion() {
            return Ok(Self::of(context, portion, (after, totals_only)));
        }
        let from = match totals_only {
            true => after.saturating_sub(lookback(context)),
            false => after,
        };
        let range = TimeRange::new(
            Timestamp::from_millis(from.saturating_add(1)),
            Timestamp::from_millis(until),
        );
        let (selection, labels) = select(context, &selector.matchers, range)?;
        for warning in selection.warnings {
            context.annotate(
                &Annotation::Storage(warning),
                Position { line: 1, column: 1 },
            );
        }
        let mut labels = labels;
        if context.forks.are_wanted_of(selector)
            && let Some(source) = selection.source.fork()
        {
            labels.add_table::<Labels>(selection.labels.len(), 1)?;
            let all = selection.labels.clone();
            context.forks.give(selector, Found::new(all, source));
        }
        let portion = Portion {
            labels: selection.labels,
            source: selection.source,
            first: 0,
        };
        Ok(Self {
            _labels: labels,
            ..Self::of(context, portion, (after, totals_only))
        })
    }

    fn of(context: &'a Context<'a>, portion: Portion, (after, totals_only): (i64, bool)) -> Self {
        let metas = portion.labels.into_iter().map(|labels| Meta {
            labels,
            drop_name: false,
        });
        Self {
            context,
            source: portion.source,
            metas: metas.collect(),
            next: portion.first,
            samples: SampleColumns::default(),
            after,
            totals_only,
            _labels: context.charge(),
            held: context.charge(),
            counts_samples: true,
        }
    }

    /// Counts no sample as held: a step shows one sample or one window of a series, however many were read to find it,
    /// and those that are shown are counted where they are kept.
    pub(super) fn counting_no_samples(self) -> Self {
        Self {
            counts_samples: false,
            ..self
        }
    }

    pub(crate) fn metas(&mut self) -> Vec<Meta> {
        std::mem::take(&mut self.metas)
    }

    /// Returns what is known of a window of the next series without reading it.
    pub(crate) fn summary(&mut self, window: Bounds) -> Result<Option<Summary>, QueryError> {
        self.context.work(64)?;
        let range = TimeRange::new(
            Timestamp::from_millis(window.after.saturating_add(1)),
            Timestamp::from_millis(window.until),
        );
        Ok(self.source.summary(self.next, range)?)
    }

    /// Passes over the next series.
    pub(crate) fn skip(&mut self) {
        self.next += 1;
        self.context.count_read(1, 0);
    }

    /// Reads the next series.
    pub(crate) fn read(&mut self) -> Result<&mut SampleColumns, QueryError> {
        self.context.work(64)?;
        self.source.read(self.next, &mut self.samples)?;
        if let Some(profile) = &self.context.profile {
            profile.count_blocks(self.source.blocks(self.next));
        }
        self.next += 1;
        let count = self.samples.len();
        self.context.count_read(1, count);
        self.context.work(count)?;
        resets::check(&mut self.samples.histograms);
        if self.totals_only {
            resets::totals(&mut self.samples, self.after);
        }
        // The store merges what it decodes in a buffer of its own, which is as large.
        let held = if self.counts_samples { count } else { 0 };
        self.held.set(2 * self.samples.byte_count(), held)?;
        Ok(&mut self.samples)
    }
}

/// What an instant selector shows of a sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shows {
    /// Its value.
    Value,
    /// When it was measured, in seconds: `timestamp(x)`.
    Time,
    /// Since when it was counted, in seconds, 0 when nobody knows: `start_timestamp(x)`.
    Start,
    /// When it was measured if it is a float, in milliseconds. A histogram stays one.
    FloatTime,
}

impl Shows {
    /// Returns what is shown of a sample that is not stale.
    fn of(self, samples: &SampleColumns, index: usize, value: Value) -> Value {
        let seconds = |millis: i64| Value::Float(millis as f64 / 1000.0);
        match (self, value) {
            (Self::Value, value) | (Self::FloatTime, value @ Value::Histogram(_)) => value,
            (Self::Time, _) => seconds(samples.timestamps[index]),
            (Self::Start, _) => seconds(samples.starts.get(index).copied().unwrap_or(0)),
            (Self::FloatTime, _) => Value::Float(samples.timestamps[index] as f64),
        }
    }
}

/// `name{...}` at every step of a grid.
pub(crate) struct InstantSelector<'a> {
    context: &'a Context<'a>,
    selector: &'a Selector,
    grid: Grid,
    shift: Shift,
    lookback: i64,
    shows: Shows,
    totals_only: bool,
    reader: Option<Reader<'a>>,
}

impl<'a> InstantSelector<'a> {
    pub(crate) fn new(
        context: &'a Context<'a>,
        selector: &'a Selector,
        grid: Grid,
        shows: Shows,
    ) -> Self {
        Self {
            context,
            selector,
            grid,
            shift: Shift::new(&selector.modifiers, context),
            lookback: lookback(context),
            shows,
            totals_only: false,
            reader: None,
        }
    }

    /// Reads of histograms only what [`resets::totals`] leaves.
    pub(super) fn reading_totals(self, totals_only: bool) -> Self {
        Self {
            totals_only,
            ..self
        }
    }
}

impl InstantSelector<'_> {
    /// Looks at other times than the selector says.
    pub(crate) fn shifted(self, shift: Shift) -> Self {
        Self { shift, ..self }
    }

    /// Looks where Prometheus looks for `timestamp(x @ t offset o)`: it reads the samples that stand for `t - o`, and
    /// picks one of them as if that were `t`.
    pub(crate) fn of_timestamp(self) -> Self {
        let Some(at) = self.shift.at else {
            return self;
        };
        let ahead = match self.selector.extension {
            Some(Extension::Smoothed) => self.lookback,
            Some(Extension::Anchored) | None => 0,
        };
        let read_at = self.shift.apply(at);
        let until = at.min(read_at.saturating_add(ahead));
        let after = at.max(read_at).saturating_sub(self.lookback);
        Self {
            shift: Shift {
                at: Some(until),
                offset: 0,
            },
            lookback: until.saturating_sub(after).max(0),
            ..self
        }
    }
}

impl Operator for InstantSelector<'_> {
    fn series(&mut self) -> Result<Vec<Meta>, QueryError> {
        if self.grid.count == 0 {
            return Ok(Vec::new());
        }
        let after = self
            .shift
            .apply(self.grid.start)
            .saturating_sub(self.lookback);
        let until = self.shift.apply(self.grid.end());
        let bounds = (after, until);
        let reader = Reader::new(self.context, self.selector, bounds, self.totals_only)?;
        let mut reader = reader.counting_no_samples();
        let mut metas = reader.metas();
        self.context.foresee(metas.len(), self.grid.count)?;
        self.reader = Some(reader);
        if matches!(self.shows, Shows::Time | Shows::Start) {
            metas
                .iter_mut()
                .for_each(|meta| meta.drop_name(self.context));
        }
        Ok(metas)
    }

    fn next(&mut self, into: &mut Column) -> Result<(), QueryError> {
        let (grid, shift, lookback, shows) = (self.grid, self.shift, self.lookback, self.shows);
        into.reset(grid.count);
        let reader = self.reader.as_mut().expect("series is called before next");
        let samples = reader.read()?;
        let mut shown = self.context.shown(&grid);
        // One past the newest sample that the step may see; it only moves forward.
        let mut seen = 0;
        for step in 0..grid.count {
            let time = shift.apply(grid.at(step));
            while samples.timestamps.get(seen).is_some_and(|at| *at <= time) {
                seen += 1;
            }
            let Some(last) = seen.checked_sub(1) else {
                continue;
            };
            let measured = samples.timestamps[last];
            if measured <= time.saturating_sub(lookback) {
                continue;
            }
            let histogram = samples.histograms.get(last).and_then(Option::as_ref);
            let value = match histogram {
                Some(histogram) => Value::Histogram(Arc::clone(histogram)),
                None => Value::Float(samples.values[last]),
            };
            if !value.is_stale() {
                shown.add(step, 1);
                into.set(step, shows.of(samples, last, value));
            }
        }
        self.context.work(grid.count)
    }

    fn skip(&mut self) -> Result<(), QueryError> {
        let reader = self.reader.as_mut().expect("series is called before next");
        reader.skip();
        Ok(())
    }
}
