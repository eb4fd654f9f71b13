//! Instant vector selectors: the last sample inside the lookback delta, at every step.

use std::sync::Arc;

use plimsoll_types::{SampleColumns, SampleSource, TimeRange, Timestamp, Value};

use crate::annotation::Annotation;
use crate::ast::{At, Modifiers, Selector};
use crate::error::QueryError;
use crate::span::Position;

use super::{Charge, Column, Context, Grid, Meta, Operator};

/// What `offset` and `@` make of the evaluation time.
#[derive(Clone, Copy, Debug)]
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
        let offset = modifiers.offset.unwrap_or(0);
        Self { at, offset }
    }

    /// Returns the time that a selector looks at when it is evaluated at `time`.
    pub(crate) fn apply(self, time: i64) -> i64 {
        self.at.unwrap_or(time).saturating_sub(self.offset)
    }
}

/// Finds series and counts what they cost.
pub(crate) struct Reader<'a> {
    context: &'a Context<'a>,
    source: Box<dyn SampleSource>,
    metas: Vec<Meta>,
    next: usize,
    samples: SampleColumns,
    _labels: Charge<'a>,
    held: Charge<'a>,
}

impl<'a> Reader<'a> {
    /// Selects what may have a sample later than `after` up to and including `until`.
    pub(crate) fn new(
        context: &'a Context<'a>,
        selector: &Selector,
        (after, until): (i64, i64),
    ) -> Result<Self, QueryError> {
        context.check()?;
        let range = TimeRange::new(
            Timestamp::from_millis(after.saturating_add(1)),
            Timestamp::from_millis(until),
        );
        let selection = context.storage.select(&selector.matchers, range)?;
        for warning in selection.warnings {
            context.annotate(
                &Annotation::Storage(warning),
                Position { line: 1, column: 1 },
            );
        }
        let mut labels = context.charge();
        let bytes: usize = selection
            .labels
            .iter()
            .map(|labels| labels.byte_count())
            .sum();
        labels.add(bytes + selection.labels.len() * size_of::<Meta>(), 0)?;
        let metas = selection.labels.into_iter().map(|labels| Meta {
            labels,
            drop_name: false,
        });
        Ok(Self {
            context,
            source: selection.source,
            metas: metas.collect(),
            next: 0,
            samples: SampleColumns::default(),
            _labels: labels,
            held: context.charge(),
        })
    }

    pub(crate) fn metas(&mut self) -> Vec<Meta> {
        std::mem::take(&mut self.metas)
    }

    /// Reads the next series.
    pub(crate) fn read(&mut self) -> Result<&SampleColumns, QueryError> {
        self.context.work(64)?;
        self.source.read(self.next, &mut self.samples)?;
        self.next += 1;
        let count = self.samples.len();
        self.context.count_read(1, count);
        self.context.work(count)?;
        self.held.set(self.samples.byte_count(), count)?;
        Ok(&self.samples)
    }
}

/// What an instant selector shows of a sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shows {
    /// Its value.
    Value,
    /// When it was measured, in seconds: `timestamp(x)`.
    Time,
}

/// `name{...}` at every step of a grid.
pub(crate) struct InstantSelector<'a> {
    context: &'a Context<'a>,
    selector: &'a Selector,
    grid: Grid,
    shift: Shift,
    lookback: i64,
    shows: Shows,
    reader: Option<Reader<'a>>,
}

impl<'a> InstantSelector<'a> {
    pub(crate) fn new(
        context: &'a Context<'a>,
        selector: &'a Selector,
        grid: Grid,
        shows: Shows,
    ) -> Self {
        let lookback = i64::try_from(context.options.lookback_delta.as_millis());
        Self {
            context,
            selector,
            grid,
            shift: Shift::new(&selector.modifiers, context),
            lookback: lookback.unwrap_or(i64::MAX),
            shows,
            reader: None,
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
        let mut reader = Reader::new(self.context, self.selector, (after, until))?;
        let mut metas = reader.metas();
        self.reader = Some(reader);
        if self.shows == Shows::Time {
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
            match (value.is_stale(), shows) {
                (true, _) => {}
                (false, Shows::Value) => into.set(step, value),
                (false, Shows::Time) => into.set_float(step, measured as f64 / 1000.0),
            }
        }
        self.context.work(grid.count)
    }
}
