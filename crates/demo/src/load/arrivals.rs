//! When customers come and what for: drawn from a seed, so the same seed is the same day.

use std::time::Duration;

use plimsoll_runtime::random::{Random, SeededRandom};

use crate::shop::Route;

/// One customer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Arrival {
    /// How long after the one before.
    pub after: Duration,
    /// What they want.
    pub route: Route,
}

/// Draws customers. Times between them are exponential, so arrivals are Poisson: queues build up as they do in life, which
/// evenly spaced requests would hide.
#[derive(Debug)]
pub struct Arrivals(SeededRandom);

impl Arrivals {
    /// Begins the sequence of a seed.
    pub fn new(seed: u64) -> Self {
        Self(SeededRandom::new(seed))
    }

    /// Returns the next one at a rate per second; `None` while nobody comes.
    pub fn next(&mut self, per_second: f64) -> Option<Arrival> {
        if per_second.is_nan() || per_second <= 0.0 {
            return None;
        }
        // From above 0 to 1: the logarithm is finite.
        let draw = 1.0 - self.0.fraction();
        let after = Duration::from_secs_f64(-draw.ln() / per_second);
        let route = self.route();
        Some(Arrival { after, route })
    }

    fn route(&mut self) -> Route {
        let mut draw = self.0.below(100);
        for route in Route::EDGE {
            match draw.checked_sub(route.share_percent()) {
                Some(rest) => draw = rest,
                None => return route,
            }
        }
        Route::Recommend
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_is_the_same_day() {
        let day = |seed| {
            let mut arrivals = Arrivals::new(seed);
            (0..100)
                .map(|_| arrivals.next(60.0).unwrap())
                .collect::<Vec<_>>()
        };
        assert_eq!(day(7), day(7));
        assert_ne!(day(7), day(8));
    }

    #[test]
    fn arrivals_are_poisson_with_the_shares_of_the_routes() {
        let mut arrivals = Arrivals::new(11);
        let all: Vec<Arrival> = (0..20_000).map(|_| arrivals.next(50.0).unwrap()).collect();
        let gaps: Vec<f64> = all
            .iter()
            .map(|arrival| arrival.after.as_secs_f64())
            .collect();
        let mean = gaps.iter().sum::<f64>() / gaps.len() as f64;
        let variance = gaps.iter().map(|gap| (gap - mean).powi(2)).sum::<f64>() / gaps.len() as f64;
        assert!((mean * 50.0 - 1.0).abs() < 0.03, "{mean}");
        // Of an exponential distribution the deviation is the mean; of even spacing it would be 0.
        assert!((variance.sqrt() / mean - 1.0).abs() < 0.03, "{variance}");
        let buys = all
            .iter()
            .filter(|arrival| arrival.route == Route::Buy)
            .count();
        assert!((1_800..2_200).contains(&buys), "{buys}");
        assert_eq!(arrivals.next(0.0), None);
    }
}
