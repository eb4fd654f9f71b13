//! What a policy sees when it chooses.

use super::ewma::Ewma;
use crate::{EndpointId, Moment};

/// An endpoint that may be used. The list of them changes when health, weights or orders do, not with each request.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Candidate {
    /// Which one.
    pub(crate) id: EndpointId,
    /// Its place in [`Field::loads`].
    pub(crate) index: usize,
    /// A hash of its name: the same in every process.
    pub(crate) hash: u64,
    /// Its weight, above 0, without slow start: what hashing goes by, because keys that move twice miss caches twice.
    pub(crate) weight: f64,
    /// The part of its weight that slow start leaves it, above 0 and up to 1.
    pub(crate) share: f64,
}

impl Candidate {
    /// Returns the weight that counts now.
    pub(crate) fn effective_weight(&self) -> f64 {
        self.weight * self.share
    }
}

/// What attempts show of an endpoint.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Load {
    /// Attempts that run.
    pub(crate) in_flight: u32,
    /// Of its latency.
    pub(crate) ewma: Ewma,
}

/// The endpoints among which is chosen, for one attempt.
pub(crate) struct Field<'a> {
    /// At least one, by id: those of the last [`Chooser::rebuild`](super::Chooser::rebuild).
    pub(crate) candidates: &'a [Candidate],
    /// Of all endpoints, by [`Candidate::index`].
    pub(crate) loads: &'a [Load],
    /// These were tried for the request.
    pub(crate) tried: &'a [EndpointId],
    /// What hashing goes by.
    pub(crate) key: Option<u64>,
    /// Now.
    pub(crate) now: Moment,
}

impl Field<'_> {
    /// Returns what attempts show of a candidate, by its place.
    pub(crate) fn load(&self, place: usize) -> &Load {
        &self.loads[self.candidates[place].index]
    }

    /// Says whether a candidate was not tried yet.
    pub(crate) fn is_fresh(&self, place: usize) -> bool {
        self.tried.is_empty() || !self.tried.contains(&self.candidates[place].id)
    }

    /// Returns the places of candidates that were not tried.
    pub(crate) fn fresh(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.candidates.len()).filter(|place| self.is_fresh(*place))
    }

    /// Returns requests in flight for each unit of a candidate's weight.
    pub(crate) fn relative_load(&self, place: usize) -> f64 {
        f64::from(self.load(place).in_flight) / self.candidates[place].effective_weight()
    }
}
