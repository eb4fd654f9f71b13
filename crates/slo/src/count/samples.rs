//! The samples that a series keeps, packed: there are some thirty of each of a hundred thousand series, and all but the
//! last are looked at only when something comes late.
//!
//! ```text
//! +--------+-----------------+----------------+------------------------+-----------------+
//! | what   | change of value | change of step | change of how far the  | change of start |
//! | follows| zigzag          | zigzag, if any | guard lies above value | zigzag, if any  |
//! | 1 byte |                 |                | zigzag, if any         |                 |
//! +--------+-----------------+----------------+------------------------+-----------------+
//! ```
//!
//! A counter that is scraped at even times takes three bytes for each sample.

use super::reading::Kept;
use crate::ledger::{Bytes, write_zigzag};

/// Bytes that are added at once: in small steps, because every series has these.
const ROOM: usize = 16;

const HAS_STEP: u8 = 1;
const HAS_GUARD: u8 = 2;
const HAS_START: u8 = 4;

/// Samples, ascending in time.
#[derive(Clone, Debug, Default)]
pub(super) struct Samples {
    bytes: Vec<u8>,
    count: u32,
    end: At,
}

/// A place between two samples: what the next one is told by.
#[derive(Clone, Copy, Debug, Default)]
struct At {
    /// The sample before it; nothing but zeros at the begin.
    last: Kept,
    /// How long after its own predecessor that came, in milliseconds.
    step: i64,
}

impl Samples {
    /// Returns the last one.
    pub(super) fn last(&self) -> Option<Kept> {
        (self.count > 0).then_some(self.end.last)
    }

    /// Walks them.
    pub(super) fn iter(&self) -> impl Iterator<Item = Kept> + '_ {
        let (mut bytes, mut at) = (Bytes(&self.bytes), At::default());
        (0..self.count).map(move |_| at.read(&mut bytes).expect("they were written here"))
    }

    /// Adds one that is later than all others.
    pub(super) fn push(&mut self, sample: Kept) {
        if self.bytes.capacity() - self.bytes.len() < ROOM / 2 {
            self.bytes.reserve_exact(ROOM);
        }
        self.end.write(sample, &mut self.bytes);
        self.count += 1;
    }

    /// Puts others in their place.
    pub(super) fn replace(&mut self, samples: &[Kept]) {
        self.bytes.clear();
        (self.count, self.end) = (0, At::default());
        samples.iter().for_each(|sample| self.push(*sample));
    }

    /// Forgets those before `horizon` but for the last of them; in bunches, because all others are written again.
    pub(super) fn forget(&mut self, horizon: i64) {
        const BUNCH: usize = 4;
        if self.count as usize <= BUNCH {
            return;
        }
        let is_old = |kept: &Kept| kept.time < horizon;
        if self.iter().nth(BUNCH).is_some_and(|kept| is_old(&kept)) {
            let all: Vec<Kept> = self.iter().collect();
            let old = all.partition_point(is_old);
            self.replace(&all[old - 1..]);
            self.bytes.shrink_to(self.bytes.len() + 2 * ROOM);
        }
    }

    pub(super) fn byte_count(&self) -> usize {
        self.bytes.capacity()
    }
}

impl At {
    fn write(&mut self, sample: Kept, into: &mut Vec<u8>) {
        let before = self.last;
        let step = sample.time.wrapping_sub(before.time);
        let guard = lead(&sample).wrapping_sub(lead(&before));
        let optional = [
            (HAS_STEP, step.wrapping_sub(self.step)),
            (HAS_GUARD, guard),
            (HAS_START, sample.start.wrapping_sub(before.start)),
        ];
        let has = optional.iter().filter(|(_, change)| *change != 0);
        into.push(has.fold(0, |what, (bit, _)| what | bit));
        write_zigzag(into, sample.value.wrapping_sub(before.value));
        for (_, change) in optional.into_iter().filter(|(_, change)| *change != 0) {
            write_zigzag(into, change);
        }
        *self = Self { last: sample, step };
    }

    fn read(&mut self, bytes: &mut Bytes<'_>) -> Option<Kept> {
        let before = self.last;
        let what = bytes.byte()?;
        let value = before.value.wrapping_add(bytes.zigzag()?);
        let mut change = |bit: u8| match what & bit {
            0 => Some(0),
            _ => bytes.zigzag(),
        };
        let step = self.step.wrapping_add(change(HAS_STEP)?);
        let lead = lead(&before).wrapping_add(change(HAS_GUARD)?);
        let sample = Kept {
            time: before.time.wrapping_add(step),
            value,
            guard: value.wrapping_add(lead),
            start: before.start.wrapping_add(change(HAS_START)?),
        };
        *self = Self { last: sample, step };
        Some(sample)
    }
}

/// Returns how far the guard lies above the value.
const fn lead(sample: &Kept) -> i64 {
    sample.guard.wrapping_sub(sample.value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn any_sample() -> impl Strategy<Value = (i64, i64, i64, i64)> {
        let step = prop_oneof![4 => Just(10_000_i64), 1 => 1..40_000_i64];
        let number = prop_oneof![3 => 0..1000_i64, 1 => any::<i64>()];
        let rare = prop_oneof![8 => Just(0_i64), 1 => any::<i64>()];
        (step, number, rare.clone(), rare)
    }

    proptest! {
        #[test]
        fn samples_are_those_of_a_plain_list(
            changes in prop::collection::vec((any_sample(), 0..20_u8), 1..120),
        ) {
            let (mut samples, mut plain) = (Samples::default(), Vec::<Kept>::new());
            let mut time = 1_700_000_000_000_i64;
            for ((step, value, lead, start), forgets) in changes {
                time += step;
                let guard = value.wrapping_add(lead);
                let sample = Kept { time, value, guard, start };
                samples.push(sample);
                plain.push(sample);
                if forgets == 0 {
                    let horizon = time - 50_000;
                    samples.forget(horizon);
                    let old = plain.iter().filter(|kept| kept.time < horizon).count();
                    let kept = samples.count as usize;
                    prop_assert!(plain.len() - kept < old.max(1), "the last old one stays");
                    plain.drain(..plain.len() - kept);
                    let still_old = plain.iter().filter(|kept| kept.time < horizon).count();
                    prop_assert!(still_old <= 4, "{still_old}");
                }
                prop_assert_eq!(samples.iter().collect::<Vec<_>>(), plain.clone());
                prop_assert_eq!(samples.last(), plain.last().copied());
            }
            plain.truncate(plain.len() / 2);
            samples.replace(&plain);
            prop_assert_eq!(samples.iter().collect::<Vec<_>>(), plain);
        }
    }

    #[test]
    fn even_samples_of_a_counter_take_three_bytes() {
        let mut samples = Samples::default();
        for at in 0..40 {
            let value = 7_000_000 + at * 300;
            samples.push(Kept {
                time: 1_700_000_000_000 + at * 10_000,
                value,
                guard: value,
                start: 1_600_000_000_000,
            });
        }
        assert!(
            samples.bytes.len() <= 40 * 3 + 20,
            "{}",
            samples.bytes.len()
        );
    }
}
