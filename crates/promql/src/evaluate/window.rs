//! Range vectors: windows over a series' samples, moved by two indices, and the functions over them.

use std::sync::Arc;

use plimsoll_types::{Histogram, METRIC_NAME, Sample, SampleColumns, Timestamp, Value, is_stale};

use crate::ast::{Call, Expr, Selector};
use crate::error::QueryError;
use crate::span::Position;

use super::plan::no_histograms;
use super::selector::{Reader, Shift};
use super::{Column, Context, Grid, Meta, Notes, Operator, Scalars};

/// A series' samples without staleness markers, floats and histograms apart.
#[derive(Debug, Default)]
pub(crate) struct Buffer {
    pub(crate) times: Vec<i64>,
    pub(crate) floats: Vec<f64>,
    pub(crate) histogram_times: Vec<i64>,
    pub(crate) histograms: Vec<Arc<Histogram>>,
}

impl Buffer {
    pub(crate) fn clear(&mut self) {
        self.times.clear();
        self.floats.clear();
        self.histogram_times.clear();
        self.histograms.clear();
    }

    pub(crate) fn push(&mut self, time: i64, value: Value) {
        match value {
            Value::Float(value) => {
                self.times.push(time);
                self.floats.push(value);
            }
            Value::Histogram(histogram) => {
                self.histogram_times.push(time);
                self.histograms.push(histogram);
            }
        }
    }

    pub(crate) fn byte_count(&self) -> usize {
        let histograms: usize = self.histograms.iter().map(|h| h.byte_count()).sum();
        16 * (self.times.capacity() + self.histogram_times.capacity()) + histograms
    }

    pub(crate) fn len(&self) -> usize {
        self.times.len() + self.histogram_times.len()
    }

    fn fill(&mut self, samples: &SampleColumns) {
        self.clear();
        if samples.histograms.is_empty() {
            for (time, value) in samples.timestamps.iter().zip(&samples.values) {
                if !is_stale(*value) {
                    self.times.push(*time);
                    self.floats.push(*value);
                }
            }
            return;
        }
        for sample in samples.iter().filter(|sample| !sample.value.is_stale()) {
            self.push(sample.timestamp.millis(), sample.value);
        }
    }

    /// Returns all samples inside the bounds in order of time.
    pub(crate) fn samples(&self, bounds: Bounds) -> Vec<Sample> {
        let at = Timestamp::from_millis;
        let floats = self.times.iter().zip(&self.floats);
        let histograms = self.histogram_times.iter().zip(&self.histograms);
        let mut samples: Vec<Sample> = floats
            .map(|(time, value)| Sample::float(at(*time), *value))
            .chain(histograms.map(|(time, value)| Sample::histogram(at(*time), value.clone())))
            .filter(|sample| bounds.contains(sample.timestamp.millis()))
            .collect();
        samples.sort_by_key(|sample| sample.timestamp);
        samples
    }
}

/// A window in time, open on the left: a sample exactly `range` ago is outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bounds {
    pub(crate) after: i64,
    pub(crate) until: i64,
}

impl Bounds {
    fn contains(self, time: i64) -> bool {
        self.after < time && time <= self.until
    }
}

/// What a function sees of one series at one step.
pub(crate) struct Window<'a> {
    /// Times of the floats, ascending, in milliseconds.
    pub(crate) times: &'a [i64],
    pub(crate) floats: &'a [f64],
    pub(crate) histogram_times: &'a [i64],
    pub(crate) histograms: &'a [Arc<Histogram>],
    pub(crate) bounds: Bounds,
    /// The evaluation time, which `offset` and `@` do not move.
    pub(crate) now: i64,
}

impl Window<'_> {
    pub(crate) fn is_empty(&self) -> bool {
        self.times.is_empty() && self.histogram_times.is_empty()
    }

    /// Returns the length of the range in seconds.
    pub(crate) fn seconds(&self) -> f64 {
        self.bounds.until.saturating_sub(self.bounds.after) as f64 / 1000.0
    }
}

/// What gives range vectors: a selector or a subquery.
pub(crate) trait RangeOperator {
    fn series(&mut self) -> Result<Vec<Meta>, QueryError>;
    fn next(&mut self, into: &mut Buffer) -> Result<(), QueryError>;
    /// Returns the window that belongs to an evaluation time.
    fn bounds(&self, time: i64) -> Bounds;
}

/// A range operator somewhere in a plan.
pub(crate) type RangeSource<'a> = Box<dyn RangeOperator + 'a>;

/// Where a window lies for each evaluation time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Frame {
    pub(crate) shift: Shift,
    pub(crate) range: i64,
}

impl Frame {
    pub(crate) fn bounds(self, time: i64) -> Bounds {
        let until = self.shift.apply(time);
        Bounds {
            after: until.saturating_sub(self.range),
            until,
        }
    }
}

/// `name{...}[5m]`.
pub(crate) struct RangeSelector<'a> {
    context: &'a Context<'a>,
    selector: &'a Selector,
    grid: Grid,
    frame: Frame,
    reader: Option<Reader<'a>>,
}

impl<'a> RangeSelector<'a> {
    pub(crate) fn new(
        context: &'a Context<'a>,
        selector: &'a Selector,
        range: i64,
        grid: Grid,
    ) -> Self {
        let shift = Shift::new(&selector.modifiers, context);
        Self {
            context,
            selector,
            grid,
            frame: Frame { shift, range },
            reader: None,
        }
    }
}

impl RangeOperator for RangeSelector<'_> {
    fn series(&mut self) -> Result<Vec<Meta>, QueryError> {
        if self.grid.count == 0 {
            return Ok(Vec::new());
        }
        let first = self.frame.bounds(self.grid.start);
        let last = self.frame.bounds(self.grid.end());
        let mut reader = Reader::new(self.context, self.selector, (first.after, last.until))?;
        let metas = reader.metas();
        self.reader = Some(reader);
        Ok(metas)
    }

    fn next(&mut self, into: &mut Buffer) -> Result<(), QueryError> {
        let reader = self.reader.as_mut().expect("series is called before next");
        into.fill(reader.read()?);
        Ok(())
    }

    fn bounds(&self, time: i64) -> Bounds {
        self.frame.bounds(time)
    }
}

/// A function over the windows of a range vector.
pub(crate) type WindowBody = fn(&Window<'_>, &[f64], &mut Notes<'_>) -> Option<Value>;

/// Applies a function to every window of every series.
pub(crate) struct WindowFunction<'a> {
    pub(crate) context: &'a Context<'a>,
    pub(crate) body: WindowBody,
    pub(crate) source: RangeSource<'a>,
    pub(crate) parameters: Vec<Scalars>,
    pub(crate) grid: Grid,
    pub(crate) position: Position,
    first_position: Position,
    pub(crate) keeps_name: bool,
    function: &'static str,
    buffer: Buffer,
    names: std::vec::IntoIter<String>,
}

impl<'a> WindowFunction<'a> {
    pub(crate) fn new(
        context: &'a Context<'a>,
        body: WindowBody,
        source: RangeSource<'a>,
        parameters: Vec<Scalars>,
        (grid, argument, keeps_name, call): (Grid, &Expr, bool, &Call),
    ) -> Self {
        Self {
            context,
            body,
            source,
            parameters,
            grid,
            position: argument.unwrapped().position,
            first_position: call.args.first().unwrap_or(argument).unwrapped().position,
            keeps_name,
            function: call.function.name,
            buffer: Buffer::default(),
            names: Vec::new().into_iter(),
        }
    }
}

impl Operator for WindowFunction<'_> {
    fn series(&mut self) -> Result<Vec<Meta>, QueryError> {
        let mut metas = self.source.series()?;
        // The labels themselves may lose the name.
        let name = |meta: &Meta| meta.labels.get(METRIC_NAME).unwrap_or("").to_string();
        let bytes =
            |meta: &Meta| meta.labels.metric_name().map_or(0, str::len) + size_of::<String>();
        self.context.hold(metas.iter().map(bytes).sum(), 0)?;
        self.names = metas.iter().map(name).collect::<Vec<_>>().into_iter();
        if !self.keeps_name {
            metas
                .iter_mut()
                .for_each(|meta| meta.drop_name(self.context));
        }
        Ok(metas)
    }

    fn next(&mut self, into: &mut Column) -> Result<(), QueryError> {
        self.source.next(&mut self.buffer)?;
        into.reset(self.grid.count);
        let name = self.names.next().unwrap_or_default();
        let mut notes = Notes::new(self.context, self.position, self.first_position, &name);
        let mut parameters = vec![0.0; self.parameters.len()];
        let (mut floats, mut histograms) = (Range::default(), Range::default());
        for step in 0..self.grid.count {
            let now = self.grid.at(step);
            let bounds = self.source.bounds(now);
            floats.advance(&self.buffer.times, bounds);
            histograms.advance(&self.buffer.histogram_times, bounds);
            let window = Window {
                times: &self.buffer.times[floats.from..floats.to],
                floats: &self.buffer.floats[floats.from..floats.to],
                histogram_times: &self.buffer.histogram_times[histograms.from..histograms.to],
                histograms: &self.buffer.histograms[histograms.from..histograms.to],
                bounds,
                now,
            };
            if window.is_empty() {
                continue;
            }
            for (parameter, scalars) in parameters.iter_mut().zip(&self.parameters) {
                *parameter = scalars.at(step);
            }
            self.context.work(1 + window.times.len())?;
            if let Some(value) = (self.body)(&window, &parameters, &mut notes) {
                into.set(step, value);
            }
            if notes.has_refused() {
                return Err(no_histograms(self.function));
            }
        }
        Ok(())
    }
}

/// The samples inside a window; both ends only move forward because windows do.
#[derive(Default)]
struct Range {
    from: usize,
    to: usize,
}

impl Range {
    fn advance(&mut self, times: &[i64], bounds: Bounds) {
        while times
            .get(self.from)
            .is_some_and(|time| *time <= bounds.after)
        {
            self.from += 1;
        }
        self.to = self.to.max(self.from);
        while times.get(self.to).is_some_and(|time| *time <= bounds.until) {
            self.to += 1;
        }
    }
}
