//! What one worker counted since somebody looked.

use std::time::Duration;

use plimsoll_traffic::{Criticality, EndpointId, Outcome};

use super::cells::{
    EndpointCell, EndpointKey, Example, RequestCell, RequestKey, RouteCell, RouteKey,
};
use super::table::Table;
use crate::names::RouteId;
use crate::reason::Reason;
use crate::record::{Attempt, Record};

/// Stands for endpoints that have no cell of their own; upstreams give out small numbers.
pub(super) const OTHER: EndpointId = EndpointId(u32::MAX);

/// What one worker counted since somebody looked.
#[derive(Debug, Default)]
pub(super) struct Shard {
    /// Above it requests share cells.
    cells_max: usize,
    /// The configuration since which it is in use.
    pub(super) generation: u64,
    pub(super) requests: Table<RequestKey<EndpointId>, RequestCell>,
    pub(super) endpoints: Table<EndpointKey<EndpointId>, EndpointCell>,
    pub(super) routes: Table<RouteKey, RouteCell>,
}

impl Shard {
    pub(super) fn new(cells_max: usize, generation: u64) -> Self {
        Self {
            cells_max,
            generation,
            ..Self::default()
        }
    }

    pub(super) fn begin(&mut self, route: Option<RouteId>, criticality: Criticality) {
        self.route(route, criticality).in_flight += 1;
    }

    /// Counts a request; everything it did is in the record.
    pub(super) fn finish(&mut self, record: &Record) {
        self.count_request(record);
        if let Some(backend) = record.backend {
            for attempt in &record.attempts {
                let endpoint = attempt.endpoint;
                let cell = self.endpoint(EndpointKey { backend, endpoint });
                cell.attempt(attempt.outcome, attempt.is_reused, attempt.took);
            }
        }
        let route = self.route(record.route, record.criticality);
        route.in_flight -= 1;
        route.bytes[0] += record.bytes_in;
        route.bytes[1] += record.bytes_out;
        if record.queue_wait > Duration::ZERO {
            route.queue_wait.observe(record.queue_wait);
        }
        if is_shed(record.reason) {
            route.sheds.add(&record.reason, 1);
        }
        if let Some(reason) = record.retry_refused {
            route.retries_refused.add(&reason, 1);
        }
        for attempt in record.attempts.iter().skip(1) {
            count_repetition(route, attempt);
        }
    }

    pub(super) fn route(
        &mut self,
        route: Option<RouteId>,
        criticality: Criticality,
    ) -> &mut RouteCell {
        // As many as were ever configured: not folded, since what is in flight would not come out even.
        let key = RouteKey { route, criticality };
        self.routes.cell(key, usize::MAX, |key| key).touch()
    }

    pub(super) fn endpoint(&mut self, key: EndpointKey<EndpointId>) -> &mut EndpointCell {
        let fold = |key| EndpointKey {
            endpoint: OTHER,
            ..key
        };
        self.endpoints.cell(key, self.cells_max, fold)
    }

    fn count_request(&mut self, record: &Record) {
        let key = RequestKey {
            route: record.route,
            backend: record.backend,
            endpoint: record.endpoint(),
            criticality: record.criticality,
            class: record.class(),
        };
        let cell = self.requests.cell(key, self.cells_max, fold);
        let example = Example {
            trace_id: record.trace_id,
            took: record.duration,
            at: record.at + record.duration,
        };
        cell.observe(record.reason, example);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.requests.iter().next().is_none()
            && self.endpoints.iter().next().is_none()
            && self.routes.iter().next().is_none()
    }

    /// Forgets what was counted.
    pub(super) fn clear(&mut self) {
        self.requests.clear();
        self.endpoints.clear();
        self.routes.clear();
    }
}

/// What a request is counted under when there are too many cells.
pub(super) fn fold<E: Folded>(key: RequestKey<E>) -> RequestKey<E> {
    RequestKey {
        route: None,
        backend: None,
        endpoint: Some(E::OTHER),
        ..key
    }
}

/// How an endpoint is named, with a name for those that have none of their own.
pub(super) trait Folded {
    /// All of them together.
    const OTHER: Self;
}

impl Folded for EndpointId {
    const OTHER: Self = OTHER;
}

/// Says whether a request was sent away so that others could be served.
pub(super) const fn is_shed(reason: Reason) -> bool {
    matches!(
        reason,
        Reason::RateLimited | Reason::QueueFull | Reason::QueueTimeout | Reason::Shed
    )
}

fn count_repetition(route: &mut RouteCell, attempt: &Attempt) {
    let outcome = match (attempt.is_hedge, attempt.outcome) {
        (true, Outcome::Success) => "won",
        (true, Outcome::Cancelled) => "lost",
        (false, Outcome::Success) => "success",
        (false, Outcome::Cancelled) => "cancelled",
        _ => "failure",
    };
    match attempt.is_hedge {
        true => route.hedges.add(&outcome, 1),
        false => route.retries.add(&outcome, 1),
    }
}
