//! One after the other.

use super::chance::Chance;
use super::field::{Candidate, Field};
use super::{Chooser, Kind, Policy};

/// The entry of the list.
pub(super) struct RoundRobin;

impl Kind for RoundRobin {
    fn name(&self) -> &'static str {
        "round_robin"
    }

    fn about(&self) -> &'static str {
        "One endpoint after the other, weights ignored."
    }

    fn policy(&self) -> Policy {
        Policy::RoundRobin
    }
}

/// Remembers whose turn it is.
#[derive(Debug, Default)]
pub(super) struct Turn {
    next: usize,
}

impl Chooser for Turn {
    fn rebuild(&mut self, candidates: &[Candidate], chance: &mut Chance) {
        // From anywhere: many gateways that start together must not all begin with the first endpoint.
        self.next = chance.below(candidates.len());
    }

    fn choose(&mut self, field: &Field<'_>, chance: &mut Chance) -> Option<usize> {
        let count = field.candidates.len();
        let mut skipped = None;
        for step in 0..count {
            let place = (self.next + step) % count;
            if !field.is_fresh(place) {
                continue;
            }
            let share = field.candidates[place].share;
            if share >= 1.0 || chance.fraction() < share {
                self.next = place + 1;
                return Some(place);
            }
            skipped.get_or_insert(place);
        }
        // All that are left start slowly: the first of them, as if shares were equal.
        let place = skipped?;
        self.next = place + 1;
        Some(place)
    }
}
