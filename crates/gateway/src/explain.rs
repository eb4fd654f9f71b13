//! Why a request goes where it goes: its route and no other, its limits, its backend, its endpoint. Nothing is counted
//! and nothing is taken from any limit.

use std::net::IpAddr;

use http::request::Parts;
use plimsoll_traffic::limit::admission::View as DoorView;
use plimsoll_traffic::{Ask, Criticality};

use crate::affinity::key_hash;
use crate::gateway::{Gateway, Route};
use crate::model::{Action, Affinity};
use crate::proxy::headers;
use crate::router::{self, Miss};

/// Why a request goes where it goes.
#[derive(Clone, Debug)]
pub struct Explanation {
    /// Which route, and why no other one.
    pub routing: router::Explanation,
    /// What is done there; `None` when no route matches.
    pub route: Option<RouteExplanation>,
}

/// What is done with a request of a route.
#[derive(Clone, Debug)]
pub struct RouteExplanation {
    /// The route's name.
    pub name: String,
    /// Its class, when no trusted peer says otherwise.
    pub criticality: Criticality,
    /// What ends the request before it goes anywhere: maintenance, a redirect, a fixed answer.
    pub ends_here: Option<String>,
    /// The limits, and how many requests the key of this one has left.
    pub limits: Vec<LimitExplanation>,
    /// Faults that may meet it.
    pub faults: usize,
    /// The backends it may go to.
    pub backends: Vec<BackendExplanation>,
}

/// A limit that a request meets.
#[derive(Clone, Debug)]
pub struct LimitExplanation {
    /// Its name.
    pub name: String,
    /// How many requests with the same key it would let in at once.
    pub credit: u64,
    /// Whether it only counts.
    pub is_dry_run: bool,
}

/// A backend that a request may go to.
#[derive(Clone, Debug)]
pub struct BackendExplanation {
    /// Its name.
    pub name: String,
    /// Its share of the route's requests, 0 to 1.
    pub share: f64,
    /// Who waits there.
    pub door: Option<DoorView>,
    /// Its endpoints, and which one it would be.
    pub upstream: plimsoll_traffic::Explanation,
}

impl Gateway {
    /// Says where a request would go that came in at a listener, by its place in the configuration.
    ///
    /// # Errors
    /// The request cannot have a route at all, whatever routes there are.
    pub fn explain(
        &self,
        listener: usize,
        parts: &Parts,
        client: IpAddr,
    ) -> Result<Explanation, Miss> {
        let snapshot = self.snapshot();
        let routing = snapshot.router.explain(listener, parts)?;
        let route = routing.route.as_ref().and_then(|name| snapshot.route(name));
        Ok(Explanation {
            route: route.map(|route| self.explain_route(route, parts, client)),
            routing,
        })
    }

    fn explain_route(&self, route: &Route, parts: &Parts, client: IpAddr) -> RouteExplanation {
        let model = &route.entry.route;
        let now = self.now();
        let limits = route.state.limits.iter().map(|limit| {
            let key = key_hash(&limit.model.key, &parts.headers, client).unwrap_or(0);
            LimitExplanation {
                name: limit.model.name.clone(),
                credit: limit.limiter.credit(key, now),
                is_dry_run: limit.model.dry_run,
            }
        });
        let ordered = route.state.faults.load();
        RouteExplanation {
            name: model.name.clone(),
            criticality: model.criticality,
            ends_here: ends_here(route),
            limits: limits.collect(),
            faults: model.faults.len() + ordered.as_ref().map_or(0, |faults| faults.len()),
            backends: self.explain_backends(route, parts, client),
        }
    }

    fn explain_backends(
        &self,
        route: &Route,
        parts: &Parts,
        client: IpAddr,
    ) -> Vec<BackendExplanation> {
        let affinity = route.entry.route.affinity.as_ref();
        let key = match affinity {
            Some(Affinity::Hash(key)) => key_hash(key, &parts.headers, client),
            _ => None,
        };
        let named = match affinity {
            Some(Affinity::Cookie(cookie)) => headers::cookie(&parts.headers, &cookie.name),
            _ => None,
        };
        let named = named.zip(route.signer.as_ref());
        let named = named.and_then(|(value, signer)| signer.read(value, route.backends()));
        let shares = route.shares();
        let explained = shares.map(|(share, backend)| {
            let sticky = named.filter(|(known, _)| known.id == backend.id);
            let ask = Ask {
                key,
                sticky: sticky.map(|(_, endpoint)| endpoint),
                tried: &[],
            };
            let now = self.now();
            BackendExplanation {
                name: backend.name.to_string(),
                share,
                door: backend.door().map(|door| door.view()),
                upstream: backend.with_upstream(|upstream| upstream.explain(&ask, now)),
            }
        });
        explained.collect()
    }
}

fn ends_here(route: &Route) -> Option<String> {
    let model = &route.entry.route;
    let ordered = route.state.maintenance.load();
    if let Some(ordered) = &*ordered {
        return Some(format!(
            "maintenance was ordered: status {}",
            ordered.0.as_u16()
        ));
    }
    if let Some((status, _)) = &model.maintenance {
        return Some(format!(
            "the route is in maintenance: status {}",
            status.as_u16()
        ));
    }
    match &model.action {
        Action::Forward(_) => None,
        Action::Redirect { status, .. } => Some(format!("a redirect: status {}", status.as_u16())),
        Action::Answer { status, .. } => {
            Some(format!("a fixed answer: status {}", status.as_u16()))
        }
    }
}
