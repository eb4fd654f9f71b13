//! A limit that is moved once per window of answers, by how their latency compares with the baseline.

use std::fmt;

use super::baseline::Baseline;
use super::window::{Summary, Window};
use super::{Answer, Bounds, Law};

/// What a window in which more than a tenth was dropped makes of the limit, whatever the others took.
const DECREASE: f64 = 0.9;
/// After so many windows in a row that shrank the limit as much as can be, the baseline is the suspect. Envoy measures
/// again after 5 at its minimum.
const SUSPICIOUS: u32 = 5;

/// How the limit follows latency.
pub(super) trait Rule: fmt::Debug + Send {
    /// Returns the limit after a window in which answers took `latency`, and `baseline` without a queue; both in seconds
    /// and more than zero.
    fn next(&self, limit: f64, latency: f64, baseline: f64) -> Step;
}

/// What a rule says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Step {
    pub(super) limit: f64,
    /// Whether latency is so high that the limit cannot be the only cause for long.
    pub(super) is_steep: bool,
}

/// A limit that a rule moves.
#[derive(Debug)]
pub(super) struct Windowed<R> {
    rule: R,
    bounds: Bounds,
    limit: f64,
    window: Window,
    baseline: Baseline,
    /// Windows in a row whose step was steep.
    steep: u32,
}

impl<R: Rule> Windowed<R> {
    pub(super) fn new(rule: R, bounds: Bounds, seed: u64) -> Self {
        Self {
            rule,
            limit: bounds.clamp(f64::from(bounds.initial)),
            bounds,
            window: Window::default(),
            baseline: Baseline::new(seed),
            steep: 0,
        }
    }

    fn let_in(&self) -> f64 {
        self.bounds.clamp(self.baseline.let_in(self.limit))
    }

    fn follow(&mut self, summary: Summary, answer: &Answer) {
        if summary.is_overload {
            self.limit = self.bounds.clamp(self.limit * DECREASE);
        }
        let Some(latency) = summary.latency else {
            return;
        };
        let binds = summary.is_overload || f64::from(summary.peak) * 2.0 >= self.limit;
        if binds && !summary.is_overload && !self.baseline.is_doubtful(latency) {
            let baseline = self.baseline.seconds().unwrap_or(latency);
            let step = self.rule.next(self.limit, latency, baseline);
            self.limit = self.bounds.clamp(step.limit);
            self.steep = if step.is_steep { self.steep + 1 } else { 0 };
        }
        self.baseline.learn(latency, binds, answer.now);
        if self.steep >= SUSPICIOUS {
            self.steep = 0;
            self.baseline.distrust(latency, answer.now);
        }
    }
}

impl<R: Rule> Law for Windowed<R> {
    fn answered(&mut self, answer: &Answer) {
        if self.baseline.is_measuring() {
            let let_in = self.let_in();
            if self.baseline.answered(answer, let_in) {
                self.window.restart(answer.now);
            }
            return;
        }
        if let Some(summary) = self.window.add(answer, self.baseline.seconds()) {
            self.follow(summary, answer);
        }
    }

    fn limit(&self) -> u32 {
        self.let_in() as u32
    }

    fn is_measuring(&self) -> bool {
        self.baseline.is_measuring()
    }
}
