//! The fewest requests in flight.

use super::chance::Chance;
use super::field::{Candidate, Field};
use super::{Chooser, Kind, Policy};

/// The entry of the list.
pub(super) struct LeastConnections;

impl Kind for LeastConnections {
    fn name(&self) -> &'static str {
        "least_connections"
    }

    fn about(&self) -> &'static str {
        "The fewest requests in flight for its weight, of all endpoints; ties by chance and weight."
    }

    fn policy(&self) -> Policy {
        Policy::LeastConnections
    }
}

/// Looks at all.
#[derive(Debug)]
pub(super) struct Least;

impl Chooser for Least {
    fn rebuild(&mut self, _: &[Candidate], _: &mut Chance) {}

    fn choose(&mut self, field: &Field<'_>, chance: &mut Chance) -> Option<usize> {
        least_loaded(field, chance)
    }
}

/// Returns who has the fewest requests in flight for its weight among those that were not tried. Ties are decided by
/// chance and weight, so that shares are right even when requests never overlap.
pub(super) fn least_loaded(field: &Field<'_>, chance: &mut Chance) -> Option<usize> {
    let mut best = None;
    let mut least = f64::INFINITY;
    let mut tied = 0.0;
    for place in field.fresh() {
        let load = field.relative_load(place);
        let weight = field.candidates[place].effective_weight();
        if load < least {
            (best, least, tied) = (Some(place), load, weight);
        } else if load == least {
            tied += weight;
            // Each of those that tie ends up chosen with its weight's part of their sum (reservoir sampling).
            if chance.fraction() * tied < weight {
                best = Some(place);
            }
        }
    }
    best
}
