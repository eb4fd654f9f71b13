//! What is kept of each block so that a query over fully covered blocks need not read them.
//!
//! Rules, the same as those of the PromQL functions that will use them:
//! - Staleness markers are no samples: nothing but `has_stale` knows of them.
//! - `count` counts all other samples, NaN included.
//! - `sum` adds them with compensation (Neumaier); one NaN makes it NaN.
//! - `min` and `max` pass over NaN; they are NaN when there is nothing else.
//! - `first` and `last` are the values at the ends, NaN or not.
//! - `increase` is `last - first` plus the value before each drop (`value < value before`); a comparison with NaN is
//!   no drop. To join two blocks add both, plus what happens between `last` and `first`.
//! - In a block without samples (only markers) all numbers are 0.
//! - `is_whole` says that `sum`, up to a magnitude of 2^53, and `increase` are exact: every value is a whole number of at
//!   most 2^51, and so is the sum of the values before drops. `never_drops` says that there is no drop. Parts of version 1
//!   say neither.
//! - A block of histograms has `count` and `has_stale` only, its numbers are 0.

mod compact;

use std::sync::Arc;

use plimsoll_types::{Histogram, is_stale};

use super::bytes::{Decoded, Reader};
#[cfg(test)]
use super::bytes::{put_float, put_varint};

/// The aggregates of one block. See the module's rules for what counts.
#[derive(Clone, Copy, Debug, Default)]
pub struct Aggregates {
    /// Samples besides staleness markers.
    pub count: u32,
    /// Whether there is a staleness marker.
    pub has_stale: bool,
    /// Sum of the values.
    pub sum: f64,
    /// Smallest value.
    pub min: f64,
    /// Largest value.
    pub max: f64,
    /// Value of the first sample.
    pub first: f64,
    /// Value of the last sample.
    pub last: f64,
    /// How much a counter grew from the first to the last sample, resets taken into account.
    pub increase: f64,
    /// Whether arithmetic with the values is exact.
    pub is_whole: bool,
    /// Whether no value is below the one before.
    pub never_drops: bool,
}

/// In the byte that the block begins with.
pub(super) const IS_WHOLE: u8 = 1 << 6;
pub(super) const NEVER_DROPS: u8 = 1 << 5;
/// Sums of a few of these are below 2^53, up to which every whole number is a float.
pub(crate) const WHOLE_MAX: f64 = 2_251_799_813_685_248.0;

const HAS_STALE: u8 = 1;
const MIN_IS_FIRST: u8 = 1 << 1;
const MIN_IS_LAST: u8 = 1 << 2;
const MAX_IS_FIRST: u8 = 1 << 3;
const MAX_IS_LAST: u8 = 1 << 4;
const LAST_IS_FIRST: u8 = 1 << 5;
const INCREASE_IS_DIFFERENCE: u8 = 1 << 6;
const SUM_IS_PRODUCT: u8 = 1 << 7;

impl Aggregates {
    /// Takes the aggregates of float samples.
    pub fn of_floats(values: &[f64]) -> Self {
        let mut aggregates = Self {
            is_whole: true,
            never_drops: true,
            ..Self::default()
        };
        let (mut sum, mut compensation, mut previous) = (0.0, 0.0, None);
        for value in values.iter().copied() {
            if is_stale(value) {
                aggregates.has_stale = true;
                continue;
            }
            aggregates.add(value, previous);
            (sum, compensation) = add_compensated(sum, compensation, value);
            previous = Some(value);
        }
        aggregates.sum = if f64::is_infinite(sum) {
            sum
        } else {
            sum + compensation
        };
        // What was added so far are the values before drops.
        aggregates.is_whole &= aggregates.increase.abs() <= WHOLE_MAX;
        aggregates.increase += aggregates.last - aggregates.first;
        aggregates
    }

    /// Takes what is kept of histogram samples.
    pub(super) fn of_histograms(block: &[Arc<Histogram>]) -> Self {
        let stale = block.iter().filter(|h| is_stale(h.sum)).count();
        Self {
            count: (block.len() - stale) as u32,
            has_stale: stale > 0,
            ..Self::default()
        }
    }

    /// Says whether two are the same; every NaN is the same as every other, since arithmetic does not define which
    /// one it returns.
    pub fn agrees_with(&self, other: &Self) -> bool {
        let same = |(a, b): (f64, f64)| a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan());
        (self.count, self.has_stale, self.is_whole, self.never_drops)
            == (
                other.count,
                other.has_stale,
                other.is_whole,
                other.never_drops,
            )
            && self.numbers().into_iter().zip(other.numbers()).all(same)
    }

    fn numbers(&self) -> [f64; 6] {
        [
            self.sum,
            self.min,
            self.max,
            self.first,
            self.last,
            self.increase,
        ]
    }

    fn add(&mut self, value: f64, previous: Option<f64>) {
        match previous {
            None => (self.first, self.min, self.max) = (value, value, value),
            Some(previous) if value < previous => {
                self.increase += previous;
                self.never_drops = false;
            }
            Some(_) => {}
        }
        self.is_whole &= is_whole(value);
        if value < self.min || self.min.is_nan() {
            self.min = value;
        }
        if value > self.max || self.max.is_nan() {
            self.max = value;
        }
        self.last = value;
        self.count += 1;
    }

    /// Takes the aggregates of so many samples of one value.
    pub(super) fn of_constant(value: f64, samples: u32) -> Self {
        let one = Self::of_floats(&[value]);
        Self {
            count: one.count * samples,
            sum: value * f64::from(samples),
            ..one
        }
    }

    /// Says whether two are the same, bit for bit.
    pub(super) fn is_bits_of(&self, other: &Self) -> bool {
        let bits = |of: &Self| of.numbers().map(f64::to_bits);
        let traits = |of: &Self| (of.count, of.has_stale, of.is_whole, of.never_drops);
        traits(self) == traits(other) && bits(self) == bits(other)
    }

    /// Says which numbers follow from others.
    fn flags(&self) -> u8 {
        let same = |a: f64, b: f64| a.to_bits() == b.to_bits();
        [
            (HAS_STALE, self.has_stale),
            (LAST_IS_FIRST, same(self.last, self.first)),
            (MIN_IS_FIRST, same(self.min, self.first)),
            (MIN_IS_LAST, same(self.min, self.last)),
            (MAX_IS_FIRST, same(self.max, self.first)),
            (MAX_IS_LAST, same(self.max, self.last)),
            (
                INCREASE_IS_DIFFERENCE,
                same(self.increase, self.last - self.first),
            ),
            (SUM_IS_PRODUCT, same(self.sum, self.product())),
        ]
        .into_iter()
        .fold(
            0,
            |flags, (flag, holds)| if holds { flags | flag } else { flags },
        )
    }

    /// Writes flags and only those numbers that do not follow from others. `samples` counts staleness markers too.
    #[cfg(test)]
    pub(super) fn encode(&self, samples: u32, into: &mut Vec<u8>) {
        let flags = self.flags();
        into.push(flags);
        if self.has_stale {
            put_varint(into, u64::from(samples - self.count));
        }
        put_float(into, self.first);
        let numbers = [
            (LAST_IS_FIRST, self.last),
            (MIN_IS_FIRST | MIN_IS_LAST, self.min),
            (MAX_IS_FIRST | MAX_IS_LAST, self.max),
            (INCREASE_IS_DIFFERENCE, self.increase),
            (SUM_IS_PRODUCT, self.sum),
        ];
        for (implied, number) in numbers {
            if flags & implied == 0 {
                put_float(into, number);
            }
        }
    }

    /// Returns what the byte that the block begins with says: its two highest bits but one.
    pub(super) fn traits(&self) -> u8 {
        let whole = if self.is_whole { IS_WHOLE } else { 0 };
        whole | if self.never_drops { NEVER_DROPS } else { 0 }
    }

    /// Reads back what `encode` wrote and [`traits`](Self::traits) said.
    pub(super) fn decode(samples: u32, traits: u8, reader: &mut Reader<'_>) -> Decoded<Self> {
        let flags = reader.u8()?;
        let has = |flag: u8| flags & flag != 0;
        let stale = match has(HAS_STALE) {
            true => reader.varint_up_to(samples as usize)? as u32,
            false => 0,
        };
        let mut aggregates = Self {
            count: samples - stale,
            has_stale: has(HAS_STALE),
            is_whole: traits & IS_WHOLE != 0,
            never_drops: traits & NEVER_DROPS != 0,
            ..Self::default()
        };
        aggregates.take_numbers(flags, reader)?;
        Ok(aggregates)
    }

    fn take_numbers(&mut self, flags: u8, reader: &mut Reader<'_>) -> Decoded<()> {
        let has = |flag: u8| flags & flag != 0;
        let first = reader.float()?;
        self.first = first;
        let number = |implied: Option<f64>, reader: &mut Reader<'_>| match implied {
            Some(value) => Ok(value),
            None => reader.float(),
        };
        let choose = |to_first: u8, to_last: u8, last: f64| {
            let of_last = has(to_last).then_some(last);
            has(to_first).then_some(first).or(of_last)
        };
        self.last = number(has(LAST_IS_FIRST).then_some(first), reader)?;
        let last = self.last;
        self.min = number(choose(MIN_IS_FIRST, MIN_IS_LAST, last), reader)?;
        self.max = number(choose(MAX_IS_FIRST, MAX_IS_LAST, last), reader)?;
        let difference = has(INCREASE_IS_DIFFERENCE).then_some(last - first);
        self.increase = number(difference, reader)?;
        let product = has(SUM_IS_PRODUCT).then_some(self.product());
        self.sum = number(product, reader)?;
        Ok(())
    }

    fn product(&self) -> f64 {
        self.first * f64::from(self.count)
    }
}

/// Says whether a value is a whole number of at most 2^51.
pub(crate) fn is_whole(value: f64) -> bool {
    value.abs() <= WHOLE_MAX && value.trunc() == value
}

/// Neumaier's summation, with infinities kept from turning the compensation into NaN.
fn add_compensated(sum: f64, compensation: f64, value: f64) -> (f64, f64) {
    let total = sum + value;
    let compensation = if total.is_infinite() {
        0.0
    } else if sum.abs() >= value.abs() {
        compensation + ((sum - total) + value)
    } else {
        compensation + ((value - total) + sum)
    };
    (total, compensation)
}

#[cfg(test)]
mod tests {
    use plimsoll_types::stale_nan;
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn returns_what_was_put_in(values in vec(prop_oneof![any::<f64>(), Just(stale_nan()), Just(2.0), any::<u64>().prop_map(f64::from_bits)], 1..20)) {
            let aggregates = Aggregates::of_floats(&values);
            let mut bytes = Vec::new();
            aggregates.encode(values.len() as u32, &mut bytes);
            let mut reader = Reader::new(&bytes);
            let back = Aggregates::decode(values.len() as u32, aggregates.traits(), &mut reader).unwrap();
            prop_assert!(back.agrees_with(&aggregates), "{:?} came back as {:?}", aggregates, back);
            prop_assert!(reader.is_empty());
        }
    }

    #[test]
    fn follows_its_rules() {
        let check = |values: &[f64], expected: [f64; 6], count: u32| {
            let found = Aggregates::of_floats(values);
            let same = |(a, b): (&f64, &f64)| a == b || (a.is_nan() && b.is_nan());
            assert!(
                found.numbers().iter().zip(&expected).all(same),
                "{values:?}: wanted {expected:?}, found {found:?}"
            );
            assert_eq!(found.count, count);
        };
        let nan = f64::NAN;
        // sum, min, max, first, last, increase
        check(&[1.0, 3.0, 2.0, 4.0], [10.0, 1.0, 4.0, 1.0, 4.0, 6.0], 4);
        check(&[5.0, stale_nan(), 7.0], [12.0, 5.0, 7.0, 5.0, 7.0, 2.0], 2);
        check(&[nan, 1.0, 2.0], [nan, 1.0, 2.0, nan, 2.0, nan], 3);
        check(&[nan], [nan, nan, nan, nan, nan, nan], 1);
        check(&[stale_nan()], [0.0; 6], 0);
        check(
            &[1e16, 1.0, -1e16],
            [1.0, -1e16, 1e16, 1e16, -1e16, -1e16],
            3,
        );
        let inf = f64::INFINITY;
        check(&[inf, 1.0], [inf, 1.0, inf, inf, 1.0, nan], 2);
    }
}
