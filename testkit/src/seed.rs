//! Seeded randomness and the loop that names the seed of a failure.

use std::panic::{self, AssertUnwindSafe};

/// A small deterministic generator (splitmix64, Steele et al. 2014): the same seed gives the same run everywhere.
#[derive(Clone, Debug)]
pub struct Seed(u64);

impl Seed {
    /// Begins at `seed`.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Returns the next 64 random bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Returns a number from 0 to `end - 1`.
    ///
    /// # Panics
    /// When `end` is 0.
    pub fn below(&mut self, end: u64) -> u64 {
        assert!(end > 0, "there is no number below 0");
        // The bias of the remainder is below 2^-32 for the small ends that tests use.
        self.bits() % end
    }

    /// Returns true with the given probability in percent.
    pub fn percent(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    /// Returns a number from 0 (inside) to 1 (outside).
    pub fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1u64 << 53) as f64
    }
}

/// Runs `run` once per seed from `first` on; a panic is passed on after the seed was printed.
///
/// The environment variable `PLIMSOLL_SEED` replaces the range by one seed, to repeat a failure.
#[expect(
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "a test library talks to the person who runs the test"
)]
pub fn for_each_seed(first: u64, count: u64, run: impl Fn(Seed)) {
    let only = std::env::var("PLIMSOLL_SEED")
        .ok()
        .map(|text| text.parse().expect("PLIMSOLL_SEED is a whole number"));
    let seeds = only.map_or(first..first + count, |seed: u64| seed..seed + 1);
    for seed in seeds {
        let outcome = panic::catch_unwind(AssertUnwindSafe(|| run(Seed::new(seed))));
        if let Err(cause) = outcome {
            eprintln!("failed with seed {seed}; repeat it with PLIMSOLL_SEED={seed}");
            panic::resume_unwind(cause);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_numbers() {
        let numbers = |seed| {
            let mut seed = Seed::new(seed);
            [(); 8].map(|()| seed.bits())
        };
        assert_eq!(numbers(7), numbers(7));
        assert_ne!(numbers(7), numbers(8));
    }
}
