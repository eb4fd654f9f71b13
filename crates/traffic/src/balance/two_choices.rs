//! The power of two choices (Mitzenmacher 2001): nearly as even as looking at all, and no herd runs to the one that
//! looked best to everybody.

use super::chance::Chance;
use super::field::{Candidate, Field};
use super::sampler::Sampler;
use super::{Chooser, Kind, Policy};

/// The entry of the list.
pub(super) struct TwoChoices;

impl Kind for TwoChoices {
    fn name(&self) -> &'static str {
        "two_choices"
    }

    fn about(&self) -> &'static str {
        "The one with fewer requests in flight for its weight, of two that chance chose."
    }

    fn policy(&self) -> Policy {
        Policy::TwoChoices
    }
}

/// Whoever costs more than so many times what another one costs is far worse, and is not taken because chance drew it
/// twice. A hundred milliseconds beside ten are, a hundred beside fifty are not.
const FAR: f64 = 4.0;

/// How often another one is looked for then. The worst of two is reached once in 128 times, of three once in 2,187.
const MORE_DRAWS: usize = 5;

/// Draws two and compares what is in flight.
#[derive(Debug, Default)]
pub(super) struct TwoDraws {
    draws: Draws,
}

impl Chooser for TwoDraws {
    fn rebuild(&mut self, candidates: &[Candidate], _: &mut Chance) {
        self.draws.rebuild(candidates);
    }

    fn choose(&mut self, field: &Field<'_>, chance: &mut Chance) -> Option<usize> {
        self.draws
            .cheaper(field, chance, |place| self.draws.crowd(field, place))
    }
}

/// Draws places of candidates by weight, and knows how much weight is usual.
#[derive(Debug, Default)]
pub(super) struct Draws {
    sampler: Sampler,
    weight_mean: f64,
}

impl Draws {
    /// Takes over the weights that count now.
    pub(super) fn rebuild(&mut self, candidates: &[Candidate]) {
        self.sampler.rebuild(candidates);
        let total: f64 = candidates.iter().map(Candidate::effective_weight).sum();
        self.weight_mean = total / candidates.len() as f64;
    }

    /// Returns the requests that a candidate would have with one more, where a heavy one's count for less: 1 while it is
    /// idle, whatever its weight, or the heavier one of a pair would always win.
    pub(super) fn crowd(&self, field: &Field<'_>, place: usize) -> f64 {
        field.relative_load(place) * self.weight_mean + 1.0
    }

    /// Draws two by weight, with replacement, and returns the one that costs less; the first one when they cost the same.
    ///
    /// With replacement, so that weights hold and the worse one is not out of reach. But of three endpoints each is drawn
    /// twice once in nine times, and one that hangs must not get a ninth of all requests: when another one is far better
    /// it is taken after all.
    pub(super) fn cheaper(
        &self,
        field: &Field<'_>,
        chance: &mut Chance,
        cost: impl Fn(usize) -> f64,
    ) -> Option<usize> {
        let first = self.sampler.draw_fresh(field, chance)?;
        let second = self.sampler.draw_fresh(field, chance)?;
        if first != second {
            let is_cheaper = cost(second) < cost(first);
            return Some(if is_cheaper { second } else { first });
        }
        for _ in 0..MORE_DRAWS {
            let other = self.sampler.draw_fresh(field, chance)?;
            if other != first {
                let is_far_better = cost(first) > FAR * cost(other);
                return Some(if is_far_better { other } else { first });
            }
        }
        Some(first)
    }
}
