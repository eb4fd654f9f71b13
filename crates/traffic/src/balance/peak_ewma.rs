//! The least expected wait: a peak-sensitive average of latency times the requests in flight (Finagle, linkerd).

use super::chance::Chance;
use super::field::{Candidate, Field};
use super::two_choices::Draws;
use super::{Chooser, EwmaOptions, Kind, Policy};

/// The entry of the list.
pub(super) struct PeakEwma;

impl Kind for PeakEwma {
    fn name(&self) -> &'static str {
        "peak_ewma"
    }

    fn about(&self) -> &'static str {
        "The least expected wait, of two that chance chose: a peak-sensitive moving average of latency times requests in \
         flight; a failed attempt counts as a slow one."
    }

    fn policy(&self) -> Policy {
        Policy::PeakEwma(EwmaOptions::default())
    }
}

/// Draws two and compares what they cost.
#[derive(Debug)]
pub(super) struct Waits {
    options: EwmaOptions,
    draws: Draws,
}

impl Waits {
    /// Starts without candidates.
    pub(super) fn new(options: EwmaOptions) -> Self {
        Self {
            options,
            draws: Draws::default(),
        }
    }

    /// Returns the wait to expect: as long as the average once more than requests are in flight, where a heavy endpoint's
    /// count for less.
    fn cost(&self, field: &Field<'_>, place: usize) -> f64 {
        let latency = field.load(place).ewma.seconds(&self.options, field.now);
        latency * self.draws.crowd(field, place)
    }
}

impl Chooser for Waits {
    fn rebuild(&mut self, candidates: &[Candidate], _: &mut Chance) {
        self.draws.rebuild(candidates);
    }

    fn choose(&mut self, field: &Field<'_>, chance: &mut Chance) -> Option<usize> {
        self.draws
            .cheaper(field, chance, |place| self.cost(field, place))
    }
}
