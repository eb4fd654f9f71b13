//! Requests as they end, for whoever debugs.

use std::future::Future;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use crate::Criticality;

/// Which requests are shown: those for which everything holds that is said.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Filter {
    /// The route's name.
    pub route: Option<String>,
    /// The backend's name.
    pub backend: Option<String>,
    /// The name of an endpoint that was tried.
    pub endpoint: Option<String>,
    /// One of these: `1xx` to `5xx`, `499`; empty is any.
    pub classes: Vec<String>,
    /// One of these reason codes; empty is any.
    pub reasons: Vec<String>,
    /// The status.
    pub status: Option<u16>,
    /// The method.
    pub method: Option<String>,
    /// What the path begins with.
    pub path_prefix: Option<String>,
    /// The client's address.
    pub client: Option<IpAddr>,
    /// The class.
    pub criticality: Option<Criticality>,
    /// It took this long, or longer.
    pub at_least: Option<Duration>,
    /// The trace: 32 hexadecimal digits.
    pub trace_id: Option<String>,
}

/// Requests as they end, until this is dropped. Whoever is too slow misses some.
pub trait Tap: Send {
    /// Waits for the next request: a line of JSON as in the access log, without its end. `None` when there will be none.
    ///
    /// # Cancel safety
    /// None is lost.
    fn next(&mut self) -> Pin<Box<dyn Future<Output = Option<Arc<str>>> + Send + '_>>;

    /// Returns how many requests were not shown since the last call, because too many waited.
    fn missed(&mut self) -> u64;
}
