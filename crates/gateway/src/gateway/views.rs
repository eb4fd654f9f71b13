//! What the gateway is like at a moment, for metrics and for people.

use plimsoll_traffic::limit::admission::View as DoorView;
use plimsoll_traffic::{Standing, View};

use super::{Backend, Gateway};
use crate::signals::{EndpointReading, Gauges, LimitReading, Readings};

/// What a backend is like at a moment.
#[derive(Clone, Debug)]
pub struct BackendView {
    /// Its name.
    pub name: String,
    /// Its endpoints.
    pub upstream: View,
    /// How many connections there are to each endpoint, in the order of `upstream.endpoints`.
    pub connections: Vec<usize>,
    /// Who is let in; `None` when that is not limited.
    pub door: Option<DoorView>,
}

impl Gateway {
    /// Returns what the backends are like, in the order of the configuration.
    pub fn backends(&self) -> Vec<BackendView> {
        let snapshot = self.snapshot();
        let names = snapshot.config.backends.iter().map(|backend| &backend.name);
        let backends = names.filter_map(|name| snapshot.backends.get(name));
        backends.map(|backend| self.view(backend)).collect()
    }

    fn view(&self, backend: &Backend) -> BackendView {
        let now = self.now();
        let upstream = backend.with_upstream(|upstream| upstream.view(now));
        let targets = backend.targets();
        let connections = upstream.endpoints.iter().map(|endpoint| {
            let found = targets.iter().find(|(id, _)| *id == endpoint.id);
            found.map_or(0, |(_, target)| target.connections())
        });
        BackendView {
            name: backend.name.to_string(),
            connections: connections.collect(),
            door: backend.door().map(|door| door.view()),
            upstream,
        }
    }
}

impl Gauges for Gateway {
    fn read(&self) -> Readings {
        let now = self.now();
        let mut readings = Readings {
            retry_budget: Some(self.budget().balance(now) as f64),
            ..Readings::default()
        };
        for backend in self.snapshot().backends.values() {
            let view = backend.with_upstream(|upstream| upstream.view(now));
            let read = view.endpoints.iter().map(|endpoint| EndpointReading {
                backend: backend.id,
                endpoint: endpoint.id,
                is_healthy: is_healthy(endpoint.standing),
                weight: endpoint.weight_effective,
                breaker: endpoint.breaker,
                in_flight: endpoint.in_flight,
            });
            readings.endpoints.extend(read);
            if let Some(view) = backend.door().map(|door| door.view()) {
                readings.limits.push(LimitReading {
                    backend: backend.id,
                    limit: view.limit,
                    in_flight: view.in_flight,
                    waiting: view.waiting.iter().sum::<usize>() as u32,
                });
            }
        }
        readings
    }
}

/// Whether an endpoint is well, whatever its breaker thinks.
const fn is_healthy(standing: Standing) -> bool {
    matches!(standing, Standing::BreakerOpen | Standing::Probing) || standing.is_usable()
}
