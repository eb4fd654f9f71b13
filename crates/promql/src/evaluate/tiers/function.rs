//! A function of a range vector, from windows.

use plimsoll_types::{Joined, Labels, Tier, Value};

use crate::ast::{Call, Selector};
use crate::error::QueryError;
use crate::functions::{self, SummaryBody, Unknown};
use crate::span::Position;

use super::super::window::Frame;
use super::super::{Bounds, Column, Context, Grid, Meta, Metric, Notes, Operator, Source};
use super::reader::WindowReader;
use super::run::{Inside, snapped};
use super::splice::Fallback;

/// Applies a function to the windows of every series.
pub(super) struct TierFunction<'a> {
    context: &'a Context<'a>,
    call: &'a Call,
    body: SummaryBody,
    selector: &'a Selector,
    tier: Tier,
    frame: Frame,
    grid: Grid,
    position: Position,
    /// What answers where windows might not give the same bits; `None` when whatever they give must do.
    samples: Option<Fallback<'a>>,
    reader: Option<WindowReader<'a>>,
    labels: std::vec::IntoIter<Labels>,
}

impl<'a> TierFunction<'a> {
    pub(super) fn new(
        context: &'a Context<'a>,
        (call, body): (&'a Call, SummaryBody),
        (selector, tier): (&'a Selector, Tier),
        (frame, grid, position): (Frame, Grid, Position),
        samples: Option<Source<'a>>,
    ) -> Self {
        Self {
            context,
            call,
            body,
            selector,
            tier,
            frame,
            grid,
            position,
            samples: samples.map(Fallback::new),
            reader: None,
            labels: Vec::new().into_iter(),
        }
    }

    fn value(
        &self,
        windows: &Joined,
        bounds: Bounds,
        notes: &mut Notes<'_>,
    ) -> Result<Option<Value>, Unknown> {
        let floats = windows.floats();
        if self.samples.is_some() {
            let floats = floats.map(|floats| floats.exact_summary());
            return match windows.histograms {
                Some(_) => Err(Unknown),
                None => {
                    functions::rolled(self.call.function, self.body, (floats, None), bounds, notes)
                }
            };
        }
        let seen = snapped(bounds, self.tier);
        let floats = floats.map(|floats| floats.summary());
        let found = (floats, windows.histograms.as_ref());
        let value = functions::rolled(self.call.function, self.body, found, seen, notes)?;
        let share = bounds.seconds() / seen.seconds();
        Ok(match value {
            // A sum over half a window is taken for half of the window's.
            Some(value) if self.call.function.grows && share != 1.0 => Some(scaled(value, share)),
            value => value,
        })
    }
}

fn scaled(value: Value, factor: f64) -> Value {
    match value {
        Value::Float(value) => Value::Float(value * factor),
        Value::Histogram(value) => Value::Histogram(value.scaled(factor).into()),
    }
}

impl Operator for TierFunction<'_> {
    fn series(&mut self) -> Result<Vec<Meta>, QueryError> {
        let first = snapped(self.frame.bounds(self.grid.start), self.tier);
        let last = snapped(self.frame.bounds(self.grid.end()), self.tier);
        let bounds = (first.after, last.until);
        let mut reader = WindowReader::new(self.context, self.selector, self.tier, bounds)?;
        let metas = reader.metas();
        self.context.foresee(metas.len(), self.grid.count)?;
        let labels: Vec<Labels> = metas.iter().map(|meta| meta.labels.clone()).collect();
        self.labels = labels.into_iter();
        self.reader = Some(reader);
        Ok(metas)
    }

    fn next(&mut self, into: &mut Column) -> Result<(), QueryError> {
        into.reset(self.grid.count);
        let labels = self.labels.next().unwrap_or_default();
        let metric = Metric::of(&labels, self.context);
        let mut notes = Notes::new(self.context, self.position, self.position, &metric);
        let mut reader = self.reader.take().expect("series is called before next");
        let windows = reader.read()?;
        let mut shown = self.context.shown(&self.grid);
        let mut inside = Inside::default();
        for step in 0..self.grid.count {
            let bounds = self.frame.bounds(self.grid.at(step));
            let mut joined = Joined::default();
            let found = inside.advance(windows, snapped(bounds, self.tier));
            found.iter().for_each(|window| joined.add(window));
            self.context.work(1 + found.len())?;
            match self.value(&joined, bounds, &mut notes) {
                Ok(Some(value)) => into.set(step, value),
                Ok(None) => {}
                Err(Unknown) => {
                    self.reader = Some(reader);
                    return match &mut self.samples {
                        Some(samples) => samples.read(&labels, into),
                        None => Ok(()),
                    };
                }
            }
            let samples = joined.floats().map_or(0, |floats| floats.count)
                + joined.histograms.map_or(0, |histograms| histograms.count);
            shown.add(step, usize::try_from(samples).unwrap_or(usize::MAX));
            if let Some(error) = notes.take_failure() {
                return Err(error);
            }
        }
        self.reader = Some(reader);
        Ok(())
    }
}
