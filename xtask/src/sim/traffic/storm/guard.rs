//! What stands between callers and A: gate, budget and breaker of one process.

use std::time::Duration;

use plimsoll_traffic::breaker::{self, Admission, Breaker};
use plimsoll_traffic::retry::{Again, Attempted, Budget, BudgetOptions, Gate, Refusal};
use plimsoll_traffic::{Moment, Outcome};

use super::callers::Callers;

/// Little in reserve, so that the share is what counts.
const BUDGET: BudgetOptions = BudgetOptions {
    ratio: 0.2,
    reserve_per_second: 1,
    ttl: Duration::from_secs(10),
};

/// One process' guard.
pub(super) struct Guard {
    gate: Gate,
    budget: Budget,
    breaker: Option<Breaker>,
    deposits: u64,
    pub(super) retries: u64,
    pub(super) refused_by_budget: u64,
    pub(super) opened: u64,
}

impl Guard {
    pub(super) fn new(callers: Callers) -> Self {
        Self {
            gate: Gate::new(callers.retry()),
            budget: Budget::new(BUDGET, Moment::ORIGIN),
            breaker: callers
                .have_breakers()
                .then(|| Breaker::new(breaker::Options::default())),
            deposits: 0,
            retries: 0,
            refused_by_budget: 0,
            opened: 0,
        }
    }

    pub(super) fn deposit(&mut self, now: Moment) {
        self.deposits += 1;
        self.budget.deposit(now);
    }

    /// Returns how many retries its deposits and its reserve paid until now, at most.
    pub(super) fn paid(&self, now: Moment) -> f64 {
        // The reserve is there at the start and comes back with each time to live.
        let time = now.since(Moment::ORIGIN) + BUDGET.ttl;
        let reserve = f64::from(BUDGET.reserve_per_second) * time.as_secs_f64();
        BUDGET.ratio * self.deposits as f64 + reserve
    }

    pub(super) fn try_timeout(&self) -> Option<Duration> {
        self.gate.options().try_timeout
    }

    /// Says whether an attempt may go, and whether it is a probe.
    pub(super) fn enter(&mut self, now: Moment) -> Option<bool> {
        let Some(breaker) = &mut self.breaker else {
            return Some(false);
        };
        match breaker.admits(now) {
            Admission::Yes => Some(false),
            Admission::Probe => {
                breaker.begin_probe(now);
                Some(true)
            }
            Admission::No { .. } => None,
        }
    }

    /// Takes note of how an attempt ended.
    pub(super) fn done(&mut self, outcome: Outcome, is_probe: bool, now: Moment) {
        let breaker = self.breaker.as_mut();
        let change = breaker.and_then(|breaker| breaker.done(outcome, is_probe, now));
        let has_opened = change.is_some_and(|change| change.to == breaker::State::Open);
        self.opened += u64::from(has_opened);
    }

    /// Returns after which time there is another attempt.
    pub(super) fn again(
        &mut self,
        attempted: &Attempted,
        now: Moment,
        chance: f64,
    ) -> Option<Duration> {
        match self.gate.again(attempted, &self.budget, now, chance) {
            Again::After(wait) => {
                self.retries += 1;
                Some(wait)
            }
            Again::No(refusal) => {
                self.refused_by_budget += u64::from(refusal == Refusal::BudgetSpent);
                None
            }
        }
    }
}
