//! What whoever answers requests about a gateway may ask: the HTTP API knows this trait and not who runs the gateway.
//!
//! | call | when it answers |
//! |---|---|
//! | views, [`explain`](Gateway::explain) | from memory; takes locks that the data plane takes too, for microseconds, so call it where blocking is allowed |
//! | [`order`](Gateway::order) | when it is in force; orders outlive reloads, not the process |
//! | [`check`](Gateway::check) | when the check has ended, which its backend's timeout bounds |
//! | [`tap`](Gateway::tap) | at once; what is seen comes as requests end |

mod explanation;
mod order;
mod tap;
mod view;

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

pub use plimsoll_types::{Refused, RefusedKind};

pub use explanation::{
    BackendExplained, CandidateView, Explanation, LimitExplained, Question, RouteVerdict, Taken,
    Verdict,
};
pub use order::{FaultEffect, FaultOrder, HeaderWanted, Order};
pub use tap::{Filter, Tap};
pub use view::{
    ActionView, Activity, BackendView, BulkheadView, DoorView, EndpointView, FaultView, LimitsView,
    ListenerView, MaintenanceView, RateView, RouteView, ShareView,
};

/// What a call answers, once it does.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, Refused>> + Send + 'a>>;

/// A gateway in this process.
pub trait Gateway: Send + Sync {
    /// Returns where requests come in, in the order of the file.
    fn listeners(&self) -> Vec<ListenerView>;

    /// Returns the routes, in the order of the file.
    fn routes(&self) -> Vec<RouteView>;

    /// Returns the backends with their endpoints, in the order of the file.
    fn backends(&self) -> Vec<BackendView>;

    /// Returns how much is let in, and how much of it is used.
    fn limits(&self) -> LimitsView;

    /// Returns what was counted since the process began, by route, backend and endpoint.
    fn activity(&self) -> Vec<Activity>;

    /// Says where a request would go and why not elsewhere. Nothing is counted, and nothing taken from a limit.
    ///
    /// # Errors
    /// [`RefusedKind::Invalid`]: what is described is no request. [`RefusedKind::NotFound`]: there is no such listener.
    fn explain(&self, question: &Question) -> Result<Explanation, Refused>;

    /// Carries an order out.
    ///
    /// # Errors
    /// [`RefusedKind::NotFound`]: there is no such backend, endpoint or route. [`RefusedKind::Invalid`]: a number is out of
    /// its range. [`RefusedKind::Conflict`]: there are too many faults already.
    fn order(&self, order: &Order) -> Result<(), Refused>;

    /// Checks an endpoint once, now, as its backend says. What is found is told and does not count.
    ///
    /// # Errors
    /// [`RefusedKind::NotFound`]: there is no such endpoint. [`RefusedKind::Conflict`]: its backend has no check.
    /// [`RefusedKind::Unavailable`]: too many run already.
    ///
    /// # Cancel safety
    /// Dropping the future ends the check.
    fn check(&self, backend: &str, endpoint: &str) -> Answer<'_, Checked>;

    /// Shows requests as they end, from now on, until what is returned is dropped.
    ///
    /// # Errors
    /// [`RefusedKind::Invalid`]: the filter makes no sense. [`RefusedKind::NotFound`]: it names what is not there.
    /// [`RefusedKind::Unavailable`]: too many watch already.
    fn tap(&self, filter: &Filter) -> Result<Box<dyn Tap>, Refused>;
}

/// What a check that was asked for found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// What was done and what came of it; `None` when the check passed.
    pub failure: Option<String>,
    /// How long it took.
    pub took: Duration,
}
