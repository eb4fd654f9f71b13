//! A policy alone, for tests: endpoints that are all well.

use super::chance::Chance;
use super::ewma::Ewma;
use super::field::{Candidate, Field, Load};
use super::{Chooser, Policy, key_of_bytes};
use crate::{EndpointId, Moment};

/// A policy with endpoints named by their numbers.
pub(super) struct Plain {
    pub(super) candidates: Vec<Candidate>,
    pub(super) loads: Vec<Load>,
    pub(super) chance: Chance,
    pub(super) now: Moment,
    chooser: Box<dyn Chooser>,
}

impl Plain {
    pub(super) fn new(policy: Policy, weights: &[u32], seed: u64) -> Self {
        let numbered: Vec<(u32, u32)> = (0..).zip(weights.iter().copied()).collect();
        Self::with_ids(policy, &numbered, seed)
    }

    /// Endpoints by number and weight.
    pub(super) fn with_ids(policy: Policy, endpoints: &[(u32, u32)], seed: u64) -> Self {
        let mut chance = Chance::new(seed);
        let candidates: Vec<Candidate> = endpoints
            .iter()
            .enumerate()
            .map(|(index, (id, weight))| Candidate {
                id: EndpointId(*id),
                index,
                hash: key_of_bytes(format!("endpoint-{id}:80").as_bytes()),
                weight: f64::from(*weight),
                share: 1.0,
            })
            .collect();
        let mut chooser = policy.chooser();
        chooser.rebuild(&candidates, &mut chance);
        let load = Load {
            in_flight: 0,
            ewma: Ewma::new(&policy.ewma(), Moment::ORIGIN),
        };
        Self {
            loads: vec![load; candidates.len()],
            candidates,
            chance,
            now: Moment::ORIGIN,
            chooser,
        }
    }

    /// Asks without a key.
    pub(super) fn next(&mut self) -> usize {
        self.ask(None, &[]).expect("none was tried")
    }

    /// Asks with a key.
    pub(super) fn by_key(&mut self, key: u64) -> EndpointId {
        let place = self.ask(Some(key), &[]).expect("none was tried");
        self.candidates[place].id
    }

    pub(super) fn ask(&mut self, key: Option<u64>, tried: &[EndpointId]) -> Option<usize> {
        let field = Field {
            candidates: &self.candidates,
            loads: &self.loads,
            tried,
            key,
            now: self.now,
        };
        self.chooser.choose(&field, &mut self.chance)
    }

    /// Takes over other shares of slow start.
    pub(super) fn warm(&mut self, shares: &[f64]) {
        for (candidate, share) in self.candidates.iter_mut().zip(shares) {
            candidate.share = *share;
        }
        self.chooser.rebuild(&self.candidates, &mut self.chance);
    }
}
