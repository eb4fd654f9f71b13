//! Chance by seed, so that a simulation that failed fails again.

/// SplitMix64 (Steele, Lea, Flood 2014): the same sequence for the same seed on every machine. This crate has no runtime,
/// whose generator is the same.
#[derive(Clone, Debug)]
pub(crate) struct Chance(u64);

impl Chance {
    /// Starts the sequence of a seed; any will do.
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Returns the next number, each of the 2^64 equally likely.
    pub(crate) fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.0)
    }

    /// Returns a number from 0 to `bound - 1`; 0 for a bound of 0.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        ((u128::from(self.next_u64()) * bound as u128) >> 64) as usize
    }

    /// Returns a number from 0 up to, but not including, 1.
    pub(crate) fn fraction(&mut self) -> f64 {
        fraction_of(self.next_u64())
    }
}

/// Spreads the bits of a number: each bit of it changes half of the bits of the answer.
pub(crate) const fn mix(number: u64) -> u64 {
    let mut mixed = number;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// Maps a number to 0 up to, but not including, 1: its upper 53 bits, which fill a float's mantissa exactly.
pub(crate) fn fraction_of(number: u64) -> f64 {
    (number >> 11) as f64 / (1_u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_the_published_sequence() {
        let mut chance = Chance::new(1_234_567);
        let first: Vec<u64> = (0..3).map(|_| chance.next_u64()).collect();
        assert_eq!(
            first,
            [
                6_457_827_717_110_365_317,
                3_203_168_211_198_807_973,
                9_817_491_932_198_370_423
            ]
        );
    }

    #[test]
    fn spreads_evenly() {
        let mut chance = Chance::new(7);
        let mut counts = [0_u32; 10];
        for _ in 0..10_000 {
            counts[chance.below(10)] += 1;
        }
        let is_even = counts.iter().all(|count| (850..1150).contains(count));
        assert!(is_even, "{counts:?}");
        assert_eq!(chance.below(0), 0);
    }
}
