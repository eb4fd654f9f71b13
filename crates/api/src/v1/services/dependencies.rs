//! What a service depends on, and what depends on it, as far as the gateway's routes tell.
//!
//! | from | to |
//! |---|---|
//! | a service with a route | the backends that the route sends requests to: `downstream` |
//! | a route of another service, to the backend of this service's name | this service: `upstream` |

use serde::Serialize;
use utoipa::ToSchema;

use super::join::{Joined, backends};

/// Both directions.
#[derive(Serialize, ToSchema)]
#[schema(as = ServiceDependencies)]
pub(crate) struct DependenciesView {
    /// Routes that send requests to this service.
    upstream: Vec<DependencyView>,
    /// Backends that this service's routes send requests to.
    downstream: Vec<DependencyView>,
}

/// One of them.
#[derive(Serialize, ToSchema)]
#[schema(as = ServiceDependency)]
#[serde(rename_all = "camelCase")]
struct DependencyView {
    name: String,
    /// `backend` or `route`.
    kind: &'static str,
    /// Endpoints that get requests, of the backend that is between the two.
    endpoints_up: usize,
    endpoints: usize,
    /// The service at the other end, when it is one that is listed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    to: Option<String>,
}

pub(super) fn of(joined: &Joined, name: &str) -> DependenciesView {
    let Some(service) = joined.services.get(name) else {
        return DependenciesView {
            upstream: Vec::new(),
            downstream: Vec::new(),
        };
    };
    let is_listed = |other: &str| other != name && joined.services.contains_key(other);
    let downstream = service.backends.iter().map(|backend| {
        let to = Some(backend.clone()).filter(|other| is_listed(other));
        dependency(joined, backend.clone(), "backend", backend, to)
    });
    let mut upstream = Vec::new();
    for (other, owner) in &joined.services {
        let routes = joined.routes.iter();
        let of_owner = routes.filter(|route| owner.routes.contains(&route.name));
        let into = of_owner.filter(|route| backends(route).any(|backend| backend == name));
        upstream.extend(into.filter(|_| other != name).map(|route| {
            dependency(
                joined,
                route.name.clone(),
                "route",
                name,
                Some(other.clone()),
            )
        }));
    }
    DependenciesView {
        upstream,
        downstream: downstream.collect(),
    }
}

fn dependency(
    joined: &Joined,
    name: String,
    kind: &'static str,
    backend: &str,
    to: Option<String>,
) -> DependencyView {
    let backend = joined.backends.iter().find(|one| one.name == backend);
    let endpoints = backend.map_or(&[][..], |backend| &backend.endpoints);
    DependencyView {
        name,
        kind,
        endpoints_up: endpoints
            .iter()
            .filter(|endpoint| endpoint.standing.is_usable())
            .count(),
        endpoints: endpoints.len(),
        to,
    }
}
