//! Maglev hashing (Eisenbud et al. 2016, section 3.4): a table from hashes to endpoints, filled by turns.
//!
//! Each endpoint has its own permutation of the table's slots and takes its next free one when it is its turn; a heavier
//! endpoint has more turns. When endpoints change, most slots are given to the same ones again.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::bound::{Bound, weight_total};
use super::chance::{Chance, mix};
use super::field::{Candidate, Field};
use super::{Chooser, HashOptions, Kind, Policy};
use crate::EndpointId;

/// Slots, a prime: with up to 655 endpoints each has a hundred, and shares are right within 1 %.
const SLOTS: usize = 65_537;

/// A slot that nobody has yet.
const FREE: u16 = u16::MAX;

/// Makes the second hash of a name from the first. Any number would do.
const SKIP_SALT: u64 = 0x6d61_676c_6576_2121;

/// The entry of the list.
pub(super) struct Maglev;

impl Kind for Maglev {
    fn name(&self) -> &'static str {
        "maglev"
    }

    fn about(&self) -> &'static str {
        "The same key goes to the same endpoint by a table of hashes, few keys move when endpoints change; for up to \
         hundreds of endpoints."
    }

    fn policy(&self) -> Policy {
        Policy::Maglev(HashOptions::default())
    }

    fn is_hash(&self) -> bool {
        true
    }
}

/// The table, 128 KiB.
#[derive(Debug)]
pub(super) struct Table {
    options: HashOptions,
    weight_total: f64,
    /// Places of candidates.
    slots: Vec<u16>,
    /// What the table was filled for.
    filled_for: Vec<(EndpointId, f64)>,
}

impl Table {
    /// Starts without candidates.
    pub(super) fn new(options: HashOptions) -> Self {
        Self {
            options,
            weight_total: 0.0,
            slots: Vec::new(),
            filled_for: Vec::new(),
        }
    }
}

impl Chooser for Table {
    fn rebuild(&mut self, candidates: &[Candidate], _: &mut Chance) {
        let wanted: Vec<_> = candidates
            .iter()
            .map(|candidate| (candidate.id, candidate.weight))
            .collect();
        if wanted != self.filled_for {
            self.weight_total = weight_total(candidates);
            self.slots = fill(candidates);
            self.filled_for = wanted;
        }
    }

    fn choose(&mut self, field: &Field<'_>, chance: &mut Chance) -> Option<usize> {
        let key = field.key.unwrap_or_else(|| chance.next_u64());
        let first = (mix(key) % SLOTS as u64) as usize;
        let bound = Bound::new(field, self.options.bound, self.weight_total);
        let walk = self.slots[first..].iter().chain(&self.slots[..first]);
        // A light endpoint may have few slots: whoever walked past so many gives up and takes the least loaded.
        walk.take(64 * field.candidates.len())
            .map(|place| usize::from(*place))
            .find(|place| bound.admits(*place))
            .or_else(|| bound.otherwise(chance))
    }
}

/// An endpoint that takes slots.
struct Taker {
    place: u16,
    offset: usize,
    skip: usize,
    /// How many slots of its permutation it has looked at.
    looked: usize,
    /// Rounds between its turns; 1 for the heaviest.
    pause: f64,
    /// Slots that it has.
    taken: u32,
}

impl Taker {
    fn new(place: usize, candidate: &Candidate, heaviest: f64) -> Self {
        let second = mix(candidate.hash ^ SKIP_SALT);
        Self {
            place: u16::try_from(place).expect("no more candidates than fit are handed in"),
            offset: (candidate.hash % SLOTS as u64) as usize,
            skip: (second % (SLOTS as u64 - 1)) as usize + 1,
            looked: 0,
            pause: heaviest / candidate.weight,
            taken: 0,
        }
    }

    /// Returns the round of its next turn.
    fn turn(&self) -> u64 {
        // The heaviest endpoints have a turn in each round: no rounding may push one to the next.
        (f64::from(self.taken + 1) * self.pause - 1e-9).ceil() as u64
    }

    /// Takes the next free slot of its permutation. There must be one.
    fn take(&mut self, slots: &mut [u16]) {
        loop {
            let slot = (self.offset + self.looked * self.skip) % SLOTS;
            self.looked += 1;
            if slots[slot] == FREE {
                slots[slot] = self.place;
                self.taken += 1;
                return;
            }
        }
    }
}

/// Fills a table. Candidates beyond as many as there are slots would have none, so they are left out.
fn fill(candidates: &[Candidate]) -> Vec<u16> {
    let candidates = &candidates[..candidates.len().min(usize::from(FREE))];
    let weights = candidates.iter().map(|candidate| candidate.weight);
    let heaviest = weights.fold(0.0, f64::max);
    let mut takers: Vec<Taker> = candidates
        .iter()
        .enumerate()
        .map(|(place, candidate)| Taker::new(place, candidate, heaviest))
        .collect();
    // Turns go by name and not by place, so that the table does not depend on the order in a file.
    takers.sort_by_key(|taker| candidates[usize::from(taker.place)].hash);
    // A queue and not round after round over all: with one heavy endpoint among many light ones nearly all would pass.
    let turns = takers.iter().enumerate();
    let mut turns: BinaryHeap<_> = turns
        .map(|(order, taker)| Reverse((taker.turn(), order)))
        .collect();
    let mut slots = vec![FREE; SLOTS];
    for _ in 0..SLOTS {
        let Some(mut next) = turns.peek_mut() else {
            break;
        };
        let Reverse((turn, order)) = &mut *next;
        let taker = &mut takers[*order];
        taker.take(&mut slots);
        *turn = taker.turn();
    }
    slots
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::balance::fixture::Plain;

    fn table(endpoints: &[(u32, u32)]) -> Vec<u32> {
        let plain = Plain::with_ids(Policy::Maglev(HashOptions::default()), endpoints, 1);
        let slots = fill(&plain.candidates);
        let owner = |place: &u16| plain.candidates[usize::from(*place)].id.0;
        slots.iter().map(owner).collect()
    }

    fn moved(before: &[u32], after: &[u32]) -> usize {
        let pairs = before.iter().zip(after);
        pairs.filter(|(before, after)| before != after).count()
    }

    fn count(table: &[u32], id: u32) -> f64 {
        table.iter().filter(|owner| **owner == id).count() as f64
    }

    #[test]
    fn equal_endpoints_have_equal_parts() {
        let endpoints: Vec<(u32, u32)> = (0..100).map(|id| (id, 1)).collect();
        let table = table(&endpoints);
        let counts = (0..100).map(|id| count(&table, id));
        let (least, most) = counts.fold((f64::MAX, 0.0_f64), |(least, most), count| {
            (least.min(count), most.max(count))
        });
        assert!(most / least < 1.01, "{least} to {most}");
    }

    #[test]
    fn does_not_depend_on_the_order_in_a_file() {
        let one = table(&[(1, 3), (2, 1), (3, 2)]);
        assert_eq!(one, table(&[(3, 2), (1, 3), (2, 1)]));
    }

    #[test]
    fn the_table_stays_while_slow_start_goes_on() {
        let mut plain = Plain::new(Policy::Maglev(HashOptions { bound: None }), &[1; 5], 1);
        let before: Vec<_> = (0..1000).map(|key| plain.by_key(key)).collect();
        plain.warm(&[0.1, 1.0, 1.0, 1.0, 1.0]);
        let after: Vec<_> = (0..1000).map(|key| plain.by_key(key)).collect();
        assert_eq!(before, after);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn parts_are_what_weights_say(weights in prop::collection::vec(1..20_u32, 1..20)) {
            let endpoints: Vec<(u32, u32)> = (0..).zip(weights).collect();
            let total: u32 = endpoints.iter().map(|(_, weight)| weight).sum();
            let table = table(&endpoints);
            for (id, weight) in endpoints {
                let wanted = f64::from(weight) / f64::from(total);
                let got = count(&table, id) / SLOTS as f64;
                prop_assert!((got - wanted).abs() < 0.001, "{} of {}", got, wanted);
            }
        }

        /// An endpoint's own slots must move when it leaves, and nothing else should. The paper measures somewhat more; up
        /// to twice as many is what is promised here.
        #[test]
        fn few_slots_move(count in 3..40_u32, left: prop::sample::Index) {
            let all: Vec<(u32, u32)> = (0..count).map(|id| (id, 1)).collect();
            let mut fewer = all.clone();
            fewer.remove(left.index(all.len()));
            let (before, after) = (table(&all), table(&fewer));
            let needed = SLOTS / all.len();
            let moved = moved(&before, &after);
            prop_assert!(moved <= 2 * needed + SLOTS / 100, "{} of {} needed", moved, needed);
        }
    }
}
