//! Histories as they are with corrections.

use std::time::Duration;

use plimsoll_types::Timestamp;

use super::Spans;
use crate::{Counts, History};

/// A history with corrections applied; the history itself stays as it is.
///
/// Complexity: one difference of the history for each stretch of time in the window that is corrected.
#[derive(Clone, Copy)]
pub struct Corrected<'a> {
    history: &'a dyn History,
    spans: &'a Spans,
}

impl<'a> Corrected<'a> {
    /// Applies stretches to a history. They must know all times that are going to be asked for.
    pub fn new(history: &'a dyn History, spans: &'a Spans) -> Self {
        Self { history, spans }
    }

    /// Returns what the corrections change.
    fn changes(&self, from: Timestamp, to: Timestamp) -> Counts {
        let spans = self.spans.within(from, to);
        spans
            .map(|(from, to, kind)| {
                let counts = self.history.between(from, to);
                kind.apply(counts) - counts
            })
            .sum()
    }
}

impl History for Corrected<'_> {
    fn between(&self, from: Timestamp, to: Timestamp) -> Counts {
        let counts = self.history.between(from, to);
        match self.spans.is_empty() {
            true => counts,
            false => counts + self.changes(from, to),
        }
    }

    fn since(&self) -> Option<Timestamp> {
        self.history.since()
    }

    fn walk(
        &self,
        from: Timestamp,
        to: Timestamp,
        length: Duration,
        visit: &mut dyn FnMut(Timestamp, Counts),
    ) {
        self.history.walk(from, to, length, &mut |begin, counts| {
            visit(begin, counts + self.changes(begin, begin + length));
        });
    }
}

/// Several histories as one: what a whole is of its groups.
#[derive(Clone, Default)]
pub struct Sum<'a> {
    parts: Vec<&'a dyn History>,
}

impl<'a> Sum<'a> {
    /// Adds histories up.
    pub fn new(parts: Vec<&'a dyn History>) -> Self {
        Self { parts }
    }
}

impl History for Sum<'_> {
    /// Measured time is that of the part of which most was measured.
    fn between(&self, from: Timestamp, to: Timestamp) -> Counts {
        let all = self.parts.iter().map(|part| part.between(from, to));
        all.fold(Counts::ZERO, add)
    }

    fn since(&self) -> Option<Timestamp> {
        self.parts.iter().filter_map(|part| part.since()).min()
    }

    fn walk(
        &self,
        from: Timestamp,
        to: Timestamp,
        length: Duration,
        visit: &mut dyn FnMut(Timestamp, Counts),
    ) {
        let Some((first, others)) = self.parts.split_first() else {
            return;
        };
        first.walk(from, to, length, &mut |begin, counts| {
            let end = begin + length;
            let others = others.iter().map(|part| part.between(begin, end));
            visit(begin, others.fold(counts, add));
        });
    }
}

fn add(left: Counts, right: Counts) -> Counts {
    Counts {
        covered: left.covered.max(right.covered),
        ..left + right
    }
}
