//! `name{...} smoothed`: at every step the value on the line between the samples before and after it.

use std::sync::Arc;

use plimsoll_types::{METRIC_NAME, ResetHint, Value};

use crate::annotation::Annotation;
use crate::ast::Selector;
use crate::error::QueryError;
use crate::functions::extended::{fraction, interpolated, interpolated_histogram, neighbours};
use crate::span::Position;

use super::selector::{Reader, Shift, lookback};
use super::window::{Bounds, Buffer, Range};
use super::{Charge, Column, Context, Grid, Meta, Operator};

/// Looks a lookback delta back and as far ahead.
pub(crate) struct SmoothedSelector<'a> {
    context: &'a Context<'a>,
    selector: &'a Selector,
    grid: Grid,
    shift: Shift,
    position: Position,
    reader: Option<Reader<'a>>,
    names: std::vec::IntoIter<String>,
    buffer: Buffer,
    held: Charge<'a>,
}

impl<'a> SmoothedSelector<'a> {
    /// Plans a selector that was written at `position`.
    pub(crate) fn new(
        context: &'a Context<'a>,
        selector: &'a Selector,
        grid: Grid,
        position: Position,
    ) -> Self {
        Self {
            context,
            selector,
            grid,
            shift: Shift::new(&selector.modifiers, context),
            position,
            reader: None,
            names: Vec::new().into_iter(),
            buffer: Buffer::default(),
            held: context.charge(),
        }
    }

    /// Returns what is looked at for a value at a time.
    fn view(&self, time: i64) -> Bounds {
        let lookback = lookback(self.context);
        Bounds {
            after: time.saturating_sub(lookback),
            until: time.saturating_add(lookback),
        }
    }

    fn value(
        &self,
        time: i64,
        (floats, histograms): (&Range, &Range),
        name: &str,
    ) -> Option<Value> {
        if !floats.is_empty() && !histograms.is_empty() {
            let name = name.to_string();
            self.context
                .annotate(&Annotation::MixedFloatsHistograms { name }, self.position);
            return None;
        }
        if histograms.is_empty() {
            let (times, floats) = (
                floats.of(&self.buffer.times),
                floats.of(&self.buffer.floats),
            );
            return Some(Value::Float(match neighbours(times, time)? {
                (last, None) => floats[last],
                (last, Some(next)) => interpolated(
                    (times[last], floats[last]),
                    (times[next], floats[next]),
                    time,
                    false,
                ),
            }));
        }
        let times = histograms.of(&self.buffer.histogram_times);
        let histograms = histograms.of(&self.buffer.histograms);
        let (last, next) = neighbours(times, time)?;
        let Some(next) = next else {
            return Some(Value::Histogram(Arc::clone(&histograms[last])));
        };
        let fraction = fraction(times[last], times[next], time);
        let (before, after) = (&histograms[last], &histograms[next]);
        let is_counter = before.reset_hint != ResetHint::Gauge;
        match interpolated_histogram(before, after, fraction, is_counter) {
            Ok(histogram) => Some(Value::Histogram(Arc::new(histogram))),
            Err(_) => {
                let name = name.to_string();
                self.context
                    .annotate(&Annotation::MixedExponentialCustom { name }, self.position);
                None
            }
        }
    }
}

impl Operator for SmoothedSelector<'_> {
    fn series(&mut self) -> Result<Vec<Meta>, QueryError> {
        if self.grid.count == 0 {
            return Ok(Vec::new());
        }
        let after = self.view(self.shift.apply(self.grid.start)).after;
        let until = self.view(self.shift.apply(self.grid.end())).until;
        let mut reader = Reader::new(self.context, self.selector, (after, until), false)?;
        let metas = reader.metas();
        self.reader = Some(reader);
        let name = |meta: &Meta| meta.labels.get(METRIC_NAME).unwrap_or("").to_string();
        let names: Vec<String> = metas.iter().map(name).collect();
        let bytes = |name: &String| name.len() + size_of::<String>();
        self.context.hold(names.iter().map(bytes).sum(), 0)?;
        self.names = names.into_iter();
        Ok(metas)
    }

    fn next(&mut self, into: &mut Column) -> Result<(), QueryError> {
        into.reset(self.grid.count);
        let reader = self.reader.as_mut().expect("series is called before next");
        self.buffer.fill(reader.read()?, false);
        self.held.set(self.buffer.byte_count(), self.buffer.len())?;
        let name = self.names.next().unwrap_or_default();
        let (mut floats, mut histograms) = (Range::default(), Range::default());
        for step in 0..self.grid.count {
            let time = self.shift.apply(self.grid.at(step));
            let view = self.view(time);
            floats.advance(&self.buffer.times, view);
            histograms.advance(&self.buffer.histogram_times, view);
            if let Some(value) = self.value(time, (&floats, &histograms), &name) {
                into.set(step, value);
            }
        }
        self.context.work(self.grid.count)
    }
}
