//! What a tier keeps of the samples of a window, and how that of two windows is joined.
//!
//! The result of joining is what one pass over the samples of both gives: no window knows its neighbours, so each can be
//! made again alone when late samples come. The reset-adjusted counter at the end of a window, less that at the end of
//! an earlier one, is the difference of the two last values plus all `resets` between, those at the borders included,
//! which [`FloatRollup::join`] finds.

use std::sync::Arc;

use super::Summary;
use crate::{Histogram, HistogramSum, ResetHint, Timestamp};

/// Sums of whole numbers below this, 2^52, are exact.
const EXACT_MAX: f64 = 4_503_599_627_370_496.0;
/// A whole number of at most 2^51 leaves room for sums.
const WHOLE_MAX: f64 = EXACT_MAX / 2.0;

/// What is kept of floats: all that PromQL's functions of counters and gauges ask for, save quantiles and variances.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FloatRollup {
    /// How many there are, at least 1; NaN counts.
    pub count: u64,
    /// The first one.
    pub first: (Timestamp, f64),
    /// The last one.
    pub last: (Timestamp, f64),
    /// The smallest value; NaN only when there is nothing else.
    pub min: f64,
    /// The largest value; NaN only when there is nothing else.
    pub max: f64,
    /// The sum of all values, compensated.
    pub sum: f64,
    /// The sum of the values before each drop (`value < value before`): what resets add to `last - first`.
    pub resets: f64,
    /// How many drops there are.
    pub drops: u32,
    /// All values are whole numbers of at most 2^51.
    pub is_whole: bool,
}

/// What is kept of native histograms.
#[derive(Clone, Debug, PartialEq)]
pub struct HistogramRollup {
    /// How many there are, at least 1.
    pub count: u64,
    /// The first one, the last one, and those before and after each reset: what the increase of a counter, and the
    /// difference of a gauge, are calculated from as if all were there.
    pub kept: Vec<(Timestamp, Arc<Histogram>)>,
    /// The sum of all, of gauges that can be added.
    pub sum: Option<Arc<Histogram>>,
}

impl FloatRollup {
    /// Takes one sample.
    pub fn of(at: Timestamp, value: f64) -> Self {
        Self {
            count: 1,
            first: (at, value),
            last: (at, value),
            min: value,
            max: value,
            sum: value,
            resets: 0.0,
            drops: 0,
            is_whole: value.abs() <= WHOLE_MAX && value.trunc() == value,
        }
    }

    /// Adds what comes next, in the order of time.
    pub fn join(&mut self, next: &Self) {
        let mut rest = 0.0;
        self.join_with(next, &mut rest);
        self.settle(rest);
    }

    /// As [`join`](Self::join), and leaves what the sum lacks in `rest`; [`settle`](Self::settle) adds it in the end.
    pub fn join_with(&mut self, next: &Self, rest: &mut f64) {
        if next.first.1 < self.last.1 {
            self.resets += self.last.1;
            self.drops = self.drops.saturating_add(1);
        }
        self.resets += next.resets;
        self.drops = self.drops.saturating_add(next.drops);
        self.count += next.count;
        self.last = next.last;
        // Of equal ones the first stays.
        if next.min < self.min || self.min.is_nan() {
            self.min = next.min;
        }
        if next.max > self.max || self.max.is_nan() {
            self.max = next.max;
        }
        self.is_whole &= next.is_whole;
        let total = self.sum + next.sum;
        if total.is_finite() {
            *rest += match self.sum.abs() >= next.sum.abs() {
                true => (self.sum - total) + next.sum,
                false => (next.sum - total) + self.sum,
            };
        }
        self.sum = total;
    }

    /// Adds to the sum what it lacks.
    pub fn settle(&mut self, rest: f64) {
        if self.sum.is_finite() {
            self.sum += rest;
        }
    }

    /// Returns the summary; what is rounded is in it, too.
    pub fn summary(&self) -> Summary {
        Summary {
            count: self.count,
            first: self.first,
            last: self.last,
            min: self.min,
            max: self.max,
            sum: Some(self.sum),
            resets: Some(self.resets),
        }
    }

    /// Returns the summary with nothing in it that a walk over the samples might give otherwise by a bit.
    pub fn exact_summary(&self) -> Summary {
        let magnitude = self.count as f64 * self.min.abs().max(self.max.abs());
        let is_sum_exact = self.is_whole && magnitude <= EXACT_MAX;
        let are_resets_exact = self.drops <= 1 || (self.is_whole && self.resets.abs() <= EXACT_MAX);
        Summary {
            // 0 is never -0.
            sum: is_sum_exact.then_some(self.sum + 0.0),
            resets: are_resets_exact.then_some(self.resets),
            ..self.summary()
        }
    }
}

impl HistogramRollup {
    /// Takes histograms in the order of time, none of them a staleness marker; `None` when there is none.
    pub fn of(histograms: Vec<(Timestamp, Arc<Histogram>)>) -> Option<Self> {
        let (_, first) = histograms.first()?;
        let is_gauge = |h: &Histogram| h.reset_hint == ResetHint::Gauge;
        let sum = histograms.iter().any(|(_, h)| is_gauge(h)).then(|| {
            let mut sum = HistogramSum::new(first);
            let mut rest = histograms[1..].iter();
            let all = rest.try_for_each(|(_, next)| sum.add(next).map(drop));
            all.is_ok().then(|| Arc::new(sum.value()))
        });
        Some(Self {
            count: histograms.len() as u64,
            sum: sum.flatten(),
            kept: thinned(histograms),
        })
    }

    /// Adds what comes next, in the order of time.
    pub fn join(&mut self, next: &Self) {
        self.count += next.count;
        self.sum = match (&self.sum, &next.sum) {
            (Some(sum), Some(next)) => {
                let mut sum = HistogramSum::new(sum);
                let added = sum.add(next);
                added.is_ok().then(|| Arc::new(sum.value()))
            }
            _ => None,
        };
        let mut kept = std::mem::take(&mut self.kept);
        kept.extend_from_slice(&next.kept);
        self.kept = thinned(kept);
    }

    /// Returns an estimate of the bytes that it holds.
    pub fn byte_count(&self) -> usize {
        let kept: usize = self.kept.iter().map(|(_, h)| h.byte_count() + 16).sum();
        size_of::<Self>() + kept + self.sum.as_ref().map_or(0, |h| h.byte_count())
    }
}

/// Leaves the first, the last, and both sides of each reset.
fn thinned(all: Vec<(Timestamp, Arc<Histogram>)>) -> Vec<(Timestamp, Arc<Histogram>)> {
    let last = all.len().saturating_sub(1);
    let is_reset = |index: usize| {
        let (before, after) = (&all[index - 1].1, &all[index].1);
        after.reset_hint == ResetHint::Reset || after.fell_after(before)
    };
    let resets: Vec<bool> = (0..all.len())
        .map(|index| index > 0 && is_reset(index))
        .collect();
    let stays = |index: usize| {
        index == 0 || index == last || resets[index] || resets.get(index + 1) == Some(&true)
    };
    let kept = all
        .into_iter()
        .enumerate()
        .filter(|(index, _)| stays(*index));
    kept.map(|(_, sample)| sample).collect()
}
