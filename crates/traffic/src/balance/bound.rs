//! Consistent hashing with bounded loads (Mirrokni, Thorup, Zadimoghaddam 2018).

use super::chance::Chance;
use super::field::{Candidate, Field};
use super::least_connections::least_loaded;

/// How many requests in flight each endpoint may have: its weight's part of `factor` times all of them, the next one
/// included, rounded up. The sum of that is more than there are requests, so that one always has room.
#[derive(Clone, Copy)]
pub(super) struct Bound<'a> {
    field: &'a Field<'a>,
    /// For each unit of weight; infinite without a bound.
    per_weight: f64,
}

impl<'a> Bound<'a> {
    /// Looks at the requests that are in flight now; `weight_total` is the sum of the candidates'.
    pub(super) fn new(field: &'a Field<'a>, factor: Option<f64>, weight_total: f64) -> Self {
        let per_weight = match factor {
            Some(factor) => {
                let places = 0..field.candidates.len();
                let running: u64 = places
                    .map(|place| u64::from(field.load(place).in_flight))
                    .sum();
                // A factor below 1 would leave nobody room.
                factor.max(1.0) * (running + 1) as f64 / weight_total
            }
            None => f64::INFINITY,
        };
        Self { field, per_weight }
    }

    /// Says whether a candidate was not tried and has room for one more.
    pub(super) fn admits(&self, place: usize) -> bool {
        let limit = (self.per_weight * self.field.candidates[place].weight).ceil();
        self.field.is_fresh(place) && f64::from(self.field.load(place).in_flight) + 1.0 <= limit
    }

    /// Returns who is chosen when hashing finds nobody with room: those that have it were all tried.
    pub(super) fn otherwise(&self, chance: &mut Chance) -> Option<usize> {
        least_loaded(self.field, chance)
    }
}

/// Returns the sum of the candidates' weights, without slow start.
pub(super) fn weight_total(candidates: &[Candidate]) -> f64 {
    candidates.iter().map(|candidate| candidate.weight).sum()
}
