//! Weighted rendezvous hashing: each endpoint scores each key, and the highest score wins (Thaler and Ravishankar 1998;
//! the logarithmic method of Schindelhauer and Schomaker 2005 for weights).
//!
//! When an endpoint leaves, its keys alone move; when one comes, or a weight grows, keys move to it alone.

use super::bound::{Bound, weight_total};
use super::chance::{Chance, fraction_of, mix};
use super::field::{Candidate, Field};
use super::{Chooser, HashOptions, Kind, Policy};

/// The entry of the list.
pub(super) struct Rendezvous;

impl Kind for Rendezvous {
    fn name(&self) -> &'static str {
        "rendezvous"
    }

    fn about(&self) -> &'static str {
        "The same key goes to the same endpoint, the fewest possible keys move when endpoints change; for up to some \
         dozens of endpoints, because all are scored for each request."
    }

    fn policy(&self) -> Policy {
        Policy::Rendezvous(HashOptions::default())
    }

    fn is_hash(&self) -> bool {
        true
    }
}

/// Scores all.
#[derive(Debug)]
pub(super) struct Scores {
    options: HashOptions,
    weight_total: f64,
}

impl Scores {
    /// Starts without candidates.
    pub(super) fn new(options: HashOptions) -> Self {
        Self {
            options,
            weight_total: 0.0,
        }
    }
}

impl Chooser for Scores {
    fn rebuild(&mut self, candidates: &[Candidate], _: &mut Chance) {
        self.weight_total = weight_total(candidates);
    }

    fn choose(&mut self, field: &Field<'_>, chance: &mut Chance) -> Option<usize> {
        let key = field.key.unwrap_or_else(|| chance.next_u64());
        let bound = Bound::new(field, self.options.bound, self.weight_total);
        let mut best = None;
        let mut highest = f64::NEG_INFINITY;
        for (place, candidate) in field.candidates.iter().enumerate() {
            let score = score(key, candidate);
            if score > highest && bound.admits(place) {
                (best, highest) = (Some(place), score);
            }
        }
        best.or_else(|| bound.otherwise(chance))
    }
}

/// Returns `-weight / ln(u)` for a `u` that is uniform between 0 and 1 over all keys: the highest of several is an
/// endpoint's with the probability of its part of the weights.
fn score(key: u64, candidate: &Candidate) -> f64 {
    let uniform = fraction_of(mix(key ^ candidate.hash.rotate_left(32)));
    // Zero has no logarithm.
    -candidate.weight / uniform.max(f64::MIN_POSITIVE).ln()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::EndpointId;
    use crate::balance::fixture::Plain;

    fn homes(endpoints: &[(u32, u32)]) -> Vec<EndpointId> {
        let policy = Policy::Rendezvous(HashOptions { bound: None });
        let mut plain = Plain::with_ids(policy, endpoints, 1);
        let mut keys = Chance::new(4);
        (0..2000).map(|_| plain.by_key(keys.next_u64())).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn only_the_keys_of_who_leaves_move(
            weights in prop::collection::vec(1..9_u32, 2..12),
            left: prop::sample::Index,
        ) {
            let all: Vec<(u32, u32)> = (0..).zip(weights).collect();
            let mut fewer = all.clone();
            let (gone, _) = fewer.remove(left.index(all.len()));
            for (before, after) in homes(&all).into_iter().zip(homes(&fewer)) {
                prop_assert!(before == after || before == EndpointId(gone));
            }
        }

        #[test]
        fn keys_move_to_a_weight_that_grew_and_nowhere_else(
            weights in prop::collection::vec(1..9_u32, 2..12),
            grown: prop::sample::Index,
        ) {
            let before: Vec<(u32, u32)> = (0..).zip(weights).collect();
            let mut after = before.clone();
            let grown = &mut after[grown.index(before.len())];
            grown.1 += 3;
            let heavier = EndpointId(grown.0);
            for (before, after) in homes(&before).into_iter().zip(homes(&after)) {
                prop_assert!(before == after || after == heavier);
            }
        }
    }
}
