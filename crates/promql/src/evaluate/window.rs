//! Range vectors: windows over a series' samples, moved by two indices, and the functions over them.

mod buffer;
mod falls;
mod frame;
mod run;

use std::sync::Arc;

use plimsoll_types::{Histogram, Summary, Value};

use crate::ast::{Call, Expr, ExprKind, Selector};
use crate::error::QueryError;
use crate::functions::{SummaryBody, Told};
use crate::span::Position;

use super::selector::{Reader, Shift, lookback};
use super::{Column, Context, Grid, Meta, Metric, Notes, Operator, Scalars};

pub(crate) use buffer::Buffer;
pub(crate) use falls::Falls;
pub(crate) use frame::{Bounds, Frame};
pub(crate) use run::Run;

/// What a function sees of one series at one step.
pub(crate) struct Window<'a> {
    /// Times of the floats, ascending, in milliseconds.
    pub(crate) times: &'a [i64],
    pub(crate) floats: &'a [f64],
    /// When each float began to count, 0 where nobody knows; empty when that is true of all of them.
    pub(crate) starts: &'a [i64],
    /// Where the floats fall, when it is known for the whole series.
    pub(crate) falls: Option<Falls<'a>>,
    pub(crate) histogram_times: &'a [i64],
    pub(crate) histograms: &'a [Arc<Histogram>],
    /// As `starts`, of the histograms.
    pub(crate) histogram_starts: &'a [i64],
    /// Where the window lies. An extended selector also shows samples outside of it.
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
        self.bounds.seconds()
    }
}

/// What gives range vectors: a selector or a subquery.
pub(crate) trait RangeOperator {
    fn series(&mut self) -> Result<Vec<Meta>, QueryError>;
    fn next(&mut self, into: &mut Buffer) -> Result<(), QueryError>;
    /// Tells where the window lies for each evaluation time.
    fn frame(&self) -> Frame;
    /// Returns what is known of the window of the next series at one evaluation time, without reading it; after
    /// [`skip`](Self::skip) the series is done with.
    fn summary(&mut self, _: i64) -> Result<Option<Summary>, QueryError> {
        Ok(None)
    }
    /// Passes over the next series.
    fn skip(&mut self) {}
}

/// A range operator somewhere in a plan.
pub(crate) type RangeSource<'a> = Box<dyn RangeOperator + 'a>;

/// `name{...}[5m]`.
pub(crate) struct RangeSelector<'a> {
    context: &'a Context<'a>,
    selector: &'a Selector,
    grid: Grid,
    frame: Frame,
    totals_only: bool,
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
        let frame = Frame::new(shift, range).extended(selector.extension, lookback(context));
        Self {
            context,
            selector,
            grid,
            frame,
            totals_only: false,
            reader: None,
        }
    }

    /// Reads of histograms only what [`resets::totals`](super::resets::totals) leaves.
    pub(super) fn reading_totals(self, totals_only: bool) -> Self {
        Self {
            totals_only,
            ..self
        }
    }
}

impl RangeOperator for RangeSelector<'_> {
    fn series(&mut self) -> Result<Vec<Meta>, QueryError> {
        if self.grid.count == 0 {
            return Ok(Vec::new());
        }
        let first = self.frame.view(self.grid.start);
        let last = self.frame.view(self.grid.end());
        let bounds = (first.after, last.until);
        let reader = Reader::new(self.context, self.selector, bounds, self.totals_only)?;
        let mut reader = reader.counting_no_samples();
        let metas = reader.metas();
        self.context.foresee(metas.len(), self.grid.count)?;
        self.reader = Some(reader);
        Ok(metas)
    }

    fn next(&mut self, into: &mut Buffer) -> Result<(), QueryError> {
        let reader = self.reader.as_mut().expect("series is called before next");
        into.fill(reader.read()?, self.context.options.use_start_timestamps);
        Ok(())
    }

    fn frame(&self) -> Frame {
        self.frame
    }

    fn summary(&mut self, time: i64) -> Result<Option<Summary>, QueryError> {
        let reader = self.reader.as_mut().expect("series is called before next");
        match self.frame.is_plain() && !self.context.options.use_start_timestamps {
            true => reader.summary(self.frame.bounds(time)),
            false => Ok(None),
        }
    }

    fn skip(&mut self) {
        let reader = self.reader.as_mut().expect("series is called before next");
        reader.skip();
    }
}

/// A function over the windows of a range vector.
pub(crate) type WindowBody = fn(&Window<'_>, &[f64], &mut Notes<'_>) -> Option<Value>;

/// The same for all windows of a series of floats: writes what the body would give window by window.
pub(crate) type RunBody = fn(&mut Run<'_>, &mut Column, &mut Notes<'_>);

/// Applies a function to every window of every series.
pub(crate) struct WindowFunction<'a> {
    pub(crate) context: &'a Context<'a>,
    pub(crate) body: WindowBody,
    summary: Option<SummaryBody>,
    run: Option<RunBody>,
    pub(crate) source: RangeSource<'a>,
    pub(crate) parameters: Vec<Scalars>,
    pub(crate) grid: Grid,
    pub(crate) position: Position,
    first_position: Position,
    pub(crate) keeps_name: bool,
    buffer: Buffer,
    metrics: std::vec::IntoIter<Metric>,
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
            // A summary costs about as much as the few blocks at the ends of a window, so it pays for one window. An
            // extended selector has a body of its own.
            summary: call.function.summary.filter(|_| grid.count == 1),
            run: call.function.run,
            source,
            parameters,
            grid,
            position: place(argument.unwrapped()),
            first_position: call.args.first().unwrap_or(argument).unwrapped().position,
            keeps_name,
            buffer: Buffer::default(),
            metrics: Vec::new().into_iter(),
        }
    }
}

/// Returns where Prometheus shows what is said about a range vector. It evaluates a subquery first and forgets where that
/// was written.
fn place(argument: &Expr) -> Position {
    match argument.kind {
        ExprKind::Subquery(_) => Position { line: 1, column: 1 },
        _ => argument.position,
    }
}

impl Operator for WindowFunction<'_> {
    fn series(&mut self) -> Result<Vec<Meta>, QueryError> {
        let mut metas = self.source.series()?;
        // The labels themselves may lose the name.
        let metrics = metas
            .iter()
            .map(|meta| Metric::of(&meta.labels, self.context));
        let metrics: Vec<Metric> = metrics.collect();
        self.context
            .hold(metrics.iter().map(Metric::byte_count).sum(), 0)?;
        self.metrics = metrics.into_iter();
        if !self.keeps_name {
            metas
                .iter_mut()
                .for_each(|meta| meta.drop_name(self.context));
        }
        Ok(metas)
    }

    fn next(&mut self, into: &mut Column) -> Result<(), QueryError> {
        into.reset(self.grid.count);
        let metric = self.metrics.next().unwrap_or_default();
        if let Some(body) = self.summary
            && self.summarized(body, &metric, into)?
        {
            return Ok(());
        }
        self.source.next(&mut self.buffer)?;
        let mut notes = Notes::new(self.context, self.position, self.first_position, &metric);
        let mut shown = self.context.shown(&self.grid);
        if let Some(body) = self.run.filter(|_| !shown.is_by_step())
            && let Some(mut run) = Run::new(&self.buffer, self.source.frame(), self.grid)
        {
            body(&mut run, into, &mut notes);
            shown.add(0, run.shown);
            self.count_window(run.widest)?;
            return self.context.work(self.grid.count + run.shown);
        }
        let mut parameters = vec![0.0; self.parameters.len()];
        let (mut floats, mut histograms) = (Range::default(), Range::default());
        let frame = self.source.frame();
        let mut widest = 0;
        for step in 0..self.grid.count {
            let now = self.grid.at(step);
            let (bounds, view) = (frame.bounds(now), frame.view(now));
            floats.advance(&self.buffer.times, view);
            histograms.advance(&self.buffer.histogram_times, view);
            let window = Window {
                times: floats.of(&self.buffer.times),
                floats: floats.of(&self.buffer.floats),
                starts: floats.of(&self.buffer.starts),
                falls: Some(self.buffer.falls(&floats)),
                histogram_times: histograms.of(&self.buffer.histogram_times),
                histograms: histograms.of(&self.buffer.histograms),
                histogram_starts: histograms.of(&self.buffer.histogram_starts),
                bounds,
                now,
            };
            if window.is_empty() {
                continue;
            }
            for (parameter, scalars) in parameters.iter_mut().zip(&self.parameters) {
                *parameter = scalars.at(step);
            }
            let count = window.times.len() + window.histogram_times.len();
            widest = widest.max(count);
            shown.add(step, count);
            self.context.work(1 + window.times.len())?;
            if let Some(value) = (self.body)(&window, &parameters, &mut notes) {
                into.set(step, value);
            }
            if let Some(error) = notes.take_failure() {
                return Err(error);
            }
        }
        self.count_window(widest)
    }

    fn skip(&mut self) -> Result<(), QueryError> {
        self.metrics.next();
        self.source.skip();
        Ok(())
    }
}

impl WindowFunction<'_> {
    /// Counts the samples that a step holds, as Prometheus does, whatever was read to have them; the bytes of what was
    /// read are counted where it is read.
    fn count_window(&self, samples: usize) -> Result<(), QueryError> {
        self.context.charge().add(0, samples)
    }

    /// Answers for the one window of the next series from its summary; says whether that worked.
    fn summarized(
        &mut self,
        body: SummaryBody,
        metric: &Metric,
        into: &mut Column,
    ) -> Result<bool, QueryError> {
        let now = self.grid.at(0);
        let Some(summary) = self.source.summary(now)? else {
            return Ok(false);
        };
        let mut notes = Notes::new(self.context, self.position, self.first_position, metric);
        match body(&summary, self.source.frame().bounds(now), &mut notes) {
            Told::Unknown => return Ok(false),
            Told::Nothing => {}
            Told::Value(value) => into.set_float(0, value),
        }
        self.source.skip();
        let count = usize::try_from(summary.count).unwrap_or(usize::MAX);
        self.context.shown(&self.grid).add(0, count);
        Ok(true)
    }
}

/// The samples inside a window; both ends only move forward because windows do.
#[derive(Default)]
pub(crate) struct Range {
    from: usize,
    to: usize,
}

impl Range {
    pub(crate) fn is_empty(&self) -> bool {
        self.from == self.to
    }

    /// Returns the part of a list that lies inside; nothing of a list that is not kept.
    pub(crate) fn of<'a, T>(&self, list: &'a [T]) -> &'a [T] {
        list.get(self.from..self.to).unwrap_or_default()
    }

    /// Moves on to what lies inside the bounds, which must not lie before those of the last call.
    pub(crate) fn advance(&mut self, times: &[i64], bounds: Bounds) {
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
