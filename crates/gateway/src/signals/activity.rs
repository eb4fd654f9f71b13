//! What was counted so far, for people: requests by route, backend and endpoint.

use std::collections::BTreeMap;

use plimsoll_traffic::surface::Activity;

use super::class::Class;
use super::distribution::CLASSIC;
use super::totals::EndpointName;
use super::{Signals, lock};
use crate::names::{BackendId, RouteId};

/// What requests are summed by.
type Key = (Option<RouteId>, Option<BackendId>, Option<EndpointName>);

/// A sum of requests.
#[derive(Default)]
struct Sum {
    classes: [u64; Class::ALL.len()],
    took_seconds: f64,
    buckets: [u64; CLASSIC.len() + 1],
}

impl Signals {
    /// Returns what was counted since the process began, all criticalities together.
    pub fn activity(&self) -> Vec<Activity> {
        self.look();
        let totals = lock(&self.totals);
        let mut sums: BTreeMap<Key, Sum> = BTreeMap::new();
        for (key, total) in &totals.requests {
            let sum = sums.entry((key.route, key.backend, key.endpoint));
            let sum = sum.or_default();
            sum.classes[key.class as usize] += total.cell.took.count();
            sum.took_seconds += total.cell.took.sum_seconds();
            for (own, other) in sum.buckets.iter_mut().zip(total.cell.took.classic()) {
                *own += other;
            }
        }
        let name = |endpoint: EndpointName| totals.name(endpoint).clone();
        let shown = sums
            .into_iter()
            .map(|((route, backend, endpoint), sum)| Activity {
                route: route.map(|route| self.names.route_name(route)),
                backend: backend.map(|backend| self.names.backend_name(backend)),
                endpoint: endpoint.map(name),
                classes: sum.classes(),
                took_seconds: sum.took_seconds,
                buckets: sum.buckets(),
            });
        shown.collect::<Vec<_>>()
    }
}

impl Sum {
    fn classes(&self) -> Vec<(&'static str, u64)> {
        let all = Class::ALL.into_iter().zip(self.classes);
        all.map(|(class, count)| (class.as_str(), count)).collect()
    }

    fn buckets(&self) -> Vec<(f64, u64)> {
        let ends = CLASSIC.iter().map(|nanos| *nanos as f64 / 1e9);
        let ends = ends.chain([f64::INFINITY]);
        ends.zip(self.buckets).collect()
    }
}
