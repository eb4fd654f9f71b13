//! An instant selector, from windows: the last value of the newest window.

use std::sync::Arc;

use plimsoll_types::{Labels, Tier, TierWindow, Value};

use crate::ast::Selector;
use crate::error::QueryError;

use super::super::selector::{Shift, lookback};
use super::super::{Bounds, Column, Context, Grid, InstantSelector, Meta, Operator};
use super::reader::WindowReader;
use super::run::{Inside, snapped};
use super::splice::Fallback;

/// `name{...}` at every step of a grid.
pub(super) struct TierSelector<'a> {
    context: &'a Context<'a>,
    selector: &'a Selector,
    tier: Tier,
    grid: Grid,
    shift: Shift,
    lookback: i64,
    /// What answers where there are histograms, of which windows do not know what came before; `None` when whatever they
    /// give must do.
    samples: Option<Fallback<'a>>,
    reader: Option<WindowReader<'a>>,
    labels: std::vec::IntoIter<Labels>,
}

impl<'a> TierSelector<'a> {
    pub(super) fn new(
        context: &'a Context<'a>,
        selector: &'a Selector,
        tier: Tier,
        grid: Grid,
        samples: Option<InstantSelector<'a>>,
    ) -> Self {
        Self {
            context,
            selector,
            tier,
            grid,
            shift: Shift::new(&selector.modifiers, context),
            lookback: lookback(context),
            samples: samples.map(|samples| Fallback::new(Box::new(samples))),
            reader: None,
            labels: Vec::new().into_iter(),
        }
    }

    /// Returns the windows one of which may stand for a step: as far back as a sample stands for its series, and one at
    /// least.
    fn bounds(&self, step: usize) -> Bounds {
        let until = self.shift.apply(self.grid.at(step));
        let after = until.saturating_sub(self.lookback);
        snapped(Bounds { after, until }, self.tier)
    }
}

impl Operator for TierSelector<'_> {
    fn series(&mut self) -> Result<Vec<Meta>, QueryError> {
        let bounds = (self.bounds(0).after, self.bounds(self.grid.count - 1).until);
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
        let mut reader = self.reader.take().expect("series is called before next");
        let windows = reader.read()?;
        if let Some(samples) = &mut self.samples
            && windows.iter().any(|window| window.histograms.is_some())
        {
            self.reader = Some(reader);
            return samples.read(&labels, into);
        }
        let mut shown = self.context.shown(&self.grid);
        let mut inside = Inside::default();
        for step in 0..self.grid.count {
            let newest = inside.advance(windows, self.bounds(step)).last();
            if let Some(value) = newest.and_then(last_value) {
                shown.add(step, 1);
                into.set(step, value);
            }
        }
        drop(shown);
        self.reader = Some(reader);
        self.context.work(self.grid.count)
    }
}

/// Returns the value that a window ends with; nothing when its series ended in it.
fn last_value(window: &TierWindow) -> Option<Value> {
    let float = window.floats.map(|floats| floats.last);
    let histogram = window
        .histograms
        .as_ref()
        .and_then(|histograms| histograms.kept.last());
    match (float, histogram) {
        _ if window.is_ended => None,
        (Some((at, _)), Some((later, histogram))) if at < *later => {
            Some(Value::Histogram(Arc::clone(histogram)))
        }
        (Some((_, value)), _) => Some(Value::Float(value)),
        (None, histogram) => {
            histogram.map(|(_, histogram)| Value::Histogram(Arc::clone(histogram)))
        }
    }
}
