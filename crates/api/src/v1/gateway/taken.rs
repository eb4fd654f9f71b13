//! Why a request would go where it goes, as JSON.

use plimsoll_traffic::Why;
use plimsoll_traffic::surface::{
    BackendExplained, CandidateView, Explanation, LimitExplained, RouteVerdict, Taken, Verdict,
};
use serde::Serialize;
use utoipa::ToSchema;

use super::shown::{self, ConcurrencyShown, EndpointShown, LevelShown};
use crate::openapi::words::Criticality;

/// Where a request would go.
#[derive(Serialize, ToSchema)]
#[schema(as = GatewayExplanation)]
#[serde(rename_all = "camelCase")]
pub(super) struct ExplanationShown<'a> {
    listener: &'a str,
    /// Why it cannot have a route at all; then there is nothing below.
    miss: Option<&'a str>,
    /// As it was looked for.
    host: &'a str,
    path: &'a str,
    /// The path that is sent on, before the route rewrites it.
    forwarded_path: &'a str,
    /// All, in the order of the file.
    routes: Vec<RouteExplained<'a>>,
    /// `null` when none matches.
    taken: Option<TakenShown<'a>>,
}

/// What became of a route.
#[derive(Serialize, ToSchema)]
#[schema(as = GatewayRouteExplained)]
struct RouteExplained<'a> {
    route: &'a str,
    verdict: Word,
    /// Why not; empty when it is taken.
    reason: &'a str,
}

/// Whether a route is taken.
#[derive(Serialize, ToSchema)]
#[schema(as = GatewayRouteVerdict)]
#[serde(rename_all = "snake_case")]
enum Word {
    Taken,
    Outranked,
    NoMatch,
}

/// What is done with a request of a route.
#[derive(Serialize, ToSchema)]
#[schema(as = GatewayTaken)]
#[serde(rename_all = "camelCase")]
struct TakenShown<'a> {
    route: &'a str,
    criticality: Criticality,
    /// What ends it before it goes anywhere: maintenance, a redirect, a fixed answer.
    ends_here: Option<&'a str>,
    limits: Vec<LimitShown<'a>>,
    /// How many may meet it.
    faults: usize,
    backends: Vec<BackendShown<'a>>,
}

/// A rate limit that a request meets.
#[derive(Serialize, ToSchema)]
#[schema(as = GatewayLimitExplained)]
#[serde(rename_all = "camelCase")]
struct LimitShown<'a> {
    name: &'a str,
    /// How many requests with the same key it would let in at once.
    left: u64,
    /// Whether it only counts.
    is_dry_run: bool,
}

/// A backend that a request may go to.
#[derive(Serialize, ToSchema)]
#[schema(as = GatewayBackendExplained)]
struct BackendShown<'a> {
    name: &'a str,
    /// Of the route's requests, 0 to 1.
    share: f64,
    policy: &'static str,
    concurrency: Option<ConcurrencyShown>,
    levels: Vec<LevelShown>,
    candidates: Vec<Candidate<'a>>,
    choice: Choice<'a>,
}

/// An endpoint, and whether the request could go there; `reason` says why, or why not.
#[derive(Serialize, ToSchema)]
#[schema(as = GatewayCandidate)]
#[serde(rename_all = "camelCase")]
struct Candidate<'a> {
    #[serde(flatten)]
    endpoint: EndpointShown<'a>,
    is_eligible: bool,
}

/// The endpoint that is chosen, or why none.
#[derive(Serialize, ToSchema)]
#[schema(as = GatewayChoice)]
#[serde(untagged)]
enum Choice<'a> {
    Chosen { endpoint: &'a str, why: Reason },
    None { none: &'a str },
}

/// Why an endpoint is chosen.
#[derive(Serialize, ToSchema)]
#[schema(as = GatewayChoiceReason)]
#[serde(rename_all = "snake_case")]
enum Reason {
    Policy,
    /// The client sticks to it.
    Sticky,
    /// Too few are healthy, so health is ignored.
    Panic,
}

impl<'a> From<&'a Explanation> for ExplanationShown<'a> {
    fn from(explanation: &'a Explanation) -> Self {
        Self {
            listener: &explanation.listener,
            miss: explanation.miss.as_deref(),
            host: &explanation.host,
            path: &explanation.path,
            forwarded_path: &explanation.forwarded,
            routes: explanation
                .routes
                .iter()
                .map(RouteExplained::from)
                .collect(),
            taken: explanation.taken.as_ref().map(TakenShown::from),
        }
    }
}

impl<'a> From<&'a RouteVerdict> for RouteExplained<'a> {
    fn from(route: &'a RouteVerdict) -> Self {
        Self {
            route: &route.route,
            verdict: match route.verdict {
                Verdict::Taken => Word::Taken,
                Verdict::Outranked => Word::Outranked,
                Verdict::No => Word::NoMatch,
            },
            reason: &route.reason,
        }
    }
}

impl<'a> From<&'a Taken> for TakenShown<'a> {
    fn from(taken: &'a Taken) -> Self {
        Self {
            route: &taken.route,
            criticality: Criticality(taken.criticality),
            ends_here: taken.ends_here.as_deref(),
            limits: taken.limits.iter().map(LimitShown::from).collect(),
            faults: taken.faults,
            backends: taken.backends.iter().map(BackendShown::from).collect(),
        }
    }
}

impl<'a> From<&'a LimitExplained> for LimitShown<'a> {
    fn from(limit: &'a LimitExplained) -> Self {
        Self {
            name: &limit.name,
            left: limit.credit,
            is_dry_run: limit.is_dry_run,
        }
    }
}

impl<'a> From<&'a BackendExplained> for BackendShown<'a> {
    fn from(explained: &'a BackendExplained) -> Self {
        let candidates = explained.candidates.iter();
        Self {
            name: &explained.name,
            share: explained.share,
            policy: explained.policy,
            concurrency: explained.door.as_ref().map(ConcurrencyShown::from),
            levels: shown::levels(&explained.levels),
            candidates: candidates
                .map(|candidate| Candidate::of(&explained.name, candidate))
                .collect(),
            choice: match &explained.choice {
                Ok((endpoint, why)) => Choice::Chosen {
                    endpoint,
                    why: (*why).into(),
                },
                Err(none) => Choice::None { none },
            },
        }
    }
}

impl<'a> Candidate<'a> {
    fn of(backend: &'a str, candidate: &'a CandidateView) -> Self {
        let endpoint = EndpointShown::of(backend, &candidate.endpoint);
        Self {
            // Why it stands so is in why it is (not) eligible.
            endpoint: endpoint.because(&candidate.reason),
            is_eligible: candidate.is_eligible,
        }
    }
}

impl From<Why> for Reason {
    fn from(why: Why) -> Self {
        match why {
            Why::Policy => Self::Policy,
            Why::Sticky => Self::Sticky,
            Why::Panic => Self::Panic,
        }
    }
}
