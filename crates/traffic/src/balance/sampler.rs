//! Chance by weight.

use super::chance::Chance;
use super::field::{Candidate, Field};

/// How often an endpoint that was tried may come up before the rest is searched in order.
const TRIES: usize = 4;

/// Draws places of candidates by weight: by index while weights are equal, else by binary search in their sums.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sampler {
    len: usize,
    /// Sums of weights up to each place; empty while they are equal.
    sums: Vec<f64>,
}

impl Sampler {
    /// Takes over the weights that count now.
    pub(crate) fn rebuild(&mut self, candidates: &[Candidate]) {
        self.len = candidates.len();
        self.sums.clear();
        let first = candidates.first().map(Candidate::effective_weight);
        let is_equal = |candidate: &Candidate| Some(candidate.effective_weight()) == first;
        if candidates.iter().all(is_equal) {
            return;
        }
        self.sums
            .extend(candidates.iter().scan(0.0, |sum, candidate| {
                *sum += candidate.effective_weight();
                Some(*sum)
            }));
    }

    /// Draws a place, whether it was tried or not. There must be one.
    pub(crate) fn draw(&self, chance: &mut Chance) -> usize {
        let Some(total) = self.sums.last() else {
            return chance.below(self.len);
        };
        let drawn = chance.fraction() * total;
        let place = self.sums.partition_point(|sum| *sum <= drawn);
        place.min(self.len - 1)
    }

    /// Draws a place that was not tried; `None` when all were.
    pub(crate) fn draw_fresh(&self, field: &Field<'_>, chance: &mut Chance) -> Option<usize> {
        for _ in 0..TRIES {
            let place = self.draw(chance);
            if field.is_fresh(place) {
                return Some(place);
            }
        }
        let total: f64 = field.fresh().map(|place| weight(field, place)).sum();
        let mut left = chance.fraction() * total;
        let mut last = None;
        for place in field.fresh() {
            last = Some(place);
            left -= weight(field, place);
            if left < 0.0 {
                break;
            }
        }
        last
    }
}

fn weight(field: &Field<'_>, place: usize) -> f64 {
    field.candidates[place].effective_weight()
}
