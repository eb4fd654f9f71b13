//! The names behind the numbers of a record, and what of it is configured.

use std::collections::{HashMap, HashSet};
use std::hash::BuildHasherDefault;
use std::sync::Arc;

use plimsoll_traffic::EndpointId;

use super::live::Live;
use super::shard::OTHER;
use super::table::KeyHasher;
use crate::names::{BackendId, Names, RouteId};

/// The name under which requests are counted that have no series of their own.
pub(super) const OTHER_NAME: &str = "_other";
/// Endpoints that are gone but may still occur in records of requests that began before.
const GONE_MAX: usize = 10_000;

/// Looked into for each line of the access log.
type Endpoints = HashMap<(BackendId, EndpointId), Arc<str>, BuildHasherDefault<KeyHasher>>;

/// The names behind the numbers of a record.
#[derive(Debug, Default)]
pub(crate) struct Directory {
    listeners: Vec<Arc<str>>,
    /// By number, copied: workers would wait for one another at the locks and counters of the table itself.
    route_names: Vec<Arc<str>>,
    backend_names: Vec<Arc<str>>,
    routes: HashSet<RouteId>,
    live: HashMap<BackendId, HashSet<Arc<str>>>,
    endpoints: Endpoints,
}

impl Directory {
    /// Makes the directory of a configuration; it still knows the endpoints of the one before.
    pub(super) fn new(live: Live, names: &Names, before: &Self) -> Self {
        let mut endpoints = match before.endpoints.len() {
            0..=GONE_MAX => before.endpoints.clone(),
            _ => Endpoints::default(),
        };
        let (route_names, backend_names) = (names.routes(), names.backends());
        let mut names = HashMap::new();
        for backend in live.backends {
            let known: &mut HashSet<_> = names.entry(backend.id).or_default();
            for (id, name) in backend.endpoints {
                known.insert(name.clone());
                endpoints.insert((backend.id, id), name);
            }
        }
        Self {
            listeners: live.listeners,
            route_names,
            backend_names,
            routes: live.routes.into_iter().collect(),
            live: names,
            endpoints,
        }
    }

    /// Returns a listener's name; empty for one that is not configured.
    pub(crate) fn listener(&self, place: u16) -> &str {
        self.listeners
            .get(usize::from(place))
            .map_or("", |name| name)
    }

    /// Returns a route's name; empty for one that was never configured.
    pub(crate) fn route(&self, id: RouteId) -> &str {
        self.route_names.get(id.0 as usize).map_or("", |name| name)
    }

    /// Returns a backend's name; empty for one that was never configured.
    pub(crate) fn backend(&self, id: BackendId) -> &str {
        self.backend_names
            .get(id.0 as usize)
            .map_or("", |name| name)
    }

    /// Returns an endpoint's name; empty for one that nobody remembers.
    pub(crate) fn endpoint(&self, backend: BackendId, endpoint: EndpointId) -> &str {
        self.find(backend, endpoint).unwrap_or_default()
    }

    /// Returns an endpoint's name, if it is known.
    pub(super) fn find(&self, backend: BackendId, endpoint: EndpointId) -> Option<&str> {
        match endpoint {
            OTHER => Some(OTHER_NAME),
            _ => self.endpoints.get(&(backend, endpoint)).map(|name| &**name),
        }
    }

    pub(super) fn has_route(&self, route: RouteId) -> bool {
        self.routes.contains(&route)
    }

    pub(super) fn has_backend(&self, backend: BackendId) -> bool {
        self.live.contains_key(&backend)
    }

    pub(super) fn has_endpoint(&self, backend: BackendId, name: &str) -> bool {
        let backend = self.live.get(&backend);
        name == OTHER_NAME || backend.is_some_and(|endpoints| endpoints.contains(name))
    }

    pub(super) fn has_listener(&self, name: &str) -> bool {
        self.listeners.iter().any(|known| **known == *name)
    }
}
