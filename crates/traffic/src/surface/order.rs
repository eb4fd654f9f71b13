//! What a person orders while a gateway runs.

use std::fmt;
use std::time::Duration;

use crate::AdminState;

/// What a person orders.
#[derive(Clone, Debug, PartialEq)]
pub enum Order {
    /// An endpoint is up, down, drained, or judged by its health again.
    Admin {
        /// Of which backend.
        backend: String,
        /// Which endpoint.
        endpoint: String,
        /// What it is from now on.
        state: AdminState,
    },
    /// An endpoint has another weight until the file says another one.
    Weight {
        /// Of which backend.
        backend: String,
        /// Which endpoint.
        endpoint: String,
        /// 0 to 1,000,000, as in files; 0 takes no new requests.
        weight: u32,
    },
    /// An endpoint's breaker is closed and its ejection ended.
    Pardon {
        /// Of which backend.
        backend: String,
        /// Which endpoint.
        endpoint: String,
    },
    /// A route is answered so until the order ends.
    Maintenance {
        /// Which route.
        route: String,
        /// 200 to 599.
        status: u16,
        /// As it is.
        body: String,
    },
    /// The file decides again whether a route is in maintenance.
    EndMaintenance {
        /// Which route.
        route: String,
    },
    /// Something is broken on purpose.
    Fault {
        /// On which route.
        route: String,
        /// What.
        fault: FaultOrder,
    },
    /// All faults that were ordered end.
    EndFaults {
        /// On which route.
        route: String,
    },
}

impl Order {
    /// The most that a weight can be.
    pub const WEIGHT_MAX: u32 = 1_000_000;
    /// The longest that a fault lasts which a person ordered.
    pub const FAULT_MAX: Duration = Duration::from_secs(24 * 3600);
    /// The longest that a fault delays a request.
    pub const DELAY_MAX: Duration = Duration::from_secs(300);
}

/// Displays what is ordered about what, for logs: without the texts that are answered.
impl fmt::Display for Order {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Admin {
                backend,
                endpoint,
                state,
            } => write!(f, "{backend:?} {endpoint:?}: {state:?}"),
            Self::Weight {
                backend,
                endpoint,
                weight,
            } => write!(f, "{backend:?} {endpoint:?}: weight {weight}"),
            Self::Pardon { backend, endpoint } => write!(f, "{backend:?} {endpoint:?}: pardon"),
            Self::Maintenance { route, status, .. } => {
                write!(f, "{route:?}: maintenance, status {status}")
            }
            Self::EndMaintenance { route } => write!(f, "{route:?}: end of maintenance"),
            Self::Fault { route, fault } => {
                let FaultOrder {
                    share,
                    effect,
                    lasts,
                    ..
                } = fault;
                write!(f, "{route:?}: {effect:?} of {share} for {lasts:?}")
            }
            Self::EndFaults { route } => write!(f, "{route:?}: end of faults"),
        }
    }
}

/// What is broken on purpose, and for how long.
#[derive(Clone, Debug, PartialEq)]
pub struct FaultOrder {
    /// Share of requests, above 0 to 1.
    pub share: f64,
    /// Only those with this header.
    pub header: Option<HeaderWanted>,
    /// What happens.
    pub effect: FaultEffect,
    /// When it ends by itself: above 0 to [`Order::FAULT_MAX`].
    pub lasts: Duration,
}

/// A header that a request must have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeaderWanted {
    /// Its name.
    pub name: String,
    /// Its value; `None` is any.
    pub value: Option<String>,
}

/// What a fault does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultEffect {
    /// The request waits before it goes on: up to [`Order::DELAY_MAX`].
    Delay(Duration),
    /// It is answered with this status, 200 to 599.
    Abort(u16),
    /// Its connection (its stream) is reset.
    Reset,
}
