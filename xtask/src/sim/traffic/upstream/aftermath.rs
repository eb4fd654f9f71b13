//! How it is when all has been well for a while.

use std::time::Duration;

use anyhow::{Context, ensure};
use plimsoll_runtime::random::Random;
use plimsoll_traffic::balance::Policy;
use plimsoll_traffic::{Ask, Moment, Outcome, Standing};

use super::world::World;
use crate::sim::traffic::Tally;

/// Requests that show shares: chance alone moves a share by a hundredth once in thousands of worlds.
const REQUESTS: u32 = 30_000;

impl World<'_> {
    /// Checks that everything returned, and hands out the counts.
    pub(super) fn end(mut self) -> anyhow::Result<Tally> {
        self.let_all_end();
        let now = self.now();
        self.upstream.tick(now);
        for endpoint in self.upstream.view(now).endpoints {
            let (name, standing) = (&endpoint.name, endpoint.standing);
            let is_back = standing == Standing::Up;
            ensure!(
                is_back,
                "{name} did not return: {standing:?}, {}",
                endpoint.reason
            );
            ensure!(
                endpoint.in_flight == 0,
                "{name} leaks {}",
                endpoint.in_flight
            );
        }
        self.check_shares(now).context("when all is well")?;
        Ok(self.tally)
    }

    /// Sends requests one after the other, and compares who got how many with what weights say.
    fn check_shares(&mut self, now: Moment) -> anyhow::Result<()> {
        let view = self.upstream.view(now);
        let first = view.levels.iter().find(|level| level.share > 0.0);
        let priority = first.context("no level gets anything")?.priority;
        let is_first = |priority_of: u8| priority_of == priority;
        let mut counts = vec![0_u32; view.endpoints.len()];
        for _ in 0..REQUESTS {
            let ask = Ask {
                key: Some(self.random.next_u64()),
                ..Ask::default()
            };
            let pick = self.upstream.pick(&ask, now).context("all are well")?;
            let latency = Duration::from_millis(10);
            self.upstream.done(pick, Outcome::Success, latency, now);
            let place = view
                .endpoints
                .iter()
                .position(|seen| seen.id == pick.endpoint);
            counts[place.context("not declared")?] += 1;
        }
        let used = view.endpoints.iter().filter(|seen| is_first(seen.priority));
        let total: f64 = used.clone().map(|seen| self.weight(seen.weight)).sum();
        for (seen, count) in view.endpoints.iter().zip(counts) {
            let share = f64::from(count) / f64::from(REQUESTS);
            let wanted = match is_first(seen.priority) {
                true => self.weight(seen.weight) / total,
                false => 0.0,
            };
            let is_right = match self.upstream.options().policy {
                // It goes by latencies, which were different: nobody starves.
                Policy::PeakEwma(_) => wanted == 0.0 || share > 0.0,
                _ => (share - wanted).abs() < 0.015,
            };
            ensure!(is_right, "{} got {share:.4}, not {wanted:.4}", seen.name);
        }
        Ok(())
    }

    fn weight(&self, weight: u32) -> f64 {
        match self.upstream.options().policy {
            Policy::RoundRobin => 1.0,
            _ => f64::from(weight),
        }
    }
}
