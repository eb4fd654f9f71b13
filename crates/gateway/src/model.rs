//! What files and flags say, validated: names resolved, numbers within their ranges, patterns compiled.

mod backend;
mod listener;
mod pattern;
mod route;

use std::time::Duration;

use plimsoll_traffic::retry::BudgetOptions;

pub use backend::{
    Backend, Check, CheckKind, Concurrency, Endpoint, Protocol, StatusRange, UpstreamTls,
};
pub use listener::{
    AccessLog, Address, Certificate, Listener, ListenerKind, Network, ProxyProtocol, ServerTls,
    Timeouts,
};
pub use pattern::{BodyPattern, Pattern};
pub use route::{
    Action, Affinity, Effect, Fault, HeaderMatch, HeaderOperation, HostPattern, LimitKey, Match,
    Mirror, PathMatch, PathRewrite, RateLimit, Rewrite, Route, Share, StickyCookie, TextMatch,
};

/// Everything.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// Worker threads; `None` is one per core.
    pub threads: Option<usize>,
    /// Where requests come in; names are unique.
    pub listeners: Vec<Listener>,
    /// Who answers; names are unique.
    pub backends: Vec<Backend>,
    /// Which requests go where, in the order of the file; names are unique.
    pub routes: Vec<Route>,
    /// How requests are logged; `None` is not at all.
    pub access_log: Option<AccessLog>,
    /// The budget that the retries and hedges of all routes share.
    pub retry_budget: BudgetOptions,
    /// How long requests may go on when the gateway stops or a listener goes away.
    pub drain_timeout: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            threads: None,
            listeners: Vec::new(),
            backends: Vec::new(),
            routes: Vec::new(),
            access_log: None,
            retry_budget: BudgetOptions::default(),
            drain_timeout: Duration::from_secs(30),
        }
    }
}
