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

/// Draws two.
#[derive(Debug, Default)]
pub(super) struct TwoDraws {
    sampler: Sampler,
}

impl Chooser for TwoDraws {
    fn rebuild(&mut self, candidates: &[Candidate], _: &mut Chance) {
        self.sampler.rebuild(candidates);
    }

    fn choose(&mut self, field: &Field<'_>, chance: &mut Chance) -> Option<usize> {
        cheaper_of_two(&self.sampler, field, chance, |place| {
            field.relative_load(place)
        })
    }
}

/// Draws two by weight, with replacement, and returns the one that costs less; the first one when they cost the same.
///
/// With replacement, so that the worst endpoint is drawn twice now and then and is never out of reach. What it costs must
/// not count its weight again while it is idle, or the heavier one of a pair always wins.
pub(super) fn cheaper_of_two(
    sampler: &Sampler,
    field: &Field<'_>,
    chance: &mut Chance,
    cost: impl Fn(usize) -> f64,
) -> Option<usize> {
    let first = sampler.draw_fresh(field, chance)?;
    let second = sampler.draw_fresh(field, chance)?;
    if first != second && cost(second) < cost(first) {
        Some(second)
    } else {
        Some(first)
    }
}
