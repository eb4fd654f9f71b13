//! Why a request would go where it goes.

use std::net::IpAddr;

use super::view::EndpointView;
use crate::limit::admission;
use crate::{Criticality, LevelView, Why};

/// A request that somebody describes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// Where it comes in; `None` is the first listener of HTTP.
    pub listener: Option<String>,
    /// GET and so on.
    pub method: String,
    /// With or without a port.
    pub host: String,
    /// Path and query.
    pub path: String,
    /// In their order; `Host` is not one of them.
    pub headers: Vec<(String, String)>,
    /// Who sends it.
    pub client: IpAddr,
}

/// Where a request would go.
#[derive(Clone, Debug, PartialEq)]
pub struct Explanation {
    /// The listener.
    pub listener: String,
    /// Why it cannot have a route at all; then there is nothing below.
    pub miss: Option<String>,
    /// The host that was looked for: lower case, without a port.
    pub host: String,
    /// The path that was looked for.
    pub path: String,
    /// The path that is sent on, before the route rewrites it.
    pub forwarded: String,
    /// All routes, in the order of the file.
    pub routes: Vec<RouteVerdict>,
    /// The route that it takes; `None` when none matches.
    pub taken: Option<Taken>,
}

/// What became of a route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RouteVerdict {
    /// Its name.
    pub route: String,
    /// Whether it is taken.
    pub verdict: Verdict,
    /// Why not; empty when it is taken.
    pub reason: String,
}

/// Whether a route is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is.
    Taken,
    /// It matches, and another one goes first.
    Outranked,
    /// It does not match.
    No,
}

/// What is done with a request of a route.
#[derive(Clone, Debug, PartialEq)]
pub struct Taken {
    /// The route's name.
    pub route: String,
    /// The request's class, when no trusted peer says otherwise.
    pub criticality: Criticality,
    /// What ends the request before it goes anywhere: maintenance, a redirect, a fixed answer.
    pub ends_here: Option<String>,
    /// The limits, and how many requests the key of this one has left.
    pub limits: Vec<LimitExplained>,
    /// Faults that may meet it.
    pub faults: usize,
    /// The backends it may go to.
    pub backends: Vec<BackendExplained>,
}

/// A limit that a request meets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LimitExplained {
    /// Its name.
    pub name: String,
    /// How many requests with the same key it would let in at once.
    pub credit: u64,
    /// Whether it only counts.
    pub is_dry_run: bool,
}

/// A backend that a request may go to.
#[derive(Clone, Debug, PartialEq)]
pub struct BackendExplained {
    /// Its name.
    pub name: String,
    /// Its share of the route's requests, 0 to 1.
    pub share: f64,
    /// Who chooses: a name of [`balance::ALL`](crate::balance::ALL).
    pub policy: &'static str,
    /// Who waits there.
    pub door: Option<admission::View>,
    /// How requests are shared between priorities.
    pub levels: Vec<LevelView>,
    /// Its endpoints.
    pub candidates: Vec<CandidateView>,
    /// The endpoint: exactly this one for who sticks to it or is hashed, for others where it could go. Or why none.
    pub choice: Result<(String, Why), String>,
}

/// An endpoint, and whether the request could go there.
#[derive(Clone, Debug, PartialEq)]
pub struct CandidateView {
    /// The endpoint.
    pub endpoint: EndpointView,
    /// Whether the request could go there.
    pub is_eligible: bool,
    /// Why, or why not.
    pub reason: String,
}
