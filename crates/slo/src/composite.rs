//! Promises about several others: a journey through services is as good as its steps together.
//!
//! Each component has a share of bad units in a window, by its own method. The composite's share is made of these:
//!
//! | kind | share of bad |
//! |---|---|
//! | weighted | sum of weight x share, divided by the sum of weights |
//! | worst of | the largest share |
//! | series | 1 - product of (1 - share): all must work |
//!
//! A component without data in the window is left out ([`NoData::Ignore`]), counts as wholly bad ([`NoData::Bad`]), or
//! leaves the composite without data, so that its state and alerts stay as they are ([`NoData::Freeze`]).
//!
//! Shares are no counts: there is no number of journeys. What judges counts, such as the gate against thin evidence, gets
//! as many events as make the share as uncertain as it is ([`Figure::events`]).

mod budget;
#[cfg(test)]
mod tests;

use std::time::Duration;

use plimsoll_types::Timestamp;

use crate::{AlertPolicy, Basis, Component, CompositeKind, Counts, History, NoData};

pub use budget::{CompositeBudget, PartBudget};

/// A composite with the histories of its components.
pub struct Composed<'a> {
    kind: CompositeKind,
    parts: Vec<(&'a Component, Source<'a>)>,
}

/// Where a component's share comes from.
#[derive(Clone, Copy)]
pub enum Source<'a> {
    /// Counts, in units of the component's method.
    History(&'a dyn History),
    /// Another composite.
    Composite(&'a Composed<'a>),
}

/// What something measured is in a window.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Figure {
    /// The share of bad units, from 0 to 1.
    pub share: f64,
    /// How many events would make the share as uncertain as it is: of counts, the valid units. Of a composite whose bad
    /// events are five of ten in one component, ten for this one, however many good ones the others had.
    pub events: f64,
    /// Base slices in which something was measured; of a composite, of the component where it was the least.
    pub covered: i64,
}

impl Source<'_> {
    fn figure(&self, from: Timestamp, to: Timestamp) -> Option<Figure> {
        match self {
            Self::Composite(composed) => composed.figure(from, to),
            Self::History(history) => of_counts(history.between(from, to)),
        }
    }

    fn since(&self) -> Option<Timestamp> {
        match self {
            Self::Composite(composed) => composed.since(),
            Self::History(history) => history.since(),
        }
    }
}

impl<'a> Composed<'a> {
    /// Puts a composite together.
    pub fn new(kind: CompositeKind, parts: Vec<(&'a Component, Source<'a>)>) -> Self {
        Self { kind, parts }
    }

    /// Returns what it is in `[from, to)`; `None` without data.
    pub fn figure(&self, from: Timestamp, to: Timestamp) -> Option<Figure> {
        let mut known = Vec::with_capacity(self.parts.len());
        for (component, source) in &self.parts {
            match (source.figure(from, to), component.no_data) {
                (Some(figure), _) => known.push((component.weight, figure)),
                (None, NoData::Ignore) => {}
                (None, NoData::Bad) => known.push((component.weight, BAD)),
                (None, NoData::Freeze) => return None,
            }
        }
        combine(self.kind, &known)
    }

    /// Returns the figure of each component, in order.
    fn figures(&self, from: Timestamp, to: Timestamp) -> Vec<Option<Figure>> {
        let sources = self.parts.iter().map(|(_, source)| source);
        sources.map(|source| source.figure(from, to)).collect()
    }
}

/// As counts: so many events, and their share of bad ones. They are for burn rates and their evidence, which ask for
/// windows; windows do not add up.
impl History for Composed<'_> {
    fn between(&self, from: Timestamp, to: Timestamp) -> Counts {
        let Some(figure) = self.figure(from, to) else {
            return Counts::ZERO;
        };
        let all = figure.events.round();
        let bad = (figure.share * all).round();
        Counts {
            good: (all - bad) as i64,
            bad: bad as i64,
            excluded: 0,
            covered: figure.covered,
        }
    }

    fn since(&self) -> Option<Timestamp> {
        self.parts
            .iter()
            .filter_map(|(_, source)| source.since())
            .min()
    }

    fn walk(
        &self,
        from: Timestamp,
        to: Timestamp,
        length: Duration,
        visit: &mut dyn FnMut(Timestamp, Counts),
    ) {
        let mut begin = crate::method::first_slice(from, length);
        while begin < to {
            let end = begin + length;
            visit(begin, self.between(begin, end));
            begin = end;
        }
    }
}

/// Returns the alert policy of a composite as it can be judged: burn rates against the windows' own shares
/// ([`Basis::Traffic`]). A composite has no traffic of its own, so none that a budget could be spread over.
#[must_use]
pub fn judgeable(mut policy: AlertPolicy) -> AlertPolicy {
    for rule in &mut policy.rules {
        rule.basis = Basis::Traffic;
    }
    policy
}

/// What a component without data is that counts as bad. Nothing was measured, so it is no evidence of many events.
const BAD: Figure = Figure {
    share: 1.0,
    events: 1.0,
    covered: 0,
};

fn of_counts(counts: Counts) -> Option<Figure> {
    let bad = counts.bad.max(0);
    let valid = counts.valid().max(bad);
    if valid == 0 {
        // Measured, and nobody asked anything: nothing was bad.
        let quiet = Figure {
            share: 0.0,
            events: 0.0,
            covered: counts.covered,
        };
        return (counts.covered > 0).then_some(quiet);
    }
    Some(Figure {
        share: bad as f64 / valid as f64,
        events: valid as f64,
        covered: counts.covered,
    })
}

fn combine(kind: CompositeKind, parts: &[(f64, Figure)]) -> Option<Figure> {
    let covered = parts.iter().map(|(_, figure)| figure.covered).min()?;
    let (share, slopes) = match kind {
        CompositeKind::Weighted => weighted(parts),
        CompositeKind::WorstOf => worst(parts),
        CompositeKind::Series => series(parts),
    };
    Some(Figure {
        share,
        events: events(share, parts, &slopes),
        covered,
    })
}

/// Each kind returns its share, and by how much it grows with the share of each part.
type Shares = (f64, Vec<f64>);

fn weighted(parts: &[(f64, Figure)]) -> Shares {
    let total: f64 = parts.iter().map(|(weight, _)| weight).sum();
    let slopes: Vec<f64> = parts.iter().map(|(weight, _)| weight / total).collect();
    let shares = parts
        .iter()
        .zip(&slopes)
        .map(|((_, part), slope)| part.share * slope);
    (shares.sum::<f64>().clamp(0.0, 1.0), slopes)
}

fn worst(parts: &[(f64, Figure)]) -> Shares {
    let mut at = 0;
    for (place, (_, part)) in parts.iter().enumerate() {
        if part.share > parts[at].1.share {
            at = place;
        }
    }
    let slopes = (0..parts.len()).map(|place| f64::from(u8::from(place == at)));
    (parts[at].1.share, slopes.collect())
}

fn series(parts: &[(f64, Figure)]) -> Shares {
    let product_without = |left_out: Option<usize>| -> f64 {
        let others = parts
            .iter()
            .enumerate()
            .filter(|(place, _)| Some(*place) != left_out);
        others.map(|(_, (_, part))| 1.0 - part.share).product()
    };
    let slopes = (0..parts.len()).map(|place| product_without(Some(place)));
    (1.0 - product_without(None), slopes.collect())
}

/// Of `n` events, a small share varies with share / n. Of several parts the variances add up, each with its slope squared;
/// the answer is the `n` that gives the same.
fn events(share: f64, parts: &[(f64, Figure)], slopes: &[f64]) -> f64 {
    let asked = parts
        .iter()
        .zip(slopes)
        .filter(|((_, part), _)| part.events > 0.0);
    let variance: f64 = asked
        .map(|((_, part), slope)| slope * slope * part.share / part.events)
        .sum();
    match variance > 0.0 {
        true => share / variance,
        false => parts.iter().map(|(_, part)| part.events).sum(),
    }
}
