//! Smooth weighted round robin, nginx' algorithm: weights 5, 1, 1 give `aabacaa` and not `aaaaabc`.

use super::chance::Chance;
use super::field::{Candidate, Field};
use super::{Chooser, Kind, Policy};
use crate::EndpointId;

/// The entry of the list.
pub(super) struct Weighted;

impl Kind for Weighted {
    fn name(&self) -> &'static str {
        "weighted"
    }

    fn about(&self) -> &'static str {
        "Smooth weighted round robin: exact shares, spread evenly over time."
    }

    fn policy(&self) -> Policy {
        Policy::Weighted
    }
}

/// What each endpoint is owed. Each choice adds its weight to all, and takes all weights from the one that is owed most.
#[derive(Debug, Default)]
pub(super) struct Smooth {
    /// By place, which is by id.
    owed: Vec<(EndpointId, f64)>,
}

impl Chooser for Smooth {
    fn rebuild(&mut self, candidates: &[Candidate], chance: &mut Chance) {
        let before = std::mem::take(&mut self.owed);
        let is_first = before.is_empty();
        self.owed = candidates
            .iter()
            .map(|candidate| {
                let known = before.binary_search_by_key(&candidate.id, |(id, _)| *id);
                let owed = match known {
                    Ok(place) => before[place].1,
                    // Many gateways that start together must not all begin with the same endpoint; less than the
                    // lightest difference of whole weights, so that it decides ties alone.
                    Err(_) if is_first => chance.fraction() * 0.5,
                    Err(_) => 0.0,
                };
                (candidate.id, owed)
            })
            .collect();
    }

    fn choose(&mut self, field: &Field<'_>, _: &mut Chance) -> Option<usize> {
        let mut total = 0.0;
        let mut best: Option<(usize, f64)> = None;
        for (place, candidate) in field.candidates.iter().enumerate() {
            if !field.is_fresh(place) {
                continue;
            }
            let weight = candidate.effective_weight();
            total += weight;
            let owed = &mut self.owed[place].1;
            *owed += weight;
            if best.is_none_or(|(_, most)| *owed > most) {
                best = Some((place, *owed));
            }
        }
        let (place, _) = best?;
        self.owed[place].1 -= total;
        Some(place)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::balance::fixture::Plain;

    /// Weights 5, 1, 1 as in nginx' commit that brought the algorithm. Which of the light ones is first is up to chance.
    #[test]
    fn spreads_a_heavy_one() {
        let mut plain = Plain::new(Policy::Weighted, &[5, 1, 1], 1);
        let letters = |place| ["a", "x", "x"][place];
        let sequence: String = (0..14).map(|_| letters(plain.next())).collect();
        assert_eq!(sequence, "aaxaxaaaaxaxaa");
    }

    #[test]
    fn keeps_what_is_owed_when_others_come_and_go() {
        let mut chance = Chance::new(3);
        let mut smooth = Smooth::default();
        let candidate = |id, weight| Candidate {
            id: EndpointId(id),
            index: 0,
            hash: 0,
            weight,
            share: 1.0,
        };
        smooth.rebuild(&[candidate(1, 1.0), candidate(4, 1.0)], &mut chance);
        smooth.owed[1].1 = 0.75;
        smooth.rebuild(&[candidate(2, 1.0), candidate(4, 3.0)], &mut chance);
        assert_eq!(smooth.owed, [(EndpointId(2), 0.0), (EndpointId(4), 0.75)]);
    }

    proptest! {
        /// Exact after each period of as many requests as the weights' sum, and never a whole request ahead of its share
        /// before: whoever is chosen is owed something.
        #[test]
        fn shares_are_exact_and_smooth(
            weights in prop::collection::vec(1..20_u32, 1..12),
            seed: u64,
        ) {
            let sum: u32 = weights.iter().sum();
            let mut plain = Plain::new(Policy::Weighted, &weights, seed);
            let mut counts = vec![0_u32; weights.len()];
            for asked in 1..=3 * sum {
                counts[plain.next()] += 1;
                for (count, weight) in counts.iter().zip(&weights) {
                    let share = f64::from(asked) * f64::from(*weight) / f64::from(sum);
                    prop_assert!(f64::from(*count) < share + 1.0 + 0.5 / f64::from(sum));
                }
                if asked % sum == 0 {
                    let wanted: Vec<u32> =
                        weights.iter().map(|weight| weight * (asked / sum)).collect();
                    prop_assert_eq!(&counts, &wanted);
                }
            }
        }
    }
}
