//! What is let in, and what was counted, as JSON.

use std::collections::BTreeMap;

use plimsoll_traffic::limit::admission;
use plimsoll_traffic::surface::{Activity, BulkheadView, DoorView, LimitsView, RateView};
use serde::Serialize;
use utoipa::ToSchema;

/// How much is let in, and how much of it is used.
#[derive(Serialize, ToSchema)]
#[schema(as = GatewayLimits)]
#[serde(rename_all = "camelCase")]
pub(in crate::v1::gateway) struct LimitsShown<'a> {
    /// Retries and hedges that the shared budget has left.
    retry_budget: u64,
    /// Rate limits of routes.
    rates: Vec<RateShown<'a>>,
    /// Limits of requests in flight of routes.
    in_flight: Vec<BulkheadShown<'a>>,
    /// Limits of requests in flight of backends, and their queues.
    concurrency: Vec<DoorShown<'a>>,
}

/// A rate limit of a route.
#[derive(Serialize, ToSchema)]
#[schema(as = GatewayRateLimit)]
#[serde(rename_all = "camelCase")]
struct RateShown<'a> {
    route: &'a str,
    name: &'a str,
    /// What has a bucket of its own: `route`, `client`, `header: x-api-key`.
    key: &'a str,
    /// Requests in `perSeconds`.
    count: u64,
    per_seconds: f64,
    /// Requests at once.
    burst: u64,
    /// Whether it only counts.
    is_dry_run: bool,
    /// Keys that are remembered.
    keys: usize,
    /// Keys that were forgotten to make room before their bucket was full.
    forgotten: u64,
}

/// The limit of requests in flight of a route.
#[derive(Serialize, ToSchema)]
#[schema(as = GatewayInFlightLimit)]
#[serde(rename_all = "camelCase")]
struct BulkheadShown<'a> {
    route: &'a str,
    max: u32,
    in_flight: u32,
}

/// The limit of requests in flight of a backend.
#[derive(Serialize, ToSchema)]
#[schema(as = GatewayConcurrencyLimit)]
struct DoorShown<'a> {
    backend: &'a str,
    #[serde(flatten)]
    door: ConcurrencyShown,
}

/// A limit of requests in flight, and who waits for a place.
#[derive(Serialize, ToSchema)]
#[schema(as = GatewayConcurrency)]
#[serde(rename_all = "camelCase")]
pub(in crate::v1::gateway) struct ConcurrencyShown {
    kind: &'static str,
    /// The limit of this moment.
    limit: u32,
    /// Whether the limit is low for a moment, to measure.
    is_measuring: bool,
    in_flight: u32,
    /// How many, by P0 to P3.
    waiting: BTreeMap<&'static str, usize>,
    /// The share that is not shed, 0 to 1, by P0 to P3.
    admitted: BTreeMap<&'static str, f64>,
    mean_wait_seconds: f64,
    longest_wait_seconds: f64,
}

/// What was counted since the process began under a route, backend and endpoint.
#[derive(Serialize, ToSchema)]
#[schema(as = GatewayActivity)]
#[serde(rename_all = "camelCase")]
pub(in crate::v1::gateway) struct ActivityShown<'a> {
    /// `null` when none matched.
    route: Option<&'a str>,
    /// `null` when it went to none.
    backend: Option<&'a str>,
    endpoint: Option<&'a str>,
    /// Requests that ended, by `1xx` to `5xx` and `499`.
    classes: BTreeMap<&'static str, u64>,
    /// How long they took together.
    took_seconds: f64,
    buckets: Vec<Bucket>,
}

/// Requests that took at most so long, and longer than those of the bucket before.
#[derive(Serialize, ToSchema)]
#[schema(as = GatewayBucket)]
#[serde(rename_all = "camelCase")]
struct Bucket {
    /// `null` for the last one, which has no end.
    at_most_seconds: Option<f64>,
    count: u64,
}

impl<'a> From<&'a LimitsView> for LimitsShown<'a> {
    fn from(view: &'a LimitsView) -> Self {
        Self {
            retry_budget: view.retry_budget,
            rates: view.rates.iter().map(RateShown::from).collect(),
            in_flight: view.bulkheads.iter().map(BulkheadShown::from).collect(),
            concurrency: view.doors.iter().map(DoorShown::from).collect(),
        }
    }
}

impl<'a> From<&'a RateView> for RateShown<'a> {
    fn from(view: &'a RateView) -> Self {
        Self {
            route: &view.route,
            name: &view.name,
            key: &view.key,
            count: view.count,
            per_seconds: view.per.as_secs_f64(),
            burst: view.burst,
            is_dry_run: view.is_dry_run,
            keys: view.keys,
            forgotten: view.forgotten,
        }
    }
}

impl<'a> From<&'a BulkheadView> for BulkheadShown<'a> {
    fn from(view: &'a BulkheadView) -> Self {
        Self {
            route: &view.route,
            max: view.max,
            in_flight: view.in_flight,
        }
    }
}

impl<'a> From<&'a DoorView> for DoorShown<'a> {
    fn from(view: &'a DoorView) -> Self {
        Self {
            backend: &view.backend,
            door: (&view.view).into(),
        }
    }
}

impl From<&admission::View> for ConcurrencyShown {
    fn from(view: &admission::View) -> Self {
        let classes = plimsoll_traffic::Criticality::ALL;
        let waiting = classes.map(|class| (class.as_str(), view.waiting[class.index()]));
        let admitted = classes.map(|class| (class.as_str(), view.shares[class.index()]));
        Self {
            kind: view.kind,
            limit: view.limit,
            is_measuring: view.is_measuring,
            in_flight: view.in_flight,
            waiting: waiting.into(),
            admitted: admitted.into(),
            mean_wait_seconds: view.mean_wait.as_secs_f64(),
            longest_wait_seconds: view.longest_wait.as_secs_f64(),
        }
    }
}

impl<'a> From<&'a Activity> for ActivityShown<'a> {
    fn from(view: &'a Activity) -> Self {
        // JSON has no infinity: the last bucket ends nowhere.
        let buckets = view.buckets.iter().map(|(end, count)| Bucket {
            at_most_seconds: end.is_finite().then_some(*end),
            count: *count,
        });
        Self {
            route: view.route.as_deref(),
            backend: view.backend.as_deref(),
            endpoint: view.endpoint.as_deref(),
            classes: view.classes.iter().copied().collect(),
            took_seconds: view.took_seconds,
            buckets: buckets.collect(),
        }
    }
}
