//! What a gateway is like at a moment, as plain data.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use plimsoll_types::Timestamp;

use super::FaultEffect;
use crate::health::active::Status;
use crate::limit::admission;
use crate::{AdminState, Criticality, LevelView, Standing, breaker};

/// A place where requests come in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListenerView {
    /// Its name.
    pub name: String,
    /// Where it listens; with port 0 the one that was found.
    pub address: SocketAddr,
    /// The backend that gets the bytes of its connections; `None` for HTTP.
    pub tcp_backend: Option<String>,
    /// Whether it is TLS.
    pub is_tls: bool,
    /// Connections that are open, upgraded ones and tunnels included.
    pub connections: usize,
    /// The most that may be.
    pub connections_max: usize,
    /// Connections since the listener began.
    pub connections_total: u64,
}

/// A route.
#[derive(Clone, Debug, PartialEq)]
pub struct RouteView {
    /// Its name.
    pub name: String,
    /// Its hosts, `*.shop.example` for all below one; empty is every host.
    pub hosts: Vec<String>,
    /// The listeners it is for; empty is all of HTTP.
    pub listeners: Vec<String>,
    /// One of these conditions is enough, in words; empty is everything.
    pub matches: Vec<String>,
    /// What is done.
    pub action: ActionView,
    /// For everything from the request's head to the answer's.
    pub timeout: Duration,
    /// What requests are, unless a trusted peer says otherwise.
    pub criticality: Criticality,
    /// The names of its rate limits.
    pub limits: Vec<String>,
    /// Who gets copies, and of which share of requests.
    pub mirror: Option<(String, f64)>,
    /// What is answered instead while the route is in maintenance.
    pub maintenance: Option<MaintenanceView>,
    /// What is broken on purpose, those of the file first.
    pub faults: Vec<FaultView>,
}

/// What a route does.
#[derive(Clone, Debug, PartialEq)]
pub enum ActionView {
    /// Requests go to these.
    Forward(Vec<ShareView>),
    /// The client is sent elsewhere, with this status.
    Redirect(u16),
    /// The gateway answers with this status.
    Answer(u16),
}

/// A backend's share of a route.
#[derive(Clone, Debug, PartialEq)]
pub struct ShareView {
    /// The backend.
    pub backend: String,
    /// 0 to 1.
    pub share: f64,
}

/// Maintenance of a route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MaintenanceView {
    /// 200 to 599.
    pub status: u16,
    /// As it is.
    pub body: String,
    /// Whether a person ordered it; else the file says it.
    pub is_ordered: bool,
}

/// A fault of a route.
#[derive(Clone, Debug, PartialEq)]
pub struct FaultView {
    /// Share of requests, 0 to 1.
    pub share: f64,
    /// Only requests of which this holds, in words.
    pub only: Option<String>,
    /// What happens.
    pub effect: FaultEffect,
    /// When it ends by itself.
    pub until: Option<Timestamp>,
    /// Whether a person ordered it; else the file says it.
    pub is_ordered: bool,
}

/// A backend.
#[derive(Clone, Debug, PartialEq)]
pub struct BackendView {
    /// Its name.
    pub name: String,
    /// Who is chosen: a name of [`balance::ALL`](crate::balance::ALL).
    pub policy: &'static str,
    /// How endpoints are checked, in words; `None` is not at all.
    pub check: Option<String>,
    /// The routes that send requests there, copies left out.
    pub routes: Vec<String>,
    /// First the priority that is used first.
    pub levels: Vec<LevelView>,
    /// How often an endpoint was not ejected because enough others were.
    pub ejections_withheld: u64,
    /// Who is let in; `None` is no limit.
    pub door: Option<admission::View>,
    /// In the order of the file.
    pub endpoints: Vec<EndpointView>,
}

/// An endpoint.
#[derive(Clone, Debug, PartialEq)]
pub struct EndpointView {
    /// What it is called.
    pub name: String,
    /// 0 is used first.
    pub priority: u8,
    /// Whether it is used, in a word.
    pub standing: Standing,
    /// Why it stands so, with numbers; empty when there is nothing to say.
    pub reason: String,
    /// What a person ordered.
    pub admin: AdminState,
    /// What checks found; `None` when it is not checked.
    pub checks: Option<Status>,
    /// Why the last check failed; `None` when it passed or there was none.
    pub check_error: Option<String>,
    /// When the last check ended.
    pub checked_at: Option<Timestamp>,
    /// When the next check is due.
    pub next_check: Option<Timestamp>,
    /// Attempts that run.
    pub in_flight: u32,
    /// Connections that are open.
    pub connections: usize,
    /// The average of its latency that policies see.
    pub latency: Duration,
    /// What its breaker lets through; `None` when it has none.
    pub breaker: Option<breaker::State>,
    /// When its breaker may be probed.
    pub breaker_open_until: Option<Timestamp>,
    /// Until when it rests.
    pub ejected_until: Option<Timestamp>,
    /// The weight that was declared.
    pub weight_declared: u32,
    /// The weight that counts: declared, or set since.
    pub weight: u32,
    /// What slow start leaves of it now.
    pub weight_effective: f64,
}

/// How much is let in, and how much of it is used.
#[derive(Clone, Debug, PartialEq)]
pub struct LimitsView {
    /// Retries and hedges that the shared budget has left.
    pub retry_budget: u64,
    /// Of routes, in the order of the file.
    pub rates: Vec<RateView>,
    /// Of routes, in the order of the file.
    pub bulkheads: Vec<BulkheadView>,
    /// Of backends, in the order of the file.
    pub doors: Vec<DoorView>,
}

/// A rate limit of a route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RateView {
    /// The route.
    pub route: String,
    /// The limit's name.
    pub name: String,
    /// What has a bucket of its own, as files say it: `route`, `client`, `header: x-api-key`.
    pub key: String,
    /// Requests in `per`.
    pub count: u64,
    /// The time that `count` is for.
    pub per: Duration,
    /// Requests at once.
    pub burst: u64,
    /// What would be refused is let in and counted.
    pub is_dry_run: bool,
    /// Keys that are remembered.
    pub keys: usize,
    /// Keys that were forgotten to make room before their bucket was full.
    pub forgotten: u64,
}

/// The limit of requests in flight of a route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BulkheadView {
    /// The route.
    pub route: String,
    /// How many may be in flight.
    pub max: u32,
    /// How many are.
    pub in_flight: u32,
}

/// The limit of requests in flight of a backend, and its queue.
#[derive(Clone, Debug, PartialEq)]
pub struct DoorView {
    /// The backend.
    pub backend: String,
    /// How it is.
    pub view: admission::View,
}

/// What was counted since the process began, under one route, backend and endpoint.
#[derive(Clone, Debug, PartialEq)]
pub struct Activity {
    /// `None` when none matched.
    pub route: Option<Arc<str>>,
    /// `None` when it went to none.
    pub backend: Option<Arc<str>>,
    /// `None` when it went to none.
    pub endpoint: Option<Arc<str>>,
    /// Requests that ended, by class: `1xx` to `5xx`, `499`.
    pub classes: Vec<(&'static str, u64)>,
    /// How long they took together, in seconds.
    pub took_seconds: f64,
    /// How many took at most so long, in seconds, and no less than the one before; the last one is infinite.
    pub buckets: Vec<(f64, u64)>,
}
