//! Randomness as a dependency, for jitter and spread offsets; never for secrets.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::Duration;

/// A source of numbers that look random.
pub trait Random: Send {
    /// Returns the next number, each of the 2^64 equally likely.
    fn next_u64(&mut self) -> u64;

    /// Returns a number from 0 to `bound - 1`; 0 for a bound of 0.
    ///
    /// The bias is below `bound / 2^64`: none that jitter could show.
    fn below(&mut self, bound: u64) -> u64 {
        ((u128::from(self.next_u64()) * u128::from(bound)) >> 64) as u64
    }

    /// Returns a number from 0 up to, but not including, 1.
    fn fraction(&mut self) -> f64 {
        // 53 bits fill a float's mantissa exactly.
        (self.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Returns a duration from half of `duration` up to all of it, so that those who wait alike do not wake alike.
    fn jittered(&mut self, duration: Duration) -> Duration {
        duration.mul_f64(0.5 + self.fraction() / 2.0)
    }
}

/// SplitMix64: small, fast, and the same sequence for the same seed on every machine.
///
/// Source: Steele, Lea, Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014.
#[derive(Clone, Debug)]
pub struct SeededRandom(u64);

impl SeededRandom {
    /// Starts the sequence of a seed; any will do.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Starts a sequence that differs from process to process and from call to call.
    pub fn from_system() -> Self {
        // The standard library keys its hash maps with the system's entropy.
        Self(RandomState::new().build_hasher().finish())
    }
}

impl Random for SeededRandom {
    fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn agrees_with_the_published_sequence() {
        let mut random = SeededRandom::new(1_234_567);
        let first: Vec<u64> = (0..3).map(|_| random.next_u64()).collect();
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
        let mut random = SeededRandom::new(7);
        let mut counts = [0_u32; 10];
        for _ in 0..10_000 {
            counts[random.below(10) as usize] += 1;
        }
        assert!(
            counts.iter().all(|count| (850..1150).contains(count)),
            "{counts:?}"
        );
    }

    #[test]
    fn differs_from_call_to_call() {
        let mut two = [SeededRandom::from_system(), SeededRandom::from_system()];
        assert_ne!(two[0].next_u64(), two[1].next_u64());
    }

    proptest! {
        #[test]
        fn stays_in_bounds(seed: u64, bound: u64, millis in 0..u64::from(u32::MAX)) {
            let mut random = SeededRandom::new(seed);
            prop_assert!(random.below(bound) < bound.max(1));
            prop_assert!((0.0..1.0).contains(&random.fraction()));
            let duration = Duration::from_millis(millis);
            let jittered = random.jittered(duration);
            prop_assert!(jittered >= duration / 2 && jittered <= duration);
        }
    }
}
