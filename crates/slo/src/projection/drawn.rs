//! The hours of last week, from which those of possible futures are drawn.

use plimsoll_runtime::random::Random;
use plimsoll_types::Timestamp;

use super::{BLOCK_HOURS, HOUR, hours};
use crate::History;

const WEEK_HOURS: usize = 168;
/// Something this old is drawn half as often as something of now.
const HALF_LIFE_HOURS: f64 = 48.0;

/// The shares of bad units in the hours of last week, the oldest first; hours without units are left out.
pub(super) struct Recent {
    shares: Vec<f64>,
    /// The chance that a block begins before the hour behind the index, ascending to 1.
    chances: Vec<f64>,
}

impl Recent {
    pub(super) fn read(history: &dyn History, now: Timestamp) -> Self {
        let mut shares = Vec::with_capacity(WEEK_HOURS);
        let mut weights = Vec::with_capacity(WEEK_HOURS);
        for age in (0..WEEK_HOURS).rev() {
            let begin = now - hours(age + 1);
            let counts = history.between(begin, begin + HOUR);
            let bad = counts.bad.max(0);
            let valid = counts.valid().max(bad);
            if valid > 0 {
                shares.push(bad as f64 / valid as f64);
                weights.push((-(age as f64) / HALF_LIFE_HOURS).exp2());
            }
        }
        Self {
            chances: cumulated(&weights),
            shares,
        }
    }

    /// Says whether anything failed in them.
    pub(super) fn has_failures(&self) -> bool {
        self.shares.iter().any(|share| *share > 0.0)
    }

    /// Draws hours that follow each other; after the last one comes the first, so that each hour is in as many blocks.
    pub(super) fn draw(&self, random: &mut dyn Random) -> impl Iterator<Item = f64> {
        let drawn = random.fraction();
        let first = self.chances.partition_point(|chance| *chance <= drawn);
        let first = first.min(self.shares.len().saturating_sub(1));
        let around = self.shares[first..].iter().chain(&self.shares[..first]);
        around.copied().cycle().take(BLOCK_HOURS)
    }
}

fn cumulated(weights: &[f64]) -> Vec<f64> {
    let total: f64 = weights.iter().sum();
    let mut sum = 0.0;
    let so_far = weights.iter().map(|weight| {
        sum += weight;
        sum / total
    });
    so_far.collect()
}
